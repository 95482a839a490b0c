"""Ratings to pairs, over whole tables: the rule of the recipe's `pairs`, in SQL.

    pairs = binarise(answers, ratings, comparisons, rules, seed=42)
    # prompt, chosen, rejected (slots), chosen_rating, rejected_rating, reason

Chosen is the answer with the highest rating, rejected one that is rated strictly lower; what ties
makes no pair. Where there is none, `reason` says why. Drawing goes by a digest over seed, prompt
and slot, so the order of rows makes no difference."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from curate.make.prefer.rubrics import VERIFIED
from curate.make.prefer.spec import Pairs

_SQL = Path(__file__).with_suffix(".sql").read_text("utf-8")
TOO_FEW = "fewer than two answers have a rating"
"""The reason where there is nothing to choose from."""
PAIRS = pa.schema(
    [
        ("prompt", pa.int64()),
        ("chosen", pa.int32()),
        ("rejected", pa.int32()),
        ("chosen_rating", pa.float64()),
        ("rejected_rating", pa.float64()),
        ("reason", pa.string()),
    ]
)


def binarise(
    answers: pa.Table,
    ratings: pa.Table,
    comparisons: pa.Table,
    rules: Pairs,
    seed: int,
    *,
    sided: bool = False,
) -> pa.Table:
    """A row of PAIRS for every prompt, in order; `sided`: one side of each pair must be on-policy."""
    if rules.rule == "delta":
        return _delta(answers)
    given = {
        "seed": str(seed),
        "least_aspects": rules.least_aspects,
        "verified_aspect": VERIFIED,
        "verified": rules.verified,
        "margin": rules.margin,
        "length_apart": rules.length_apart,
        "rejected": rules.rejected,
        "sided": sided,
        "too_few": TOO_FEW,
    }
    with duckdb.connect() as con:
        con.register("answers", answers)
        con.register("ratings", ratings)
        con.register("comparisons", comparisons)
        for statement in duckdb.extract_statements(_SQL):
            con.execute(statement, {name: given[name] for name in statement.named_parameters})
        return con.sql("FROM pairs").to_arrow_table().cast(PAIRS)


def _delta(answers: pa.Table) -> pa.Table:
    """The strong model's answer over the weak one's, where both are whole."""
    with duckdb.connect() as con:
        con.register("answers", answers)
        return con.sql(_DELTA).to_arrow_table().cast(PAIRS)


_DELTA = """
SELECT prompt, chosen, rejected, NULL AS chosen_rating, NULL AS rejected_rating,
  CASE WHEN chosen IS NULL THEN 'the strong model gave no whole answer'
    WHEN rejected IS NULL THEN 'the weak model gave no whole answer' END AS reason
FROM (
  SELECT prompt, any_value(slot) FILTER (whole AND strength = 'strong') AS chosen,
    any_value(slot) FILTER (whole AND strength = 'weak') AS rejected
  FROM (SELECT *, outcome = 'answered' AS whole FROM answers) GROUP BY prompt
) ORDER BY prompt
"""
