"""How long rows are in the model's own tokens, before anything is cut: what is too long is counted,
never silent.

A row that the chat template refuses (a role it does not have, say) is named here, before a model is
loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from curate.errors import UserError

_TURNS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "sft": (("messages",),),
    "preference": (("prompt", "chosen"), ("prompt", "rejected")),
    "rlvr": (("prompt",),),
}
LENGTH = "n_tokens"


class Lengths(NamedTuple):
    """Rows, those longer than the limit, and the longest, in tokens with the template's own."""

    rows: int
    over: int
    longest: int


def measured(dataset: Any, kind: str, tokenizer: Any) -> Any:
    """The data set with a column `n_tokens`: of a pair the longer side, of an rlvr row the prompt
    alone.
    """
    return dataset.map(
        _count,
        fn_kwargs={"tokenizer": tokenizer, "kind": kind},
        desc="measuring",
        load_from_cache_file=False,
    )


def lengths(dataset: Any, limit: int) -> Lengths:
    """What `measured` found, against a limit in tokens."""
    found = list(dataset[LENGTH])
    return Lengths(len(found), sum(n > limit for n in found), max(found, default=0))


def short_enough(dataset: Any, limit: int) -> Any:
    """The rows of at most `limit` tokens."""
    return dataset.filter(lambda n: n <= limit, input_columns=LENGTH, load_from_cache_file=False)


def _count(row: dict[str, Any], tokenizer: Any, kind: str) -> dict[str, int]:
    from jinja2 import TemplateError

    found = []
    for columns in _TURNS[kind]:
        turns = [turn for column in columns for turn in row[column]]
        try:
            ids = tokenizer.apply_chat_template(
                turns, tokenize=True, add_generation_prompt=kind == "rlvr", return_dict=True
            )["input_ids"]
        except TemplateError as error:
            raise UserError(f"row {row['id']}: the chat template refuses it: {error}") from None
        found.append(len(ids))
    return {LENGTH: max(found)}
