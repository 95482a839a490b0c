"""Judges measured on gold pairs: who is right is believed, a coin is not."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from curate.engines.answer import Answer
from curate.errors import UserError
from curate.intervals import wilson
from curate.make.maker import Ask
from curate.make.prefer.calibrate import calibrate, refuse
from curate.make.prefer.gold import Gold, read_gold
from curate.make.prefer.spec import Judge

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "preference"
JUDGE = Judge.model_validate({"name": "j", "engine": "e", "ask": "pairs", "mode": "text"})


def gold(n: int) -> list[Gold]:
    """The answer `good` is better; every tenth pair is a tie."""
    results = ["tie" if i % 10 == 9 else ("first", "second")[i % 2] for i in range(n)]
    sides = [("good", "bad") if result == "first" else ("bad", "good") for result in results]
    return [
        Gold([{"role": "user", "content": f"Prompt {i}"}], *side, result)
        for i, (side, result) in enumerate(zip(sides, results, strict=True))
    ]


def saying(of: Callable[[str, random.Random], str]) -> Callable[[Sequence[Ask]], list[Answer]]:
    """One who answers each request by its text and a draw that depends on it."""
    return lambda asks: [
        Answer("answered", said=of(text := ask.request.messages[0]["content"], random.Random(text)))
        for ask in asks
    ]


def right(text: str, draw: random.Random) -> str:
    return "Verdict: A" if "# Answer A\ngood" in text else "Verdict: B"


def test_a_judge_that_is_right_is_believed() -> None:
    found = calibrate(JUDGE, gold(100), saying(right), 42)
    figures = found.figures
    assert figures["accuracy"].value == 1.0 and figures["accuracy"].n == 180
    assert found.sound and figures["flips"].value == 0 and figures["first wins"].value == 0.5
    assert figures["kappa"].value == pytest.approx(0.82, abs=0.02)  # it knows no tie
    refuse([found], [JUDGE])


def test_three_pairs_that_all_come_out_right_prove_nothing() -> None:
    few, more = (calibrate(JUDGE, gold(n), saying(right), 42) for n in (3, 9))
    assert few.figures["accuracy"].value == 1.0 and not few.sound
    assert few.figures["accuracy"].low == pytest.approx(wilson(3, 3)[0])
    assert more.sound
    flips = few.figures["flips"]
    assert (flips.value, flips.low) == (0, 0) and flips.high > 0.5


def test_one_that_is_right_in_some_is_measured_so() -> None:
    def often(text: str, draw: random.Random) -> str:
        return (
            right(text, draw) if draw.random() < 0.6 else draw.choice(["Verdict: A", "Verdict: B"])
        )

    figure = calibrate(JUDGE, gold(300), saying(often), 42).figures["accuracy"]
    assert figure.low <= 0.8 <= figure.high and figure.high - figure.low < 0.1


def test_a_coin_is_refused_unless_it_is_allowed() -> None:
    found = calibrate(
        JUDGE, gold(100), saying(lambda text, draw: f"Verdict: {draw.choice('AB')}"), 42
    )
    with pytest.raises(UserError, match="judge 'j' is right on .* which a coin may be"):
        refuse([found], [JUDGE])
    refuse([found], [JUDGE.model_copy(update={"uncalibrated": "allow"})])


def test_always_the_first_is_half_right_and_shows_as_a_bias() -> None:
    found = calibrate(JUDGE, gold(60), saying(lambda text, draw: "Verdict: A"), 42)
    assert found.figures["accuracy"].value == 0.5 and not found.sound
    assert found.figures["first wins"].value == found.figures["flips"].value == 1.0


def test_what_cannot_be_read_is_missing() -> None:
    found = calibrate(JUDGE, gold(20), saying(lambda text, draw: "A, I think"), 42)
    assert not found.figures["accuracy"].known
    assert found.missing == {"unreadable": found.said}
    with pytest.raises(UserError, match="could judge none of 20 gold pairs"):
        refuse([found], [JUDGE])


def test_files_of_three_shapes(tmp_path: Path) -> None:
    files: dict[str, list[dict[str, Any]]] = {
        "a.json": [{"input": "Ask", "output_1": "x", "output_2": "y", "label": 2}],
        "b.json": [
            {
                "instruction": "Do",
                "input": "it",
                "response1": "x",
                "response2": "y",
                "cmp_key": "m_n",
            }
            | {f"annotator{n}": value for n, value in enumerate(said, 1)}
            for said in ((1, 1, 2), (0, 0, 1), (0, 1, 2))
        ],
        "c.json": [
            {"prompt": f"P{i}", "chosen": "good", "rejected": "bad", "chosen_model": "m"}
            for i in range(20)
        ],
    }
    for name, rows in files.items():
        (tmp_path / name).write_text(json.dumps(rows))
    one, several, pairs = (read_gold([name], base=tmp_path, n=50, seed=1) for name in files)
    assert [(g.first, g.second, g.result) for g in one] == [("x", "y", "second")]
    assert sorted(g.result for g in several) == ["first", "tie"]  # where all differ there is none
    assert {(g.prompt[0]["content"], g.first_model, g.second_model) for g in several} == {
        ("Do\n\nit", "m", "n")
    }
    for g in pairs:
        assert (g.first == "good") == (g.result == "first") == (g.first_model == "m")
    assert {g.result for g in pairs} == {"first", "second"}
    every = read_gold(list(files), base=tmp_path, n=5, seed=1)
    assert len(every) == 5
    assert every == read_gold(list(files)[::-1], base=tmp_path, n=5, seed=1)


def test_a_row_that_is_no_pair_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(
        json.dumps([{"input": "a", "output_1": "b", "output_2": "c", "label": 7}])
    )
    with pytest.raises(UserError, match=r"bad.json: row 0: no gold pair"):
        read_gold(["bad.json"], base=tmp_path, n=5, seed=1)


@pytest.mark.skipif(not REAL.is_dir(), reason="no public data beside the repository")
def test_public_gold_pairs_are_read() -> None:
    files = [str(path) for path in sorted((REAL / "llmbar").glob("LLMBar*.json"))]
    found = read_gold(files, base=REAL, n=1000, seed=1)
    assert len(found) == 419 and {g.result for g in found} == {"first", "second"}
    panda = read_gold([str(REAL / "pandalm" / "testset-v1.json")], base=REAL, n=1000, seed=1)
    assert 900 < len(panda) <= 999 and {g.result for g in panda} == {"first", "second", "tie"}
