"""Decontaminates data at hand, from Python: the same matcher and policies as a build, the result in
memory.

    result = curate.decontaminate(dataset, suite="evals.jsonl")
    clean = dataset.select(result.kept_rows["data"])
    result.dropped.select(["id", "reason"]).to_pylist()
    stricter = result.rethreshold(ngram=0.8)     # without another scan

Bound: the records of all inputs lie in memory. A corpus that is larger is the business of `curate
build`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.audit.words import counted
from curate.errors import UserError, unknown
from curate.formats import Parsed, Quarantined, as_words, check_columns, check_format, detect, parse
from curate.formats.kinds import guess_kind
from curate.matching.matchers import Matchers, build_matchers, match_all
from curate.matching.ngram import NO_MATCHES, Matches
from curate.matching.normalised import n_as_they_are
from curate.matching.profile import profile as find_profile
from curate.matching.profile import with_matchers
from curate.progress import shown
from curate.records import ROLES
from curate.sources import Block
from curate.steps.decontaminate.against import with_rows
from curate.steps.decontaminate.at_hand import inputs, suite_at_hand
from curate.steps.decontaminate.figures import as_they_are
from curate.steps.decontaminate.found import (
    Found,
    ItemNames,
    benchmark_items,
    hits_of,
    judge,
    match_lines,
)
from curate.steps.decontaminate.notebook import as_html, as_line
from curate.steps.decontaminate.policy import (
    POLICIES,
    VARIANTS,
    BenchmarkItems,
    Overlap,
    overlaps_of,
    removal,
)
from curate.steps.decontaminate.verdict_use import Given, ready, verdicts_of
from curate.steps.step import row_ids
from curate.suites import ReadSuite, load_suite, read_suite
from curate.turns import all_turns, rejected_turns
from curate.verdicts import load_verdicts


@dataclass(frozen=True)
class _Rule:
    """What is looked for, and what is done where it is found."""

    matchers: Matchers
    names: ItemNames
    benchmarks: list[BenchmarkItems]
    thresholds: Mapping[str, float]
    policy: str
    variants: str
    roles: tuple[str, ...]
    given: Given


@dataclass(frozen=True)
class _Scanned:
    """The records of one source and every pair the matchers found, by the first record of its
    block.
    """

    name: str
    records: pa.Table  # with id and source
    rows: np.ndarray  # positions in the input
    pairs: list[tuple[int, str, Matches]]  # first record, matcher, pairs
    rejected: list[
        tuple[np.ndarray, str, Matches]
    ]  # rows that made no record, matcher, their pairs
    hashes: np.ndarray
    quarantine: list[Quarantined]
    notes: list[str]


@dataclass(frozen=True, repr=False)
class Decontaminated:
    """What was kept, what was dropped, and why.

    `kept` and `dropped` are records with `id` and `source`, `dropped` with a `reason`. `matches`
    has a row for every pair of a record and an item that a matcher stored, with the columns of the
    audit's table of that name: doc_id, source, benchmark, instance_id, matcher, score, hit, label,
    verdict, counts, and the spans of both sides in code points. `overlaps[source]` has a cell for
    every benchmark, `kept_rows[source]` the positions of the kept rows in the input. `notes` say what was
    found out: kinds, formats, and what is in no record."""

    kept: pa.Table
    dropped: pa.Table
    matches: pa.Table
    overlaps: dict[str, list[Overlap]]
    kept_rows: dict[str, np.ndarray]
    quarantine: list[Quarantined]
    notes: list[str]
    _scanned: list[_Scanned]
    _rule: _Rule

    def __repr__(self) -> str:
        return as_line(self)

    def _repr_html_(self) -> str:
        """The result as a notebook shows it."""
        return as_html(self)

    def rethreshold(self, **thresholds: float) -> Decontaminated:
        """The same with other thresholds, `rethreshold(ngram=0.8)`, from the stored scores: nothing
        is scanned again.

        Raises UserError for a matcher that did not run, and for a threshold below which its pairs
        were not stored."""
        lowest = self._rule.matchers.stored_from
        for name, threshold in thresholds.items():
            if name not in lowest:
                raise UserError(unknown("matcher", name, lowest))
            if not lowest[name] <= threshold <= 1:
                raise UserError(
                    f"{name}: scores are stored from {lowest[name]:g} on; for {threshold:g} scan again"
                )
        return _decide(
            self._scanned, replace(self._rule, thresholds={**self._rule.thresholds, **thresholds})
        )


def decontaminate(
    data: Any,
    *,
    suite: Any = None,
    against: Any = None,
    kind: str | None = None,
    format: str | dict[str, Any] | None = None,
    profile: str = "default",
    matchers: Mapping[str, Mapping[str, Any] | bool] | None = None,
    normalise: bool | None = None,
    policy: str = "drop-rows",
    variants: str = "keep",
    benchmarks_dir: Path | str | None = None,
    benchmark_fields: Sequence[str] = (),
    without: Sequence[str] = (),
    roles: Sequence[str] = ("user",),
    split: str | None = None,
    verdicts: Path | str | None = None,
) -> Decontaminated:
    """Find the rows of `data` that hold items of an evaluation suite, or rows of another data set.


    `data` is a path, a glob, a Hub id or a list of them, or data in memory: a `datasets.Dataset`, a
    pyarrow Table, a pandas or polars frame, or a list of dicts, whose source is then called `data`.
    `against` may be any of these. Give it, or `suite`, or both. `suite` is the name of a shipped
    suite, a suite file, a data file of your own, or data in memory; for the last two,
    `benchmark_fields` names the columns that a model is shown. `matchers` turns matchers on or off
    and changes their settings; `normalise` says whether texts are compared without what makes no
    difference to a reader, if not as the profile does; `split` is the split to read of folders and
    Hub sets; `verdicts` is a file that `curate review` wrote.

    Nothing is written: the result says which rows stay and why the others do not. Raises UserError
    if a name is unknown, an input cannot be read, or there is nothing to look for or to scan.
    """
    if policy not in POLICIES:
        raise UserError(unknown("policy", policy, POLICIES))
    if variants not in VARIANTS:
        raise UserError(unknown("treatment of variants", variants, VARIANTS))
    for role in roles:
        if role not in ROLES:
            raise UserError(unknown("role", role, ROLES))
    settings = with_matchers(find_profile(profile), matchers or {})
    if normalise is not None:
        settings = replace(settings, normalise=normalise)
    with shown(plain=False) as progress:
        progress("prepare", 0, 0, 0.0)
        named = inputs(data, split, "data")
        read = _looked_for(suite, against, benchmarks_dir, benchmark_fields, without, roles, split)
        built = build_matchers(read.items, settings)
        judged = load_verdicts(Path(verdicts)) if verdicts is not None else []
        rule = _Rule(
            built, ItemNames.of(read.items), benchmark_items(read), built.thresholds, policy,
            variants, tuple(roles), ready(judged, read.items),
        )  # fmt: skip
        progress("prepare", 0, 0, 1.0)
        scanned = []
        for name, blocks in named:
            progress(f"scan {name}", 0, 0, 0.0)
            report = partial(progress, f"scan {name}")
            scanned.append(_scan(name, list(blocks), kind, format, rule, report))
    return _decide(scanned, rule)


def _looked_for(
    suite: Any,
    against: Any,
    benchmarks_dir: Path | str | None,
    fields: Sequence[str],
    without: Sequence[str],
    roles: Sequence[str],
    split: str | None,
) -> ReadSuite:
    """The items of the suite and of the data sets to hold against."""
    folder = Path(benchmarks_dir) if benchmarks_dir is not None else None
    read = None
    if suite is not None and not isinstance(suite, str | Path):
        if without or folder is not None:
            raise UserError("without and benchmarks_dir go with a suite that is given by its name")
        read = suite_at_hand(suite, split, fields)
    elif suite is not None:
        read = read_suite(
            load_suite(suite, base=Path.cwd(), fields=fields),
            benchmarks_dir=folder,
            without=without,
            base=Path.cwd(),
        )
    for name, blocks in inputs(against, split, "against") if against is not None else ():
        read = with_rows(read, name, blocks, roles)
    if read is None:
        raise UserError("nothing to look for: give suite= or against=")
    return read


def _scan(
    name: str,
    blocks: list[Block],
    kind: str | None,
    fmt: str | dict[str, Any] | None,
    rule: _Rule,
    report: Callable[[int, int, float], None],
) -> _Scanned:
    if not blocks:
        raise UserError(f"{name}: no rows")
    found = []
    if not kind:
        kind = guess_kind(blocks[0], fmt)
        found.append(f"kind {kind}")
    if not fmt:
        fmt = detect(blocks[0], kind)
        found.append(f"format {as_words(fmt)}")
    check_format(fmt, kind)
    check_columns(blocks[0], fmt)
    done = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for block, one in zip(
            blocks, pool.map(partial(_block, fmt=fmt, kind=kind, rule=rule), blocks), strict=True
        ):
            done.append(one)
            report(block.n_rows, block.nbytes, 1 / len(blocks))
    if not any(tokens for *_, tokens, _, _ in done):
        raise UserError(
            f"{name}: no text in turns of role {', '.join(rule.roles)}; name the roles to scan"
        )
    parsed = [part for part, *_ in done]
    rows = np.concatenate([part.rows for part in parsed])
    left = {name: (sum(n for *_, n, _ in done), len(rows))}
    records = pa.concat_tables([part.records for part in parsed])
    records = records.add_column(0, "source", pa.array([name] * len(rows), pa.string()))
    firsts = list(accumulate((len(part.rows) for part in parsed), initial=0))
    pairs = [
        (first, matcher, one)
        for matcher in rule.thresholds
        for first, (_, found, *_) in zip(firsts, done, strict=False)
        for one in found[matcher]
    ]
    rejected = [
        (np.array([bad.row for bad in part.quarantine], np.int64), matcher, one)
        for matcher in rule.thresholds
        for part, *_, of_bad in done
        for one in of_bad.get(matcher, ())
    ]
    return _Scanned(
        name,
        records.add_column(0, "id", row_ids(name, rows)),
        rows,
        pairs,
        rejected,
        np.concatenate([hashes for _, _, hashes, *_ in done]),
        [bad for part in parsed for bad in part.quarantine],
        [
            *(f"{name}: {line}" for line in (*_found(found), *_left(parsed))),
            *([as_they_are(left)] if left[name][0] else []),
        ],
    )


def _found(what: list[str]) -> list[str]:
    return [f"{', '.join(what)}, detected from its columns"] if what else []


def _left(parsed: Sequence[Parsed]) -> Iterator[str]:
    """What of the rows is in no record."""
    dropped: frozenset[str] = frozenset().union(*(part.dropped_columns for part in parsed))
    if dropped:
        yield f"columns left out: {', '.join(sorted(dropped))}"
    unused = Counter(one.reason for part in parsed for one in part.unused)
    yield from (f"{reason}; left out of {counted(rows, 'row')}" for reason, rows in unused.items())


def _block(
    block: Block, *, fmt: str | dict[str, Any], kind: str, rule: _Rule
) -> tuple[Parsed, dict[str, list[Matches]], np.ndarray, int, int, dict[str, list[Matches]]]:
    parsed = parse(block, fmt, kind)
    turns = all_turns(kind, parsed.records)
    scanned = turns.only(rule.roles)
    found, counts = match_all(scanned, rule.matchers)
    left = 0 if rule.matchers.normalised else n_as_they_are(scanned)
    of_bad: dict[str, list[Matches]] = {}
    if parsed.quarantine:
        bad = rejected_turns([one.raw for one in parsed.quarantine])
        of_bad, _ = match_all(bad.stretches, rule.matchers)
    return parsed, found, turns.content_hashes(), int(counts.sum()), left, of_bad


def _decide(scanned: list[_Scanned], rule: _Rule) -> Decontaminated:
    """What is kept and dropped under a rule."""
    if len({part.records.schema for part in scanned}) > 1:
        raise UserError(
            f"{', '.join(part.name for part in scanned)}: records of different kinds; name one with kind="
        )
    kept, dropped, matches = [], [], []
    overlaps, kept_rows = {}, {}
    for source in scanned:
        found = [_judged(source, *pairs, rule) for pairs in source.pairs]
        hits, going = hits_of(found), hits_of(found, "goes")
        cells = overlaps_of(hits, rule.matchers.index.n_items, rule.benchmarks)
        grounds = overlaps_of(going, rule.matchers.index.n_items, rule.benchmarks)
        gone = removal(rule.policy, len(source.rows), going, grounds, rule.names.ids.to_pylist())
        left = np.delete(np.arange(len(source.rows)), gone.rows)
        kept.append(source.records.take(pa.array(left)))
        dropped.append(
            source.records.take(pa.array(gone.rows)).append_column(
                "reason", gone.column(gone.reasons)
            )
        )
        ids = row_ids(source.name, source.rows)
        matches += [
            match_lines(rule.names, source.name, ids, one)
            for one in found or [judge("ngram", 0, NO_MATCHES)]
        ]
        for rows, matcher, pairs in source.rejected:
            one = judge(matcher, rule.thresholds[matcher], pairs, n=0)
            matches.append(match_lines(rule.names, source.name, row_ids(source.name, rows), one))
        overlaps[source.name], kept_rows[source.name] = cells, source.rows[left]
    return Decontaminated(
        pa.concat_tables(kept), pa.concat_tables(dropped), pa.concat_tables(matches), overlaps, kept_rows,
        [bad for source in scanned for bad in source.quarantine],
        [note for source in scanned for note in source.notes], scanned, rule,
    )  # fmt: skip


def _judged(source: _Scanned, first: int, matcher: str, pairs: Matches, rule: _Rule) -> Found:
    """The pairs of a block with the numbers their records have in the whole source, and what is to
    be made of them.
    """
    pairs = pairs._replace(docs=pairs.docs + first)
    codes, _ = verdicts_of(pairs, source.hashes, rule.given)
    return judge(matcher, rule.thresholds[matcher], pairs, codes, rule.variants)
