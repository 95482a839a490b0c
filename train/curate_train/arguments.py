"""What all three of TRL's trainers and configurations are given, each argument said outright."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from curate.errors import UserError
from curate_train.config import TrainConfig, accumulation
from curate_train.lengths import LENGTH
from curate_train.model import loading, peft_config, quantization
from curate_train.prepare import Prepared


def devices() -> int:
    """How many processes train together, as `accelerate launch` (or torchrun) set them up."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def parts(config: TrainConfig, prepared: Prepared) -> dict[str, Any]:
    """Keyword arguments for TRL's trainers: the model, the rows, the tokenizer, the adapters."""
    return {
        "model": prepared.path,
        "train_dataset": prepared.train,
        "eval_dataset": prepared.validation,
        "processing_class": prepared.tokenizer,
        "peft_config": peft_config(config.lora),
        "quantization_config": quantization(config.lora),
    }


def common(
    config: TrainConfig, batch: int, folder: Path, *, held_out: bool, length_grouped: bool = False
) -> dict[str, Any]:
    """Keyword arguments for TRL's configurations; raises UserError for a batch that the devices
    cannot share.
    """
    import torch

    try:
        accumulated = accumulation(batch, config.micro_batch, devices())
    except ValueError as error:
        raise UserError(str(error)) from None
    return {
        "output_dir": str(folder / "checkpoints"),
        "model_init_kwargs": loading(config),
        "use_liger_kernel": config.kernels == "liger",
        "router_aux_loss_coef": config.router_aux_loss_coef,
        "seed": config.seed,
        "data_seed": config.seed,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": config.schedule,
        "warmup_steps": config.warmup,  # below 1: a share of all steps
        "weight_decay": config.weight_decay,
        "max_grad_norm": config.max_grad_norm,
        "optim": "adamw_torch",
        "adam_beta1": config.adam_betas[0],
        "adam_beta2": config.adam_betas[1],
        "adam_epsilon": config.adam_eps,
        "num_train_epochs": config.epochs,
        "max_steps": config.steps or -1,
        "per_device_train_batch_size": config.micro_batch,
        "per_device_eval_batch_size": config.micro_batch,
        "gradient_accumulation_steps": accumulated,
        "average_tokens_across_devices": True,
        "bf16": config.precision == "bf16",  # `auto` is settled by then
        "fp16": False,
        "activation_checkpointing": config.gradient_checkpointing,  # its name from transformers 6 on
        "use_cpu": not torch.cuda.is_available(),
        "logging_steps": config.log_every,
        "logging_first_step": True,
        "logging_nan_inf_filter": False,  # a loss that is not a number stops the run, it is not left out of a mean
        "eval_strategy": "steps" if held_out and config.eval_every else "no",
        "eval_steps": config.eval_every,
        "save_strategy": "steps" if config.save_every else "no",
        "save_steps": config.save_every or 500,
        "save_total_limit": config.keep_checkpoints,
        "report_to": list(config.report_to),
        "run_name": folder.name,
        "disable_tqdm": True,  # progress is ours, by rich
        "train_sampling_strategy": "group_by_length" if length_grouped else "random",
        "length_column_name": LENGTH,
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "remove_unused_columns": False,  # the ids of rows stay with them
    }
