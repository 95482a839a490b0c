"""A recipe for data given on the command line, without a file: names, kind and formats are found out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curate.config import check
from curate.formats.kinds import guess_kind
from curate.recipe import Recipe
from curate.sources import open_source, source_names


def adhoc_recipe(
    data: Sequence[str],
    base: Path,
    *,
    name: str,
    decontaminate: dict[str, Any],
    kind: str | None = None,
    fmt: str | None = None,
    split: str = "train",
) -> Recipe:
    """Make the recipe that decontaminates `data`; the kind, if not given, is that of the first source's first rows."""
    if kind is None:
        source = open_source("data", data[0], base=base, split=split)
        kind = guess_kind(next(source.blocks()), fmt)
    sources = [
        {"name": source, "from": from_, "format": fmt, "split": split}
        for source, from_ in zip(source_names(list(data)), data, strict=True)
    ]
    clean = "".join(char if char.isalnum() and char.isascii() else "-" for char in name).strip("-") or "data"
    recipe = {"name": clean, "kind": kind, "sources": sources, "decontaminate": decontaminate}
    return check(Recipe, recipe, "decontaminate")
