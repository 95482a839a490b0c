"""Writing an audit: what is refused, what reconciles, and what the database says about itself."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.audit import store
from curate.audit.face import face
from curate.audit.sql import sql
from curate.errors import CurateError, UserError
from tests.soak import examples

ROOT = Path(__file__).resolve().parents[2]
FATES = ("kept", "removed", "duplicate", "quarantined", "not-sampled")
STEPS = {"removed": "decontaminate", "duplicate": "doubles", "quarantined": "validate"}


def documents(lines: list[tuple[str, int, str, int]]) -> pa.Table:
    source, row, fate, copies = (list(column) for column in zip(*lines, strict=True))
    return pa.table(
        {"source": source, "row": row, "fate": fate, "copies": pa.array(copies, pa.int32())}
    )


def sources_of(lines: list[tuple[str, int, str, int]]) -> pa.Table:
    names = sorted({line[0] for line in lines})
    mine = [[line for line in lines if line[0] == name] for name in names]
    return pa.table(
        {
            "name": names,
            "from_": names,
            "files": pa.array([1] * len(names), pa.int32()),
            "rows_read": [len(rows) for rows in mine],
            "rows_kept": [sum(fate == "kept" for _, _, fate, _ in rows) for rows in mine],
            "rows_written": [sum(copies for *_, copies in rows) for rows in mine],
        }
    )


def decisions_of(lines: list[tuple[str, int, str, int]]) -> pa.Table:
    ended = [(f"{source}/{row}", fate) for source, row, fate, _ in lines if fate in STEPS]
    return pa.table(
        {
            "step": pa.array([STEPS[fate] for _, fate in ended], pa.string()),
            "doc_id": pa.array([doc_id for doc_id, _ in ended], pa.string()),
            "action": pa.array([fate for _, fate in ended], pa.string()),
        }
    )


def reconciled(docs: pa.Table, sources: pa.Table, decisions: pa.Table, written: int) -> str | None:
    """The message of the refusal, or None if the audit reconciles."""
    with (
        tempfile.TemporaryDirectory() as folder,
        store.create(Path(folder) / "audit.duckdb") as con,
    ):
        for name, rows in (("documents", docs), ("sources", sources), ("decisions", decisions)):
            store.insert(con, name, rows)
        try:
            store.reconcile(con, written)
        except CurateError as error:
            return str(error)
    return None


@st.composite
def builds(draw: st.DrawFn) -> list[tuple[str, int, str, int]]:
    """A random sound build: (source, row, fate, copies) for every row read."""
    lines = []
    for name in draw(
        st.lists(st.sampled_from(["a", "b/c", "d e", "it's", "f%d"]), min_size=1, unique=True)
    ):
        for row, fate in enumerate(draw(st.lists(st.sampled_from(FATES), min_size=1, max_size=12))):
            lines.append((name, row, fate, draw(st.integers(1, 3)) if fate == "kept" else 0))
    return lines


@examples(15)
@given(builds())
def test_sound_builds_reconcile(lines: list[tuple[str, int, str, int]]) -> None:
    written = sum(copies for *_, copies in lines)
    assert reconciled(documents(lines), sources_of(lines), decisions_of(lines), written) is None


@examples(15)
@given(builds(), st.data())
def test_a_lost_row_is_noticed(lines: list[tuple[str, int, str, int]], data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, len(lines) - 1))
    left = lines[:lost] + lines[lost + 1 :] or [("other", 0, "kept", 1)]
    written = sum(copies for *_, copies in left)
    message = reconciled(documents(left), sources_of(lines), decisions_of(lines), written)
    name, read = lines[lost][0], sum(line[0] == lines[lost][0] for line in lines)
    assert message is not None
    assert (
        f"source {name}: {read} rows were read but the fates of its rows sum to {read - 1}"
        in message
    )


@examples(15)
@given(builds(), st.data())
def test_a_wrong_fate_or_copy_is_noticed(
    lines: list[tuple[str, int, str, int]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    name, row, fate, copies = lines[at]
    changed = data.draw(
        st.one_of(
            st.sampled_from(
                [(name, row, other, int(other == "kept")) for other in FATES if other != fate]
            ),
            st.integers(0, 5).filter(lambda n: n != copies).map(lambda n: (name, row, fate, n)),
        )
    )
    # A row that was merely not drawn needs no decision, so a wrong fate shows only if something
    # else tells of it.
    told = (
        sources_of(lines).equals(sources_of([*lines[:at], changed, *lines[at + 1 :]]))
        and changed[2] == "not-sampled"
    )
    docs = documents([*lines[:at], changed, *lines[at + 1 :]])
    message = reconciled(
        docs, sources_of(lines), decisions_of(lines), sum(copies for *_, copies in lines)
    )
    assert (message is None) == told


@examples(10)
@given(builds(), st.integers(-2, 2).filter(bool))
def test_rows_written_must_equal_the_copies(
    lines: list[tuple[str, int, str, int]], off: int
) -> None:
    copies = sum(copies for *_, copies in lines)
    message = reconciled(documents(lines), sources_of(lines), decisions_of(lines), copies + off)
    fault = f"{copies + off} rows were written but the copies of all documents sum to {copies}"
    assert message == f"the audit does not reconcile: {fault}"


def test_reconciliation_names_every_fault() -> None:
    lines = [
        ("a", 0, "kept", 1),
        ("a", 0, "kept", 0),
        ("a", 1, "removed", 2),
        ("stray", 0, "kept", 1),
    ]
    message = reconciled(documents(lines), sources_of(lines[:3]), decisions_of([]), 4)
    assert message is not None
    for fault in (
        "1 documents belong to source stray",
        "source a: row 0 is recorded 2 times",
        "source a: 1 rows are kept without a copy",
        "source a: 1 rows are removed but have copies",
        "source a: 1 rows are removed but no decision says so (first: a/1)",
    ):
        assert fault in message


def test_a_source_is_listed_once() -> None:
    lines = [("a", 0, "kept", 1)]
    twice = pa.concat_tables([sources_of(lines)] * 2)
    assert "source a is listed 2 times" in str(
        reconciled(documents(lines), twice, decisions_of(lines), 1)
    )


def test_columns_go_by_name_and_types_are_cast(tmp_path: Path) -> None:
    step = face("decontaminate")
    assert step is not None
    con = store.create(tmp_path / "audit.duckdb", [step.schema])
    span = pa.struct([("stop", pa.int64()), ("turn", pa.int64()), ("start", pa.int64())])
    rows = pa.table(
        {
            "score": [0.9],
            "hit": [True],
            "counts": [True],
            "doc_id": pa.array(["a/0"]).dictionary_encode(),
            "source": pa.array(["a"], pa.large_string()),
            "benchmark": ["b"],
            "instance_id": ["b/0"],
            "matcher": ["ngram"],
            "doc_spans": pa.array([[{"turn": 1, "start": 2, "stop": 7}]], pa.list_(span)),
        }
    )
    store.insert(con, "matches", rows)
    found = con.execute("SELECT doc_id, doc_spans, item_spans, label FROM matches").fetchone()
    assert found == ("a/0", [{"turn": 1, "start": 2, "stop": 7}], None, None)


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        ("documnets", {"id": ["a"]}, "unknown audit table 'documnets'; did you mean 'documents'?"),
        (
            "texts",
            {"doc_id": ["a"], "turns": [1]},
            "unknown column of audit table texts 'turns'; did you mean 'turn'?",
        ),
        (
            "texts",
            {"doc_id": ["a"], "turn": [1]},
            "audit table texts: no column text in what was inserted",
        ),
        (
            "texts",
            {"doc_id": ["a"], "turn": ["x"], "text": ["t"]},
            "audit table texts: Conversion Error",
        ),
        (
            "texts",
            {"doc_id": ["a"], "turn": [0], "text": pa.nulls(1, pa.string())},
            "NOT NULL constraint failed",
        ),
        ("runs", {"key": ["a"], "value": ["{half"]}, "audit table runs: "),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, table: str, columns: dict[str, Any], message: str
) -> None:
    with store.create(tmp_path / "audit.duckdb") as con, pytest.raises(CurateError) as refused:
        store.insert(con, table, pa.table(columns))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_fates_are_a_closed_list(tmp_path: Path) -> None:
    with (
        store.create(tmp_path / "audit.duckdb") as con,
        pytest.raises(CurateError, match="CHECK constraint failed"),
    ):
        store.insert(con, "documents", documents([("a", 0, "lost", 0)]))


def test_an_empty_table_is_no_insert(tmp_path: Path) -> None:
    with store.create(tmp_path / "audit.duckdb") as con:
        store.insert(con, "documents", documents([("a", 0, "kept", 1)]).slice(0, 0))
        assert con.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def test_many_tables_are_one_insert_in_their_order(tmp_path: Path) -> None:
    rows = [(name, row, "kept", 1) for name in "ab" for row in range(5000)]
    tables = (documents(rows[first : first + 700]) for first in range(0, len(rows), 700))
    with store.create(tmp_path / "audit.duckdb") as con:
        store.insert_all(con, "documents", tables)
        store.insert_all(con, "documents", [])
        assert (
            con.execute("SELECT source, row, fate, copies FROM documents ORDER BY rowid").fetchall()
            == rows
        )


def test_an_existing_database_is_never_overwritten(example: Path) -> None:
    with pytest.raises(CurateError, match="never overwritten"):
        store.create(example / store.DATABASE)
    assert store.open_readonly(example).execute("SELECT count(*) FROM documents").fetchone() == (7,)


def test_a_database_that_was_never_finished_is_empty(tmp_path: Path) -> None:
    con = store.create(tmp_path / store.DATABASE)
    store.insert(con, "documents", documents([("a", 0, "kept", 1)]))
    con.close()
    assert store.open_readonly(tmp_path).execute("SELECT count(*) FROM documents").fetchone() == (
        0,
    )


def test_one_file_is_left_and_it_opens_for_reading_alone(example: Path) -> None:
    assert [path.name for path in example.iterdir()] == [store.DATABASE]
    with store.open_readonly(example) as con, pytest.raises(duckdb.Error, match="read-only"):
        con.execute("DELETE FROM documents")
    assert store.open_readonly(example / store.DATABASE).execute("SELECT 1").fetchone() == (1,)


def test_a_folder_without_an_audit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no audit.duckdb there"):
        store.open_readonly(tmp_path)
    (tmp_path / store.DATABASE).write_bytes(b"not a database" * 1000)
    with pytest.raises(UserError, match="cannot be opened as an audit"):
        store.open_readonly(tmp_path)


def test_the_views_need_no_other_file(example: Path, made: Callable[..., Path]) -> None:
    text = (ROOT / "curate/audit/views.sql").read_text()
    assert not re.search(r"read_(parquet|csv|json|text)|parquet_scan|\.(parquet|csv|json)\b", text)
    with store.open_readonly(example) as con:
        for (view,) in con.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall():
            con.execute(f"SELECT * FROM {view}").fetchall()


def described(example: Path) -> dict[str, dict[str, str]]:
    """Table or view -> column -> comment, as the database itself has them; '' is the table's own."""
    with store.open_readonly(example) as con:
        found: dict[str, dict[str, str]] = {}
        for kind in ("table", "view"):
            listing = f"SELECT {kind}_name, comment FROM duckdb_{kind}s() WHERE NOT internal"
            found |= {name: {"": comment} for name, comment in con.execute(listing).fetchall()}
        columns = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        for table, column, comment in con.execute(columns).fetchall():
            found[table][column] = comment
    return found


