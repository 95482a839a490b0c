"""Answers of which each is said to be good or bad: `unpaired`, as KTO learns from them.

The prompt is given as for `preference`, the answer as `completion` (or `response`, `output`,
`answer`), or both are one conversation of which the last turn is judged. `label` (or `kto_tag`, as
LLaMA-Factory calls it) says whether the answer is a good one. A label that may mean anything makes
a bad row."""

from __future__ import annotations

from collections.abc import Mapping

from curate.files import Row
from curate.formats.answers import PROMPTS, answer_turns, given_prompt, number_answer, parted
from curate.formats.base import SYSTEM, Format, Sample, describe
from curate.formats.chat import Message
from curate.formats.values import tools_text, value_text
from curate.records import BadRow, Body

COMPLETIONS = ("completion", "response", "output", "answer")
TAG = "kto_tag"
LABELS = ("label", TAG)
_GOOD = ("true", "1", "yes", "good", "chosen", "accepted", "desirable")
_BAD = ("false", "0", "no", "bad", "rejected", "undesirable")
_MEANS: Mapping[str, bool] = dict.fromkeys(_GOOD, True) | dict.fromkeys(_BAD, False)


def label_of(value: object) -> bool | None:
    """Whether a label says good or bad; None for one that may mean anything."""
    text = value_text(value).strip().lower()
    return _MEANS.get(text.removesuffix(".0") if not isinstance(value, str) else text)


def _convert(row: Row, kind: str) -> Body:
    given = given_prompt(row)
    column = next((name for name in COMPLETIONS if row.get(name) is not None), None)
    if column is None and given:
        prompt, answer = _last_turn(given)
    else:
        side = answer_turns(number_answer(row.get(column or "completion")), column or "completion")
        prompt, (answer,) = parted(given, {column or "completion": side})
    return {
        "prompt": prompt,
        "completion": answer,
        "label": _label(row),
        "tools": tools_text(row.get("tools")),
    }


def _last_turn(turns: list[Message]) -> tuple[list[Message], list[Message]]:
    """A conversation as what is asked, and the assistant's turns at its end."""
    n = len(turns)
    while n and turns[n - 1]["role"] == "assistant":
        n -= 1
    return turns[:n], turns[n:]


def _label(row: Row) -> bool:
    column = next((name for name in LABELS if row.get(name) is not None), LABELS[0])
    value = row.get(column)
    if value is None:
        raise BadRow(f"field '{column}' is missing")
    label = label_of(value)
    if label is None:
        shown = value_text(value)[:40]
        known = ", ".join((*_GOOD, *_BAD))
        raise BadRow(
            f"field '{column}' is {describe(value)} that says neither: {shown!r} (known: {known})"
        )
    return label


def _fits(sample: Sample, kind: str) -> bool:
    return judged(sample) is not None


def judged(sample: Sample) -> str | None:
    """The column that says of every answer whether it is good, if one does.

    A number beside 0 and 1 makes a column a rating; of whole conversations, `label` must hold truth
    values: in chats 0 and 1 may be any class."""
    answered = any(sample.get(name) for name in COMPLETIONS)
    asked = any(sample.get(name) for name in PROMPTS)
    for column in LABELS if asked else ():
        words = sample.get(column, frozenset())
        says = "label" in words and "other number" not in words
        if says and (answered or column == TAG or "truth value" in words):
            return column
    return None


UNPAIRED = Format(
    "unpaired",
    ("unpaired",),
    frozenset((*PROMPTS, *COMPLETIONS, *LABELS, "input", "history", *SYSTEM, "tools")),
    _convert,
    _fits,
    turns=("prompt", "conversations", "messages", *COMPLETIONS),
    becomes=dict.fromkeys(COMPLETIONS, "completion"),
)
