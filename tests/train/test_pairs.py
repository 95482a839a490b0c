"""Held-out figures of DPO: those of the loss, with ties as halves and an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from curate_train.config import DpoConfig

pytest.importorskip("trl", reason="needs the extra 'train'")

Mixture = Callable[[str], Path]


def test_a_tie_is_half_a_success() -> None:
    from curate_train.pairs import START, figures

    found = figures([0.0] * 6)
    assert {name: found[name] for name in START} == pytest.approx(START)
    assert found["eval_accuracy_low"] < 0.5 < found["eval_accuracy_high"]
    assert figures([1.0, 2.0, 0.0, -4.0])["eval_accuracy"] == 0.625
    assert figures([800.0, -800.0])["eval_loss"] == pytest.approx(400)


@pytest.mark.parametrize(("won", "n"), [(0, 5), (5, 5), (31, 60), (7, 9), (3.5, 8)])
def test_the_interval_holds_the_shares_that_would_not_be_refuted(won: float, n: int) -> None:
    """Wilson's bounds are where the share lies 1.96 standard errors away, of the bound itself."""
    from curate.intervals import wilson

    for bound in wilson(won, n):
        variance = bound * (1 - bound) / n
        assert (won / n - bound) ** 2 == pytest.approx(1.959963984540054**2 * variance, abs=1e-12)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*will be removed in v6:FutureWarning")
@pytest.mark.parametrize("loss", ["sigmoid_norm", "sigmoid"])
@pytest.mark.parametrize("lora", [None, {"rank": 2}])
def test_the_loss_is_the_one_that_trl_evaluates(
    loss: str, lora: Any, settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import dpo
    from curate_train.data import open_data
    from curate_train.pairs import figures, margins
    from curate_train.prepare import prepare

    more = {"loss": loss, "batch": 8, "steps": 3, "learning_rate": 0.02, "lora": lora}
    config = DpoConfig(**settings | more)
    prepared, _ = prepare(config, open_data(str(mixture("preference")), "dpo", tmp_path / "cache"))
    trainer = dpo.make(config, prepared, tmp_path)
    trainer.train()
    found = figures(margins(trainer, config))
    assert trainer.model.training
    trls = trainer.evaluate()
    assert found["eval_loss"] == pytest.approx(trls["eval_loss"], rel=1e-4)
    assert abs(found["eval_loss"] - math.log(2)) > 1e-3, "nothing was learnt: this proves nothing"
    if loss == "sigmoid":
        assert found["eval_margin"] == pytest.approx(trls["eval_rewards/margins"], rel=1e-4)
        assert found["eval_accuracy"] == pytest.approx(trls["eval_rewards/accuracies"])
