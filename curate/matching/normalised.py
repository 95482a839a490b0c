"""Texts as matchers read them, and what they found in the texts as they were.

    fields = normalised_items(items)               # of every item, what is indexed
    plain, odd = parted(turns)                     # rows in which there is nothing to do, and others
    odd.back(found)                                # what was found in the others, in their own text

The rule is `curate.text.normalise`. Rows without anything to do are matched where they lie; the
turns of the others are written anew. Where a finding stands in the text as it was is asked of the
rule, and of those texts alone that something was found in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np

from curate.kernels.normalise import TO_READ, fold, screen
from curate.kernels.texts import Stretches
from curate.matching.ngram import Matches
from curate.text import escapes
from curate.text.buffer import Laid, lay_out
from curate.text.normalise import ROUNDS, Normal, origins

Fields = tuple[str, ...]


def normalised(texts: Laid) -> Laid:
    """Every text normalised, in a buffer of its own."""
    kinds = screen(*texts)
    done = _folded(texts)
    encoded = np.flatnonzero((kinds | screen(*done)) & TO_READ)
    if not len(encoded):
        return done
    read = lay_out(_read([_text(texts, i) for i in encoded.tolist()]))
    starts, stops = done.starts, done.stops
    starts[encoded], stops[encoded] = read.starts + done.data.size, read.stops + done.data.size
    data = np.concatenate([done.data, read.data])
    data.flags.writeable = False  # as other buffers are: numba compiles for each of the two
    return Laid(data, starts, stops)


def _folded(texts: Laid) -> Laid:
    data, starts, stops = fold(*texts, False)
    data.flags.writeable = False
    return Laid(data, starts, stops)


def _read(texts: list[str]) -> list[str]:
    """Texts that hold something encoded, normalised."""
    todo = list(range(len(texts)))
    for again in range(ROUNDS):
        read = {i: escapes.read(texts[i]) for i in todo}
        todo = [i for i in todo if not again or read[i] != texts[i]]
        if not todo:
            break
        folded = _folded(lay_out(read[i] for i in todo))
        for place, i in enumerate(todo):
            texts[i] = _text(folded, place)
    return texts


def _text(texts: Laid, i: int) -> str:
    return texts.data[texts.starts[i] : texts.stops[i]].tobytes().decode()


def n_as_they_are(turns: Stretches) -> int:
    """How many rows have a turn with something to do, for whoever compares them as they are."""
    return len(np.unique(turns.docs[_changes(turns)]))


def _changes(turns: Stretches) -> np.ndarray:
    changed: np.ndarray = screen(turns.data, turns.starts, turns.stops) > 0
    return changed


@dataclass(frozen=True)
class Rewritten:
    """The turns of rows that were written anew, and as they were."""

    turns: Stretches
    originals: Stretches

    def back(self, found: Matches) -> Matches:
        """What was found, in the text as it was."""
        owners = np.repeat(found.docs, np.diff(found.doc_first))
        places = np.searchsorted(
            _by_turn(self.originals.docs, self.originals.turns),
            _by_turn(owners, found.doc_spans[:, 0]),
        )
        spans = found.doc_spans.copy()
        for place, mine in _each(places):
            text = _text(Laid(*self.originals[:3]), place)
            spans[mine, 1:] = _origin(_ends_of(origins(text)), spans[mine, 1:])
        return found._replace(doc_spans=spans)


def parted(turns: Stretches) -> tuple[Stretches, np.ndarray, Rewritten | None]:
    """The turns of rows in which nothing is to be done, a mask of the others, and those written
    anew.
    """
    changed = _changes(turns)
    others = np.isin(turns.docs, turns.docs[changed])
    if not changed.any():
        return turns, others, None
    originals = _where(turns, others)
    written = normalised(Laid(*originals[:3]))
    rewritten = Rewritten(Stretches(*written, originals.docs, originals.turns), originals)
    return _where(turns, ~others), others, rewritten


def _where(turns: Stretches, mask: np.ndarray) -> Stretches:
    return Stretches(turns.data, *(column[mask] for column in turns[1:]))


def _by_turn(docs: np.ndarray, turns: np.ndarray) -> np.ndarray:
    keys: np.ndarray = docs.astype(np.int64) << 32 | turns
    return keys


def _each(owners: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each owner of spans with the places of its own."""
    order = np.argsort(owners, kind="stable")
    cuts = np.flatnonzero(np.diff(owners[order])) + 1
    for mine in np.split(order, cuts) if len(order) else ():
        yield int(owners[mine[0]]), mine


