"""docs/filters.md says what is so: filters, tables and queries; and its example works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from curate.audit import store
from curate.audit.face import face
from curate.steps.filters.phrases import Found
from curate.steps.filters.registry import HOUSE
from curate.steps.filters.repetition import GOPHER, USUAL
from tests.command import ROOT
from tests.corpus import chat, read, write_lines, write_recipe

PAGE = (ROOT / "docs/filters.md").read_text(encoding="utf-8")
SECTIONS = {part.split("\n", 1)[0].strip(" `#"): part for part in re.split(r"\n##+ ", PAGE)[1:]}
COMMON = {"roles", "last", "at_least", "at_most", "is", "in", "not_in"}


def rows(title: str) -> list[list[str]]:
    lines = re.findall(r"^\|(.*)\|$", SECTIONS[title], re.MULTILINE)[2:]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def test_every_filter_is_listed_with_its_settings() -> None:
    told = {cells[0].strip("`*"): cells for cells in rows("The filters")}
    assert set(told) == set(HOUSE)
    for name, cells in told.items():
        fields = HOUSE[name].args.model_fields
        keys = {field.alias or key for key, field in fields.items()} - COMMON
        assert set(re.findall(r"`(\w+)`", cells[3])) == keys, name
        everybody = "roles" in fields and len(fields["roles"].default) == 4
        assert cells[0].endswith("*") == everybody, name
        if issubclass(HOUSE[name].args, Found):
            assert cells[2] == "none"


def test_every_measure_of_repetition_is_listed() -> None:
    told = " ".join(cells[0] for cells in rows("What others do"))
    measures = {*USUAL, *(measure for measure, _ in GOPHER)}
    assert set(re.findall(r"`(\w+)`", told)) == measures


def test_tables_views_and_queries_are_described(tmp_path: Path) -> None:
    own = face("filters")
    assert own is not None
    con = store.create(tmp_path / "a.duckdb", [own.schema])
    store.finish(con, [own.views])
    listing = "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal"
    found: dict[str, list[list[str]]] = {}
    for table, column, kind, comment in con.execute(listing).fetchall():
        if table in SECTIONS:
            found.setdefault(table, []).append([f"`{column}`", kind, comment])
    con.close()
    made = re.findall(r"CREATE (?:OR REPLACE )?(?:TABLE|VIEW) (\w+)", own.schema + own.views)
    assert set(found) == set(made)
    for table, lines in found.items():
        assert rows(table) == lines, table
    questions = {
        name: text.splitlines()[0].removeprefix("-- ") for name, text in own.queries.items()
    }
    assert {cells[0].strip("`"): cells[1] for cells in rows("Named queries")} == questions


@pytest.fixture
def own_filter(tmp_path: Path) -> Path:
    """The example of the page, installed in a folder."""
    text = SECTIONS["A filter of your own"]
    (entry,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "my_filters.py").write_text(code)
    info = tmp_path / "my_filters-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-filters\nVersion: 1.0\n")
    points = entry.replace('[project.entry-points."curate.filters"]', "[curate.filters]")
    (info / "entry_points.txt").write_text(points.replace('"', ""))
    return tmp_path


def test_the_example_works_as_it_is(own_filter: Path) -> None:
    write_lines(own_filter / "a.jsonl", [chat("Hi!!!!!!!", "Ho"), chat("Hi", "Ho" + "!" * 6)])
    sources = [{"name": "a", "from": "a.jsonl"}]
    write_recipe(own_filter / "r.yaml", sources=sources, filters=["shouting"])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [own_filter, ROOT]))}
    command = [sys.executable, "-m", "curate", "build", "r.yaml", "-o", "out", "--no-stages"]
    done = subprocess.run(command, cwd=own_filter, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {row["id"]: row["reason"] for row in read(own_filter / "out", "removed/*.parquet")} == {
        "a/1": "shouting: 6 exclamation marks"
    }
