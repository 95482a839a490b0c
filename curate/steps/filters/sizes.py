"""Filters on how much there is: characters, words or tokens, turns, and turns that say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import model_validator

from curate.config import IS_PATH
from curate.records import TURN_COLUMNS, one_array
from curate.steps.filters.filter import Bounds, Filter, Values
from curate.steps.filters.roles import EVERYBODY, OfTurns, Roles
from curate.steps.filters.view import View
from curate.steps.step import Records
from curate.tokenizers import read_tokenizer, token_counts


class Length(Bounds, OfTurns):
    """How long the turns of a row are together."""

    measure: Literal["characters", "words", "tokens"] = "characters"
    tokenizer: Annotated[str | None, IS_PATH] = None
    """For tokens: a `tokenizer.json` or its folder."""

    @property
    def part(self) -> str:
        """What is counted."""
        return self.measure

    @property
    def measured_in(self) -> str:
        """One of what is counted."""
        return self.measure.removesuffix("s")

    @model_validator(mode="after")
    def _tokens_need_one(self) -> Self:
        if (self.measure == "tokens") != (self.tokenizer is not None):
            raise ValueError("tokens are those of a tokenizer: give both, or neither")
        return self

    def depends(self) -> Mapping[str, Any]:
        """The digest of the tokenizer."""
        return {"tokenizer": read_tokenizer(self.tokenizer).digest} if self.tokenizer else {}

    def told(self, value: Any, what: str | None) -> str:
        """So many of what is counted."""
        return f"{value:,.0f} {self.measure if value != 1 else self.measure[:-1]}"


def length(view: View, args: Length) -> Values:
    """Characters (code points), words (letters and digits; in scripts without spaces each letter) or
    tokens of a named tokenizer, of all turns together.

    Tülu 3 trained on at most 4,096 tokens (arXiv 2411.15124, §4.3); there is no default.
    """
    picked = view.turns(args)
    if args.tokenizer is not None:
        return Values(picked.total(token_counts(args.tokenizer, picked.texts)))
    if args.measure == "words":
        return Values(picked.total(np.diff(view.words(args).first)))
    return Values(picked.total(pc.utf8_length(picked.texts)))


class Turns(Bounds):
    """How many turns a row has."""

    unit: ClassVar[str] = "turn"
    roles: Roles = ("user", "assistant")


def turns(view: View, args: Turns) -> Values:
    """How many turns of some roles a row has, in all its columns of messages together."""
    picked = view.turns(OfTurns(roles=args.roles))
    return Values(picked.total(np.ones(len(picked.texts))))


class EmptyTurns(Bounds):
    """Turns that say nothing."""

    unit: ClassVar[str] = "empty turn"
    usual: ClassVar[float | None] = 0
    roles: Roles = EVERYBODY


_BLANK = (
    r"\A[\s\x0b\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}"
    r"\x{3000}]*\z"
)


def empty_turns(view: View, args: EmptyTurns) -> Values:
    """How many turns are empty or blank; one that calls a tool is not.

    As open-instruct's converters for Tülu 3 drop empty messages (arXiv 2411.15124, §3).
    """
    empty = pc.match_substring_regex(view.records.turns.texts, _BLANK)
    at = np.flatnonzero(empty)
    at = at[view.records.turns.wanted(args.roles)[at]]
    if len(at):
        at = at[~_calls_a_tool(view.records)[at]]
    docs = view.records.turns.stretches.docs[at]
    return Values(np.bincount(docs, minlength=view.records.n).astype(np.float64))


def _calls_a_tool(records: Records) -> np.ndarray:
    """Of every turn, in the order of `records.turns`, whether it has a call."""
    docs, called = [], []
    for name in TURN_COLUMNS[records.kind]:
        lists = one_array(records.table.column(name))
        lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)
        docs.append(np.repeat(np.arange(len(lists)), lengths))
        messages = lists.flatten()
        names = [field.name for field in messages.type]
        there = "tool_calls" in names
        calls = messages.field("tool_calls") if there else pa.nulls(len(messages), pa.string())
        called.append(np.asarray(pc.is_valid(calls)))
    order = np.argsort(np.concatenate(docs), kind="stable")
    ordered: np.ndarray = np.concatenate(called)[order]
    return ordered


LENGTH = Filter(Length, length)
TURNS = Filter(Turns, turns)
EMPTY_TURNS = Filter(EmptyTurns, empty_turns)
