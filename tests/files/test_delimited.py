"""CSV and TSV against Python's own reader, and what is bad or refused."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.files import BadInput, SourceFile, read_file
from curate.files.delimited import DelimitedBlock, _by_arrow
from curate.files.dialect import Dialect, quotes_count
from curate.files.notes import notes_of
from tests.soak import examples


def read(
    folder: Path,
    name: str,
    text: str | bytes,
    columns: list[str] | None = None,
    block_bytes: int = 1 << 20,
) -> list[Any]:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    rows = []
    for block in read_file(SourceFile.of(path, name), columns=columns, block_bytes=block_bytes):
        ours = [row for _, row in block.rows()]
        table = block.table()
        bad = any(isinstance(row, BadInput) for row in ours)
        assert (table is None) == bad
        assert table is None or table.to_pylist() == ours
        rows += ours
    return rows


FIELD = st.text(st.sampled_from('ab "\t,\n😀'), max_size=5)


@examples(200)
@given(
    rows=st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=6), block_bytes=st.integers(4, 60)
)
def test_what_python_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], block_bytes: int
) -> None:
    for quote_all, end in ((False, "\r\n"), (True, "\n")):
        out = io.StringIO()
        csv.writer(
            out, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL, lineterminator=end
        ).writerows([("q", "a"), *rows])
        found = read(
            tmp_path_factory.mktemp("csv"), "a.csv", out.getvalue(), block_bytes=block_bytes
        )
        assert found == [{"q": one, "a": two} for one, two in rows]


@examples(200)
@given(text=st.text(st.sampled_from('ab",\n'), max_size=30), block_bytes=st.integers(4, 20))
def test_any_text_has_the_rows_that_python_finds(
    tmp_path_factory: pytest.TempPathFactory, text: str, block_bytes: int
) -> None:
    expected = [fields for fields in csv.reader(io.StringIO(text, newline="")) if fields]
    folder = tmp_path_factory.mktemp("csv")
    if list(csv.reader(io.StringIO(f"{text}\nend", newline="")))[-1] != ["end"]:
        with pytest.raises(UserError, match=f"a quote opens in row {len(expected) - 1} "):
            read(folder, "a.csv", text, ["one", "two"], block_bytes)
        return
    found = read(folder, "a.csv", text, ["one", "two"], block_bytes)
    assert len(found) == len(expected)
    for row, fields in zip(found, expected, strict=True):
        if isinstance(row, BadInput):
            assert len(fields) != 2
        else:
            assert list(row.values()) == fields


# Whatever Arrow's reader could see differently: quotes where none belong, bare CR, NUL, byte order
# marks, bytes that are no UTF-8, rows with too few or too many fields, blank lines, fields that are
# empty, or look like null or a number.
MARKS = b'" " "" , , \t \n \n \r\n \r \0 \\ \' a b 1.50 NULL NaN \xff \xed\xa0\x80'.split(b" ")
PIECES = st.sampled_from(
    [*MARKS, b" ", *(text.encode() for text in ("\ufeff", "é", "数😀", "\u2028\x85\x0c"))]
)


@examples(600)
@given(
    text=st.lists(PIECES, max_size=40).map(b"".join), names=st.integers(1, 3), name=st.sampled_from(["a.csv", "a.tsv"]),
    block_bytes=st.integers(4, 60),
)  # fmt: skip
def test_arrow_and_csv_read_the_same_rows_however_the_file_is_cut(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, names: int, name: str, block_bytes: int
) -> None:
    folder, columns = tmp_path_factory.mktemp("csv"), ["one", "two", "three"][:names]

    def found(block_bytes: int) -> Any:
        try:
            return read(folder, name, text, columns, block_bytes)  # compares table() with rows()
        except UserError as error:
            return str(error)

    assert found(block_bytes) == found(1 << 20)


@examples(300)
@given(
    rows=st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_arrow_reads_what_python_writes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], end: str
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(out.getvalue().encode())
    for block in read_file(SourceFile.of(path, path.name), columns=["q", "a"], block_bytes=20):
        assert isinstance(block, DelimitedBlock)
        table = _by_arrow(block)
        assert table is not None
        assert table.schema.types == [pa.string()] * 2
        assert table.to_pylist() == [row for _, row in block.rows()]


ODD = {
    "bare CR": b'a\rb,1\nc,"\r"\n',
    "byte order mark": b"\xef\xbb\xbfa,1\n",
    "ragged": b"a,1\nb\n",
    "not UTF-8": b"a,\xff\n",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_what_arrow_would_read_otherwise_is_left_to_csv(text: bytes) -> None:
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    block = DelimitedBlock("f", 0, text, starts, ends, ("q", "a"), Dialect(",", True))
    assert _by_arrow(block) is None
    assert block.n_rows == len(list(block.rows()))


def test_quotes_in_a_tsv_are_plain_unless_the_file_proves_otherwise(tmp_path: Path) -> None:
    bare = '"Mix" means to combine\tyes\n"All of it."\tno\nsays "so"\t"half\n'
    assert read(tmp_path, "a.tsv", bare, ["q", "a"]) == [
        {"q": '"Mix" means to combine', "a": "yes"},
        {"q": '"All of it."', "a": "no"},
        {"q": 'says "so"', "a": '"half'},
    ]
    quoted = 'q\ta\n"one\ttwo\nthree"\t"say ""so"""\nplain\t"x"\n'
    assert read(tmp_path, "b.tsv", quoted) == [
        {"q": "one\ttwo\nthree", "a": 'say "so"'},
        {"q": "plain", "a": "x"},
    ]


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("a\tb\n", False),
        ('"a"\t"b"\n', False),
        ('"a ""b"""\tc\n', True),
        ('"a\nb"\tc\n', True),
        ('"a ""b"""\t"c" d\n', False),
        ('"a\tb"\tc\n"open\tc\n', False),
    ],
)
def test_when_quotes_count(sample: str, expected: bool) -> None:
    assert quotes_count(sample.encode()) is expected


