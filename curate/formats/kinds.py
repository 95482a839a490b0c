"""Which kind of record a source holds, when nobody says: the kind that most of its first rows make."""

from __future__ import annotations

from typing import Any

from curate.errors import UserError
from curate.files import Block
from curate.formats import detect, parse

# On a tie the earlier one: what holds more is not read as less.
_KINDS = ("preference", "sft", "rlvr", "prompt")
_TRIED_ROWS = 200


def guess_kind(block: Block, fmt: str | dict[str, Any] | None = None) -> str:
    """The kind that most of the first rows of a block make; raises UserError, with the reason for sft, if none does."""
    block = block.head(min(block.n_rows, _TRIED_ROWS))
    found: dict[str, int] = {}
    reasons: dict[str, UserError] = {}
    for kind in _KINDS:
        try:
            found[kind] = len(parse(block, fmt or detect(block, kind), kind).rows)
        except UserError as error:
            reasons[kind] = error
    if not found:
        raise reasons["sft"]
    return max(found, key=lambda kind: found[kind])
