"""Rows of text files copied as they stand: against the plain rule, which cuts the text row by row."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curate.errors import UserError
from curate.files import SourceFile, read_file
from curate.files.lines import copy_rows, packed

MARK = b"\xef\xbb\xbf"
Piece = tuple[bool, bytes]
"""Whether some bytes of a file are a row, and the bytes."""
JSON_ROWS = [b'{"a": "\xe6\x95\xb0 \\n"}', b' {"b": [2]} ', b"oops", b'"text"']
CSV_ROWS = [b"1,2", b'"x\r\n\n""y","\xe6\x95\xb0"', b"3", b'" "'.replace(b" ", b"\n")]


def lines(
    rng: random.Random, rows: list[bytes], head: list[bytes], blank: list[bytes]
) -> list[Piece]:
    """A file of some rows, with blank lines among them and, half of the time, no last newline."""
    end = rng.choice([b"\n", b"\r\n"])
    pieces: list[Piece] = [(False, line + end) for line in head]
    for _ in range(rng.randrange(1, 8)):
        pieces.append((True, rng.choice(rows) + end))
        while rng.random() < 0.3:
            pieces.append((False, rng.choice(blank) + end))
    if rng.random() < 0.5:
        is_row, last = pieces[-1]
        pieces[-1] = is_row, last.removesuffix(end)
    return [(False, rng.choice([MARK, b""])), *pieces]


def copied(paths: list[Path], kept: list[bool], block_bytes: int) -> bytes:
    out = bytearray()
    files = [SourceFile.of(path, path.name) for path in paths]
    hashes: dict[str, str] = {}
    n = copy_rows(files, np.array(kept, bool), out.extend, block_bytes=block_bytes, hashes=hashes)
    assert n == sum(kept)
    assert hashes == {file.name: file.sha256() for file in files}
    return bytes(out)


@pytest.mark.parametrize("seed", range(300))
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_what_is_no_row_that_goes_stays(tmp_path: Path, kind: str, seed: int) -> None:
    rng = random.Random(f"{kind}{seed}")
    blank = [b""] if kind == "csv" else [b"", b"  ", b"\t"]
    rows, head = (CSV_ROWS, [b"a,b"]) if kind == "csv" else (JSON_ROWS, [])
    pieces = lines(rng, rows, head, blank)
    path = tmp_path / f"x.{kind}"
    path.write_bytes(b"".join(data for _, data in pieces))
    read = sum(block.n_rows for block in read_file(SourceFile.of(path, path.name), block_bytes=5))
    assert read == sum(is_row for is_row, _ in pieces)
    kept = [rng.random() < 0.6 for _ in range(read)]
    left = iter(kept)
    wanted = b"".join(data for is_row, data in pieces if not is_row or next(left))
    assert copied([path], kept, rng.choice([1, 7, 1000])) == wanted
    assert copied([path], [True] * read, rng.choice([1, 7, 1000])) == path.read_bytes()


@pytest.mark.parametrize("seed", range(100))
def test_elements_of_an_array_go_with_their_comma(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    rows = [
        rng.choice([b"", b"\r\n  "]) + b'{"a": [1, {"x": ",]"}]}' + rng.choice([b"", b"\n"])
        for _ in range(rng.randrange(6))
    ]
    head = rng.choice([b"", MARK]) + rng.choice([b"", b" \n"]) + b"["
    tail = b"]" + rng.choice([b"", b"\n", b" \n\t\n"])
    path = tmp_path / rng.choice(["x.json", "x.jsonl"])
    path.write_bytes(head + b",".join(rows) + tail)
    kept = [rng.random() < 0.6 for _ in rows]
    left = [row for row, stays in zip(rows, kept, strict=True) if stays]
    assert copied([path], kept, rng.choice([1, 7, 1000])) == head + b",".join(left) + tail


def test_several_files_become_one(tmp_path: Path) -> None:
    one, two, three = (tmp_path / f"{n}.csv" for n in (1, 2, 3))
    one.write_bytes(MARK + b"a,b\r\n1,2\r\n3,4")
    two.write_bytes(MARK + b"a,b\n\n5,6\n7,8\n")
    three.write_bytes(b"a,b\n9,0")
    whole = copied([one, two, three], [True] * 5, 3)
    assert whole == MARK + b"a,b\r\n1,2\r\n3,4\n\n5,6\n7,8\n9,0"
    assert copied([one, two, three], [False, True, False, False, False], 3) == (
        MARK + b"a,b\r\n3,4\n\n"
    )
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    first.write_bytes(b'[{"a": 1}, {"a": 2}]\n')
    second.write_bytes(b'\n[\n{"a": 3}]')
    assert copied([first, second], [True] * 3, 4) == b'[{"a": 1}, {"a": 2},\n{"a": 3}]'
    lone = tmp_path / "3.json"
    lone.write_bytes(b'{"a": 1}\n{"a": 2}\n')
    with pytest.raises(UserError, match="1.json and .*3.json is a JSON array, the other is not"):
        copied([first, lone], [True] * 4, 4)


def test_rows_beyond_the_mask_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": 2}\n{"a": 3}\n')
    assert copied([path], [False, True], 4) == b'{"a": 2}\n'


def unpacked_zst(data: bytes) -> bytes:
    return bytes(pa.CompressedInputStream(pa.BufferReader(data), "zstd").read())


def test_compressed_files_hold_what_was_written_and_nothing_of_the_hour(tmp_path: Path) -> None:
    unpack: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gzip.decompress,
        ".bz2": bz2.decompress,
        ".xz": lzma.decompress,
        ".zst": unpacked_zst,
        ".jsonl": bytes,
    }
    for suffix, unpacked in unpack.items():
        made = []
        for folder in ("a", "b"):
            path = tmp_path / folder / f"{'x.jsonl' if suffix != '.jsonl' else 'x'}{suffix}"
            path.parent.mkdir(exist_ok=True)
            with packed(path) as write:
                write(b"one\n")
                write(b"two\n" * 1000)
            made.append(path.read_bytes())
        assert unpacked(made[0]) == b"one\n" + b"two\n" * 1000, suffix
        assert made[0] == made[1]
        assert made[0][4:8] == b"\0\0\0\0" or suffix != ".gz"  # the time in its header


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz", "x.jsonl.zst"])
def test_a_file_has_its_name_when_it_is_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"another worker's, whole")
    with pytest.raises(ValueError, match="cut"), packed(path) as write:
        write(b"one\n")
        assert path.read_bytes() == b"another worker's, whole"
        raise ValueError("cut")
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert path.read_bytes() == b"another worker's, whole"
