"""The proof: who leaks what is told rightly, its recipes are recipes, and its table says what was measured."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.proof import data, run
from curate.recipe import load_recipe

OPTIONS = ["kettle", "ladder", "broom", "basket", "clock"]


def files(folder: Path) -> Path:
    """Ten items, of which the rows ask the first four."""
    items = [
        {
            "id": str(n),
            "question": f"What do people use in room number {n} of the house?",
            "choices": {"label": list("ABCDE"), "text": OPTIONS},
            "answerKey": "ABCDE"[n % 5],
        }
        for n in range(10)
    ]
    options = "\\nOptions:" + "".join(f"\\n- {option}" for option in OPTIONS)
    asked = [f"what do people use in  room number {n} of the house?" for n in range(4)]
    others = [f"Where is the thing that people call number {n}?" for n in range(6)]
    rows = [f"{text}{options}\tladder\tIt is so." for text in asked + others]
    for path, lines in ((data.ITEMS, map(json.dumps, items)), (data.ECQA, iter(rows))):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return folder


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_leaks_are_told_from_other_rows_and_half_of_the_free_items_is_planted(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    data.write(files(tmp_path / "raw"), out, None, None)
    sizes = {path.stem: len(lines_of(path)) for path in out.glob("*.jsonl")}
    assert sizes == {"leaks": 4, "clean": 6, "plants": 3}
    assert len(lines_of(out / "leak" / data.BENCHMARK)) == 10
    free = lines_of(out / "plant" / data.BENCHMARK)
    assert {item["id"] for item in free} == set("456789")
    prompts = [row["messages"][0]["content"] for row in lines_of(out / "plants.jsonl")]
    questions = [item["question"] for item in free]
    verbatim = [any(prompt.startswith(one) for one in questions) for prompt in prompts]
    assert verbatim == [True, False, True]
    assert all(prompt.endswith("Options:\n- " + "\n- ".join(OPTIONS)) for prompt in prompts)
    for name, *_ in data.MIXTURES:
        assert load_recipe(out / f"{name}.yaml").name == name


def test_a_reduced_run_has_as_many_items_that_leak_as_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    data.write(files(tmp_path / "raw"), out, 2, 3)
    assert len(lines_of(out / "leaks.jsonl")) == 2
    assert len(lines_of(out / "clean.jsonl")) == 3
    assert len(lines_of(out / "leak" / data.BENCHMARK)) == 4


def test_every_arm_is_built_trained_and_scored_once(tmp_path: Path) -> None:
    options = argparse.Namespace(
        data=tmp_path, out=tmp_path / "out", seeds=2, parts=["leak", "plant"], leaks=None, others=5
    )
    made = [step.made for step in run.steps(options)]
    assert len([path for path in made if path.name == "results.json"]) == 4
    trained = {path.parent.parent.name for path in made if path.name == "README.md"}
    assert len(trained) == 2 * (2 + 4)
    names = {name for name, *_ in data.MIXTURES}
    assert {path.parent.name for path in made if path.name == "recipe.lock.json"} == names


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def test_the_table_says_what_was_measured(tmp_path: Path) -> None:
    clean = {"touched": figure(0.9), "clean": figure(0.4), "difference": figure(0.5)}
    task = {"score": figure(0.6), "clean": clean}
    models = [
        {"name": name, "tasks": {"commonsense_qa": task}}
        for name in ("leak-raw-seed1", "leak-clean-seed1")
    ]
    pair = {
        "first": "leak-raw-seed1",
        "second": "leak-clean-seed1",
        "tasks": [{"difference": figure(-0.2)}],
        "clean": [{"difference": figure(0.01)}],
    }
    (tmp_path / "scores-leak-seed1").mkdir()
    read = {"models": models, "comparisons": [pair]}
    (tmp_path / "scores-leak-seed1" / "results.json").write_text(json.dumps(read), "utf-8")
    text = "\n".join(run.results(tmp_path, ["leak"], 1))
    assert "| leak-raw-seed1 | 60.0 (50.0 to 70.0) | 90.0 (80.0 to 100.0) |" in text
    assert "leak-clean-seed1 minus leak-raw-seed1, clean items | 1.0 (-9.0 to 11.0)" in text


def test_a_folder_holds_runs_of_one_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "steps", lambda options: iter(()))
    monkeypatch.setattr(run, "results", lambda *given: iter(("done",)))
    given = ["--data", str(tmp_path), "-o", str(tmp_path / "out")]
    run.main([*given, "--leaks", "4"])
    run.main([*given, "--leaks", "4"])
    with pytest.raises(SystemExit):
        run.main(given)
    assert "holds a run with {'leaks': 4, 'others': None}" in capsys.readouterr().err
