"""Which format fits: decided from the columns and types of a source's first rows, and said when
nothing does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from curate.errors import UserError
from curate.files import BadInput, Block, Row
from curate.formats.base import Format, Sample, describe

_SAMPLE_ROWS = 50

# Pairs of columns that hold a question and its answer wherever they meet; the first that fits is
# taken.
_PAIRS = (
    ("prompt", "response"),
    ("prompt", "completion"),
    ("question", "answer"),
    ("question", "response"),
    ("problem", "solution"),
    ("query", "response"),
    ("inputs", "targets"),
    ("input", "output"),
)
_PROMPTS = ("prompt", "question", "problem", "query", "inputs", "input")
_CARRIED = {"prompt": ("persona", "constraints", "tools"), "rlvr": ("verifier", "ground_truth")}


def sample_of(block: Block) -> Sample:
    """The columns of a block's first rows and what they hold; raises UserError where none of them
    can be read.
    """
    columns: dict[str, set[str]] = {}
    for row in _first_rows(block):
        for name, value in row.items():
            columns.setdefault(name, set()).update(_words(value))
    return {name: frozenset(words) for name, words in columns.items()}


def _first_rows(block: Block) -> Iterator[Row]:
    bad: BadInput | None = None
    n_rows = 0
    for _, row in islice(block.rows(range(min(block.n_rows, _SAMPLE_ROWS))), _SAMPLE_ROWS):
        if isinstance(row, BadInput):
            bad = bad or row
        else:
            n_rows += 1
            yield row
    if bad and not n_rows:
        raise UserError(
            f"{block.file}: none of the first rows can be read; row {block.first_row}: {bad.reason}"
        )


def _words(value: object) -> set[str]:
    if value is None:
        return set()
    if isinstance(value, str):
        return {"text", "#### text"} if "####" in value else {"text"}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        first = value[0]
        if {"role", "content"} <= first.keys():
            return {"messages"}
        return {"turns"} if {"from", "value"} <= first.keys() else {"list"}
    return {describe(value).split(" ", 1)[-1]}


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

    if kind == "sft":
        pairs = (
            {"prompt": one, "response": two}
            for one, two in _PAIRS
            if holds(one, "text") and holds(two, "text")
        )
        return next(pairs, None)
    if kind == "preference":
        return None
    prompt = next((name for name in _PROMPTS if holds(name, "text", "messages")), None)
    # A column that is null in the first rows may hold something later.
    carried = {name: name for name in _CARRIED[kind] if name in sample}
    if prompt is None or (kind == "rlvr" and not all(sample.get(name) for name in _CARRIED[kind])):
        return None
    return {"prompt": prompt, **carried}


def no_format(file: str, sample: Sample, kind: str, known: list[str], hint: str = "") -> UserError:
    """The error that lists what the columns are."""
    found = ", ".join(f"{name} ({_shown(words)})" for name, words in sample.items()) or "none"
    fields = {
        "sft": ("prompt", "response"),
        "preference": ("prompt", "chosen", "rejected"),
        "rlvr": ("prompt", "verifier", "ground_truth"),
        "prompt": ("prompt",),
    }
    example = "{" + ", ".join(f"{name}: <column>" for name in fields[kind]) + "}"
    return UserError(
        f"{file}: no format fits kind '{kind}'; columns: {found}{hint}. "
        f"Name a format ({', '.join(known)}) or say which column holds what: format: {example}"
    )


def _shown(words: frozenset[str]) -> str:
    return " or ".join(sorted(words - {"#### text"})) or "null"
