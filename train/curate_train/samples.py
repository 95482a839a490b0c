"""Sample completions while a model learns: the same few prompts each time, greedily, so that they
can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from curate.records import TURN_COLUMNS
from curate_train.folder import SAMPLES
from curate_train.rendering import tools_of


class Sampler(TrainerCallback):  # type: ignore[misc]
    """Every `every` steps, at the start and at the end, completes the prompts of `rows` and writes
    samples.jsonl.
    """

    def __init__(
        self,
        folder: Path,
        trainer: Any,
        tokenizer: Any,
        rows: list[dict[str, Any]],
        every: int,
        tokens: int,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Complete `rows`, each with `id` and `prompt`, by at most `tokens` tokens; `more` is for
        the chat template.
        """
        self.path, self.trainer, self.tokenizer = folder / SAMPLES, trainer, tokenizer
        self.rows, self.every, self.tokens, self.more = rows, every, tokens, dict(more or {})

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """What the model says before it learns."""
        if state.global_step == 0:
            self._write(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """What it says now."""
        if state.global_step % self.every == 0 or state.global_step == state.max_steps:
            self._write(state)

    def _write(self, state: Any) -> None:
        said = complete(self.trainer, self.tokenizer, self.rows, self.tokens, self.more)
        if state.is_world_process_zero:
            with self.path.open("a", encoding="utf-8") as file:
                for row, (completion, ended) in zip(self.rows, said, strict=True):
                    line = {
                        "step": state.global_step,
                        **row,
                        "completion": completion,
                        "ended": ended,
                    }
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")


def sample_rows(dataset: Any, kind: str, n: int) -> list[dict[str, Any]]:
    """The first `n` rows' ids, prompts and tools; of a conversation the prompt is all that stands
    before its last answer.
    """
    rows = dataset.select(range(min(n, len(dataset)))).to_list()
    column = TURN_COLUMNS[kind][0]
    found = []
    for row in rows:
        prompt = row[column][:-1] if kind == "sft" else row[column]
        tools = {"tools": row["tools"]} if row.get("tools") else {}
        found.append({"id": row["id"], "prompt": prompt, **tools})
    return found


def complete(
    trainer: Any,
    tokenizer: Any,
    rows: list[dict[str, Any]],
    tokens: int,
    more: Mapping[str, Any],
) -> list[tuple[str, bool]]:
    """Greedy completions of the rows' prompts, and whether each ended within `tokens`."""
    import torch
    from trl.models.utils import unwrap_model_for_generation

    asked = [
        tokenizer.apply_chat_template(
            row["prompt"],
            tools=tools_of(row),
            add_generation_prompt=True,
            return_dict=False,
            **more,
        )
        for row in rows
    ]
    encoded = tokenizer.pad({"input_ids": asked}, padding_side="left", return_tensors="pt").to(
        trainer.accelerator.device
    )
    training = trainer.model.training
    with (
        unwrap_model_for_generation(trainer.model_wrapped, trainer.accelerator) as model,
        torch.no_grad(),
    ):
        model.eval()
        made = model.generate(
            **encoded,
            max_new_tokens=tokens,
            do_sample=False,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    trainer.model.train(training)
    new = made[:, encoded["input_ids"].shape[1] :].tolist()
    texts = tokenizer.batch_decode(new, skip_special_tokens=True)
    return [(text, tokenizer.eos_token_id in ids) for text, ids in zip(texts, new, strict=True)]
