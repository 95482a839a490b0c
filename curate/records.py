"""The five kinds of record as Arrow schemas, and what makes a record valid.

    prompt       prompt (ends with a user turn), persona, constraints, tools
    sft          messages (ends with an assistant turn), tools
    preference   prompt, chosen, rejected (only what follows the prompt), the models and ratings of both, tools
    unpaired     prompt, completion (only what follows the prompt), label (is it a good one?), tools
    rlvr         prompt, verifier, ground_truth

The names are TRL's. `check_body` is the rule for one record in plain Python; `valid` says the same
for a whole table at once. Message extras (tool_calls, reasoning_content, tool_call_id, name) are
text columns that are mostly null; tool_calls and tools hold JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import UserError, unknown

KINDS = ("prompt", "sft", "preference", "unpaired", "rlvr")
ROLES = ("system", "user", "assistant", "tool")
EXTRAS = ("tool_calls", "reasoning_content", "tool_call_id", "name")

MESSAGE = pa.struct([(name, pa.string()) for name in ("role", "content", *EXTRAS)])
MESSAGES = pa.list_(MESSAGE)
CONSTRAINTS = pa.list_(pa.struct([("id", pa.string()), ("kwargs", pa.string())]))

TURN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt",),
    "sft": ("messages",),
    "preference": ("prompt", "chosen", "rejected"),
    "unpaired": ("prompt", "completion"),
    "rlvr": ("prompt",),
}

_BODIES: Mapping[str, tuple[tuple[str, pa.DataType], ...]] = {
    "prompt": (
        ("prompt", MESSAGES),
        ("persona", pa.string()),
        ("constraints", CONSTRAINTS),
        ("tools", pa.string()),
    ),
    "sft": (("messages", MESSAGES), ("tools", pa.string())),
    "preference": (
        ("prompt", MESSAGES),
        ("chosen", MESSAGES),
        ("rejected", MESSAGES),
        ("chosen_model", pa.string()),
        ("rejected_model", pa.string()),
        ("chosen_rating", pa.float64()),
        ("rejected_rating", pa.float64()),
        ("tools", pa.string()),
    ),
    "unpaired": (
        ("prompt", MESSAGES),
        ("completion", MESSAGES),
        ("label", pa.bool_()),
        ("tools", pa.string()),
    ),
    "rlvr": (("prompt", MESSAGES), ("verifier", pa.string()), ("ground_truth", pa.string())),
}

ANSWERS = ("chosen", "rejected", "completion")
"""Columns that hold what follows the prompt, and nothing of it."""
_BLANK = " \t\r\n\x0b\x0c"

Body = dict[str, Any]
Mask = npt.NDArray[np.bool_]


SCHEMA, ROLES_WRONG, EMPTY = "schema", "roles", "empty"
"""What can keep a row from being a record: its fields, who speaks, or that something says nothing."""


class Flaw(NamedTuple):
    """What keeps a row from being a record: a code, and why in words for the quarantine."""

    code: str
    reason: str


class BadRow(Exception):
    """A row that cannot become a record; `reason` says why, in words for the quarantine."""

    def __init__(self, reason: str, code: str = SCHEMA) -> None:
        """Keep the reason, and the code of the flaw."""
        super().__init__(reason)
        self.reason, self.code = reason, code


def body_schema(kind: str) -> pa.Schema:
    """The columns of a kind of record without `id` and `source`; raises UserError for an unknown
    kind.
    """
    if kind not in _BODIES:
        raise UserError(unknown("kind", kind, KINDS))
    return pa.schema(_BODIES[kind])


def flaw_of(kind: str, body: Body) -> Flaw | None:
    """Why a body (turns as dicts with at least role and content) is no valid record; None if it is
    one.
    """
    for column in TURN_COLUMNS[kind]:
        flaw = _check_turns(column, body[column], _ends(kind, column))
        if flaw:
            return flaw
    if kind == "unpaired" and body["label"] is None:
        return Flaw(SCHEMA, "'label' is missing")
    if kind == "rlvr":
        empty = [name for name in ("verifier", "ground_truth") if not body[name]]
        return Flaw(EMPTY, f"'{empty[0]}' is empty") if empty else None
    return None


def check_body(kind: str, body: Body) -> str | None:
    """The reason why a body is no valid record; None if it is one."""
    flaw = flaw_of(kind, body)
    return flaw.reason if flaw else None


def _ends(kind: str, column: str) -> tuple[str, ...]:
    """Who may speak last in a message list: what is to be answered may be the result of a tool."""
    if column != "prompt":
        return ("assistant",)
    return ("user", "tool") if kind in ("preference", "unpaired") else ("user",)


def _check_turns(
    column: str, turns: Sequence[Mapping[str, Any]] | None, ends: tuple[str, ...]
) -> Flaw | None:
    if not turns:
        return Flaw(EMPTY, f"'{column}' holds no messages")
    for place, turn in enumerate(turns):
        if turn["content"] is None:
            return Flaw(EMPTY, f"{column}[{place}] holds no text")
        if turn["role"] not in ROLES:
            known = ", ".join(ROLES)
            told = f"unknown role '{turn['role']}' in {column}[{place}] (known: {known})"
            return Flaw(ROLES_WRONG, told)
        if turn["role"] == "system" and (place or column in ANSWERS):
            told = f"a system turn that is not the first, in {column}[{place}]"
            return Flaw(ROLES_WRONG, told)
    last = turns[-1]
    if last["role"] not in ends:
        wanted = "' or '".join(ends)
        told = f"'{column}' ends with a turn of '{last['role']}', not of '{wanted}'"
        return Flaw(ROLES_WRONG, told)
    if not last["content"].strip(_BLANK) and not last.get("tool_calls"):
        return Flaw(EMPTY, f"the last turn of '{column}' is empty")
    return None


def one_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column as one array; it is copied only where it is in several pieces."""
    if isinstance(column, pa.Array):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def stretches(texts: pa.StringArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Where the texts of an array lie: text i is bytes `bounds[i]:bounds[i + 1]` of the buffer that
    comes with them.
    """
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)[
        texts.offset : texts.offset + len(texts) + 1
    ].astype(np.int64)
    text = np.frombuffer(data if data is not None and data.size else b"\0", dtype=np.uint8)
    text.flags.writeable = (
        False  # always: for numba writable and read-only arrays are two types to compile for
    )
    return bounds, text


def message_fields(used: Collection[str]) -> list[str]:
    """The fields of messages of which only the extras in `used` hold anything."""
    return ["role", "content", *(name for name in EXTRAS if name in used)]


def with_fields(messages: pa.Array | pa.ChunkedArray, fields: Sequence[str]) -> pa.ListArray:
    """A column of messages that holds these fields alone; those it lacks are null."""
    lists = one_array(messages)
    values, there = lists.values, {field.name for field in lists.type.value_type}
    columns = [
        values.field(name) if name in there else pa.nulls(len(values), pa.string())
        for name in fields
    ]
    return pa.ListArray.from_arrays(
        lists.offsets, pa.StructArray.from_arrays(columns, list(fields))
    )


def valid(kind: str, body: pa.Table) -> Mask:
    """For every row of a table of the kind's body: would `check_body` find nothing? Without a loop
    over rows.
    """
    good = np.ones(body.num_rows, np.bool_)
    for column in TURN_COLUMNS[kind]:
        good = good & _valid_turns(body.column(column), column, _ends(kind, column))
    if kind == "unpaired":
        good &= _true(pc.is_valid(body.column("label")))
    if kind == "rlvr":
        for name in ("verifier", "ground_truth"):
            good &= _true(pc.greater(pc.binary_length(body.column(name)), 0))
    return good


def _valid_turns(messages: pa.ChunkedArray, column: str, ends: tuple[str, ...]) -> Mask:
    lists = one_array(messages)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)
    stops = np.cumsum(lengths)
    starts = stops - lengths
    role, content, tool_calls = lists.flatten().flatten()[:3]
    code = np.asarray(pc.fill_null(pc.index_in(role, value_set=pa.array(ROLES)), -1), np.int64)
    bad = (code < 0) | (_true(pc.is_null(content)))
    system = code == ROLES.index("system")
    if column not in ANSWERS:
        system[starts[lengths > 0]] = False
    wrong = np.concatenate([np.zeros(1, np.int64), np.cumsum(bad | system)])
    good = (lengths > 0) & (wrong[stops] == wrong[starts])
    last = np.where(lengths > 0, stops - 1, 0)[good]
    good[good] = _filled(content, tool_calls, last) & np.isin(
        code[last], [ROLES.index(role) for role in ends]
    )
    return np.asarray(good, np.bool_)


def _filled(
    content: pa.StringArray, tool_calls: pa.StringArray, places: npt.NDArray[np.int64]
) -> Mask:
    """Whether the turns at some places hold anything but blanks, or else a tool call."""
    if not len(places):
        return np.zeros(0, np.bool_)
    bounds, text = stretches(content)
    starts = bounds[places]
    blank = np.zeros(256, np.bool_)
    blank[list(_BLANK.encode())] = True
    filled = (bounds[places + 1] > starts) & ~blank[text[np.minimum(starts, len(text) - 1)]]
    doubtful = np.flatnonzero(
        ~filled
    )  # only these are looked at whole: a copy of every text costs more than the rest
    at = pa.array(places[doubtful])
    trimmed = pc.ascii_trim(content.take(at), characters=_BLANK)
    called = pc.greater(pc.binary_length(tool_calls.take(at)), 0)
    filled[doubtful] = _true(pc.greater(pc.binary_length(trimmed), 0)) | _true(called)
    return filled


def _true(mask: pa.Array | pa.ChunkedArray) -> Mask:
    found: Mask = np.asarray(pc.fill_null(mask, False), np.bool_)
    return found


def validate(kind: str, body: pa.Table) -> npt.NDArray[np.object_]:
    """Per row of a body table None, or the reason why it is no valid record."""
    reasons = np.full(body.num_rows, None, np.object_)
    for row in np.flatnonzero(~valid(kind, body)):
        reasons[row] = check_body(kind, body.slice(int(row), 1).to_pylist()[0])
    return reasons
