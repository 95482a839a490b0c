"""What a maker is: it says what to ask, and how answers become rows.

    for item in maker.items():                    # seeded, in order
        what = maker.next(item, [])               # requests, or a row, or why there is none
        what = maker.next(item, answers)          # again, with the answers to all of them so far

`next` is pure, so rows can be made again from the answers that were kept. A maker may ask something
before (`Begins`) and decide on many rows at once (`Settles`). It is a module or a package with
`Spec`, the model of its part of a source, and `make(spec, given)`; a package may bring tables of
the audit and a face along, as a step does (`audit.face`), and `lines(staged)`, which gives lines
that are counted on all those that were staged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa
from pydantic import Field, model_validator

from curate.config import IS_PATH, Strict
from curate.engines.answer import Answer
from curate.engines.request import Request
from curate.engines.spec import EngineSpec
from curate.records import EXTRAS
from curate.sources.spec import ReadSpec


@dataclass(frozen=True)
class Item:
    """One row to be made; its number is the row's number in its source."""

    number: int
    data: Mapping[str, Any]
    """Plain data that JSON can hold: a persona, a domain, a row of another source."""


@dataclass(frozen=True)
class Ask:
    """A request to one of the recipe's engines."""

    request: Request
    engine: str
    """Its key under `engines`."""


@dataclass(frozen=True)
class Row:
    """A finished row."""

    record: Mapping[str, Any]
    """The columns of the kind of record, and any others as plain data: steps find them by name, and
    `keep` carries them into the output.
    """
    lineage: Mapping[str, Any]
    """What it was made of and by: kept as JSON beside the row."""


@dataclass(frozen=True)
class BadInput:
    """Why there is no row: it goes to quarantine with this reason."""

    reason: str


class Maker(Protocol):
    """Makes rows of answers. Nothing in it changes."""

    @property
    def name(self) -> str:
        """Its key in a source of the recipe."""

    @property
    def kind(self) -> str:
        """The kind of record that its rows are."""

    @property
    def engines(self) -> Collection[str]:
        """The engines that it asks, by their keys in the recipe."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Plain data that its rows depend on, such as digests of templates: it goes into the lock."""

    def items(self) -> Iterator[Item]:
        """The items in their order, numbered from 0; endless where nothing limits them."""

    def next(self, item: Item, answers: Sequence[Answer]) -> list[Ask] | Row | BadInput:
        """What to ask next, or the row, or why there is none; `answers` are those to all that was
        asked for the item so far, in that order. Pure.
        """


@dataclass(frozen=True)
class Settled:
    """What becomes of rows that are decided on together."""

    results: Sequence[Row | BadInput]
    """One for each of the rows, in their order."""
    lines: Mapping[str, pa.Table]
    """Lines of the maker's tables of the audit, but for the column `source`."""


@runtime_checkable
class Begins(Protocol):
    """A maker that asks something before the first item."""

    def begin(self, ask: Callable[[Sequence[Ask]], Sequence[Answer]]) -> Mapping[str, pa.Table]:
        """Ask, and tell lines of the audit; raises UserError where nothing should be made."""


@runtime_checkable
class Settles(Protocol):
    """A maker that decides on many rows at once: `next` gives rows that are not finished."""

    def settle(self, rows: Sequence[tuple[Item, Row]]) -> Settled:
        """Decide; pure, and whatever is decided of a row depends on that row alone."""


class MakerSpec(Strict):
    """How much a maker makes: what every `Spec` begins with."""

    items: int | None = Field(default=None, ge=1, le=2**40)
    """So many rows are tried."""
    accepted: int | None = Field(default=None, ge=1, le=2**40)
    """So many rows are left by all steps: items are tried in rounds until there are."""
    round: int | None = Field(default=None, ge=1, le=2**40)
    """Items of a round; as many as are to be accepted where it is left out."""

    @model_validator(mode="after")
    def _one_amount(self) -> MakerSpec:
        if self.items is not None and self.accepted is not None:
            raise ValueError("both items and accepted are given; keep one of them")
        if self.round is not None and self.accepted is None:
            raise ValueError("round goes with accepted")
        return self

    def licence(self) -> str | None:
        """The licence of what its rows are made of, where it is known."""
        return None

    def paths(self) -> Iterator[tuple[str | int, ...]]:
        """Where paths are in its plain data, those of its parts among them."""
        for name, field in type(self).model_fields.items():
            key, value = field.alias or name, getattr(self, name)
            if IS_PATH in field.metadata:
                yield (key,)
                continue
            for place, part in _parts(key, value):
                yield from ((*place, *keys) for keys in part.paths())


def _parts(key: str, value: Any) -> Iterator[tuple[tuple[str | int, ...], Strict]]:
    """The models in a field, be it one of them or a list, each with its place."""
    if isinstance(value, Strict):
        yield (key,), value
    elif isinstance(value, tuple):
        yield from (((key, n), one) for n, one in enumerate(value) if isinstance(one, Strict))


Passed = Callable[[ReadSpec, str], Iterator[Mapping[str, Any]]]
"""Gives the rows that a maker reads, as records of a kind, once they have passed the recipe's
filters, dedup and decontamination, each with `id` and `source`.
"""


@dataclass(frozen=True)
class Given:
    """What a maker is made with, beside its `Spec`."""

    source: str
    """The name of the source whose rows it makes."""
    base: Path
    """The folder that paths start from."""
    kind: str
    seed: int
    engines: Mapping[str, EngineSpec]
    passed: Passed


def turns(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Turns as a request has them: role and content, and what else a turn says."""
    return [
        {"role": turn["role"], "content": turn["content"] or ""}
        | {name: turn[name] for name in EXTRAS if turn.get(name)}
        for turn in messages
    ]


def unaskable(data: Mapping[str, Any]) -> BadInput | None:
    """Why the prompt of an item cannot be asked as it is; engines take role and content alone."""
    more = {name for turn in data["prompt"] for name in turn} - {"role", "content"}
    if more:
        return BadInput(f"a turn of the prompt has {', '.join(sorted(more))}: not asked")
    return BadInput("the prompt comes with tools: not asked") if data.get("tools") else None


def unanswered(answer: Answer) -> BadInput:
    """Why an item whose request came to no answer gives no row."""
    return BadInput(f"{answer.outcome}: {answer.reason}" if answer.reason else answer.outcome)


def served(answer: Answer) -> dict[str, str]:
    """What answered, for the lineage of a row."""
    return {name: getattr(answer, name) for name in ("engine", "model", "revision", "served_by")}
