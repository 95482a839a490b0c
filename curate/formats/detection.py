"""Which format fits: decided from the columns and types of a source's first rows, and said when
nothing does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa

from curate.errors import UserError
from curate.files import BadInput, Block, Row
from curate.formats.base import OF_MESSAGES, SYSTEM, Format, Sample, describe
from curate.formats.unpaired import label_of
from curate.formats.values import number_text

_SAMPLE_ROWS = 50
_NAME = 40

PAIRS = (
    ("prompt", "response"),
    ("prompt", "completion"),
    ("question", "answer"),
    ("question", "response"),
    ("problem", "solution"),
    ("query", "response"),
    ("inputs", "targets"),
    ("input", "output"),
    ("prompt", "answer"),
    ("prompt", "output"),
    ("problem", "answer"),
    ("query", "answer"),
    ("question", "solution"),
)
"""Columns that hold a question and its answer wherever they meet; the first that fits is taken."""
_PROMPTS = ("prompt", "question", "problem", "query", "inputs", "input")
_BESIDE = ("history", "tools")
_CARRIED = {
    "prompt": ("persona", "constraints", *_BESIDE),
    "sft": _BESIDE,
    "rlvr": ("verifier", "ground_truth"),
}
_ASKED = ("text", "messages", "turns", "message")
_ANSWERED = (*_ASKED, "number")
_MARKS = {"#### text", "label", "other number", "message"}


def sample_of(block: Block) -> Sample:
    """The columns of a block's first rows and what they hold; raises UserError where none of them
    can be read.
    """
    columns: dict[str, set[str]] = {}
    for row in first_rows(block):
        for name, value in row.items():
            columns.setdefault(name, set()).update(_words(value), _marks(value))
    return {name: frozenset(words) for name, words in columns.items()}


def first_rows(block: Block, n: int = _SAMPLE_ROWS) -> Iterator[Row]:
    """The first rows that can be read; raises UserError where none can."""
    bad: BadInput | None = None
    n_rows = 0
    for _, row in islice(block.rows(range(min(block.n_rows, n))), n):
        if isinstance(row, BadInput):
            bad = bad or row
        else:
            n_rows += 1
            yield row
    if bad and not n_rows:
        raise UserError(
            f"{block.file}: none of the first rows can be read; row {block.first_row}: {bad.reason}"
        )


def columns_of(block: Block) -> set[str]:
    """The columns that any row of a block has, and the fields of objects in lists as
    `column[].field`.
    """
    table = block.table()
    if table is not None:
        return {name for field in table.schema for name in _names_of(field)}
    names: set[str] = set()
    for _, row in block.rows():
        if not isinstance(row, BadInput):
            names.update(*(_names_in(name, value) for name, value in row.items()))
    return names


def _names_of(field: pa.Field) -> list[str]:
    kind = field.type
    inner = kind.value_type if pa.types.is_list(kind) else None
    fields = inner if inner is not None and pa.types.is_struct(inner) else ()
    return [field.name, *(f"{field.name}{OF_MESSAGES}{one.name}" for one in fields)]


def _names_in(name: str, value: object) -> Iterator[str]:
    yield name
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield from (f"{name}{OF_MESSAGES}{key}" for key in item)


def _words(value: object) -> set[str]:
    if value is None:
        return set()
    if isinstance(value, str):
        return {"text"}
    if isinstance(value, dict):
        return {"object", "message"} if {"role", "content"} <= value.keys() else {"object"}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        first = value[0]
        if "role" in first:
            return {"messages"}
        return {"turns"} if {"from", "value"} <= first.keys() else {"list"}
    return {"number"} if number_text(value) else {describe(value).split(" ", 1)[-1]}


def _marks(value: object) -> set[str]:
    """What else the detection asks of a value; nobody is shown it."""
    if isinstance(value, list | dict) or value is None:
        return set()
    marks = {"#### text"} if isinstance(value, str) and "####" in value else set()
    if label_of(value) is not None:
        return marks | {"label"}
    return marks | ({"other number"} if number_text(value) else set())


def choose(sample: Sample, formats: Mapping[str, Format], kind: str) -> str | dict[str, Any] | None:
    """The first registered format that makes this kind and fits, else a mapping of well-known
    columns, else None.
    """
    for name, form in formats.items():
        if kind in form.kinds and form.fits(sample, kind):
            return name
    return _well_known(sample, kind)


def _well_known(sample: Sample, kind: str) -> dict[str, Any] | None:
    def holds(column: str, *words: str) -> bool:
        return bool(sample.get(column, frozenset()) & set(words))

    beside = _beside(sample, kind)
    if kind == "sft":
        pairs = [(one, two) for one, two in PAIRS if holds(one, *_ASKED) and sample.get(two)]
        pairs.sort(key=lambda pair: not holds(pair[1], *_ANSWERED))
        return {"prompt": pairs[0][0], "response": pairs[0][1], **beside} if pairs else None
    if kind in ("preference", "unpaired"):
        return None
    prompt = next((name for name in _PROMPTS if holds(name, *_ASKED)), None)
    if prompt is None or (kind == "rlvr" and not all(sample.get(name) for name in _CARRIED[kind])):
        return None
    return {"prompt": prompt, **beside}


def _beside(sample: Sample, kind: str) -> dict[str, str]:
    """What is carried beside question and answer; a column that is null in the first rows may hold
    something later.
    """
    found = {name: name for name in _CARRIED.get(kind, ()) if name in sample}
    if sample.get("history", frozenset()) - {"list", "messages", "turns"}:
        found.pop("history", None)
    texts = [name for name in SYSTEM if name in sample and _shown(sample[name]) in ("text", "null")]
    texts.sort(key=lambda name: not sample[name])
    return found | ({"system": texts[0]} if texts else {})


def no_format(file: str, sample: Sample, kind: str, known: list[str], hint: str = "") -> UserError:
    """The error that lists what the columns are."""
    names = [f"{_one_line(name)} ({_shown(words)})" for name, words in sample.items()]
    fields = {
        "sft": ("prompt", "response"),
        "preference": ("prompt", "chosen", "rejected"),
        "unpaired": ("prompt", "completion", "label"),
        "rlvr": ("prompt", "verifier", "ground_truth"),
        "prompt": ("prompt", "response"),
    }
    of = "" if kind == "prompt" else f" of kind '{kind}'"
    example = "{" + ", ".join(f"{name}: <column>" for name in fields[kind]) + "}"
    return UserError(
        f"{file}: no format{of} fits its columns: {', '.join(names) or 'none'}{hint}; name a format "
        f"({', '.join(known)}) or say which column holds what: {example} (`format` in a recipe, or --format)"
    )


def _one_line(name: str) -> str:
    """A column's name for a message: where there is no header it may be a whole text."""
    name = " ".join(name.split())
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _shown(words: frozenset[str]) -> str:
    return " or ".join(sorted(words - _MARKS)) or "null"
