"""Completions that teach nothing are out of GRPO's loss, and counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from curate_train.config import RlvrConfig

pytest.importorskip("trl", reason="needs the extra 'train'")
pytestmark = pytest.mark.filterwarnings("ignore:.*will be removed in v6:FutureWarning")

Mixture = Callable[[str], Path]
NAN = float("nan")


def test_a_group_is_the_same_where_all_verdicts_are() -> None:
    import torch
    from curate_train.groups import same_reward

    groups = torch.tensor(
        [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [NAN, 2.0, 2.0], [NAN, NAN, 3.0], [NAN, NAN, NAN]]
    )
    assert same_reward(groups).tolist() == [True, False, True, True, True]


def test_kl_is_a_mean_over_all_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every value counts once, on whichever device it is."""
    import accelerate.utils
    from curate_train.kl import over_devices

    there = [("string", 4.0), ("math", 7.0), ("string", 6.0)]
    monkeypatch.setattr(accelerate.utils, "gather_object", lambda here: [*here, *there])
    assert over_devices({"string": [2.0]}) == {"string": 4.0, "math": 7.0}


def made(settings: dict[str, Any], mixture: Mixture, tmp_path: Path, **more: Any) -> Any:
    from curate_train import rlvr
    from curate_train.data import open_data
    from curate_train.prepare import prepare

    rounds = {"prompts": 4, "generations": 2, "max_completion": 6, "beta": 0.5, "steps": 1}
    config = RlvrConfig(**settings | rounds | {"no_eos_reward": None} | more)
    prepared, _ = prepare(config, open_data(str(mixture("rlvr")), "rlvr", tmp_path / "cache"))
    return rlvr.make(config, prepared, tmp_path)


def rewarded(monkeypatch: pytest.MonkeyPatch, rewards: list[float | None]) -> None:
    """Have every round get these rewards, whatever it says."""
    from curate_train import rlvr

    monkeypatch.setattr(rlvr, "reward_function", lambda *_: lambda **given: list(rewards))


REWARDS = [1.0, 1.0, 0.0, 1.0, None, 1.0, None, None]  # same · different · same · none


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keep", "left"), [(False, [0, 0, 1, 1, 0, 0, 0, 0]), (True, [1, 1, 1, 1, 0, 1, 0, 0])]
)
def test_what_is_left_out_is_in_neither_loss_nor_kl_nor_its_tokens(
    keep: bool,
    left: list[int],
    settings: dict[str, Any],
    mixture: Mixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rewarded(monkeypatch, REWARDS)
    trainer = made(settings, mixture, tmp_path, keep_zero_variance=keep)
    trainer.model.train()
    rows = [row for row in trainer.train_dataset.to_list()[:4] for _ in range(2)]
    output = trainer._generate_and_score_completions(rows)
    mask = output["completion_mask"] * output["tool_mask"]
    assert (mask.sum(1) > 0).int().tolist() == left
    assert int(output["num_items_in_batch"]) == int(mask.sum())
    found = trainer._metrics["train"]
    assert found["left_out/no_verdict"] == [pytest.approx(3 / 8)]
    assert found["left_out/same_reward"] == [pytest.approx(3 / 4)]
    trainer._step = 1  # the loss of what is left, whatever the others say
    trainer.current_gradient_accumulation_steps = 1
    before = float(trainer._compute_loss(trainer.model, output).detach())
    for place, kept in enumerate(left):
        if not kept:
            output["ref_per_token_logps"][place] -= 3.0
    after = trainer._compute_loss(trainer.model, output).detach()
    assert float(after) == pytest.approx(before)


@pytest.mark.slow
def test_a_round_without_a_difference_moves_nothing(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load_file

    rewarded(monkeypatch, [1.0] * 8)
    trainer = made(settings, mixture, tmp_path)
    trainer.train()
    before = load_file(Path(settings["model"]) / "model.safetensors")
    now = trainer.model.state_dict()
    assert all(now[name].equal(value) for name, value in before.items())


@pytest.mark.slow
def test_rloo_trains_and_names_what_it_has_not(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import rlvr
    from curate_train.curves import read_metrics

    rounds = {"prompts": 4, "generations": 2, "max_completion": 6, "beta": 0.05, "steps": 2}
    config = RlvrConfig(**settings | rounds | {"algorithm": "rloo"})
    found = rlvr.train(config, str(mixture("rlvr")), tmp_path / "run")
    metrics = read_metrics(tmp_path / "run")
    assert metrics["left_out/no_verdict"][1] == [0.0, 0.0]
    assert len(metrics["string/kl"][1]) + len(metrics["ifeval/kl"][1]) > 0
    assert found.same_reward == 1, "none of so few tokens ends: what they say is not judged"
    assert "same reward: 100%; nothing was learnt from rewards" in str(found)
    assert "100.00%: nothing was learnt" in (found.model / "README.md").read_text("utf-8")


def test_keys_that_rloo_does_not_have_are_refused() -> None:
    config = {"model": "m", "learning_rate": 1e-6, "algorithm": "rloo"}
    assert RlvrConfig(**config, loss="dapo").batch == 48 * 16
    for key, value in (("loss", "grpo"), ("entropy_coef", 0.1), ("cast_lm_head_to_fp32", True)):
        with pytest.raises(ValueError, match=f"{key}: algorithm rloo has none"):
            RlvrConfig(**config, **{key: value})
