"""Text that is not UTF-8, and content under a name that does not say how it is packed."""

from __future__ import annotations

import bz2
import codecs
import gzip
import hashlib
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import BaseModel, ValidationError

from curate.errors import UserError
from curate.files import BadInput, SourceFile, read_file
from curate.files.encoding import Encoding
from curate.files.notes import notes_of

ROWS = [{"a": "naïve café – “quoted” €"}, {"a": "plain"}]
TEXT = "".join(json.dumps(row, ensure_ascii=False) + "\r\n" for row in ROWS)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}


def read(path: Path, block_bytes: int = 1 << 20, **options: Any) -> list[Any]:
    blocks = read_file(SourceFile.of(path, path.name), block_bytes=block_bytes, **options)
    return [row for block in blocks for _, row in block.rows()]


@pytest.mark.parametrize(
    "encoding", ["cp1252", "utf-16", "utf-16-be", "utf-32", "utf-8-sig", "UTF8"]
)
@pytest.mark.parametrize("block_bytes", [4, 7, 1 << 20])
def test_text_is_read_in_the_encoding_given(
    tmp_path: Path, encoding: str, block_bytes: int
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(TEXT.encode(encoding))
    hashes: dict[str, str] = {}
    assert read(path, block_bytes, encoding=encoding, hashes=hashes) == ROWS
    assert hashes == {"a.jsonl": hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_byte_order_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("\ufeffq,a\none,çava\n").encode(encoding))
    for block_bytes in (4, 1 << 20):
        assert read(path, block_bytes) == [{"q": "one", "a": "çava"}]
    assert read(path, encoding=encoding[:6]) == read(path, encoding=encoding) == read(path)
    said = f"{encoding[:6]}, by its byte order mark"
    assert list(notes_of(SourceFile.of(path, "a.csv"))) == [said]
    with pytest.raises(UserError, match=f"its byte order mark says {encoding[:6]}"):
        read(path, encoding="cp1252")


def test_bytes_that_are_none_of_the_encoding_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": "x"}\n{"a": "\x81"}\n')
    for block_bytes in (4, 1 << 20):
        with pytest.raises(UserError, match="byte 0x81 at byte 18 of the file is no cp1252"):
            read(path, block_bytes, encoding="cp1252")
    path.write_bytes("é".encode("utf-16-le")[:1])
    with pytest.raises(UserError, match="at byte 0 of the file is no utf-16-le"):
        read(path, encoding="utf-16-le")


def test_a_row_that_is_no_utf8_names_the_likely_cause(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(TEXT.encode("cp1252") + '{"a": "é'.encode() + b'\xe9"}\n')
    first, plain, mixed = read(path)
    assert isinstance(first, BadInput)
    assert first.reason.endswith(
        "text of cp1252 or another code page? convert the file to UTF-8, or name its `encoding` in a recipe"
    )
    assert plain == ROWS[1]
    assert mixed.reason == "not UTF-8: byte 0xe9 at byte 9 of the row"
    german = "Die „Straße“ – größer als „groß“".encode("cp1252")  # ß“ is a letter in UTF-8 too
    path.write_bytes(b'{"a": "' + german + b'"}\n')
    assert "cp1252" in read(path)[0].reason
    path = tmp_path / "a.csv"
    path.write_bytes("größe,a\n1,2\n".encode("cp1252"))
    with pytest.raises(UserError, match="the header cannot be read: .*name its `encoding`"):
        read(path)


class Model(BaseModel):
    encoding: Encoding


@pytest.mark.parametrize("name", ["cp1252", "latin-1", "UTF-16", "shift_jis", "gb18030"])
def test_known_encodings_are_those_of_python(name: str) -> None:
    assert codecs.lookup(Model(encoding=name).encoding)


@pytest.mark.parametrize(
    ("name", "hint"), [("cp1253x", "did you mean 'cp1253'"), ("rot13", "unknown"), ("", "unknown")]
)
def test_an_unknown_encoding_is_refused(name: str, hint: str) -> None:
    with pytest.raises(ValidationError, match=f"unknown encoding '{name}'.*cp1252") as caught:
        Model(encoding=name)
    assert hint in str(caught.value)


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_packed_content_is_known_by_its_first_bytes(tmp_path: Path, suffix: str, name: str) -> None:
    path = tmp_path / name
    data = PACKERS[suffix](TEXT.encode())
    path.write_bytes(data)
    hashes: dict[str, str] = {}
    assert read(path, hashes=hashes) == ROWS
    assert hashes == {name: hashlib.sha256(data).hexdigest()}
    said = [f"packed as {suffix}, which its name does not say"]
    assert list(notes_of(SourceFile.of(path, name))) == (said if name == "a.jsonl" else [])


def test_cr_alone_ends_the_rows_of_csv_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'q,a\rone,"two, three"\r')
    assert read(path) == [{"q": "one", "a": "two, three"}]
    assert list(notes_of(SourceFile.of(path, "a.csv"))) == ["lines end with CR only"]
    path.write_bytes(b'q,a\none,"two\rthree"\n')
    assert read(path) == [{"q": "one", "a": "two\rthree"}]
