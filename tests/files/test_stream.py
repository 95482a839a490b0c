"""Compressed files, whole and damaged, and the cutting of chunks into rows."""

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
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.files import stream
from curate.files.stream import chunks, whole_rows
from curate.kernels.lines import array_cuts, is_tame, newlines, quoted_cuts, strip

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}
TEXT = bytes(random.Random(0).choices(b"abcdefgh\n", k=100_000))


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("upper", [False, True])
def test_a_compressed_file_is_read(tmp_path: Path, suffix: str, upper: bool) -> None:
    path = tmp_path / f"a.jsonl{suffix.upper() if upper else suffix}"
    path.write_bytes(PACKERS[suffix](TEXT))
    assert b"".join(chunks(path, 1000)) == TEXT


@pytest.mark.parametrize("suffix", PACKERS)
def test_files_put_together_are_read_to_the_end(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(PACKERS[suffix](b"one\n") + PACKERS[suffix](b"two\n"))
    assert b"".join(chunks(path, 1000)) == b"one\ntwo\n"


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("share", [0.5, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"a.jsonl{suffix}"
    packed = PACKERS[suffix](TEXT)
    path.write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(UserError, match="cut off or damaged") as caught:
        list(chunks(path, 1000))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_file_that_is_not_compressed_at_all_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(b'{"a": "plain text under a wrong name"}\n')
    with pytest.raises(UserError, match="cut off or damaged"):
        list(chunks(path, 1000))


@given(data=st.binary(max_size=60), size=st.integers(1, 20))
def test_rows_stay_whole_whatever_the_chunks(data: bytes, size: int) -> None:
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    rows = []
    for part in whole_rows(pieces, newlines):
        rows += [part.data[start:end] for start, end in zip(part.starts, part.ends, strict=True)]
    expected = data.split(b"\n")
    assert rows == (expected if expected[-1] else expected[:-1])


@given(
    data=st.text(st.sampled_from('[]{}",\\aN I'), max_size=40).map(str.encode),
    cut=st.integers(0, 40),
)
def test_scanners_are_the_same_compiled_or_not_and_in_any_pieces(data: bytes, cut: int) -> None:
    view = np.frombuffer(data, np.uint8)
    for scan, start in (
        (array_cuts, [1, 0, 0, 0]),
        (lambda one, state: quoted_cuts(one, state, 44), [0, 0, 99, 0]),
    ):
        whole = scan(view, np.array(start, np.int64))
        state = np.array(start, np.int64)
        pieces = [scan(view[:cut], state), scan(view[cut:], state) + min(cut, len(view))]
        assert np.concatenate(pieces).tolist() == whole.tolist()
    plain = vars(array_cuts)["py_func"]
    assert (
        plain(view, np.array([1, 0, 0, 0])).tolist()
        == array_cuts(view, np.array([1, 0, 0, 0])).tolist()
    )


def test_depth_is_counted_outside_strings() -> None:
    def tame(*rows: bytes) -> bool:
        data = b"\n".join(rows)
        ends = np.cumsum([len(row) + 1 for row in rows]) - 1
        starts = ends - [len(row) for row in rows]
        return bool(
            is_tame(
                np.frombuffer(data, np.uint8), starts.astype(np.int64), ends.astype(np.int64), 3
            )
        )

    assert tame(b'{"a":[{"b":1}]}', b'{"a":"[[[[[[["}', b'{"a\\"[[[[":[]}')
    assert not tame(b'{"a":1}', b'{"a":[[[1]]]}')


def test_bounds_are_stripped_of_white_space_only() -> None:
    data = b" \t a b \r\n\n  "
    starts, ends = np.array([0, 9]), np.array([9, len(data)])
    strip(np.frombuffer(data, np.uint8), starts, ends)
    assert data[starts[0] : ends[0]] == b"a b"
    assert starts[1] == ends[1]


@pytest.mark.parametrize("text", [b"\n" * 5000, b"ab\n" * 2000 + b"long " * 900 + b"\n\nx"])
def test_many_short_rows_come_in_portions(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_CUT_BYTES", 128)
    monkeypatch.setattr(stream, "_MOST_ROWS", 300)
    parts = list(whole_rows(iter([text]), newlines))
    assert max(len(part.starts) for part in parts) < 300 + 128
    assert len(parts) > 5
    rows = [part.data[a:b] for part in parts for a, b in zip(part.starts, part.ends, strict=True)]
    assert rows == (text.split(b"\n")[:-1] if text.endswith(b"\n") else text.split(b"\n"))
