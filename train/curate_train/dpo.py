"""Direct preference optimisation: TRL's `DPOTrainer`, by default with the paper's length-normalised
loss (§5.3).

    L = -log σ( β/|y_c| · log π(y_c|x)/π_ref(y_c|x)  -  β/|y_r| · log π(y_r|x)/π_ref(y_r|x) )

|y| counts the completion's tokens, its end included. The reference is the model at the start; its log-probabilities are
computed once, before the first step, and kept in the run's cache.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curate_train.arguments import common, parts
from curate_train.config import DpoConfig
from curate_train.finished import Finished
from curate_train.prepare import Prepared
from curate_train.run import run

KIND = "preference"
Config = DpoConfig
PRESETS = Path(__file__).resolve().parent / "presets" / "dpo"


def make(config: DpoConfig, prepared: Prepared, folder: Path) -> Any:
    """TRL's trainer for this configuration."""
    from trl import DPOConfig, DPOTrainer

    from curate_train.pairs import HeldOutPairs

    arguments = DPOConfig(
        **common(
            config,
            config.batch,
            folder,
            held_out=False,  # HeldOutPairs evaluates
            length_grouped=config.length_grouped,
        ),
        max_length=config.max_length,
        truncation_mode="keep_start",
        loss_type=[config.loss],
        beta=config.beta,
        label_smoothing=0.0,
        f_divergence_type="reverse_kl",
        precompute_ref_log_probs=True,
        disable_dropout=True,
    )
    trainer = DPOTrainer(args=arguments, **parts(config, prepared))
    if prepared.validation is not None:
        trainer.add_callback(HeldOutPairs(trainer, config))
    return trainer


def train(
    config: DpoConfig, data: str, out: str | Path, *, resume: bool = False, overwrite: bool = False
) -> Finished:
    """Train on the preference mixture at `data` and write to the new folder `out`; otherwise as
    `sft.train`.
    """
    return run("dpo", make, config, data, Path(out), resume=resume, overwrite=overwrite)
