"""The items of a suite, read: benchmark after benchmark, and what cannot be read told at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from curate import network, sources
from curate.errors import UserError, option, unknown
from curate.items import Item, make_items
from curate.suites.given import folder_option, given_in
from curate.suites.rows import EVERY, on_hub, open_all, open_given, rows_of
from curate.suites.spec import Benchmark, Role, Suite

_AWAY = "the Hugging Face Hub cannot be reached, and its cache holds no copy"


@dataclass(frozen=True)
class ReadBenchmark:
    """What was read of one benchmark: `expected` is the published number of items, `files` are
    (name, sha256).
    """

    name: str
    role: Role
    expected: int | None
    n_items: int
    files: tuple[tuple[str, str], ...]
    revision: str | None
    licence: str | None


@dataclass(frozen=True)
class Outcome:
    """What came of reading one benchmark: what was read and its items, or else the `problem`."""

    benchmark: Benchmark
    read: ReadBenchmark | None
    items: list[Item]
    problem: str | None = None


@dataclass(frozen=True)
class ReadSuite:
    """The items of all benchmarks, in the order of the suite, and what is worth knowing about the
    reading.
    """

    name: str
    items: list[Item]
    benchmarks: list[ReadBenchmark]
    warnings: list[str]


def read_suite(
    suite: Suite, *, benchmarks_dir: Path | None = None, without: Sequence[str] = (), base: Path
) -> ReadSuite:
    """Read every item of `suite`, from `benchmarks_dir` where a file or folder of the benchmark's
    name lies there.

    Raises one UserError that names all benchmarks that cannot be read, why, and how to leave them
    out."""
    warnings: list[str] = []
    outcomes = list(
        read_each(suite, warnings, benchmarks_dir=benchmarks_dir, without=without, base=base)
    )
    problems = {
        outcome.benchmark.name: outcome.problem
        for outcome in outcomes
        if outcome.problem is not None
    }
    if problems:
        raise UserError(_unreadable(suite.name, problems, len(outcomes)))
    items = [item for outcome in outcomes for item in outcome.items]
    return ReadSuite(
        suite.name, items, [outcome.read for outcome in outcomes if outcome.read], warnings
    )


def read_each(
    suite: Suite,
    warnings: list[str],
    *,
    benchmarks_dir: Path | None = None,
    without: Sequence[str] = (),
    base: Path,
) -> Iterator[Outcome]:
    """Read benchmark after benchmark as `read_suite` does; one that cannot be read is no error but
    an outcome.

    Appends to `warnings`. Raises UserError for an unknown name in `without` and for a folder that
    does not fit."""
    chosen = benchmarks_left(suite, without)
    given, unused = (
        given_in(base / sources.expand(benchmarks_dir), suite) if benchmarks_dir else ({}, [])
    )
    warnings += unused
    remote = {b.name for b in chosen if b.name not in given and on_hub(b, suite.base)}
    unreachable = bool(remote) and not network.hub_reachable()
    for benchmark in chosen:
        try:
            with network.offline() if unreachable else nullcontext():
                read, items = _read(benchmark, given.get(benchmark.name), suite.base, warnings)
        except UserError as error:
            away = unreachable and benchmark.name in remote
            yield Outcome(benchmark, None, [], _AWAY if away else str(error))
        else:
            yield Outcome(benchmark, read, items)


def benchmarks_left(suite: Suite, without: Iterable[str]) -> list[Benchmark]:
    """The benchmarks of a suite but those that are left out; raises UserError for an unknown name,
    and where none is left.
    """
    names = {benchmark.name for benchmark in suite.benchmarks}
    for name in without:
        if name not in names:
            raise UserError(
                f"{option('--without', 'without')}: {unknown('benchmark', name, names)}"
            )
    chosen = [benchmark for benchmark in suite.benchmarks if benchmark.name not in set(without)]
    if not chosen:
        raise UserError(f"suite {suite.name}: {option('--without', 'without')} leaves no benchmark")
    return chosen


def _read(
    benchmark: Benchmark, given: Path | None, base: Path, warnings: list[str]
) -> tuple[ReadBenchmark, list[Item]]:
    """Read one benchmark, from the file or folder that is `given` or else from its own place; adds
    to `warnings`.
    """
    cap = benchmark.cap
    if given:
        opened = [open_given(benchmark, given)]
        if cap and given.is_file() and benchmark.from_.endswith(EVERY):
            # In one file for all configurations nobody can see where each begins.
            warnings.append(
                f"benchmark {benchmark.name}: {given.name} is taken whole, not {cap} rows a configuration"
            )
            cap = None
    else:
        opened = open_all(benchmark, base)
    warnings += [f"benchmark {benchmark.name}: {note}" for one in opened for note in one.notes]
    rows = chain.from_iterable(rows_of(source, cap) for source in opened)
    items = list(
        make_items(
            rows,
            benchmark.name,
            benchmark.fields,
            benchmark.optional,
            benchmark.id,
            benchmark.answer,
        )
    )
    if not items:
        raise UserError("it holds no items")
    if benchmark.items not in (None, len(items)):
        differs = f"{len(items)} items where {benchmark.items} are expected"
        if not given:
            mend = (
                "pin another revision"
                if on_hub(benchmark, base)
                else "look for missing or added rows"
            )
            raise UserError(f"{differs}; {mend}, or change `items` in a suite file of your own")
        warnings.append(f"benchmark {benchmark.name}: {given.name} holds {differs}")
    digests = tuple(
        (name, digest) for source in opened for name, digest, _ in sources.content_digests(source)
    )
    return (
        ReadBenchmark(
            benchmark.name,
            benchmark.role,
            benchmark.items,
            len(items),
            digests,
            opened[0].revision,
            benchmark.licence,
        ),
        items,
    )


def _unreadable(suite: str, problems: Mapping[str, str], total: int) -> str:
    """Put all that cannot be read into one line, a reason that several share only once."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in problems.items():
        by_reason.setdefault(reason, []).append(name)
    listed = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in by_reason.items())
    hint = f"give their files with {folder_option()}"
    if len(problems) < total:
        flags = " ".join(f"--without {name}" for name in problems)
        hint += f", or leave them out: {option(flags, f'without={list(problems)}')}"
    return f"suite {suite}: {len(problems)} of {total} benchmarks cannot be read: {listed}; {hint}"
