"""A dry run, against the build that follows it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from curate.mixture import Options
from curate.mixture.measure import POINTS, Measured, measure, thinned
from curate.recipe import load_recipe
from tests.command import call
from tests.corpus import ask, build_in, chat, read, sentence, write_lines, write_recipe


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources with long rows, equal rows, near ones, and leaks of a benchmark."""
    folder, rng = tmp_path_factory.mktemp("measure"), random.Random(2)
    items = [sentence(rng, 20) for _ in range(6)]
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    for name in "ab":
        rows = [chat(sentence(rng, 12), sentence(rng, rng.randrange(1, 100))) for _ in range(60)]
        rows[5] = chat(items[0], "yes")
        rows[10:14] = [rows[9]] * 4
        said = sentence(rng, 60)
        rows[20], rows[21] = chat("q", said), chat("q", said.rsplit(" ", 1)[0] + " end")
        write_lines(folder / f"{name}.jsonl", rows)
    write_recipe(folder / "recipe.yaml", **RECIPE)
    return folder


RECIPE: dict[str, Any] = {
    "sources": [{"name": "a", "from": "a.jsonl"}, {"name": "b", "from": "b.jsonl", "share": 0.5}],
    "filters": [{"length": {"measure": "words", "at_most": 80}}, "empty_turns"],
    "dedup": {"threshold": 0.8},
    "decontaminate": {"suite": "evals.jsonl"},
    "output": {"validation": 4},
}


@pytest.fixture(scope="module")
def measured(work: Path) -> Measured:
    before = sorted(work.rglob("*"))
    options = Options(stages=work.parent / "stages", block_bytes=3000)
    found = measure(load_recipe(work / "recipe.yaml"), base=work, options=options)
    assert sorted(work.rglob("*")) == before  # nothing is written
    return found


def test_it_says_what_the_build_does_which_then_looks_at_nothing_again(
    work: Path, measured: Measured
) -> None:
    built = build_in(work, RECIPE, stages=work.parent / "stages", block_bytes=3000)
    told, found = (
        json.loads(json.dumps(one.as_dict())) for one in (measured.summary, built.summary)
    )
    assert found.pop("blocks") == {"looked_at": 0, "known": told["blocks"]["looked_at"]}
    for one in (told, found):
        one.pop("blocks", None), one.pop("seconds"), one.pop("text_bytes")
    assert told == found
    assert measured.staged
    removed = read(built.folder, "removed/*.parquet")
    for one in measured.taken:
        own = [
            row
            for row in removed
            if row["step"] == one.step
            and (one.part is None or row["reason"].startswith(f"{one.part}: "))
        ]
        assert sum(one.rows.values()) == len(own)
        reasons = {row["id"]: row["reason"] for row in own}
        assert len(one.examples) == min(5, len(own))
        assert {example.id: example.reason for example in one.examples}.items() <= reasons.items()
        messages = {row["id"]: row["messages"] for row in own}
        for example in one.examples:
            shown = [text.removesuffix("…") for _, text in example.turns]
            full = [turn["content"] for turn in messages[example.id]]
            assert all(text.startswith(begin) for begin, text in zip(shown, full, strict=True))
    assert {one.part for one in measured.taken} == {"length.words", "empty_turns", None}


def words(row: dict[str, Any]) -> int:
    """Of what the assistant says: the roles that the filter looks at by itself."""
    return sum(len(t["content"].split()) for t in row["messages"] if t["role"] == "assistant")


def test_curves_are_counts_of_rows(work: Path, measured: Measured) -> None:
    rows = {
        name: [json.loads(line) for line in (work / f"{name}.jsonl").read_text().splitlines()]
        for name in "ab"
    }
    curves = [one for one in measured.retention if one.what == "length.words"]
    assert [one.source for one in curves] == [None, "a", "b"]
    for curve in curves:
        lengths = [
            words(row) for name, own in rows.items() for row in own if curve.source in (None, name)
        ]
        assert (curve.bound, curve.set_to, curve.rows) == ("at_most", 80, len(lengths))
        for threshold, left in curve.points:
            assert left == sum(length <= threshold for length in lengths)


@pytest.mark.parametrize("threshold", [0.8, 0.9, 0.98, 1.0])
def test_the_curve_of_dedup_is_what_builds_with_other_thresholds_leave(
    work: Path, measured: Measured, threshold: float
) -> None:
    recipe = RECIPE | {"dedup": {"threshold": threshold}}
    out = build_in(work, recipe, "other", overwrite=True).folder
    left = {
        row["source"]: row["rows_out"]
        for row in ask(out, "SELECT source, rows_out FROM funnel WHERE step = 'dedup'")
    }
    for curve in (one for one in measured.retention if one.what == "dedup"):
        wanted = sum(left.values()) if curve.source is None else left[curve.source]
        assert dict(curve.points)[threshold] == wanted


def test_on_the_command_line_both_ways_say_the_same(work: Path) -> None:
    recipe = str(write_recipe(work / "own.yaml", **RECIPE))
    planned = call("plan", recipe, "--measure", "--no-stages", "--json", cwd=work)
    built = call("build", recipe, "--dry-run", "--no-stages", "--json", cwd=work)
    assert planned.code == built.code == 0, planned.err + built.err
    one, other = json.loads(planned.out), json.loads(built.out)
    assert one.pop("seconds") >= 0 and other.pop("seconds") >= 0
    assert one == other and one["dry_run"]
    shown = call("build", recipe, "--dry-run", "--no-stages", cwd=work)
    for told in (
        "filters, length.words would take",
        "dedup would take",
        "length.words: rows left, in %, by at_most (the recipe: 80)",
        "dedup: rows left, in %, by threshold (the recipe: 0.8)",
        "nothing was written",
    ):
        assert told in shown.out
    assert not (work / "OUT").exists()
    assert "name the new folder to write: --out OUT" in call("build", recipe, cwd=work).error


def test_a_long_curve_keeps_its_ends() -> None:
    points = [(float(n), 1000 - n) for n in range(1000)]
    few = thinned(points)
    assert len(few) == POINTS and (few[0], few[-1]) == (points[0], points[-1])
    assert thinned(points[:3]) == points[:3]
