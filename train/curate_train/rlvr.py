"""Reinforcement learning with verifiable rewards: TRL's `GRPOTrainer`, with the verifiers of
`curate.verify` as reward.

TÜLU 3 used PPO with a value model (§6.2). TRL no longer has it; TÜLU 3.1, by the same authors,
replaced it by GRPO, where the mean reward of a prompt's completions is the baseline. Clipping, KL
penalty and reward are those of the paper; value coefficient, γ and λ have no counterpart. Since
advantages are relative to the group, α matters only beside `no_eos_reward`, and not at all where
all completions end. `algorithm: rloo` takes TRL's `RLOOTrainer` instead."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from curate_train.arguments import common, parts
from curate_train.config import RlvrConfig
from curate_train.finished import Finished
from curate_train.prepare import Prepared
from curate_train.rewards import Rollout, reward_function
from curate_train.run import run
from curate_train.vllm import correction, seeded, vllm_arguments

KIND = "rlvr"
Config = RlvrConfig
PRESETS = Path(__file__).resolve().parent / "presets" / "rlvr"


def make(config: RlvrConfig, prepared: Prepared, folder: Path, engine: Any = None) -> Any:
    """TRL's trainer for this configuration; `engine` is for verifiers that ask a language model."""
    from curate_train.groups import leave_out
    from curate_train.kl import VerifierKl

    shared = common(config, config.batch, folder, held_out=prepared.validation is not None)
    recent: deque[Rollout] = deque(maxlen=config.prompts * config.generations)
    latest: list[float | None] = []
    reward = reward_function(config, lambda: trainer.eos_token_ids, recent, engine)

    def verified(**given: Any) -> list[float | None]:
        latest[:] = reward(**given)
        return list(latest)

    arguments, of = (_grpo if config.algorithm == "grpo" else _rloo)(config, shared)
    trainer = of(reward_funcs=verified, args=arguments, **parts(config, prepared))
    leave_out(trainer, config, latest)
    if config.beta:
        trainer.add_callback(VerifierKl(trainer, config, prepared.tokenizer, recent))
    return trainer


def _rollouts(config: RlvrConfig, shared: dict[str, Any]) -> dict[str, Any]:
    """What both of TRL's configurations are given."""
    return {
        **shared,
        **vllm_arguments(config),
        "num_generations": config.generations,
        "num_generations_eval": 1,
        "steps_per_generation": config.minibatches * shared["gradient_accumulation_steps"],
        "num_iterations": config.iterations,
        "max_completion_length": config.max_completion,
        "temperature": config.temperature,
        "top_p": config.top_p,
        "top_k": 0,
        "beta": config.beta,
        "epsilon": config.clip,
        "epsilon_high": config.clip_high,
        "mask_truncated_completions": config.mask_truncated,
        "chat_template_kwargs": config.chat_template_kwargs,
        "disable_dropout": True,
        "shuffle_dataset": True,
    }


def _grpo(config: RlvrConfig, shared: dict[str, Any]) -> tuple[Any, Any]:
    from trl import GRPOConfig, GRPOTrainer

    arguments = GRPOConfig(
        **_rollouts(config, shared),
        **correction(config),
        loss_type=config.loss,
        scale_rewards=config.scale_rewards,
        importance_sampling_level="token",
        use_bias_correction_kl=False,  # the KL estimator of the paper's code (k3), as it is
        entropy_coef=config.entropy_coef,
        use_adaptive_entropy=False,
        top_entropy_quantile=config.top_entropy_quantile,
        cast_lm_head_to_fp32=config.cast_lm_head_to_fp32,
    )
    return arguments, GRPOTrainer


def _rloo(config: RlvrConfig, shared: dict[str, Any]) -> tuple[Any, Any]:
    from trl import RLOOConfig, RLOOTrainer

    more = {"normalize_advantages": False, "reward_clip_range": None}
    return RLOOConfig(**_rollouts(config, shared), **more), RLOOTrainer


def train(
    config: RlvrConfig,
    data: str,
    out: str | Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    engine: Any = None,
) -> Finished:
    """Train on the prompts at `data`, judged by their verifiers, and write to the new folder `out`;
    as `sft.train`. `engine` is for verifiers that ask a language model and bring none of their own.
    """

    def made(config: RlvrConfig, prepared: Prepared, folder: Path) -> Any:
        with seeded(config):
            return make(config, prepared, folder, engine)

    folder = Path(out)
    return run(
        "rlvr", made, config, data, folder, resume=resume, overwrite=overwrite, engine=engine
    )
