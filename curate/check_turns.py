"""What is odd about the turns of sound records: who speaks when, who says nothing, tools that are no
JSON, special tokens that are typed in a text.

Chat templates and trainers take such rows and make something else of them, most often without a
word. Every finding is a code of `curate.check.FINDINGS` and how it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from curate.records import TURN_COLUMNS
from curate.steps.filters.phrases import SPECIAL, SpecialTokens, special_tokens
from curate.steps.filters.view import View
from curate.steps.step import Records
from curate.tokenizers import special_tokens_of
from curate.turns import all_turns

Turn = Mapping[str, Any]
Odd = tuple[str, str]
"""The code of a finding, and how it shows."""

_ALTERNATE = ("user", "assistant")
_NO_CALL = (None, "", "[]")


def odd_turns(kind: str, record: Mapping[str, Any]) -> Iterator[Odd]:
    """What is odd about the turns of a record, and about its tools."""
    asked, *answers = TURN_COLUMNS[kind]
    yield from _opening(asked, record[asked])
    for column in (asked, *answers):
        turns = record[column]
        yield from _blank(column, turns)
        yield from _order(column, turns, record[asked][-1:] if column != asked else [])
        yield from _calls(column, turns)
    if (tools := record.get("tools")) and (wrong := _no_list(tools)):
        yield "bad-tools", f"tools {wrong}: {tools[:60]!r}"
    if kind == "preference":
        yield from _alike(record["chosen"], record["rejected"])


def spoken_tokens(kind: str, records: pa.Table, tokenizer: str | None) -> list[str | None]:
    """Of every record the first special token that one of its turns holds as text, in quotation
    marks, with how many more there are.

    Looked for are those of a tokenizer (a `tokenizer.json` or its folder), by default those of the
    chat templates in wide use. Raises UserError where there is no such tokenizer."""
    tokens = special_tokens_of(tokenizer) if tokenizer else SPECIAL
    if not tokens or not records.num_rows:
        return [None] * records.num_rows
    rows, hashes = np.arange(records.num_rows), np.empty((0, 2), np.uint64)
    view = View(Records("", kind, records, rows, all_turns(kind, records), hashes))
    args = SpecialTokens(tokens=tuple(tokens))
    found = special_tokens(view, args)
    assert found.what is not None
    shown = zip(found.value.tolist(), found.what.to_pylist(), strict=True)
    return [args.told(times, what) if what else None for times, what in shown]


def _opening(column: str, turns: Sequence[Turn]) -> Iterator[Odd]:
    spoken = [turn for turn in turns if turn["role"] != "system"]
    if not any(turn["role"] == "user" for turn in spoken):
        yield "no-user-turn", f"'{column}' holds no turn of 'user'"
    elif spoken[0]["role"] != "user":
        yield "opening", f"'{column}' opens with a turn of '{spoken[0]['role']}'"


def _blank(column: str, turns: Sequence[Turn]) -> Iterator[Odd]:
    for place, turn in enumerate(turns):
        if not turn["content"].strip() and turn["tool_calls"] in _NO_CALL:
            yield "blank-turn", f"{column}[{place}], a turn of '{turn['role']}', says nothing"


def _order(column: str, turns: Sequence[Turn], before: Sequence[Turn]) -> Iterator[Odd]:
    for place, (one, other) in enumerate(pairwise([*before, *turns]), start=1 - len(before)):
        if one["role"] == other["role"] in _ALTERNATE:
            yield "same-speaker", f"{column}[{place}] follows another turn of '{other['role']}'"


def _calls(column: str, turns: Sequence[Turn]) -> Iterator[Odd]:
    for place, turn in enumerate(turns):
        if (calls := turn["tool_calls"]) and (wrong := _no_list(calls)):
            yield "bad-tools", f"{column}[{place}].tool_calls {wrong}: {calls[:60]!r}"


def _no_list(text: str) -> str:
    """What keeps a text from being a JSON list of objects; nothing if it is one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "is no JSON"
    if isinstance(value, str):
        return "is JSON encoded twice"
    if not isinstance(value, list):
        return "is no list"
    if any(isinstance(one, str) for one in value):
        return "holds texts, not objects: JSON encoded twice"
    return "" if all(isinstance(one, dict) for one in value) else "holds more than objects"


def _alike(chosen: Sequence[Turn], rejected: Sequence[Turn]) -> Iterator[Odd]:
    if said(chosen) == said(rejected):
        yield "same-answers", "chosen and rejected are the same text"
    elif _words(chosen) == _words(rejected):
        yield "same-but-for-blanks", "chosen and rejected differ in blanks alone"


def said(turns: Sequence[Turn]) -> list[tuple[Any, ...]]:
    """Turns as far as a model sees them, without the blanks at the ends of a text."""
    return [
        (turn["role"], turn["content"].strip(), turn["tool_calls"], turn["reasoning_content"])
        for turn in turns
    ]


def _words(turns: Sequence[Turn]) -> list[tuple[Any, ...]]:
    return [
        (turn["role"], turn["content"].split(), turn["tool_calls"], turn["reasoning_content"])
        for turn in turns
    ]
