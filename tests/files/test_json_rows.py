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
    (b'{"a": "half', "not JSON: Unterminated string at character 6; the row is cut off"),
    (b'{"a": 1} {"a": 2}', "not JSON: Extra data"),
    (b'{"a": "\xff"}', "not UTF-8: byte 0xff at byte 7"),
    (b'{"a": "\\ud83d"}', "half of a surrogate pair"),
    (b'{"a": "tab\there"}', "not JSON: Invalid control character at character 10"),
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
    (b'{"examples": [1], "a": {"b": []}}', "the file is one JSON object; rows are"),
    (b'{\n "a": [\n{"a": 1}\n], "b": [{}]\n}', "its keys a, b hold lists of objects"),
    (b'{"a": [{}, {}', "neither one JSON document nor an object to a line: .* line 1 column 14"),
    (b'{\n "a": [\n}', "neither one JSON document nor an object to a line"),
    (b"[\0{\0}\0]\0", "looks like UTF-16 text, .*say `encoding: utf-16-le`"),
    (b"\0[\0{\0}\0]", "looks like UTF-16 text, .*say `encoding: utf-16-be`"),
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


def test_the_rows_of_a_document_are_those_of_its_list(tmp_path: Path) -> None:
    rows = [{"a": "]}", "b": 1.50}, {"a": '\\"', "c": {"d": [{"e": 1}]}}]
    for document in (
        {"data": rows},
        {"x": 1, "y": "{[", 'data" :': rows, "z": [1, {}], "w": {"v": [{}]}},
        {"more": [], "data": rows},
    ):
        for indent in (None, 0, 2):
            path = written(tmp_path, "a.json", json.dumps(document, indent=indent).encode())
            for block_bytes in (4, 1 << 20):
                assert read(path, block_bytes) == list(enumerate(rows))


def test_numbers_in_a_document_are_read_as_they_are_written(tmp_path: Path) -> None:
    number = "12345678901234567890123.10"
    path = written(tmp_path, "a.json", f'{{"data": [{{"a": {number}}}]}}'.encode())
    (block,) = read_file(SourceFile.of(path, path.name))
    assert block.raw(0) == f'{{"a": {number}}}'


def test_a_document_longer_than_what_is_looked_at(tmp_path: Path) -> None:
    rows = [{"a": f"{n} " + "x" * 90} for n in range(1500)]
    for name, indent in (("a.json", None), ("a.json", 1), ("a.jsonl", 1)):
        path = written(tmp_path, name, json.dumps({"k": 1, "data": rows}, indent=indent).encode())
        assert [row for _, row in read(path, 5000)] == rows


@examples(150)
@given(
    rows=OBJECTS,
    indent=st.sampled_from([1, 4]),
    between=st.sampled_from(["\n", ",\n", "\n\n", " ,\r\n", "\n,\n"]),
    margin=st.sampled_from(["", "  ", "\t"]),
    block_bytes=st.integers(4, 300),
    name=st.sampled_from(["a.jsonl", "a.json"]),
)
def test_objects_over_several_lines_are_the_rows_that_were_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, Any]],
    indent: int,
    between: str,
    margin: str,
    block_bytes: int,
    name: str,
) -> None:
    rows = [{"first": [{"of": "all"}]}, *rows, {"last": 1}]
    printed = [margin + json.dumps(row, indent=indent).replace("\n", f"\n{margin}") for row in rows]
    path = written(tmp_path_factory.mktemp("rows"), name, between.join(printed).encode())
    assert read(path, block_bytes) == list(enumerate(rows))
    for block in read_file(SourceFile.of(path, path.name), block_bytes=block_bytes):
        table = block.table()
        assert table is None or table.num_rows == block.n_rows


@examples(100)
@given(rows=OBJECTS, block_bytes=st.integers(4, 300), end=st.sampled_from([",\n", " , \r\n"]))
def test_lines_that_end_with_a_comma_are_lines(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, Any]],
    block_bytes: int,
    end: str,
) -> None:
    rows = [*rows, {"last": 1}]
    data = end.join(map(json.dumps, rows)).encode()
    for last in (b"", b",", b",\n"):
        path = written(tmp_path_factory.mktemp("rows"), "a.jsonl", data + last)
        assert read(path, block_bytes) == list(enumerate(rows))


def test_one_broken_object_over_several_lines_costs_no_other(tmp_path: Path) -> None:
    rows = [{"a": n, "b": [{"c": n}]} for n in range(5)]
    printed = [json.dumps(row, indent=2) for row in rows]
    printed[1] = printed[1].replace("]", "")
    printed[3] = printed[3][:-1].replace('"c"', '"c')
    found = [row for _, row in read(written(tmp_path, "a.jsonl", "\n".join(printed).encode()), 9)]
    assert found[::2] == rows[::2]
    assert all(isinstance(row, BadInput) for row in found[1::2])


def test_a_broken_first_line_does_not_make_lines_objects(tmp_path: Path) -> None:
    for first in (b'{"a": "half', b'{"a": 1, "b":', b"{", b'{"a": 1'):
        for name in ("a.jsonl", "a.json"):
            path = written(tmp_path, name, first + b'\n{"a": 1}\n{"a": 2}\n')
            assert [row for _, row in read(path)][1:] == [{"a": 1}, {"a": 2}]


def test_an_object_that_is_never_closed_is_refused(tmp_path: Path) -> None:
    text = json.dumps({"a": ["x" * 90] * 1000}, indent=1)[:-9].encode()
    with pytest.raises(UserError, match="the object that the file begins with is never closed"):
        read(written(tmp_path, "a.jsonl", text))


@pytest.mark.parametrize("block_bytes", [4, 1 << 20])
def test_lines_may_end_with_cr_alone(tmp_path: Path, block_bytes: int) -> None:
    path = written(tmp_path, "a.jsonl", b'{"a": "\\r"}\r\r{"a": 2}\r')
    assert read(path, block_bytes) == [(0, {"a": "\r"}), (1, {"a": 2})]
