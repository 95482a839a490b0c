"""What the finished audit says of the step, for `--json` and the lines on the screen."""

from __future__ import annotations

from typing import Any

import duckdb

from curate.audit.store import columns_of
from curate.audit.words import interval_of

_NAMES = ("sampled", "judged", "wrong", "share", "low", "high")


def facts(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """How often people said, of a random sample, that a pair is none of duplicates."""
    return {"wrong_removals": wrong_removals(con)}


def wrong_removals(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The one row of the view; an audit of an earlier version drew no sample."""
    if not columns_of(con, "wrong_removals"):
        return dict.fromkeys(_NAMES[:3], 0) | dict.fromkeys(_NAMES[3:])
    row = con.execute(f"SELECT {', '.join(_NAMES)} FROM wrong_removals").fetchone() or ()
    return dict(zip(_NAMES, row, strict=True))


def estimate(found: dict[str, Any]) -> str:
    """The estimate in one sentence; empty where nothing was drawn."""
    if not found["sampled"]:
        return ""
    if not found["judged"]:
        n = found["sampled"]
        return (
            f"a random sample of {n:,} removed {'pair' if n == 1 else 'pairs'} waits for verdicts"
        )
    return "duplicates: " + interval_of(
        found["judged"], found["wrong"], found["low"], found["high"]
    )
