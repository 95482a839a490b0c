"""What is kept of the values of all rows: counts by value, in bins whose number has a bound.

A bin holds the numbers whose first eight binary digits are the same, so that whole numbers up to 256
stand alone and all others are told apart to less than one per cent. Of each bin the smallest and the
largest number are kept, so that counts at these are exact. The bins depend on the values alone, and
not on how a source was cut into blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_DROPPED = np.uint64(52 - 7)
"""Binary digits of a number's significand by which no bin is told apart."""
TEXTS = 1000
"""Different texts that are counted one by one; where there are more, only those that the rule names."""
OTHERS = "…"
"""What the texts are called that are not counted one by one."""


@dataclass
class Tally:
    """The values of one filter in one source, or in several."""

    names: tuple[str, ...] = ()
    """The texts that its rule names."""
    missing: int = 0
    """Rows without a value."""
    bins: dict[int, tuple[float, float, int]] = field(default_factory=dict)
    """Smallest and largest number, and rows, by bin."""
    texts: Counter[str] = field(default_factory=Counter)
    many: bool = False
    """There are more different texts than are counted."""
    refused: int = 0
    """Rows that the rule refuses."""
    removed: int = 0
    """Rows that left here: no step and no filter before had taken them."""

    def add_numbers(self, values: np.ndarray) -> None:
        """Count numbers; NaN is a missing one."""
        there = values[~np.isnan(values)] + 0.0  # -0 and 0 are one number
        self.missing += len(values) - len(there)
        bits = there.view(np.uint64) >> _DROPPED
        order = np.lexsort((there, bits))
        bits, there = bits[order], there[order]
        first = np.flatnonzero(np.append(True, bits[1:] != bits[:-1])[: len(bits)])
        last = np.append(first[1:], len(bits)) - 1
        for at, low, high, rows in zip(
            bits[first].tolist(), there[first].tolist(), there[last[: len(first)]].tolist(),
            np.diff(np.append(first, len(bits))).tolist(), strict=True,
        ):  # fmt: skip
            self._add(at, low, high, rows)

    def _add(self, at: int, low: float, high: float, rows: int) -> None:
        before = self.bins.get(at, (low, high, 0))
        self.bins[at] = (min(low, before[0]), max(high, before[1]), before[2] + rows)

    def add_texts(self, values: pa.Array, times: int = 1) -> None:
        """Count texts; null is a missing one."""
        for one in pc.value_counts(values).to_pylist():
            self._count(one["values"], one["counts"] * times)

    def _count(self, text: str | None, rows: int) -> None:
        if text is None:
            self.missing += rows
        elif self.many and text not in self.names:
            self.texts[OTHERS] += rows
        else:
            self.texts[text] += rows
            if len(self.texts) > TEXTS + len(self.names):
                self._forget()

    def _forget(self) -> None:
        self.many = True
        others = sum(rows for text, rows in self.texts.items() if text not in self.names)
        self.texts = Counter({t: rows for t, rows in self.texts.items() if t in self.names})
        self.texts[OTHERS] += others

    def join(self, other: Tally) -> None:
        """Add what another one has counted."""
        self.missing += other.missing
        self.refused += other.refused
        self.removed += other.removed
        for at, counts in other.bins.items():
            self._add(at, *counts)
        if other.many and not self.many:
            self._forget()
        for text, rows in other.texts.items():
            self._count(text, rows)

    def lines(self) -> Iterable[tuple[str | None, float | None, float | None, int]]:
        """Text, smallest and largest number, and rows, in the order of the values."""
        for low, high, rows in sorted(self.bins.values()):
            yield None, low, high, rows
        for text, rows in sorted(self.texts.items(), key=lambda one: (-one[1], one[0])):
            yield text, None, None, rows
