"""Completions that GRPO has nothing to learn from are left out of its loss, KL term included.

    without a verdict       the verifier failed: nothing can be said of them
    without a difference    all of a prompt got the same reward: every advantage is 0

TRL gives both an advantage of 0, and keeps their tokens in the KL term and in the number of tokens
that a batch is divided by. Here its mask takes them out, after it has scored a round. Under RLOO an
advantage of 0 is out as it is: KL is part of the reward, and nothing else is in the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curate_train.config import RlvrConfig

NO_VERDICT, SAME_REWARD = "left_out/no_verdict", "left_out/same_reward"


def leave_out(trainer: Any, config: RlvrConfig, rewards: Sequence[float | None]) -> None:
    """Have `trainer` leave them out of every round; `rewards` are those of this device that were
    given last.
    """
    generate = trainer._generate_and_score_completions

    def scored(inputs: Any) -> Any:
        output = generate(inputs)
        if trainer.model.training:
            _mask(trainer, config, output, rewards)
        return output

    trainer._generate_and_score_completions = scored


def _mask(trainer: Any, config: RlvrConfig, output: Any, rewards: Sequence[float | None]) -> None:
    import torch

    gather, device = trainer.accelerator.gather, trainer.accelerator.device
    local = [float("nan") if reward is None else reward for reward in rewards]
    groups = gather(torch.tensor(local, device=device)).view(-1, config.generations)
    without, same = groups.isnan(), same_reward(groups)
    found = trainer._metrics["train"]
    found[NO_VERDICT].append(without.float().mean().item())
    found[SAME_REWARD].append(same.float().mean().item())
    if config.algorithm == "rloo":
        return
    out = without if config.keep_zero_variance else without | same[:, None]
    first = trainer.accelerator.process_index * len(local)
    keep = ~out.flatten()[first : first + len(local)]
    mask = output["completion_mask"]
    output["tool_mask"] = keep[:, None].expand_as(mask).to(mask.dtype).clone()
    output["num_items_in_batch"] = gather((mask * output["tool_mask"]).sum()).sum()


def same_reward(groups: Any) -> Any:
    """Of each group, a row of rewards, whether those with a verdict are all the same."""
    import torch

    low = torch.where(groups.isnan(), torch.inf, groups).amin(1)
    high = torch.where(groups.isnan(), -torch.inf, groups).amax(1)
    return high <= low