_Ends = tuple[np.ndarray, np.ndarray]
"""Where each code point of a normalised text begins in the original, and where each before it ends."""


def _ends_of(text: Normal) -> _Ends:
    begins = np.array([*text.begins, *text.ends[-1:]], np.int32)
    return begins, np.array([0, *text.ends], np.int32)


def _origin(text: _Ends, spans: np.ndarray) -> np.ndarray:
    """Spans of a normalised text in the original; one that is empty stays so."""
    begins, ends = text
    if not len(begins):
        return np.zeros_like(spans)
    starts, stops = np.minimum(spans, len(begins) - 1).T
    first = begins[starts]
    return np.stack([first, np.where(stops > starts, ends[stops], first)], axis=1)


# ---- items


def normalised_items(items: Sequence[Fields]) -> tuple[list[Fields], np.ndarray]:
    """The texts of the fields of each item, and which items changed."""
    laid = lay_out(field for item in items for field in item)
    todo = np.flatnonzero(screen(*laid))
    read = normalised(Laid(laid.data, laid.starts[todo], laid.stops[todo]))
    flat = [field for item in items for field in item]
    for place, i in enumerate(todo.tolist()):
        flat[i] = _text(read, place)
    firsts = accumulate(map(len, items), initial=0)
    fields = [tuple(flat[first:last]) for first, last in pairwise(firsts)]
    changed = [new != tuple(old) for new, old in zip(fields, items, strict=True)]
    return fields, np.array(changed, np.bool_)


@dataclass(frozen=True)
class Items:
    """The fields of items as they were, and which of them are indexed otherwise."""

    fields: Sequence[Fields]
    changed: np.ndarray  # bool

    def back(self, found: Matches) -> Matches:
        """What was found, in the items' texts as they were."""
        owners = np.repeat(found.items, np.diff(found.item_first))
        spans = found.item_spans.copy()
        for item, mine in _each(owners):
            if self.changed[item]:
                spans[mine] = _origin(_item_origins(self.fields[item]), spans[mine])
        return found._replace(item_spans=spans)


@lru_cache(4096)
def _item_origins(fields: Fields) -> _Ends:
    """Of an item: its fields joined by line feeds."""
    whole, at = Normal("", [], []), 0
    for place, field in enumerate(fields):
        own, gap = origins(field), "\n" if place else ""
        whole = Normal(
            whole.text + gap + own.text,
            [*whole.begins, *([at - 1] if gap else []), *(at + begin for begin in own.begins)],
            [*whole.ends, *([at] if gap else []), *(at + end for end in own.ends)],
        )
        at += len(field) + 1
    return _ends_of(whole)


# ---- findings of both


def together(parts: Sequence[Matches]) -> list[Matches]:
    """Findings in different rows as one, by record, then by item."""
    some = [part for part in parts if len(part.docs)]
    if len(some) < 2:
        return some or list(parts[:1])
    docs, items, scores, labels = (
        np.concatenate([getattr(part, name) for part in some])
        for name in ("docs", "items", "scores", "labels")
    )
    order = np.lexsort((items, docs))
    doc_first, doc_spans = _sorted_spans([(p.doc_first, p.doc_spans) for p in some], order)
    item_first, item_spans = _sorted_spans([(p.item_first, p.item_spans) for p in some], order)
    return [
        Matches(
            docs[order], items[order], scores[order], doc_first, doc_spans, item_first, item_spans,
            labels[order],
        )
    ]  # fmt: skip


def _sorted_spans(
    parts: Sequence[tuple[np.ndarray, np.ndarray]], order: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.concatenate([np.diff(first) for first, _ in parts])
    spans = np.concatenate([spans for _, spans in parts])
    begins = np.cumsum(sizes) - sizes
    first = np.concatenate([[0], np.cumsum(sizes[order])]).astype(np.int64)
    rows = (
        np.repeat(begins[order], sizes[order])
        + np.arange(len(spans))
        - np.repeat(first[:-1], sizes[order])
    )
    return first, spans[rows]
