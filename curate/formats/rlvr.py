"""Prompts with an answer that can be checked, as AllenAI publishes them: `tulu3-rlvr`.

Columns `messages` (user turns; a trailing assistant turn is left out), `ground_truth` (text; JSON
for instruction following) and `dataset`, which names the verifier and is looked up in lower case.
`constraint_type` and `constraint` repeat in words what `ground_truth` holds, and are used up."""

from __future__ import annotations

from curate.files import Row
from curate.formats.base import Format, Sample, describe, json_or_text, message, text_of
from curate.formats.chat import Message, turns
from curate.records import BadRow, Body


def ground_truth(row: Row, column: str) -> str:
    """The ground truth as text: text as it is, numbers and objects as JSON; raises BadRow where
    there is none.
    """
    value = json_or_text(row.get(column))
    if value is None:
        raise BadRow(f"field '{column}' is missing")
    return value


def _convert(row: Row, kind: str) -> Body:
    column = "messages" if row.get("messages") is not None else "prompt"
    value = row.get(column)
    prompt: list[Message] = (
        [message("user", value)]
        if isinstance(value, str)
        else turns(value, column, until_user=True)
    )
    if kind == "prompt":
        return {"prompt": prompt}
    return {
        "prompt": prompt,
        "verifier": _verifier(row),
        "ground_truth": ground_truth(row, "ground_truth"),
    }


def _verifier(row: Row) -> str:
    value = row.get("dataset")
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0].lower()
    if isinstance(value, list):
        raise BadRow(
            f"field 'dataset' is {describe(value)} of {len(value)}, not the name of one verifier"
        )
    return text_of(row, "dataset").lower()


def _fits(sample: Sample, kind: str) -> bool:
    prompts = sample.get("messages", frozenset()) | sample.get("prompt", frozenset())
    return {"ground_truth", "dataset"} <= sample.keys() and bool({"messages", "text"} & prompts)


TULU3_RLVR = Format(
    "tulu3-rlvr",
    ("rlvr", "prompt"),
    frozenset(("messages", "prompt", "ground_truth", "dataset", "constraint_type", "constraint")),
    _convert,
    _fits,
    turns=("messages", "prompt"),
)
