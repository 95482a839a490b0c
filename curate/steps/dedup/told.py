"""What there is to tell of a decision: removals with their reasons, the lines of the audit's tables,
figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curate.steps.dedup.corpus import Corpus
from curate.steps.dedup.find import FOUND, Settled
from curate.steps.dedup.spec import DedupSpec
from curate.steps.step import Decision, Removal

KINDS = ("exact", "near", "variant")
EXACT, NEAR, VARIANT = range(3)
_ABOUT = {"exact": "exact duplicates", "near": "near duplicates", "variant": "variants"}
SHOWN = 400
"""Pairs whose texts the audit keeps, so that people can read them."""
TEXT = 20_000
"""Code points of a text that it keeps."""
_LINES = 1 << 16


@dataclass(frozen=True)
class Found:
    """Every row that is like one that stays."""

    rows: np.ndarray  # int64, ascending
    kept: np.ndarray  # int64: the row that stays
    kinds: np.ndarray  # int8: place in KINDS
    values: np.ndarray  # Jaccard value of the two
    gone: np.ndarray  # bool: all but variants that are kept

    @classmethod
    def of(cls, corpus: Corpus, rank: np.ndarray, first: np.ndarray, near: Settled | None) -> Found:
        """Equal rows share what became of the first of them: where that goes, they are near what it
        is near.
        """
        n = len(first)
        kept, values = first.copy(), np.ones(n)
        kinds, gone = np.zeros(n, np.int8), first != np.arange(n)
        if near is not None:
            own: tuple[np.ndarray, ...] = (
                np.arange(n),
                np.zeros(n),
                np.zeros(n, np.int8),
                np.zeros(n, np.bool_),
            )
            for whole, part in zip(
                own, (near.kept, near.values, np.where(near.variant, VARIANT, NEAR), near.gone),
                strict=True,
            ):  # fmt: skip
                whole[near.rows] = part
            follows = own[3][first]  # the first one goes: so do all, for its reason
            kept = np.where(follows, own[0][first], kept)
            values = np.where(follows, own[1][first], values)
            kinds = np.where(follows, own[2][first], kinds)
            gone |= follows
            stays = near.rows[~near.gone]
            kept[stays], values[stays], kinds[stays] = own[0][stays], own[1][stays], VARIANT
        gone &= ~corpus.fixed
        rows = np.flatnonzero((kept != np.arange(n)) & ~corpus.fixed)
        return cls(rows, kept[rows], kinds[rows], values[rows], gone[rows])


def told(spec: DedupSpec, corpus: Corpus, found: Found) -> Decision:
    """The step's decision."""
    return Decision(
        [
            _removal(corpus, found, len(corpus.others) + number)
            for number in range(len(corpus.seen))
        ],
        tables={
            "duplicates": _lines(corpus, found),
            "duplicate_texts": _texts(spec, corpus, found),
        },
        figures=_figures(spec, corpus, found),
    )


def _removal(corpus: Corpus, found: Found, place: int) -> Removal:
    first, stop = corpus.firsts[place : place + 2]
    own = np.flatnonzero(found.gone & (found.rows >= first) & (found.rows < stop))
    kept = corpus.ids(found.kept[own]).to_pylist()
    facts = list(zip(kept, found.kinds[own].tolist(), found.values[own].tolist(), strict=True))
    reasons = [reason(KINDS[kind], kept_id, value) for kept_id, kind, value in facts]
    rows = found.rows[own] - first
    about = [_ABOUT[KINDS[kind]] for _, kind, _ in facts]
    return Removal(rows, np.arange(len(rows)), reasons, about, None, "duplicate")


def reason(kind: str, kept_id: str, value: float) -> str:
    """Why a row goes, in one line."""
    if kind == "exact":
        return f"the same text as {kept_id}"
    what = "variant" if kind == "variant" else "duplicate"
    return f"{what} of {kept_id}, Jaccard {shown(value)}"


def shown(value: float) -> str:
    """A Jaccard value with two places, rounded down: 1.00 says that the shingles are the same."""
    return f"{int(100 * value + 1e-9) / 100:.2f}"


def _lines(corpus: Corpus, found: Found) -> Iterator[pa.Table]:
    names = pa.array(corpus.ranked.names, pa.string())
    for at in range(0, len(found.rows), _LINES):
        rows, kept = found.rows[at : at + _LINES], found.kept[at : at + _LINES]
        yield pa.table(
            {
                "doc_id": corpus.ids(rows),
                "source": names.take(pa.array(corpus.source_of(rows))),
                "kept_id": corpus.ids(kept),
                "kept_source": names.take(pa.array(corpus.source_of(kept))),
                "kind": pa.array(KINDS).take(pa.array(found.kinds[at : at + _LINES])),
                "jaccard": found.values[at : at + _LINES],
                "dropped": found.gone[at : at + _LINES],
                "against": corpus.fixed[kept],
            }
        )


def _texts(spec: DedupSpec, corpus: Corpus, found: Found) -> Iterator[pa.Table]:
    """The texts of pairs that are not the same: of each two data sets and kind those that are least
    alike.
    """
    own = np.flatnonzero(found.kinds != EXACT)
    cell = _cells(corpus, found)[own]
    order = np.lexsort((found.rows[own], found.values[own], cell))
    own, cell = own[order], cell[order]
    nth = np.arange(len(own)) - np.searchsorted(cell, cell)
    chosen = own[np.argsort(nth, kind="stable")[:SHOWN]]
    rows = np.unique(np.concatenate([found.rows[chosen], found.kept[chosen]]))
    texts = dict(corpus.texts(rows, spec.by))
    if texts:
        cut = [texts[row][:TEXT] for row in rows.tolist()]
        lengths = [len(texts[row]) for row in rows.tolist()]
        yield pa.table({"doc_id": corpus.ids(rows), "text": cut, "length": lengths})


def _cells(corpus: Corpus, found: Found) -> np.ndarray:
    """One number for the two data sets and the kind of each pair."""
    n = len(corpus.ranked.names)
    sources = corpus.source_of(found.rows).astype(np.int64) * n + corpus.source_of(found.kept)
    cells: np.ndarray = sources * len(KINDS) + found.kinds
    return cells


def _figures(spec: DedupSpec, corpus: Corpus, found: Found) -> dict[str, Any]:
    cells = zip(*np.unique(_cells(corpus, found), return_counts=True), strict=True)
    names, pairs = corpus.ranked.names, []
    for cell, n in cells:
        (source, kept), kind = divmod(int(cell) // len(KINDS), len(names)), int(cell) % len(KINDS)
        pairs.append(
            {"source": names[source], "kept": names[kept], "kind": KINDS[kind], "rows": int(n)}
        )
    counts = np.bincount(found.kinds, minlength=len(KINDS))
    return {
        "compared": int(np.count_nonzero(corpus.alive & ~corpus.fixed)),
        "against": int(np.count_nonzero(corpus.fixed)),
        "dropped": int(np.count_nonzero(found.gone)),
        **{name: int(n) for name, n in zip(KINDS, counts, strict=True)},
        "variants": spec.variants,
        "by": spec.by,
        "threshold": spec.threshold,
        "found_at_threshold": None if spec.threshold is None else FOUND,
        "pairs": pairs,
    }
