"""A format of one's own: which column holds what, as `{prompt: question, response: answer}`.

A value is a column's name, or `{constant: text}` for the same text in every row. What a kind takes:

    sft          prompt, response, or messages; system, history, tools
    prompt       prompt or messages; system, history, tools, persona, constraints
    preference   chosen, rejected; prompt, system, tools, chosen_model, rejected_model, chosen_rating, rejected_rating
    unpaired     prompt, completion, label; system, history, tools
    rlvr         prompt or messages, verifier, ground_truth; system
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from curate.errors import UserError, unknown
from curate.files import Row
from curate.formats.answers import (
    answer_turns,
    history_turns,
    number_answer,
    parted,
    prompt_turns,
)
from curate.formats.base import Format, describe, optional_name
from curate.formats.chat import MESSAGES, SHAREGPT, Message, turns, with_system
from curate.formats.columns import NotPlain, needed_text, text_column
from curate.formats.pairs import pairs
from curate.formats.preference import PREFERENCE
from curate.formats.rlvr import truth_of
from curate.formats.unpaired import UNPAIRED
from curate.formats.values import json_text, tools_text
from curate.records import BadRow, Body

_CHAT = ("prompt", "messages")
_LISTS = ("messages", "prompt", "response", "chosen", "rejected", "completion")
_NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "sft": (_CHAT, ("response", "messages")),
    "prompt": (_CHAT,),
    "preference": (("chosen",), ("rejected",)),
    "unpaired": (("prompt",), ("completion",), ("label",)),
    "rlvr": (_CHAT, ("verifier",), ("ground_truth",)),
}
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "sft": ("system", "history", "tools"),
    "prompt": ("system", "history", "tools", "persona", "constraints"),
    "preference": (
        "prompt",
        "system",
        "tools",
        "chosen_model",
        "rejected_model",
        "chosen_rating",
        "rejected_rating",
    ),
    "unpaired": ("system", "history", "tools"),
    "rlvr": ("system",),
}

_PUBLISHED = {"preference": PREFERENCE, "unpaired": UNPAIRED}

Spec = Mapping[str, Any]


def check_mapping(spec: Spec, kind: str) -> None:
    """Raise UserError where a mapping names what the kind has no use for, or lacks what it needs."""
    known = {name for names in _NEEDED[kind] for name in names} | set(_OPTIONAL[kind])
    for key, value in spec.items():
        if key not in known:
            raise UserError(f"format: {unknown(f'key of a mapping for kind {kind}', key, known)}")
        constant = (
            isinstance(value, Mapping)
            and set(value) == {"constant"}
            and isinstance(value["constant"], str)
        )
        if not isinstance(value, str) and not constant:
            raise UserError(
                f"format: '{key}' must be the name of a column or {{constant: text}}, not {value!r}"
            )
    for names in _NEEDED[kind]:
        if not set(names) & spec.keys():
            raise UserError(f"format: a mapping for kind '{kind}' needs '{' or '.join(names)}'")
    if {"prompt", "messages"} <= spec.keys() or {"response", "messages"} <= spec.keys():
        raise UserError("format: a mapping takes either 'messages' or 'prompt' and 'response'")


def mapping_columns(spec: Spec) -> dict[str, str]:
    """What the mapping reads from columns: key -> column."""
    return {key: value for key, value in spec.items() if isinstance(value, str)}


def mapping_format(spec: Spec) -> Format:
    """The format that a mapping describes."""
    columns = mapping_columns(spec)
    lists = {columns[key]: key for key in _LISTS if key in columns}
    return Format(
        "mapping",
        tuple(_NEEDED),
        frozenset(columns.values()),
        lambda row, kind: _convert(spec, row, kind),
        lambda sample, kind: True,
        lambda table, kind: _vector(spec, table, kind),
        tuple(lists),
        lists,
    )


class _Fields:
    """A row's values under the mapping's keys; errors name the row's own columns."""

    def __init__(self, spec: Spec, row: Row) -> None:
        self._spec = spec
        self._row = row

    def label(self, key: str) -> str:
        value = self._spec.get(key, key)
        return value if isinstance(value, str) else key

    def get(self, key: str) -> Any:
        value = self._spec.get(key)
        return self._row.get(value) if isinstance(value, str) else (value or {}).get("constant")

    @property
    def chat(self) -> str:
        return "messages" if "messages" in self._spec else "prompt"

    def text(self, key: str) -> str:
        value = self.get(key)
        if value is None:
            raise BadRow(f"field '{self.label(key)}' is missing")
        if not isinstance(value, str):
            raise BadRow(f"field '{self.label(key)}' is {describe(value)}, not text")
        return value

    def optional(self, key: str) -> str | None:
        return None if self.get(key) is None else self.text(key) or None


