"""How long rows are in the model's own tokens, and what becomes of those that are too long: none is
cut or dropped without a count and its name.

    whole     at most `max_length` tokens
    cut       longer: its end is cut off, as TRL does
    dropped   longer, and nothing of what is learnt lies within the limit; of rlvr, a prompt that
              leaves no room for a completion
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from curate_train.rendering import Renderer

LENGTH = "n_tokens"
_FROM, _REASONING = "learnt_from", "reasoning_left_out"
WHOLE, CUT, DROPPED, REASONING = "whole", "cut", "dropped", "reasoning left out"


@dataclass(frozen=True)
class Fates:
    """Rows, and how many of them are longer than the limit: cut or dropped."""

    rows: int
    cut: int
    dropped: int

    @property
    def over(self) -> int:
        """Rows over the limit."""
        return self.cut + self.dropped

    @property
    def kept(self) -> int:
        """Rows that are used, cut ones included."""
        return self.rows - self.dropped

    def __str__(self) -> str:
        """In words."""
        both = f"{self.cut:,} cut, {self.dropped:,} dropped"
        return both if self.cut and self.dropped else "dropped" if self.dropped else "cut"


def measured(dataset: Any, renderer: Renderer, limit: int) -> Any:
    """The data set with a column `n_tokens`, of a pair the longer side, of an rlvr row the prompt
    alone; raises UserError for a row that the chat template refuses, or leaves something out of.
    """
    return dataset.map(
        _count,
        fn_kwargs={"renderer": renderer, "limit": limit},
        desc="measuring",
        load_from_cache_file=False,
        new_fingerprint=f"{dataset._fingerprint}-measured-{limit}",
    )


def fate(row: Mapping[str, Any], limit: int) -> str:
    """What becomes of a measured row."""
    if row[LENGTH] <= limit:
        return WHOLE
    return DROPPED if row[_FROM] >= limit else CUT


def fates(dataset: Any, limit: int) -> Fates:
    """How many of the measured rows meet which fate."""
    found = [which for _, which in _fates(dataset, limit)]
    return Fates(len(found), found.count(CUT), found.count(DROPPED))


def named(dataset: Any, limit: int, split: str) -> Iterator[dict[str, Any]]:
    """A line for every row that is not whole, and for every one whose reasoning is left out."""
    for row, which in _fates(dataset, limit):
        if which != WHOLE:
            yield {"split": split, "id": row["id"], "what": which, "tokens": row[LENGTH]}
        if row[_REASONING]:
            yield {"split": split, "id": row["id"], "what": REASONING}


def short_enough(dataset: Any, limit: int) -> Any:
    """The rows that are not dropped."""
    return dataset.filter(
        lambda n, first: n <= limit or first < limit,
        input_columns=[LENGTH, _FROM],
        load_from_cache_file=False,
    ).remove_columns([_FROM, _REASONING])


def shortest_prompt(dataset: Any) -> int:
    """Tokens before what is learnt, where they are fewest."""
    return int(min(dataset[_FROM]))


def _fates(dataset: Any, limit: int) -> Iterator[tuple[Mapping[str, Any], str]]:
    for row in dataset.select_columns(["id", LENGTH, _FROM, _REASONING]):
        yield row, fate(row, limit)


def _count(row: dict[str, Any], renderer: Renderer, limit: int) -> dict[str, int | bool]:
    length = max(renderer.lengths(row))
    return {
        LENGTH: length,
        _FROM: renderer.learnt_from(row) if length > limit else 0,
        _REASONING: renderer.leaves_out_reasoning(row),
    }
