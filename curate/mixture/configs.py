"""What `datasets` may open of the rows of a build, by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from curate.files import kind_of
from curate.mixture.audited import SourceSummary
from curate.mixture.plan import Plan
from curate.mixture.shape import source_file
from curate.sources.built import VALIDATION, file_stem

Config = Mapping[str, Sequence[str]]
"""The files of each split, from the folder's root."""


def configs_of(
    plan: Plan, sources: Sequence[SourceSummary], files: Collection[str]
) -> dict[str, Config]:
    """What `datasets` may open of the rows, by name; `default` is what it opens unasked.

    A file a source is a configuration a source, for their columns may differ. Where all sources
    have one format, and the same columns beside it, they are one as well. `datasets` opens files of
    one kind in a folder: those of the first source's."""
    validation = any(source.validation for source in sources)
    if plan.recipe.output.rows != "lines":
        held_out = {VALIDATION: ["data/validation-*.parquet"]} if validation else {}
        return {"default": {"train": ["data/train-*.parquet"], **held_out}}
    own: dict[str, Config] = {}
    for source in plan.sources:
        name = source_file(source)
        paths = {"train": f"data/{name}", VALIDATION: f"data/{VALIDATION}/{name}"}
        there = {split: [path] for split, path in paths.items() if path in files}
        if "train" in there and opens(plan, name):
            config = file_stem(source.name)
            own[f"{config}-rows" if config in ("default", "removed") else config] = there
    alike = {(source.format, source.dropped_columns) for source in sources}
    if len(own) == 1:
        return {"default": next(iter(own.values()))}
    if len(alike) > 1 or len(own) < len(plan.sources):
        return own
    splits = ["train", VALIDATION] if validation else ["train"]
    every = {
        split: [path for one in own.values() for path in one.get(split, ())] for split in splits
    }
    return {"default": every, **own}


def opens(plan: Plan, name: str) -> bool:
    """Whether `datasets` opens a file beside those of the first source."""
    return kind_of(name) == kind_of(source_file(plan.sources[0]))
