"""JSON lines and arrays: what is a row, what is a bad row, what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.files import BadInput, SourceFile, read_file
from curate.files.json_rows import JsonBlock
from tests.soak import examples


def read(path: Path, block_bytes: int = 1 << 20) -> list[tuple[int, Any]]:
    file = SourceFile.of(path, path.name)
    return [pair for block in read_file(file, block_bytes=block_bytes) for pair in block.rows()]


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def reasons(path: Path) -> list[str]:
    return [row.reason if isinstance(row, BadInput) else "" for _, row in read(path)]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(max_size=5)
    | st.sampled_from(['"', "\\", "[", "},{", ","]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), min_size=1, max_size=6)


@examples(150)
@given(
    rows=OBJECTS,
    block_bytes=st.integers(4, 300),
    indent=st.sampled_from([None, 1]),
    plain=st.booleans(),
)
def test_arrays_and_lines_hold_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, Any]],
    block_bytes: int,
    indent: int,
    plain: bool,
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    lines = "\r\n\n".join(json.dumps(row, ensure_ascii=plain) for row in rows)
    array = json.dumps(rows, indent=indent, ensure_ascii=plain)
    expected = list(enumerate(rows))
    assert read(written(folder, "a.jsonl", lines.encode()), block_bytes) == expected
    assert read(written(folder, "a.json", array.encode()), block_bytes) == expected


@examples(150)
@given(rows=OBJECTS, indent=st.sampled_from([None, 1]))
def test_a_table_says_what_the_rows_say(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], indent: int | None
) -> None:
    path = written(
        tmp_path_factory.mktemp("rows"), "a.json", json.dumps(rows, indent=indent).encode()
    )
    for block in read_file(SourceFile.of(path, path.name)):
        table = block.table()
        assert table is None or [_filled(row) for row in table.to_pylist()] == [
            _filled(row) for row in rows
        ]


def _filled(value: Any) -> Any:
    """A value without nulls: Arrow has no difference between a key that is null and one that is not
    there.
    """
    if isinstance(value, dict):
        kept = {key: _filled(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one is not None} or None
    if isinstance(value, list):
        return [_filled(one) for one in value]
    return value


BAD = [
    (b'{"a": "half', "the row is cut off"),
    (b'{"a": 1} {"a": 2}', "not JSON: Extra data"),
    (b'{"a": "\xff"}', "not UTF-8: byte 0xff at byte 7"),
    (b'{"a": "\\ud83d"}', "one half of a surrogate pair"),
    (b'{"a": "tab\there"}', "not JSON: Invalid control character"),
    (b"[1, 2]", "a row must be a JSON object, not an array"),
    (b"7", "not a number"),
    (b"null", "not null"),
    (b'{"a": Inf}', "not JSON"),
    (b'{"a": ' + b"9" * 5000 + b"}", "not readable JSON"),
    (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, "not readable JSON"),
]


@pytest.mark.parametrize(("line", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_line_costs_only_itself(tmp_path: Path, line: bytes, reason: str) -> None:
    path = written(tmp_path, "a.jsonl", b'{"a": "one"}\n' + line + b'\n{"a": "two"}\n')
    rows = read(path)
    assert [row for _, row in rows[::2]] == [{"a": "one"}, {"a": "two"}]
    bad = rows[1][1]
    assert isinstance(bad, BadInput)
    assert reason in bad.reason
    assert "\n" not in bad.reason
    assert bad.raw[:9] == line.decode("utf-8", "backslashreplace")[:9]
    (block,) = read_file(SourceFile.of(path, path.name))
    assert block.table() is None


def test_an_object_over_two_lines_is_two_bad_rows_even_where_the_count_fits(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", b'{"a":\n1} {"a": 2}\n')
    (block,) = read_file(SourceFile.of(path, path.name))
    assert block.table() is None
    assert all("not JSON" in reason for reason in reasons(path))


@pytest.mark.parametrize("text", ["2020-01-01", "2020-01-01T10:00:00Z", "10:00:00"])
def test_text_that_looks_like_a_date_stays_text(tmp_path: Path, text: str) -> None:
    rows = [{"a": text, "b": [{"c": text}], "n": None}]
    (block,) = read_file(
        SourceFile.of(written(tmp_path, "a.json", json.dumps(rows).encode()), "a.json")
    )
    table = block.table()
    assert table is not None
    assert table.to_pylist() == rows


@pytest.mark.parametrize("number", ["NaN", "[NaN]", "Infinity", "-Infinity", "[1,Infinity]"])
def test_numbers_in_letters_are_left_to_the_plain_reader(tmp_path: Path, number: str) -> None:
    (block,) = read_file(
        SourceFile.of(written(tmp_path, "a.jsonl", f'{{"a": {number}}}'.encode()), "a.jsonl")
    )
    assert block.table() is None
    assert isinstance(next(block.rows())[1], dict)


def test_words_with_capitals_do_not_leave_the_fast_path(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a.jsonl",
        b'{"a": "x Nancy, Information [Natural] {{{{"}\n' + b'{"a": "%s"}' % (b"[" * 99),
    )
    (block,) = read_file(SourceFile.of(path, path.name))
    assert block.table() is not None


def test_bare_strings_are_rows_of_text(tmp_path: Path) -> None:
    assert read(written(tmp_path, "a.jsonl", b'"one"\n"two"\n')) == [
        (0, {"text": "one"}),
        (1, {"text": "two"}),
    ]
    assert read(written(tmp_path, "a.json", b'["one", "two"]')) == [
        (0, {"text": "one"}),
        (1, {"text": "two"}),
    ]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    for block_bytes in (1, 3, 100):
        assert read(written(tmp_path, "a.jsonl", b'\xef\xbb\xbf{"a": 1}'), block_bytes) == [
            (0, {"a": 1})
        ]


def test_elements_of_an_array_can_be_bad_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", b'[{"a": 1}, {"a": tru}, 3, "x",, {"a": "new\nline"},]')
    kinds = [type(row).__name__ for _, row in read(path)]
    assert kinds == ["dict", "BadInput", "BadInput", "dict", "BadInput", "BadInput", "BadInput"]


REFUSED = [
    (
        b'[{"a": 1}, {"a": 2}, {"a"',
        "the array is never closed; the file is cut off after 2 complete rows",
    ),
    (b"[", "the array is never closed"),
    (b'[{"a": 1}] []', "something follows the end of the array"),
    (b'[{"a": 1}}, 2]', "something follows the end of the array"),
    (b'{"examples": [{"a": 1}]}', "the file is one JSON object"),
    (b'{\n "examples": [\n{"a": 1}\n]\n}', "the file is one JSON object"),
    ('{"a": 1}'.encode("utf-16"), "the file is UTF-16 text"),
]


@pytest.mark.parametrize(("data", "message"), REFUSED, ids=[message for _, message in REFUSED])
@pytest.mark.parametrize("block_bytes", [4, 1 << 20])
def test_a_file_that_is_no_list_of_rows_is_refused(
    tmp_path: Path, data: bytes, message: str, block_bytes: int
) -> None:
    path = written(tmp_path, "a.json", data)
    with pytest.raises(UserError, match=message) as caught:
        read(path, block_bytes)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("data", [b"[]", b" [ ] \n", b"\n\n", b" "])
def test_no_rows(tmp_path: Path, data: bytes) -> None:
    assert read(written(tmp_path, "a.json", data)) == []


def test_a_long_row_makes_a_long_block(tmp_path: Path) -> None:
    rows = [{"a": "x"}, {"a": "y" * 1_000_000}, {"a": "z"}]
    path = written(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)).encode())
    blocks = list(read_file(SourceFile.of(path, path.name), block_bytes=1000))
    assert [row for block in blocks for _, row in block.rows()] == rows
    assert max(block.nbytes for block in blocks) < 1_003_000
    assert (
        max(len(block.raw(place)) for block in blocks for place in range(block.n_rows)) == 1 << 16
    )


def test_head_and_single_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", b'[{"a": 0}, {"a": 1}, {"a": 2}]')
    (block,) = read_file(SourceFile.of(path, path.name), first_row=10)
    assert list(block.rows([2, 0])) == [(12, {"a": 2}), (10, {"a": 0})]
    assert list(block.head(2).rows()) == [(10, {"a": 0}), (11, {"a": 1})]
    table = block.head(2).table()
    assert table is not None
    assert table.equals(pa.table({"a": [0, 1]}))
    assert isinstance(block, JsonBlock)
    assert block.raw(1) == '{"a": 1}'


@pytest.mark.parametrize("name", ["P.JSON", "p.Json.gz"])
def test_the_name_of_a_json_file_may_be_in_capitals(tmp_path: Path, name: str) -> None:
    data = b'{\n"a": 1\n}\n'
    path = written(tmp_path, name, gzip.compress(data) if name.endswith("gz") else data)
    with pytest.raises(UserError, match="the file is one JSON object"):
        read(path)


def test_a_name_that_ends_in_jsonl_is_of_lines(tmp_path: Path) -> None:
    assert read(written(tmp_path, "a.json.jsonl", b'{"a": 1}\n')) == [(0, {"a": 1})]
