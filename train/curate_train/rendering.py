"""What a chat template makes of a row: its tokens, and where what is learnt begins.

Refused, with the row's name: what the template refuses, and tools or tool calls that it leaves out
without a word, for the model would learn answers that nothing explains. Reasoning that it leaves
out is a choice of some templates: it is told, not refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from curate.errors import UserError

Turns = list[dict[str, Any]]

SEQUENCES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "sft": (("messages",),),
    "preference": (("prompt", "chosen"), ("prompt", "rejected")),
    "rlvr": (("prompt",),),
}
"""Of each kind the sequences that a row becomes, by the columns whose turns they hold."""


class Renderer:
    """A tokenizer with its chat template, and what else the template is given."""

    def __init__(self, tokenizer: Any, kind: str, more: Mapping[str, Any] | None = None) -> None:
        """Render rows of `kind`; `more` is for the template (`chat_template_kwargs`)."""
        self.tokenizer, self.kind, self.more = tokenizer, kind, dict(more or {})

    def lengths(self, row: Mapping[str, Any]) -> list[int]:
        """The tokens of each sequence of a row; raises UserError for what the template refuses."""
        tools = tools_of(row)
        found = []
        for turns in sequences(row, self.kind):
            asked = self.kind == "rlvr"
            found.append(len(self._ids(row, turns, tools, add_generation_prompt=asked)))
            self._refuse_unseen(row, turns, tools)
        return found

    def learnt_from(self, row: Mapping[str, Any]) -> int:
        """The place of the first token that is learnt: of an rlvr row, of what is generated."""
        tools = tools_of(row)
        if self.kind == "sft":
            return self._first_marked(row, tools)
        prompt = self._ids(row, row["prompt"], tools, add_generation_prompt=True)
        if self.kind == "rlvr":
            return len(prompt)
        answers = [self._ids(row, turns, tools) for turns in sequences(row, self.kind)]
        return min(_common(prompt, answer) for answer in answers)

    def leaves_out_reasoning(self, row: Mapping[str, Any]) -> bool:
        """Whether a row has reasoning of which the template shows nothing."""
        tools = tools_of(row)
        for turns in sequences(row, self.kind):
            without = [_without(turn, "reasoning_content") for turn in turns]
            if without != turns and self._text(turns, tools) == self._text(without, tools):
                return True
        return False

    def _refuse_unseen(self, row: Mapping[str, Any], turns: Turns, tools: Any) -> None:
        for what, other_turns, other_tools in _poorer(turns, tools):
            if self._text(turns, tools) == self._text(other_turns, other_tools):
                raise UserError(
                    f"row {row['id']}: the chat template leaves out its {what}: take one that shows "
                    "them (chat_template: model, or a .jinja file), or remove the row"
                )

    def _ids(self, row: Mapping[str, Any], turns: Turns, tools: Any, **more: Any) -> list[int]:
        return list(self._rendered(row, turns, tools, **more)["input_ids"])

    def _first_marked(self, row: Mapping[str, Any], tools: Any) -> int:
        from trl.chat_template_utils import get_training_chat_template

        marks = self._rendered(
            row,
            row["messages"],
            tools,
            chat_template=get_training_chat_template(self.tokenizer),
            return_assistant_tokens_mask=True,
        )["assistant_masks"]
        return list(marks).index(1) if 1 in marks else len(marks)

    def _rendered(self, row: Mapping[str, Any], turns: Turns, tools: Any, **more: Any) -> Any:
        from jinja2 import TemplateError

        try:
            return self.tokenizer.apply_chat_template(
                turns, tools=tools, tokenize=True, return_dict=True, **self.more, **more
            )
        except TemplateError as error:
            raise UserError(f"row {row['id']}: the chat template refuses it: {error}") from None

    def _text(self, turns: Turns, tools: Any) -> str | None:
        """As text; None where the template refuses it, which shows that it has looked."""
        from jinja2 import TemplateError

        try:
            return str(
                self.tokenizer.apply_chat_template(turns, tools=tools, tokenize=False, **self.more)
            )
        except (TemplateError, TypeError):
            return None


def sequences(row: Mapping[str, Any], kind: str) -> list[Turns]:
    """The turns of each sequence that a row becomes."""
    return [[turn for column in columns for turn in row[column]] for columns in SEQUENCES[kind]]


def tools_of(row: Mapping[str, Any]) -> Any:
    """The tools of a row, as templates want them; None where it has none."""
    given = row.get("tools")
    return json.loads(given) if isinstance(given, str) else given


def _poorer(turns: Turns, tools: Any) -> Iterator[tuple[str, Turns, Any]]:
    """The sequence without its tools, and without the calls of one turn at a time."""
    if tools:
        yield "tools", turns, None
    for place, turn in enumerate(turns):
        if turn.get("tool_calls"):
            yield (
                f"tool calls of turn {place}",
                [*turns[:place], _without(turn, "tool_calls"), *turns[place + 1 :]],
                tools,
            )


def _without(turn: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in turn.items() if key != name}


def _common(one: list[int], other: list[int]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
