"""A build beside the least that anybody could do: read the same Parquet file and write it again.

    python -m benchmarks.speed.yardstick --data ../shared/data --mb 200,600

Both take turns, `--rounds` times, for each of two corpora of different size. What is compared is the
processor time that the larger one takes more, so that what a process costs to start, and an index to
build, is on neither side. The build keeps the order of its source and finds leaks by a profile; the
other reads one row group after the other with pyarrow and writes it with zstd at level 1, as the
build does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.speed.build import CORES, build_once, parse_sizes, read_once
from benchmarks.speed.inputs import corpus, write_recipe
from benchmarks.speed.measure import (
    Failed,
    environment,
    machine,
    measure,
    middle,
    save,
    table,
    use_cores,
)
from curate.errors import UserError

COPY = """
import sys
import pyarrow.parquet as pq
with pq.ParquetFile(sys.argv[1]) as file, pq.ParquetWriter(
    sys.argv[2], file.schema_arrow, compression="zstd", compression_level=1
) as out:
    for group in range(file.num_row_groups):
        out.write_table(file.read_row_group(group))
"""
"""The yardstick."""


def copy_once(path: Path, work: Path) -> float:
    """Processor seconds that it takes to read a Parquet file and write it again."""
    out = work / "copied.parquet"
    try:
        command = [sys.executable, "-c", COPY, str(path), str(out)]
        return measure(command, environment()).cpu_seconds
    finally:
        out.unlink(missing_ok=True)


def seconds(work: Path, data: Path, sizes: Sequence[float], rounds: int) -> dict[str, list[float]]:
    """Median processor seconds of every contestant for each size."""
    names = ("pyarrow", "tulu3", "default", "tulu3 by key")
    found: dict[str, list[list[float]]] = {name: [[] for _ in sizes] for name in names}
    for turn in range(rounds):
        for place, mb in enumerate(sizes):
            path = corpus(work, data, mb, "parquet")
            read_once(path)
            for name in names:
                if name == "pyarrow":
                    took = copy_once(path, work)
                else:
                    profile, order = name.split()[0], "key" if "by key" in name else "source"
                    recipe = write_recipe(work, data, path, profile, order)
                    took = build_once(recipe, work)[0].cpu_seconds
                found[name][place].append(took)
                print(f"{turn + 1}/{rounds} {mb:g} MB {name}: {took:.2f} CPU seconds", flush=True)
    return {name: [middle(runs) for runs in own] for name, own in found.items()}


def compared(found: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """What the larger corpus costs more, in seconds and as so many times the yardstick."""
    more = {name: own[-1] - own[0] for name, own in found.items()}
    return {
        name: {"small": own[0], "large": own[-1], "more": more[name]}
        | {"times": more[name] / more["pyarrow"]}
        for name, own in found.items()
    }


def show(result: dict[str, Any]) -> str:
    """The table of a result."""
    head = ["CPU seconds", "small", "large", "the difference", "times pyarrow"]
    return table(head, [(name, *own.values()) for name, own in result["compared"].items()])


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("out/speed"))
    parser.add_argument("--mb", type=parse_sizes, default=[200.0, 600.0], help="two, as 200,600")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    use_cores(CORES)
    try:
        found = seconds(given.work, given.data, sorted(given.mb), given.rounds)
    except (Failed, UserError) as error:
        raise SystemExit(str(error)) from None
    result = {"machine": machine(), "sizes": sorted(given.mb), "compared": compared(found)}
    print(f"\n{show(result)}")
    save(given.work / "yardstick.json", result)


if __name__ == "__main__":
    main()
