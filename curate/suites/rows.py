"""Where the rows of one benchmark come from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from curate import sources
from curate.errors import UserError
from curate.files import kind_of
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


def open_one(benchmark: Benchmark, from_: str, base: Path) -> sources.Source:
    """Open a place in a benchmark's name."""
    return sources.open_source(benchmark.name, from_, base=base, split=benchmark.split)


def rows_of(
    benchmark: Benchmark, source: sources.Source, base: Path, cap: int | None
) -> Iterator[Located]:
    """Give a source's rows, the first `cap` of each file or configuration."""
    is_json = bool(source.files) and all(kind_of(file.name) == "json" for file in source.files)
    rows = sources.read_rows(
        source.from_, base=base, split=benchmark.split, rows_key=benchmark.rows if is_json else None
    )
    if cap is None:
        return rows
    return (
        islice(rows, cap)
        if source.origin == "hub"
        else (located for located in rows if located[1] < cap)
    )
