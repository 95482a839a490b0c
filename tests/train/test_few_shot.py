"""Examples before a prompt: those of its verifier, as the file writes them, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from curate_train.few_shot import FOLDER, Shot, Shots, _set_before, shots_for

from curate.errors import UserError
from curate.verify import find


def test_as_many_as_in_the_paper_and_each_is_passed_by_its_verifier() -> None:
    for verifier, name, n in (("gsm8k", "gsm8k-8", 8), ("math", "math-3", 3)):
        (shots,) = shots_for({verifier: name}).values()
        assert len(shots.shots) == n
        for shot in shots.shots:
            stated = re.findall(r"answer is (?:\$\\boxed\{(.*)\}\$|(\S+))\.$", shot.answer)
            assert stated, shot.answer
            assert find(verifier)(shot.answer, "".join(stated[0])).passed, shot.question
            assert not find(verifier)(shot.answer, "987").passed


def test_what_is_written_before_the_last_turn() -> None:
    shots = Shots(
        shot="Q: {question} A: {answer}",
        ask="Q: {question} A:",
        shots=(Shot(question="1{answer}?", answer="{question}"), Shot(question="2", answer="b")),
    )
    system = {"role": "system", "content": "Count."}
    row = {"verifier": "GSM8K", "prompt": [system, {"role": "user", "content": "7 {x}?"}]}
    wanted = "Q: 1{answer}? A: {question}\n\nQ: 2 A: b\n\nQ: 7 {x}? A:"
    assert _set_before(row, {"gsm8k": shots})["prompt"] == [
        system,
        {"role": "user", "content": wanted},
    ]
    assert _set_before(row, {"math": shots})["prompt"] == row["prompt"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"gsm8": "gsm8k-8"}, "did you mean 'gsm8k'"),
        ({"gsm8k": "gsm8k-9"}, "did you mean 'gsm8k-8'"),
        ({"math": "own.yaml"}, "shot: needs a place for {question}"),
    ],
)
def test_what_will_not_do_is_one_line(given: dict[str, str], said: str, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("shot: '{answer}'\nask: '{question}'\nshots: []\n", "utf-8")
    given = {name: str(own) if file == "own.yaml" else file for name, file in given.items()}
    with pytest.raises(UserError) as error:
        shots_for(given)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_every_file_that_comes_along_can_be_read() -> None:
    for path in FOLDER.iterdir():
        assert shots_for({"math": path.stem})["math"].before("Why?").endswith("Why?\nAnswer:")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*will be removed in v6:FutureWarning")
def test_they_are_measured_and_left_out_with_their_prompt(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    pytest.importorskip("trl", reason="needs the extra 'train'")
    from curate_train.config import RlvrConfig
    from curate_train.data import open_data
    from curate_train.prepare import prepare

    from tests.corpus import write_lines

    rows = [
        {"prompt": f"{n} + {n}?", "verifier": verifier, "ground_truth": str(2 * n)}
        for n, verifier in enumerate(["gsm8k", "string", "gsm8k"], 4)
    ]
    write_lines(tmp_path / "rows.jsonl", rows)
    more = {"prompts": 1, "max_completion": 8, "max_length": 108, "few_shot": {"gsm8k": "gsm8k-8"}}
    data = open_data(str(tmp_path / "rows.jsonl"), "rlvr", tmp_path / "cache")
    prepared, counted = prepare(RlvrConfig(**settings | more), data)
    assert [line["what"] for line in counted.left_out] == ["dropped", "dropped"]
    assert [row["verifier"] for row in prepared.train.to_list()] == ["string"]
    prepared, _ = prepare(RlvrConfig(**settings | more | {"max_length": 4000}), data)
    first, second, _ = prepared.train.to_list()
    assert first["prompt"][0]["content"].count("Question:") == 9
    assert second["prompt"][0]["content"] == "5 + 5?"
