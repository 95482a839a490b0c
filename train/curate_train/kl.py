"""How far the model has moved from where it began, for each verifier: TRL logs that of all together
only.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from transformers import TrainerCallback

from curate_train.config import RlvrConfig
from curate_train.rewards import Rollout, spread


class VerifierKl(TrainerCallback):  # type: ignore[misc]
    """Logs `<verifier>/kl` with every log, of a few completions of every device's last rollouts."""

    def __init__(
        self, trainer: Any, config: RlvrConfig, tokenizer: Any, recent: deque[Rollout]
    ) -> None:
        """Look at what `trainer` put into `recent` in its last step."""
        self.trainer, self.config = trainer, config
        self.tokenizer, self.recent = tokenizer, recent

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Put the values where TRL takes its own metrics from."""
        if self.recent and (state.global_step % args.logging_steps == 0 or state.global_step == 1):
            found = defaultdict(list)
            drawn = spread(list(self.recent))
            for rollout, value in zip(drawn, self._divergence(drawn), strict=True):
                found[rollout.verifier].append(value)
            for name, mean in over_devices(found).items():
                self.trainer._metrics["train"][f"{name}/kl"].append(mean)

    def _divergence(self, rollouts: list[Rollout]) -> list[float]:
        """The mean over each completion's tokens of the k3 estimator, that of TRL's own `kl`."""
        import torch
        from torch.nn.utils.rnn import pad_sequence
        from trl.trainer.utils import use_adapter

        pad, device = self.tokenizer.pad_token_id, self.trainer.accelerator.device
        prompts = [
            torch.tensor(
                self.tokenizer.apply_chat_template(
                    one.prompt,
                    add_generation_prompt=True,
                    return_dict=False,
                    **(self.config.chat_template_kwargs or {}),
                )
            )
            for one in rollouts
        ]
        said = [torch.tensor(list(one.completion_ids)) for one in rollouts]
        left = pad_sequence(prompts, batch_first=True, padding_value=pad, padding_side="left")
        right = pad_sequence(said, batch_first=True, padding_value=pad)
        mask = pad_sequence([torch.ones_like(one) for one in said], batch_first=True).to(device)
        seen = pad_sequence(
            [torch.ones_like(one) for one in prompts], batch_first=True, padding_side="left"
        ).to(device)
        inputs = (
            torch.cat([left, right], 1).to(device),
            torch.cat([seen, mask], 1),
            right.shape[1],
        )
        log_probabilities = self.trainer._get_per_token_logps_and_entropies
        reference, without = self.trainer.ref_model, nullcontext()
        if reference is None:  # adapters: without them it is the model at the start
            reference = self.trainer.model
            without = use_adapter(
                self.trainer.accelerator.unwrap_model(reference), adapter_name=None
            )
        with torch.no_grad(), self.trainer.accelerator.autocast():
            ours = log_probabilities(self.trainer.model, *inputs)[0]
            with without:
                theirs = log_probabilities(reference, *inputs)[0]
        apart = theirs - ours
        k3 = (torch.exp(apart) - apart - 1) * mask
        found: list[float] = (k3.sum(1) / mask.sum(1).clamp(min=1)).tolist()
        return found


def over_devices(found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The mean of each verifier's values over all devices, the same on each of them."""
    from accelerate.utils import gather_object

    everywhere: dict[str, list[float]] = defaultdict(list)
    for name, value in gather_object([(name, v) for name, vs in found.items() for v in vs]):
        everywhere[name].append(value)
    return {name: sum(values) / len(values) for name, values in everywhere.items()}
