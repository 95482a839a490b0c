"""Trainers, found by the entry points of the group `curate.trainers`: another package can register
its own.

A trainer is a module (or any object) with `KIND`, the kind of mixture it takes; `Config`, a
pydantic model; `train(config, data, out, resume=…, overwrite=…)`, whose result has `as_dict()`; and
`PRESETS`, a folder of YAML files, or none. Nothing here imports one before it is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from curate.config import check, load_yaml, yaml_value
from curate.errors import UserError, unknown

GROUP = "curate.trainers"


@dataclass(frozen=True)
class Trainer:
    """A trainer and the name it is registered under."""

    name: str
    module: Any

    @property
    def presets(self) -> dict[str, Path]:
        """The configurations that come with it, by name."""
        folder = getattr(self.module, "PRESETS", None)
        return {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder else {}


def find(name: str) -> Trainer:
    """The trainer of this name; raises UserError with the nearest known name, or for one that
    cannot be imported.
    """
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise UserError(unknown("trainer", name, found))
    try:
        module = found[name].load()
    except (ImportError, AttributeError) as error:
        raise UserError(f"trainer '{name}' cannot be imported: {error}") from error
    missing = [part for part in ("KIND", "Config", "train") if not hasattr(module, part)]
    if missing:
        raise UserError(f"trainer '{name}' ({found[name].value}) has no {missing[0]}")
    return Trainer(name, module)


def configure(trainer: Trainer, config: str, given: Sequence[str]) -> BaseModel:
    """The configuration in the file or preset `config`, changed by `given`: `--key value` pairs,
    values as YAML.

    `--lora.rank 8` sets a key of a part. Raises UserError for a name that is neither file nor
    preset, an unknown key or a value that will not do."""
    path = _config_file(trainer, config)
    model: type[BaseModel] = trainer.module.Config
    data = load_yaml(path)
    if not given:
        return check(model, data, config)
    changed = dict(data)  # which has no lines: a value may come from either
    for key, value in _pairs(given).items():
        _set(changed, key, value)
    return check(model, changed, f"{config} and the options")


def _config_file(trainer: Trainer, config: str) -> Path:
    path = Path(config)
    if path.suffix in (".yaml", ".yml") or os.sep in config or path.is_file():
        return path
    presets = trainer.presets
    if config not in presets:
        raise UserError(
            f"{unknown('preset', config, presets)}; a configuration of your own is given as a .yaml file"
        )
    return presets[config]


def _pairs(given: Sequence[str]) -> dict[str, Any]:
    """`--learning-rate 1e-5 --lora.rank=8` as keys and values."""
    found: dict[str, Any] = {}
    words = list(given)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            raise UserError(f"'{word}': a setting is given as --key value")
        key, equals, value = word[2:].partition("=")
        if not equals:
            if not words:
                raise UserError(f"'{word}': has no value")
            value = words.pop(0)
        name = key.replace("-", "_")
        if name in found:
            raise UserError(f"--{key} is given twice")
        found[name] = yaml_value(f"--{key}", value)
    return found


def _set(data: dict[str, Any], key: str, value: Any) -> None:
    *parts, last = key.split(".")
    for part in parts:
        inner = data.get(part)
        if inner is None:
            inner = data[part] = {}
        if not isinstance(inner, dict):
            raise UserError(f"--{key}: '{part}' is {inner!r}, which has no keys")
        data = inner
    data[last] = value
