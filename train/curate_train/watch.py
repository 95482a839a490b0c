"""What watches a run from outside the step: metrics, row ids, interrupts, checkpoints, progress.

Nothing here changes what is learnt.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from transformers import TrainerCallback

from curate.errors import CurateError
from curate_train.folder import COMPLETE, METRICS

_SHOWN_IDS = 16


class Ids:
    """The ids of the rows in the last batches: a collator that remembers them and lets TRL's do the
    work.
    """

    def __init__(self, collate: Callable[[list[dict[str, Any]]], Any], batches: int) -> None:
        """Remember the `batches` of a step, and the one that the loader fetches ahead."""
        self.collate, self.batches = collate, batches
        self.last: deque[list[str]] = deque(maxlen=batches + 1)

    def __call__(self, rows: list[dict[str, Any]]) -> Any:
        """Collate, and remember the ids."""
        self.last.append([str(row.get("id", "?")) for row in rows])
        return self.collate(rows)

    def of_step(self, *, ahead: bool) -> list[str]:
        """The ids of the step under way; `ahead` says that a batch of the next one has been
        fetched.
        """
        batches = list(self.last)[: -1 if ahead else None][-self.batches :]
        return [row for batch in batches for row in batch]


class Watch(TrainerCallback):  # type: ignore[misc]
    """Writes metrics, marks finished checkpoints, stops for a loss that is no number or when it was
    told to.
    """

    def __init__(self, folder: Path, trainer: Any, ids: Ids | None, every: int = 1) -> None:
        """Watch `trainer`, whose run lies in `folder` and can go on after each `every` steps."""
        self.folder, self.trainer, self.ids, self.every = folder, trainer, ids, every
        self.stopped = False

    def stop(self) -> None:
        """Save a checkpoint after the step (of rlvr: the round) that is under way, and end."""
        self.stopped = True

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Log and save as often as is asked for now: a run that goes on has its old state."""
        state.compute_steps(args, state.max_steps)

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A loss that is no number stops the run before it reaches the weights."""
        loss = float(self.trainer._tr_loss)
        if not math.isfinite(loss):
            raise CurateError(
                f"step {state.global_step + 1}: the loss is {loss}; the weights are those of the step before. "
                f"Rows of the batch: {self._rows()}"
            )

    def _rows(self) -> str:
        ahead = not self.trainer.accelerator.gradient_state.end_of_dataloader
        found = self.ids.of_step(ahead=ahead) if self.ids else []
        more = f" and {len(found) - _SHOWN_IDS} more" if len(found) > _SHOWN_IDS else ""
        return ", ".join(found[:_SHOWN_IDS]) + more if found else "not known"

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Obey an interrupt: all processes after the same step, whichever was told."""
        if args.world_size > 1:
            import torch

            told = torch.tensor(float(self.stopped), device=self.trainer.accelerator.device)
            self.stopped = bool(self.trainer.accelerator.reduce(told, "sum") > 0)
        if self.stopped and state.global_step % self.every == 0:
            control.should_save = control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint as whole."""
        if state.is_world_process_zero:
            (Path(args.output_dir) / f"checkpoint-{state.global_step}" / COMPLETE).touch()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """One line of metrics."""
        if state.is_world_process_zero and logs:
            found = {name: value for name, value in logs.items() if isinstance(value, int | float)}
            with (self.folder / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": state.global_step, **found}) + "\n")


@contextmanager
def interruptible(watch: Watch) -> Iterator[None]:
    """Ctrl-C, SIGTERM, SIGHUP and SIGQUIT end the run after the present step, or round, with a
    checkpoint; a second one ends it at once. One that is ignored, as under nohup, stays so.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        if watch.stopped:
            restore()
            _end_at_once()
        watch.stop()
        after = "step" if watch.every == 1 else "round"
        os.write(2, f"curate: ends after this {after}; again, to end at once\n".encode())

    def restore() -> None:
        for number, old in before.items():
            signal.signal(number, old)

    signs = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    before = {
        number: signal.signal(number, handle)
        for number in signs
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        restore()


def _end_at_once() -> None:
    """End the process as it stands: to unwind it, with torch and its threads, takes seconds. A
    notebook goes on, and gets its cell back.
    """
    cursor = "\x1b[?25h" if os.isatty(2) else ""  # the bar has hidden it
    os.write(2, f"{cursor}curate: ended at once; earlier checkpoints are whole\n".encode())
    if hasattr(sys, "ps1") or "ipykernel" in sys.modules:
        raise KeyboardInterrupt
    os._exit(130)


class Bar(TrainerCallback):  # type: ignore[misc]
    """Progress on a terminal: steps, time left, and the figures last logged; silent elsewhere."""

    def __init__(self, stage: str) -> None:
        """Name the bar."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(stderr=True)
        self.bar = Progress(
            TextColumn(stage),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start."""
        if state.is_world_process_zero:
            self.task = self.bar.add_task(
                "", total=state.max_steps, completed=state.global_step, figures=""
            )
            self.bar.start()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Go on."""
        if state.is_world_process_zero:
            self.bar.update(self.task, completed=state.global_step)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Show the main figures."""
        shown = [
            f"{name} {logs[name]:.4g}"
            for name in ("loss", "reward", "eval_loss")
            if logs and name in logs
        ]
        if shown and state.is_world_process_zero and self.bar.tasks:
            self.bar.update(self.task, figures=" · ".join(shown))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stop."""
        self.close()

    def close(self) -> None:
        """Give the terminal back, its cursor with it, however the run ends."""
        if self.bar.live.is_started:
            self.bar.stop()
