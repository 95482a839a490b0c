"""The step's section of the data set card: which benchmarks the sources held, and what the settings
find.
"""

from __future__ import annotations

import duckdb

from curate.audit.markdown import table, two_places
from curate.audit.store import runs
from curate.audit.words import counted
from curate.steps.decontaminate.facts import facts
from curate.steps.decontaminate.page_more import CONTROLS

_ALIKE = {
    "variants": "with the wording of an item and other numbers",
    "other_questions": "with another question about an item's text",
}


def card(con: duckdb.DuckDBPyConnection) -> str:
    """Markdown; `con` is an audit opened for reading."""
    own = runs(con)["parameters"]["decontaminate"]
    pairs, sources, benchmarks = con.execute(
        "SELECT count(*), count(DISTINCT source), count(DISTINCT benchmark) FROM contamination"
    ).fetchone() or (0, 0, 0)
    found = con.execute(
        """SELECT c.source, c.benchmark, c.flagged, c.overlapped, c.instances, c.rate, l.left_without
        FROM contamination AS c JOIN leave_one_out AS l USING (source, benchmark)
        WHERE c.overlapped > 0 ORDER BY c.rate DESC, c.source, c.benchmark"""
    ).fetchall()
    lines = [
        "## Benchmark contamination\n",
        f"What the sources held **before** anything was removed (profile `{own['profile']}`, policy "
        f"`{own['policy']}`): {len(found)} of {pairs} pairs of source and benchmark overlap "
        f"({sources} × {benchmarks}); flagged means more than 2 % of the benchmark's items.\n",
    ]
    if found:
        rows = [
            [
                source,
                benchmark,
                "yes" if flagged else "no",
                f"{hit:,}",
                f"{of:,}",
                two_places(rate),
                f"{left:,}",
            ]
            for source, benchmark, flagged, hit, of, rate, left in found
        ]
        head = [
            "source",
            "benchmark",
            "flagged",
            "items hit",
            "items",
            "rate",
            "still hit without it",
        ]
        lines.append(table(head, rows, numbers=4))
        lines.append(
            "Items that no source hits, for a clean score: `curate sql path/to/this/folder clean-items`.\n"
        )
    return "\n".join([*lines, *_alike(con, own.get("variants", "keep")), *_recall(con)])


def _alike(con: duckdb.DuckDBPyConnection, variants: str) -> list[str]:
    """The rows that are no copies of an item and like one, and what became of them."""
    found = facts(con)
    rows = [(found[key]["rows"], what) for key, what in _ALIKE.items()]
    told = " and ".join(f"{counted(n, 'row')} {what}" for n, what in rows if n)
    return [f"Not copies, but like them: {told} (`variants: {variants}`).\n"] if told else []


def _recall(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What the settings find of changed copies, where that was tested."""
    found = con.execute(
        """SELECT mutation, planted, found, low, high, noticed FROM selftest
        WHERE matcher = 'all' AND benchmark IS NULL ORDER BY rowid"""
    ).fetchall()
    if not found:
        return []
    rows = [
        [
            CONTROLS.get(mutation, mutation),
            f"{planted:,}",
            two_places(hit / max(1, planted)),
            f"{100 * low:.1f} to {100 * high:.1f}",
            two_places(noticed / max(1, planted)),
        ]
        for mutation, planted, hit, low, high, noticed in found
    ]
    return [
        "### What these settings find\n",
        "Changed copies of the benchmarks' own items, planted in a sample of this text: how many would go, and how "
        "many are noticed at all, as a variant or a template too. The last three lines are no copies: what goes "
        "there is a false alarm at most.\n",
        table(["copy", "planted", "would go", "95 % interval, %", "noticed"], rows, numbers=4),
    ]
