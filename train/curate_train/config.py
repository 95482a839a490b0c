"""What can be set for a training run: one pydantic model a stage, the same in YAML, on the command
line and in Python.

Every figure that changes what is learnt is written out here or in a preset: none is left to a
default of TRL, whose defaults differ from the paper's (`max_length` 1,024, DPO's `beta` 0.1, GRPO's
`beta` 0). The defaults are those of TÜLU 3 (arXiv 2411.15124, §4.3, §5.3 and §6) where the paper
has one figure for all sizes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from curate.config import Strict

Positive = Annotated[int, Field(gt=0)]
Above0 = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Below1 = Annotated[float, Field(ge=0, lt=1)]
Reporter = Literal["tensorboard", "wandb", "trackio"]


class Lora(Strict):
    """Low-rank adapters (peft): trained in place of the weights, and merged into the model that is
    saved.
    """

    rank: Positive = 16
    alpha: Above0 = 32.0
    dropout: Below1 = 0.0
    targets: str | tuple[str, ...] = "all-linear"
    base: Literal["fp32", "bf16", "8bit", "4bit"] = "fp32"
    """How the weights lie in memory that are not trained; the last two by bitsandbytes."""


class TrainConfig(Strict):
    """What every stage has."""

    model: str
    """A folder, a Hub id, or `embedded`: SmolLM2-135M-Instruct."""
    revision: str | None = None
    """Of a Hub id: a commit, so that the same file trains the same model."""
    chat_template: str = "tulu"
    """`tulu`, `model` (the tokenizer's own), or a Jinja file."""
    chat_template_kwargs: dict[str, Any] | None = None
    """What else the template is given, `enable_thinking: false` for one."""
    seed: Annotated[int, Field(ge=0)] = 42
    learning_rate: Above0
    schedule: Literal["linear", "constant", "constant_with_warmup", "cosine"] = "linear"
    warmup: Below1 = 0.0
    """Share of all steps."""
    weight_decay: NotNegative = 0.0
    max_grad_norm: NotNegative = 1.0
    """Gradients longer than this are scaled down to it; 0 leaves them as they are."""
    adam_betas: tuple[Below1, Below1] = (0.9, 0.999)
    adam_eps: Above0 = 1e-8
    epochs: Above0 = 1.0
    steps: Positive | None = None
    """Stop after so many optimiser steps, whatever `epochs` says."""
    micro_batch: Positive = 1
    """Rows (pairs, completions) one device holds at once; the rest of a batch is accumulated."""
    max_length: Positive
    """Tokens of prompt and answer together; what is longer is cut, and its share reported."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """bf16: 32-bit weights, 16-bit matrix products. `auto`: bf16 where the device has instructions
    for it.
    """
    gradient_checkpointing: bool = True
    attn_implementation: str | None = None
    """`sdpa`, `eager`, `flash_attention_2`, or a kernel of the Hub by name; None: transformers'."""
    kernels: Literal["liger", "hub"] | None = None
    """Faster layers: Liger's, or those that the Hub has for the model."""
    router_aux_loss_coef: NotNegative | None = None
    """Of mixtures of experts: weight of the loss that balances them; None: the model's own."""
    lora: Lora | None = None
    save_dtype: Literal["auto", "bf16", "fp32"] = "auto"
    """Of the saved weights. `auto`: bf16 where a GPU has trained them."""
    log_every: Positive = 10
    eval_every: Positive | None = None
    """Steps between evaluations on the validation split; without it, at the start and at the end.
    """
    save_every: Positive | None = None
    """Steps between checkpoints; without it, only when interrupted."""
    keep_checkpoints: Positive = 2
    sample_every: Positive | None = None
    """Steps between sample completions of held-out prompts, written to samples.jsonl."""
    samples: Positive = 4
    sample_tokens: Positive = 128
    report_to: tuple[Reporter, ...] = ("tensorboard",)


class SftConfig(TrainConfig):
    """Supervised fine-tuning: the loss is the mean over all assistant tokens of a whole batch
    (§4.3).
    """

    batch: Positive = 128
    """Rows an optimiser step learns from, over all devices."""
    epochs: Above0 = 2.0
    warmup: Below1 = 0.03
    max_length: Positive = 4096
    length_grouped: bool = False
    """Draw rows of like length together, for much less padding. Of every 50 batches the longest
    come first.
    """
    packing: bool = False
    """Put several rows into one sequence, which do not see each other. The paper does not."""


class DpoConfig(TrainConfig):
    """Direct preference optimisation, by default length-normalised (§5.3)."""

    batch: Positive = 128
    """Pairs an optimiser step learns from, over all devices."""
    warmup: Below1 = 0.1
    max_length: Positive = 2048
    length_grouped: bool = False
    """Draw rows of like length together, for much less padding. Of every 50 batches the longest
    come first.
    """
    loss: Literal["sigmoid_norm", "sigmoid"] = "sigmoid_norm"
    """`sigmoid_norm` divides each log-ratio by its completion's tokens; `sigmoid` is plain DPO."""
    beta: Above0 = 5.0


class Vllm(Strict):
    """Rollouts by vLLM: in the trainer's process (`colocate`) or a server (`trl vllm-serve`)."""

    mode: Literal["colocate", "server"] = "colocate"
    url: str | None = None
    """Of the server, http://host:port."""
    group_port: Annotated[int, Field(ge=1, le=65535)] = 51216
    """On which the server gets new weights."""
    timeout: Above0 = 240.0
    """Seconds to wait for the server when the run begins."""
    memory: Share = 0.3
    """Share of a device's memory for vLLM, `colocate` only."""
    tensor_parallel: Positive = 1
    seed: Annotated[int, Field(ge=0)] | None = None
    """Of vLLM's sampling, `colocate` only; None: that of the run."""
    correction: (
        Literal["sequence_mask", "sequence_truncate", "token_mask", "token_truncate"] | None
    ) = "sequence_mask"
    """How the loss makes up for probabilities that differ between vLLM and the trainer: their
    ratio weighs a sequence or a token, and beyond its bounds is left out or cut. None: not at all.
    """
    correction_max: Above0 | None = 3.0
    correction_min: Above0 | None = None

    @model_validator(mode="after")
    def _server_has_url(self) -> Vllm:
        if self.mode == "server" and not self.url:
            raise ValueError("vllm: mode 'server' needs the server's url, http://host:port")
        return self


GRPO_ALONE = (
    "loss",
    "scale_rewards",
    "keep_zero_variance",
    "entropy_coef",
    "top_entropy_quantile",
    "cast_lm_head_to_fp32",
)
"""Keys that TRL's RLOO does not have."""


class RlvrConfig(TrainConfig):
    """Reinforcement learning with verifiable rewards by GRPO (§6; TÜLU 3.1 and later practice)."""

    algorithm: Literal["grpo", "rloo"] = "grpo"
    """`rloo`: the baseline is the mean of the other completions, and KL is part of the reward."""
    schedule: Literal["linear", "constant", "constant_with_warmup", "cosine"] = "constant"
    prompts: Positive = 48
    """Different prompts a round of rollouts draws, over all devices."""
    generations: Annotated[int, Field(ge=2)] = 16
    """Completions for each prompt: the group whose mean is the baseline."""
    minibatches: Positive = 1
    """Optimiser steps for each round; `prompts` × `generations` completions are divided among them.
    """
    iterations: Positive = 1
    """Times each round is gone through (μ)."""
    max_length: Positive = 4096
    max_completion: Positive = 2048
    """Tokens of a completion; prompts longer than `max_length` - `max_completion` are left out, and
    counted.
    """
    temperature: Above0 = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    beta: NotNegative = 0.01
    """Weight of the KL divergence from the model at the start."""
    loss: Literal["grpo", "dapo", "dr_grpo", "bnpo"] = "dapo"
    """`dapo` divides by the tokens of the whole batch, `grpo` by each completion's."""
    scale_rewards: Literal["group", "batch", "none"] = "group"
    """By whose standard deviation advantages are divided."""
    clip: Above0 = 0.2
    clip_high: Above0 | None = None
    """Upper clip where it differs from the lower (`clip-higher`)."""
    mask_truncated: bool = False
    """Leave completions without an end out of the loss."""
    keep_zero_variance: bool = False
    """Keep groups in the loss whose completions all got the same reward, for their KL term."""
    entropy_coef: float = 0.0
    """Weight of a bonus for entropy."""
    top_entropy_quantile: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Learn from this share of tokens alone, those of the highest entropy."""
    cast_lm_head_to_fp32: bool = False
    """Compute log-probabilities in 32 bits, whatever the precision."""
    few_shot: dict[str, str] | None = None
    """Verifier → examples set before its prompts: a name, or a YAML file."""
    reward: float = 10.0
    """α: what a verified answer is worth; a partial score (of several constraints, say) gets its
    share.
    """
    no_eos_reward: float | None = -10.0
    """Instead of any reward, for a completion that does not end; None: it is judged like any other.
    """
    vllm: Vllm | None = None
    verifier_workers: Positive = 1
    verifier_seconds: Above0 = 10.0

    @model_validator(mode="after")
    def _room(self) -> RlvrConfig:
        if self.max_completion >= self.max_length:
            raise ValueError(
                f"max_completion ({self.max_completion}) leaves no room for a prompt in max_length"
            )
        if self.prompts * self.generations % self.minibatches:
            raise ValueError(
                f"prompts × generations is not a multiple of minibatches ({self.minibatches})"
            )
        if self.algorithm == "rloo":
            self._refuse_grpo()
        if (self.save_every or 0) % self.round_steps:
            raise ValueError(
                f"save_every ({self.save_every}) is no multiple of minibatches × iterations "
                f"({self.round_steps}): a run can only go on at the end of a round"
            )
        return self

    def _refuse_grpo(self) -> None:
        for key in GRPO_ALONE:
            if getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"{key}: algorithm rloo has none; leave it out, or take grpo")

    @property
    def round_steps(self) -> int:
        """Optimiser steps from one round of rollouts to the next."""
        return self.minibatches * self.iterations

    @property
    def batch(self) -> int:
        """Completions an optimiser step learns from, over all devices."""
        return self.prompts * self.generations // self.minibatches


def accumulation(batch: int, micro_batch: int, devices: int) -> int:
    """Micro-batches a device goes through for one optimiser step; raises ValueError where they do
    not make a batch.
    """
    at_once = micro_batch * devices
    if batch % at_once:
        raise ValueError(
            f"a batch of {batch} is no multiple of micro_batch ({micro_batch}) × {devices} devices"
        )
    return batch // at_once