def test_ragged_rows_are_bad_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    rows = read(tmp_path, "a.csv", "q,a\n1,2\n\n3\n4,5,6\r\n\r\n7,8")
    assert [row.reason if isinstance(row, BadInput) else row["q"] for row in rows] == [
        "1",
        "1 fields where there are 2 columns",
        "3 fields where there are 2 columns",
        "7",
    ]
    assert rows[1].raw == "3"


def test_other_bad_rows(tmp_path: Path) -> None:
    rows = read(tmp_path, "a.csv", b'q,a\n1,\xe9\n"a\rb",ok\na\rb"",no\n')
    assert [row.reason if isinstance(row, BadInput) else row for row in rows] == [
        "not UTF-8: byte 0xe9 at byte 2 of the row; text of cp1252 or another code page? "
        "convert the file to UTF-8, or name its `encoding` in a recipe",
        {"q": "a\rb", "a": "ok"},
        rows[2].reason,
    ]
    assert "not a row of CSV" in rows[2].reason


@pytest.mark.parametrize("block_bytes", [4, 16, 1 << 20])
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_quote_that_is_never_closed_names_the_row_that_opens_it(
    tmp_path: Path, block_bytes: int, end: str
) -> None:
    text = 'q,a\n1,2\n\n"3\n4",""\n5,"never closed\n' + "6,7\n" * 50 + f"8,9{end}"
    path = tmp_path / "a.csv"
    path.write_text(text)
    found = []
    with pytest.raises(
        UserError, match=r"a\.csv: a quote opens in row 2 \(5,\"never closed 6,7.*; close it"
    ) as caught:
        for block in read_file(
            SourceFile.of(path, path.name), first_row=70, block_bytes=block_bytes
        ):
            found += list(block.rows())
    assert found == [(70, {"q": "1", "a": "2"}), (71, {"q": "3\n4", "a": ""})]
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="a quote opens in the header"):
        read(tmp_path, "b.csv", 'q,"a\n1,2\n', block_bytes=block_bytes)


