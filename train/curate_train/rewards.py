"""Verifiers as a reward function of TRL: α times the score, and a fixed reward for a completion
that does not end.

    reward(x, y) = no_eos_reward                    if y does not end (paper §6.2: -10)
                   reward × score of the verifier   otherwise (α = 10; §6.1)

Every row names its own verifier, so one batch may hold several. Where no verdict can be reached
(the verifier itself failed) the reward is None: TRL leaves that completion out, and it is counted.
Unknown verifiers and labels that cannot be read are refused by `curate check` before a run starts.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from curate.verify.batch import verify_table
from curate_train.config import RlvrConfig

Reward = Callable[..., list[float | None]]


class Rollout(NamedTuple):
    """A completion that was judged: its verifier, its prompt (turns) and its tokens."""

    verifier: str
    prompt: Any
    completion_ids: Sequence[int]


def reward_function(
    config: RlvrConfig,
    ends: Callable[[], Collection[int]],
    recent: deque[Rollout],
    engine: Any = None,
) -> Reward:
    """The reward function for `GRPOTrainer`; `ends` gives the ids of the tokens that end a
    completion.

    `engine` is for verifiers that ask a language model and bring none of their own.
    What was judged last is put into `recent`, for whoever wants to look at it after the step.
    """

    def verified(
        prompts: Sequence[Any],
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]],
        verifier: Sequence[str],
        ground_truth: Sequence[str],
        log_metric: Callable[[str, float], None] = lambda name, value: None,
        log_extra: Callable[[str, list[Any]], None] = lambda column, values: None,
        **_: Any,
    ) -> list[float | None]:
        columns = {
            "completion": [_said(completion) for completion in completions],
            "verifier": list(verifier),
            "ground_truth": list(ground_truth),
            "prompt": [_said(prompt) for prompt in prompts],
        }
        judged = verify_table(
            columns,
            workers=config.verifier_workers,
            seconds=config.verifier_seconds,
            engine=engine,
        ).to_pylist()
        last = set(ends())
        ended = [bool(ids) and ids[-1] in last for ids in completion_ids]
        rewards = [
            _reward(config, one["score"], over) for one, over in zip(judged, ended, strict=True)
        ]
        for name, one, over, reward, ids in zip(
            verifier, judged, ended, rewards, completion_ids, strict=True
        ):
            log_metric(f"{name}/passed", float(one["score"] == 1))
            log_metric(f"{name}/parsed", float(one["parsed"]))
            log_metric(f"{name}/ended", float(over))
            log_metric(f"{name}/length", float(len(ids)))
            log_metric(f"{name}/failed", float(one["score"] is None))
            if reward is not None:
                log_metric(f"{name}/reward", reward)
        recent.extend(map(Rollout, verifier, prompts, completion_ids))
        log_extra("outcome", [one["outcome"] for one in judged])
        log_extra("reason", [one["reason"] for one in judged])
        return rewards

    return verified


def _reward(config: RlvrConfig, score: float | None, ended: bool) -> float | None:
    if not ended and config.no_eos_reward is not None:
        return config.no_eos_reward
    return None if score is None else config.reward * score


def _said(turns: Any) -> str:
    """The text of the last turn."""
    return str(turns if isinstance(turns, str) else turns[-1]["content"])


def spread(rollouts: list[Rollout], n: int = 8) -> list[Rollout]:
    """`n` rollouts, or all there are, of every verifier about as many."""
    queues: dict[str, deque[Rollout]] = defaultdict(deque)
    for rollout in rollouts:
        queues[rollout.verifier].append(rollout)
    taken: list[Rollout] = []
    while len(taken) < min(n, len(rollouts)):
        taken += [queues[name].popleft() for name in sorted(queues) if queues[name]]
    return taken[:n]
