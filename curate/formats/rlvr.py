"""Prompts with an answer that can be checked: `tulu3-rlvr`, as AllenAI publishes them, and `verl`.

`tulu3-rlvr` has the columns `messages` (user turns; a trailing assistant turn is left out),
`ground_truth` (text; JSON for instruction following) and `dataset`, which names the verifier and is
looked up in lower case. Both may be lists: of one each, it is taken out; of several, all must pass
(`all-of`). `constraint_type` and `constraint` repeat in words what `ground_truth` holds, and are
used up.

`verl` has `prompt`, `data_source` and `reward_model: {style, ground_truth}`. The verifier is the
data set's own name in lower case, and `math` for those that are known to be checked as MATH is."""

from __future__ import annotations

import re
from typing import Any

from curate.files import Row
from curate.formats.answers import prompt_turns
from curate.formats.base import SYSTEM, Format, Sample, describe, system_of, text_of
from curate.formats.chat import Message, turns, with_system
from curate.formats.values import json_or_text, json_text
from curate.records import EMPTY, SCHEMA, BadRow, Body

_MATH = re.compile(r"(math|aime|amc|numina|dapo|olympiad|minerva|deepscaler)")


def truth_of(value: object, column: str) -> str:
    """A ground truth as text: text as it is, lists and objects as JSON; raises BadRow where there
    is none.
    """
    text = json_or_text(value)
    if text is None:
        missing = value is None or value == ""
        told = f"field '{column}' is {'missing' if missing else 'no label'}"
        raise BadRow(told, EMPTY if missing else SCHEMA)
    return text


def _asked(row: Row) -> list[Message]:
    column = "messages" if row.get("messages") is not None else "prompt"
    value = row.get(column)
    is_text = isinstance(value, str)
    found = prompt_turns(value, column) if is_text else turns(value, column, until_user=True)
    return with_system(found, system_of(row))


def _tulu3(row: Row, kind: str) -> Body:
    prompt = _asked(row)
    if kind == "prompt":
        return {"prompt": prompt}
    verifier, truth = _label(row)
    return {"prompt": prompt, "verifier": verifier, "ground_truth": truth}


def _label(row: Row) -> tuple[str, str]:
    """The verifier's name and what it is given."""
    names, truth = row.get("dataset"), row.get("ground_truth")
    if not isinstance(names, list):
        return text_of(row, "dataset").lower(), truth_of(truth, "ground_truth")
    truths = truth if isinstance(truth, list) and len(truth) == len(names) else [truth]
    if not names or len(truths) != len(names) or not all(isinstance(name, str) for name in names):
        raise BadRow(
            f"field 'dataset' is {describe(names)} of {len(names)}, not the name of one verifier"
        )
    pairs: list[dict[str, Any]] = [
        {"verifier": name.lower(), "ground_truth": truth_of(one, "ground_truth")}
        for name, one in zip(names, truths, strict=True)
    ]
    if len(pairs) == 1:
        return pairs[0]["verifier"], pairs[0]["ground_truth"]
    return "all-of", json_text(pairs)


def _verl(row: Row, kind: str) -> Body:
    prompt = _asked(row)
    if kind == "prompt":
        return {"prompt": prompt}
    model = row.get("reward_model")
    if not isinstance(model, dict):
        raise BadRow(
            f"field 'reward_model' is {describe(model)}, not an object with 'ground_truth'"
        )
    name = text_of(row, "data_source").rpartition("/")[2].lower()
    truth = truth_of(model.get("ground_truth"), "reward_model.ground_truth")
    return {
        "prompt": prompt,
        "verifier": "math" if _MATH.match(name) else name,
        "ground_truth": truth,
    }


def _asks(sample: Sample) -> bool:
    prompts = sample.get("messages", frozenset()) | sample.get("prompt", frozenset())
    return bool({"messages", "text"} & prompts)


TULU3_RLVR = Format(
    "tulu3-rlvr",
    ("rlvr", "prompt"),
    frozenset(
        ("messages", "prompt", "ground_truth", "dataset", "constraint_type", "constraint", *SYSTEM)
    ),
    _tulu3,
    lambda sample, kind: {"ground_truth", "dataset"} <= sample.keys() and _asks(sample),
    turns=("messages", "prompt"),
)
VERL = Format(
    "verl",
    ("rlvr", "prompt"),
    frozenset(("prompt", "data_source", "reward_model", *SYSTEM)),
    _verl,
    lambda sample, kind: {"data_source", "reward_model"} <= sample.keys() and _asks(sample),
    turns=("prompt",),
)
