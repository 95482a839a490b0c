"""Which kind of record a source holds, when nobody says: the kind that most of its first rows make."""

from __future__ import annotations

from typing import Any

from curate.errors import UserError
from curate.files import Block
from curate.formats import check_format, detect, parse

# In this order: what holds more is not read as less.
_KINDS = ("preference", "sft", "rlvr", "prompt")
_TRIED_ROWS = 200


def guess_kind(block: Block, fmt: str | dict[str, Any] | None = None) -> str:
    """The first of the kinds that at least half as many of a block's first rows make as any kind.

    A few rows without an answer must not turn conversations into prompts. Raises UserError, with
    the reason for sft, if the rows make no kind."""
    block = block.head(min(block.n_rows, _TRIED_ROWS))
    found: dict[str, int] = {}
    reasons: dict[str, UserError] = {}
    for kind in _KINDS:
        try:
            if fmt:
                check_format(fmt, kind)
            found[kind] = len(parse(block, fmt or detect(block, kind), kind).rows)
        except UserError as error:
            reasons[kind] = error
    if not found:
        raise reasons["sft"]
    if not any(found.values()):
        return "sft" if "sft" in found else next(iter(found))
    return next(kind for kind in _KINDS if 2 * found.get(kind, 0) >= max(found.values()))
