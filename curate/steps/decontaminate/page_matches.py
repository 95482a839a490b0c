"""The pairs that a report shows, each once with all that matchers say of it: the worst of every source
and benchmark, as far as a number of bytes goes.

What is shown of a long turn or item is for `audit.windows` to say. The database cuts the texts, so
a turn of 50 MB never leaves it. Positions stay those of the audit: code points from the start of
the whole text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from curate.audit.windows import OTHER_WIDTH, Window, merged, windows
from curate.audit.words import REASON_WIDTH, island, short
from curate.steps.decontaminate.page_own import OwnWords
from curate.steps.decontaminate.page_pairs import OUTCOMES

OTHER_TURNS = 3
# Looked at for a page; few pages have room for so many.
CANDIDATES = 4000

Match = dict[str, Any]
Places = tuple[Mapping[str, int], Mapping[str, int], Mapping[str, int]]
"""Numbers of the sources, benchmarks and matchers on the page, by name."""


@dataclass
class Pool:
    """Texts by number, each one once: an item that many rows hit is written once."""

    texts: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        """The number of a text."""
        if text not in self.places:
            self.places[text] = len(self.texts)
            self.texts.append(text)
        return self.places[text]


@dataclass(frozen=True)
class Samples:
    """Pairs for the page, the worst first, and the texts that their pieces point into."""

    matches: Sequence[Match]
    pool: Sequence[str]


_WORST = """
    WITH kinds AS (
        SELECT *, row_number() OVER (PARTITION BY source, benchmark, outcome, kind
            ORDER BY score DESC, doc_id, instance_id) AS nth_of_kind
        FROM seen_pairs WHERE source IN (SELECT unnest(?)) AND benchmark IN (SELECT unnest(?))
    ), ranked AS (
        -- The worst of each kind of finding, then the second worst of each: none hides another.
        SELECT *, row_number() OVER (PARTITION BY source, benchmark, outcome
            ORDER BY nth_of_kind, score DESC, doc_id, instance_id) AS nth
        FROM kinds
    ), chosen AS (
        -- In turn: the worst of every cell, then the second worst; a weak hit counts twice, a near miss three times.
        SELECT source, benchmark, doc_id, instance_id, outcome, row_number() OVER (ORDER BY
            nth * CASE outcome WHEN 'strong' THEN 1 WHEN 'weak' THEN 2 ELSE 3 END, outcome <> 'strong',
            outcome = 'near', rate DESC, score DESC, doc_id, instance_id) AS place
        FROM ranked LEFT JOIN seen_contamination USING (source, benchmark) WHERE nth <= ?
    ), few AS (
        SELECT * FROM chosen WHERE place <= ?
    )
    SELECT c.place, c.source, c.benchmark, c.doc_id, c.instance_id, c.outcome,
        list((m.matcher, m.score, m.hit, m.counts, m.label, m.verdict)
            ORDER BY m.counts DESC, m.hit DESC, m.score DESC, m.matcher),
        flatten(list(m.doc_spans[:40])), flatten(list(m.item_spans[:40])),
        sum(greatest(0, len(m.doc_spans) - 40) + greatest(0, len(m.item_spans) - 40))::BIGINT,
        any_value(o.fate), any_value(o.copies)
    FROM few AS c JOIN matches AS m USING (source, benchmark, doc_id, instance_id)
    JOIN documents AS o ON o.id = c.doc_id
    GROUP BY ALL ORDER BY c.place
