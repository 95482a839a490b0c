"""Rewards: α for what passes, a fixed one without an end, None where nothing can be said; metrics
per verifier.
"""

from __future__ import annotations

import sys
import types
from collections import defaultdict, deque
from typing import Any

import pytest
from curate_train.config import RlvrConfig
from curate_train.rewards import Rollout, reward_function, spread
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.verify import VERIFIERS, Verdict, pool

END = 7
NO_COMMA = '[{"id": "punctuation:no_comma", "kwargs": {}}]'
NO_COMMA_QUOTED = (
    '[{"id": "punctuation:no_comma", "kwargs": {}}, {"id": "startend:quotation", "kwargs": {}}]'
)


def judged(
    rows: list[tuple[str, str, str, bool]], engine: Any = None, **settings: Any
) -> tuple[list[float | None], dict[str, list[float]], deque[Rollout]]:
    """Rewards of rows (verifier, ground truth, completion, ended), the metrics, and the rollouts
    that are kept.
    """
    config = RlvrConfig(model="m", learning_rate=1e-6, **settings)
    metrics: dict[str, list[float]] = defaultdict(list)
    recent: deque[Rollout] = deque(maxlen=8)
    reward = reward_function(config, lambda: [END], recent, engine)
    found = reward(
        prompts=[[{"role": "user", "content": "Say it."}] for _ in rows],
        completions=[[{"role": "assistant", "content": text}] for _, _, text, _ in rows],
        completion_ids=[[1, 2, END] if ended else [1, 2, 3, 4] for *_, ended in rows],
        verifier=[row[0] for row in rows],
        ground_truth=[row[1] for row in rows],
        id=["x"] * len(rows),
        trainer_state=None,
        log_metric=lambda name, value: metrics[name].append(value),
    )
    return found, metrics, recent


def test_several_verifiers_in_one_batch() -> None:
    rows = [
        ("gsm8k", "18", "That makes 18", True),
        ("gsm8k", "18", "That makes 17", True),
        ("ifeval", NO_COMMA, "None here", True),
        ("ifeval", NO_COMMA_QUOTED, "None here", True),
        ("string", "oak", "elm", True),
    ]
    found, metrics, recent = judged(rows)
    assert found == [10.0, 0.0, 10.0, 5.0, 0.0]
    assert metrics["gsm8k/passed"] == [1.0, 0.0]
    assert metrics["gsm8k/reward"] == [10.0, 0.0]
    assert metrics["ifeval/passed"] == [1.0, 0.0]
    assert metrics["string/length"] == [3.0]
    assert [rollout.verifier for rollout in recent] == [row[0] for row in rows]


def test_a_completion_without_an_end_gets_the_fixed_reward_right_or_wrong() -> None:
    rows = [("gsm8k", "18", "18", False), ("gsm8k", "18", "17", False), ("gsm8k", "18", "18", True)]
    found, metrics, _ = judged(rows)
    assert found == [-10.0, -10.0, 10.0]
    assert metrics["gsm8k/ended"] == [0.0, 0.0, 1.0]
    assert metrics["gsm8k/passed"] == [1.0, 0.0, 1.0], (
        "whether it passes is told apart from what it is paid"
    )
    assert judged(rows, no_eos_reward=None)[0] == [10.0, 0.0, 10.0]


def test_an_empty_completion_is_not_parsed() -> None:
    found, metrics, _ = judged([("gsm8k", "18", "", True)])
    assert found == [0.0]
    assert metrics["gsm8k/parsed"] == [0.0]


def test_thinking_is_cut_before_it_is_judged() -> None:
    assert judged([("string", "oak", "an elm?</think>oak", True)])[0] == [10.0]


def test_where_no_verdict_can_be_reached_there_is_no_reward() -> None:
    found, metrics, _ = judged([("ifeval", "not JSON", "text", True), ("gsm8k", "18", "18", True)])
    assert found == [None, 10.0]
    assert metrics["ifeval/failed"] == [1.0]
    assert "ifeval/reward" not in metrics


def test_the_processes_that_judge_live_as_long_as_the_trainer() -> None:
    """Two batches are judged by one process: to start one takes longer than to judge them."""
    pool.close()
    seen = []
    for _ in range(2):
        judged([("string", "oak", "oak", True)] * 3)
        seen.append([worker.process.pid for worker in pool._IDLE_WORKERS])
    assert seen[0] == seen[1]
    assert len(seen[0]) == 1


def test_a_verifier_that_asks_a_model_is_given_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def asks(completion: str, ground_truth: str, prompt: Any = None, *, engine: Any) -> Verdict:
        return Verdict(float(engine(completion) == ground_truth), True, "asked")

    module = types.ModuleType("asking")
    module.__dict__["verify"] = asks
    monkeypatch.setitem(sys.modules, "asking", module)
    monkeypatch.setitem(VERIFIERS, "asks", "asking:verify")
    found, _, _ = judged(
        [("asks", "OAK", "oak", True), ("string", "elm", "elm", True)], engine=str.upper
    )
    assert found == [10.0, 10.0]


def test_an_unknown_verifier_stops_with_the_nearest_name() -> None:
    with pytest.raises(UserError, match="did you mean 'gsm8k'"):
        judged([("gsm8", "18", "18", True)])


@given(st.lists(st.sampled_from("abcd"), max_size=40), st.integers(1, 12))
def test_a_spread_has_every_verifier_about_as_often(names: list[str], n: int) -> None:
    taken = [
        one.verifier
        for one in spread([Rollout(name, None, [i]) for i, name in enumerate(names)], n)
    ]
    assert len(taken) == min(n, len(names))
    for name in set(names):
        fair = min(names.count(name), n // len(set(names)))
        assert taken.count(name) >= fair
