"""Where a model comes from, how it is loaded, and which chat template it speaks.

Refused: a template that does not mark the assistant's turns (then there is no telling what to
learn), or that leaves their end out of what is learnt (then the model never stops). Remote code is
never run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from curate.errors import UserError
from curate_train.config import Lora, TrainConfig

TEMPLATES = Path(__file__).resolve().parent / "templates"
EMBEDDED = "embedded"
_MARK = re.compile(r"{%(-?)\s*(end)?generation\s*(-?)%}")


def model_path(config: TrainConfig) -> str:
    """What transformers is told to load; `embedded` is made ready first. Raises UserError where a
    folder holds none.
    """
    if config.model == EMBEDDED:
        from curate.embedded import embedded_model

        return str(embedded_model())
    folder = Path(config.model).expanduser()
    if is_local(config.model) and not (folder / "config.json").is_file():
        why = "config.json is not in it" if folder.is_dir() else "there is no such folder"
        raise UserError(f"model {config.model}: is no folder with a model ({why})")
    return str(folder) if is_local(config.model) else config.model


def is_local(model: str) -> bool:
    """Whether a model is a folder: one that is there, or what cannot be a name on the Hub, which
    has an owner and a name at most.
    """
    written = model.startswith((".", "/", "~")) or model.count("/") > 1
    return model != EMBEDDED and (written or Path(model).is_dir())


def loading(config: TrainConfig) -> dict[str, Any]:
    """How transformers loads the weights: float32, or as `lora.base` says."""
    base = config.lora.base if config.lora else "fp32"
    given: dict[str, Any] = {
        "dtype": "float32" if base == "fp32" else "bfloat16",
        "revision": config.revision or "main",
        "trust_remote_code": False,
    }
    if config.attn_implementation:
        given["attn_implementation"] = config.attn_implementation
    if config.kernels == "hub":
        given["use_kernels"] = True
    return given


def quantization(lora: Lora | None) -> Any:
    """How weights that are not trained are rounded, for TRL; None where they are not."""
    if lora is None or lora.base not in ("8bit", "4bit"):
        return None
    from transformers import BitsAndBytesConfig

    if lora.base == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype="bfloat16"
    )


def load_tokenizer(config: TrainConfig, path: str) -> Any:
    """The tokenizer with the chat template that `config` names; its padding token is set."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            path, revision=config.revision or "main", trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        where = "" if is_local(config.model) else "no such folder, and from the Hub "
        raise UserError(
            f"model {config.model}: {where}its tokenizer cannot be loaded: {first_line(error)}"
        ) from error
    if config.chat_template != "model":
        tokenizer.chat_template = _template(config.chat_template)
    elif plain := _ours(tokenizer.chat_template):
        tokenizer.chat_template = plain
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


def _ours(template: Any) -> str | None:
    """The marked form of a template of ours that a saved model has in its plain form."""
    marked = [_template(path.stem) for path in TEMPLATES.glob("*.jinja")]
    return next((one for one in marked if plain_template(one) == template), None)


def plain_template(template: Any) -> Any:
    """A template without the marks of what is learnt, which plain Jinja does not know; blanks are
    trimmed where they were.
    """
    if not isinstance(template, str):  # variants by name
        return {name: plain_template(one) for name, one in template.items()}
    return _MARK.sub(lambda m: f"{{%{m[1]} {'endif' if m[2] else 'if true'} {m[3]}%}}", template)


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


def first_line(error: Exception) -> str:
    """What an error of a library says, in one line."""
    return str(error).strip().split("\n", 1)[0][:300]
