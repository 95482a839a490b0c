"""How a trained model is written: in the dtype that is asked for, under a temporary name first, with
a chat template that any Jinja opens and nothing of the machine it was made on."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

from curate.embedded import HUB
from curate.shards import fsync_tree
from curate_train.config import TrainConfig
from curate_train.model import EMBEDDED, is_local, plain_template


def save(trainer: Any, tokenizer: Any, config: TrainConfig, folder: Path) -> None:
    """Write the trained model to `folder`; adapters are merged, and kept beside it.

    Every process of a distributed run has to call this. Where each holds a part of the weights
    (FSDP, ZeRO 3) adapters are written as they are: transformers opens them by way of peft."""
    partial = folder.with_name(folder.name + ".partial")
    main = trainer.is_world_process_zero()
    if main:
        shutil.rmtree(partial, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    _write(trainer, config, partial, main)
    if main:
        _finish(tokenizer, config, partial)
        fsync_tree(partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    trainer.accelerator.wait_for_everyone()


def _write(trainer: Any, config: TrainConfig, partial: Path, main: bool) -> None:
    model = trainer.accelerator.unwrap_model(trainer.model)
    in_parts = trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled
    if getattr(model, "peft_config", None) and not in_parts:
        trainer.save_model(str(partial / "adapter"))
        if main:
            _merged(model, config, partial / "adapter").save_pretrained(partial)
    else:
        trainer.save_model(str(partial))


def _merged(model: Any, config: TrainConfig, adapter: Path) -> Any:
    """The model with its adapters in the weights; into rounded (quantised) ones they are merged
    once these are loaded anew, in bf16.
    """
    if config.lora is None or config.lora.base in ("fp32", "bf16"):
        return model.merge_and_unload()
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(
        model.config.name_or_path, dtype="bfloat16", trust_remote_code=False
    )
    return PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()


def _finish(tokenizer: Any, config: TrainConfig, partial: Path) -> None:
    plain = deepcopy(tokenizer)
    plain.chat_template = plain_template(tokenizer.chat_template)
    plain.save_pretrained(partial)
    for folder in (partial, partial / "adapter"):
        (folder / "training_args.bin").unlink(missing_ok=True)  # a pickle; config.yaml says it all
    adapter = partial / "adapter"
    if adapter.is_dir():
        (adapter / "README.md").unlink(missing_ok=True)  # a form that nobody filled in
        plain.save_pretrained(adapter)
    for settings in partial.rglob("adapter_config.json"):
        _without_path(settings, config)
    dtype = dtype_of(config)
    for weights in sorted(partial.glob("model*.safetensors")):
        _cast(weights, dtype)
    _note_dtype(partial, dtype)


def base_name(config: TrainConfig) -> str:
    """What the run began with, by a name that says nothing of this machine's folders."""
    if config.model == EMBEDDED:
        return HUB
    if not is_local(config.model):
        return config.model
    folder = Path(config.model).expanduser().resolve()
    return folder.parent.name + "/model" if folder.name == "model" else folder.name


def dtype_of(config: TrainConfig) -> str:
    """The dtype to save in, as torch calls it."""
    import torch

    wanted = config.save_dtype
    if wanted == "auto":
        wanted = "bf16" if torch.cuda.is_available() else "fp32"
    return {"bf16": "bfloat16", "fp32": "float32"}[wanted]


def _cast(weights: Path, dtype: str) -> None:
    """Rewrite a file of weights in another dtype; whole numbers stay as they are."""
    import torch
    from safetensors.torch import load_file, save_file

    held, wanted = load_file(weights), getattr(torch, dtype)
    if all(not one.is_floating_point() or one.dtype == wanted for one in held.values()):
        return
    held = {k: one.to(wanted) if one.is_floating_point() else one for k, one in held.items()}
    save_file(held, weights, metadata={"format": "pt"})


def _note_dtype(folder: Path, dtype: str) -> None:
    """Say in config.json, and in the list of several files, what is in them now."""
    _change(folder / "config.json", {"dtype": dtype})
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        from safetensors import safe_open

        size = 0
        for weights in folder.glob("model*.safetensors"):
            with safe_open(weights, "pt") as held:
                size += sum(held.get_tensor(key).nbytes for key in held.keys())  # noqa: SIM118
        listed = json.loads(index.read_text("utf-8"))
        _change(index, {"metadata": listed.get("metadata", {}) | {"total_size": size}})


def _without_path(settings: Path, config: TrainConfig) -> None:
    _change(settings, {"base_model_name_or_path": base_name(config)})


def _change(path: Path, values: dict[str, Any]) -> None:
    if path.is_file():
        held = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps(held | values, indent=2) + "\n", "utf-8")
