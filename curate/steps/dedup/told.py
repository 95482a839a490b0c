"""What there is to tell of a decision: removals with their reasons, the lines of the audit's tables,
figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curate.steps.dedup.corpus import Corpus
from curate.steps.dedup.find import FOUND, Settled
from curate.steps.dedup.judged import WORDS, Given, drawn, said, void
from curate.steps.dedup.labels import labels
from curate.steps.dedup.spec import DedupSpec
from curate.steps.step import Decision, Removal
from curate.text.hashing import as_uuids
from curate.verdicts import Ruling

KINDS = ("exact", "near", "variant")
EXACT, NEAR, VARIANT = range(3)
_ABOUT = {"exact": "exact duplicates", "near": "near duplicates", "variant": "variants"}
SHOWN = 400
"""Pairs whose texts the audit keeps, so that people can read them."""
TEXT = 20_000
"""Code points of a text that it keeps."""
LABELLED = 200
"""Pairs with different labels whose labels it keeps."""
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
            stays = near.rows[~near.gone]  # a variant, or judged to be no duplicate
            kept[stays], values[stays], kinds[stays] = (part[stays] for part in own[:3])
        gone &= ~corpus.fixed
        rows = np.flatnonzero((kept != np.arange(n)) & ~corpus.fixed)
        return cls(rows, kept[rows], kinds[rows], values[rows], gone[rows])


@dataclass(frozen=True)
class Asked:
    """What people have said of the pairs, and which ones they are asked about."""

    verdicts: Sequence[Ruling]
    given: Given
    codes: np.ndarray  # int8, of every row found: place in WORDS
    applied: np.ndarray  # of every entry that has its texts
    sample: np.ndarray  # int64: places among the rows found, in the order in which they are drawn

    @classmethod
    def of(
        cls, spec: DedupSpec, corpus: Corpus, found: Found, first: np.ndarray,
        verdicts: Sequence[Ruling], given: Given, seed: int,
    ) -> Asked:  # fmt: skip
        """Whatever the rule would drop is drawn from, also where a verdict keeps it."""
        codes, applied = said(given, np.stack([first[found.rows], first[found.kept]], axis=1))
        rule = (found.kinds == NEAR) | ((found.kinds == VARIANT) & (spec.variants == "drop"))
        ruled = np.flatnonzero(rule)
        texts, others = corpus.exact[found.rows[ruled]], corpus.exact[found.kept[ruled]]
        return cls(verdicts, given, codes, applied, ruled[drawn(texts, others, seed)])


def told(spec: DedupSpec, corpus: Corpus, found: Found, asked: Asked) -> Decision:
    """The step's decision."""
    differ = other_labels(corpus, found)
    shown = _shown(corpus, found, asked, differ)
    return Decision(
        [
            _removal(corpus, found, len(corpus.others) + number)
            for number in range(len(corpus.seen))
        ],
        tables={
            "duplicates": _lines(corpus, found, asked, differ),
            "duplicate_texts": _texts(spec, corpus, found, shown),
            "duplicate_pairs": _pairs(corpus, found, asked, shown),
            "duplicate_labels": _labels(corpus, found, differ),
            "duplicate_verdicts": _verdicts(asked),
        },
        figures=_figures(spec, corpus, found) | {"other_labels": int(np.sum(differ == 1))},
        warnings=_warnings(corpus, found, differ),
    )


def other_labels(corpus: Corpus, found: Found) -> np.ndarray:
    """Of every row that went, whether it has another label than the row that stays: 1 or 0, and -1
    where one of them has none.
    """
    ours, theirs = corpus.labels[found.rows], corpus.labels[found.kept]
    compared = found.gone & (ours > 0) & (theirs > 0) & (found.kinds != VARIANT)
    differ: np.ndarray = np.where(compared, ours != theirs, -1).astype(np.int8)
    return differ


def _warnings(corpus: Corpus, found: Found, differ: np.ndarray) -> list[str]:
    at = np.flatnonzero(differ == 1)
    if not len(at):
        return []
    row, kept = (corpus.ids(rows[at[:1]]).to_pylist()[0] for rows in (found.rows, found.kept))
    return [
        f"duplicates with another ground truth or label than the row that stays: {len(at):,} "
        f"(the first: {row}, for {kept}): one of each two may be wrong: curate sql . other-labels"
    ]


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


