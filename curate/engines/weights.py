"""Which weights a model's name means, and the digest that says that they are the same ones.

    folder, revision = weights("embedded", None)

A folder is known by a digest of its files, a model of the Hub by its commit, in whatever place it
lies. Nothing is loaded here, so that answers can be found in a store without a model in memory."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from curate.embedded import embedded_model
from curate.engines.spec import EMBEDDED
from curate.errors import UserError
from curate.network import hub_reachable
from curate.shards import sha256

_READ = ("*.json", "*.jinja", "*.model", "*.safetensors", "*.txt", "*.bin")


def weights(model: str, revision: str | None) -> tuple[Path, str]:
    """The folder of a model and its revision: a commit, or `sha256:` and a digest.

    Raises UserError where the model is not here and cannot be had.
    """
    if model == EMBEDDED:
        return _of_folder(_embedded())
    folder = Path(model).expanduser()
    if folder.is_dir():
        if revision:
            raise UserError(f"model {model}: a folder has no revision; leave it out")
        return _of_folder(folder)
    return _of_hub(model, revision)


@cache
def _embedded() -> Path:
    return embedded_model()


def _of_folder(folder: Path) -> tuple[Path, str]:
    files = sorted({path for pattern in _READ for path in folder.glob(pattern)})
    if not (folder / "config.json").is_file():
        raise UserError(f"model {folder}: no config.json; give a folder that transformers opens")
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name}\0{_digest(path)}\0".encode())
    return folder, f"sha256:{digest.hexdigest()}"


def _digest(path: Path) -> str:
    """The digest of a file, read once as long as it stays as it is: a folder may be trained anew."""
    facts = path.stat()
    return _read_digest(path.resolve(), facts.st_size, facts.st_mtime_ns)


@cache
def _read_digest(path: Path, size: int, changed: int) -> str:
    return sha256(path)


@cache
def _of_hub(model: str, revision: str | None) -> tuple[Path, str]:
    from huggingface_hub import snapshot_download

    try:
        found = snapshot_download(
            model,
            revision=revision,
            allow_patterns=list(_READ),
            local_files_only=not hub_reachable(),
        )
    except Exception as error:  # dozens of types, down to those of the HTTP library
        line = " ".join(str(error).split())[:200]
        raise UserError(
            f"model {model}: neither a folder nor to be had from the Hub ({line}); "
            f"give a folder, a name on the Hub, or '{EMBEDDED}'"
        ) from error
    return Path(found), Path(found).name
