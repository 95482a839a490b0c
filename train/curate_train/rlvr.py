"""Reinforcement learning with verifiable rewards: TRL's `GRPOTrainer`, with the verifiers of
`curate.verify` as reward.

TÜLU 3 used PPO with a value model (§6.2). TRL no longer has it; TÜLU 3.1, by the same authors,
replaced it by GRPO, where the mean reward of a prompt's completions is the baseline. Clipping, KL
penalty and reward are those of the paper; value coefficient, γ and λ have no counterpart. Since
advantages are relative to the group, α matters only beside `no_eos_reward`, and not at all where
all completions end."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from curate_train.arguments import common, parts
from curate_train.config import RlvrConfig
from curate_train.finished import Finished
from curate_train.rewards import Rollout, reward_function
from curate_train.run import Prepared, run

KIND = "rlvr"
Config = RlvrConfig
PRESETS = Path(__file__).resolve().parent / "presets" / "rlvr"


def make(config: RlvrConfig, prepared: Prepared, folder: Path) -> Any:
    """TRL's trainer for this configuration."""
    from trl import GRPOConfig, GRPOTrainer

    from curate_train.kl import VerifierKl

    shared = common(config, config.batch, folder, held_out=prepared.validation is not None)
    arguments = GRPOConfig(
        **shared,
        **_vllm(config),
        num_generations=config.generations,
        num_generations_eval=1,
        steps_per_generation=config.minibatches * shared["gradient_accumulation_steps"],
        num_iterations=config.iterations,
        max_completion_length=config.max_completion,
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=0,
        beta=config.beta,
        loss_type=config.loss,
        scale_rewards=config.scale_rewards,
        epsilon=config.clip,
        epsilon_high=config.clip_high,
        importance_sampling_level="token",
        use_bias_correction_kl=False,  # the KL estimator of the paper's code (k3), as it is
        mask_truncated_completions=config.mask_truncated,
        disable_dropout=True,
        shuffle_dataset=True,
    )
    recent: deque[Rollout] = deque(maxlen=config.prompts * config.generations)
    trainer = GRPOTrainer(
        reward_funcs=reward_function(config, lambda: trainer.eos_token_ids, recent),
        args=arguments,
        **parts(config, prepared),
    )
    if config.beta:
        trainer.add_callback(VerifierKl(trainer, prepared.tokenizer, recent))
    return trainer


def _vllm(config: RlvrConfig) -> dict[str, Any]:
    if config.vllm is None:
        return {"use_vllm": False}
    return {
        "use_vllm": True,
        "vllm_mode": config.vllm.mode,
        "vllm_server_base_url": config.vllm.url,
        "vllm_gpu_memory_utilization": config.vllm.memory,
        "vllm_tensor_parallel_size": config.vllm.tensor_parallel,
        "vllm_max_model_length": config.max_length,
    }


def train(
    config: RlvrConfig, data: str, out: str | Path, *, resume: bool = False, overwrite: bool = False
) -> Finished:
    """Train on the prompts at `data`, judged by their verifiers, and write to the new folder `out`;
    as `sft.train`.
    """
    return run("rlvr", make, config, data, Path(out), resume=resume, overwrite=overwrite)
