"""The whole command: `curate build` on two cores, from Parquet and from JSONL.gz.

    python -m benchmarks.speed.build --data ../shared/data --mb 1000 --sizes 0.2,1,3

Reports megabytes of scanned text a second (10^6 UTF-8 bytes of user turns; reading, index,
matching, sampling, writing, audit and report included), the peak memory of the process tree, how
time and memory grow with the corpus (`--sizes`, in GB), what a cold cache of compiled kernels
costs, and how long `curate --help` takes. Everything is written below `--work`; corpora are made
once and kept there."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.speed.corpus import FORMATS
from benchmarks.speed.inputs import corpus, write_recipe
from benchmarks.speed.measure import (
    Failed,
    Measured,
    environment,
    machine,
    measure,
    middle,
    save,
    table,
    use_cores,
)
from curate.errors import UserError

CORES = 2
SMALL = 1.0
"""MB of the corpus that shows the cost of compiling."""


def build_once(recipe: Path, work: Path, **variables: str) -> tuple[Measured, int]:
    """Build a recipe into a folder that is removed again; gives what it took and the scanned bytes."""
    out = work / "built"
    command = [
        sys.executable,
        "-m",
        "curate",
        "build",
        str(recipe.resolve()),
        "-o",
        str(out.resolve()),
    ]
    try:
        measured = measure(
            [*command, "--workers", str(CORES), "--no-stages", "--json"], environment(**variables)
        )
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return measured, int(json.loads(measured.output)["steps"]["decontaminate"]["scanned"][1])


def described(runs: Sequence[tuple[Measured, int]]) -> dict[str, Any]:
    """The medians of several builds of one recipe."""
    seconds = middle([measured.seconds for measured, _ in runs])
    size = runs[0][1]
    peak = max(measured.memory for measured, _ in runs)
    return {
        "mb": size / 1e6,
        "seconds": seconds,
        "cpu_seconds": middle([measured.cpu_seconds for measured, _ in runs]),
        "mb_a_second": size / 1e6 / seconds,
        "peak_pss": peak.pss,
        "peak_anonymous": peak.anonymous,
        "all_seconds": [measured.seconds for measured, _ in runs],
    }


def read_once(path: Path) -> None:
    """Bring a file into the page cache, so that the disk is not what is measured."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 24):
            pass


def by_format(work: Path, data: Path, mb: float, rounds: int) -> dict[str, Any]:
    """Build from each format in turn, `rounds` times, and from Parquet with all matchers of the
    profile `default`.
    """
    recipes = {}
    for form in FORMATS:
        path = corpus(work, data, mb, form)
        read_once(path)
        recipes[form] = write_recipe(work, data, path)
    recipes["parquet, profile default"] = write_recipe(
        work, data, corpus(work, data, mb, "parquet"), "default"
    )
    runs: dict[str, list[tuple[Measured, int]]] = {form: [] for form in recipes}
    build_once(
        write_recipe(work, data, corpus(work, data, SMALL, "parquet")), work
    )  # compiles, if need be
    for turn in range(rounds):
        for form, recipe in recipes.items():
            runs[form].append(build_once(recipe, work))
            print(
                f"build {turn + 1}/{rounds} from {form}: {runs[form][-1][0].seconds:.1f} s",
                flush=True,
            )
    return {form: described(done) for form, done in runs.items()}


def by_size(work: Path, data: Path, sizes: Sequence[float]) -> dict[str, Any]:
    """Build from Parquet corpora of several sizes (GB), each once."""
    found = {}
    for gb in sizes:
        path = corpus(work, data, gb * 1000, "parquet")
        read_once(path)
        found[f"{gb:g} GB"] = described([build_once(write_recipe(work, data, path), work)])
        print(f"build of {gb:g} GB: {found[f'{gb:g} GB']['seconds']:.1f} s", flush=True)
    return found


def cold_and_warm(work: Path, data: Path, rounds: int) -> dict[str, float]:
    """Seconds of a build of a megabyte with an empty cache of compiled kernels, and with the cache
    it left.
    """
    recipe = write_recipe(work, data, corpus(work, data, SMALL, "parquet"))
    cold: list[float] = []
    warm: list[float] = []
    for turn in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            for seconds in (cold, warm):
                seconds.append(build_once(recipe, work, NUMBA_CACHE_DIR=cache)[0].seconds)
        print(
            f"cold cache {turn + 1}/{rounds}: {cold[-1]:.1f} s, warm {warm[-1]:.1f} s", flush=True
        )
    return {"cold": middle(cold), "warm": middle(warm), "extra": middle(cold) - middle(warm)}


def start_up(rounds: int = 10) -> float:
    """Median seconds of `curate --help`, the first call left out."""
    command = [sys.executable, "-m", "curate", "--help"]
    return middle([measure(command, environment()).seconds for _ in range(rounds + 1)][1:])


def whole_command(
    work: Path, data: Path, mb: float, rounds: int, sizes: Sequence[float]
) -> dict[str, Any]:
    """Measure everything about the command."""
    use_cores(CORES)
    return {
        "formats": by_format(work, data, mb, rounds),
        "sizes": by_size(work, data, sizes),
        "compiling": cold_and_warm(work, data, rounds),
        "help_seconds": start_up(),
    }


def show(result: dict[str, Any]) -> str:
    """The tables of a result."""
    head = [
        "`curate build` on two cores",
        "text, MB",
        "seconds",
        "CPU seconds",
        "MB/s",
        "peak PSS, MB",
        "not of files",
    ]
    runs = {f"from {form}": run for form, run in result["formats"].items()}
    runs |= {f"{size} from parquet": run for size, run in result["sizes"].items()}
    rows = [
        (
            name,
            *(run[figure] for figure in ("mb", "seconds", "cpu_seconds", "mb_a_second")),
            *(run[figure] / 1e6 for figure in ("peak_pss", "peak_anonymous")),
        )
        for name, run in runs.items()
    ]
    compiling = result["compiling"]
    other = [
        ("build of 1 MB, kernels compiled before", compiling["warm"]),
        ("more with a cold numba cache", compiling["extra"]),
        ("`curate --help`", result["help_seconds"]),
    ]
    return f"{table(head, rows)}\n\n{table(['start', 'seconds'], other)}"


def parse_sizes(text: str) -> list[float]:
    """Sizes in GB from `0.2,1,3`."""
    return [float(size) for size in text.split(",") if size]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that both benchmarks take."""
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder with sft/ and benchmarks/"
    )
    parser.add_argument(
        "--work", type=Path, default=Path("out/speed"), help="folder for corpora and results"
    )
    parser.add_argument("--mb", type=float, default=1000, help="megabytes of scanned text")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--sizes", type=parse_sizes, default=[], help="GB, as 0.2,1,3: how time and memory grow"
    )


def main() -> None:
    """Measure the whole command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    before = machine()
    try:
        result = whole_command(given.work, given.data, given.mb, given.rounds, given.sizes)
    except (Failed, UserError) as error:
        raise SystemExit(str(error)) from None
    print(f"\n{show(result)}")
    save(given.work / "build.json", {"machine": before, **result})


if __name__ == "__main__":
    main()