def test_every_table_and_column_describes_itself(example: Path) -> None:
    silent = [
        f"{t}.{c}"
        for t, columns in described(example).items()
        for c, comment in columns.items()
        if not comment
    ]
    assert silent == []


def test_the_documentation_says_what_the_database_says(example: Path) -> None:
    page = (ROOT / "docs/audit.md").read_text()
    sections = {part.split("\n", 1)[0].strip(" `"): part for part in page.split("\n### ")[1:]}
    for table, columns in described(example).items():
        assert table in sections, f"docs/audit.md has no section on {table}"
        lines = re.findall(r"^\| `(\w+)` \| [^|]+ \| (.*) \|$", sections[table], re.MULTILINE)
        wanted = [(name, text.replace("<", "\\<")) for name, text in columns.items() if name]
        assert columns[""] in sections[table]
        assert lines == wanted, f"docs/audit.md differs from the database on {table}"


@examples(15)
@given(builds())
def test_the_funnel_is_the_walk_of_the_rows(lines: list[tuple[str, int, str, int]]) -> None:
    order = ["read", "validate", "doubles", "decontaminate", "sample", "write"]
    leaves = STEPS | {"not-sampled": "sample"}
    with tempfile.TemporaryDirectory() as folder:
        con = store.create(Path(folder) / store.DATABASE)
        for name, rows in (("documents", documents(lines)), ("sources", sources_of(lines))):
            store.insert(con, name, rows)
        store.insert(con, "decisions", decisions_of(lines))
        steps = str(order).replace("'", '"')
        store.insert(con, "runs", pa.table({"key": ["steps"], "value": [steps]}))
        store.finish(con)
        con.close()
        found = sql(
            Path(folder),
            "SELECT source, step, rows_in, dropped, rows_out FROM funnel ORDER BY source, position",
        )
    expected = []
    for name in sorted({line[0] for line in lines}):
        mine = [line for line in lines if line[0] == name]
        gone = Counter(leaves[fate] for _, _, fate, _ in mine if fate != "kept")
        left = len(mine)
        for step in order:
            out = sum(copies for *_, copies in mine) if step == "write" else left - gone[step]
            expected.append(
                {
                    "source": name,
                    "step": step,
                    "rows_in": left,
                    "dropped": gone[step],
                    "rows_out": out,
                }
            )
            left -= gone[step]
    assert found.to_pylist() == expected


def test_errors_of_the_database_are_one_line_that_names_it(tmp_path: Path) -> None:
    with (
        pytest.raises(CurateError, match=r"audit.duckdb: No space left on device$"),
        store.told(tmp_path / "audit.duckdb"),
    ):
        raise duckdb.IOException("No space left\non device")
