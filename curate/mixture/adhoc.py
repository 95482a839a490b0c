"""A recipe for data given on the command line, without a file: names, kind and formats are found
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curate.formats.kinds import guess_kind
from curate.recipe import Recipe, make_recipe
from curate.sources import open_source, source_names


def adhoc_recipe(
    data: Sequence[str],
    base: Path,
    *,
    name: str,
    steps: dict[str, Any],
    kind: str | None = None,
    fmt: str | dict[str, Any] | None = None,
    split: str | None = None,
    output: dict[str, Any] | None = None,
    where: str,
) -> tuple[Recipe, tuple[str, ...]]:
    """Make the recipe that puts `data` through `steps`, and say what was found out: a kind that is
    not given is that of the first source's rows.

    What is wrong with it is a UserError that begins with `where`.
    """
    notes: tuple[str, ...] = ()
    if kind is None:
        source = open_source("data", data[0], base=base, split=split)
        kind = guess_kind(next(source.blocks()), fmt)
        notes = (f"kind {kind}, detected from the rows of {data[0]}; --kind sets another",)
    sources = [
        {"name": source, "from": from_, "format": fmt, "split": split}
        for source, from_ in zip(source_names(list(data)), data, strict=True)
    ]
    clean = (
        "".join(char if char.isalnum() and char.isascii() else "-" for char in name).strip("-")
        or "data"
    )
    recipe = {"name": clean, "kind": kind, "sources": sources, "output": output or {}} | steps
    return make_recipe(recipe, where), notes
