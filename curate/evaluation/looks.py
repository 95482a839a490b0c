"""How often an unseen evaluation was looked at: a line a look, in a ledger beside the model.

Unseen tasks are for a model that is finished. Each look adds to what is known of them, so each is
counted: under `looks.jsonl` in the model's folder, or, for a model that has none, in the folder of
answers, under its digest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from curate.engines import Identity, digest
from curate.errors import UserError
from curate.evaluation.spec import TaskFile
from curate.shards import write_text

LEDGER = "looks.jsonl"


def require_final(tasks: Sequence[TaskFile], final: bool) -> None:
    """Raise UserError where an unseen task is asked for without saying that the model is final."""
    unseen = [task.name for task in tasks if task.role == "unseen"]
    if unseen and not final:
        raise UserError(
            f"{', '.join(unseen)}: unseen evaluations are for a finished model, and every look at them "
            "is counted; give --final, or leave them out with --without"
        )


def ledger_of(folder: Path | None, identity: Identity, store: Path) -> Path:
    """Where the looks at a model are kept."""
    if folder is not None:
        return folder / LEDGER
    return store / "looks" / f"{digest(identity.text)[:32]}.jsonl"


def looked(ledger: Path) -> dict[str, int]:
    """How often each task was looked at; raises UserError for a ledger that cannot be read."""
    counts: dict[str, int] = {}
    if ledger.exists():
        for number, line in enumerate(ledger.read_text("utf-8").splitlines(), start=1):
            try:
                task = json.loads(line)["task"]
            except (ValueError, LookupError, TypeError):
                raise UserError(
                    f"{ledger}, line {number}: no look at a task: {line[:80]!r}"
                ) from None
            counts[task] = counts.get(task, 0) + 1
    return counts


def look(ledger: Path, tasks: Sequence[TaskFile], identity: Identity) -> dict[str, int]:
    """Count a look at each unseen task, before it is taken; gives the looks at each with this one."""
    unseen = [task.name for task in tasks if task.role == "unseen"]
    looked(ledger)
    if unseen:
        before = ledger.read_text("utf-8") if ledger.exists() else ""
        lines = [json.dumps({"task": name, "revision": identity.revision}) for name in unseen]
        ledger.parent.mkdir(parents=True, exist_ok=True)
        write_text(ledger, before + "".join(f"{line}\n" for line in lines))
    counts = looked(ledger)
    return {name: counts[name] for name in unseen}