def _lines(corpus: Corpus, found: Found, asked: Asked, differ: np.ndarray) -> Iterator[pa.Table]:
    names = pa.array(corpus.ranked.names, pa.string())
    for at in range(0, len(found.rows), _LINES):
        own = slice(at, at + _LINES)
        rows, kept, labelled = found.rows[own], found.kept[own], differ[own]
        yield pa.table(
            {
                "doc_id": corpus.ids(rows),
                "source": names.take(pa.array(corpus.source_of(rows))),
                "kept_id": corpus.ids(kept),
                "kept_source": names.take(pa.array(corpus.source_of(kept))),
                "kind": pa.array(KINDS).take(pa.array(found.kinds[own])),
                "jaccard": found.values[own],
                "dropped": found.gone[own],
                "against": corpus.fixed[kept],
                "verdict": pa.array(WORDS, pa.string()).take(pa.array(asked.codes[own])),
                "other_label": pa.array(labelled == 1, mask=labelled < 0),
            }
        )


def _shown(corpus: Corpus, found: Found, asked: Asked, differ: np.ndarray) -> np.ndarray:
    """The pairs whose texts are kept, as places: those that are drawn, and of those that are not the
    same, of each two data sets and kind, the ones that are least alike.
    """
    own = np.flatnonzero(found.kinds != EXACT)
    cell = _cells(corpus, found)[own]
    order = np.lexsort((found.rows[own], found.values[own], cell))
    own, cell = own[order], cell[order]
    nth = np.arange(len(own)) - np.searchsorted(cell, cell)
    least = own[np.argsort(nth, kind="stable")[:SHOWN]]
    labelled = np.flatnonzero(differ == 1)[:LABELLED]
    return np.unique(np.concatenate([asked.sample, least, labelled]))


def _texts(spec: DedupSpec, corpus: Corpus, found: Found, shown: np.ndarray) -> Iterator[pa.Table]:
    rows = np.unique(np.concatenate([found.rows[shown], found.kept[shown]]))
    texts = dict(corpus.texts(rows, spec.by))
    if texts:
        cut = [texts[row][:TEXT] for row in rows.tolist()]
        lengths = [len(texts[row]) for row in rows.tolist()]
        yield pa.table({"doc_id": corpus.ids(rows), "text": cut, "length": lengths})


def _pairs(corpus: Corpus, found: Found, asked: Asked, shown: np.ndarray) -> Iterator[pa.Table]:
    if len(shown):
        nth = np.zeros(len(found.rows), np.int32)
        nth[asked.sample] = np.arange(1, len(asked.sample) + 1)
        rows, kept = found.rows[shown], found.kept[shown]
        yield pa.table(
            {
                "doc_id": corpus.ids(rows),
                "kept_id": corpus.ids(kept),
                "doc_hash": as_uuids(corpus.exact[rows]),
                "kept_hash": as_uuids(corpus.exact[kept]),
                "drawn": pa.array(nth[shown], mask=nth[shown] == 0),
            }
        )


def _labels(corpus: Corpus, found: Found, differ: np.ndarray) -> Iterator[pa.Table]:
    at = np.flatnonzero(differ == 1)[:LABELLED]
    rows = np.unique(np.concatenate([found.rows[at], found.kept[at]]))
    own = {
        int(number): label
        for numbers, records in corpus.again(rows)
        for number, label in zip(numbers, labels(records), strict=True)
        if number >= 0
    }
    if own:
        yield pa.table({"doc_id": corpus.ids(rows), "label": [own[row] for row in rows.tolist()]})


def _verdicts(asked: Asked) -> Iterator[pa.Table]:
    why = void(asked.verdicts, asked.given, asked.applied)
    applied = np.zeros(len(asked.verdicts), np.int64)
    applied[asked.given.entries] = asked.applied
    lines = [
        {
            "doc_id": one.doc,
            "kept_id": one.item,
            "verdict": one.verdict,
            "note": one.note,
            "applied": n,
            "void": reason,
        }
        for one, n, reason in zip(asked.verdicts, applied.tolist(), why, strict=True)
    ]
    if lines:
        yield pa.Table.from_pylist(lines)


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
