"""From prompts to pairs, asked of a server whose answers have a known worth."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.errors import CurateError, UserError
from curate.mixture.options import Asked
from tests.corpus import ask, read, write_lines
from tests.engines.server import serving
from tests.make.prefer.scripted import World, built, recipe_at, worth_of

LABELS = {"name": "lab", "engine": "fair", "uncalibrated": "allow", "aspects": ["honesty"]}


def pairs_in(out: Path) -> list[dict[str, Any]]:
    return read(out, "data/*.parquet")


def reasons_in(out: Path) -> list[str]:
    return [row["reason"] for row in read(out, "quarantine/*.parquet")]


def candidates_in(out: Path) -> dict[str, list[float]]:
    """The worth of all answers, by the id of the row."""
    found: dict[str, list[float]] = {}
    for row in ask(out, "SELECT prompt, text FROM answers ORDER BY ALL"):
        found.setdefault(f"pairs/{row['prompt']}", []).append(worth_of(row["text"]))
    return found


def test_the_right_pair_is_found_and_another_rule_asks_nobody(tmp_path: Path) -> None:
    with serving(World()) as server:
        recipe = recipe_at(tmp_path, server, 100, {"judges": [LABELS]})
        built(recipe, tmp_path / "out")
        asked = len(server.bodies)
        assert asked == 100 * 3 * 2
        worst = {"judges": [LABELS], "pairs": {"rejected": "worst", "margin": 1.0}}
        built(recipe_at(tmp_path, server, 100, worst), tmp_path / "worst")
        assert len(server.bodies) == asked
    worth = candidates_in(tmp_path / "out")
    right = [
        worth_of(row["chosen"][0]["content"]) == max(worth[row["id"]])
        and worth_of(row["rejected"][0]["content"]) < max(worth[row["id"]])
        and row["chosen_rating"] == pytest.approx(max(worth[row["id"]]))
        for row in pairs_in(tmp_path / "out")
    ]
    assert sum(right) >= 99
    far = {key for key, one in worth.items() if max(one) - min(one) >= 1}
    assert {row["id"] for row in pairs_in(tmp_path / "worst")} == far
    for row in pairs_in(tmp_path / "worst"):
        assert worth_of(row["rejected"][0]["content"]) == min(worth[row["id"]])
    lineage = json.loads(pairs_in(tmp_path / "out")[0]["lineage"])
    assert lineage["chosen"]["model"] in ("ann", "ben", "cat")
    assert lineage["chosen"]["sampling"]["max_tokens"] == 1024


def test_a_rebuild_from_the_lock_asks_nobody(tmp_path: Path) -> None:
    with serving(World()) as server:
        built(recipe_at(tmp_path, server, 12, {"judges": [LABELS]}), tmp_path / "out")
    again = tmp_path / "out" / "recipe.yaml"
    built(again, tmp_path / "again", ask=None, locked=tmp_path / "out")
    assert pairs_in(tmp_path / "out") == pairs_in(tmp_path / "again")
    query = "FROM judge_figures ORDER BY ALL"
    assert ask(tmp_path / "out", query) == ask(tmp_path / "again", query)


def test_no_tie_becomes_a_pair_and_no_unreadable_rating_a_number(tmp_path: Path) -> None:
    text = LABELS | {"mode": "text", "name": "txt"}
    with serving(World(whole=True, bad=0.3)) as server:
        built(recipe_at(tmp_path, server, 80, {"judges": [text]}), tmp_path / "out")
    query = "SELECT a.text, r.rating, r.missing FROM answers a JOIN ratings r USING (prompt, slot)"
    said = ask(tmp_path / "out", query)
    known = [row for row in said if row["rating"] is not None]
    assert all(row["rating"] == worth_of(row["text"]) for row in known)
    assert {row["missing"] for row in said} == {None, "unreadable"}
    assert 0.04 < 1 - len(known) / len(said) < 0.14  # of 0.3 × 0.3
    for row in pairs_in(tmp_path / "out"):
        sides = [worth_of(row[side][0]["content"]) for side in ("chosen", "rejected")]
        assert sides == [row["chosen_rating"], row["rejected_rating"]]
        assert sides[0] > sides[1]
    assert any(reason.startswith("tie") for reason in reasons_in(tmp_path / "out"))


def test_planted_biases_are_recovered(tmp_path: Path) -> None:
    """Of a judge that also answers, beside one that does not and has all its other faults."""
    world = World(position=0.2, length=0.15, own=0.25)
    judges = [
        {"name": name, "engine": name, "mode": "text", "ask": "pairs", "uncalibrated": "allow"}
        for name in ("ann", "fair")
    ]
    with serving(world) as server:
        prefer = {"judges": judges, "answers": 2}
        built(recipe_at(tmp_path, server, 250, prefer), tmp_path / "out")
    rows = ask(tmp_path / "out", _SHOWN)
    figures = {
        row["figure"]: row
        for row in ask(tmp_path / "out", "FROM judge_figures WHERE about IS NULL AND judge = 'ann'")
    }
    expected = _expected(rows, world)
    assert expected["self-preference"] > 0.1 and expected["first wins"] > 0.55
    for name, value in expected.items():
        found = figures[name]
        assert found["low"] <= value <= found["high"], (name, value, found)
        assert found["high"] - found["low"] < 0.2


_SHOWN = """
SELECT c.prompt, c.first, x.text AS a, y.text AS b, x.words AS a_words, y.words AS b_words
FROM comparisons c JOIN answers x ON x.prompt = c.prompt AND x.slot = c.first
JOIN answers y ON y.prompt = c.prompt AND y.slot = c.second WHERE c.judge = 'ann' ORDER BY ALL"""


def _expected(rows: list[dict[str, Any]], world: World) -> dict[str, float]:
    """What the figures are on average, by the chance of every judgement that was made."""
    chances, fair = (
        np.array([world.first_wins(row["a"], row["b"], judge) for row in rows])
        for judge in ("ann", "fair")
    )
    longer = np.array([row["a_words"] > row["b_words"] for row in rows])
    differ = np.array([row["a_words"] != row["b_words"] for row in rows])
    a_own, b_own = (np.array([" by ann " in row[side] for row in rows]) for side in "ab")
    own_wins = [np.where(a_own, one, 1 - one)[a_own != b_own].mean() for one in (chances, fair)]
    back = {(row["prompt"], row["first"]): one for row, one in zip(rows, chances, strict=True)}
    twice = [(back[prompt, 0], back[prompt, 1]) for prompt, first in back if first == 0]
    return {
        "first wins": float(chances.mean()),
        "longer wins": float(np.where(longer, chances, 1 - chances)[differ].mean()),
        "flips": float(np.mean([x * y + (1 - x) * (1 - y) for x, y in twice])),
        "own wins": float(own_wins[0]),
        "self-preference": float(own_wins[0] - own_wins[1]),
    }


def test_a_judge_that_was_not_measured_is_refused(tmp_path: Path) -> None:
    with serving(World()) as server:
        judge = LABELS | {"uncalibrated": "refuse"}
        recipe = recipe_at(tmp_path, server, 5, {"judges": [judge]})
        with pytest.raises(UserError, match="judge 'lab' was not measured"):
            built(recipe, tmp_path / "out")
        assert not server.bodies


def test_offline_asks_nobody_and_says_what_is_missing(tmp_path: Path) -> None:
    with serving(World()) as server:
        recipe = recipe_at(tmp_path, server, 6, {"judges": [LABELS]})
        built(recipe, tmp_path / "out")
        offline = Asked(tmp_path / "store", offline=True)
        built(recipe, tmp_path / "again", ask=offline)
        assert pairs_in(tmp_path / "out") == pairs_in(tmp_path / "again")
        asked = len(server.bodies)
        more = LABELS | {"aspects": ["honesty", "helpfulness"]}
        with pytest.raises(CurateError, match="not in the store, and nobody may be asked"):
            built(
                recipe_at(tmp_path, server, 6, {"judges": [more]}), tmp_path / "more", ask=offline
            )
        assert len(server.bodies) == asked


def test_one_side_is_on_policy_and_good_and_bad_are_rows(tmp_path: Path) -> None:
    prefer = {"judges": [LABELS], "on_policy": {"engine": "ann"}, "pairs": {"shape": "unpaired"}}
    with serving(World()) as server:
        built(recipe_at(tmp_path, server, 20, prefer, kind="unpaired"), tmp_path / "out")
        assert len(server.bodies) == 20 * 3 * 2
    rows = pairs_in(tmp_path / "out")
    good, bad = ([row for row in rows if row["label"] is label] for label in (True, False))
    assert len(good) == len(bad) > 5
    by_prompt = {row["prompt"][0]["content"]: row for row in bad}
    for row in good:
        other = by_prompt[row["prompt"][0]["content"]]
        texts = [one["completion"][0]["content"] for one in (row, other)]
        assert worth_of(texts[0]) > worth_of(texts[1])
        assert any(" by ann " in text for text in texts)
    assert len(ask(tmp_path / "out", "FROM answers")) == 60  # each once, though rows are two


def test_a_prompt_whose_two_rows_are_in_two_rounds_is_counted_once(tmp_path: Path) -> None:
    source = {"judges": [LABELS], "pairs": {"shape": "unpaired"}, "accepted": 9, "round": 5}
    with serving(World()) as server:
        built(recipe_at(tmp_path, server, 12, source, kind="unpaired"), tmp_path / "out")
    query = "SELECT prompt, count(*) AS n FROM answers GROUP BY prompt"
    assert {row["n"] for row in ask(tmp_path / "out", query)} == {3}
    query = "SELECT prompt, slot, count(*) AS n FROM ratings GROUP BY ALL"
    assert {row["n"] for row in ask(tmp_path / "out", query)} == {1}


def test_the_best_answer_is_a_row_of_sft(tmp_path: Path) -> None:
    prefer = {"judges": [LABELS], "pairs": {"shape": "best"}}
    with serving(World()) as server:
        built(recipe_at(tmp_path, server, 10, prefer, kind="sft"), tmp_path / "out")
    worth = candidates_in(tmp_path / "out")
    rows = pairs_in(tmp_path / "out")
    assert len(rows) == 10
    for row in rows:
        assert worth_of(row["messages"][-1]["content"]) == max(worth[row["id"]])


def test_pairs_that_there_are_are_judged_anew(tmp_path: Path) -> None:
    write_lines(tmp_path / "pairs.jsonl", [_pair(i) for i in range(12)])
    anew = {
        "name": "cmp",
        "engine": "fair",
        "ask": "pairs",
        "mode": "text",
        "uncalibrated": "allow",
    }
    prefer = {"prompts": [{"from": "pairs.jsonl", "kind": "preference"}], "pool": []}
    with serving(World()) as server:
        built(recipe_at(tmp_path, server, 1, prefer | {"judges": [anew]}), tmp_path / "out")
        assert len(server.bodies) == 12 * 2
    rows = pairs_in(tmp_path / "out")
    assert len(rows) == 12
    for row in rows:
        assert worth_of(row["chosen"][0]["content"]) > worth_of(row["rejected"][0]["content"])
        assert (row["chosen_model"] == "ann") == (" by ann " in row["chosen"][0]["content"])


def test_a_side_of_several_turns_is_not_judged_as_one(tmp_path: Path) -> None:
    turns = [
        {"role": "assistant", "content": "worth 4.00 by ann"},
        {"role": "user", "content": "And?"},
        {"role": "assistant", "content": "worth 2.00 by ann"},
    ]
    write_lines(tmp_path / "pairs.jsonl", [_pair(0), _pair(1) | {"chosen": turns}])
    prompts = [{"from": "pairs.jsonl", "kind": "preference", "format": "preference"}]
    with serving(World()) as server:
        recipe = recipe_at(
            tmp_path, server, 1, {"prompts": prompts, "pool": [], "judges": [LABELS]}
        )
        built(recipe, tmp_path / "out")
        assert len(server.bodies) == 2
    assert len(pairs_in(tmp_path / "out")) == 1
    assert reasons_in(tmp_path / "out") == [
        "a side of the pair has several turns or calls a tool: not judged"
    ]


@pytest.mark.parametrize("more", [{"orders": 2, "ask": "together", "mode": "text"}, None])
def test_a_package_that_the_report_needs_is_missed_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any] | None
) -> None:
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    judges = [LABELS | more] if more else [LABELS, LABELS | {"name": "two"}]
    with serving(World()) as server:
        with pytest.raises(UserError, match="needs krippendorff"):
            built(recipe_at(tmp_path, server, 5, {"judges": judges}), tmp_path / "out")
        assert not server.bodies


def _pair(number: int) -> dict[str, Any]:
    """A published pair, every second of which has its sides the wrong way round."""
    texts = [f"worth {worth}.00 by {model} word" for worth, model in ((4, "ann"), (2, "ben"))]
    models = ["ann", "ben"]
    sides = list(zip(texts, models, strict=True))[:: 1 if number % 2 else -1]
    row: dict[str, Any] = {"prompt": f"Prompt {number}"}
    for name, (text, model) in zip(("chosen", "rejected"), sides, strict=True):
        row |= {name: text, f"{name}_model": model}
    return row


def test_shares_and_uses_of_prompts(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": f"Other {i}"}]} for i in range(10)]
    write_lines(tmp_path / "other.jsonl", [*rows, *rows])
    prompts = [
        {"name": "a", "from": "prompts.jsonl", "share": 0.75, "use": "reused"},
        {"name": "b", "from": "other.jsonl", "share": 0.25, "use": "new"},
    ]
    prefer = {"judges": [LABELS], "prompts": prompts, "uses": 2, "answers": 2}
    with serving(World()) as server:
        built(recipe_at(tmp_path, server, 15, prefer), tmp_path / "out")
    uses = [json.loads(row["lineage"])["prompt"]["use"] for row in pairs_in(tmp_path / "out")]
    tied = read(tmp_path / "out", "quarantine/*.parquet")
    uses += [json.loads(row["raw"])["item"]["use"] for row in tied]
    assert (uses.count("reused"), uses.count("new")) == (30, 10)
    asked = [row["prompt"][0]["content"] for row in pairs_in(tmp_path / "out")]
    assert max(map(asked.count, asked)) == 2


def test_judges_are_measured_first_and_their_figures_are_in_the_report(tmp_path: Path) -> None:
    write_lines(tmp_path / "gold.jsonl", [_pair(2 * i + 1) for i in range(30)])
    judge = LABELS | {"uncalibrated": "refuse"}
    prefer = {"judges": [judge], "gold": ["gold.jsonl"], "gold_pairs": 20}
    with serving(World()) as server:
        done = built(recipe_at(tmp_path, server, 5, prefer), tmp_path / "out")
    query = "SELECT value FROM judge_figures WHERE about = 'gold pairs' AND figure = 'accuracy'"
    assert ask(tmp_path / "out", query) == [{"value": 1.0}]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "How far the judges can be believed" in page and "100.0 %" in page
    assert "## Judges" in (tmp_path / "out" / "README.md").read_text()
    (told,) = done.summary.as_dict()["makers"]["prefer"]["judges"]
    assert told["doubt"] == "" and told["said"] == 15
    again = tmp_path / "out" / "recipe.yaml"
    built(again, tmp_path / "again", ask=None, locked=tmp_path / "out")
    assert ask(tmp_path / "again", query) == [{"value": 1.0}]


@pytest.mark.parametrize(
    ("kind", "opening", "last"),
    [
        ("related-query", "Prompt", "A question near to it"),
        ("paraphrase", "The same in other words", "Prompt"),
        ("repeat", "Prompt", "Prompt"),
        ("self-talk", "Prompt", "What a user says next"),
    ],
)
def test_a_prompt_becomes_a_conversation_of_which_the_last_turn_is_answered(
    kind: str, opening: str, last: str, tmp_path: Path
) -> None:
    prefer = {"judges": [LABELS], "turns": {"kind": kind, "engine": "ben"}}
    with serving(World()) as server:
        built(recipe_at(tmp_path, server, 4, prefer), tmp_path / "out")
    rows = pairs_in(tmp_path / "out")
    assert rows
    for row in rows:
        first, answer, question = row["prompt"]
        assert [turn["role"] for turn in row["prompt"]] == ["user", "assistant", "user"]
        assert first["content"].startswith(opening) and question["content"].startswith(last)
        assert " by ben " in answer["content"]
        sides = [worth_of(row[side][0]["content"]) for side in ("chosen", "rejected")]
        assert sides[0] > sides[1]
