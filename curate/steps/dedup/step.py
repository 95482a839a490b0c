"""The step itself: what is compared is laid down block by block, and decided on for all sources at
once.

A look stages the hash of each row's text and its shingles, whatever the threshold: a changed
threshold, rule or treatment of variants needs no second look. Rows that an earlier step took are
not there: nothing is a duplicate of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import unidata_version

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import UserError
from curate.records import one_array
from curate.shards import sha256
from curate.sources import expand
from curate.steps.dedup import find, judged, keep, labels, texts
from curate.steps.dedup.against import Other, open_others
from curate.steps.dedup.corpus import Corpus, corpus_of
from curate.steps.dedup.spec import DedupSpec
from curate.steps.dedup.told import Asked, Found, told
from curate.steps.dedup.variants import Inside, inside, together
from curate.steps.step import Decision, Look, Records, Seen
from curate.verdicts import DUPLICATES, Ruling, load_verdicts


@dataclass(frozen=True)
class Dedup:
    """The step made ready."""

    spec: DedupSpec
    kind: str
    others: Sequence[Other]
    seed: int
    verdicts: Sequence[Ruling] = ()
    verdicts_digest: str | None = None
    name: str = "dedup"

    @property
    def needs(self) -> Collection[str]:
        """The columns that say which row stays."""
        return self.spec.columns

    @property
    def look_inputs(self) -> Mapping[str, Any]:
        """What of a row is laid down; neither threshold nor rules."""
        shingle = self.spec.shingle if self.spec.threshold is not None else None
        return {
            "by": self.spec.by,
            "shingle": shingle,
            "columns": list(self.spec.columns),
            "unicode": unidata_version,
        }

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The settings, the chance that a pair at the threshold is found, and the digests of the
        data sets under `against` and of the verdict file.
        """
        settings = self.spec.model_dump(exclude={"against", "verdicts"}, mode="json")
        others = {other.name: other.inputs for other in self.others}
        verdicts = {"verdicts": {"sha256": self.verdicts_digest}} if self.verdicts_digest else {}
        against = {"against": others} if others else {}
        return settings | {"found_at_threshold": find.FOUND} | against | verdicts

    def look(self, records: Records) -> Look:
        """Lay down what is compared of one block."""
        own = texts.compared(records, self.spec.by)
        found = texts.folded(own)
        kept = {"exact": texts.exact(found), "length": texts.lengths(own)}
        kept |= {f"column:{name}": _numbers(records.table, name) for name in self.spec.columns}
        if (hashes := labels.hashed(records)) is not None:
            kept["label"] = hashes
        if self.spec.threshold is None:
            return Look(kept=kept)
        sets = texts.shingles(found, self.spec.shingle)
        return Look(
            kept=kept | {"shingles": np.diff(sets.first).astype(np.int32)},
            scratch={"shingles": pa.table({"hash": sets.hashes})},
        )

    def decide(self, seen: Sequence[Seen]) -> Decision:
        """Which rows go, and which one each is like."""
        corpus = corpus_of(self.others, [self._looked(other) for other in self.others], seen)
        self._refuse_empty(corpus)
        rank = keep.ranks(self.spec.keep, corpus.ranked)
        first = find.first_of_each(corpus.exact, rank, corpus.alive)
        given = judged.ready(self.verdicts, corpus.exact, first, corpus.alive)
        near = None
        if self.spec.threshold is not None:
            near = self._near(corpus, rank, first, given.apart)
        found = Found.of(corpus, rank, first, near)
        asked = Asked.of(self.spec, corpus, found, first, self.verdicts, given, self.seed)
        return told(self.spec, corpus, found, asked)

    def _near(
        self, corpus: Corpus, rank: np.ndarray, first: np.ndarray, apart: np.ndarray
    ) -> find.Settled:
        threshold = float(self.spec.threshold or 1)
        wanted = corpus.alive & (first == np.arange(len(first)))
        close = find.candidates(corpus.pieces(), wanted, threshold)
        close = find.partnered(close, rank, threshold)
        return find.settle(
            close,
            self._inside(corpus, close.rows),
            rank,
            corpus.fixed,
            apart,
            threshold,
            drop_variants=self.spec.variants == "drop",
        )

    def _inside(self, corpus: Corpus, rows: np.ndarray) -> Inside:
        """What tells some rows apart: numbers and questions, and answers where whole conversations
        are compared.
        """
        parts = []
        for numbers, records in corpus.again(rows):
            wanted = np.flatnonzero(numbers >= 0)
            own = texts.compared(records, self.spec.by)
            own = texts.folded(own.where((numbers >= 0)[own.docs]))
            answered = records.kind if self.spec.by == "conversation" else "prompt"
            found = inside(
                (text for _, text in texts.read(own, numbers >= 0)),
                texts.asked(own, wanted),
                texts.answers(own, answered, wanted),
            )
            parts.append((numbers[wanted], found))
        return together(parts)

    def _looked(self, other: Other) -> list[tuple[np.ndarray, Look]]:
        """Of every block of another data set the positions of its rows, and what is compared."""
        return [(records.rows, self.look(records)) for records in other.blocks()]

    def _refuse_empty(self, corpus: Corpus) -> None:
        """A rule of `keep` must have something to go by."""
        for name, values in corpus.ranked.columns.items():
            if np.isnan(values).all():
                raise UserError(
                    f"dedup: keep: no row has a number in the column '{name}'; name another one"
                )


def make(spec: DedupSpec, *, base: Path, kind: str, seed: int) -> Dedup:
    """Open what is under `against`; raises UserError for what cannot be read or compared."""
    texts.refuse(spec.by, kind)
    path = base / expand(spec.verdicts) if spec.verdicts else None
    verdicts = load_verdicts(path, DUPLICATES) if path else []
    digest = sha256(path) if path else None
    return Dedup(spec, kind, open_others(spec.against, base, spec.by), seed, verdicts, digest)


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    """A column as float64: NaN where a row has no number."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    column = one_array(table.column(name))
    if pa.types.is_string(column.type):
        return np.array([_number(value) for value in column.to_pylist()], np.float64)
    return np.asarray(pc.fill_null(column.cast(pa.float64()), np.nan), np.float64)


def _number(value: str | None) -> float:
    try:
        return float(value or "nan")
    except ValueError:
        return float("nan")
