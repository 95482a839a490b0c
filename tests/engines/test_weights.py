"""What a model's name means: a folder is known by its files, as they are now."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.engines import weights as module
from curate.engines.weights import weights
from curate.shards import sha256


def test_a_folder_that_is_trained_anew_has_another_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(path: Path) -> str:
        read.append(path.name)
        return sha256(path)

    monkeypatch.setattr(module, "sha256", counted)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"old")
    folder, before = weights(str(tmp_path), None)
    assert (folder, weights(str(tmp_path), None)) == (tmp_path, (tmp_path, before))
    assert sorted(read) == ["config.json", "model.safetensors"]
    (tmp_path / "model.safetensors").write_bytes(b"newer")
    _, after = weights(str(tmp_path), None)
    assert after != before
    assert read[2:] == ["model.safetensors"]
    (tmp_path / "model.safetensors").write_bytes(b"old")
    assert weights(str(tmp_path), None)[1] == before
