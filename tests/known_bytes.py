"""The digests that known builds have had since they were written down: a change inside must not
reach the bytes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pytest

_KNOWN = json.loads((Path(__file__).parent / "bytes.json").read_text(encoding="utf-8"))


def assert_known_bytes(out: Path, name: str) -> None:
    """Compare data/, removed/ and quarantine/ of a built folder with those on record; skips under
    another Arrow.
    """
    if pa.__version__ != _KNOWN["pyarrow"]:
        pytest.skip(
            f"the digests are those of pyarrow {_KNOWN['pyarrow']}, which is not installed here"
        )
    files = sorted(
        path
        for kind in ("data", "quarantine", "removed")
        for path in (out / kind).glob("*.parquet")
    )
    found = {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    assert found == _KNOWN[name]
