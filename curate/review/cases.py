"""What there is to judge in a build: pairs of texts, the worst first, each with what every matcher
says of it.

    with open_readonly(Path("my-sft")) as con:
        found = cases(con, Selection(matcher="robust"))
        shown = texts(con, found[0])

A verdict belongs to two texts, so rows and items of equal texts are one case. Texts are read one
case at a time: there may be a million matches. Refused: benchmarks, matchers and labels that the
build does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, TypeVar

import duckdb
import pyarrow as pa

from curate.audit.store import columns_of
from curate.audit.windows import Window, merged
from curate.errors import UserError, unknown
from curate.verdicts import MATCHES, Part, Ruling, item_hash


class Texted(Protocol):
    """A pair of texts that can be judged."""

    @property
    def texts(self) -> tuple[str, str]:
        """What a verdict on it belongs to."""


AnyCase = TypeVar("AnyCase", bound=Texted)

LABELS = ("leak", "variant", "other question", "suspect", "template", "none")
_WORST = ("leak", None, "variant", "other question", "suspect", "template")


@dataclass(frozen=True)
class Selection:
    """Which matches to review: all hits, or fewer; `near` adds the near misses."""

    benchmark: str | None = None
    matcher: str | None = None
    label: str | None = None
    near: bool = False


@dataclass(frozen=True)
class Opinion:
    """What one matcher says of the pair."""

    matcher: str
    score: float
    hit: bool
    label: str | None
    counts: bool


@dataclass(frozen=True)
class Case:
    """One pair of texts: the worst row and item that hold them, and how many more pairs hold the
    same.
    """

    doc: str
    item: str
    source: str
    benchmark: str
    fate: str
    doc_hash: str
    item_hash: str
    found: tuple[Opinion, ...]
    others: int = 0

    part: ClassVar[Part] = MATCHES
    keys: ClassVar[Mapping[str, str]] = {"l": "leak", "f": "false-alarm", "a": "allowed"}
    titles: ClassVar[tuple[str, str]] = ("TRAINING ROW", "BENCHMARK ITEM")

    @property
    def texts(self) -> tuple[str, str]:
        """What a verdict on it belongs to."""
        return self.doc_hash, self.item_hash

    @property
    def shown(self) -> str:
        """How strong it is, for a list."""
        return f"{100 * max(found.score for found in self.found):5.1f} %"

    @property
    def said(self) -> str:
        """What found it, in short."""
        return " ".join(f"{found.matcher}:{found.label or 'none'}" for found in self.found)

    @property
    def rank(self) -> tuple[Any, ...]:
        """Smaller is worse: what counts, then hits by label (scores of matchers differ), then by
        falling score.
        """
        counts, hit = any(f.counts for f in self.found), any(f.hit for f in self.found)
        label = min(_WORST.index(f.label) for f in self.found if f.hit or not hit)
        return not counts, not hit, label, -max(f.score for f in self.found), self.item, self.doc


@dataclass(frozen=True)
class Side:
    """One text of a case with what it shares, merged over all matchers; turn and role on the row's
    side.
    """

    text: str
    spans: Sequence[Window]
    turn: int | None = None
    role: str | None = None


@dataclass(frozen=True)
class Texts:
    """Both sides of a case, and why its row left or stayed."""

    turns: Sequence[Side]
    item: Side
    reason: str | None


_PAIRS = """
SELECT m.doc_id, m.instance_id, m.source, m.benchmark, d.fate, d.content_hash,
    list((m.matcher, m.score, m.hit, m.label, m.counts) ORDER BY m.score DESC, m.matcher)
FROM matches AS m JOIN documents AS d ON d.id = m.doc_id
WHERE d.content_hash IS NOT NULL AND ($benchmark IS NULL OR m.benchmark = $benchmark)
GROUP BY ALL
HAVING bool_or((m.hit OR m.counts OR $near) AND ($matcher IS NULL OR m.matcher = $matcher)
    AND ($label IS NULL OR coalesce(m.label, 'none') = $label))
"""


_OF_ROW = """
SELECT m.doc_id, m.instance_id, m.source, m.benchmark, d.fate, d.content_hash,
    list((m.matcher, m.score, m.hit, m.label, m.counts) ORDER BY m.score DESC, m.matcher)
