"""Pairs of a better and a worse answer: `preference`.

`chosen` and `rejected` are text, one message, or message lists that may repeat the prompt; the
records hold only what follows it. The prompt is a column (text or messages; LLaMA-Factory's
`conversations`, Alpaca's `instruction` and `input`), or what both lists begin with, or the
transcript both texts begin with (`\n\nHuman: … \n\nAssistant: …`, as HH-RLHF writes it). A row
whose repeated prompt differs is bad."""

from __future__ import annotations

import re

from curate.files import Row
from curate.formats.base import (
    Format,
    Sample,
    describe,
    json_or_text,
    message,
    optional_text,
    text_of,
)
from curate.formats.chat import Message, turn, turns
from curate.records import BadRow, Body

_PROMPTS = ("prompt", "conversations", "messages", "question", "instruction")
_SIDES = ("chosen", "rejected")
_RATINGS = ("{}_rating", "score_{}", "{}_score")
_TRANSCRIPT = re.compile(r"\n\n(Human|Assistant):")


def _convert(row: Row, kind: str) -> Body:
    given = _given_prompt(row)
    sides = [_side(row, name) for name in _SIDES]
    prompt = _common_prompt(sides) if given is None else given
    body: Body = {"prompt": prompt}
    for name, side in zip(_SIDES, sides, strict=True):
        body[name] = _after(prompt, side, name)
        body[f"{name}_model"] = optional_text(row, f"{name}_model")
        body[f"{name}_rating"] = _rating(row, name)
    return body | {"tools": json_or_text(row.get("tools"))}


def _given_prompt(row: Row) -> list[Message] | None:
    column = next((name for name in _PROMPTS if row.get(name) is not None), None)
    if column is None:
        return None
    value = row[column]
    if isinstance(value, str):
        more = optional_text(row, "input") if column == "instruction" else None
        found = [message("user", f"{value}\n\n{more}" if more else value)]
    else:
        found = turns(value, column)
    system = optional_text(row, "system")
    return [message("system", system), *found] if system else found


def _side(row: Row, name: str) -> list[Message]:
    value = row.get(name)
    if isinstance(value, list):
        return turns(value, name)
    if isinstance(value, dict):
        return [turn(value, name)]
    text = text_of(row, name)
    return _transcript(text) if text.startswith("\n\nHuman:") else [message("assistant", text)]


def _transcript(text: str) -> list[Message]:
    parts = _TRANSCRIPT.split(text)[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    return [
        message(roles[who], said.strip()) for who, said in zip(parts[::2], parts[1::2], strict=True)
    ]


def _common_prompt(sides: list[list[Message]]) -> list[Message]:
    """What both answers follow: all they share at the beginning, up to the last user turn."""
    shared = 0
    for one, other in zip(*sides, strict=False):
        if one != other:
            break
        shared += 1
    while shared and sides[0][shared - 1]["role"] != "user":
        shared -= 1
    if not shared:
        raise BadRow(
            "there is no prompt: no prompt column, and 'chosen' and 'rejected' do not begin with the same turns"
        )
    return sides[0][:shared]


def _after(prompt: list[Message], side: list[Message], name: str) -> list[Message]:
    """The answer without the prompt it may repeat; a system turn of the prompt may be left out in
    the repetition.
    """
    if not side or side[0]["role"] == "assistant":
        return side
    spoken = [one for one in prompt if one["role"] != "system"]
    for repeated in (prompt, spoken):
        if side[: len(repeated)] == repeated:
            return side[len(repeated) :]
    raise BadRow(f"the prompt repeated in '{name}' differs from the prompt")


def _rating(row: Row, name: str) -> float | None:
    column = next(
        (form.format(name) for form in _RATINGS if row.get(form.format(name)) is not None), None
    )
    if column is None:
        return None
    value = row[column]
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError as error:
            raise BadRow(f"field '{column}' is not a number: {value[:40]!r}") from error
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRow(f"field '{column}' is {describe(value)}, not a number")
    return float(value)


def _fits(sample: Sample, kind: str) -> bool:
    return set(_SIDES) <= sample.keys() and not {"number", "truth value"} & (
        sample["chosen"] | sample["rejected"]
    )


PREFERENCE = Format(
    "preference",
    ("preference",),
    frozenset(
        (
            *_PROMPTS,
            *_SIDES,
            *(form.format(name) for name in _SIDES for form in (*_RATINGS, "{}_model")),
            "input",
            "system",
            "tools",
        )
    ),
    _convert,
    _fits,
    turns=("prompt", "conversations", "messages", *_SIDES),
)
