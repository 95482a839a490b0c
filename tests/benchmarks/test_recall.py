"""The recall benchmark counts what it says: each rule finds what it should of made-up rows, and the
tables add up.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recall import rules, run
from benchmarks.speed.peers import Item
from curate.steps.decontaminate.selftest import Share

QUESTION = (
    "A farmer has twelve hens and each of them lays three eggs a week; he sells two thirds of them at the market "
    "for 2 coins. How many coins does he get in March?"
)
OTHER = (
    "Name the highest mountain of every continent in the order of their heights, please, "
    "and nothing more than that."
)
ITEMS = [Item("farm", (QUESTION,), "8"), Item("peaks", (OTHER,), "")]
FILLER = [f"f{i}" for i in range(2000)]


def every_nth(text: str, step: int) -> str:
    return " ".join(
        "thing" if i % step == step - 1 else word for i, word in enumerate(text.split())
    )


# Row, and whether each rule finds it: ngram, robust, open-r1, 13-gram, Jaccard.
CASES = [
    ([QUESTION], "yes yes yes yes yes"),
    ([f"{' '.join(FILLER[:100])} {QUESTION} {' '.join(FILLER[100:200])}"], "yes yes yes yes no"),
    ([every_nth(QUESTION, 10)], "yes yes yes no no"),
    ([every_nth(QUESTION, 6)], "no yes no no no"),
    ([QUESTION.split(";")[0]], "no no yes yes no"),
    (["How many coins does he get in March? Nobody knows."], "no no yes no no"),
    (["Something else that has no words in common with them"], "no no no no no"),
]


@pytest.mark.parametrize(("row", "expected"), CASES)
def test_each_rule_finds_what_it_should(row: list[str], expected: str) -> None:
    made = [
        rules.with_items(rules.ngram_hits(ITEMS)),
        rules.with_items(rules.robust_hits(ITEMS)),
        rules.open_r1(ITEMS),
        rules.thirteen(ITEMS),
        rules.jaccard(ITEMS),
    ]
    assert [bool(rule([["x y"], row], None)[1]) for rule in made] == [
        word == "yes" for word in expected.split()
    ]
    assert not any(rule([["x y"], row], None)[0] for rule in made)


def test_a_planted_row_is_found_only_by_its_own_item() -> None:
    rule = rules.with_items(rules.robust_hits(ITEMS))
    assert rule([[QUESTION], [OTHER], [QUESTION]], [0, 1, 1]).tolist() == [True, True, False]


def test_datatrove_finds_a_question(root: Path) -> None:
    python = Path(os.environ.get("SPEED_PEERS", root / "out/speed/peers/bin/python"))
    if not python.exists():
        pytest.skip("the peers are not installed; benchmarks/speed/README.md says how")
    found = rules.datatrove(ITEMS, python)(
        [[QUESTION], ["Something else"], [every_nth(QUESTION, 6)]], None
    )
    assert found.tolist() == [True, False, False]


def test_documents_hold_all_texts_and_enough_words() -> None:
    texts = ["a b c", "d", "e f", "g h i j", "k"]
    rows = run.documents(texts, 4)
    assert rows == [["a b c", "d"], ["e f", "g h i j"], ["k"]]
    assert all(len(row[0].split()) == 400 for row in run.stretches(FILLER, 5))


def test_shares_are_shown_with_as_many_figures_as_they_need() -> None:
    shown = [
        run.percent(Share(found, 1319)) for found in (0, 1, 13, 14, 660, 1305, 1306, 1318, 1319)
    ]
    assert shown == ["0", "0.08", "0.99", "1.1", "50", "98.9", "99.01", "99.92", "100"]


@pytest.mark.slow
def test_all_of_it_on_a_small_data_folder(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two benchmarks of made-up items in place of the real ones."""
    data = tmp_path / "data"
    rows = [
        {"question": f"{QUESTION.replace('hens', f'w{i}x birds')} Day {i}?", "answer": str(i)}
        for i in range(40)
    ]
    for path in ("benchmarks/a.jsonl", "sft/train.jsonl"):
        (data / path).parent.mkdir(parents=True, exist_ok=True)
    (data / "benchmarks/a.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
    )
    chats = [{"messages": [{"role": "user", "content": " ".join(FILLER[i : i + 50])}, {"role": "assistant", "content": "x"}]} for i in range(40)]  # fmt: skip  # noqa: E501
    (data / "sft/train.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in chats), encoding="utf-8"
    )
    suite = tmp_path / "suite.yaml"
    suite.write_text(
        "benchmarks:\n- {name: gsm8k, from: benchmarks/a.jsonl, fields: [question]}\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("benchmarks.speed.inputs.SUITE", suite)
    monkeypatch.setattr(run, "FILLER", ("sft/train.jsonl",) * 10)
    monkeypatch.setattr(run, "CLEAN", {"GSM8K train": "sft/train.jsonl"})
    monkeypatch.setattr(run, "OTHERS", ("gsm8k",))
    result = run.measured(data, tmp_path / "no-python")
    shares = result["gsm8k"]["shares"]
    assert [name for name in shares if name in run.MUTATED] == list(run.MUTATED)
    assert shares["verbatim"]["curate `robust`"] == Share(40, 40)
    assert shares["clean: GSM8K train"]["open-r1, 8-gram"] == Share(0, 40)
    assert sum(half.of for half in result["gsm8k"]["halves"]["every-4th"]) == 40
    assert "datatrove" not in shares["verbatim"]
    assert run.show(result).count("\n\n") == 4
    assert json.dumps(run._plain(result))
    assert np.isfinite(list(result["by length"][100].values())).all()
