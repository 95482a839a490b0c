"""Packages that a configuration asks for and the extra `train` does not bring: missed before any
work, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from curate.errors import UserError
from curate_train.config import RlvrConfig, TrainConfig


def refuse_missing(config: TrainConfig) -> None:
    """Raise UserError for the first package that is asked for and not installed."""
    for setting, module, package in _asked(config):
        if find_spec(module) is None:
            raise UserError(
                f"{setting}: needs the package {package}, which is not installed: pip install "
                f"{package}, or leave {setting.split(':')[0]} out"
            )


def _asked(config: TrainConfig) -> Iterator[tuple[str, str, str]]:
    """Setting, module, package."""
    for name in config.report_to:
        yield f"report_to: {name}", name, name
    if config.kernels == "liger":
        yield "kernels: liger", "liger_kernel", "liger-kernel"
    attention = config.attn_implementation or ""
    if config.kernels == "hub" or "/" in attention:
        yield ("kernels: hub" if config.kernels else "attn_implementation"), "kernels", "kernels"
    if attention == "flash_attention_2":
        yield "attn_implementation: flash_attention_2", "flash_attn", "flash-attn"
    if config.lora and config.lora.base in ("8bit", "4bit"):
        yield f"lora.base: {config.lora.base}", "bitsandbytes", "bitsandbytes"
    if isinstance(config, RlvrConfig) and config.vllm:
        yield "vllm", "vllm", "vllm"
