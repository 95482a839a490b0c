"""The step itself: a look gives every row the values of all filters, and `decide` holds them against
the rules.

Values lie on disk, block by block, so that no row costs memory. What a look gives depends on no rule
and on no order of the filters: whoever changes those looks at nothing again. The first filter that
refuses a row owns it; the values of all filters are told of every row that goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.digests import code_digest
from curate.errors import CurateError, UserError
from curate.steps.filters import tables
from curate.steps.filters.counts import Tally
from curate.steps.filters.examples import examples
from curate.steps.filters.filter import Filter, Values
from curate.steps.filters.ready import Ready
from curate.steps.filters.registry import load
from curate.steps.filters.spec import FilterSpec
from curate.steps.filters.view import View
from curate.steps.step import Decision, Look, Records, Removal, Seen


@dataclass(frozen=True)
class Filters:
    """The step made ready."""

    uses: tuple[Ready, ...]
    needs: Collection[str]
    looks: Mapping[str, Any]
    name: str = "filters"

    @property
    def look_inputs(self) -> Mapping[str, Any]:
        """What values depend on, whatever the rules and their order."""
        return self.looks

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The settings of every use, in order, with what they depend on."""
        return {"filters": [{use.name: dict(use.given)} for use in self.uses]}

    def look(self, records: Records) -> Look:
        """Give every row of a block its values."""
        view, columns = View(records), {"rows": pa.nulls(records.n)}
        for use in self.uses:
            if use.filter.value is None or use.key in columns:
                continue
            found = _valued(use, view)
            columns[use.key] = found.value
            if found.what is not None and found.what.null_count < records.n:
                columns[f"{use.key}.what"] = found.what
        return Look(scratch={"values": pa.table(columns)})

    def decide(self, seen: Sequence[Seen]) -> Decision:
        """Which rows go, and at which filter."""
        judged = [_judge(self.uses, source) for source in seen]
        tallies = [own for _, own in judged]
        whole = [_joined([own[number] for own in tallies]) for number in range(len(self.uses))]
        self._refuse_columns_without_values(seen, whole)
        removals = [removal for removal, _ in judged]
        sources = [source.name for source in seen]
        return Decision(
            removals,
            tables={
                "filters": [tables.filters(self.uses)],
                "filter_counts": [tables.counts(self.uses, sources, tallies)],
                "filter_histogram": [tables.histogram(self.uses, sources, tallies, whole)],
                "filter_values": tables.values(self.uses, seen, removals),
                "filter_examples": [examples([use.label for use in self.uses], seen, removals)],
            },
            figures={
                "removed": sum(tally.removed for tally in whole),
                "filters": {
                    use.label: {
                        "refused": t.refused,
                        "removed": t.removed,
                        "without_value": t.missing,
                    }
                    for use, t in zip(self.uses, whole, strict=True)
                },
            },
            warnings=self._told_missing(seen, tallies),
            parts=[use.label for use in self.uses],
        )

    def _refuse_columns_without_values(self, seen: Sequence[Seen], whole: list[Tally]) -> None:
        rows = sum(source.n for source in seen)
        for use, tally in zip(self.uses, whole, strict=True):
            if use.name == "column" and tally.missing == rows:
                what = "a number" if use.args.numeric else "a value"
                raise UserError(
                    f"filters, {use.label}: no row of any source has {what} in this column; "
                    "correct the name, or take the filter out"
                )

    def _told_missing(self, seen: Sequence[Seen], tallies: list[list[Tally]]) -> list[str]:
        return [
            f"source '{source.name}': filter {use.label}: rows without a value, which stay: "
            f"{tally.missing:,} of {source.n:,}"
            for source, own in zip(seen, tallies, strict=True)
            for use, tally in zip(self.uses, own, strict=True)
            if tally.missing
        ]


def _valued(use: Ready, view: View) -> Values:
    """The values of one filter, checked: other people's code may give anything."""
    n, look = view.records.n, use.filter.value
    assert look is not None
    try:
        found = look(view, use.args)
        kind = pa.float64() if use.args.numeric else pa.string()
        value = pa.array(found.value, kind)
    except CurateError:
        raise
    except Exception as error:
        raise CurateError(
            f"filter {use.label} failed on source '{view.records.source}': "
            f"{type(error).__name__}: {error}"
        ) from error
    if len(value) != n or (found.what is not None and len(found.what) != n):
        raise CurateError(f"filter {use.label} gave {len(value):,} values for {n:,} rows")
    return Values(value, found.what)


def _judge(uses: Sequence[Ready], source: Seen) -> tuple[Removal, list[Tally]]:
    """The rows of a source that go, each at the first filter that refuses it; and all its values
    counted.
    """
    tallies = [Tally(getattr(use.args, "names", ())) for use in uses]
    texts = [use.text_of(source) for use in uses]
    rows: list[np.ndarray] = [np.empty(0, np.int64)]
    reasons: list[str] = []
    about: list[str] = []
    for first, (table,) in source.staged("values"):
        owner = np.full(table.num_rows, -1, np.int64)
        told = np.full(table.num_rows, None, np.object_)
        for number, use in enumerate(uses):
            values, tally = use.of(table, texts[number]), tallies[number]
            refused = use.args.refuses(values.value)
            (tally.add_numbers if use.args.numeric else tally.add_texts)(values.value)
            tally.refused += int(np.count_nonzero(refused))
            own = np.flatnonzero(refused & (owner < 0))
            owner[own] = number
            tally.removed += int(np.count_nonzero(source.alive[first + own]))
            told[own] = list(_reasons(use, values, own))
        gone = np.flatnonzero(owner >= 0)
        rows.append(first + gone)
        reasons += told[gone].tolist()
        about += [uses[number].label for number in owner[gone].tolist()]
    every = np.concatenate(rows)
    return Removal(every, np.arange(len(every)), reasons, about), tallies


def _reasons(use: Ready, values: Values, own: np.ndarray) -> Iterator[str]:
    at = pa.array(own)
    shown = values.value[own] if use.args.numeric else values.value.take(at)
    what = values.what.take(at).to_pylist() if values.what is not None else [None] * len(own)
    for value, found in zip(shown.tolist(), what, strict=True):
        yield f"{use.label}: {use.args.told(value, found)}"


def _joined(tallies: Sequence[Tally]) -> Tally:
    whole = Tally(tallies[0].names)
    for tally in tallies:
        whole.join(tally)
    return whole


def make(spec: FilterSpec, *, base: Path, kind: str, seed: int) -> Filters:
    """Find what the filters depend on; paths in their settings are relative to `base`."""
    uses, needs, looks = [], set(), {}
    for label, use in zip(spec.labels(), spec.root, strict=True):
        found = load(use.name)
        try:
            args = use.args.at(base)
            depends = dict(args.depends())
        except UserError as error:
            raise UserError(f"filters, {label}: {error}") from None
        facts = [use.name, use.args.looks_at(), depends, _code(found)]
        key = hashlib.blake2b(json.dumps(facts).encode(), digest_size=8).hexdigest()
        looks[key] = facts
        needs |= set(args.needs(kind))
        paths = {keys[0] for keys in use.args.paths()}
        plain = use.args.model_dump(mode="json", by_alias=True)
        given = {name: value for name, value in plain.items() if name not in paths} | depends
        uses.append(Ready(label, use.name, found, args, given, key))
    return Filters(tuple(uses), tuple(sorted(needs)), looks)


def _code(found: Filter) -> str | None:
    """A digest of the code of a filter that is not of the house."""
    function = found.value or found.of_source
    package = (function.__module__ if function else "curate").partition(".")[0]
    return None if package == "curate" else code_digest(package)
