"""Sources of plain chats as a step sees them, cut into blocks, and the whole decision in plain
Python.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from curate.records import MESSAGES
from curate.steps import load
from curate.steps.dedup.spec import DedupSpec
from curate.steps.dedup.step import Dedup
from curate.steps.dedup.variants import places_of
from curate.steps.step import Decision, Records, Seen
from curate.text.blanks import one_spaced
from curate.text.normalise import folded
from curate.text.tokenise import tokens
from curate.turns import all_turns

Chat = list[str]
"""Turns, user and assistant in turn."""


class Fate(NamedTuple):
    """What became of a row that is like another one."""

    kept: str
    kind: str
    jaccard: float
    dropped: bool


def made(base: Path = Path(), kind: str = "sft", **spec: Any) -> Dedup:
    """The step made ready."""
    step: Dedup = load("dedup").make(DedupSpec(**spec), base=base, kind=kind, seed=1)
    return step


def records(source: str, chats: Sequence[Chat], first: int = 0, **columns: Any) -> Records:
    """Some rows of a source as sft records."""
    turns = [
        [
            {"role": ("user", "assistant")[place % 2], "content": text}
            for place, text in enumerate(chat)
        ]
        for chat in chats
    ]
    table = pa.table({"messages": pa.array(turns, MESSAGES), **columns})
    own = all_turns("sft", table)
    rows = np.arange(first, first + len(chats))
    return Records(source, "sft", table, rows, own, own.content_hashes())


def seen(
    step: Dedup,
    name: str,
    chats: Sequence[Chat],
    block: int,
    alive: Sequence[bool] | None = None,
    columns: Mapping[str, Sequence[Any]] | None = None,
    licence: str | None = None,
) -> Seen:
    """A source looked at in blocks of so many rows."""
    columns = columns or {}
    looked = [
        (
            at,
            step.look(
                records(
                    name,
                    chats[at : at + block],
                    at,
                    **{key: list(values[at : at + block]) for key, values in columns.items()},
                )
            ),
        )
        for at in range(0, len(chats), block)
    ]

    def staged(*names: str) -> Iterator[tuple[int, tuple[pa.Table, ...]]]:
        for at, look in looked:
            yield at, tuple(look.scratch[name] for name in names)

    def rows(mask: np.ndarray | None) -> Iterator[Records]:
        for at in np.flatnonzero(np.ones(len(chats), np.bool_) if mask is None else mask)[::-1]:
            yield records(name, [chats[at]], int(at))  # in an order of its own, as keys are

    return Seen(
        name=name,
        n=len(chats),
        alive=np.array(alive if alive is not None else [True] * len(chats), np.bool_),
        looks=[(at, len(look.kept["length"]), look.kept) for at, look in looked],
        staged=staged,
        positions=lambda ordinals: ordinals,
        rows=rows,
        licence=licence,
    )


def decide(sources: Mapping[str, Sequence[Chat]], block: int = 3, **spec: Any) -> dict[str, Fate]:
    """The lines of the table `duplicates` by row; what the removals say must agree with them."""
    step = made(**spec)
    return fates_of(step.decide([seen(step, name, own, block) for name, own in sources.items()]))


def fates_of(decision: Decision) -> dict[str, Fate]:
    """What a decision says of the rows, read from the table `duplicates`."""
    lines = [line for table in decision.tables["duplicates"] for line in table.to_pylist()]
    fates = {
        line["doc_id"]: Fate(line["kept_id"], line["kind"], line["jaccard"], line["dropped"])
        for line in lines
    }
    assert len(fates) == len(lines)
    gone = sum(len(removal.rows) for removal in decision.removals)
    assert gone == sum(fate.dropped for fate in fates.values()) == decision.figures["dropped"]
    return fates


def as_folded(text: str) -> str:
    return folded(text, accents=True).text


def shingles(chat: Chat, size: int) -> set[tuple[str, ...]]:
    """Windows of so many tokens over all turns, or all tokens if there are fewer."""
    own = [token.text for turn in chat for token in tokens(as_folded(turn))]
    size = min(size, len(own))
    return {tuple(own[i : i + size]) for i in range(len(own) - size + 1)} if size else set()


def jaccard(a: set[Any], b: set[Any]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


def other_numbers(a: Chat, b: Chat) -> bool:
    """Whether each of two texts has a number in some place that the other lacks there."""
    ours, theirs = (Counter(places_of("\n\n".join(map(as_folded, chat)))) for chat in (a, b))
    places = {place for place, _ in ours} & {place for place, _ in theirs}
    return any(
        {number for (at, number) in (ours - theirs) if at == place}
        and {number for (at, number) in (theirs - ours) if at == place}
        for place in places
    )


def other_answer(a: Chat, b: Chat) -> bool:
    """Whether the shorter of two answers has more than a few words that the other lacks."""
    ours, theirs = (
        {token.text for turn in chat[1::2] for token in tokens(as_folded(turn))} for chat in (a, b)
    )
    least = min(len(ours), len(theirs))
    return len(ours & theirs) <= 0.8 * least if least else ours != theirs


_SENTENCE_ENDS = re.compile(r"""(?<=\n)|(?<=[.!?])(?=[ \n])|(?<=[.!?]["')\]])(?=[ \n])""")


def other_question(a: Chat, b: Chat) -> bool:
    """Whether what users say, but for the sentences that both have, has words of its own."""
    one, other = ({words for turn in chat[::2] for words in _sentences(turn)} for chat in (a, b))
    ours = {word for words in one - other for word in words}
    theirs = {word for words in other - one for word in words}
    least = min(len(ours), len(theirs))
    return least >= 4 and len(ours & theirs) <= 0.5 * least


def _sentences(turn: str) -> Iterator[frozenset[str]]:
    for piece in _SENTENCE_ENDS.split(as_folded(turn)):
        yield frozenset(token.text for token in tokens(piece))


def oracle(
    rows: Sequence[tuple[str, Chat]], threshold: float | None, size: int, drop_variants: bool
) -> dict[str, Fate]:
    """The whole decision over rows in the order in which they are to be kept."""
    stay: list[tuple[str, Chat]] = []
    fates: dict[str, Fate] = {}
    same: dict[tuple[str, ...], str] = {}
    least = 2.0 if threshold is None else threshold - 1e-9
    for doc, chat in rows:
        text = tuple(one_spaced(as_folded(turn)) for turn in chat)
        if text in same:  # it shares the fate of the first of its kind
            first = fates.get(same[text])
            fates[doc] = first if first and first.dropped else Fate(same[text], "exact", 1.0, True)
            continue
        same[text] = doc
        own = shingles(chat, size)
        near = []
        for place, (kept, other) in enumerate(stay):
            value = jaccard(own, shingles(other, size))
            if own and value >= least:
                differ = (other_numbers, other_question, other_answer)
                variant = any(rule(chat, other) for rule in differ)
                kind = "variant" if variant else "near"
                drop = kind == "near" or drop_variants
                near.append((drop, value, -place, Fate(kept, kind, value, drop)))
        if near:
            fates[doc] = max(near)[3]
        if doc not in fates or not fates[doc].dropped:
            stay.append((doc, chat))
    return fates
