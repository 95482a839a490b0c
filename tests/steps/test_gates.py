"""Gates: with real verifiers, each row that goes has its reason, and each is counted once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curate.errors import UserError
from tests.corpus import ask, build_in, read, reconcile, write_lines

TESTS = json.dumps({"tests": ["assert twice(2) == 4"]})


def row(asked: str, answer: str, **more: Any) -> dict[str, Any]:
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    return {"messages": turns} | more


def gated(folder: Path, rows: list[Any], gates: Any, **more: Any) -> dict[str, str]:
    """The reasons of the rows that went, by number."""
    write_lines(folder / "rows.jsonl", rows)
    recipe = {"kind": "sft", "gates": gates} | more
    recipe["sources"] = [{"name": "r", "from": "rows.jsonl"} | recipe.pop("source", {})]
    build_in(folder, {"name": "gated", **recipe})
    reconcile(folder / "out")
    removed = read(folder / "out", "removed/*.parquet")
    return {one["id"].removeprefix("r/"): one["reason"] for one in removed}


def test_a_row_must_pass_its_own_verifier(tmp_path: Path) -> None:
    rows = [
        row("2 + 2?", "It is 4.", verifier="gsm8k", ground_truth="4"),
        row("2 + 3?", "It is 6.", verifier="gsm8k", ground_truth="5"),
        row("Half?", r"\boxed{\frac12}", verifier="math", ground_truth="0.5"),
        row("Third?", "None.", verifier="gsm8k", ground_truth="3"),
        row("Label?", "It is 3.", verifier="gsm8k", ground_truth="three"),
        row("Hello?", "Hello!", verifier=None, ground_truth=None),
    ]
    reasons = gated(tmp_path, rows, {"verify": True})
    assert sorted(reasons) == ["1", "3", "4"]
    assert "wrong: the last number is 6, not 5" in reasons["1"]
    assert "not parsed" in reasons["3"]
    assert "bad ground truth" in reasons["4"]
    assert ask(tmp_path / "out", "SELECT gate, tried, refused FROM gates") == [
        {"gate": "verify", "tried": 6, "refused": 3}
    ]
    lock = json.loads((tmp_path / "out" / "recipe.lock.json").read_text())
    assert any("1 of 6" in warning for warning in lock["counts"]["warnings"])


def test_code_runs_against_its_tests_in_the_sandbox(tmp_path: Path) -> None:
    from curate.verify.sandbox import run

    try:
        run("print(1)")
    except UserError as error:
        pytest.skip(str(error))
    rows = [
        row(
            "?",
            f"```python\ndef twice(n):\n    return {said}\n```",
            verifier="code",
            ground_truth=TESTS,
        )
        for said in ("2 * n", "n")
    ]
    assert list(gated(tmp_path, rows, {"verify": {"seconds": 20}})) == ["1"]


def test_of_rlvr_rows_the_answer_beside_them_is_judged(tmp_path: Path) -> None:
    rows = [
        {"prompt": [{"role": "user", "content": f"{n} + 1?"}], "answer": f"It is {n + 1 + n % 2}."}
        | {"verifier": "gsm8k", "ground_truth": str(n + 1)}
        for n in range(4)
    ]
    mapped = {name: name for name in ("prompt", "verifier", "ground_truth")}
    given = {"kind": "rlvr", "source": {"format": mapped}}
    assert sorted(gated(tmp_path, rows, {"verify": True}, **given)) == ["1", "3"]
    with pytest.raises(UserError, match="answer"):
        gated(
            tmp_path / "b",
            [one | {"answr": one.pop("answer")} for one in rows],
            {"verify": {}},
            **given,
        )


def test_most_answers_must_agree(tmp_path: Path) -> None:
    shares: list[Any] = [1.0, 0.6, 0.4, None]
    rows = [row(f"Question {n}?", "Yes.", agreement=share) for n, share in enumerate(shares)]
    assert gated(tmp_path, rows, {"agree": {"at_least": 0.5}}) == {
        "2": "agree: 40% of the answers, fewer than 50%"
    }


def test_a_column_of_answers_is_compared_by_the_rows_verifier(tmp_path: Path) -> None:
    more = {"verifier": "gsm8k", "ground_truth": "4"}
    answers = (["4", "It is 4.", "#### 4.0"], ["4", "5", "6"], ["none", "nothing", "no"])
    rows = [row(f"Question {n}?", "4", samples=own, **more) for n, own in enumerate(answers)]
    gates = {"agree": {"at_least": 0.6, "column": "samples"}, "verify": True}
    assert sorted(gated(tmp_path, rows, gates)) == ["1", "2"]


def test_prompts_are_new_to_each_other_and_to_other_data(tmp_path: Path) -> None:
    long = "How many jars does the keeper of twelve hives fill in a good summer month"
    rows = [
        row(f"{long} of June?", "Many."),
        row(f"{long} of May?", "Some, and then a few more."),
        row("What colour is the sky over the hives today?", "Blue."),
        row("Which way does the river below the mill run?", "South."),
    ]
    write_lines(
        tmp_path / "seeds.jsonl", [row("Which way does the river below the mill run, pray?", "?")]
    )
    reasons = gated(tmp_path, rows, {"novel": {"against": ["seeds.jsonl"], "threshold": 0.6}})
    assert sorted(reasons) == ["1", "3"]
    assert all(reason.startswith("novel: ") for reason in reasons.values())
    assert "r/0" in reasons["1"]


def test_the_first_gate_that_refuses_a_row_owns_it(tmp_path: Path) -> None:
    wrong = {"verifier": "gsm8k", "ground_truth": "4", "agreement": 0.1}
    rows = [row("One?", "5", **wrong), row("Two?", "4", **wrong), row("Two?", "4", **wrong)]
    gates = {"novel": True, "agree": {"at_least": 0.05}, "verify": True}
    reasons = gated(tmp_path, rows, gates)
    assert {number: reason.split(":")[0] for number, reason in reasons.items()} == {
        "0": "verify",
        "2": "novel",
    }
    counts = ask(tmp_path / "out", "SELECT gate, tried, refused FROM gates ORDER BY position")
    assert [(one["gate"], one["tried"], one["refused"]) for one in counts] == [
        ("verify", 3, 1),
        ("agree", 2, 0),
        ("novel", 2, 1),
    ]
    about = ask(
        tmp_path / "out", "SELECT about, count(*) AS n FROM decisions GROUP BY 1 ORDER BY 1"
    )
    assert about == [{"about": "novel", "n": 1}, {"about": "verify", "n": 1}]


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ({}, "give a gate"),
        ({"agree": True}, "at_least"),
        ({"verfy": True}, "did you mean 'verify'"),
        ({"agree": {"at_least": 0.5, "column": "agreemnt"}}, "did you mean"),
    ],
)
def test_wrong_settings(tmp_path: Path, gates: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        gated(tmp_path, [row("a", "b", agreement=1.0)], gates)


def test_verify_needs_rows_with_answers(tmp_path: Path) -> None:
    rows = [{"prompt": [{"role": "user", "content": "Hello?"}]}]
    with pytest.raises(UserError, match="kind sft or rlvr, not prompt"):
        gated(tmp_path, rows, {"verify": True}, kind="prompt")
