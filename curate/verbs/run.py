"""What the verbs that build do once they know their recipe."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.errors import FailOver
from curate.progress import shown

if TYPE_CHECKING:
    from curate.recipe import Recipe


def from_file(
    recipe: Path, benchmarks_dir: Path | None, **changed: Any
) -> Callable[[], tuple[Recipe, tuple[str, ...]]]:
    """What loads the recipe of a file, with what the command line changes of it, for `run`."""
    folder = None if benchmarks_dir is None else str(benchmarks_dir.absolute())

    def made() -> tuple[Recipe, tuple[str, ...]]:
        from curate.recipe import load_recipe, override

        return override(load_recipe(recipe), {"benchmarks_dir": folder, **changed}), ()

    return made


def run(
    made: Callable[[], tuple[Recipe, tuple[str, ...]]],
    out: Path,
    base: Path,
    options: dict[str, Any],
    as_json: bool,
) -> None:
    """Build with progress on the terminal, then print the summary; what is `made` is a recipe, and
    what was found out while it was made.
    """
    with shown() as progress:  # first of all: what is imported and compiled below takes seconds
        progress("prepare", 0, 0, 0.0)
        from curate.mixture import Options, build

        try:
            recipe, notes = made()
            own = Options(**options, notes=notes, progress=progress)
            built, over = build(recipe, out, base=base, options=own), None
        except FailOver as error:  # the folder is finished: show it all the same
            built, over = error.built, error
    if as_json:
        print(json.dumps(built.summary.as_dict() | {"folder": str(out)}, ensure_ascii=False))
    else:
        from curate.mixture.show import show

        show(built.summary, out)
    if over:
        raise over
