"""Where a model comes from, which chat template it speaks, and how it is saved.

Refused: a template that does not mark the assistant's turns (then there is no telling what to
learn), or that leaves their end out of what is learnt (then the model never stops). Remote code is
never run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from curate.errors import UserError
from curate.shards import fsync_tree
from curate_train.config import Lora, TrainConfig

TEMPLATES = Path(__file__).resolve().parent / "templates"
EMBEDDED = "embedded"


def model_path(config: TrainConfig) -> str:
    """What transformers is told to load; `embedded` is made ready first. Raises UserError where a
    folder holds none.
    """
    if config.model == EMBEDDED:
        from curate.embedded import embedded_model

        return str(embedded_model())
    folder = Path(config.model).expanduser()
    looks_local = config.model.startswith((".", "/", "~")) or folder.is_dir()
    if looks_local and not (folder / "config.json").is_file():
        raise UserError(
            f"model {config.model}: is no folder with a model (config.json is not there)"
        )
    return str(folder) if looks_local else config.model


def load_tokenizer(config: TrainConfig, path: str) -> Any:
    """The tokenizer with the chat template that `config` names; its padding token is set."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, revision=config.revision or "main")
    except (OSError, ValueError) as error:
        raise UserError(
            f"model {config.model}: its tokenizer cannot be loaded: {_first_line(error)}"
        ) from error
    if config.chat_template != "model":
        tokenizer.chat_template = _template(config.chat_template)
    elif not tokenizer.chat_template:
        raise UserError(
            f"model {config.model}: has no chat template of its own; set chat_template: tulu"
        )
    if tokenizer.eos_token is None:
        raise UserError(
            f"model {config.model}: its tokenizer has no end-of-sequence token, so nothing could ever end"
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _template(name: str) -> str:
    path = (
        TEMPLATES / f"{name}.jinja"
        if not name.endswith((".jinja", ".j2"))
        else Path(name).expanduser()
    )
    try:
        return path.read_text(encoding="utf-8").rstrip("\n")
    except OSError:
        known = ", ".join(sorted(one.stem for one in TEMPLATES.glob("*.jinja")))
        raise UserError(
            f"chat_template '{name}': give {known}, model, or a file that ends in .jinja"
        ) from None


def check_template(tokenizer: Any, name: str) -> None:
    """Raise UserError unless the template marks what the assistant says, its end included."""
    from trl.chat_template_utils import (
        get_training_chat_template,
        is_chat_template_stop_token_trained,
    )

    try:
        training = get_training_chat_template(tokenizer) or tokenizer.chat_template
    except ValueError:
        raise UserError(
            f"chat_template '{name}': does not mark the assistant's turns with "
            f"{{% generation %}} … {{% endgeneration %}}, so nothing says what to learn; take chat_template: tulu"
        ) from None
    if not is_chat_template_stop_token_trained(tokenizer, chat_template=training):
        raise UserError(
            f"chat_template '{name}': the end of a turn lies outside {{% generation %}}: never learnt"
        )


def peft_config(lora: Lora | None) -> Any:
    """The adapters to train, for TRL; None to train all weights."""
    if lora is None:
        return None
    from peft import LoraConfig

    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )


def save(trainer: Any, tokenizer: Any, folder: Path) -> None:
    """Write the trained model to `folder` under a temporary name first; adapters are merged, and
    kept beside it.

    Every process of a distributed run has to call this. Where each holds a part of the weights
    (FSDP, ZeRO 3) adapters are written as they are: transformers opens them by way of peft."""
    partial = folder.with_name(folder.name + ".partial")
    main = trainer.is_world_process_zero()
    if main:
        shutil.rmtree(partial, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    model = trainer.accelerator.unwrap_model(trainer.model)
    in_parts = trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled
    if getattr(model, "peft_config", None) and not in_parts:
        trainer.save_model(str(partial / "adapter"))
        if main:
            model.merge_and_unload().save_pretrained(partial)
    else:
        trainer.save_model(str(partial))
    if main:
        tokenizer.save_pretrained(partial)
        (partial / "training_args.bin").unlink(
            missing_ok=True
        )  # a pickle, and config.yaml says it all
        (partial / "adapter" / "training_args.bin").unlink(missing_ok=True)
        fsync_tree(partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    trainer.accelerator.wait_for_everyone()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
