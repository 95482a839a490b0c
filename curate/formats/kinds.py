"""Which kind of record a source holds, when nobody says.

Every row looks like a kind by the columns it fills: two answers of which one is better, an answer
that is judged, an answer, a ground truth with its verifier, or a prompt alone. The richest look
that at least half as many rows have as any other is the kind: a few rows without an answer do not
turn conversations into prompts. A look is kept even if the rows do not hold what it takes: then
nothing is read, rather than something poorer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from curate.errors import UserError
from curate.files import Block, Row
from curate.formats import check_columns, check_format, detect, parse
from curate.formats.detection import PAIRS, first_rows, sample_of
from curate.formats.mapping import mapping_columns
from curate.formats.unpaired import COMPLETIONS, judged

RICHNESS = ("preference", "unpaired", "sft", "rlvr", "prompt")
"""The kinds, what holds more before what holds less."""
_TRIED_ROWS = 200
_CHATS = ("messages", "conversations", "conversation")
_CHECKED = (
    ("ground_truth", "verifier"),
    ("ground_truth", "dataset"),
    ("reward_model", "data_source"),
)
_ANSWERED = (
    *PAIRS,
    *(("instruction", answer) for answer in ("output", "response")),
)


def guess_kind(block: Block, fmt: str | Mapping[str, Any] | None = None) -> str:
    """The kind that a block's first rows look like, and make.

    Raises UserError, with the reason for the first row, where they look like a kind that none of
    them makes: they are not read as something poorer. Likewise where a mapping names a column that
    is not there."""
    kind = look(block, fmt)
    if fmt is not None:
        check_columns(block, fmt)
    block = block.head(min(block.n_rows, _TRIED_ROWS))
    parsed = parse(block, fmt or detect(block, kind), kind)
    if not len(parsed.rows) and parsed.quarantine:
        first = parsed.quarantine[0]
        raise UserError(
            f"{first.file}: the rows look like kind '{kind}', but none of the first {block.n_rows} "
            f"makes a record; row {first.row}: {first.reason} (name the kind to read them as another)"
        )
    return kind


def look(block: Block, fmt: str | Mapping[str, Any] | None = None) -> str:
    """The kind that a block's first rows look like, whether they make it or not."""
    block = block.head(min(block.n_rows, _TRIED_ROWS))
    able = [kind for kind in RICHNESS if fmt is None or _makes(fmt, kind)]
    if fmt is not None and not able:
        check_format(fmt, RICHNESS[0])
    if len(able) == 1:
        return able[0]
    judge = None if fmt is not None else judged(sample_of(block))
    found = Counter(_look(_named(row, fmt), judge) for row in first_rows(block, _TRIED_ROWS))
    most = max(found.values())
    kind = next(kind for kind in RICHNESS if 2 * found[kind] >= most)
    return kind if kind in able else able[0]


def _makes(fmt: str | Mapping[str, Any], kind: str) -> bool:
    try:
        check_format(fmt, kind)
    except UserError:
        return False
    return True


def _named(row: Row, fmt: str | Mapping[str, Any] | None) -> Row:
    """The row under the names of a mapping's keys, which are those that are known."""
    if fmt is None or isinstance(fmt, str):
        return row
    return {key: row.get(column) for key, column in mapping_columns(fmt).items()}


def _look(row: Row, judge: str | None) -> str:
    def fills(*names: str) -> bool:
        return all(row.get(name) is not None for name in names)

    if fills("chosen", "rejected"):
        return "preference"
    chat = next((row[name] for name in _CHATS if fills(name)), None)
    if judge and fills(judge) and (chat is not None or any(map(fills, COMPLETIONS))):
        return "unpaired"
    if _ends_answered(chat) or any(fills(*pair) for pair in _ANSWERED):
        return "sft"
    return "rlvr" if any(fills(*names) for names in _CHECKED) else "prompt"


def _ends_answered(chat: object) -> bool:
    """Whether a conversation's last turn is not the user's."""
    if not isinstance(chat, list) or not chat or not isinstance(chat[-1], dict):
        return False
    last = chat[-1]
    return (last.get("role") or last.get("from")) not in ("user", "human", "system", None)
