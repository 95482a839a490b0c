"""The step itself: rows are matched against the items block by block; which of them go is decided
on all sources.

A look stores every pair of a record and an item that a matcher found, with its score; whether a
pair is a hit, whether it counts, and what the policy makes of it is decided afterwards. A changed
threshold, policy or verdict therefore needs no second look. Rates are those of all rows read,
whatever other steps take."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import unidata_version

import numpy as np
import pyarrow as pa

from curate.errors import UserError
from curate.items import Item, item_text
from curate.matching import background
from curate.matching.matchers import Matchers, build_matchers, match_all
from curate.matching.normalised import n_as_they_are
from curate.matching.profile import Profile
from curate.shards import sha256
from curate.sources import expand
from curate.steps.decontaminate.against import with_data_sets
from curate.steps.decontaminate.figures import as_they_are, figures_of, over, recall_of, told_of
from curate.steps.decontaminate.found import (
    Found,
    ItemNames,
    benchmark_items,
    hits_of,
    join_hits,
    judge,
    match_lines,
    pairs_of,
    pairs_table,
    with_rejected,
)
from curate.steps.decontaminate.policy import BenchmarkItems, Hits, overlaps_of, removal
from curate.steps.decontaminate.probe import probe
from curate.steps.decontaminate.sensitivity import sensitivity
from curate.steps.decontaminate.spec import DecontaminateSpec
from curate.steps.decontaminate.verdict_use import Given, ready, seen_by, verdicts_of, void
from curate.steps.step import Decision, Look, Records, Seen, row_ids
from curate.suites import ReadSuite, load_suite, read_suite
from curate.text.hashing import from_uuids
from curate.verdicts import Ruling, load_verdicts


@dataclass(frozen=True)
class Decontaminate:
    """The step made ready: every item that is looked for, and how."""

    spec: DecontaminateSpec
    kind: str
    seed: int
    suite: ReadSuite
    profile: Profile
    matchers: Matchers
    verdicts: list[Ruling]
    verdicts_digest: str | None
    name: str = "decontaminate"
    needs: Collection[str] = ()

    @property
    def benchmarks(self) -> list[BenchmarkItems]:
        """Where each benchmark's items stand in the list of all."""
        return benchmark_items(self.suite)

    @property
    def look_inputs(self) -> Mapping[str, Any]:
        """The items, the turns that are scanned, and every number of the matchers but their
        thresholds.
        """
        numbers = {
            matcher: {key: value for key, value in settings.items() if key != "threshold"}
            for matcher, settings in self.profile.matchers().items()
        }
        return {
            "items": _digest(self.suite.items),
            "roles": list(self.spec.roles),
            "matchers": numbers,
            "normalise": _rule_of(self.profile),
        } | self._background

    @property
    def _background(self) -> dict[str, Any]:
        """The table of usual language, where a matcher asks it."""
        if self.profile.robust is None and not self.profile.ngram.judged:
            return {}
        return {"background": {"sha256": background.digest()}}

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Benchmarks with their revisions and digests, all numbers of the matchers, the verdict
        file's digest.
        """
        verdicts = {"verdicts": {"sha256": self.verdicts_digest}} if self.verdicts_digest else {}
        return (
            {
                "profile": self.spec.profile,
                "policy": self.spec.policy,
                "variants": self.spec.variants,
                "roles": list(self.spec.roles),
                "matchers": self.profile.matchers(),
                "normalise": _rule_of(self.profile),
                "benchmarks": {b.name: _benchmark(b) for b in self.suite.benchmarks},
            }
            | self._background
            | verdicts
        )

    def look(self, records: Records) -> Look:
        """Match one block."""
        scanned = records.turns.only(self.spec.roles)
        found, counts = match_all(scanned, self.matchers)
        n_tokens = np.bincount(scanned.docs, weights=counts, minlength=records.n).astype(np.int64)
        bad = records.rejected
        if bad.n_docs:
            found = with_rejected(found, match_all(bad.stretches, self.matchers)[0], records.n)
        pairs = pairs_table(found)
        shown = np.zeros(records.n + bad.n_docs, np.bool_)
        shown[pairs["doc"].to_numpy()] = True
        n_bytes = (scanned.stops - scanned.starts).sum()
        left = 0 if self.profile.normalise else n_as_they_are(scanned)
        return Look(
            kept={"scanned": np.array([n_tokens.sum(), n_bytes, left], np.int64)},
            scratch={"pairs": pairs} if pairs.num_rows else {},
            columns={"n_tokens": pa.array(n_tokens)},
            shown=shown[: records.n],
            rejected_shown=shown[records.n :],
        )

    def decide(self, seen: Sequence[Seen]) -> Decision:
        """Which rows go, by the policy, and what the sources hold of each benchmark."""
        self._refuse_unscanned(seen)
        given = ready(self.verdicts, self.suite.items)
        applied = np.zeros(given.n, np.int64)
        found = [self._hits(source, given, applied) for source in seen]
        hits = [counting for counting, _ in found]
        names = [item.instance_id for item in self.suite.items]
        overlaps = [overlaps_of(own, self.matchers.index.n_items, self.benchmarks) for own in hits]
        removals = [
            removal(
                self.spec.policy,
                source.n,
                going,
                overlaps_of(going, self.matchers.index.n_items, self.benchmarks),
                names,
            )
            for source, (_, going) in zip(seen, found, strict=True)
        ]
        verdicts = self._verdicts(seen, given, applied)
        selftest = self._selftest(seen) if self.spec.self_test else None
        sources = [source.name for source in seen]
        figures = figures_of(sources, overlaps, self.matchers.matchable)
        scanned = np.sum(
            [kept["scanned"] for source in seen for _, _, kept in source.looks], axis=0
        )
        figures["scanned"] = scanned[:2].tolist()
        notes, warnings = told_of(verdicts)
        return Decision(
            removals,
            tables={
                "instances": [self._instances()] if self.suite.items else [],
                "verdicts": [pa.Table.from_pylist(verdicts)] if verdicts else [],
                "selftest": [selftest] if selftest is not None else [],
                "matches": self._matches(seen, given),
                "sensitivity": self._sensitivity(seen, given),
            },
            figures=figures,
            more={"self_test": list(recall_of(selftest))} if selftest is not None else {},
            notes=notes,
            warnings=[*self.suite.warnings, *self._left_as_they_are(seen), *warnings],
            failure=over(self.spec.fail_over, sources, overlaps),
        )

    def _selftest(self, seen: Sequence[Seen]) -> pa.Table:
        return probe(
            seen,
            self.suite.items,
            self.matchers,
            roles=self.spec.roles,
            variants=self.spec.variants,
            seed=self.seed,
        )

    def _refuse_unscanned(self, seen: Sequence[Seen]) -> None:
        """A source that gave no text to scan must not come out clean."""
        for source in seen:
            if not sum(int(kept["scanned"][0]) for _, _, kept in source.looks):
                raise UserError(
                    f"source '{source.name}': no text in turns of role {', '.join(self.spec.roles)}, so nothing can be "
                    "said about contamination; name the roles to scan (--role, or `roles` in a recipe) or leave the "
                    "source out"
                )

    def _left_as_they_are(self, seen: Sequence[Seen]) -> list[str]:
        """One warning, if the rule would read some text otherwise and was told not to."""
        counts = {
            source.name: (sum(int(kept["scanned"][2]) for _, _, kept in source.looks), source.n)
            for source in seen
        }
        return [as_they_are(counts)] if any(n for n, _ in counts.values()) else []

    def _judged(
        self, source: Seen, given: Given
    ) -> Iterator[tuple[int, pa.Table, list[Found], np.ndarray]]:
        """Of every block its first record, its rows, its pairs with what is to be made of them, and
        how often each verdict applied.
        """
        for first, (table, documents) in source.staged("pairs", "documents"):
            n = documents.num_rows - documents["content_hash"].null_count
            hashes = np.zeros((documents.num_rows, 2), np.uint64)  # zero: of rows that made none
            hashes[:n] = from_uuids(documents["content_hash"])
            found, applied = [], np.zeros(given.n, np.int64)
            for matcher, pairs in pairs_of(table):
                codes, times = verdicts_of(pairs, hashes, given)
                applied += times
                threshold = self.matchers.thresholds[matcher]
                found.append(judge(matcher, threshold, pairs, codes, self.spec.variants, n))
            yield first, documents, found, applied

    def _hits(self, source: Seen, given: Given, applied: np.ndarray) -> tuple[Hits, Hits]:
        """The pairs of a source that count, and those whose rows may go; how often each verdict
        applied is added up in `applied`.
        """
        counting: list[tuple[int, Hits]] = []
        going: list[tuple[int, Hits]] = []
        for first, _, found, times in self._judged(source, given):
            applied += times
            counting.append((first, hits_of(found)))
            going.append((first, hits_of(found, "goes")))
        return join_hits(counting), join_hits(going)

    def _matches(self, seen: Sequence[Seen], given: Given) -> Iterator[pa.Table]:
        """The lines of the table `matches`, block by block."""
        names = ItemNames.of(self.suite.items)
        for source in seen:
            for _, documents, found, _ in self._judged(source, given):
                ids = row_ids(source.name, documents["row"].to_numpy())
                for one in found:
                    yield match_lines(names, source.name, ids, one)

    def _sensitivity(self, seen: Sequence[Seen], given: Given) -> Iterator[pa.Table]:
        """The lines of the table `sensitivity`."""
        matchers = self.matchers
        for source in seen:
            blocks = [(first, found) for first, _, found, _ in self._judged(source, given)]
            yield from sensitivity(source.name, blocks, matchers.thresholds, matchers.stored_from)

    def _verdicts(
        self, seen: Sequence[Seen], given: Given, applied: np.ndarray
    ) -> list[dict[str, Any]]:
        """The verdict file, entry by entry, and what became of each."""
        if not given.n:
            return []
        there = np.zeros(given.n, np.bool_)
        for source in seen:
            for _, (documents,) in source.staged("documents"):
                there |= seen_by(from_uuids(documents["content_hash"]), given)
        return [
            {
                "doc_id": v.doc,
                "instance_id": v.item,
                "verdict": v.verdict,
                "note": v.note,
                "applied": n,
                "void": why,
            }
            for v, n, why in zip(
                self.verdicts, applied.tolist(), void(given, applied, there), strict=True
            )
        ]

    def _instances(self) -> pa.Table:
        roles = {benchmark.name: benchmark.role for benchmark in self.benchmarks}
        items = self.suite.items
        columns = {
            "suite": [self.suite.name] * len(items),
            "benchmark": [item.benchmark for item in items],
            "instance_id": [item.instance_id for item in items],
            "text": [item_text(item) for item in items],
            "n_tokens": self.matchers.index.n_tokens,
            "role": [roles[item.benchmark] for item in items],
            "matchable": self.matchers.matchable,
            "undecided": pa.array(self.matchers.undecided, pa.string()),
        }
        return pa.table(columns)


def make(spec: DecontaminateSpec, *, base: Path, kind: str, seed: int) -> Decontaminate:
    """Read the benchmarks and index their items; paths in `spec` are relative to `base`."""
    folder = base / expand(spec.benchmarks_dir) if spec.benchmarks_dir else None
    read = None
    if spec.suite is not None:
        read = read_suite(
            load_suite(spec.suite, base=base, fields=spec.benchmark_fields),
            benchmarks_dir=folder,
            without=spec.without,
            base=base,
        )
    suite = (
        with_data_sets(read, spec.against, base=base, roles=spec.roles)
        if spec.against or read is None
        else read
    )
    path = base / expand(spec.verdicts) if spec.verdicts else None
    verdicts = load_verdicts(path) if path else []
    profile = spec.rule()
    matchers = build_matchers(suite.items, profile, base)
    return Decontaminate(
        spec, kind, seed, suite, profile, matchers, verdicts, sha256(path) if path else None
    )


def _rule_of(profile: Profile) -> str | None:
    """How texts are normalised, if they are: by which version of Unicode."""
    return f"unicode {unidata_version}" if profile.normalise else None


def _benchmark(benchmark: Any) -> dict[str, Any]:
    return {
        "role": benchmark.role,
        "items": benchmark.n_items,
        "expected_items": benchmark.expected,
        "revision": benchmark.revision,
        "licence": benchmark.licence,
        "files": {name: {"sha256": digest} for name, digest in benchmark.files},
    }


def _digest(items: Sequence[Item]) -> str:
    """A digest of the benchmarks and texts of the items, in their order."""
    texts = json.dumps([[item.benchmark, *item.fields] for item in items], ensure_ascii=False)
    return hashlib.blake2b(texts.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