@pytest.mark.parametrize("block_bytes", [4, 7, 30, 1 << 20])
@pytest.mark.parametrize(
    ("field", "closed"), [("x" * 19, True), ("x" * 20, False), ("x\n" * 99, False)]
)
def test_a_quote_that_is_closed_too_late_is_taken_for_one_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int, field: str, closed: bool
) -> None:
    monkeypatch.setattr("curate.files.delimited.QUOTED_BYTES", 20)
    monkeypatch.setattr("curate.files.delimited.SAMPLE_BYTES", 4)
    text = f'q,a\n1,2\n"{field}",2\n3,4\n'
    if closed:
        assert [row["q"] for row in read(tmp_path, "a.csv", text, block_bytes=block_bytes)] == [
            "1",
            field,
            "3",
        ]
        return
    with pytest.raises(
        UserError, match=r"row 1 .* is not closed within 20 bytes or by the end of the file"
    ):
        read(tmp_path, "a.csv", text, block_bytes=block_bytes)


@pytest.mark.parametrize(
    ("name", "delimiter"), [("X.TSV", "\t"), ("x.Tsv.GZ", "\t"), ("y.tsv.csv", ","), ("Y.CSV", ",")]
)
def test_the_name_says_the_delimiter_whatever_its_case(
    tmp_path: Path, name: str, delimiter: str
) -> None:
    text = f"q{delimiter}a\n1{delimiter}2\n".encode()
    assert read(tmp_path, name, gzip.compress(text) if name.endswith("GZ") else text) == [
        {"q": "1", "a": "2"}
    ]


def test_a_field_longer_than_pythons_limit(tmp_path: Path) -> None:
    long = "x" * 300_000
    assert read(tmp_path, "a.csv", f'q,a\n"{long}",2\n', block_bytes=1000) == [
        {"q": long, "a": "2"}
    ]


def test_headers_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="two columns are named 'q'"):
        read(tmp_path, "a.csv", "q,a,q\n1,2,3\n")
    with pytest.raises(UserError, match="the header cannot be read"):
        read(tmp_path, "a.csv", b"q,\xff\n1,2\n")


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", "q,a\n") == []
    assert read(tmp_path, "a.csv", "\n\n") == []


DIALECTS = {
    "semicolons": ("a.csv", ";", 'q;a\n1,5;two, three\n"x;y";z\n'),
    "tabs": ("a.csv", "\t", 'q\ta\n1,5\ttwo; three\n"plain\tquote\n'),
    "tabs and quotes": ("a.csv", "\t", 'q\ta\n"1\n5"\ttwo\n'),
    "commas in a tsv": ("a.tsv", ",", "q,a\none,two\n"),
    "commas": ("a.csv", ",", "q,a;b\none;1,two;2\n"),
    "commas, one row ragged": ("a.csv", ",", "q,a\none,two\nthree;four\nfive,six\n"),
    "one column": ("a.csv", ",", "text\nno comma; none\nyes, one; two\n"),
    "no row fits": ("a.csv", ",", "q;a\none\ntwo\nthree\n"),
}


@pytest.mark.parametrize("case", DIALECTS)
def test_the_header_and_the_first_rows_say_what_parts_the_fields(tmp_path: Path, case: str) -> None:
    name, delimiter, text = DIALECTS[case]
    found = read(tmp_path, name, text, block_bytes=5)
    assert found == read(tmp_path, name, text)
    quoting: Literal[0, 3] = csv.QUOTE_NONE if case == "tabs" else csv.QUOTE_MINIMAL
    names, *rows = csv.reader(io.StringIO(text), delimiter=delimiter, quoting=quoting)
    assert [tuple(row.values()) if isinstance(row, dict) else None for row in found] == [
        tuple(row) if len(row) == len(names) else None for row in rows
    ]
    usual = {"a.csv": ",", "a.tsv": "\t"}[name] == delimiter
    assert len(list(notes_of(SourceFile.of(tmp_path / name, name)))) == (not usual)


@examples(200)
@given(
    rows=st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=6), delimiter=st.sampled_from(";\t")
)
def test_what_python_writes_with_other_delimiters_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], delimiter: str
) -> None:
    out = io.StringIO()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if delimiter == ";" else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, quoting=quoting).writerows(
        [("q", "a"), ("\t\n", ""), *rows]
    )
    found = read(tmp_path_factory.mktemp("csv"), "a.csv", out.getvalue(), block_bytes=30)
    assert found == [{"q": one, "a": two} for one, two in (("\t\n", ""), *rows)]


def test_with_names_given_the_rows_must_have_as_many_fields(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", "1,5;two\n2;three\n", ["q", "a"]) == [
        {"q": "1,5", "a": "two"},
        {"q": "2", "a": "three"},
    ]
