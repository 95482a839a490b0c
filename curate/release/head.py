"""The head of a card as the Hub reads it: which files are data, their columns and sizes.

`configs` and `dataset_info` are written whole, whatever stood there: an entry of an earlier version
would give readers splits that are not there, or make removed rows data. The rest of the card, what
people wrote into it included, stays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from curate.check_lock import shape_of
from curate.config import front_matter
from curate.errors import UserError

Config = Mapping[str, Sequence[str]]
"""The files of each split, from the folder's root."""

_HEAD = re.compile(r"\A---\n(.*?)^---\n", re.MULTILINE | re.DOTALL)
_REMOVED = "removed"
_IN_DATA = re.compile(r"data/(train|validation)-\d{5}-of-\d{5}\.parquet")


def configs_of(folder: Path, lock: Mapping[str, Any], card: str) -> dict[str, Config]:
    """The files of every split, by the name under which `datasets` opens them; `removed` are the
    rows that went.

    Rows in shards are `default`. Where rows stand as in their files, the card says which of them
    are opened together. Raises UserError where it names a file that is no data."""
    names = sorted(lock["outputs"])
    data = [name for name in names if name.startswith("data/")]
    found = _as_the_card_says(folder, card, data) if shape_of(lock) == "lines" else _shards(data)
    removed = [name for name in names if name.startswith(f"{_REMOVED}/")]
    in_parquet = all(name.endswith(".parquet") for name in data)
    return found | ({_REMOVED: {_REMOVED: removed}} if removed and in_parquet else {})


def _shards(data: Sequence[str]) -> dict[str, Config]:
    splits: dict[str, list[str]] = {}
    for name in data:
        if match := _IN_DATA.fullmatch(name):
            splits.setdefault(match[1], []).append(name)
    return {"default": splits} if splits else {}


def _as_the_card_says(folder: Path, card: str, data: Sequence[str]) -> dict[str, Config]:
    found: dict[str, Config] = {}
    for one in _head(folder, card).get("configs") or []:
        if not isinstance(one, dict) or not {"config_name", "data_files"} <= one.keys():
            told = f"configs: {one!r} has no config_name or no data_files"
            raise UserError(f"{folder / 'README.md'}: {told}")
        if one["config_name"] == _REMOVED:
            continue
        splits = {}
        for split, paths in _files_of(one["data_files"], folder):
            own = [name for path in paths for name in data if fnmatch(name, path)]
            if not own:
                told = f"configs: '{one['config_name']}' names {paths[0]}, which is no file of rows"
                raise UserError(f"{folder / 'README.md'}: {told}")
            splits[split] = own
        found[one["config_name"]] = splits
    return found


def _files_of(given: Any, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Splits and their paths, in any of the forms that the Hub reads: paths alone are for training."""
    listed = given if isinstance(given, list) else [given]
    if all(isinstance(one, str) for one in listed):
        listed = [{"split": "train", "path": listed}]
    for one in listed:
        if not isinstance(one, dict) or not {"split", "path"} <= one.keys():
            raise UserError(
                f"{folder / 'README.md'}: configs: data_files: {one!r} has no split or no path"
            )
        yield one["split"], one["path"] if isinstance(one["path"], list) else [one["path"]]


def with_head(card: str, folder: Path, configs: Mapping[str, Config]) -> str:
    """The card with `configs` and `dataset_info` written anew from the files themselves."""
    head = _head(folder, card)
    for key in ("configs", "dataset_info", "config_names"):
        head.pop(key, None)
    head["configs"] = [_entry(name, splits) for name, splits in configs.items()]
    info = {name: one for name, splits in configs.items() if (one := _info(folder, splits))}
    if info:
        head["dataset_info"] = [{"config_name": name, **one} for name, one in info.items()]
    text = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=10**6)
    return f"---\n{text}---\n{_HEAD.sub('', card, count=1)}"


def _head(folder: Path, card: str) -> dict[str, Any]:
    match = _HEAD.match(card)
    head = front_matter(f"{folder / 'README.md'}: its head", match[1]) if match else {}
    if not isinstance(head, dict):
        raise UserError(f"{folder / 'README.md'}: its head is no mapping of keys to values")
    return head


def _entry(name: str, splits: Config) -> dict[str, Any]:
    default = {"default": True} if name == "default" else {}
    files = [{"split": split, "path": _paths(split, own)} for split, own in splits.items()]
    return {"config_name": name, **default, "data_files": files}


def _paths(split: str, paths: Sequence[str]) -> str | list[str]:
    """The files of a split; shards and removed rows by one pattern, however many there are."""
    if split == _REMOVED:
        return f"{_REMOVED}/*.parquet"
    if all(_IN_DATA.fullmatch(path) for path in paths):
        return f"data/{split}-*.parquet"
    return list(paths) if len(paths) > 1 else paths[0]


def _info(folder: Path, splits: Config) -> dict[str, Any]:
    """Columns and sizes as `datasets` writes them; nothing of text files, whose columns only their
    rows tell.
    """
    from datasets import DatasetInfo, Features, SplitDict, SplitInfo
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCardData

    paths = [path for own in splits.values() for path in own]
    if not all(path.endswith(".parquet") for path in paths):
        return {}
    sizes = SplitDict()
    for split, own in splits.items():
        found = [pq.read_metadata(folder / path) for path in own]
        groups = [one.row_group(n) for one in found for n in range(one.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        rows = sum(one.num_rows for one in found)
        sizes.add(SplitInfo(name=split, num_bytes=size, num_examples=rows))
    info = DatasetInfo(
        features=Features.from_arrow_schema(pq.read_schema(folder / paths[0])),
        splits=sizes,
        download_size=sum((folder / path).stat().st_size for path in paths),
        dataset_size=sum(one.num_bytes for one in sizes.values()),
    )
    data = DatasetCardData()
    DatasetInfosDict({"default": info}).to_dataset_card_data(data)
    return dict(data["dataset_info"])
