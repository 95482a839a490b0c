"""What decontamination reads beside the rows, for `curate plan`: no item is read here, and nothing
fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from curate.errors import UserError
from curate.sources import expand, is_away, is_path, open_source
from curate.steps.decontaminate.spec import DecontaminateSpec
from curate.steps.step import Given
from curate.suites import (
    EVERY,
    Benchmark,
    Suite,
    benchmarks_left,
    given_in,
    load_suite,
    open_given,
)
from curate.verdicts import load_verdicts


def given(spec: DecontaminateSpec, *, base: Path) -> Iterator[Given]:
    """The benchmarks of the suite, the data sets under `against`, and the file of verdicts.

    Raises UserError where the suite itself is not there.
    """
    if spec.suite is not None:
        suite = load_suite(spec.suite, base=base, fields=spec.benchmark_fields)
        yield from _benchmarks(spec, suite, base)
    for path in spec.against:
        yield _looked("against", path, base)
    if spec.verdicts is not None:
        problem = None
        try:
            load_verdicts(base / expand(spec.verdicts))
        except UserError as error:
            problem = str(error)
        yield Given("verdicts", spec.verdicts, True, problem=problem)


def _benchmarks(spec: DecontaminateSpec, suite: Suite, base: Path) -> Iterator[Given]:
    at_hand: dict[str, Path] = {}
    if spec.benchmarks_dir:
        at_hand, _ = given_in(base / expand(spec.benchmarks_dir), suite)
    for benchmark in benchmarks_left(suite, spec.without):
        own = at_hand.get(benchmark.name)
        from_ = benchmark.from_.removesuffix(EVERY)
        found = (
            _looked(benchmark.name, from_, suite.base, benchmark.split)
            if own is None
            else _at_hand(benchmark, own)
        )
        yield replace(found, items=benchmark.items, licence=benchmark.licence)


def _at_hand(benchmark: Benchmark, own: Path) -> Given:
    problem = None
    try:
        open_given(benchmark, own)
    except UserError as error:
        problem = str(error)
    return Given(benchmark.name, str(own), True, problem=problem)


def _looked(name: str, from_: str, base: Path, split: str | None = None) -> Given:
    """Whether a path can be opened; what is on the Hub is only said to be there."""
    try:
        if is_path(from_, base):
            open_source(name, from_, base=base, split=split)
        return Given(name, from_, not is_away(from_, base))
    except UserError as error:
        return Given(name, from_, True, problem=str(error))
