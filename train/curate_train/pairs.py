"""Held-out pairs of DPO: how often the model prefers the chosen answer, and by how much.

The margin of a pair is what the loss is made of: `beta` times the difference of the two log-ratios,
each divided by its completion's tokens for `sigmoid_norm`. At the start the model is the reference:
every margin is 0, the loss is log 2 and the accuracy ½, for a tie counts half. So nothing is
computed there. (TRL's own accuracy counts ties as wrong, and its margins are of undivided sums.)"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from transformers import TrainerCallback

from curate.intervals import wilson
from curate_train.config import DpoConfig

START = {
    "eval_loss": math.log(2),
    "eval_margin": 0.0,
    "eval_accuracy": 0.5,
}


class HeldOutPairs(TrainerCallback):  # type: ignore[misc]
    """Logs the figures of the validation split: at the start, every `eval_every` steps, at the end."""

    def __init__(self, trainer: Any, config: DpoConfig) -> None:
        """Look at the validation split of `trainer`."""
        self.trainer, self.config = trainer, config

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """What is known without a look."""
        if state.global_step == 0:
            self._log(START)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Evaluate as often as asked, and at the end."""
        every = self.config.eval_every
        if state.global_step == state.max_steps or (every and state.global_step % every == 0):
            self._log(figures(margins(self.trainer, self.config)))

    def _log(self, found: dict[str, float]) -> None:
        training = self.trainer.model.training
        self.trainer.model.eval()  # TRL logs what it has of training while the model is in training
        self.trainer.log(dict(found))
        self.trainer.model.train(training)


def margins(trainer: Any, config: DpoConfig) -> list[float]:
    """The margin of every held-out pair, in their order, from all devices."""
    import torch

    model, found = trainer.model, []
    training = model.training
    model.eval()
    for inputs in trainer.get_eval_dataloader():
        batch = trainer._prepare_inputs(inputs)
        with torch.no_grad(), trainer.compute_loss_context_manager():
            of_batch = _margins(model, batch, config)
        found += trainer.accelerator.gather_for_metrics(of_batch).tolist()
    model.train(training)
    return found


def _margins(model: Any, batch: Any, config: DpoConfig) -> Any:
    """Of one batch, whose first half is chosen and whose second is rejected."""
    mask = batch["completion_mask"]
    labels = batch["input_ids"].masked_fill(mask == 0, -100)
    out = model(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        labels=labels,
        use_cache=False,
        fused_lm_head=True,
    )
    chosen, rejected = out.log_probs.float().sum(1).chunk(2)
    chosen, rejected = chosen - batch["ref_chosen_logps"], rejected - batch["ref_rejected_logps"]
    if config.loss == "sigmoid_norm":
        tokens_chosen, tokens_rejected = mask.sum(1).clamp(min=1).chunk(2)
        chosen, rejected = chosen / tokens_chosen, rejected / tokens_rejected
    return config.beta * (chosen - rejected)


def figures(found: Sequence[float]) -> dict[str, float]:
    """Mean loss and margin, the share of pairs with a positive margin, and its interval."""
    n = len(found)
    preferred = sum(1.0 if margin > 0 else 0.5 if margin == 0 else 0.0 for margin in found)
    low, high = wilson(preferred, n)
    return {
        "eval_loss": sum(_softplus(-margin) for margin in found) / n,
        "eval_margin": sum(found) / n,
        "eval_accuracy": preferred / n,
        "eval_accuracy_low": low,
        "eval_accuracy_high": high,
    }


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
