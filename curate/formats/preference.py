"""Pairs of a better and a worse answer: `preference`.

`chosen` and `rejected` are text, one message, or message lists that may repeat the prompt; the
records hold only what follows it. The prompt is a column (text or messages; LLaMA-Factory's
`conversations`, Alpaca's `instruction` and `input`), or what both lists begin with, or the
transcript both texts begin with (`\n\nHuman: … \n\nAssistant: …`, as HH-RLHF writes it). A row
whose repeated prompt differs is bad; a rating or a model that cannot be read is left out."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from curate.files import Row
from curate.formats.answers import PROMPTS, answer_turns, given_prompt, parted
from curate.formats.base import SYSTEM, Format, LeftOut, Sample, left_out, message, optional_name
from curate.formats.chat import Message
from curate.formats.values import tools_text
from curate.records import Body

SIDES = ("chosen", "rejected")
_TRANSCRIPT = re.compile(r"\n\n(Human|Assistant):")
_RATINGS = ("{}_rating", "score_{}", "{}_score")


def _convert(row: Row, kind: str) -> Body:
    given = given_prompt(row)
    prompt, answers = parted(given, {name: _side(row, name) for name in SIDES})
    body: Body = {"prompt": prompt, **dict(zip(SIDES, answers, strict=True))}
    for name in SIDES:
        body[f"{name}_model"] = optional_name(row, f"{name}_model")
        body[f"{name}_rating"] = _rating(row, name)
    return body | {"tools": tools_text(row.get("tools"))}


def _side(row: Row, name: str) -> list[Message]:
    value = row.get(name)
    if isinstance(value, str) and value.startswith("\n\nHuman:"):
        return _transcript(value)
    return answer_turns(value, name)


def _transcript(text: str) -> list[Message]:
    parts = _TRANSCRIPT.split(text)[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    return [
        message(roles[who], said.strip()) for who, said in zip(parts[::2], parts[1::2], strict=True)
    ]


def _rating(row: Row, name: str) -> float | LeftOut | None:
    column = next(
        (form.format(name) for form in _RATINGS if row.get(form.format(name)) is not None), None
    )
    if column is None:
        return None
    value = row[column]
    if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return left_out(column, value, "a number")
        return number if math.isfinite(number) else None
    return left_out(column, value, "a number")


def _fits(sample: Sample, kind: str) -> bool:
    return set(SIDES) <= sample.keys()


PREFERENCE = Format(
    "preference",
    ("preference",),
    frozenset(
        (
            *PROMPTS,
            *SIDES,
            *(form.format(name) for name in SIDES for form in (*_RATINGS, "{}_model")),
            "input",
            "history",
            *SYSTEM,
            "tools",
        )
    ),
    _convert,
    _fits,
    turns=("prompt", "conversations", "messages", *SIDES),
)
