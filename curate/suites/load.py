"""Which suite a name means: one that ships, a YAML file, or a data file of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curate import shipped, sources
from curate.config import check, load_yaml
from curate.errors import UserError, option, unknown
from curate.files.kind import kind_of, stem_of
from curate.items import detect_answer, detect_fields
from curate.suites.spec import Benchmark, Suite, SuiteFile


def load_suite(suite: str | Path, *, base: Path, fields: Sequence[str] = ()) -> Suite:
    """Find a suite by its shipped name, its YAML file or a data file of one's own; paths are
    relative to `base`.

    `fields` are the fields of a data file that a model is shown; without them they are detected.
    Raises UserError where they are given for a suite that names its own."""
    text = str(suite)
    path = base / sources.expand(text)
    is_yaml = path.suffix in (".yaml", ".yml")
    has_rows = "/" in text or kind_of(text) or (text not in shipped.suites() and path.exists())
    if has_rows and not is_yaml:
        return _from_data(text, path, base, tuple(fields))
    if fields:
        named = option("--benchmark-field", "benchmark_fields")
        raise UserError(f"{named} goes with a data file; suite {text} names the fields itself")
    return _from_yaml(path if is_yaml else shipped.suite(text))


def _from_yaml(path: Path) -> Suite:
    read = check(SuiteFile, load_yaml(path), str(path))
    inherited = _inherited(read, str(path)) if read.extends else ()
    own = {benchmark.name for benchmark in read.benchmarks}
    for benchmark in inherited:
        if benchmark.name in own:
            raise UserError(
                f"{path}: two benchmarks are called '{benchmark.name}': one comes from suite {read.extends}; "
                f"write `without: [{benchmark.name}]` to put the other in its place"
            )
    return Suite(read.name or path.stem, (*inherited, *read.benchmarks), path.parent)


def _inherited(read: SuiteFile, where: str) -> tuple[Benchmark, ...]:
    """The benchmarks of the shipped suite that a file extends. (Theirs lie on the Hub: no path is
    relative to it.)
    """
    known = shipped.suites()
    if read.extends not in known:
        raise UserError(f"{where}: extends: {unknown('shipped suite', str(read.extends), known)}")
    suite = _from_yaml(known[read.extends])
    names = {benchmark.name for benchmark in suite.benchmarks}
    for name in read.without:
        if name not in names:
            raise UserError(f"{where}: without: {unknown('benchmark', name, names)}")
    return tuple(benchmark for benchmark in suite.benchmarks if benchmark.name not in read.without)


def _from_data(text: str, path: Path, base: Path, given: tuple[str, ...]) -> Suite:
    """Make a suite of one data file or folder: its name is the stem, its fields are those given or
    detected in the first row.
    """
    first = next(sources.read_rows(text, base=base), None)
    if first is None:
        raise UserError(f"{text}: no rows; a benchmark needs at least one item")
    fields, optional = (given, ()) if given else detect_fields(first[2], text)
    name = "_".join(stem_of(path.name).split())
    answer = detect_answer(first[2])
    own = Benchmark(
        name=name,
        from_=text,
        fields=fields,
        optional=optional,
        answer=None if answer in fields else answer,
    )
    return Suite(name, (own,), base)
