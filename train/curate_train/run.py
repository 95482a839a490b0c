"""One run, the same for every stage: claim the folder, check the data, train by TRL, write what came of it."""

from __future__ import annotations

import os
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.check import PURPOSES
from curate.errors import CurateError, UserError
from curate_train import card, curves
from curate_train import folder as folders
from curate_train.config import RlvrConfig, TrainConfig
from curate_train.data import Data, open_data
from curate_train.lengths import Lengths, lengths, measured, short_enough
from curate_train.model import load_tokenizer, model_path, save

# What a summary tells of: first and last value, of the training batches and of the validation split.
_TRAINING = ("loss", "reward")
_HELD_OUT = ("eval_loss", "eval_rewards/accuracies", "eval_reward")


@dataclass(frozen=True)
class Prepared:
    """What a stage makes its trainer of: where the model is, its tokenizer, the rows to learn from and to test on."""

    path: str
    tokenizer: Any
    train: Any
    validation: Any


@dataclass(frozen=True)
class Finished:
    """What came of a run; `training` and `held_out` hold first and last values of what was logged."""

    stage: str
    folder: str
    mixture: str
    digest: str | None
    rows: int
    limit: int
    over: int
    fate: str
    """What was done with the rows over the limit: cut, or left out."""
    steps: int
    batch: int
    seconds: float
    training: dict[str, tuple[float, float]]
    held_out: dict[str, tuple[float, float]]

    @property
    def over_share(self) -> float:
        """The share of rows over the limit."""
        return self.over / self.rows

    @property
    def model(self) -> Path:
        """Where the trained model is."""
        return Path(self.folder) / "model"

    def __str__(self) -> str:
        """One line of figures, and where the model is."""
        figures = [f"{name} {a:.4g} → {b:.4g}" for name, (a, b) in self.training.items()]
        figures += [f"held-out {name} {a:.4g} → {b:.4g}" for name, (a, b) in self.held_out.items()]
        over = f"; {self.over:,} of {self.rows:,} rows over {self.limit:,} tokens were {self.fate}" if self.over else ""
        return f"{self.stage}: {self.steps:,} steps, {', '.join(figures)}, {self.seconds:.0f} s{over}; {self.model}"

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        return asdict(self) | {"model": str(self.model)}


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
    """Train `config` on the set at `data` with the trainer that `make` makes, and write everything to `folder`."""
    began = time.monotonic()
    main = int(os.environ.get("RANK", "0")) == 0
    with (
        _as_curate(folder),
        folders.held(folder) if main else nullcontext(folder.with_name(f"{folder.name}.cache")) as cache,
    ):
        if main:
            folders.refuse(folder, stage, config, data, resume=resume, overwrite=overwrite)
        _wait()
        opened = open_data(data, stage, cache)
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
    return config.max_length - config.max_completion if isinstance(config, RlvrConfig) else config.max_length


def _prepare(config: TrainConfig, opened: Data) -> tuple[Prepared, Lengths, str]:
    path = model_path(config)
    tokenizer = load_tokenizer(config, path)
    limit = _limit(config)
    train = measured(opened.train, opened.kind, tokenizer)
    found = lengths(train, limit)
    validation = opened.validation and measured(opened.validation, opened.kind, tokenizer)
    if opened.kind == "rlvr":
        train, validation = short_enough(train, limit), validation and short_enough(validation, limit)
        if not len(train):
            raise UserError(f"{opened.name}: every prompt has more than {limit} tokens; raise max_length")
    return Prepared(path, tokenizer, train, validation), found, "left out" if opened.kind == "rlvr" else "cut"


def _train(
    stage: str, trainer: Any, config: TrainConfig, prepared: Prepared, folder: Path, checkpoint: Path | None
) -> int:
    """Train to the end and give the number of steps; an interrupted run leaves a checkpoint and raises."""
    from transformers import PrinterCallback

    from curate_train.samples import Sampler, sample_rows
    from curate_train.watch import Bar, Ids, Watch, interruptible

    ids = None
    if stage != "rlvr":
        ids = trainer.data_collator = Ids(trainer.data_collator, trainer.args.gradient_accumulation_steps)
    trainer.remove_callback(PrinterCallback)  # figures go to metrics.jsonl and the bar
    watch = Watch(folder, trainer, ids)
    trainer.add_callback(watch)
    trainer.add_callback(Bar(stage))
    if config.sample_every:
        rows = sample_rows(prepared.validation or prepared.train, PURPOSES[stage], config.samples)
        trainer.add_callback(
            Sampler(folder, trainer, prepared.tokenizer, rows, config.sample_every, config.sample_tokens)
        )
    with interruptible(watch):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        steps = int(trainer.state.global_step)
        if watch.stopped and steps < trainer.state.max_steps:
            saved = f"curate: {folder}: saved after step {steps} of {trainer.state.max_steps}; go on with --resume\n"
            sys.stderr.write(saved)
            raise KeyboardInterrupt
        if prepared.validation and not _evaluated(folder, steps):
            trainer.evaluate()
    return steps


def _evaluated(folder: Path, step: int) -> bool:
    """Whether the last step was evaluated already."""
    found = curves.read_metrics(folder).get("eval_loss")
    return bool(found) and found[0][-1] == step  # type: ignore[index]


def _figures(folder: Path) -> tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]]:
    metrics = curves.read_metrics(folder)

    def ends(names: tuple[str, ...]) -> dict[str, tuple[float, float]]:
        values = {name.removeprefix("eval_"): metrics[name][1] for name in names if name in metrics}
        return {name: (found[0], found[-1]) for name, found in values.items()}

    return ends(_TRAINING), ends(_HELD_OUT)


def _write(folder: Path, config: TrainConfig, finished: Finished) -> None:
    state = folders.read(folder)
    card.write(folder / "model", config, finished, state["versions"])
    if curves.draw(folder, f"{finished.stage} on {finished.mixture}"):
        shutil.copy(folder / "curves.png", folder / "model" / "curves.png")
    folders.note(folder, state | {"finished": True, "summary": finished.as_dict()})


@contextmanager
def _as_curate(folder: Path) -> Iterator[None]:
    """Quiet libraries that tell nobody of the run; a full disk is one line that says how to go on."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(folder / "tensorboard"))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        import datasets
        import transformers
        import trl  # noqa: F401
    except ImportError as error:
        need = f"training needs the extra 'train' ({error.name} is missing)"
        raise UserError(f"{need}: pip install 'tulu-curate[train]'") from None
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers|trl|peft")  # not the user's to mend
    datasets.disable_progress_bars()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        yield
    except (OSError, RuntimeError) as error:
        if _disk(error):
            full = f"{folder}: could not be written ({_disk(error)}); earlier checkpoints are whole"
            raise CurateError(f"{full}: make room, then add --resume") from error
        raise


def _disk(error: Exception) -> str:
    """What a disk that takes no more says, through whichever library wrote; empty for another error."""
    import errno

    codes = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in codes:
            return str(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    words = ("No space left on device", "File too large", "Disk quota exceeded")
    found = next((word for word in words if word in str(error)), "")
    cut = "inline_container" in str(error) and ("unexpected pos" in str(error) or "failed writing" in str(error))
    return found or ("a file was cut short" if cut else "")  # the second is all that torch.save says
