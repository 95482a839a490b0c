"""Items of a benchmark: the texts of a row that a model is shown, taken out of it by dotted paths.

    choices.text        the list `text` in the object `choices`, joined by newlines
    turns               a list of texts, joined by newlines
    doc.question        `question` in the object `doc`, or the column called `doc.question`

A field that is missing, empty or no text is an error that names the file, the row and the fields
found, unless it is optional."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from curate.errors import UserError, option

Located = tuple[str, int, Mapping[str, Any]]
"""A row with the file it stands in and its position there."""

_HALF_PAIR = re.compile("[\ud800-\udfff]")

# Where prompts are commonly kept, in the order they are looked for in a data file of one's own;
# lower-case.
_PROMPT_FIELDS = (
    "question",
    "prompt",
    "problem",
    "instruction",
    "input",
    "text",
    "query",
    "goal",
    "behavior",
    "turns",
)
# A second field that belongs to the prompt where it is there: (prompt field, second field, second
# one first).
_COMPANIONS = (
    ("question", "passage", True),
    ("question", "context", True),
    ("instruction", "input", False),
)


@dataclass(frozen=True)
class Item:
    """One item of a benchmark; `instance_id` is `<benchmark>/<id or row>`. The answer is for the
    self-test alone.
    """

    benchmark: str
    instance_id: str
    fields: tuple[str, ...]
    answer: str | None = None


def item_text(item: Item) -> str:
    """Give the text of an item: its fields joined by one newline."""
    return "\n".join(item.fields)


def make_items(
    rows: Iterable[Located],
    benchmark: str,
    fields: Sequence[str],
    optional: Sequence[str],
    id_field: str | None,
    answer: str | None = None,
) -> Iterator[Item]:
    """Make the items of a benchmark's rows; an id that was seen before gets `#2`, `#3`."""
    seen: set[str] = set()
    for position, (file, number, row) in enumerate(rows):
        texts = _texts(row, fields, optional, f"{file}, row {number}")
        own = _own_id(row, id_field, position)
        named = next(name for name in _names(own) if name not in seen)
        seen.add(named)
        yield Item(benchmark, f"{benchmark}/{named}", texts, _answer(row, answer))


def _names(own: str) -> Iterator[str]:
    """The id itself, then with `#2`, `#3` and so on."""
    yield own
    yield from (f"{own}#{times}" for times in count(2))


def _own_id(row: Mapping[str, Any], path: str | None, position: int) -> str:
    try:
        value = _find(row, path) if path else None
    except KeyError:
        value = None
    return str(value) if isinstance(value, (str, int)) and value != "" else str(position)


def _answer(row: Mapping[str, Any], path: str | None) -> str | None:
    """The gold answer as text; None where there is none, or none that is text or a number."""
    try:
        value = _find(row, path) if path else None
    except KeyError:
        return None
    text = (
        str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    )
    return text if text.strip() and not _HALF_PAIR.search(text) else None


def _texts(
    row: Mapping[str, Any], fields: Sequence[str], optional: Sequence[str], where: str
) -> tuple[str, ...]:
    """Take the texts of an item out of its row."""
    texts = []
    for path in fields:
        try:
            text = _join(_find(row, path), f"{where}: field '{path}'")
        except KeyError:
            if path in optional:
                continue
            raise UserError(f"{where}: no field '{path}' (found: {', '.join(row)})") from None
        if text.strip():
            texts.append(text)
        elif path not in optional:
            raise UserError(
                f"{where}: field '{path}' is empty; a field that may be is listed under optional"
            )
    return tuple(texts)


def _find(value: Any, path: str) -> Any:
    """Follow a dotted path; in a list, follow it in every element. A key that holds dots itself is
    found too.
    """
    if isinstance(value, list):
        return [_find(element, path) for element in value]
    if isinstance(value, Mapping):
        if path in value:
            return value[path]
        head, _, rest = path.partition(".")
        if rest and head in value:
            return _find(value[head], rest)
    raise KeyError(path)


def _join(value: Any, where: str) -> str:
    """Make text of what a field holds: text, a number, null (empty), or a list of those, joined by
    newlines.
    """
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(_join(element, where) for element in value)
    if isinstance(value, Mapping):
        raise UserError(
            f"{where} is an object, not text; name a field in it with a dot (found: {', '.join(value)})"
        )
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise UserError(f"{where} is a {type(value).__name__}, not text")
    text = str(value)
    if not text.isascii() and _HALF_PAIR.search(text):
        raise UserError(f"{where} holds half of a surrogate pair, which is no text")
    return text


_ANSWERS = ("answer", "solution", "canonical_solution", "response", "output", "target", "code")


def detect_answer(row: Mapping[str, Any]) -> str | None:
    """The field of a data file's row that holds the gold answer, if any is called like one."""
    actual = {key.lower(): key for key in row}
    return next((actual[name] for name in _ANSWERS if name in actual), None)


def detect_fields(row: Mapping[str, Any], where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find the fields of a prompt in a row of a data file: (fields, those of them that are
    optional).
    """
    actual = {key.lower(): key for key in row}
    name = next((name for name in _PROMPT_FIELDS if name in actual), None)
    if name is None:
        raise UserError(
            f"{where}: none of its fields is known to hold a prompt (found: {', '.join(row)}); "
            f"name them: {option('--benchmark-field NAME', 'benchmark_fields: [...]')}, or `fields` "
            "in a suite file"
        )
    for prompt, other, leads in _COMPANIONS:
        if name == prompt and other in actual:
            pair = (actual[other], actual[name]) if leads else (actual[name], actual[other])
            return pair, (actual[other],)
    return (actual[name],), ()
