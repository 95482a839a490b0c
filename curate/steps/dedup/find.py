"""Which rows say the same as one that stays, on flat arrays over all rows of all sources.

    groups = first_of_each(exact, rank, alive)      # rows with one text: the one that stays
    close = candidates(pieces, wanted, 0.8)         # those that share a rare shingle with another
    found = settle(close, inside, rank, fixed, apart, 0.8, drop_variants=False)

Rows are numbered through all sources. In memory lie the shingles of candidates alone; those of all
rows stay in their files, and are read twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.kernels import similar
from curate.kernels.minhash import ShingleSets, some_sets
from curate.kernels.similar import Keys
from curate.steps.dedup.ragged import bounds, taken
from curate.steps.dedup.variants import Inside

FOUND = 1.0
"""The share of the pairs at the threshold that become candidates: all of them, by what `similar`
says.
"""
_LEAST, _MOST = 1 << 16, 1 << 30
"""Bytes of the table in which shingles are counted; two to four for each shingle in between."""


@dataclass(frozen=True)
class Piece:
    """The shingles of some rows that stand one after the other, as a look staged them."""

    first: int  # number of the first row
    sets: ShingleSets

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.sets.first) - 1


@dataclass(frozen=True)
class Close:
    """Rows that may have a near copy, their shingles, and the keys by which they find each other."""

    rows: np.ndarray  # int64, ascending
    sets: ShingleSets
    keys: Keys

    def only(self, mask: np.ndarray) -> Close:
        """Those of a mask over them."""
        places = np.flatnonzero(mask)
        ids, first = taken(self.keys.ids, self.keys.first, places)
        return Close(self.rows[places], some_sets(self.sets, places), Keys(ids, first, self.keys.n))


@dataclass(frozen=True)
class Settled:
    """Of every row that is near another one: the one that stays, and what it is to that."""

    rows: np.ndarray  # int64, ascending
    kept: np.ndarray  # int64: the row that it is most like of those that stay
    values: np.ndarray  # the Jaccard value of the two
    variant: np.ndarray  # bool: with other numbers, another question or another answer
    gone: np.ndarray  # bool


def first_of_each(exact: np.ndarray, rank: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """For every living row the first by rank of those with its hash (uint64 [rows, 2]); itself for
    the others.
    """
    first = np.arange(len(rank))
    rows = np.flatnonzero(alive)
    order = rows[np.lexsort((rank[rows], exact[rows, 1], exact[rows, 0]))]
    if len(order):
        new = np.append(True, (exact[order[1:]] != exact[order[:-1]]).any(axis=1))
        first[order] = order[np.flatnonzero(new)[np.cumsum(new) - 1]]
    return first


def candidates(pieces: Sequence[Piece], wanted: np.ndarray, threshold: float) -> Close:
    """The wanted rows that share one of their rarest shingles with another one."""
    counts = np.zeros(_room(sum(len(piece.sets.hashes) for piece in pieces)), np.uint8)
    for piece in pieces:
        similar.count(piece.sets, wanted[piece.first : piece.first + piece.n], counts)
    keys, owners = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for piece in pieces:
        own = wanted[piece.first : piece.first + piece.n]
        found, owner = similar.rare(piece.sets, own, counts, threshold)
        keys.append(found)
        owners.append(owner + piece.first)
    return _close(pieces, np.concatenate(keys), np.concatenate(owners))


def _room(shingles: int) -> int:
    return min(_MOST, max(_LEAST, 1 << (2 * shingles).bit_length()))


def _close(pieces: Sequence[Piece], keys: np.ndarray, owners: np.ndarray) -> Close:
    order = np.argsort(keys, kind="stable")
    keys, owners = keys[order], owners[order]
    new = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
    number = np.cumsum(new) - 1
    shared = np.bincount(number)[number] > 1 if len(keys) else new
    owners, ids = owners[shared], np.unique(number[shared], return_inverse=True)[1]
    order = np.argsort(owners, kind="stable")
    rows, sizes = np.unique(owners, return_counts=True)
    first = bounds(sizes)
    n = int(ids.max(initial=-1)) + 1
    return Close(rows, _sets_of(pieces, rows), Keys(ids[order].astype(np.int32), first, n))


def _sets_of(pieces: Sequence[Piece], rows: np.ndarray) -> ShingleSets:
    """The shingles of some rows, taken into memory."""
    hashes, sizes = [np.empty(0, np.uint64)], [np.zeros(1, np.int64)]
    for piece in pieces:
        low, high = np.searchsorted(rows, [piece.first, piece.first + piece.n])
        if high > low:
            taken = some_sets(piece.sets, rows[low:high] - piece.first)
            hashes.append(taken.hashes)
            sizes.append(np.diff(taken.first))
    return ShingleSets(np.concatenate(hashes), np.cumsum(np.concatenate(sizes)))


def partnered(close: Close, rank: np.ndarray, threshold: float) -> Close:
    """Those of the candidates that are similar to any other one."""
    order = np.argsort(rank[close.rows], kind="stable")
    back = np.ascontiguousarray(order[::-1])
    before = similar.partnered(close.sets, close.keys, order, threshold)
    return close.only(before | similar.partnered(close.sets, close.keys, back, threshold))


def settle(
    close: Close, inside: Inside, rank: np.ndarray, fixed: np.ndarray, apart: np.ndarray,
    threshold: float, *, drop_variants: bool,
) -> Settled:  # fmt: skip
    """Which of the candidates go: those that are similar to one that stays and comes before them;
    none of the pairs of rows in `apart`, int64 [pairs, 2], goes for the other.
    """
    order = np.argsort(rank[close.rows], kind="stable")
    codes = _codes(close.rows, apart)
    likest, values, kinds, gone = similar.settle(
        close.sets, close.keys, *inside, order, fixed[close.rows], codes, threshold, drop_variants
    )
    alike = np.flatnonzero(likest >= 0)
    return Settled(
        close.rows[alike],
        close.rows[likest[alike]],
        values[alike],
        kinds[alike] == similar.VARIANT,
        gone[alike],
    )


def _codes(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """One number for each pair of which both rows are among some (ascending) rows, by their places."""
    at = np.searchsorted(rows, pairs)
    there: np.ndarray = np.all(at < len(rows), axis=1)
    there[there] = (rows[at[there]] == pairs[there]).all(axis=1)
    found = np.sort(at[there], axis=1).astype(np.int64)
    codes: np.ndarray = np.unique(found[:, 0] * len(rows) + found[:, 1])
    return codes
