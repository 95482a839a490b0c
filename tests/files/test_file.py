"""Whether a file is still the one that was opened, and that text is hashed as it streams past."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.files import SourceFile, read_file

CHANGES: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: os.truncate(path, 3),
    "added to": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "touched": lambda path: os.utime(path, ns=(0, 0)),
    "edited": lambda path: path.write_bytes(path.read_bytes()[::-1]),
    "replaced": lambda path: path.with_name("b").rename(path),
    "removed": Path.unlink,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"some text")
    path.with_name("b").write_bytes(b"some text")
    before = os.stat(path).st_mtime_ns - 10**9
    os.utime(path, ns=(before, before))  # so that a change in the same tick of the clock shows too
    file = SourceFile.of(path, "a")
    file.verify()
    CHANGES[change](path)
    with pytest.raises(UserError) as caught:
        file.verify()
    assert str(caught.value) == f"{path}: changed while it was read; nothing was written; run again"


def test_reading_is_no_change_but_a_link_to_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"some text")
    file = SourceFile.of(path, "a")
    assert file.sha256() == hashlib.sha256(b"some text").hexdigest()
    file.verify()
    os.link(path, tmp_path / "c")  # sets the time of change, as renaming the file does
    with pytest.raises(UserError, match="changed while it was read"):
        file.verify()


def test_a_file_that_cannot_be_digested_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"some text")
    file = SourceFile.of(path, "a")
    path.unlink()
    with pytest.raises(UserError, match="a: changed while it was read"):
        file.sha256()


def test_a_file_is_young_for_two_seconds(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    file = SourceFile.of(tmp_path / "a", "a")
    assert file.young
    assert replace(file, opened=file.stamp.changed + 1_999_999_999).young
    assert not replace(file, opened=file.stamp.changed + 2_000_000_000).young


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}
TEXTS = {
    "a.jsonl": b'\xef\xbb\xbf\n{"a": 1}\n\n{"a": 2}',
    "a.json": json.dumps([{"a": "x" * 300}] * 9, indent=1).encode() + b" \n\n ",
    "a.csv": b'q,a\r\n1,"2\n"\r\n\r\n',
    "a.tsv": b'"q\ta\n' * 9,
    "empty.json": b"[]\n",
}


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("block_bytes", [4, 100, 1 << 20])
def test_text_is_hashed_as_it_streams_past(
    tmp_path: Path, name: str, packed: str, block_bytes: int
) -> None:
    data = PACKERS[packed](TEXTS[name])
    path = tmp_path / f"{name}{packed}"
    path.write_bytes(data)
    hashes: dict[str, str] = {}
    blocks = read_file(
        SourceFile.of(path, "its name"), columns=None, block_bytes=block_bytes, hashes=hashes
    )
    while next(blocks, None):
        assert not hashes or not next(blocks, None)  # not before the last block was handed out
    assert hashes == {"its name": hashlib.sha256(data).hexdigest()}


@given(
    texts=st.lists(st.binary(max_size=200), min_size=1, max_size=3),
    padding=st.sampled_from([0, 1, 7, 3000]),
)
def test_what_a_decompressor_leaves_is_hashed_too(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes], padding: int
) -> None:
    lines = [json.dumps({"a": text.hex()}).encode() + b"\n" for text in texts]
    data = b"".join(map(gzip.compress, lines)) + bytes(padding)
    path = tmp_path_factory.mktemp("padded") / "a.jsonl.gz"
    path.write_bytes(data)
    hashes: dict[str, str] = {}
    blocks = read_file(SourceFile.of(path, "a"), hashes=hashes)
    assert sum(block.n_rows for block in blocks) == len(texts)
    assert hashes == {"a": hashlib.sha256(data).hexdigest()}


def test_a_file_that_was_not_read_to_its_end_has_no_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n' * 100)
    hashes: dict[str, str] = {}
    blocks = read_file(SourceFile.of(path, "a"), block_bytes=50, hashes=hashes)
    next(blocks)
    assert hashes == {}
