"""Evaluation suites: the items that training data must not contain.

A suite is a list of benchmarks: where each one's rows come from, and which of their fields a model
is shown. It is a name that ships with `curate`, a YAML file, or a data file of one's own.
`load_suite` reads the list, `read_suite` the items:

    suite = load_suite("tulu3", base=Path.cwd())
    read = read_suite(suite, benchmarks_dir=Path("evals"), without=["gpqa"], base=Path.cwd())
    read.items[0]   # Item(benchmark='mmlu', instance_id='mmlu/0', fields=('Find the degree ...',))

Whatever cannot be read is named at once, before any work starts. A missing or empty field, an empty
benchmark, and a number of items other than the published one are errors: nothing is left out in
silence."""

from __future__ import annotations

from curate.suites.given import given_in
from curate.suites.load import load_suite
from curate.suites.read import (
    Outcome,
    ReadBenchmark,
    ReadSuite,
    benchmarks_left,
    read_each,
    read_suite,
)
from curate.suites.rows import EVERY, open_given
from curate.suites.spec import Benchmark, Suite, SuiteFile

__all__ = [
    "EVERY",
    "Benchmark",
    "Outcome",
    "ReadBenchmark",
    "ReadSuite",
    "Suite",
    "SuiteFile",
    "benchmarks_left",
    "given_in",
    "load_suite",
    "open_given",
    "read_each",
    "read_suite",
]
