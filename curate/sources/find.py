"""Which files a path, glob or folder means, and which of them are the split that is asked for.

Symbolic links are followed, to files and to folders; one that leads nowhere is an error.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.errors import UserError
from curate.files import EXTENSIONS, SourceFile, kind_of
from curate.sources.built import built_files
from curate.sources.found import Found
from curate.sources.paths import GLOB, expand
from curate.sources.splits import as_words, by_names, by_readme, choose, missing_shards, within
from curate.sources.walk import below, matching

# Written beside the data by `datasets`; never rows.
_METADATA = frozenset(
    {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"}
)


@dataclass(frozen=True)
class Wish:
    """Which part of a folder is asked for."""

    split: str | None
    subset: str | None
    exact: bool


def find_files(from_: str, base: Path, wish: Wish) -> Found:
    """The files of a path, glob or folder; raises UserError where there is none, or no such split."""
    path = base / expand(from_)
    if path.is_dir():
        built = built_files(path, wish.split, exact=wish.exact)
        return built or _saved(path, wish) or _folder(path, from_, wish)
    if path.is_file():
        return _one(path, from_, wish)
    if GLOB & set(from_):
        return _glob(base, from_, wish)
    if path.exists():
        raise UserError(f"{from_}: not a regular file; write its rows to a file first")
    looked = "" if str(path) == from_ else f" (looked for {path})"
    raise UserError(f"{from_}: no such file or folder{looked}; a Hub name would look like org/name")


def _one(path: Path, from_: str, wish: Wish) -> Found:
    """One file: the split `train`, or what its name or that of its folder says."""
    if kind_of(path.name) is None:
        known = ", ".join(EXTENSIONS)
        raise UserError(
            f"{from_}: the name does not say what kind of file this is; rename it to end in one of "
            f"{known}, followed by .gz, .bz2, .xz or .zst if it is compressed"
        )
    splits = {"train", *by_names(["/".join(Path(from_).parts[-2:])])}
    if wish.exact and wish.split not in {None, *splits}:
        raise UserError(
            f"{from_}: one file, which has no split '{wish.split}' "
            f"(splits: {', '.join(sorted(splits))}); leave `split` out"
        )
    return Found((SourceFile.of(path, path.name),))


def _folder(path: Path, from_: str, wish: Wish) -> Found:
    root = _snapshot(path, from_)
    files = _readable(below(root))
    if not files:
        raise UserError(
            f"{from_}: the folder holds no file that is read (known: {', '.join(EXTENSIONS)})"
        )
    configured = by_readme(root, wish.subset)
    splits = configured or by_names(files)
    notes: list[str] = []
    if splits:
        split, notes = choose(from_, splits, wish.split, exact=wish.exact)
        own = {name: root / name for name in splits[split] if kind_of(name)}
        others = sorted(files.keys() - {name for names in splits.values() for name in names})
        if others and wish.split is None and split != "train":
            raise UserError(
                f"{from_}: {_some(own)} {_is(own)} the split {split}, {_some(others)} "
                f"{_is(others)} of none: say `split: {split}`, or give a glob of what is to be read"
            )
        if others and not configured:
            notes = [*notes, f"{_some(others)} {_is(others)} of no split, and left out"]
        files = own
    elif wish.exact and wish.split not in (None, "train"):
        raise UserError(f"{from_}: no split '{wish.split}' (splits: train, of all its files)")
    return Found(_of_one_kind(files, from_), [*notes, *missing_shards(files)])


def _some(names: Collection[str]) -> str:
    first = sorted(names)[:3]
    return ", ".join(first) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _is(names: Collection[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _of_one_kind(files: Mapping[str, Path], from_: str) -> tuple[SourceFile, ...]:
    kinds = {str(kind_of(path.name)) for path in files.values()}
    if not files:
        raise UserError(f"{from_}: the split holds no file that is read")
    if len(kinds) > 1:
        raise UserError(
            f"{from_}: the folder holds files of several kinds ({', '.join(sorted(kinds))}); give a glob"
        )
    return _opened(files)


def _snapshot(path: Path, from_: str) -> Path:
    """The one snapshot in a folder of the Hub's cache; any other folder as it is."""
    if not ((path / "refs").is_dir() and (path / "snapshots").is_dir()):
        return path
    snapshots = sorted((path / "snapshots").iterdir())
    if len(snapshots) != 1:
        listed = ", ".join(one.name for one in snapshots) or "none"
        raise UserError(
            f"{from_}: a data set in the Hub's cache; give one of its snapshots ({listed}), a "
            "folder below snapshots/"
        )
    return snapshots[0]


