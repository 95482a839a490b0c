"""Two lists of row hashes as multisets: what both hold, what one alone, how far the order differs.

The k-th row of a content in A is taken for the k-th of it in B. Held are 16 bytes a row, and 58
more while rows are matched; nothing is a Python object.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.compare.hashes import Hashes, Ints

_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Matched:
    """Which rows go together: positions in A and in B, and how many contents each side has."""

    pairs: tuple[Ints, Ints]
    """Positions in A, ascending, and those of the same rows in B."""
    only_a: Ints
    only_b: Ints
    distinct: tuple[int, int]
    spare: tuple[int, int]
    """Of the rows in one side alone, those whose content the other has too, less often."""


def match(a: Hashes, b: Hashes) -> Matched:
    """Match the rows of A with those of B."""
    order, starts = _grouped(np.concatenate([a, b]))
    from_a = order < len(a)
    total = np.diff(np.append(starts, len(order)))
    in_a = np.add.reduceat(from_a, starts, dtype=np.int64) if len(starts) else total
    in_b = total - in_a
    # The sort is stable: within a group the rows of A come first, each side in its own order.
    rank = np.arange(len(order)) - np.repeat(starts, total)
    rank -= np.where(from_a, 0, np.repeat(in_a, total))
    paired = rank < np.repeat(np.minimum(in_a, in_b), total)
    shared = np.repeat((in_a > 0) & (in_b > 0), total)
    left, right = order[paired & from_a], order[paired & ~from_a] - len(a)
    by_place = np.argsort(left)
    alone = [~paired & from_a, ~paired & ~from_a]
    return Matched(
        (left[by_place], right[by_place]),
        np.sort(order[alone[0]]),
        np.sort(order[alone[1]] - len(a)),
        (int(np.count_nonzero(in_a)), int(np.count_nonzero(in_b))),
        (int(np.count_nonzero(alone[0] & shared)), int(np.count_nonzero(alone[1] & shared))),
    )


def _grouped(hashes: Hashes) -> tuple[Ints, Ints]:
    """The order that brings equal rows together, and where in it each group starts."""
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    new = np.ones(len(order), np.bool_)
    lanes = [hashes[order, lane] for lane in (0, 1)]
    new[1:] = (lanes[0][1:] != lanes[0][:-1]) | (lanes[1][1:] != lanes[1][:-1])
    return order, np.flatnonzero(new)


def moved(places: Ints) -> int:
    """How many rows must be moved to put `places`, all different, in order.

    They are those outside a longest ascending run, which need not be unbroken: one row carried from
    the start to the end counts as one.
    """
    if (np.diff(places) > 0).all():
        return 0
    ends: array[int] = array("q")  # ends[i]: the lowest place where a run of i + 1 rows can end
    for start in range(0, len(places), _AT_ONCE):
        for place in places[start : start + _AT_ONCE].tolist():
            at = bisect_left(ends, place)
            if at == len(ends):
                ends.append(place)
            else:
                ends[at] = place
    return len(places) - len(ends)


def in_other_part(pairs: tuple[Ints, Ints], bounds: tuple[int, int]) -> int:
    """How many paired rows stand before a bound on one side and not before it on the other."""
    differing: npt.NDArray[np.bool_] = (pairs[0] < bounds[0]) != (pairs[1] < bounds[1])
    return int(np.count_nonzero(differing))
