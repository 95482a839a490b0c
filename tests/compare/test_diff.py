"""`curate diff`: rows of any two data sets against plain multisets, and built folders."""

from __future__ import annotations

import io
import json
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import curate
from curate.compare import Diff, diff
from curate.compare.show import _table
from curate.lock import LOCK
from tests.command import call
from tests.corpus import build_in, chat, ids, sentence, write_csv, write_lines
from tests.soak import examples

RNG = random.Random(4)
CHATS = [chat(sentence(RNG, 8), sentence(RNG, 4)) for _ in range(30)]


def files(folder: Path, a: list[Any], b: list[Any]) -> Diff:
    return diff(write_lines(folder / "a.jsonl", a), write_lines(folder / "b.jsonl", b))


def figures(changed: Diff) -> tuple[int, ...]:
    rows = changed.rows
    return rows.both, rows.only_a, rows.only_b, rows.fewer_copies, rows.more_copies, rows.moved


# Rows that make no record among others: raw lines, mixed types, numbers of both sorts.
VALUES = st.sampled_from([0, 1, "1", 1.5, None, [1], {"x": 1}, {"x": "1"}, True])
RAW = st.sampled_from([b"{", b'{"a": '])
LINES = st.lists(st.fixed_dictionaries({"a": VALUES}) | RAW, min_size=1, max_size=8)


def key(row: Any) -> str:
    """Type and value of a row; a null says the same as nothing."""
    if isinstance(row, bytes):
        return f"raw {row!r}"
    return json.dumps({name: value for name, value in row.items() if value is not None})


@examples(60)
@given(LINES, LINES)
def test_rows_of_any_form_are_compared_as_multisets(a: list[Any], b: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, two = [{"a": 0}, *a], [{"a": 0}, *b]  # a first row that can be read
        rows = files(Path(folder), one, two).rows
    mine, theirs = Counter(map(key, one)), Counter(map(key, two))
    assert rows.compared == "columns as they are"
    assert (rows.a, rows.b, rows.distinct_a, rows.distinct_b) == (
        len(one),
        len(two),
        len(mine),
        len(theirs),
    )
    assert (rows.both, rows.only_a, rows.only_b) == tuple(
        sum(counts.values()) for counts in (mine & theirs, mine - theirs, theirs - mine)
    )


@examples(40)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=12),
    st.lists(st.integers(0, 6), min_size=1, max_size=12),
)
def test_records_are_compared_as_multisets(a: list[int], b: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        changed = files(Path(folder), [CHATS[n] for n in a], [CHATS[n] for n in b])
    mine, theirs = Counter(a), Counter(b)
    assert changed.rows.compared == "sft records"
    assert figures(changed)[:3] == tuple(
        sum(counts.values()) for counts in (mine & theirs, mine - theirs, theirs - mine)
    )
    assert changed.same == (a == b)
    assert changed.rows.same == (mine == theirs)
    alone = [place for place, n in enumerate(a) if a[:place].count(n) >= theirs[n]]
    assert [example.row for example in changed.rows.examples_a] == alone[:5]


def test_the_same_rows_in_other_files_formats_and_columns(tmp_path: Path) -> None:
    pairs = [
        {"question": f"Is {n} odd?", "response": "Yes." if n % 2 else "No."} for n in range(40)
    ]
    chats = [chat(row["question"], row["response"]) for row in pairs]
    one = write_csv(tmp_path / "pairs.csv", pairs)
    two = write_lines(tmp_path / "rows.jsonl.gz", chats)
    table = pa.Table.from_pylist([{"n": n, **row} for n, row in enumerate(chats)])
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=7)
    for a, b in ((one, two), (two, tmp_path / "rows.parquet"), (tmp_path / "rows.parquet", one)):
        changed = diff(a, b)
        assert changed.same and changed.changes is None and changed.fates is None
        assert changed.rows.passed_over == (["n"] if tmp_path / "rows.parquet" in (a, b) else [])


def test_what_a_record_has_beside_its_text_is_compared(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": f"{n} + 1?", "verifier": "gsm8k", "ground_truth": str(n + 1), "level": n}
        for n in range(9)
    ]
    other = [dict(row) for row in rows]
    other[2]["ground_truth"], other[5]["level"] = "4", 50
    changed = files(tmp_path, rows, other)
    assert (changed.rows.compared, changed.rows.beside) == ("rlvr records", ["level"])
    for shown in (changed.rows.examples_a, changed.rows.examples_b):
        assert [one.row for one in shown] == [2, 5]
    called: list[dict[str, Any]] = [chat("Hi", "Ho") for _ in range(3)]
    other = [chat("Hi", "Ho") for _ in range(3)]
    other[1]["messages"][1]["tool_calls"] = [{"function": {"name": "f", "arguments": {}}}]
    assert figures(files(tmp_path, called, other)) == (2, 1, 1, 1, 0, 0)


def test_order_and_copies_are_told(tmp_path: Path) -> None:
    carried = [*CHATS[1:], CHATS[0]]
    changed = files(tmp_path, CHATS, carried)
    assert figures(changed) == (30, 0, 0, 0, 0, 1)
    assert (changed.same, changed.rows.same) == (False, True)
    done = call("diff", "a.jsonl", "b.jsonl", cwd=tmp_path)
    assert (done.code, done.out.splitlines()[2]) == (1, "same rows, other order: 30 rows, 1 moved")
    assert figures(files(tmp_path, CHATS, [*CHATS, *CHATS[:4], chat("new", "new")])) == (
        30,
        0,
        5,
        0,
        4,
        0,
    )