def _glob(base: Path, from_: str, wish: Wish) -> Found:
    parts = Path(from_).parts
    fixed = 0
    while not GLOB & set(parts[fixed]):
        fixed += 1
    # Only what is written in `from` is a pattern: the folder of the recipe, or a home, may be
    # called `x[1]`.
    root = base / expand(Path(*parts[:fixed]))
    files = _readable(matching(root, parts[fixed:]))
    if not files:
        raise UserError(f"{from_}: no file that is read matches (known: {', '.join(EXTENSIONS)})")
    # The folder that the pattern starts in counts: `test/*.jsonl`, `data/*.parquet`.
    above = f"{root.name}/" if fixed else ""
    splits = by_names(f"{above}{name}" for name in files)
    notes = []
    if wish.split in splits:
        wanted = {name.removeprefix(above) for name in splits[wish.split or ""]}
        files = {name: path for name, path in files.items() if name in wanted}
    elif wish.split is not None and wish.exact and (splits or wish.split != "train"):
        listed = ", ".join(splits or ["train"])
        raise UserError(f"{from_}: no split '{wish.split}' (splits: {listed})")
    elif len(splits) > 1:
        one = next(iter(splits))
        notes = [f"reads the splits {as_words(splits)} together; one alone: split: {one}"]
    return Found(_opened(files), [*notes, *missing_shards(files)])


def _readable(found: Iterable[tuple[str, Path]]) -> dict[str, Path]:
    """The files that are read, by name; neither hidden ones nor the metadata of `datasets`."""
    kept = {
        name: path
        for name, path in sorted(found)
        if kind_of(name)
        and path.name not in _METADATA
        and not any(part.startswith(".") for part in name.split("/"))
    }
    for path in kept.values():
        if path.is_symlink() and not path.exists():
            raise UserError(f"{path}: a link to a file that is not there; remove or mend it")
    return {name: path for name, path in kept.items() if path.is_file()}


def _opened(files: Mapping[str, Path]) -> tuple[SourceFile, ...]:
    return tuple(SourceFile.of(path, name) for name, path in sorted(files.items()))


def _saved(path: Path, wish: Wish) -> Found | None:
    """The Arrow files of a `save_to_disk` folder in their order; None where `path` is none."""
    notes: list[str] = []
    several = (path / "dataset_dict.json").is_file()
    if several:
        splits = _json(path / "dataset_dict.json", "splits")["splits"]
        split, notes = choose(str(path), splits, wish.split, exact=wish.exact)
        path = path / within(path, split)
    if not (path / "state.json").is_file():
        return None
    state = _json(path / "state.json", "_data_files")
    if not several:
        split = str(state.get("_split") or "train").partition("[")[0]
        _, notes = choose(str(path), [split], wish.split, exact=wish.exact)
    names = [within(path, one["filename"]) for one in state["_data_files"]]
    return Found(tuple(SourceFile.of(path / name, name) for name in names), notes)


def _json(path: Path, key: str) -> dict[str, Any]:
    """An object that `datasets` wrote, with a list under `key`; raises UserError if it is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
        if isinstance(found[key], list):
            return dict(found)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    raise UserError(f"{path}: not what `datasets` writes there: no list under '{key}'")
