"""Which parts of a long text are shown: its shared pieces with a little text around them.

A text of up to `Sizes.whole` code points is shown whole; a long shared piece loses its middle.
Positions are code points from the start of the whole text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WHOLE = 1400
CONTEXT = 160
# Code points of one shared piece and of all that is shown of one text.
PIECE = 700
SHOWN = 2400
# Of a long text without a shared piece the beginning is shown.
OTHER_WIDTH = 280

Window = tuple[int, int]


@dataclass(frozen=True)
class Sizes:
    """How much of a text is shown, in code points: the constants of this module, or less on a small
    screen.
    """

    whole: int = WHOLE
    context: int = CONTEXT
    piece: int = PIECE
    shown: int = SHOWN


PAGE = Sizes()


def windows(length: int, spans: Sequence[Window], sizes: Sizes = PAGE) -> list[Window]:
    """The parts of a text of `length` code points that are shown, ascending and apart: whole if
    short, else around the shared pieces.
    """
    if length <= sizes.whole:
        return [(0, length)]
    wanted: list[Window] = []
    for start, stop in spans:
        half = sizes.piece // 2
        cut = (
            [(start, start + half), (stop - half, stop)]
            if stop - start > sizes.piece
            else [(start, stop)]
        )
        around = sizes.context
        wanted += [
            (max(0, a - around * (a == start)), min(length, b + around * (b == stop)))
            for a, b in cut
        ]
    if not wanted:
        return [(0, min(OTHER_WIDTH, length, sizes.shown))]
    return list(_within(merged(sorted(wanted)), sizes.shown))


def merged(parts: Iterable[Window]) -> list[Window]:
    """Ascending parts with those that overlap or touch made one."""
    found: list[Window] = []
    for start, stop in parts:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def _within(parts: Iterable[Window], room: int) -> Iterator[Window]:
    for start, stop in parts:
        if room <= 0:
            return
        yield start, min(stop, start + room)
        room -= stop - start