def _convert(spec: Spec, row: Row, kind: str) -> Body:
    fields = _Fields(spec, row)
    if kind in _PUBLISHED:
        return _PUBLISHED[kind].convert({key: fields.get(key) for key in spec}, kind)
    found = with_system(_turns(fields, kind), fields.optional("system"))
    if kind == "rlvr":
        truth = truth_of(fields.get("ground_truth"), fields.label("ground_truth"))
        return {"prompt": found, "verifier": fields.text("verifier").lower(), "ground_truth": truth}
    tools = tools_text(fields.get("tools"))
    if kind == "sft":
        return {
            "messages": _answered(found, fields) if "response" in spec else found,
            "tools": tools,
        }
    persona = optional_name({"persona": fields.get("persona")}, "persona")
    extras = {"persona": persona, "constraints": _constraints(fields)}
    return {"prompt": found, "tools": tools, **extras}


def _turns(fields: _Fields, kind: str) -> list[Message]:
    if fields.get("messages") is not None:
        return turns(fields.get("messages"), fields.label("messages"), until_user=kind != "sft")
    if fields.get("prompt") is None:
        raise BadRow(f"field '{fields.label(fields.chat)}' is missing")
    asked = prompt_turns(fields.get("prompt"), fields.label("prompt"))
    return [*history_turns(fields.get("history"), fields.label("history")), *asked]


def _answered(asked: list[Message], fields: _Fields) -> list[Message]:
    """The turns with the answer behind them, which may repeat them."""
    label = fields.label("response")
    side = answer_turns(number_answer(fields.get("response")), label)
    prompt, (answer,) = parted(asked, {label: side})
    return [*prompt, *answer]


def _constraints(fields: _Fields) -> list[dict[str, str]] | None:
    value = fields.get("constraints")
    if value is None:
        return None
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and isinstance(one.get("id"), str) for one in value
    ):
        raise BadRow(f"field '{fields.label('constraints')}' is not a list of {{id, kwargs}}")
    return [{"id": one["id"], "kwargs": _kwargs(one.get("kwargs"))} for one in value]


def _kwargs(value: object) -> str:
    return value if isinstance(value, str) else json_text({} if value is None else value)


def _vector(spec: Spec, table: pa.Table, kind: str) -> pa.Table | None:
    used = set(spec)
    if "messages" in used and used <= {"messages", "system", "tools"} and kind in ("sft", "prompt"):
        return _chat(spec, table, kind)
    if kind not in ("sft", "prompt") or not used <= {"prompt", "response", "system"}:
        return None
    try:
        prompt = _column(spec, table, "prompt")
        system = _column(spec, table, "system") if "system" in used else None
        response = _column(spec, table, "response") if kind == "sft" else None
    except NotPlain:
        return None
    return None if prompt is None else pairs(table.num_rows, kind, system, prompt, response)


def _column(spec: Spec, table: pa.Table, key: str) -> pa.Array | None:
    value = spec[key]
    if isinstance(value, str):
        return text_column(table, value) if key == "system" else needed_text(table, value)
    return pa.repeat(pa.scalar(value["constant"], pa.string()), table.num_rows)


def _chat(spec: Spec, table: pa.Table, kind: str) -> pa.Table | None:
    columns = mapping_columns(spec)
    if len(columns) < len(spec) or not set(columns.values()) <= set(table.column_names):
        return None
    renamed = table.select(list(columns.values())).rename_columns(list(columns))
    for form in (MESSAGES, SHAREGPT):
        assert form.vector is not None
        body = form.vector(renamed, kind)
        if body is not None:
            return body
    return None
