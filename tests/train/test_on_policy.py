"""A run says so where the on-policy answers of its pairs are another model's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from curate_train.on_policy import strangers

from curate.engines.weights import weights
from curate.lock import LOCK, LOCK_VERSION


def checkpoint(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(text.encode())
    return folder


def pairs(folder: Path, model: str, revision: str, **prefer: Any) -> Path:
    """A built folder whose pairs have on-policy answers of a model."""
    folder.mkdir()
    source = {"name": "pairs", "prefer": {"on_policy": {"engine": "ours"}} | prefer}
    wrote = {"ours": {"kind": "vllm", "model": model, "revision": revision, "settings": {}}}
    lock = {"lock_version": LOCK_VERSION, "recipe": {"name": "p", "sources": [source]}}
    lock["inputs"] = {"sources": {"pairs": {"made": {"engines": wrote}}}}
    (folder / LOCK).write_text(json.dumps(lock))
    return folder


def test_weights_are_known_by_what_they_are_not_by_where_they_lie(tmp_path: Path) -> None:
    ours, moved = (checkpoint(tmp_path / name, "ours") for name in ("one", "other"))
    theirs = checkpoint(tmp_path / "theirs", "theirs")
    made = pairs(tmp_path / "pairs", str(ours), weights(str(ours), None)[1])
    assert list(strangers(made, str(moved), None)) == []
    (line,) = strangers(made, str(theirs), None)
    assert line.startswith("source 'pairs': its on-policy answers are those of")
    assert str(theirs) in line


def test_a_model_of_the_hub_is_known_by_name_and_commit(tmp_path: Path) -> None:
    made = pairs(tmp_path / "pairs", "org/model", "abc")
    assert list(strangers(made, "org/model", None)) == []
    assert list(strangers(made, "org/model", "abc")) == []
    assert list(strangers(made, "org/model", "def"))
    assert list(strangers(made, "org/other", None))


def test_other_sets_are_nobodys(tmp_path: Path) -> None:
    off = pairs(tmp_path / "off", "org/model", "abc", on_policy=None)
    assert list(strangers(off, "org/other", None)) == []
    assert list(strangers(tmp_path, "org/other", None)) == []
