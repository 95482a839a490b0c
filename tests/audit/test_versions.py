"""Audits across versions: DuckDB 1.2 opens today's, and today's code those of earlier code."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from curate.audit import store
from curate.audit.pictures import pictures
from curate.audit.report import write_report
from curate.audit.sql import queries, render, sql
from curate.audit.why import why
from tests.command import call
from tests.corpus import build_in, chat, write_lines

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).parent / "fixtures"
OLDEST = "1.2.2"
# The version of a file as DuckDB counts it: 1.2 reads 64 and 65, each later one reads more.
READ_BY_THE_OLDEST = (64, 65)
FATES = {"kept": 24, "not-sampled": 4, "quarantined": 2, "removed": 2}


def format_of(path: Path) -> int:
    """Give the version number in the header of a database file, after a checksum of 8 bytes and
    `DUCK`.
    """
    header = path.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    (version,) = struct.unpack("<Q", header[12:20])
    return int(version)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A folder with the audit of version 1."""
    packed = (FIXTURES / "audit-1.duckdb.gz").read_bytes()
    (tmp_path / store.DATABASE).write_bytes(gzip.decompress(packed))
    return tmp_path


def test_a_new_audit_has_the_format_of_the_oldest_reader_and_later_writers_keep_it(
    example: Path,
) -> None:
    path = example / store.DATABASE
    assert format_of(path) in READ_BY_THE_OLDEST
    store.note(path, "finished", {"seconds": 1.0})
    assert format_of(path) in READ_BY_THE_OLDEST
    columns = [pa.field(name, pa.string()) for name in ("finding", "doc_id", "detail")]
    found = pa.table(
        [["empty"] * 5000, ["chat/1"] * 5000, ["it is"] * 5000], schema=pa.schema(columns)
    )
    store.write_findings(path, found, {"rows": 5000})
    assert format_of(path) in READ_BY_THE_OLDEST


def test_an_audit_that_names_no_version_has_the_first(example: Path, first: Path) -> None:
    with store.open_readonly(first) as con:
        assert store.version(con) == 1
    store.note(example / store.DATABASE, "schema", 7)
    with store.open_readonly(example) as con:
        assert store.version(con) == 7


def test_the_first_audit_answers_every_named_query(first: Path) -> None:
    answers = {name: sql(first, name) for name in queries(first)}
    assert all(table.num_columns > 1 and render(table, "table") for table in answers.values())
    empty = {name for name, table in answers.items() if not table.num_rows}
    assert empty == {"near-misses", "never-matchable", "same-content", "shared-items"}
    fates = answers["fates"].to_pylist()
    columns = {fate: fate.replace("-", "_") for fate in FATES}
    assert {fate: sum(row[column] for row in fates) for fate, column in columns.items()} == FATES
    assert sum(row["written"] for row in fates) == 32
    touched = {row["benchmark"]: row["overlapped"] for row in answers["contamination"].to_pylist()}
    assert touched == {"evals": 2}


def test_the_first_audit_tells_why(first: Path) -> None:
    for row in sql(first, "FROM documents").to_pylist():
        told = why(first, row["id"]).split("\nFate\n")[1].strip()
        assert told.startswith({"not-sampled": "not drawn"}.get(row["fate"], row["fate"])), row
    assert "covers 83.3 % of evals/2" in why(first, "chats/5")
    assert why(first, "chats/1#2").startswith("chats/1: kept, written twice; this is copy 2")


def test_the_first_audit_is_reported_and_reviewed(first: Path) -> None:
    page = write_report(first).read_text("utf-8")
    assert "chats/3" in page and "evals/2" in page
    done = call("review", first, "--list", cwd=first)
    assert done.code == 0
    assert done.out.endswith("4 to review, 0 judged, 4 left\n")
    pairs = [" ".join(line.split()[3:6]) for line in done.out.splitlines()[:-1]]
    assert pairs[:2] == ["chats/3 ↔ evals/0", "chats/5 ↔ evals/2"]


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """A folder with the audit of version 2, of a build with every step."""
    packed = (FIXTURES / "audit-2.duckdb.gz").read_bytes()
    (tmp_path / store.DATABASE).write_bytes(gzip.decompress(packed))
    return tmp_path


