"""Which files of a folder are which split, by the rules of `datasets`, and which split is read.

The first of these that applies says what the splits are:

- `configs` in the README.md of the folder: those of its default configuration (`by_readme`);
- files called like `data/dev_set-00000-of-00002.parquet`, whatever the split's name;
- folders called like a split: `train`, `my-test`, `val_1`;
- files called like one: `train.jsonl`, `x.test.csv`.

`training` is `train` too; `valid`, `val` and `dev` are `validation`; `testing`, `eval` and
`evaluation` are `test`. Where no name says anything, all files are `train`.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from curate.config import front_matter
from curate.errors import UserError
from curate.sources.walk import matching

Splits = dict[str, list[str]]
"""The names of the files of every split, sorted."""

_KEYWORDS = {
    "train": "train|training",
    "validation": "validation|valid|dev|val",
    "test": "test|testing|eval|evaluation",
}
_APART = "[-._ 0-9]"  # what parts a keyword from the rest of a name
_IN_FOLDER = {
    split: re.compile(f"(?:.*{_APART})?(?:{words})(?:{_APART}.*)?")
    for split, words in _KEYWORDS.items()
}
_IN_FILE = {
    split: re.compile(f"(?:.*{_APART})?(?:{words}){_APART}.*") for split, words in _KEYWORDS.items()
}
_SHARD = re.compile(r"(?P<split>.+)-(?P<number>\d{5})-of-(?P<of>\d{5})[^/]*\.[^/]*")
_FRONT_MATTER = re.compile(r"\s*---[\r\n]+(.*?)[\r\n]+---(?:[\r\n]|$)", re.DOTALL)


def by_names(names: Iterable[str]) -> Splits:
    """The splits that names, relative to a folder, speak of; none where they say nothing."""
    found = sorted(names)
    sharded: Splits = {}
    for name in found:
        folder, _, own = name.rpartition("/")
        if folder == "data" and (match := _SHARD.fullmatch(own)):
            sharded.setdefault(match["split"], []).append(name)
    if sharded:
        return {split: sharded[split] for split in _in_order(sharded)}
    in_folders = {
        split: [name for name in found if any(map(word.fullmatch, name.split("/")[:-1]))]
        for split, word in _IN_FOLDER.items()
    }
    in_files = {
        split: [name for name in found if word.fullmatch(name.rpartition("/")[2])]
        for split, word in _IN_FILE.items()
    }
    chosen = in_folders if any(in_folders.values()) else in_files
    return {split: own for split, own in chosen.items() if own}


def _in_order(splits: Iterable[str]) -> list[str]:
    known = list(_KEYWORDS)
    return sorted(splits, key=lambda one: (known.index(one) if one in known else 9, one))


def by_readme(folder: Path, subset: str | None = None) -> Splits | None:
    """The splits that `configs` in a folder's README.md names; None where there are none.

    Of several configurations it is `subset`, all with `*`, else the default one. Raises UserError
    where nobody says which.
    """
    configs = _configs(folder)
    if not configs:
        return None
    if subset == "*":
        chosen = list(configs)
    elif subset in configs:
        chosen = [subset]
    else:
        chosen = [
            name
            for name, config in configs.items()
            if len(configs) == 1 or name == "default" or config.get("default")
        ][:1]
    if not chosen:
        listed = ", ".join(configs)
        raise UserError(
            f"{folder}: its README.md names the configurations {listed}, and none of them as the "
            "default one; give a glob of the files of one"
        )
    splits: Splits = {}
    for name in chosen:
        for split, files in _of_config(folder, str(name), configs[name]).items():
            splits[split] = sorted({*splits.get(split, ()), *files})
    return splits


def _configs(folder: Path) -> dict[str, dict[str, Any]]:
    """The configurations that a README.md names, with what it says of each."""
    readme = folder / "README.md"
    if not readme.is_file():
        return {}
    front = _FRONT_MATTER.match(readme.read_text("utf-8", "replace"))
    what = f"{readme}: what stands between the lines `---`"
    said = front_matter(what, front[1]) if front else None
    configs = said.get("configs") if isinstance(said, dict) else None
    return {
        str(config["config_name"]): config
        for config in configs or ()
        if isinstance(config, dict) and config.keys() & {"data_files", "data_dir"}
    }


def _of_config(folder: Path, name: str, config: Mapping[str, Any]) -> Splits:
    said = config.get("data_files")
    if said is None:
        root = f"{config['data_dir']}".strip("/")
        names = _matching(folder, f"{glob.escape(root)}/**")
        inner = by_names(one.removeprefix(f"{root}/") for one in names)
        return {split: [f"{root}/{one}" for one in own] for split, own in inner.items()} or {
            "train": names
        }
    entries = said if isinstance(said, list) else [said]
    if isinstance(said, dict):
        entries = [{"split": split, "path": path} for split, path in said.items()]
    if all(isinstance(entry, str) for entry in entries):
        entries = [{"split": "train", "path": entries}]
    splits: Splits = {}
    for entry in entries:
        if not (isinstance(entry, dict) and {"split", "path"} <= entry.keys()):
            raise UserError(
                f"{folder}/README.md: configs: data_files of '{name}' is no list of {{split, path}}"
            )
        paths = entry["path"] if isinstance(entry["path"], list) else [entry["path"]]
        splits[str(entry["split"])] = [one for path in paths for one in _matching(folder, path)]
    return splits


def _matching(folder: Path, pattern: str) -> list[str]:
    found = matching(folder, Path(within(folder, pattern)).parts)
    return sorted(name for name, path in found if path.is_file())


def within(folder: Path, name: object) -> str:
    """A name below a folder that a file in it gives; raises UserError where it leads elsewhere."""
    path = Path(str(name))
    if path.is_absolute() or ".." in path.parts:
        raise UserError(f"{folder}: names '{name}' among its files, which is not in it")
    return str(name)


def choose(
    what: str, splits: Collection[str], wanted: str | None, *, exact: bool = True
) -> tuple[str, list[str]]:
    """The split that is read, and what is worth saying about it.

    Without a wish it is `train`, or the only one there is. A wish that cannot be granted is a
    UserError that lists the splits; where it need not be `exact`, the only split is taken for it.
    """
    if wanted is not None and wanted in splits:
        return wanted, []
    if not splits or (wanted is not None and (exact or len(splits) > 1)):
        listed = ", ".join(splits) or "none"
        raise UserError(f"{what}: no split '{wanted or 'train'}' (splits: {listed})")
    if len(splits) == 1:
        (only,) = splits
        asked = f", where {wanted} was asked for" if wanted else ", the only one"
        return only, [f"reads split {only}{asked}"] if only != "train" or wanted else []
    if "train" not in splits:
        raise UserError(f"{what}: say which split is read: {as_words(splits, 'or')} (`split`)")
    others = [split for split in splits if split != "train"]
    left = f"{as_words(others)} {'is' if len(others) == 1 else 'are'} left out"
    return "train", [f"reads only split train; {left} (set `split` to read another)"]


def as_words(names: Collection[str], last: str = "and") -> str:
    """Names as a sentence lists them."""
    *firsts, end = names
    return f"{', '.join(firsts)} {last} {end}" if firsts else str(end)


def missing_shards(names: Iterable[str]) -> list[str]:
    """What is worth saying about files numbered `-00000-of-00002` that are not all there."""
    shards: dict[tuple[str, str], int] = {}
    for name in names:
        if match := _SHARD.fullmatch(name):
            key = match["split"], match["of"]
            shards[key] = shards.get(key, 0) + 1
    return [
        f"{there} of the {int(of)} files {stem}-*-of-{of} are there"
        for (stem, of), there in shards.items()
        if there < int(of)
    ]
