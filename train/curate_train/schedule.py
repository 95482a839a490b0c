"""How many steps a run has, where it may stop, and which rows no step ever sees.

An rlvr run goes in rounds: `prompts` × `generations` completions are written, and `minibatches` ×
`iterations` steps learn from them. Within a round they are in memory alone, so a run is saved and
goes on at the end of a round only. Rows that fill no round are in none."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path
from typing import Any

from curate.errors import UserError
from curate_train.config import RlvrConfig, TrainConfig


def round_steps(config: TrainConfig) -> int:
    """Steps from one place where a run can go on to the next."""
    return config.round_steps if isinstance(config, RlvrConfig) else 1


def pass_steps(config: TrainConfig, rows: int) -> int:
    """Steps of one pass over so many rows."""
    if isinstance(config, RlvrConfig):
        return rows // config.prompts * config.round_steps
    return math.ceil(rows / _batch(config))


def _batch(config: TrainConfig) -> int:
    return int(config.batch)  # type: ignore[attr-defined]


def all_steps(config: TrainConfig, rows: int) -> int:
    """Steps of the whole run."""
    return config.steps or math.ceil(config.epochs * pass_steps(config, rows))


def refuse_nothing(name: str, config: TrainConfig, rows: int) -> None:
    """Raise UserError where no step would be made."""
    if pass_steps(config, rows) == 0 and isinstance(config, RlvrConfig):
        raise UserError(
            f"{name}: has {rows:,} rows to learn from and a round draws {config.prompts:,} (prompts), "
            f"so no step would be made; set prompts to {rows:,} or fewer, or give more rows"
        )


def settle(trainer: Any, config: TrainConfig, checkpoint: Path | None) -> None:
    """Mend what TRL leaves open: a run of one step has no warm-up, whose first step has a learning
    rate of 0; and a run that goes on draws as one that was not stopped.
    """
    if all_steps(config, len(trainer.train_dataset)) == 1:
        trainer.args.warmup_steps = 0
    if checkpoint and isinstance(config, RlvrConfig):
        done = int(checkpoint.name.rpartition("-")[2])
        _skip_passes(trainer, done // pass_steps(config, len(trainer.train_dataset)))


def _skip_passes(trainer: Any, passes: int) -> None:
    """TRL's sampler of prompts shuffles each pass anew, and begins at the first when a run goes on:
    let it draw the orders of the passes that are done.
    """
    make = trainer._get_train_sampler

    def moved(dataset: Any = None) -> Any:
        sampler = make(dataset)
        for _ in range(passes):
            next(iter(sampler))
        return sampler

    trainer._get_train_sampler = moved


def never_drawn(trainer: Any, config: TrainConfig) -> list[str]:
    """Ids of the rlvr rows that are in no round, by TRL's own order; of the other stages none is
    known, since they go through all rows but where `steps` ends them.
    """
    rows = trainer.train_dataset
    if not isinstance(config, RlvrConfig):
        return []
    sampler = trainer._get_train_sampler(rows)
    rounds = math.ceil(all_steps(config, len(rows)) / config.round_steps)
    each = config.generations * config.prompts * config.round_steps * _accumulated(trainer, config)
    drawn: set[int] = set()
    while rounds > 0 and len(drawn) < len(rows):
        drawn.update(islice(sampler, rounds * each))
        rounds -= len(rows) // config.prompts
    return [str(row) for place, row in enumerate(rows["id"]) if place not in drawn]


def _accumulated(trainer: Any, config: RlvrConfig) -> int:
    """How often the sampler repeats a round's prompts for each of its steps."""
    return int(trainer.args.steps_per_generation) // config.minibatches


def unused(trainer: Any, config: TrainConfig, never: list[str]) -> int:
    """Rows, or sequences of packed rows, that no step sees; `never` are those of `never_drawn`."""
    if isinstance(config, RlvrConfig):
        return len(never)
    rows = len(trainer.train_dataset)
    return max(0, rows - all_steps(config, rows) * _batch(config))
