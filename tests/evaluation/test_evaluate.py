"""An evaluation from the command line to its folder, against a server that says what it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.command import call
from tests.corpus import build_in, chat, write_lines
from tests.engines.server import Reply, Server, completion, serving

pytest.importorskip("lm_eval")

N = 40


def question(n: int) -> str:
    return f"A grocer in the street of the {n} coopers sells {n} pears, then {n} plums. How many pieces of fruit?"


def folder_of(base: Path, server: Server, *models: str) -> None:
    """Benchmarks, and an engine for each model."""
    rows = [{"question": question(n), "answer": f"#### {2 * n}"} for n in range(N)]
    (base / "bench").mkdir()
    write_lines(base / "bench" / "gsm8k.jsonl", rows)
    for model in models:
        engine = {"kind": "openai", "model": model, "base_url": server.url, "revision": "1"}
        (base / f"{model}.yaml").write_text(yaml.safe_dump({"engine": engine}), "utf-8")


def says(body: Mapping[str, Any], nth: int) -> Reply:
    """`good` is right but for every fifth question, `weak` on every third; `fails` knows no pears."""
    n = int(body["messages"][-1]["content"].split(" coopers")[0].split()[-1])
    right = n % 5 > 0 if body["model"] == "good" else n % 3 == 0
    return Reply(completion(f"The answer is {2 * n if right else 2 * n + 1}."))


ARGUMENTS = ("--task", "gsm8k", "--benchmarks-dir", "bench", "--store", "store", "--workers", 1)


def test_models_are_scored_compared_and_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with serving(says) as server:
        folder_of(tmp_path, server, "good", "weak")
        done = call(
            "evaluate", "weak.yaml", "good.yaml", *ARGUMENTS, "-o", "out", "--json", cwd=tmp_path
        )
        assert done.code == 0, done.err
        asked = len(server.bodies)
        assert asked == 2 * N
        assert server.bodies[0]["temperature"] == 0
        assert len(server.bodies[0]["messages"]) == 17
        again = call("evaluate", "weak.yaml", "good.yaml", *ARGUMENTS, "-o", "again", cwd=tmp_path)
        assert again.code == 0
        assert len(server.bodies) == asked
    found = json.loads(done.out)
    weak, good = found["models"]
    assert weak["tasks"]["gsm8k"]["score"]["value"] == pytest.approx(14 / N)
    assert good["tasks"]["gsm8k"]["score"]["value"] == pytest.approx(32 / N)
    compared = found["comparisons"][0]["tasks"][0]
    better = sum(n % 5 > 0 and n % 3 > 0 for n in range(N))
    worse = sum(n % 5 == 0 and n % 3 == 0 for n in range(N))
    assert (compared["n"], compared["better"], compared["worse"]) == (N, better, worse)
    same = [(tmp_path / one / "items.parquet").read_bytes() for one in ("out", "again")]
    assert same[0] == same[1]
    assert (tmp_path / "out" / "results.json").read_text() == (
        tmp_path / "again" / "results.json"
    ).read_text()
    results = yaml.safe_load(
        (tmp_path / "out" / "good" / ".eval_results" / "curate.yaml").read_text()
    )
    assert results[0]["dataset"] == {"id": "openai/gsm8k", "task_id": "gsm8k"}
    assert results[0]["value"] == 80.0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "weak → good" in page
    assert "<script" not in page


def test_items_that_rows_touch_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    touched = [n for n in range(N) if n % 5 and n % 2]
    with serving(says) as server:
        folder_of(tmp_path, server, "good")
        rows = [chat(question(n), str(2 * n)) for n in touched]
        write_lines(tmp_path / "leak.jsonl", [*rows, chat("Hello there.", "Hello.")])
        recipe = {
            "sources": [{"name": "leak", "from": "leak.jsonl"}],
            "decontaminate": {"suite": "bench/gsm8k.jsonl", "policy": "report", "profile": "tulu3"},
        }
        build_in(tmp_path, recipe, "built")
        done = call(
            "evaluate",
            "good.yaml",
            *ARGUMENTS,
            "--against",
            "built",
            "-o",
            "out",
            "--json",
            cwd=tmp_path,
        )
    assert done.code == 0, done.err
    clean = json.loads(done.out)["models"][0]["tasks"]["gsm8k"]["clean"]
    assert clean["n"]["touched"] >= len(touched)
    assert clean["n"]["clean"] + clean["n"]["touched"] == N
    table = pq.read_table(tmp_path / "out" / "items.parquet").to_pylist()
    hit = {row["item"] for row in table if row["touched"] == "touched"}
    assert {f"gsm8k/{n}" for n in touched} <= hit
    scores = [row["score"] for row in table if row["touched"] == "clean"]
    assert clean["clean"]["value"] == pytest.approx(sum(scores) / len(scores))
    assert "leak" in clean["by_source"]


def test_unseen_tasks_need_final_and_looks_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    rows = [
        {
            "question": f"{n} and 1?",
            "options": ["0", str(n + 1)],
            "answer": "B",
            "category": "sums",
            "question_id": n,
        }
        for n in range(4)
    ]
    told = ("--task", "mmlu_pro", "--benchmarks-dir", "b", "--store", "store", "--workers", 1)
    with serving(lambda body, nth: Reply(completion("Therefore, the answer is (B)."))) as server:
        folder_of(tmp_path, server, "good")
        (tmp_path / "b").mkdir()
        write_lines(tmp_path / "b" / "mmlu_pro.jsonl", rows)
        refused = call("evaluate", "good.yaml", *told, "-o", "out", cwd=tmp_path)
        assert refused.code == 2
        assert "give --final" in refused.error
        assert not server.bodies
        for look in (1, 2):
            done = call(
                "evaluate",
                "good.yaml",
                *told,
                "--final",
                "-o",
                f"out{look}",
                "--json",
                cwd=tmp_path,
            )
            assert json.loads(done.out)["models"][0]["looks"] == {"mmlu_pro": look}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("embedded", "--task", "gsm9k"), "unknown task 'gsm9k'; did you mean 'gsm8k'?"),
        (("nowhere", "embedded", "nowhere", "--task", "gsm8k"), "a model is given twice"),
        (("bench", "--task", "gsm8k"), "no config.json"),
        (("embedded",), "no task to evaluate"),
        (("embedded", "--task", "gsm8k", "--against", "bench"), "no audit.duckdb there"),
    ],
)
def test_mistakes_are_one_line_before_anything_is_asked(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "bench").mkdir()
    write_lines(tmp_path / "bench" / "gsm8k.jsonl", [{"question": "Two?", "answer": "#### 2"}])
    done = call("evaluate", *arguments, "--benchmarks-dir", "bench", "-o", "out", cwd=tmp_path)
    assert done.code == 2
    assert said in done.error


def test_a_server_is_not_asked_for_log_probabilities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with serving(says) as server:
        folder_of(tmp_path, server, "good")
        row = {"question": "Two?", "choices": ["1", "2", "3", "4"], "answer": 1, "subject": "sums"}
        write_lines(tmp_path / "bench" / "mmlu.jsonl", [row])
        done = call(
            "evaluate",
            "good.yaml",
            "--task",
            "mmlu_choice",
            "--benchmarks-dir",
            "bench",
            "--store",
            "store",
            "-o",
            "out",
            cwd=tmp_path,
        )
        assert done.code == 2
        assert "need an engine of kind transformers" in done.error
        assert not server.bodies


def test_what_is_wrong_with_the_last_model_or_a_verifier_is_said_before_the_first_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    own = {
        "name": "own",
        "benchmark": {"name": "gsm8k", "from": "bench/gsm8k.jsonl", "fields": ["question"]},
        "task": {"doc_to_text": "{{ question }}", "doc_to_target": ""},
        "metric": "passed",
        "verifier": "gsm9k",
        "ground_truth": "{{ answer }}",
        "paper": "none",
    }
    with serving(says) as server:
        folder_of(tmp_path, server, "good")
        (tmp_path / "own.yaml").write_text(json.dumps(own), "utf-8")
        for models, task, said in (
            (("good.yaml", "runs/nowhere"), "gsm8k", "model runs/nowhere: neither a folder nor"),
            (("good.yaml",), "own.yaml", "did you mean 'gsm8k'?"),
        ):
            arguments = ("--task", task, *ARGUMENTS[2:], "-o", "out")
            done = call("evaluate", *models, *arguments, cwd=tmp_path)
            assert done.code == 2
            assert said in done.error
        assert not server.bodies


def test_a_budget_is_that_of_all_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with serving(says) as server:
        folder_of(tmp_path, server, "good", "weak")
        told = (*ARGUMENTS, "--max-requests", N + 5, "-o", "out")
        done = call("evaluate", "good.yaml", "weak.yaml", *told, cwd=tmp_path)
        assert done.code != 0
        assert "--max-requests" in done.error
        assert len(server.bodies) == N + 5


def test_models_whose_names_make_one_file_name_have_a_folder_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with serving(says) as server:
        folder_of(tmp_path, server, "good")
        text = (tmp_path / "good.yaml").read_text("utf-8")
        for name in ("a [b]", "a_b_"):
            (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
        told = (*ARGUMENTS, "--items", 2, "-o", "out")
        done = call("evaluate", "a [b].yaml", "a_b_.yaml", *told, cwd=tmp_path)
        assert done.code == 0, done.err
        assert "a [b]" in done.out
        cards = sorted(path.parent.name for path in (tmp_path / "out").glob("*/card.md"))
        assert cards == ["a_b", "a_b-2"]


def test_a_folder_that_no_evaluation_wrote_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    for more, said in (((), "already exists"), (("--overwrite",), "holds no results.json")):
        done = call("evaluate", "embedded", "--task", "gsm8k", "-o", "out", *more, cwd=tmp_path)
        assert done.code == 2
        assert said in done.error
