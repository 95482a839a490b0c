"""A saved model: in the dtype that is asked for, opened by anything, silent about the machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from curate_train.config import SftConfig

pytest.importorskip("trl", reason="needs the extra 'train'")
pytestmark = pytest.mark.filterwarnings("ignore:.*will be removed in v6:FutureWarning")

Mixture = Callable[[str], Path]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lora", "asked", "dtype"),
    [
        (None, "bf16", "bfloat16"),
        ({"rank": 2}, "auto", "float32"),
        ({"rank": 2, "base": "bf16"}, "bf16", "bfloat16"),
    ],
)
def test_what_lies_in_the_folder(
    lora: Any, asked: str, dtype: str, settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    import torch
    from curate_train import sft
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if torch.cuda.is_available() and asked == "auto":
        dtype = "bfloat16"
    more = {"batch": 8, "steps": 2, "lora": lora, "save_dtype": asked}
    found = sft.train(SftConfig(**settings | more), str(mixture("sft")), tmp_path / "run")
    held = load_file(found.model / "model.safetensors")
    assert {str(one.dtype) for one in held.values()} == {f"torch.{dtype}"}
    assert json.loads((found.model / "config.json").read_text("utf-8"))["dtype"] == dtype
    model = AutoModelForCausalLM.from_pretrained(found.model)
    assert str(model.dtype) == f"torch.{dtype}"
    tokenizer = AutoTokenizer.from_pretrained(found.model)
    assert "generation %}" not in tokenizer.chat_template
    texts = [path for path in found.model.rglob("*") if path.suffix in (".md", ".json", ".jinja")]
    assert len(texts) >= 5
    for path in texts:
        text = path.read_text("utf-8")
        assert str(tmp_path.parent) not in text, path
        assert str(Path(settings["model"]).parent) not in text, path


@pytest.mark.slow
def test_adapters_over_a_base_of_16_bits_are_learnt_in_32(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    import torch
    from curate_train import sft
    from curate_train.data import open_data
    from curate_train.prepare import prepare

    config = SftConfig(**settings | {"batch": 8, "lora": {"rank": 2, "base": "bf16"}})
    prepared, _ = prepare(config, open_data(str(mixture("sft")), "sft", tmp_path / "cache"))
    trainer = sft.make(config, prepared, tmp_path)
    dtypes = {one.requires_grad: one.dtype for one in trainer.model.parameters()}
    assert dtypes == {True: torch.float32, False: torch.bfloat16}


@pytest.mark.slow
def test_a_saved_model_is_trained_again_by_its_own_template(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    """Its template has no marks any more, and is known to be ours."""
    from curate_train.model import check_template, load_tokenizer, plain_template

    plain = SftConfig(**settings)
    tokenizer = load_tokenizer(plain, plain.model)
    tokenizer.chat_template = plain_template(tokenizer.chat_template)
    tokenizer.save_pretrained(tmp_path / "model")
    config = SftConfig(**settings | {"chat_template": "model", "model": str(tmp_path / "model")})
    check_template(load_tokenizer(config, config.model), "model")


def test_a_folder_is_named_without_the_way_to_it(tmp_path: Path) -> None:
    from curate_train.saved import base_name

    (tmp_path / "runs/first/model").mkdir(parents=True)
    (tmp_path / "weights").mkdir()

    def name(model: str) -> str:
        return base_name(SftConfig(model=model, learning_rate=1e-5))

    assert name(str(tmp_path / "runs/first/model")) == "first/model"
    assert name(str(tmp_path / "weights")) == "weights"
    assert name("owner/model-8b") == "owner/model-8b"
    assert name("embedded").endswith("SmolLM2-135M-Instruct")


def test_a_model_in_several_files_is_cast_file_by_file(tmp_path: Path) -> None:
    import torch
    from curate_train.saved import _cast, _note_dtype
    from safetensors.torch import load_file, save_file

    parts = {"a": torch.ones(4, 3), "b": torch.arange(5)}
    for name, one in parts.items():
        save_file({name: one}, tmp_path / f"model-{name}.safetensors", metadata={"format": "pt"})
    (tmp_path / "config.json").write_text('{"dtype": "float32", "vocab_size": 7}')
    listed = {"metadata": {"total_size": 88, "other": 1}, "weight_map": {}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(listed))
    for path in tmp_path.glob("*.safetensors"):
        _cast(path, "bfloat16")
    _note_dtype(tmp_path, "bfloat16")
    held = {name: load_file(tmp_path / f"model-{name}.safetensors")[name] for name in parts}
    assert held["a"].dtype == torch.bfloat16
    assert held["b"].equal(parts["b"])
    told = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert told["metadata"] == {"total_size": 4 * 3 * 2 + 5 * 8, "other": 1}
    config = json.loads((tmp_path / "config.json").read_text())
    assert config == {"dtype": "bfloat16", "vocab_size": 7}