def test_rows_that_make_no_record_are_compared_by_their_text(tmp_path: Path) -> None:
    rows = [*CHATS[:5], b"{half", {"messages": []}]
    assert files(tmp_path, rows, rows).same
    assert figures(files(tmp_path, rows, [*CHATS[:5], b"{other", {"messages": []}])) == (
        6,
        1,
        1,
        0,
        0,
        0,
    )


def test_blocks_do_not_matter(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(CHATS)
    pq.write_table(table, tmp_path / "one.parquet")
    (tmp_path / "many").mkdir()
    for n in range(30):
        pq.write_table(table.slice(n, 1), tmp_path / f"many/{n:02}.parquet")
    changed = diff(tmp_path / "one.parquet", tmp_path / "many")
    assert changed.same
    pq.write_table(pa.Table.from_pylist([chat("new", "new")]), tmp_path / "many/17.parquet")
    (example,) = diff(tmp_path / "one.parquet", tmp_path / "many").rows.examples_b
    assert (example.file, example.row) == ("17.parquet", 17)


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the builds `one`, `again` (the same), and `two` (another seed and validation)."""
    folder = tmp_path_factory.mktemp("builds")
    write_lines(
        folder / "a.jsonl", [row | {"level": n, "id": f"up-{n}"} for n, row in enumerate(CHATS)]
    )
    recipe = {
        "sources": [{"name": "a", "from": "a.jsonl", "keep": ["level"], "licence": "MIT"}],
        "output": {"validation": 5},
    }
    for name, more in (
        ("one", {}),
        ("again", {}),
        ("two", {"seed": 9, "output": {"validation": 8}}),
    ):
        build_in(folder, recipe | more, name)
    return folder


def test_a_rebuild_is_the_same(builds: Path) -> None:
    done = call("diff", "one", "again", cwd=builds)
    assert (done.code, done.out) == (0, "A one\nB again\nsame rows, same order: 30 rows\n")
    assert curate.diff(builds / "one", str(builds / "again")).same
    assert curate.diff is diff  # the package that holds it doesn't stand in its way


def test_two_builds_are_told_apart(builds: Path) -> None:
    done = call("diff", "one", "two", "--json", cwd=builds)
    told = json.loads(done.out)
    assert (done.code, told["same"], told["fates"]) == (1, False, [])
    changed = {one["path"]: (one["a"], one["b"]) for one in told["changes"]["parameters"]}
    assert changed == {"recipe.seed": (42, 9), "recipe.output.validation": (5, 8)}
    assert told["changes"]["inputs"] == told["changes"]["versions"] == []
    rows = told["rows"]
    assert (rows["both"], rows["only_a"], rows["only_b"], rows["beside"]) == (30, 0, 0, ["level"])
    held_out = [set(ids(builds / name, "data/validation-*")) for name in ("one", "two")]
    assert rows["other_split"] == len(held_out[0] ^ held_out[1]) > 0
    assert not rows["same"]
    shown = call("diff", "one", "two", cwd=builds).out
    assert "recipe.seed" in shown and "in both, in another split" in shown


def test_a_build_and_its_source_are_compared_by_content(builds: Path) -> None:
    changed = diff(builds / "a.jsonl", builds / "one")
    assert (changed.rows.same, changed.rows.beside, changed.changes) == (True, ["level"], None)


def test_locks_of_other_versions_and_missing_audits_do_not_matter(
    builds: Path, tmp_path: Path
) -> None:
    out = build_in(builds, {"sources": [{"name": "a", "from": "a.jsonl"}]}, "three").folder
    lock = json.loads((out / LOCK).read_text("utf-8")) | {
        "lock_version": 99,
        "steps": {"x": {"inputs": 1}},
    }
    (out / LOCK).write_text(json.dumps(lock), "utf-8")
    (out / "audit.duckdb").unlink()
    changed = diff(builds / "one", out)
    assert changed.fates is None and changed.changes is not None
    assert [one.path for one in changed.changes["inputs"]] == ["steps.x.inputs"]
    assert changed.rows.passed_over == ["level"]


def test_a_mistake_in_the_call_ends_with_2(builds: Path) -> None:
    (builds / "empty.jsonl").write_text("")
    for b, said in (("nowhere.jsonl", "no such file"), ("empty.jsonl", "the file is empty")):
        done = call("diff", "a.jsonl", b, cwd=builds)
        assert (done.code, said in done.error, done.out) == (2, True, "")


def test_a_path_is_whole_on_a_narrow_screen() -> None:
    written = io.StringIO()
    paths = [f"steps.decontaminate.matchers.robust.{name}" for name in ("chains", "points")]
    _table(Console(width=40, file=written), "t", ("where", "A"), [(path, "1") for path in paths])
    cells = [line.split("│")[1].strip() for line in written.getvalue().splitlines() if "│" in line]
    assert "".join(cells) == "".join(paths)
