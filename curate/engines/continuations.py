"""How likely given texts are to a model after a prompt: the sum of their tokens' log-probabilities.

Prompt and continuation are tokenised as one text, so that a word's blank goes with the word; blanks
at the end of a prompt belong to what follows. That is how lm-evaluation-harness does it, whose
multiple-choice tasks this answers. Continuations of one token share their prompt's computation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Pair = tuple[str, Sequence[str]]
"""A prompt and its continuations."""
Tokens = tuple[int, ...]


def log_probabilities(
    model: Any, tokenizer: Any, pairs: Sequence[Pair], *, special: bool
) -> list[tuple[tuple[float, ...], int]]:
    """Of every prompt the log-probability of each continuation, and the prompt's tokens.

    `special` says whether the tokenizer's own tokens are put around a text."""
    encoded = [
        [tokens(tokenizer, prompt, text, special) for text in continuations]
        for prompt, continuations in pairs
    ]
    read = list(dict.fromkeys((*a, *b[:-1]) for many in encoded for a, b in many))
    longest = max(len(after) for many in encoded for _, after in many)
    rows = dict(zip(read, _logprobs(model, tokenizer, read, longest), strict=True))
    return [
        (tuple(_sum(rows[(*a, *b[:-1])], b) for a, b in many), len(many[0][0])) for many in encoded
    ]


def tokens(tokenizer: Any, prompt: str, text: str, special: bool) -> tuple[Tokens, Tokens]:
    """The tokens of a prompt, and of what follows it."""
    blanks = len(prompt) - len(prompt.rstrip())
    if blanks:
        prompt, text = prompt[:-blanks], prompt[-blanks:] + text
    whole, before = (
        tuple(tokenizer(one, add_special_tokens=special).input_ids)
        for one in (prompt + text, prompt)
    )
    return before, whole[len(before) :]


def _logprobs(model: Any, tokenizer: Any, rows: Sequence[Tokens], keep: int) -> Any:
    """The log-probabilities of every token at the last `keep` places of every row."""
    import torch

    width = max(map(len, rows))
    ids = torch.full((len(rows), width), tokenizer.pad_token_id)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, width - len(row) :] = torch.tensor(row)
        mask[place, width - len(row) :] = 1
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    given = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
    on_device = {name: value.to(model.device) for name, value in given.items()}
    return model(**on_device, logits_to_keep=min(keep, width)).logits.float().log_softmax(-1)


def _sum(logprobs: Any, after: Tokens) -> float:
    """The sum over the tokens that follow; `logprobs` ends where the last of them is foretold."""
    tail = logprobs[len(logprobs) - len(after) :]
    return float(sum(float(tail[place, token]) for place, token in enumerate(after)))
