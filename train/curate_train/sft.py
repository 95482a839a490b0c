"""Supervised fine-tuning: TRL's `SFTTrainer` on the assistant's turns.

The loss is the sum over the assistant tokens of the batch divided by their number, whatever
accumulation and devices are. The paper sums without dividing (§4.3). AdamW divides by the
gradient's own size, so that with as many tokens in every batch both make the same steps, but for
`max_grad_norm` and `adam_eps`: these see gradients of another length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curate_train.arguments import common, parts
from curate_train.config import SftConfig
from curate_train.finished import Finished
from curate_train.prepare import Prepared
from curate_train.run import run

KIND = "sft"
Config = SftConfig
PRESETS = Path(__file__).resolve().parent / "presets" / "sft"


def make(config: SftConfig, prepared: Prepared, folder: Path) -> Any:
    """TRL's trainer for this configuration."""
    from trl import SFTConfig, SFTTrainer

    arguments = SFTConfig(
        **common(
            config,
            config.batch,
            folder,
            held_out=prepared.validation is not None,
            length_grouped=config.length_grouped,
        ),
        max_length=config.max_length,
        truncation_mode="keep_start",
        packing=config.packing,
        packing_strategy="bfd",
        eval_packing=False,
        assistant_only_loss=True,
        completion_only_loss=False,
        loss_type="nll",
        shuffle_dataset=False,  # the sampler shuffles, by the seed
    )
    return SFTTrainer(args=arguments, **parts(config, prepared))


def train(
    config: SftConfig, data: str, out: str | Path, *, resume: bool = False, overwrite: bool = False
) -> Finished:
    """Train on the mixture at `data` and write model, metrics and card to the new folder `out`.

    `resume` goes on from the last checkpoint of an interrupted run in `out`. Raises UserError for
    data, a model or a folder that will not do, CurateError for a loss that is no number or a
    checkpoint that cannot be written."""
    return run("sft", make, config, data, Path(out), resume=resume, overwrite=overwrite)
