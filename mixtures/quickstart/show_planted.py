"""Show what became of the planted leaks: which were found, with what score, and why the others were
not.

    python mixtures/quickstart/show_planted.py out/quickstart

Reads planted.json and the audit of a finished build; changes nothing. Exits with 1 where the two
disagree."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
QUERY = """
    SELECT max(score), list(matcher ORDER BY matcher) FILTER (hit) FROM matches
    WHERE doc_id = $row AND instance_id = $item
"""


def main(out: Path) -> int:
    """Print one line for every planted row; give 1 if one was not treated as expected."""
    planted = json.loads((HERE / "planted.json").read_text(encoding="utf-8"))
    table = Table(title="Planted leaks", title_justify="left")
    for column in ("row", "benchmark item", "hidden how", "score", "found by", "why"):
        table.add_column(column)
    surprises = 0
    with duckdb.connect(str(out / "audit.duckdb"), read_only=True) as audit:
        for plant in planted:
            found = audit.execute(QUERY, {"row": plant["row"], "item": plant["item"]}).fetchone()
            score, matchers = (found[0], found[1] or []) if found else (None, [])
            surprises += matchers != plant["matchers"]
            shown = "below 0.20" if score is None else f"{score:.2f}"
            table.add_row(
                plant["row"],
                plant["item"],
                plant["how"],
                shown,
                ", ".join(matchers) or "none",
                plant["why"],
            )
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    if surprises:
        console.print(
            f"{surprises} of {len(planted)} planted rows were not treated as planted.json expects"
        )
    return 1 if surprises else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: show_planted.py OUT (the folder of a finished build)")
    sys.exit(main(Path(sys.argv[1])))