FROM matches AS m JOIN documents AS d ON d.id = m.doc_id WHERE m.doc_id = ? GROUP BY ALL
"""


def of_row(con: duckdb.DuckDBPyConnection, doc_id: str) -> list[Case]:
    """Every pair of one row and an item that it matches, the worst first; a row that made no record
    has no hash.
    """
    if not columns_of(con, "matches"):
        return []
    pairs = con.execute(_OF_ROW, [doc_id]).fetchall()
    hashes = _item_hashes(con, {row[1] for row in pairs})
    return sorted((_case(row, hashes[row[1]]) for row in pairs), key=lambda case: case.rank)


def cases(con: duckdb.DuckDBPyConnection, wanted: Selection) -> list[Case]:
    """Every pair of texts that is wanted, the worst first; `con` is an audit opened for reading."""
    if not columns_of(con, "matches"):
        if wanted.benchmark or wanted.matcher or wanted.label:
            raise UserError(
                "this build looked for no benchmark: there are no matches to choose from"
            )
        return []
    _check(con, wanted)
    given = {
        "benchmark": wanted.benchmark,
        "matcher": wanted.matcher,
        "label": wanted.label,
        "near": wanted.near,
    }
    pairs = con.execute(_PAIRS, given).fetchall()
    hashes = _item_hashes(con, {row[1] for row in pairs})
    every = sorted(
        (_case(row, hashes[row[1]]) for row in pairs if row[1] in hashes),
        key=lambda case: case.rank,
    )
    worst: dict[tuple[str, str], Case] = {}
    for case in every:
        first = worst.setdefault(case.texts, case)
        if first is not case:
            worst[case.texts] = replace(first, others=first.others + 1)
    return list(worst.values())


def in_order(found: Iterable[AnyCase], judged: Collection[tuple[str, str]]) -> list[AnyCase]:
    """Those without a verdict first; otherwise the order stays."""
    return sorted(found, key=lambda case: case.texts in judged)


def as_object(case: Case, verdict: Ruling | None) -> dict[str, Any]:
    """A case for a program."""
    line: dict[str, Any] = {
        "doc": case.doc,
        "item": case.item,
        "source": case.source,
        "benchmark": case.benchmark,
    }
    line |= {
        "fate": case.fate,
        "doc_hash": case.doc_hash,
        "item_hash": case.item_hash,
        "others": case.others,
    }
    line["matches"] = [vars(found) for found in case.found]
    return line | {"verdict": verdict and verdict.verdict, "note": verdict and verdict.note}


def texts(con: duckdb.DuckDBPyConnection, case: Case) -> Texts:
    """The texts of a case, from the audit."""
    rows = con.execute(
        "SELECT doc_spans, item_spans FROM matches WHERE doc_id = ? AND instance_id = ?",
        [case.doc, case.item],
    ).fetchall()
    ours: dict[int, list[Window]] = {}
    for span in (span for doc_spans, _ in rows for span in doc_spans or []):
        ours.setdefault(span["turn"], []).append((span["start"], span["stop"]))
    theirs = [(span["start"], span["stop"]) for _, item_spans in rows for span in item_spans or []]
    turns = con.execute(
        "SELECT text, turn, role FROM texts WHERE doc_id = ? ORDER BY turn", [case.doc]
    ).fetchall()
    (item,) = con.execute(
        "SELECT min(text) FROM instances WHERE instance_id = ?", [case.item]
    ).fetchone() or ("",)
    reason = con.execute(
        """SELECT arg_max(step || ': ' || coalesce(reason, action), rowid) FROM decisions
        WHERE doc_id = ? AND action <> 'field-unused'""",
        [case.doc],
    ).fetchone()
    sides = [
        Side(text, merged(sorted(ours.get(turn, []))), turn, role) for text, turn, role in turns
    ]
    return Texts(sides, Side(item, merged(sorted(theirs))), reason[0] if reason else None)


def _case(row: tuple[Any, ...], hashed: str) -> Case:
    doc, item, source, benchmark, fate, content, found = row
    return Case(
        doc,
        item,
        source,
        benchmark,
        fate,
        content.hex if content else "",
        hashed,
        tuple(Opinion(*one) for one in found),
    )


def _item_hashes(con: duckdb.DuckDBPyConnection, ids: set[str]) -> Mapping[str, str]:
    con.register("wanted_items", pa.table({"instance_id": pa.array(sorted(ids), pa.string())}))
    rows = con.execute(
        "SELECT instance_id, min(text) FROM instances SEMI JOIN wanted_items USING (instance_id) GROUP BY ALL"
    ).fetchall()
    return {instance_id: item_hash(text) for instance_id, text in rows}


def _check(con: duckdb.DuckDBPyConnection, wanted: Selection) -> None:
    for kind, name, query in (
        ("benchmark", wanted.benchmark, "SELECT DISTINCT benchmark FROM instances"),
        ("matcher", wanted.matcher, "SELECT DISTINCT matcher FROM matches"),
    ):
        known = [found for (found,) in con.execute(query).fetchall()] if name else []
        if name and name not in known:
            raise UserError(unknown(kind, name, known))
    if wanted.label and wanted.label not in LABELS:
        raise UserError(unknown("label", wanted.label, LABELS))
