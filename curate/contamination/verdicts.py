"""placeholder until branch audit lands"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Verdict:
    doc: str
    item: str
    verdict: str
    note: str | None
    doc_hash: str
    item_hash: str


def load_verdicts(path: Path) -> list[Verdict]:
    return []


def item_hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
