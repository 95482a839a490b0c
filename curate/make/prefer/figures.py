"""All figures of the judge report, as lines of the audit.

    lines(staged)      # {"judge_figures": a table}, of the staged answers, ratings and comparisons

A line is a judge, what the figure is about (another judge, one who answers, or nothing), its name,
and the value with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.make.prefer.agreement import between_judges, between_orders
from curate.make.prefer.bias import bias, length_correlation, place_effect
from curate.make.prefer.calibrate import Calibration
from curate.make.prefer.duels import duels_of
from curate.make.prefer.estimate import Estimate
from curate.make.prefer.winrates import win_rates
from curate.shards import read_arrow

SCHEMA = pa.schema(
    [
        ("judge", pa.string()),
        ("about", pa.string()),
        ("figure", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("n", pa.int64()),
    ]
)
GOLD = "gold pairs"
Line = tuple[str | None, str | None, str, Estimate]


def figures(
    answers: pa.Table,
    ratings: pa.Table,
    comparisons: pa.Table,
    models: Mapping[str, str],
) -> pa.Table:
    """The lines of all judges; `models` says what each of them runs on."""
    return _table(
        *_of_duels(answers, ratings, comparisons, models),
        *_of_ratings(answers, ratings),
        *_of_agreement(ratings),
    )


def lines(staged: Mapping[str, Sequence[Path]]) -> dict[str, pa.Table]:
    """What is counted on all lines that a source has staged."""
    answers, ratings, comparisons, judges = (
        pa.concat_tables(map(read_arrow, staged[name]))
        for name in ("answers", "ratings", "comparisons", "judges")
    )
    named = zip(judges["judge"].to_pylist(), judges["model"].to_pylist(), strict=True)
    models = {judge: model for judge, model in named if model}
    counted = answers.drop_columns(["text"])
    return {"judge_figures": figures(counted, ratings, comparisons, models)}


def of_gold(calibrations: Sequence[Calibration]) -> pa.Table:
    """How judges fared on gold pairs."""
    return _table(
        *(
            (found.judge, GOLD, name, figure)
            for found in calibrations
            for name, figure in found.figures.items()
        )
    )


def _table(*lines: Line) -> pa.Table:
    return pa.Table.from_pylist([_plain(*line) for line in lines if line[3].known], SCHEMA)


def _of_duels(
    answers: pa.Table, ratings: pa.Table, comparisons: pa.Table, models: Mapping[str, str]
) -> Iterator[Line]:
    duels = duels_of(answers, ratings, comparisons)
    for judge in duels.judges:
        for name, figure in bias(duels, judge, models.get(judge)).items():
            yield judge, None, name, figure
        for entry, rates in win_rates(duels.only(duels.judge == judge)).items():
            yield from ((judge, entry, name, figure) for name, figure in rates.items())


def _of_ratings(answers: pa.Table, ratings: pa.Table) -> Iterator[Line]:
    for judge in sorted(pc.unique(ratings["judge"]).to_pylist()):
        own = ratings.filter(pc.equal(ratings["judge"], judge))
        yield judge, None, "length correlation", length_correlation(answers, own)
        yield judge, None, "first place", place_effect(own)
        orders = between_orders(own, judge)
        yield judge, "other orders", "alpha", orders["alpha"]


def _of_agreement(ratings: pa.Table) -> Iterator[Line]:
    found = between_judges(ratings)
    yield None, None, "alpha", found["alpha"]
    for pair in found["pairs"]:
        one, other = pair["raters"]
        yield one, other, "kappa", pair["kappa"]
        yield one, other, "same level", pair["same"]


def _plain(judge: str | None, about: str | None, name: str, figure: Estimate) -> dict[str, Any]:
    return {"judge": judge, "about": about, "figure": name} | figure.plain()
