"""Builds a mixture from a recipe: read → validate → steps → sample → write, with the evidence for
every row.

    result = build(load_recipe(Path("my-sft.yaml")), Path("my-sft"), base=Path("."))

`plan` finds everything the recipe names before work starts, `scan` works through the blocks of all
sources, `merge` writes the shards, `record` the audit. The folder is made as OUT.partial and
renamed when it is whole: what is called OUT is always finished."""

from __future__ import annotations

from curate.mixture.options import Options
from curate.mixture.run import Built, build, build_recipe_file

__all__ = ["Built", "Options", "build", "build_recipe_file"]
