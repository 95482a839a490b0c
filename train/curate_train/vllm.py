"""What TRL is told of vLLM, where it writes the rollouts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from curate_train.config import RlvrConfig


def vllm_arguments(config: RlvrConfig) -> dict[str, Any]:
    """Keyword arguments for both of TRL's configurations."""
    if config.vllm is None:
        return {"use_vllm": False}
    return {
        "use_vllm": True,
        "vllm_mode": config.vllm.mode,
        "vllm_server_base_url": config.vllm.url,
        "vllm_server_timeout": config.vllm.timeout,
        "vllm_group_port": config.vllm.group_port,
        "vllm_gpu_memory_utilization": config.vllm.memory,
        "vllm_tensor_parallel_size": config.vllm.tensor_parallel,
        "vllm_max_model_length": config.max_length,
    }


def correction(config: RlvrConfig) -> dict[str, Any]:
    """For GRPO's configuration: how its loss makes up for probabilities that differ from vLLM's."""
    if config.vllm is None:
        return {}
    return {
        "vllm_importance_sampling_correction": config.vllm.correction is not None,
        "vllm_importance_sampling_mode": config.vllm.correction or "sequence_mask",
        "vllm_importance_sampling_clip_max": config.vllm.correction_max,
        "vllm_importance_sampling_clip_min": config.vllm.correction_min,
    }


@contextmanager
def seeded(config: RlvrConfig) -> Iterator[None]:
    """While it lasts, vLLM in this process starts with the seed of the run: TRL numbers its devices
    from 0, whatever the seed is.
    """
    if config.vllm is None or config.vllm.mode != "colocate":
        yield
        return
    from trl.generation import vllm_generation

    begun, seed = vllm_generation.LLM, config.vllm.seed
    first = config.seed if seed is None else seed

    def llm(*arguments: Any, **given: Any) -> Any:
        return begun(*arguments, **given | {"seed": first + int(given.get("seed", 0))})

    vllm_generation.LLM = llm
    try:
        yield
    finally:
        vllm_generation.LLM = begun
