"""Files that stand in for data sets of the Hub: a copy of them, or a few rows to try a recipe on.

DIR/org/name.jsonl        for org/name, whatever its subset
DIR/org/name/             the same; its files are those of the split that is asked for
DIR/org/name/subset/      for org/name:subset alone"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curate.errors import UserError, option
from curate.files import kind_of
from curate.files.kind import stem_of
from curate.recipe import Recipe, SourceSpec
from curate.sources import is_path
from curate.sources.hub import HubName, parse_hub_name


def with_stand_ins(
    recipe: Recipe, folder: Path | None, base: Path
) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with the paths of stand-ins where it names data sets of the Hub, and what to say
    of it; raises UserError where the folder is not there, or stands in for nothing.
    """
    if folder is None:
        return recipe, ()
    where = option("--sources-dir", "sources_dir")
    if not folder.is_dir():
        raise UserError(f"{where}: {folder}: no such folder")
    sources, notes = [], []
    for spec in recipe.sources:
        found = (
            None if spec.maker or is_path(spec.from_, base) else _stand_in(spec, folder.absolute())
        )
        sources.append(spec if found is None else spec.model_copy(update={"from_": str(found)}))
        notes += [f"source '{spec.name}': {found} for {spec.from_}"] if found is not None else []
    if not notes and not any(spec.maker for spec in recipe.sources):  # makers read some, too
        raise UserError(
            f"{where}: {folder}: nothing in it is called like a data set of the recipe; for "
            f"org/name give {folder}/org/name.jsonl, or a folder {folder}/org/name"
        )
    return recipe.model_copy(update={"sources": tuple(sources)}), tuple(notes)


def _stand_in(spec: SourceSpec, folder: Path) -> Path | None:
    found = list(_called(folder, parse_hub_name(spec.from_)))
    if len(found) > 1:
        raise UserError(
            f"source '{spec.name}': {found[0]} and {found[1]} are both called like {spec.from_}; "
            "leave one of them"
        )
    return found[0] if found else None


def _called(folder: Path, name: HubName) -> Iterator[Path]:
    """What is called like the subset of a data set, or else like the data set."""
    own = folder / name.path
    places = [own / name.subset, own] if name.subset else [own]
    for place in places:
        beside = sorted(place.parent.iterdir()) if place.parent.is_dir() else []
        found = [
            path
            for path in beside
            if (path.is_dir() and path.name == place.name)
            or (path.is_file() and kind_of(path.name) and stem_of(path.name) == place.name)
        ]
        if found:
            yield from found
            return