def test_the_second_audit_is_asked_reported_drawn_and_reviewed(second: Path) -> None:
    with store.open_readonly(second) as con:
        assert store.version(con) == 2
        assert {"funnel", "shares", "retention"} == set(pictures(con))
    names = queries(second)
    assert not {"other-labels", "wrong-removals", "false-alarms"} & names.keys()
    assert {"which-copy", "retention", "worst-matches"} <= names.keys()
    for name in names:
        assert sql(second, name).num_columns > 1
    page = write_report(second).read_text("utf-8")
    for part in ("filters", "retention", "duplicates", "heat", "matches", "judged", "found"):
        assert f'<section id="{part}"' in page
    assert 'id="samples"' not in page and "waits for verdicts" not in page
    done = call("review", second, "--list", cwd=second)
    assert (done.code, " dedup:" in done.out) == (0, False)


def test_the_first_audit_still_takes_facts_and_findings(first: Path) -> None:
    before = format_of(first / store.DATABASE)
    store.note(first / store.DATABASE, "more", [1])
    nothing = pa.table(
        {name: pa.array([], pa.string()) for name in ("finding", "doc_id", "detail")}
    )
    store.write_findings(first / store.DATABASE, nothing, {})
    assert format_of(first / store.DATABASE) == before
    with store.open_readonly(first) as con:
        assert (store.runs(con)["more"], store.runs(con)["check"]) == ([1], {})
        store.reconcile(con, 32)


ASK = """
import duckdb, json, sys
con = duckdb.connect(sys.argv[1], read_only=True)
views = [name for (name,) in con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()]
asked = {f"view {name}": f"SELECT * FROM {name}" for name in views} | json.loads(sys.stdin.read())
answers = {}
for name, query in asked.items():
    rows = con.execute(query).fetchall()
    # Joining an empty list gives null in older versions and an empty text in newer ones.
    answers[name] = sorted(json.dumps([value or None for value in row], default=str) for row in rows)
print(json.dumps(answers))
"""


def answers_of(python: Path, database: Path) -> dict[str, list[str]]:
    """Ask every view and named query in plain SQL with the DuckDB of an environment."""
    files = [*ROOT.glob("curate/audit/queries/*.sql"), *ROOT.glob("curate/steps/*/queries/*.sql")]
    own = queries(database)  # of the steps that this audit has
    texts = {path.stem: path.read_text("utf-8") for path in files if path.stem in own}
    done = subprocess.run(
        [python, "-c", ASK, database],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, list[str]] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="session")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the Python of an environment with the oldest DuckDB that has to read an audit, or skip."""
    folder = tmp_path_factory.mktemp("oldest")
    steps: list[list[Any]] = [
        [sys.executable, "-m", "venv", folder],
        [folder / "bin/pip", "install", "-q", "--no-cache-dir", f"duckdb=={OLDEST}"],
    ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            pytest.skip(f"duckdb {OLDEST} cannot be installed: {done.stderr.strip()[-200:]}")
    return folder / "bin/python"


@pytest.mark.slow
def test_the_oldest_duckdb_answers_every_view_and_query_alike(oldest: Path, tmp_path: Path) -> None:
    recipe = ROOT / "mixtures/quickstart/recipe.yaml"
    assert call("build", recipe, "-o", "out", "--self-test", cwd=tmp_path).code == 0
    assert call("check", "out", cwd=tmp_path).code == 0  # writes into the audit
    copy = Path(shutil.copy(tmp_path / "out" / store.DATABASE, tmp_path / "copy.duckdb"))
    told = answers_of(oldest, copy)
    assert len(told) > 25 and {
        "view funnel",
        "view worst_matches",
        "contamination",
        "self-test",
    } <= set(told)
    assert told == answers_of(Path(sys.executable), copy)


@pytest.mark.slow
def test_the_oldest_duckdb_reads_audits_with_rows_in_every_table(
    oldest: Path, example: Path
) -> None:
    told = answers_of(oldest, example / store.DATABASE)
    assert told == answers_of(Path(sys.executable), example / store.DATABASE)
    assert duckdb.__version__ != OLDEST


@pytest.mark.slow
def test_the_oldest_duckdb_answers_what_is_asked_of_filters(oldest: Path, tmp_path: Path) -> None:
    rows = [chat(f"Say {n}", "word " * n) | {"kind": f"k{n % 3}"} for n in range(1, 40)]
    write_lines(tmp_path / "a.jsonl", rows)
    length = {"measure": "words", "at_most": 30}
    recipe = {
        "sources": [{"name": "a", "from": "a.jsonl"}],
        "filters": [{"length": length}, {"column": {"name": "kind", "not_in": ["k1"]}}],
    }
    out = build_in(tmp_path, recipe).folder
    told = answers_of(oldest, out / store.DATABASE)
    assert {"view retention", "view filter_quantiles", "filters", "filtered-rows"} <= set(told)
    assert told == answers_of(Path(sys.executable), out / store.DATABASE)
