"""How a build is run: nothing here changes a row but `limit`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from curate.engines import Budget
from curate.files import BLOCK_BYTES
from curate.mixture.stages import default_root
from curate.progress import Progress, silent


@dataclass(frozen=True)
class Asked:
    """How language models may be asked."""

    store: Path | None = None
    """The folder of the store of answers; in the user's cache by default."""
    budget: Budget = field(default_factory=Budget)
    offline: bool = False
    """Whether the store must do: an answer that it lacks ends the build."""


@dataclass(frozen=True)
class Options:
    """How a build is run."""

    overwrite: bool = False
    limit: int | None = None
    """Only the first rows of each source, for a first try; marked in card and lock."""
    locked: Path | None = None
    """A lock file (or built folder) whose inputs and outputs this build must repeat."""
    stages: Path | None = field(default_factory=default_root)
    """Where what was found out about each block is kept for the next build; None: nowhere."""
    sources_dir: Path | None = None
    """A folder of files that stand in for data sets of the Hub."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    ray: str | None = None
    """The address of a Ray cluster that does the work in place of threads; `local` starts one."""
    block_bytes: int = BLOCK_BYTES
    ask: Asked | None = None
    """None: nobody may be asked, so sources that a model writes need `locked`."""
    notes: tuple[str, ...] = ()
    """What was found out before the build, to be told with its summary."""
    progress: Progress = silent
