"""One run, the same for every stage: claim the folder, check the data, train by TRL, write what
came of it.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.check import PURPOSES
from curate.errors import UserError, option
from curate_train import card, curves
from curate_train import folder as folders
from curate_train.config import RlvrConfig, TrainConfig
from curate_train.data import Data, open_data
from curate_train.finished import Finished
from curate_train.lengths import Lengths, lengths, measured, short_enough
from curate_train.model import load_tokenizer, model_path, save
from curate_train.precision import device, taken
from curate_train.surroundings import surroundings

# What a summary tells of the training batches and of the validation split.
_TRAINING = ("loss", "reward")
_HELD_OUT = ("eval_loss", "eval_rewards/accuracies", "eval_reward")


@dataclass(frozen=True)
class Prepared:
    """What a stage makes its trainer of: where the model is, its tokenizer, the rows to learn from
    and to test on.
    """

    path: str
    tokenizer: Any
    train: Any
    validation: Any


def run(
    stage: str,
    make: Callable[[Any, Prepared, Path], Any],
    config: TrainConfig,
    data: str,
    folder: Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
) -> Finished:
    """Train `config` on the set at `data` with the trainer that `make` makes, and write everything
    to `folder`.
    """
    began = time.monotonic()
    main = int(os.environ.get("RANK", "0")) == 0
    with (
        surroundings(folder),
        folders.held(folder) if main else nullcontext(folders.cache_of(folder)) as cache,
    ):
        precision = taken(config.precision, device())
        config = config.model_copy(
            update={"precision": precision.precision}
        )  # so it is what config.yaml says
        if main:
            sys.stderr.write(f"curate: {precision}\n")
            folders.refuse(folder, stage, config, data, resume=resume, overwrite=overwrite)
        opened = open_data(data, stage, cache) if main else None
        _wait()
        opened = opened or open_data(
            data, stage, cache, checked_before=True
        )  # one process has done it for all
        prepared, found, fate = _prepare(config, opened)
        trainer = make(config, prepared, folder)
        if main and not resume:
            folders.begin(folder, stage, config, data)
        checkpoint = folders.last_checkpoint(folder, clear=main) if resume else None
        _wait()
        steps = _train(stage, trainer, config, prepared, folder, checkpoint)
        save(trainer, prepared.tokenizer, folder / "model")
        training, held_out = _figures(folder)
        finished = Finished(
            stage=stage,
            folder=str(folder),
            mixture=opened.name,
            digest=opened.digest,
            rows=found.rows,
            limit=_limit(config),
            over=found.over,
            fate=fate,
            precision=f"{precision.precision}: {precision.why}",
            steps=steps,
            batch=config.batch,  # type: ignore[attr-defined]
            seconds=round(time.monotonic() - began, 1),
            training=training,
            held_out=held_out,
        )
        if main:
            _write(folder, config, finished)
    return finished


def _wait() -> None:
    """Let the processes of a distributed run meet."""
    from accelerate import PartialState

    PartialState().wait_for_everyone()


def _limit(config: TrainConfig) -> int:
    """The tokens a row may have; of an rlvr row, its prompt."""
    return (
        config.max_length - config.max_completion
        if isinstance(config, RlvrConfig)
        else config.max_length
    )


def _prepare(config: TrainConfig, opened: Data) -> tuple[Prepared, Lengths, str]:
    path = model_path(config)
    tokenizer = load_tokenizer(config, path)
    limit = _limit(config)
    train = measured(opened.train, opened.kind, tokenizer)
    found = lengths(train, limit)
    validation = opened.validation and measured(opened.validation, opened.kind, tokenizer)
    if opened.kind == "rlvr":
        train, validation = (
            short_enough(train, limit),
            validation and short_enough(validation, limit),
        )
        if not len(train):
            raise UserError(
                f"{opened.name}: every prompt has more than {limit} tokens; raise max_length"
            )
    return (
        Prepared(path, tokenizer, train, validation),
        found,
        "left out" if opened.kind == "rlvr" else "cut",
    )


def _train(
    stage: str,
    trainer: Any,
    config: TrainConfig,
    prepared: Prepared,
    folder: Path,
    checkpoint: Path | None,
) -> int:
    """Train to the end and give the number of steps; an interrupted run leaves a checkpoint and
    raises.
    """
    from transformers import PrinterCallback

    from curate_train.samples import Sampler, sample_rows
    from curate_train.watch import Bar, Ids, Watch, interruptible

    trainer.args.eval_on_start = prepared.validation is not None and checkpoint is None
    ids = None
    if stage != "rlvr":
        ids = trainer.data_collator = Ids(
            trainer.data_collator, trainer.args.gradient_accumulation_steps
        )
    trainer.remove_callback(PrinterCallback)  # figures go to metrics.jsonl and the bar
    watch = Watch(folder, trainer, ids)
    trainer.add_callback(watch)
    trainer.add_callback(Bar(stage))
    if config.sample_every:
        rows = sample_rows(prepared.validation or prepared.train, PURPOSES[stage], config.samples)
        trainer.add_callback(
            Sampler(
                folder, trainer, prepared.tokenizer, rows, config.sample_every, config.sample_tokens
            )
        )
    with interruptible(watch):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        steps = int(trainer.state.global_step)
        if watch.stopped and steps < trainer.state.max_steps:
            resume = option("--resume", "resume=True")
            saved = f"saved after step {steps} of {trainer.state.max_steps}; go on with {resume}"
            sys.stderr.write(f"curate: {folder}: {saved}\n")
            raise KeyboardInterrupt
        logged = {log["step"] for log in trainer.state.log_history if "eval_loss" in log}
        if prepared.validation and steps not in logged:
            trainer.evaluate()
    return steps


def _figures(folder: Path) -> tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]]:
    metrics = curves.read_metrics(folder)
    batches = {name: metrics[name][1] for name in _TRAINING if name in metrics}
    held_out = {
        name.removeprefix("eval_"): metrics[name][1] for name in _HELD_OUT if name in metrics
    }
    return {name: _tenths(found) for name, found in batches.items()}, {
        name: (found[0], found[-1]) for name, found in held_out.items()
    }


def _tenths(values: list[float]) -> tuple[float, float]:
    """The means of the first and of the last tenth: single batches differ too much to be compared."""
    n = max(1, len(values) // 10)
    return sum(values[:n]) / n, sum(values[-n:]) / n


def _write(folder: Path, config: TrainConfig, finished: Finished) -> None:
    state = folders.read(folder)
    card.write(folder / "model", config, finished, state["versions"])
    if curves.draw(folder, f"{finished.stage} on {finished.mixture}"):
        shutil.copy(folder / "curves.png", folder / "model" / "curves.png")
    folders.note(folder, state | {"finished": True, "summary": finished.as_dict()})
