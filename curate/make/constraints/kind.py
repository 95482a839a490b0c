"""What a type of constraint is to those who ask for it: how its arguments are drawn, and how a text
is rewritten so that it holds.

A text is made in two ways. An *edit* changes the plain prose, and is tried only where the type does
not hold: it inserts a keyword, or drops a word. A *finish* gives the prose its form, in the order of
stages, every time: it divides paragraphs, writes capitals, wraps all in quotes. So no rewriting has
to know the others. Whether a text holds is said by the verifier alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from random import Random
from typing import Any

Arguments = dict[str, Any]
Draw = Callable[[Random, str], "Arguments | None"]
"""Arguments for a prompt; None for a prompt that the type does not fit."""
AnyPrompt = Callable[[Random, str], Arguments]
"""A draw that fits every prompt."""


class Stage(IntEnum):
    """When a finish is applied."""

    REPLACE = 1
    SENTENCES = 2
    PARTS = 3
    PIECES = 4
    MARKS = 5
    BEGIN = 6
    END = 7
    SIGNS = 8
    CASE = 9
    WRAP = 10


@dataclass(frozen=True, slots=True)
class Text:
    """What an edit sees: the prose, and what the finishes made of it, which is what is judged."""

    prose: str
    finished: str


Edit = Callable[[Text, Mapping[str, Any], Random], str]
Finish = Callable[[str, Mapping[str, Any], Random], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One type; it has an edit or a finish."""

    id: str
    draw: Draw
    edit: Edit | None = None
    finish: Finish | None = None
    stage: Stage = Stage.PARTS


KINDS: dict[str, Kind] = {}
"""All types that can be asked for, by id."""


def edited(id: str, draw: Draw) -> Callable[[Edit], Edit]:
    """Enter a function as the edit of a type."""

    def enter(edit: Edit) -> Edit:
        KINDS[id] = Kind(id, draw, edit=edit)
        return edit

    return enter


def finished(id: str, draw: Draw, stage: Stage) -> Callable[[Finish], Finish]:
    """Enter a function as the finish of a type."""

    def enter(finish: Finish) -> Finish:
        KINDS[id] = Kind(id, draw, finish=finish, stage=stage)
        return finish

    return enter
