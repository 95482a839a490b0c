"""Where the rows of one benchmark come from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from curate import sources
from curate.errors import UserError
from curate.items import Located
from curate.suites.spec import Benchmark

EVERY = ":*"
"""The subset that stands for every configuration of a Hub data set."""


def on_hub(benchmark: Benchmark, base: Path) -> bool:
    """Whether a benchmark's own place is no path."""
    return not sources.is_path(benchmark.from_.removesuffix(EVERY), base)


def open_all(benchmark: Benchmark, base: Path) -> list[sources.Source]:
    """Open a benchmark's own place; the subset `*` is every configuration, in the order in which
    the Hub lists them.
    """
    if not benchmark.from_.endswith(EVERY):
        return [open_one(benchmark, benchmark.from_, base)]
    path = benchmark.from_.removesuffix(EVERY)
    import datasets  # takes seconds to import; local files need not pay

    try:
        subsets = datasets.get_dataset_config_names(path)
    except Exception as error:  # `datasets` raises dozens of types
        line = " ".join(str(error).split())[:300]
        page = f"https://huggingface.co/datasets/{path}"
        raise UserError(
            f"{path}: its configurations cannot be listed ({line}); see {page}"
        ) from error
    return [open_one(benchmark, f"{path}:{subset}", base) for subset in subsets]


def open_one(benchmark: Benchmark, from_: str, base: Path, **place: Any) -> sources.Source:
    """Open a place in a benchmark's name."""
    return sources.open_source(
        benchmark.name,
        from_,
        base=base,
        split=benchmark.split,
        encoding=benchmark.encoding,
        field=benchmark.rows,
        **place,
    )


def open_given(benchmark: Benchmark, given: Path) -> sources.Source:
    """Open what lies in the benchmarks' folder: of a folder of several splits, the benchmark's own;
    of a data set with configurations, as it lies on the Hub, those that the benchmark names.
    """
    subset = benchmark.from_.partition(":")[2].partition("@")[0] or None
    return open_one(benchmark, f"./{given.name}", given.parent, subset=subset, exact=False)


def rows_of(source: sources.Source, cap: int | None) -> Iterator[Located]:
    """Give a source's rows, the first `cap` of each file or configuration."""
    rows = sources.rows_of(source)
    if cap is None:
        return rows
    return (
        islice(rows, cap)
        if source.origin == "hub"
        else (located for located in rows if located[1] < cap)
    )