"""


def samples(
    con: duckdb.DuckDBPyConnection,
    sources: Mapping[str, int],
    benchmarks: Mapping[str, int],
    matchers: Mapping[str, int],
    budget: int,
) -> Samples:
    """Take the worst pairs of the listed sources and benchmarks until their JSON has `budget`
    bytes.

    `figures` must have counted before: the cells with the highest rates come first.
    """
    given = [list(sources), list(benchmarks), CANDIDATES, CANDIDATES]
    rows = con.execute(_WORST, given).fetchall() if sources and benchmarks else []
    pool = Pool()
    taken: list[Match] = []
    own = OwnWords(con)
    for match, texts in _described(con, rows, (sources, benchmarks, matchers)):
        before = len(pool.texts)
        _point(match, texts, pool)
        text = " ".join(piece for _, piece in texts.get(("item", 0), []))
        if words := own.of(match.pop("benchmark"), match["item"], text):
            match["own"] = pool.place(" ".join(words))
        budget -= sum(_size(text) for text in pool.texts[before:]) + _size(match)
        if budget < 0:
            del pool.texts[before:]
            break
        taken.append(match)
    order = {outcome: place for place, outcome in enumerate(OUTCOMES)}
    taken.sort(key=lambda m: (order[m["outcome"]], -m["by"][0][1], m["doc"], m["item"]))
    return Samples(taken, pool.texts)


def _size(value: Any) -> int:
    return len(island(value).encode()) + 1


def _described(
    con: duckdb.DuckDBPyConnection,
    rows: Sequence[tuple[Any, ...]],
    places: Places,
) -> Iterator[tuple[Match, dict[tuple[str, int], list[tuple[int, str]]]]]:
    """Each pair as the page has it but for its texts, and the texts: pieces by side and turn."""
    docs = pa.table({"doc_id": pa.array(sorted({row[3] for row in rows}), pa.string())})
    items = pa.table({"instance_id": pa.array(sorted({row[4] for row in rows}), pa.string())})
    con.register("wanted_docs", docs)
    con.register("wanted_items", items)
    turns: dict[str, list[tuple[int, str | None, int]]] = {}
    for doc, turn, role, length in con.execute(
        "SELECT doc_id, turn, role, length(text) FROM texts JOIN wanted_docs USING (doc_id) ORDER BY doc_id, turn"
    ).fetchall():
        turns.setdefault(doc, []).append((turn, role, length))
    lengths = dict(
        con.execute(
            "SELECT instance_id, length(min(text)) FROM instances JOIN wanted_items USING (instance_id) GROUP BY ALL"
        ).fetchall()
    )
    reasons = dict(
        con.execute(
            """SELECT d.doc_id, arg_max(d.step || ': ' || coalesce(d.reason, d.action), d.rowid)
            FROM decisions AS d JOIN wanted_docs USING (doc_id) GROUP BY ALL"""
        ).fetchall()
    )
    matches = [_match(row, places, turns.get(row[3], []), lengths, reasons) for row in rows]
    texts = _texts(con, rows, matches)
    for number, match in enumerate(matches):
        yield match, texts[number]


def _match(
    row: tuple[Any, ...],
    places: Places,
    turns: Sequence[tuple[int, str | None, int]],
    lengths: Mapping[str, int],
    reasons: Mapping[str, str],
) -> Match:
    _, source, benchmark, doc, item, outcome, found, ours, theirs, unmarked, *fate = row
    spans: dict[int, list[Window]] = {}
    for span in ours or []:
        spans.setdefault(span["turn"], []).append((span["start"], span["stop"]))
    others = [turn for turn, _, _ in turns if turn not in spans][:OTHER_TURNS]
    shown = [
        (turn, role, length) for turn, role, length in turns if turn in spans or turn in others
    ]
    sources, benchmarks, matchers = places
    verdict = next((one[5] for one in found if one[5]), None)
    match: Match = {
        "s": sources[source],
        "b": benchmarks[benchmark],
        "doc": doc,
        "item": item,
        "outcome": outcome,
        # Matcher, score, whether it is a hit, whether it counts, and its label.
        "by": [
            (matchers[name], round(score, 4), int(hit), int(counts), label)
            for name, score, hit, counts, label, _ in found
        ],
        "fate": fate[0],
        "copies": fate[1],
        "benchmark": benchmark,
    }
    match["turns"] = [
        _side(length, merged(sorted(spans.get(turn, []))), turn, role)
        for turn, role, length in shown
    ]
    shared = sorted((span["start"], span["stop"]) for span in theirs or [])
    match["text"] = _side(lengths.get(item, 0), merged(shared))
    more: Match = {
        "verdict": verdict,
        "why": doc in reasons and short(reasons[doc], REASON_WIDTH),
        "moreTurns": len(turns) - len(shown),
        "moreSpans": unmarked,
    }
    return match | {key: value for key, value in more.items() if value}


def _side(
    length: int, spans: Sequence[Window], turn: int | None = None, role: str | None = None
) -> Match:
    """One text: its length, its spans, and the windows that are shown, to be filled with text."""
    side: Match = {
        "length": length,
        "spans": sorted(spans),
        "pieces": windows(length, sorted(spans)),
    }
    if not spans and turn is not None:
        side["pieces"] = [(0, length if length <= 2 * OTHER_WIDTH else OTHER_WIDTH)]
    return side if turn is None else side | {"turn": turn, "role": role}


def _texts(
    con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[Any, ...]], matches: Sequence[Match]
) -> list[dict[tuple[str, int], list[tuple[int, str]]]]:
    """Have the database cut every window out of its text."""
    cuts: dict[str, list[Any]] = {
        name: [] for name in ("number", "side", "id", "turn", "start", "width")
    }
    for number, (row, match) in enumerate(zip(rows, matches, strict=True)):
        for side, owner, part in [("doc", row[3], part) for part in match["turns"]] + [
            ("item", row[4], match["text"])
        ]:
            for start, stop in part["pieces"]:
                cut = (number, side, owner, part.get("turn", 0), start, stop - start)
                for column, value in zip(cuts.values(), cut, strict=True):
                    column.append(value)
    con.register("cuts", pa.table(cuts))
    found: list[dict[tuple[str, int], list[tuple[int, str]]]] = [{} for _ in rows]
    for number, side, turn, start, text in con.execute(
        """SELECT number, side, c.turn, c.start, substring(t.text, c.start + 1, c.width)
            FROM cuts AS c JOIN texts AS t ON t.doc_id = c.id AND t.turn = c.turn WHERE side = 'doc'
        UNION ALL SELECT number, side, 0, c.start, substring(t.text, c.start + 1, c.width)
            FROM cuts AS c JOIN (SELECT instance_id, min(text) AS text FROM instances JOIN wanted_items
                USING (instance_id) GROUP BY ALL) AS t ON t.instance_id = c.id WHERE side = 'item'
        ORDER BY ALL"""
    ).fetchall():
        found[number].setdefault((side, turn), []).append((start, text))
    return found


def _point(
    match: Match, texts: Mapping[tuple[str, int], list[tuple[int, str]]], pool: Pool
) -> None:
    """Put the texts into the pool; the pieces become (first code point, number of the text)."""
    for key, part in [(("doc", part["turn"]), part) for part in match["turns"]] + [
        (("item", 0), match["text"])
    ]:
        part["pieces"] = [(start, pool.place(text)) for start, text in texts.get(key, [])]
