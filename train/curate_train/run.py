"""One run, the same for every stage: claim the folder, check the data, train by TRL, write what
came of it.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import Any

from curate.check import PURPOSES
from curate.errors import CurateError, UserError, option
from curate.verify.pool import end_unless_guarded
from curate_train import card, curves, schedule
from curate_train import folder as folders
from curate_train.config import TrainConfig
from curate_train.data import open_data
from curate_train.finished import Finished
from curate_train.groups import SAME_REWARD
from curate_train.model import first_line
from curate_train.needs import refuse_missing
from curate_train.on_policy import strangers
from curate_train.precision import device, taken
from curate_train.prepare import Counted, Prepared, prepare, say
from curate_train.saved import save
from curate_train.surroundings import surroundings

# What a summary tells of the training batches and of the validation split.
_TRAINING = ("loss", "reward")
_HELD_OUT = ("eval_loss", "eval_margin", "eval_accuracy", "eval_reward")
_INTERVAL = ("eval_accuracy_low", "eval_accuracy_high")


def run(
    stage: str,
    make: Callable[[Any, Prepared, Path], Any],
    config: TrainConfig,
    data: str,
    folder: Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    engine: Any = None,
) -> Finished:
    """Train `config` on the set at `data` with the trainer that `make` makes, and write everything
    to `folder`; `engine` is for verifiers that ask a language model.
    """
    end_unless_guarded()
    began = time.monotonic()
    main = int(os.environ.get("RANK", "0")) == 0
    with (
        surroundings(folder),
        folders.held(folder) if main else nullcontext(folders.cache_of(folder)) as cache,
    ):
        refuse_missing(config)
        precision = taken(config.precision, device())
        config = config.model_copy(
            update={"precision": precision.precision}
        )  # so it is what config.yaml says
        if main:
            sys.stderr.write(f"curate: {precision}\n")
            folders.refuse(folder, stage, config, data, resume=resume, overwrite=overwrite)
        opened = open_data(data, stage, cache, engine=engine) if main else None
        if main:
            for line in strangers(Path(data), config.model, config.revision):
                sys.stderr.write(f"curate: {data}: {line}\n")
        _wait()
        opened = opened or open_data(
            data, stage, cache, checked_before=True
        )  # one process has done it for all
        prepared, counted = prepare(config, opened)
        trainer = _made(make, config, prepared, folder)
        never = schedule.never_drawn(trainer, config)
        unused = schedule.unused(trainer, config, never)
        if main:
            folders.begin(folder, stage, config, data, opened.content, resume=resume)
            _tell(folder, data, counted, never)
        every = schedule.round_steps(config)
        checkpoint = folders.last_checkpoint(folder, every, clear=main) if resume else None
        _wait()
        steps = _train(stage, trainer, config, prepared, folder, checkpoint)
        save(trainer, prepared.tokenizer, config, folder / "model")
        training, held_out = _figures(folder)
        finished = Finished(
            stage=stage,
            folder=str(folder),
            mixture=opened.name,
            digest=opened.digest,
            limit=counted.limit,
            train=counted.train,
            validation=counted.validation,
            unused=unused,
            precision=f"{precision.precision}: {precision.why}",
            steps=steps,
            batch=config.batch,  # type: ignore[attr-defined]
            seconds=round(time.monotonic() - began, 1),
            training=training,
            held_out=held_out,
            interval=_interval(folder),
            same_reward=_same_reward(folder),
        )
        if main:
            _write(folder, config, finished)
    return finished


def _made(
    make: Callable[[Any, Prepared, Path], Any],
    config: TrainConfig,
    prepared: Prepared,
    folder: Path,
) -> Any:
    """The trainer; what TRL, peft or transformers refuse in model and settings is one line."""
    try:
        return make(config, prepared, folder)
    except (ImportError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk
        for empty in (folder / "checkpoints", folder):  # TRL may have made them by then
            with suppress(OSError):
                empty.rmdir()
        raise UserError(f"model {config.model}: cannot be set up: {first_line(error)}") from error


def _wait() -> None:
    """Let the processes of a distributed run meet."""
    from accelerate import PartialState

    PartialState().wait_for_everyone()


def _tell(folder: Path, data: str, counted: Counted, never_drawn: list[str]) -> None:
    """Say and write which rows are not learnt from as they are."""
    lines = [*counted.left_out]
    lines += [{"split": "train", "id": row, "what": "never drawn"} for row in never_drawn]
    say(data, lines)
    folders.name_left_out(folder, lines)


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

    schedule.settle(trainer, config, checkpoint)
    by_trl = prepared.validation is not None and stage != "dpo"
    trainer.args.eval_on_start = by_trl and checkpoint is None
    ids = None
    if stage != "rlvr":
        ids = trainer.data_collator = Ids(
            trainer.data_collator, trainer.args.gradient_accumulation_steps
        )
    trainer.remove_callback(PrinterCallback)  # figures go to metrics.jsonl and the bar
    watch = Watch(folder, trainer, ids, schedule.round_steps(config))
    trainer.add_callback(watch)
    bar = Bar(stage)
    trainer.add_callback(bar)
    if config.sample_every:
        rows = sample_rows(prepared.validation or prepared.train, PURPOSES[stage], config.samples)
        trainer.add_callback(
            Sampler(
                folder,
                trainer,
                prepared.tokenizer,
                rows,
                config.sample_every,
                config.sample_tokens,
                config.chat_template_kwargs,
            )
        )
    with interruptible(watch), closing(bar):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        steps = int(trainer.state.global_step)
        if not steps:
            raise CurateError(f"{folder}: no step was made, so nothing was learnt")
        if watch.stopped and steps < trainer.state.max_steps:
            resume = option("--resume", "resume=True")
            saved = f"saved after step {steps} of {trainer.state.max_steps}; go on with {resume}"
            sys.stderr.write(f"curate: {folder}: {saved}\n")
            raise KeyboardInterrupt
        logged = {log["step"] for log in trainer.state.log_history if "eval_loss" in log}
        if by_trl and steps not in logged:
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


def _interval(folder: Path) -> tuple[float, float] | None:
    metrics = curves.read_metrics(folder)
    ends = [metrics[name][1][-1] for name in _INTERVAL if name in metrics]
    return (ends[0], ends[1]) if ends else None


def _same_reward(folder: Path) -> float | None:
    _, shares = curves.read_metrics(folder).get(SAME_REWARD, ([], []))
    return sum(shares) / len(shares) if shares else None


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
