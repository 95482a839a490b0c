"""One question, one answer: `alpaca`, `gsm8k` and `text`."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from curate.files import Row
from curate.formats.answers import history_turns
from curate.formats.base import (
    SYSTEM,
    Format,
    Sample,
    answer_of,
    message,
    optional_text,
    system_of,
    text_of,
)
from curate.formats.chat import with_system
from curate.formats.columns import (
    NotPlain,
    Part,
    assemble,
    body_of,
    filled,
    needed_text,
    system_column,
    text_column,
)
from curate.formats.values import tools_text
from curate.records import BadRow, Body

_INPUTS = ("input", "context")
_OUTPUTS = ("output", "response")


def _first(row: Row, names: tuple[str, ...]) -> str:
    """The first of `names` that the row holds something under; the first of all where it holds
    none.
    """
    return next((name for name in names if row.get(name) is not None), names[0])


def _alpaca(row: Row, kind: str) -> Body:
    prompt = text_of(row, "instruction")
    more = optional_text(row, _first(row, _INPUTS))
    asked = message("user", f"{prompt}\n\n{more}" if more else prompt)
    turns = with_system([*history_turns(row.get("history")), asked], system_of(row))
    tools = tools_text(row.get("tools"))
    if kind == "prompt":
        return {"prompt": turns, "tools": tools}
    answer = message("assistant", answer_of(row, _first(row, _OUTPUTS)))
    return {"messages": [*turns, answer], "tools": tools}


def _one_of(table: pa.Table, names: tuple[str, ...]) -> pa.StringArray | None:
    found = [column for name in names if (column := text_column(table, name)) is not None]
    if len(found) > 1:
        raise NotPlain(names[0])
    return found[0] if found else None


def _alpaca_columns(table: pa.Table, kind: str) -> pa.Table | None:
    try:
        system = system_column(table)
        prompt = needed_text(table, "instruction")
        more = _one_of(table, _INPUTS)
        output = _one_of(table, _OUTPUTS)
        if text_column(table, "tools") is not None or text_column(table, "history") is not None:
            return None
    except NotPlain:
        return None
    if more is not None:
        prompt = pc.if_else(filled(more), pc.binary_join_element_wise(prompt, more, "\n\n"), prompt)
    return pairs(table.num_rows, kind, system, prompt, output)


def pairs(
    n_rows: int, kind: str, system: pa.Array | None, prompt: pa.Array, response: pa.Array | None
) -> pa.Table | None:
    """The body table of kind `sft` or `prompt` from columns of text; None where a column it needs
    is not there.
    """
    parts: list[Part] = [("system", system, filled(system))] if system is not None else []
    parts.append(("user", prompt, None))
    if kind == "prompt":
        return body_of(kind, n_rows, {"prompt": assemble(n_rows, parts)})
    if response is None:
        return None
    return body_of(
        kind, n_rows, {"messages": assemble(n_rows, [*parts, ("assistant", response, None)])}
    )


def _gsm8k(row: Row, kind: str) -> Body:
    prompt = with_system([message("user", text_of(row, "question"))], system_of(row))
    if kind == "prompt":
        return {"prompt": prompt}
    answer = text_of(row, "answer")
    if kind == "sft":
        return {"messages": [*prompt, message("assistant", answer)]}
    _, mark, result = answer.rpartition("####")
    if not mark:
        raise BadRow("field 'answer' has no '####' before its result")
    return {"prompt": prompt, "verifier": "gsm8k", "ground_truth": result.replace(",", "").strip()}


def _gsm8k_columns(table: pa.Table, kind: str) -> pa.Table | None:
    if kind == "rlvr":
        return None
    try:
        system = system_column(table)
        prompt = needed_text(table, "question")
        answer = needed_text(table, "answer") if kind == "sft" else None
    except NotPlain:
        return None
    return pairs(table.num_rows, kind, system, prompt, answer)


def _text(row: Row, kind: str) -> Body:
    return {"prompt": with_system([message("user", text_of(row, "text"))], system_of(row))}


def _text_columns(table: pa.Table, kind: str) -> pa.Table | None:
    try:
        system = system_column(table)
        return pairs(table.num_rows, kind, system, needed_text(table, "text"), None)
    except NotPlain:
        return None


def _is_text(sample: Sample, *names: str) -> bool:
    return any("text" in sample.get(name, ()) for name in names)


ALPACA = Format(
    "alpaca",
    ("sft", "prompt"),
    frozenset(("instruction", *_INPUTS, *_OUTPUTS, *SYSTEM, "tools", "history")),
    _alpaca,
    lambda sample, kind: (
        _is_text(sample, "instruction")
        and (kind == "prompt" or any(sample.get(name) for name in _OUTPUTS))
    ),
    _alpaca_columns,
)
GSM8K = Format(
    "gsm8k",
    ("sft", "prompt", "rlvr"),
    frozenset(("question", "answer", *SYSTEM)),
    _gsm8k,
    lambda sample, kind: _is_text(sample, "question") and "#### text" in sample.get("answer", ()),
    _gsm8k_columns,
)
TEXT = Format(
    "text",
    ("prompt",),
    frozenset(("text", *SYSTEM)),
    _text,
    lambda sample, kind: _is_text(sample, "text"),
    _text_columns,
)
