"""The folder of a run: who may write there, where it goes on, what it holds.

    config.yaml       the resolved configuration
    run.json          stage, data, versions; `finished` at the end, with the summary
    metrics.jsonl     one line a log: step, loss, learning rate, rewards, evaluations
    samples.jsonl     sample completions
    left_out.jsonl    rows that are not learnt from as they are, one a line
    curves.png        loss and reward over steps
    checkpoints/      where an interrupted run goes on; tensorboard/ for that program
    model/            the trained model, its tokenizer and its card

A folder that no run made is never touched. A checkpoint that was not written to its end is never
used."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from curate.errors import UserError, option
from curate.shards import write_text
from curate_train.config import TrainConfig

CONFIG, RUN = "config.yaml", "run.json"
METRICS, SAMPLES, LEFT_OUT = "metrics.jsonl", "samples.jsonl", "left_out.jsonl"
_LOCK = ".lock"
COMPLETE = "complete"
"""A checkpoint without this file was not written to its end."""
_FREE = frozenset(
    {
        "keep_checkpoints",
        "log_every",
        "report_to",
        "sample_every",
        "sample_tokens",
        "samples",
        "save_every",
        "verifier_workers",
    }
)
"""Keys on which nothing depends that is learnt: they may change when a run goes on."""
_PACKAGES = ("accelerate", "datasets", "peft", "torch", "transformers", "trl", "tulu-curate")


def cache_of(folder: Path) -> Path:
    """Where the Arrow files of a run lie: beside its folder, which may not be there yet."""
    whole = folder.absolute()
    return whole.with_name(f"{whole.name}.cache")


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """The cache of a run, OUT.cache beside its folder, while nobody else may train into it.

    It stays while there is a run to go on with. Raises UserError where another run is under way, or
    where something that no run left is in the way."""
    cache = cache_of(folder)
    if cache.exists() and not (cache / _LOCK).is_file():
        raise UserError(
            f"{cache}: is in the way, and no training run left it there; move it, or give another folder"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / _LOCK).open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{folder}: another run is under way there; wait for it, or give another folder"
            ) from None
        try:
            yield cache
        finally:
            if not (folder / RUN).is_file() or read(folder)["finished"]:
                shutil.rmtree(cache, ignore_errors=True)


def refuse(
    folder: Path, stage: str, config: TrainConfig, data: str, *, resume: bool, overwrite: bool
) -> None:
    """Raise UserError for a folder that holds anything else, or another run than the one that is to
    go on.
    """
    ours = (folder / RUN).is_file()
    if resume:
        _refuse_other(folder, stage, config, data, ours)
    elif (
        folder.exists()
        and (not folder.is_dir() or any(folder.iterdir()))
        and not (ours and overwrite)
    ):
        raise UserError(_in_the_way(folder, ours))


def begin(
    folder: Path,
    stage: str,
    config: TrainConfig,
    data: str,
    content: str | None = None,
    *,
    resume: bool = False,
) -> None:
    """Make the folder of a new run, for which an earlier one there goes; of one that goes on, write
    the configuration as it is now. Raises UserError where its data is no longer what it was.
    """
    if resume and read(folder).get("content", content) != content:
        raise UserError(
            f"{data}: is not what the run in {folder} began with; train anew, in another folder"
        )
    if (folder / RUN).is_file() and not resume:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / CONFIG, yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False))
    if resume:
        return
    note(
        folder,
        {
            "stage": stage,
            "data": data,
            "content": content,
            "finished": False,
            "versions": {p: version(p) for p in _PACKAGES},
        },
    )


def _in_the_way(folder: Path, ours: bool) -> str:
    if not ours:
        return f"{folder}: is not empty, and no training run left it so; give another folder"
    how = option("--overwrite", "overwrite=True") + " to begin anew"
    if not read(folder)["finished"]:
        how += ", or " + option("--resume", "resume=True") + " to go on"
    return f"{folder}: already holds a run; give another folder, {how}"


def _refuse_other(folder: Path, stage: str, config: TrainConfig, data: str, ours: bool) -> None:
    if not ours:
        raise UserError(f"{folder}: holds no run that could be resumed")
    there = read(folder)
    if there["finished"]:
        raise UserError(f"{folder}: its run is finished; give another folder to train again")
    before, now = _before(folder, config), config.model_dump(mode="json")
    other = sorted(key for key in now.keys() | before.keys() if not _may_be(key, before, now))
    if there["stage"] != stage or there["data"] != data:
        raise UserError(
            f"{folder}: its run is {there['stage']} on {there['data']}, not {stage} on {data}"
        )
    if other:
        was = f"{before.get(other[0])!r}, not {now.get(other[0])!r}"
        raise UserError(
            f"{folder}: its run has another configuration: {other[0]} was {was}; set it as it was"
        )


def _before(folder: Path, config: TrainConfig) -> dict[str, Any]:
    """The configuration that a run began with; keys that it did not know have their defaults."""
    written: dict[str, Any] = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    try:
        return type(config)(**written).model_dump(mode="json")
    except ValueError:  # of another stage
        return written


def _may_be(key: str, before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a run may go on with what a key is now: as it was, or where nothing depends on it."""
    was, is_now = before.get(key), now.get(key)
    if key == "steps" and was is not None and is_now is not None:
        return bool(is_now >= was)
    return key in _FREE or was == is_now


def read(folder: Path) -> dict[str, Any]:
    """What run.json says."""
    found: dict[str, Any] = json.loads((folder / RUN).read_text(encoding="utf-8"))
    return found


def note(folder: Path, what: dict[str, Any]) -> None:
    """Write run.json, whole or not at all."""
    write_text(folder / RUN, json.dumps(what, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def name_left_out(folder: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write left_out.jsonl."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_text(folder / LEFT_OUT, text)


def last_checkpoint(folder: Path, every: int = 1, *, clear: bool = False) -> Path | None:
    """The last checkpoint that was written to its end, after a multiple of `every` steps; `clear`
    removes what was not, and metrics of later steps.
    """
    found = {}
    for path in (folder / "checkpoints").glob("checkpoint-*"):
        step = int(path.name.rpartition("-")[2])
        if (path / COMPLETE).is_file() and step % every == 0:
            found[step] = path
        elif clear:
            shutil.rmtree(path)
    last = max(found, default=0)
    for name in (METRICS, SAMPLES) if clear else ():
        _cut(folder / name, last)
    return found.get(last)


def _cut(path: Path, step: int) -> None:
    """Leave out lines of later steps: the run goes through them again."""
    if path.is_file():
        # Text within a line may hold what str.splitlines takes for its end, such as U+2028.
        lines = path.read_text(encoding="utf-8").split("\n")
        lines = [line for line in lines if line.endswith("}")]
        kept = [line for line in lines if json.loads(line)["step"] <= step] if step else []
        write_text(path, "".join(f"{line}\n" for line in kept))
