"""Which model a word of the command line means.

    models(["embedded", "out/sft", "org/model", "judge.yaml"])

A folder that transformers opens, the folder of a training run (its `model/`), a name on the Hub,
`embedded`, or a YAML file with the keys of an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.config import load_yaml
from curate.engines import EngineSpec, engine_spec
from curate.errors import UserError


@dataclass(frozen=True)
class Model:
    """A model that is evaluated: its name in all tables, its engine, and its folder if it has one."""

    name: str
    spec: EngineSpec
    folder: Path | None = None


def models(words: Sequence[str]) -> list[Model]:
    """The models that words mean, each with a name of its own.

    Raises UserError where two are the same, and where a file or a folder holds no model."""
    found = [_model(word) for word in words]
    if len({word.rstrip("/") for word in words}) < len(words):
        raise UserError("a model is given twice")
    names = [model.name for model in found]
    return [
        Model(word.rstrip("/"), model.spec, model.folder) if names.count(model.name) > 1 else model
        for word, model in zip(words, found, strict=True)
    ]


def _model(word: str) -> Model:
    path = Path(word).expanduser()
    if path.suffix in (".yaml", ".yml"):
        given = load_yaml(path)
        spec = engine_spec(given.get("engine", dict(given)), str(path))
        return Model(path.stem, spec)
    if not path.is_dir():
        return Model(word, engine_spec({"kind": "transformers", "model": word}))
    for folder in (path, path / "model"):
        if (folder / "config.json").is_file():
            spec = engine_spec({"kind": "transformers", "model": str(folder)})
            return Model(path.resolve().name, spec, folder)
    raise UserError(
        f"{path}: no config.json, neither there nor in model/; give the folder of a model, or that "
        "of a finished training run"
    )
