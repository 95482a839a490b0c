"""The pairs of a row and an item, each once, whichever matchers found them; and how strong each is.

    strong  it counts, and two matchers say so, or one that is past the middle between its threshold and 1,
            or a person
    weak    any other hit: barely over the threshold, or one that does not count
    near    no matcher calls it a hit

`lay` puts them into the temporary table `seen_pairs` of a connection, which the rest of the page reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

STRONG, WEAK, NEAR = "strong", "weak", "near"
OUTCOMES = (STRONG, WEAK, NEAR)
SURE = 0.5
"""Of the way from the threshold to 1: from here on one matcher is enough."""

_PAIRS = f"""
CREATE TEMP TABLE seen_pairs AS
WITH seen_thresholds AS (
    SELECT unnest(?::VARCHAR[]) AS matcher, unnest(?::DOUBLE[]) AS threshold
), opinions AS (
    SELECT m.*, CASE WHEN t.threshold < 1 THEN (score - threshold) / (1 - threshold) ELSE 1 END AS margin
    FROM matches AS m LEFT JOIN seen_thresholds AS t USING (matcher)
), pairs AS (
    SELECT source, benchmark, doc_id, instance_id, bool_or(hit) AS hit, bool_or(counts) AS counts,
        max(score) AS score, count(DISTINCT matcher) FILTER (counts) AS sure,
        max(coalesce(margin, 1)) FILTER (counts) AS margin, bool_or(verdict = 'leak') AS confirmed,
        list((matcher, coalesce(label, 'none')) ORDER BY matcher) AS kind
    FROM opinions GROUP BY source, benchmark, doc_id, instance_id
)
SELECT *, CASE WHEN counts AND (sure > 1 OR margin >= {SURE} OR confirmed) THEN '{STRONG}'
    WHEN hit OR counts THEN '{WEAK}' ELSE '{NEAR}' END AS outcome
FROM pairs
"""


def thresholds(about: Mapping[str, Any]) -> dict[str, float]:
    """The threshold of every matcher of a build, as far as its audit says it."""
    parameters = about.get("parameters") or {}
    own = parameters.get("decontaminate", parameters)
    matchers = own.get("matchers") or {"ngram": own}
    return {
        name: settings["threshold"]
        for name, settings in matchers.items()
        if isinstance(settings, dict) and isinstance(settings.get("threshold"), int | float)
    }


def lay(con: duckdb.DuckDBPyConnection, about: Mapping[str, Any]) -> None:
    """Make the table; `about` are the facts of the run."""
    known = thresholds(about)
    con.execute(_PAIRS, [list(known), list(known.values())])
