"""What is asked and what is answered, as text, one message or a list of them.

An answer may repeat its prompt, which is then cut off. What it has more of the conversation (a
system turn, earlier turns before a prompt that is only the last one) goes into the prompt: nothing
is lost. Repetitions are compared without regard to white space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curate.files import Row
from curate.formats.base import describe, message, optional_text, system_of
from curate.formats.chat import Message, turn, turns, with_system
from curate.formats.values import number_text
from curate.records import BadRow

PROMPTS = ("prompt", "conversations", "messages", "question", "instruction")
_ASKS = ("user", "tool")


def prompt_turns(value: object, column: str) -> list[Message]:
    """A prompt as turns: text is what the user says."""
    if isinstance(value, str):
        return [message("user", value)]
    return [turn(value, column)] if isinstance(value, dict) else turns(value, column)


def answer_turns(value: object, column: str) -> list[Message]:
    """An answer as turns: text is what the assistant says; raises BadRow where there is none."""
    if value is None:
        raise BadRow(f"field '{column}' is missing")
    if isinstance(value, list):
        return turns(value, column)
    if isinstance(value, dict):
        return [turn(value, column)]
    if not isinstance(value, str):
        raise BadRow(f"field '{column}' is {describe(value)}, not text")
    return [message("assistant", value)]


def history_turns(value: object, column: str = "history") -> list[Message]:
    """Earlier turns, as messages or as pairs of question and answer."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    if items and all(isinstance(item, dict) for item in items):
        return turns(items, column)
    found = []
    for pair in items:
        if (
            not isinstance(pair, list)
            or len(pair) != 2
            or not all(isinstance(text, str) for text in pair)
        ):
            raise BadRow(f"field '{column}' holds {describe(pair)}, not pairs of texts")
        found += [message("user", pair[0]), message("assistant", pair[1])]
    return found


def given_prompt(row: Row) -> list[Message] | None:
    """The prompt that stands in a column of its own, with history and system prompt before it; None
    where there is none.
    """
    column = next((name for name in PROMPTS if row.get(name) is not None), None)
    if column is None:
        return None
    value = row[column]
    more = optional_text(row, "input") if column == "instruction" else None
    if more and isinstance(value, str):
        value = f"{value}\n\n{more}"
    found = prompt_turns(value, column)
    return with_system([*history_turns(row.get("history")), *found], system_of(row))


def number_answer(value: object) -> object:
    """An answer as it is, a number as text: of one answer alone, where it cannot be a place among
    several.
    """
    return number_text(value) or value


def parted(
    given: list[Message] | None, sides: Mapping[str, list[Message]]
) -> tuple[list[Message], list[list[Message]]]:
    """The prompt, and of every side what follows it; raises BadRow where prompt and sides do not
    fit together.
    """
    if given is None:
        n = _shared(list(sides.values()))
        if not n:
            names = " and ".join(f"'{name}'" for name in sides)
            raise BadRow(
                f"there is no prompt: no prompt column, and {names} do not begin with the same turns"
            )
        return next(iter(sides.values()))[:n], [side[n:] for side in sides.values()]
    cuts = {name: _repeated(given, side, name) for name, side in sides.items()}
    before = {name: sides[name][:n] for name, n in cuts.items() if n}
    return _whole(given, before), [side[cuts[name] :] for name, side in sides.items()]


def _shared(sides: Sequence[list[Message]]) -> int:
    """How many turns all sides begin with, up to the last that asks for an answer."""
    n: int = 0
    while all(n < len(side) and _same(side[n], sides[0][n]) for side in sides):
        n += 1
    while n and sides[0][n - 1]["role"] not in _ASKS:
        n -= 1
    return n


def _repeated(given: list[Message], side: list[Message], name: str) -> int:
    """How many turns of a side stand before its answer, which follows a repetition of the prompt."""
    first = len(_system(side))
    if len(side) <= first or side[first]["role"] == "assistant":
        return first
    spoken = _spoken(given)
    begins = first + len(spoken)
    ends: list[int] = [begins, *range(len(side) - 1, begins, -1)]
    for end in ends:
        if _alike(side[end - len(spoken) : end], spoken):
            return end
    raise BadRow(f"the prompt repeated in '{name}' differs from the prompt")


def _whole(given: list[Message], before: Mapping[str, list[Message]]) -> list[Message]:
    """The prompt with what the sides have more of it; they must say the same."""
    whole = given
    for name, turns_before in before.items():
        if len(_spoken(turns_before)) > len(_spoken(whole)):
            one, other = _spoken(turns_before), _spoken(whole)
            whole = [*_system(whole), *one]
        else:
            one, other = _spoken(whole), _spoken(turns_before)
        if other and not _alike(one[len(one) - len(other) :], other):
            raise BadRow(f"the conversation before the prompt in '{name}' differs")
        own, known = _system(turns_before), _system(whole)
        if own and known and not _same(own[0], known[0]):
            raise BadRow(f"the system turn repeated in '{name}' differs from that of the prompt")
        whole = [*(known or own), *_spoken(whole)]
    return whole


def _system(found: Sequence[Message]) -> list[Message]:
    return [one for one in found[:1] if one["role"] == "system"]


def _spoken(found: Sequence[Message]) -> list[Message]:
    return list(found[len(_system(found)) :])


def _alike(one: Sequence[Message], other: Sequence[Message]) -> bool:
    return len(one) == len(other) and all(map(_same, one, other))


def _same(one: Message, other: Message) -> bool:
    said, again = one["content"], other["content"]
    return (
        one["role"] == other["role"]
        and (said == again or said.split() == again.split())
        and one.get("tool_calls") == other.get("tool_calls")
    )
