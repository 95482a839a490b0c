"""Questions to an audit: named queries, the views against plain Python, and the three ways to print
an answer.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from curate.audit import sql as asking
from curate.audit.sql import queries, render, sql, write
from curate.audit.store import DATABASE
from curate.audit.words import printable
from curate.errors import UserError
from tests.soak import examples

Build = Callable[[Path, dict[str, list[dict[str, Any]]], int], Path]
ROOT = Path(__file__).resolve().parents[2]
NAMES = ("one", "two", "three")


def test_every_named_query_answers(example: Path) -> None:
    for name, question in queries(example).items():
        assert sql(example, name).num_columns > 1
        assert question.rstrip(")").endswith(("?", "."))


def test_there_is_a_query_for_each_common_question(example: Path) -> None:
    wanted = "worst-matches funnel contamination dropped removed-rows never-matchable quarantine licences"
    wanted += " leave-one-out self-test sensitivity verdicts matchers findings false-alarms"
    wanted += " leaking-sources shared-items clean-items clean-counts longest same-content near-misses fates runs"
    assert set(queries(example)) == set(wanted.split())


def test_the_example_is_told_in_figures(example: Path) -> None:
    one = {name: sql(example, name).to_pylist() for name in queries(example)}
    assert [row["instance_id"] for row in one["clean-items"]] == ["gsm8k/1", "mine/0"]
    assert one["never-matchable"][0]["never_matchable"] == 1
    assert [(row["step"], row["rows"]) for row in one["dropped"]] == [
        ("decontaminate", 1),
        ("sample", 1),
        ("doubles", 1),
        ("validate", 1),
    ]
    assert one["quarantine"][0]["reason"] == "the last turn is not the assistant's"
    assert one["worst-matches"][0]["shared"].startswith("Natalia sold clips")
    assert one["near-misses"][0]["doc_id"] == "math/2"
    assert one["same-content"][0]["first_ids"] == ["chat/1", "math/1", "math/2"]
    assert one["licences"][1] == {
        "licence": "not stated",
        "sources": "math",
        "rows_read": 3,
        "rows_kept": 1,
        "rows_written": 1,
    }
    assert one["longest"][-1]["id"] == "math/0"
    assert one["leaking-sources"][0]["most"] == "gsm8k"
    assert one["fates"][0]["written"] == 4


def test_the_examples_of_the_documentation_run(
    example: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs/audit.md").read_text(encoding="utf-8")
    (example / "data").mkdir()
    turns = [[{"role": "user", "content": "Hi"}]]
    pq.write_table(
        pa.table({"id": ["chat/0"], "messages": turns}),
        example / "data/train-00000-of-00001.parquet",
    )
    folder = tmp_path_factory.mktemp("docs")
    (folder / "my-sft").symlink_to(example)
    monkeypatch.chdir(folder)
    ran: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, ran)
    assert ran["fates"].num_rows == 6
    assert [row[0] for row in ran["worst"]] == ["chat/1", "math/2"]
    assert [row[0] for row in ran["longest"]] == ["chat/0"]
    shell = re.findall(r"^D (.*?;)$", page, re.DOTALL | re.MULTILINE)
    described = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert len(shell) == 3 and len(described) == 1
    for query in [*shell, *described]:
        assert sql(example, query).num_rows > 0
    for name, question in queries(example).items():
        assert f"| `{name}` | {question} |" in page


def test_spans_are_code_points_on_both_sides(tmp_path: Path, made: Build) -> None:
    text, item = "👩\u200d👩\u200d👧 e\u0301té: die Straße ist lang", "𝒳 e\u0301té: die Straße"
    shared = "e\u0301té: die Straße"
    at, there = text.index(shared), item.index(shared)
    row = {
        "doc_id": "a/0",
        "source": "a",
        "benchmark": "b",
        "instance_id": "b/0",
        "matcher": "ngram",
        "score": 0.9,
    }
    row |= {"hit": True, "counts": True, "label": None, "verdict": None}
    row |= {"doc_spans": [{"turn": 0, "start": at, "stop": at + len(shared)}]}
    row |= {"item_spans": [{"start": there, "stop": there + len(shared)}]}
    tables = {
        "texts": [{"doc_id": "a/0", "turn": 0, "role": "user", "text": text}],
        "instances": [item_of("b", 0) | {"text": item}],
        "matches": [row],
    }
    made(tmp_path, tables, 0)
    assert sql(tmp_path, "SELECT DISTINCT text FROM spans")["text"].to_pylist() == [shared]
    assert sql(tmp_path, "SELECT shared FROM worst_matches")["shared"].to_pylist() == [shared]


def item_of(benchmark: str, row: int) -> dict[str, Any]:
    line = {
        "suite": "s",
        "benchmark": benchmark,
        "instance_id": f"{benchmark}/{row}",
        "text": "t",
        "n_tokens": 1,
    }
    return line | {"role": "unseen", "matchable": True}


FOUND = st.tuples(
    st.sampled_from(NAMES[:2]),
    st.integers(0, 5),
    st.sampled_from(NAMES),
    st.integers(0, 119),
    st.dictionaries(
        st.sampled_from(["ngram", "exact", "robust"]),
        st.tuples(st.booleans(), st.booleans()),
        min_size=1,
    ),
)
"""A pair of row and item as (source, row, benchmark, item), and for each matcher that found it:
hit? counts?
"""


@examples(15)
@given(st.data())
def test_the_views_are_what_plain_counting_gives(made: Build, data: st.DataObject) -> None:
    sizes = data.draw(st.fixed_dictionaries({name: st.integers(1, 120) for name in NAMES}))
    drawn = data.draw(st.lists(FOUND, max_size=40, unique_by=lambda pair: pair[:4]))
    pairs = [pair for pair in drawn if pair[3] < sizes[pair[2]]]
    # The last source has no match at all and must still be in the view.
    tables = {
        "sources": [source_of(name, 0) for name in NAMES],
        "instances": [item_of(name, row) for name, size in sizes.items() for row in range(size)],
        "matches": [
            {
                "doc_id": f"{s}/{d}",
                "source": s,
                "benchmark": b,
                "instance_id": f"{b}/{i}",
                "matcher": matcher,
            }
            | {"score": 0.4, "hit": hit, "counts": counts}
            for s, d, b, i, found in pairs
            for matcher, (hit, counts) in found.items()
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder), tables, 0)
        found, without, clean, matchers, shared = (
            sql(Path(folder), query).to_pylist()
            for query in (
                "FROM contamination",
                "FROM leave_one_out",
                "FROM clean_items",
                "matchers",
                "shared-items",
            )
        )
    items, rows, touched = defaultdict(set), defaultdict(set), defaultdict(set)
    for s, d, b, i, by in pairs:
        if any(counts for _, counts in by.values()):
            items[s, b].add(i)
            rows[s, b].add(d)
            touched[b].add(i)
    assert len(found) == len(without) == len(NAMES) ** 2
    for line in found:
        key, size = (line["source"], line["benchmark"]), sizes[line["benchmark"]]
        assert (line["instances"], line["overlapped"], line["documents"]) == (
            size,
            len(items[key]),
            len(rows[key]),
        )
        assert line["rate"] == len(items[key]) / size
        assert line["flagged"] == (Fraction(len(items[key]), size) > Fraction(2, 100))
    for line in without:
        b = line["benchmark"]
        others = set().union(*(items[s, b] for s in NAMES if s != line["source"]))
        assert (line["instances"], line["touched"], line["left_without"]) == (
            sizes[b],
            len(touched[b]),
            len(others),
        )
        assert line["by_this"] == len(items[line["source"], b])
    assert {row["instance_id"] for row in clean} == {
        f"{b}/{i}" for b in NAMES for i in range(sizes[b]) if i not in touched[b]
    }
    assert sum(row["pairs"] for row in matchers) == sum(len(by) for *_, by in pairs)
    for row in matchers:
        mine = [by[row["matcher"]] for *_, by in pairs if row["matcher"] in by]
        assert (row["hits"], row["counted"]) == (
            sum(hit for hit, _ in mine),
            sum(counts for _, counts in mine),
        )
    both = {f"{b}/{i}" for b in NAMES for i in items[NAMES[0], b] & items[NAMES[1], b]}
    assert {row["instance_id"] for row in shared} == both


def test_a_near_miss_of_one_matcher_is_none_if_another_hits(tmp_path: Path, made: Build) -> None:
    pair = {"doc_id": "a/0", "source": "a", "benchmark": "b", "instance_id": "b/0", "score": 0.4}
    tables = {
        "instances": [item_of("b", row) for row in range(2)],
        "matches": [
            pair | {"matcher": "ngram", "hit": False, "counts": False},
            pair | {"matcher": "robust", "hit": True, "counts": True, "score": 0.8},
            pair | {"instance_id": "b/1", "matcher": "ngram", "hit": False, "counts": False},
        ],
    }
    made(tmp_path, tables, 0)
    assert sql(tmp_path, "near-misses")["instance_id"].to_pylist() == ["b/1"]


def source_of(name: str, rows: int) -> dict[str, Any]:
    line = {
        "name": name,
        "from_": name,
        "files": 1,
        "rows_read": rows,
        "rows_kept": rows,
        "rows_written": rows,
    }
    return line | {"licence": None}


def test_two_percent_is_not_over_two_percent(tmp_path: Path, made: Build) -> None:
    items = [item_of("b", row) for row in range(150)]
    hits = [
        {
            "doc_id": "a/0",
            "source": "a",
            "benchmark": "b",
            "instance_id": f"b/{i}",
            "matcher": "ngram",
            "score": 1.0,
        }
        | {"hit": True, "counts": True}
        for i in range(3)
    ]
    made(tmp_path, {"sources": [source_of("a", 0)], "instances": items, "matches": hits}, 0)
    assert sql(tmp_path, "SELECT overlapped, flagged FROM contamination").to_pylist() == [
        {"overlapped": 3, "flagged": False}
    ]


def test_filters_keep_their_order_in_the_funnel(tmp_path: Path, made: Build) -> None:
    steps = ["read", "validate", "filters:zebra", "filters:ant", "decontaminate", "sample", "write"]
    fates = {"a/0": "filters:ant", "a/1": "filters:zebra", "a/2": "decontaminate"}
    documents = [
        {"id": doc_id, "source": "a", "row": row, "fate": "removed", "copies": 0}
        for row, doc_id in enumerate(fates)
    ]
    decisions = [
        {"step": step, "doc_id": doc_id, "action": "removed"} for doc_id, step in fates.items()
    ]
    # A later step had a look at a row that had left already: it still left at the filter.
    decisions.append({"step": "decontaminate", "doc_id": "a/0", "action": "reported"})
    tables = {
        "sources": [source_of("a", 3) | {"rows_kept": 0, "rows_written": 0}],
        "documents": documents,
        "decisions": decisions,
        "runs": [{"key": "steps", "value": json.dumps(steps)}],
    }
    made(tmp_path, tables, 0)
    found = sql(tmp_path, "SELECT step, dropped FROM funnel ORDER BY position").to_pylist()
    assert [(row["step"], row["dropped"]) for row in found] == [
        (step, int(step in fates.values())) for step in steps
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("  ", "the query is empty; give SQL or one of: clean-counts, "),
        ("funel", "unknown query 'funel'; did you mean 'funnel'?"),
        ("FROM documnets", 'Table with name documnets does not exist! Did you mean "documents"?'),
        ("SELECT nope FROM sources", 'Referenced column "nope" not found'),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT CAST('a' AS INT)", "Conversion Error"),
        ("DELETE FROM documents", "attached in read-only mode"),
        ("CREATE TABLE mine (a INT)", "attached in read-only mode"),
        ("SELECT 1; DROP TABLE matches", "attached in read-only mode"),
    ],
)
def test_a_mistake_is_one_line(example: Path, query: str, message: str) -> None:
    before = (example / DATABASE).read_bytes()
    with pytest.raises(UserError) as refused:
        sql(example, query)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (example / DATABASE).read_bytes() == before


def test_an_answer_without_columns_is_an_empty_table(example: Path) -> None:
    assert sql(example, "SELECT * FROM documents WHERE false").num_rows == 0
    assert render(sql(example, "SELECT id FROM documents WHERE false"), "json") == "[]\n"
    assert render(pa.table({}), "table").endswith("(0 rows)\n")


KINDS = {
    "text": (pa.string(), st.text(st.characters(exclude_categories=["Cs"]))),
    "whole": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "real": (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    "truth": (pa.bool_(), st.booleans()),
    "list": (pa.list_(pa.string()), st.lists(st.text("ab|,\"'\n", max_size=3), max_size=3)),
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, (_, values) in KINDS.items()}),
    max_size=6,
)


@given(ROWS)
def test_json_and_csv_read_back_as_they_were(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(
        rows, schema=pa.schema([(name, kind) for name, (kind, _) in KINDS.items()])
    )
    assert json.loads(render(table, "json")) == rows
    read = list(csv.DictReader(io.StringIO(render(table, "csv"), newline="")))
    assert [row["text"] for row in read] == [row["text"] or "" for row in rows]
    for name in ("whole", "real", "truth", "list"):
        assert [json.loads(row[name]) if row[name] else None for row in read] == [
            row[name] for row in rows
        ]


@given(ROWS)
def test_a_table_has_one_line_a_row_whatever_is_in_it(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(
        rows, schema=pa.schema([(name, kind) for name, (kind, _) in KINDS.items()])
    )
    lines = render(table, "table").split("\n")
    assert len(lines) == len(rows) + 4
    assert all(printable(line) == line for line in lines)


def test_sums_are_integers_and_what_json_cannot_say_is_null(example: Path) -> None:
    query = "SELECT sum(copies) AS n, 'nan'::DOUBLE AS a, 'inf'::DOUBLE AS b, 0.5::DECIMAL(4, 2) AS c FROM documents"
    assert json.loads(render(sql(example, query), "json")) == [
        {"n": 5, "a": None, "b": None, "c": 0.5}
    ]
    dated = json.loads(render(pa.table({"day": [date(2026, 8, 1)], "raw": [b"x"]}), "json"))
    assert dated[0]["day"] == "2026-08-01"


def test_a_table_is_aligned_and_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TABLE_ROWS", 2)
    table = pa.table(
        {
            "n": [1, 20, 300],
            "text": ["長い", "\x1b[31mred", "x" * 500],
            "real": [0.123456, None, 2.0],
        }
    )
    lines = [" n  text           real", "──  ───────────  ──────", " 1  長い         0.1235"]
    lines += ["20  \\x1b[31mred       -", "(3 rows, the first 2 shown; --json and --csv hold all)"]
    assert render(table, "table").splitlines() == lines


def test_a_long_cell_is_cut_at_its_width() -> None:
    row = render(pa.table({"a": ["長" * 100], "b": ["end"]}), "table").splitlines()[2]
    assert row.startswith("長" * 35) and "…" in row and row.endswith("  end")


def test_nothing_but_the_database_is_touched(example: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with duckdb.connect(example / DATABASE) as con:  # a stranger's
        con.execute(f"CREATE VIEW evil AS FROM read_csv('{secret}')")
        con.execute("CREATE MACRO reads(path) AS TABLE FROM read_text(path)")
    here = pa.table({"a": [1]})
    asked = [
        "from evil",
        f"from reads('{secret}')",
        f"from '{secret}'",
        f"copy (select 1) to '{tmp_path / 'out.csv'}'",
        f"export database '{tmp_path / 'out'}'",
        f"attach '{tmp_path / 'out.duckdb'}'",
        "install httpfs",
        f"load '{tmp_path / 'x.duckdb_extension'}'",
        "from glob('/*')",
        "from here",
        "set enable_external_access = true",
        "set lock_configuration = false",
    ]

    def refused() -> None:
        for query in asked:
            with pytest.raises(UserError, match="the query failed"):
                sql(example, query)

    refused()
    with duckdb.connect(example / DATABASE, read_only=True):  # beside a connection of this process
        refused()
    assert {path.name for path in tmp_path.iterdir()} <= {example.name, DATABASE, secret.name}
    assert here.num_rows == 1


@pytest.mark.parametrize("kind", ["parquet", "csv", "json"])
def test_an_answer_is_written_to_a_file(example: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"answer.{kind}"
    answer = sql(example, "from documents order by all")
    write(answer, path)
    if kind == "parquet":
        assert pq.read_table(path).to_pylist() == answer.to_pylist()
    else:
        assert path.read_text() == render(answer, kind)
    with pytest.raises(UserError, match=r"unknown kind of file '.jsn'; did you mean '.json'"):
        write(answer, path.with_suffix(".jsn"))
    with pytest.raises(OSError) as caught:
        write(answer, tmp_path / "nowhere" / path.name)
    assert "nowhere" in str(caught.value.filename)


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from range(1000000000000) r(i) where hash(i) = 1",
        "select sum(hash(a.i + b.i)) from range(1000000) a(i), range(1000000) b(i)",
    ],
)
def test_a_query_almost_without_an_end_ends_at_a_signal(example: Path, query: str) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's jobs ignore it
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            sql(example, query)
    finally:
        signal.signal(signal.SIGINT, before)
    assert sql(example, "select 1 as a").to_pylist() == [{"a": 1}]


def test_formats_and_twin_names_are_refused() -> None:
    with pytest.raises(UserError, match="unknown output format 'jsn'; did you mean 'json'"):
        render(pa.table({"a": [1]}), "jsn")
    twins = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(UserError, match="same name"):
        render(twins, "json")
    assert render(twins, "csv") == "a,a\n1,2\n"


def test_control_characters_are_shown_not_sent() -> None:
    assert printable("a\x1b[2J\x07\r\nb\u202e") == "a\\x1b[2J\\x07\\r\\nb\\u202e"
    assert printable("日本語\u3000です\u00a0ok") == "日本語\u3000です\u00a0ok"


def test_an_audit_that_the_process_has_open_elsewhere_is_read_all_the_same(example: Path) -> None:
    before = {name: sql(example, name) for name in queries(example)}
    with duckdb.connect(example / DATABASE, read_only=True) as other:
        assert {name: sql(example, name) for name in queries(example)} == before
        with pytest.raises(UserError, match="read-only"):
            sql(example, "DROP TABLE documents")
        assert other.sql("SELECT count(*) FROM documents").fetchall()
    with (
        duckdb.connect(example / DATABASE),
        pytest.raises(UserError, match="open for writing; close that connection, or open it with"),
    ):
        sql(example, "fates")


@pytest.mark.parametrize("width", [12, 40, 61, 80, 200])
def test_a_table_keeps_to_a_narrow_terminal_and_loses_nothing(width: int) -> None:
    said = [["one two three", "the quick brown fox " * 3], ["x", "長" * 30]]
    columns = [[*values] for values in zip(*said, strict=True)]
    table = pa.table({"name": columns[0], "n": [1_234_567, 2], "words": columns[1]})
    lines = render(table, "table", width).splitlines()
    whole = render(table, "table").splitlines()
    assert (lines == whole) == (max(map(cell_len, whole)) <= width)
    if width < 30:  # no room for three columns: a block for each row
        assert [line.split()[0] for line in lines if line][:4] == ["name", "n", "words", "name"]
        return
    assert max(map(cell_len, lines)) <= width
    squeezed = "".join("".join(lines).split())
    assert "1234567" in squeezed and len(re.findall("[長]", squeezed)) == 30
    assert squeezed.count("quick") + squeezed.count("fox") >= 3
