"""The step itself. What a look finds are outcomes and shares, never verdicts: a changed threshold needs
no second look. A row that lacks what a gate reads passes it, and is counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.errors import UserError
from curate.steps.dedup.spec import DedupSpec
from curate.steps.dedup.step import Dedup
from curate.steps.dedup.step import make as make_dedup
from curate.steps.gates import agreeing, verified
from curate.steps.gates.spec import GatesSpec
from curate.steps.step import Decision, Look, Records, Removal, Seen

Reasons = Sequence[str | None]
"""For every row of a source why it does not pass; None where it does."""


@dataclass(frozen=True)
class Gates:
    """The gates made ready."""

    spec: GatesSpec
    kind: str
    novel: Dedup | None
    name: str = "gates"

    @property
    def needs(self) -> Collection[str]:
        """The columns of verifiers, answers and shares that records do not have anyway."""
        own = verified.COLUMNS[self.kind] if self.spec.verify else ()
        return (*own, *((self.spec.agree.column,) if self.spec.agree else ()))

    @property
    def look_inputs(self) -> Mapping[str, Any]:
        """What outcomes depend on, whatever the thresholds."""
        found: dict[str, Any] = {}
        if self.spec.verify:
            found["verify"] = {"seconds": self.spec.verify.seconds}
        if self.spec.agree:
            found["agree"] = {"column": self.spec.agree.column}
        if self.novel:
            found["novel"] = dict(self.novel.look_inputs)
        return found

    @property
    def inputs(self) -> Mapping[str, Any]:
        """All settings, and the digests of what prompts are compared with."""
        plain = self.spec.model_dump(mode="json", exclude={"novel": {"against"}})
        if self.novel:
            plain["novel"]["against"] = self.novel.inputs.get("against", {})
        return {name: plain[name] for name in self.spec.names()}

    def look(self, records: Records) -> Look:
        """Find outcome and share of every row, and lay down what is compared."""
        kept: dict[str, np.ndarray] = {}
        scratch: dict[str, pa.Table] = {}
        if self.spec.verify:
            scratch["verified"] = verified.judged(records, self.spec.verify)
        if self.spec.agree:
            kept["share"] = agreeing.shares(records, self.spec.agree)
        if self.novel:
            own = self.novel.look(records)
            kept |= own.kept
            scratch |= own.scratch
        return Look(kept=kept, scratch=scratch)

    def decide(self, seen: Sequence[Seen]) -> Decision:
        """Which rows go, and at which gate."""
        told = [_Passing(source) for source in seen]
        for passing in told:
            if self.spec.verify:
                tables = [table for _, (table,) in passing.source.staged("verified")]
                passing.lacking["a verifier"] = sum(map(verified.without, tables))
                passing.through("verify", _each(tables, self.spec.verify))
            if self.spec.agree:
                share = passing.source.kept("share")
                passing.lacking["a share of agreement"] = int(np.isnan(share).sum())
                passing.through("agree", list(agreeing.refused(share, self.spec.agree)))
        if self.novel:
            _novel(self.novel, told)
        names = self.spec.names()
        return Decision(
            [passing.removal() for passing in told],
            tables={"gates": [_lines(names, told)]},
            figures={
                name: {
                    "tried": sum(one.tried[name] for one in told),
                    "refused": sum(one.refused[name] for one in told),
                }
                for name in names
            },
            warnings=[
                f"source '{one.source.name}': rows without {what}, which pass the gate: {n:,} of "
                f"{one.source.n:,}"
                for one in told
                for what, n in one.lacking.items()
                if n
            ],
            parts=names,
        )


class _Passing:
    """One source on its way through the gates: which rows are left, and why the others are not."""

    def __init__(self, source: Seen) -> None:
        self.source = source
        self.alive = source.alive.copy()
        self.reasons = np.full(source.n, None, object)
        self.about = np.full(source.n, None, object)
        self.tried: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.lacking: dict[str, int] = {}

    def through(self, gate: str, reasons: Reasons) -> None:
        """Take the rows that a gate refuses; the first gate that refuses a row owns it."""
        found = np.array([reason is not None for reason in reasons], np.bool_)
        own = found & np.array([reason is None for reason in self.reasons], np.bool_)
        self.tried[gate] = int(np.count_nonzero(self.alive))
        self.refused[gate] = int(np.count_nonzero(self.alive & found))
        self.reasons[own] = np.array(reasons, object)[own]
        self.about[own] = gate
        self.alive &= ~found

    def removal(self) -> Removal:
        """The rows that some gate refused."""
        gone = np.array([reason is not None for reason in self.reasons], np.bool_)
        return Removal.of(gone, self.reasons[gone].tolist(), about=self.about[gone].tolist())


def _each(tables: Iterable[pa.Table], gate: Any) -> list[str | None]:
    return [reason for table in tables for reason in verified.refused(table, gate)]


def _novel(step: Dedup, told: Sequence[_Passing]) -> None:
    """Compare the prompts that are left, in order, with each other and with other data sets."""
    decision = step.decide([replace(one.source, alive=one.alive) for one in told])
    for passing, removal in zip(told, decision.removals, strict=True):
        reasons = np.full(passing.source.n, None, object)
        reasons[removal.rows] = [f"novel: {removal.reasons[of]}" for of in removal.reason_of]
        passing.through("novel", reasons.tolist())


def _lines(names: Sequence[str], told: Sequence[_Passing]) -> pa.Table:
    """A line a source and gate, for the audit."""
    rows = [
        {
            "source": one.source.name,
            "position": place,
            "gate": name,
            "tried": one.tried[name],
            "refused": one.refused[name],
        }
        for one in told
        for place, name in enumerate(names, 1)
    ]
    columns = {name: pa.int64() for name in ("position", "tried", "refused")}
    columns |= {name: pa.string() for name in ("source", "gate")}
    return pa.Table.from_pylist(rows, pa.schema(list(columns.items())))


def make(spec: GatesSpec, *, base: Path, kind: str, seed: int) -> Gates:
    """Make the gates ready; raises UserError for one that rows of this kind cannot pass."""
    if spec.verify and kind not in verified.COLUMNS:
        known = " or ".join(verified.COLUMNS)
        raise UserError(f"gates: verify judges rows of kind {known}, not {kind}")
    novel = None
    if spec.novel:
        given = spec.novel.model_dump() | {"by": "prompt", "variants": "drop"}
        novel = make_dedup(DedupSpec(**given), base=base, kind=kind, seed=seed)
    return Gates(spec, kind, novel)
