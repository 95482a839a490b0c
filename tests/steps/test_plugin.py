"""A step of another package, found by its entry point: it is told everywhere, and no file of curate
knows it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.command import ROOT
from tests.corpus import chat, ids, read, write_lines, write_recipe
from tests.pages import section

PLUGIN = Path(__file__).parent / "plugin"
PHRASE = "as an AI"


def curate(
    *arguments: str | Path, cwd: Path, plugin: bool = True
) -> subprocess.CompletedProcess[str]:
    """Call the command in a process of its own, in which the other package is installed or not."""
    path = os.pathsep.join(map(str, [*([PLUGIN] if plugin else []), ROOT]))
    command = [sys.executable, "-m", "curate", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugin")
    told = f"Well, {PHRASE} I say: {PHRASE}, no."
    item = "Which of the seven rivers in this old song carries the most water to the sea?"
    chats = [
        chat(f"Question {n}?", told if n % 4 == 0 else f"Well, {PHRASE}.") | {"topic": f"t{n % 3}"}
        for n in range(12)
    ]
    chats += [chat(item, told) | {"topic": "<b>"}, {"topic": "bad"}]
    write_lines(folder / "chats.jsonl", chats)
    write_lines(folder / "evals.jsonl", [{"question": item}])
    recipe: dict[str, Any] = {
        "decontaminate": {"suite": "evals.jsonl"},
        "quiet": {},
        "phrase": {"text": PHRASE, "at_most": 1},
        "sources": [{"name": "chats", "from": "chats.jsonl"}],
        "output": {"validation": 2},
    }
    write_recipe(folder / "r.yaml", **recipe)
    return folder


@pytest.fixture(scope="module")
def built(folder: Path) -> tuple[Path, subprocess.CompletedProcess[str]]:
    done = curate("build", "r.yaml", "-o", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "out", done


def test_rows_leave_at_the_step_that_took_them(built: tuple[Path, Any]) -> None:
    out, _ = built
    removed = {row["id"]: (row["step"], row["reason"]) for row in read(out, "removed/*.parquet")}
    # Row 12 hits the benchmark too, but the phrase comes first and owns it.
    assert removed == {f"chats/{n}": ("phrase", "holds the phrase 2 times") for n in (0, 4, 8, 12)}
    assert sorted(ids(out)) == sorted(f"chats/{n}" for n in (1, 2, 3, 5, 6, 7, 9, 10, 11))
    assert "topic" not in read(out, "data/*.parquet")[0]


def test_rates_are_those_of_all_rows_read(built: tuple[Path, Any]) -> None:
    lock = json.loads((built[0] / "recipe.lock.json").read_text())
    (cell,) = lock["counts"]["steps"]["decontaminate"]["contamination"]
    assert (cell["benchmark"], cell["hit"]) == ("evals", 1)


def test_the_audit_has_it_in_its_place(built: tuple[Path, Any]) -> None:
    with duckdb.connect(str(built[0] / "audit.duckdb"), read_only=True) as con:
        funnel = con.sql(
            "SELECT step, rows_in, dropped, rows_out FROM funnel ORDER BY position"
        ).fetchall()
        assert funnel == [
            ("read", 14, 0, 14),
            ("validate", 14, 1, 13),
            ("phrase", 13, 4, 9),
            ("quiet", 9, 0, 9),
            ("decontaminate", 9, 0, 9),
            ("sample", 9, 0, 9),
            ("write", 9, 0, 9),
        ]
        assert con.sql("SELECT topic, n FROM phrase_topics ORDER BY ALL").fetchall() == [
            ("<b>", 1),
            ("t0", 4),
            ("t1", 4),
            ("t2", 4),
        ]
        turns = con.sql("SELECT count(DISTINCT doc_id), count(*) FROM texts").fetchall()
        assert turns == [(13, 26)], "two steps show row 12, and it is kept once"


def test_lock_card_report_and_summary_tell_it(built: tuple[Path, Any]) -> None:
    out, done = built
    lock = json.loads((out / "recipe.lock.json").read_text())
    assert lock["steps"]["phrase"] == {"text": PHRASE, "at_most": 1}
    assert lock["recipe"]["phrase"] == {"text": PHRASE, "at_most": 1}
    assert lock["counts"]["steps"]["phrase"] == {"rows": 4}
    assert {"step": "phrase", "rows_in": 13, "rows_out": 9} in lock["counts"]["funnel"]
    assert lock["counts"]["sources"]["chats"]["removed"] == 4
    card = (out / "README.md").read_text()
    assert (
        "| phrase | removed | 4 | `removed/` |" in card and "## Phrase\n\n13 rows held it." in card
    )
    page = (out / "report.html").read_text()
    assert "4 of 14 rows were removed; the phrase is on 4 topics." in page
    assert (
        '<section id="phrase">' in page
        and "<li>&lt;b&gt;: 1</li>" in page
        and '<a href="#phrase">' in page
    )
    assert "phrase: 4 rows went" in done.stdout
    assert "note: the phrase was found in 4 rows too often" in done.stdout
    assert "warning: 9 rows left" in done.stdout


def test_why_and_sql_know_it(built: tuple[Path, Any]) -> None:
    out, _ = built
    told = curate("why", out, "chats/12", cwd=out).stdout
    assert "Phrase\n  2 times, on <b>\n" in told
    assert "1. phrase: removed, because holds the phrase 2 times" in told
    assert "removed at phrase; the whole row is in removed/" in told
    asked = curate("sql", out, "phrase-topics", "--csv", cwd=out)
    assert asked.stdout.splitlines()[0] == "topic,n"


def test_a_rebuild_from_the_lock_is_the_same(built: tuple[Path, Any], folder: Path) -> None:
    done = curate(
        "build", "out/recipe.yaml", "--locked", "out", "-o", "again", "--workers", "1", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert "the lock held" in done.stdout
    other = (folder / "r.yaml").read_text().replace("at_most: 1", "at_most: 2")
    (folder / "other.yaml").write_text(other)
    refused = curate("build", "other.yaml", "--locked", "out", "-o", "other", cwd=folder)
    assert (
        refused.returncode == 2 and "steps.phrase.at_most: 1 in the lock, 2 now" in refused.stderr
    )


def test_without_the_package_its_audit_is_still_told(built: tuple[Path, Any]) -> None:
    out, _ = built
    told = curate("why", out, "chats/0", cwd=out, plugin=False)
    assert (
        told.returncode == 0 and "phrase: removed, because holds the phrase 2 times" in told.stdout
    )
    assert "Phrase\n" not in told.stdout
    assert curate("report", out, cwd=out, plugin=False).returncode == 0
    assert ">phrase</td>" in (out / "report.html").read_text()


def test_without_the_package_its_recipe_is_refused(folder: Path) -> None:
    done = curate("build", "r.yaml", "-o", "none", cwd=folder, plugin=False)
    assert done.returncode == 2
    assert "unknown key 'phrase'" in done.stderr or "unknown key 'quiet'" in done.stderr


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ({"broken": {}}, "step 'broken': curate_phrase.nowhere can't be imported"),
        ({"phrase": {"txt": "x"}}, "phrase: unknown key 'txt'; did you mean 'text'?"),
        ({"phrse": {}}, "unknown key 'phrse'; did you mean 'phrase'?"),
        ({"quiet": {}}, "step 'quiet' must run after 'phrase', which is not in the recipe"),
    ],
)
def test_what_is_wrong_is_one_line(folder: Path, steps: dict[str, Any], told: str) -> None:
    sources = [{"name": "chats", "from": "chats.jsonl"}]
    write_recipe(folder / "wrong.yaml", sources=sources, **steps)
    done = curate("build", "wrong.yaml", "-o", "wrong", cwd=folder)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_example_of_the_documentation_works_as_it_stands(folder: Path, tmp_path: Path) -> None:
    page = section("architecture.md", "A step")
    (entry,) = re.findall(
        r"```toml\n\[project\.entry-points\.\"curate\.steps\"\]\n(.*?)```", page, re.DOTALL
    )
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "my_steps").mkdir()
    (tmp_path / "my_steps/short.py").write_text(code)
    (tmp_path / "my_steps-1.0.dist-info").mkdir()
    (tmp_path / "my_steps-1.0.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: my-steps\nVersion: 1.0\n"
    )
    named = entry.replace('"', "")
    (tmp_path / "my_steps-1.0.dist-info/entry_points.txt").write_text(f"[curate.steps]\n{named}")
    lines = [chat("Hi", "Ho"), chat("A longer question, is it?", "It is."), chat("Yes?", "No.")]
    write_lines(tmp_path / "a.jsonl", lines)
    write_recipe(
        tmp_path / "r.yaml", sources=[{"name": "a", "from": "a.jsonl"}], short={"at_least": 10}
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [tmp_path, ROOT]))}
    command = [sys.executable, "-m", "curate", "build", "r.yaml", "-o", "out", "--workers", "2"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {row["id"]: row["reason"] for row in read(tmp_path / "out", "removed/*.parquet")} == {
        "a/0": "has 4 bytes",
        "a/2": "has 7 bytes",
    }


def test_a_filter_of_another_package(folder: Path, tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("Xenon?", "No."), chat("Argon?", "Yes.")])
    sources = [{"name": "a", "from": "a.jsonl"}]
    write_recipe(tmp_path / "r.yaml", sources=sources, filters=[{"starts": "plain"}])
    done = curate("build", "r.yaml", "-o", "out", "--no-stages", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert ids(tmp_path / "out") == ["a/1"]
    assert read(tmp_path / "out", "removed/*.parquet")[0]["reason"] == "starts: 'X'"
    for plugin, name, told in (
        (True, "lost", "filter 'lost': curate_phrase.nowhere:LOST can't be imported"),
        (True, "wrong", "filter 'wrong': curate_phrase.quiet:Quiet is no "),
        (True, "strts", "unknown filter 'strts'; did you mean 'starts'?"),
        (False, "starts", "unknown filter 'starts'"),
    ):
        write_recipe(tmp_path / "w.yaml", sources=sources, filters=[name])
        done = curate("build", "w.yaml", "-o", "no", cwd=tmp_path, plugin=plugin)
        assert done.returncode == 2 and told in done.stderr
        assert len(done.stderr.splitlines()) == 1
