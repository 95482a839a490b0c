"""The verdict file: what people said of single pairs of a training row and a benchmark item, in
YAML for a repository.

    verdicts = load_verdicts(Path("verdicts.yaml"))
    save_verdicts(Path("verdicts.yaml"), [*verdicts, Ruling("chat/1", "gsm8k/0", "leak", None, doc_hash, item_hash)])

A verdict belongs to two texts, by their hashes: it holds wherever they meet again, under any id,
and is void where one of them has changed. Ids are for people. Refused, each in one line: unknown
keys and words, hashes that are none, and two verdicts on one pair of texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml

from curate.config import load_yaml
from curate.errors import UserError, unknown
from curate.shards import write_text

WORDS = ("leak", "false-alarm", "allowed")
"""It counts whatever a matcher says; it is none; it is one and may stay."""

_HEAD = (
    "# Verdicts on training rows that match benchmark items, as `curate review` writes them. "
    "Each holds for its two texts alone.\n"
)
_HASH = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Ruling:
    """One verdict: ids and note for people, `verdict` one of `WORDS`, and the hashes of the two
    texts.
    """

    doc: str
    item: str
    verdict: str
    note: str | None
    doc_hash: str  # documents.content_hash, 32 hex digits
    item_hash: str  # of instances.text

    @property
    def texts(self) -> tuple[str, str]:
        """What it belongs to."""
        return self.doc_hash, self.item_hash


def item_hash(text: str) -> str:
    """The hash of an item's text: BLAKE2b of its UTF-8 in 16 bytes, as 32 hex digits."""
    return blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def load_verdicts(path: Path) -> list[Ruling]:
    """Read a verdict file; UserError in one line if anything in it cannot be meant."""
    data = load_yaml(path)
    for key in data:
        if key != "verdicts":
            raise UserError(f"{path}: {unknown('key', str(key), ['verdicts'])}")
    entries = data.get("verdicts") or []
    if not isinstance(entries, list):
        raise UserError(f"{path}: 'verdicts' must be a list of verdicts")
    verdicts = [
        _verdict(entry, f"{path}: verdict {number}")
        for number, entry in enumerate(entries, start=1)
    ]
    _refuse_twins(verdicts, path)
    return verdicts


def save_verdicts(path: Path, verdicts: Iterable[Ruling]) -> None:
    """Write a verdict file whole, or not at all; the order depends on the verdicts alone."""
    ordered = sorted(verdicts, key=lambda v: (v.item, v.doc, v.texts))
    lines = [
        {name: getattr(v, name) for name in _ORDER if name != "note" or v.note} for v in ordered
    ]
    text = yaml.dump(
        {"verdicts": lines}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=116
    )
    write_text(path, _HEAD + text)


class _Dumper(yaml.SafeDumper):
    """Safe dumping that quotes whatever cannot be seen: PyYAML's plain style loses U+0085."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"'
    )


_Dumper.add_representer(str, _text)


_KEYS = [field.name for field in fields(Ruling)]
# In the file the word comes first and the hashes last.
_ORDER = ["verdict", *(name for name in _KEYS if name != "verdict")]


def _verdict(entry: Any, where: str) -> Ruling:
    if not isinstance(entry, dict):
        raise UserError(f"{where}: must be a mapping with the keys {', '.join(_ORDER)}")
    for key in entry:
        if key not in _KEYS:
            raise UserError(f"{where}: {unknown('key', str(key), _KEYS)}")
    given: dict[str, Any] = {"note": None} | entry
    for key in _ORDER:
        if key not in given:
            raise UserError(f"{where}: the key '{key}' is missing")
        if not isinstance(given[key], str) and (key != "note" or given[key] is not None):
            raise UserError(f"{where}: '{key}' must be text, not {given[key]!r}; put it in quotes")
    if given["verdict"] not in WORDS:
        raise UserError(f"{where}: {unknown('verdict', given['verdict'], WORDS)}")
    for key in ("doc_hash", "item_hash"):
        if not _HASH.fullmatch(given[key]):
            raise UserError(
                f"{where}: '{key}' must be 32 hex digits in lower case, not {given[key]!r}"
            )
    return Ruling(**given)


def _refuse_twins(verdicts: list[Ruling], path: Path) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, verdict in enumerate(verdicts, start=1):
        first = seen.setdefault(verdict.texts, number)
        if first != number:
            pair = f"{verdict.doc} and {verdict.item}"
            raise UserError(
                f"{path}: verdicts {first} and {number} are on the same two texts ({pair}); keep one"
            )
