"""The verb that hands a data set to a trainer."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from curate.arguments import RUN, Json, Out, Overwrite


def train(
    context: typer.Context,
    trainer: Annotated[
        str,
        typer.Argument(
            metavar="TRAINER", help="sft, dpo, rlvr, or one that another package registers."
        ),
    ],
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="A preset's name, or a YAML file.")
    ],
    data: Annotated[
        str,
        typer.Option(
            metavar="DATA", help="A built folder, or any data that `curate check` passes."
        ),
    ],
    out: Out,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            metavar="",
            help="Continue from the last checkpoint in OUT.",
            rich_help_panel=RUN,
        ),
    ] = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Train a model on a mixture, by a preset or a configuration of your own.

    The data is checked first. OUT holds the model with its card, the resolved
    configuration, metrics, curves and samples. Every key of the configuration is
    an option too: --learning-rate 1e-5, --lora.rank 8, --steps 20.

    \bExample: curate train sft laptop-sft --data data -o runs/sft

    \bThe data for it:
      curate build mixtures/quickstart/laptop-sft.yaml -o data

    \bOn eight GPUs:
      accelerate launch --config_file fsdp-8.yaml \\
        -m curate train sft tulu3-sft-8b --data data -o runs/sft

    Read on: docs/training.md, every key and preset
    """
    from curate.trainers import configure, find

    found = find(trainer)
    settings = configure(found, config, context.args)
    done = found.module.train(settings, data, out, resume=resume, overwrite=overwrite)
    if int(os.environ.get("RANK", "0")) == 0:  # one process of a distributed run speaks
        print(json.dumps(done.as_dict(), ensure_ascii=False) if as_json else str(done))
