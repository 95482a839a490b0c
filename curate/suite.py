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

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from curate import network, shipped, sources
from curate.config import Strict, check, load_yaml
from curate.errors import UserError, option, unknown
from curate.files import kind_of
from curate.files.stream import COMPRESSIONS
from curate.items import Item, Located, detect_answer, detect_fields, make_items

Role = Literal["development", "unseen"]
_EVERY = ":*"  # the subset that stands for every configuration of a Hub data set
_AWAY = "the Hugging Face Hub cannot be reached, and its cache holds no copy"


class Benchmark(Strict):
    """One benchmark of a suite: where its rows come from and what of them is compared."""

    name: str = Field(pattern=r"^[^/\s]+$")
    from_: str = Field(alias="from", min_length=1)
    split: str | None = None
    fields: tuple[str, ...] = Field(min_length=1)
    """Dotted paths to the texts, in order; a list found there is joined by newlines."""
    answer: str | None = None
    """Dotted path to the gold answer, for the self-test: it is planted behind the question, never
    looked for.
    """
    optional: tuple[str, ...] = ()
    """Those of `fields` that may be missing or empty in a row; they are then left out of the item.
    """
    rows: str | None = None
    """The key that holds the rows in a JSON file whose top level is an object."""
    id: str | None = None
    """Dotted path to a row's own id; a row's position serves where it is not given or not there."""
    role: Role = "development"
    cap: int | None = Field(default=None, ge=1)
    """Only the first `cap` rows of each subset (configuration or file)."""
    items: int | None = Field(default=None, ge=1)
    """How many items it must have, after the cap; null where no source can be cited."""
    licence: str | None = None

    @model_validator(mode="after")
    def _some_field_is_required(self) -> Benchmark:
        for name in self.optional:
            if name not in self.fields:
                raise ValueError(
                    f"optional field '{name}' of benchmark '{self.name}' is not in its fields"
                )
        if set(self.optional) == set(self.fields):
            raise ValueError(
                f"every field of benchmark '{self.name}' is optional; one must always be there"
            )
        return self


class SuiteFile(Strict):
    """What a suite's YAML file holds."""

    name: str | None = None
    extends: str | None = None
    """A shipped suite whose benchmarks go before those of the file."""
    without: tuple[str, ...] = ()
    """Benchmarks of the extended suite that are left out."""
    benchmarks: tuple[Benchmark, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> SuiteFile:
        twice = [name for name, n in Counter(b.name for b in self.benchmarks).items() if n > 1]
        if twice:
            raise ValueError(f"two benchmarks are called '{twice[0]}'")
        if self.without and self.extends is None:
            raise ValueError(
                "'without' leaves out benchmarks of the suite that 'extends' names; there is none"
            )
        return self


@dataclass(frozen=True)
class Suite:
    """The list of benchmarks; relative paths in it are relative to `base`."""

    name: str
    benchmarks: tuple[Benchmark, ...]
    base: Path


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
    chosen = _leave_out(suite, without)
    given, unused = (
        _given(suite, base / sources.expand(benchmarks_dir)) if benchmarks_dir else ({}, [])
    )
    warnings += unused
    remote = {b.name for b in chosen if b.name not in given and _on_hub(b, suite.base)}
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
    name = "_".join(_stem(path.name).split())
    answer = detect_answer(first[2])
    own = Benchmark(
        name=name,
        from_=text,
        fields=fields,
        optional=optional,
        answer=None if answer in fields else answer,
    )
    return Suite(name, (own,), base)


def _stem(name: str) -> str:
    """Cut the extensions of a data file; the name of anything else comes back whole."""
    while kind_of(name) or Path(name).suffix in COMPRESSIONS:
        name = Path(name).stem
    return name


def _folder_option() -> str:
    return option("--benchmarks-dir", "benchmarks_dir")


def _leave_out(suite: Suite, without: Iterable[str]) -> list[Benchmark]:
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


def _given(suite: Suite, folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Match what lies in the benchmarks' folder with the suite; what no benchmark claims becomes a
    warning.
    """
    if not folder.is_dir():
        raise UserError(f"{_folder_option()}: {folder}: no such folder")
    names = {benchmark.name for benchmark in suite.benchmarks}
    given: dict[str, Path] = {}
    unused: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.stem.upper() in ("README", "LICENSE", "LICENCE"):
            continue
        name = path.name if path.is_dir() else _stem(path.name)
        if name not in names or (path.is_file() and kind_of(path.name) is None):
            unused.append(path.name)
        elif name in given:
            raise UserError(
                f"{folder}: {given[name].name} and {path.name} are both called like benchmark '{name}'"
            )
        else:
            given[name] = path
    if not given:
        raise UserError(
            f"{_folder_option()}: {folder}: no file or folder in it is named after a benchmark of suite {suite.name}"
        )
    return given, [
        f"benchmarks_dir: not named after a benchmark: {', '.join(unused)}"
    ] if unused else []


def _read(
    benchmark: Benchmark, given: Path | None, base: Path, warnings: list[str]
) -> tuple[ReadBenchmark, list[Item]]:
    """Read one benchmark, from the file or folder that is `given` or else from its own place; adds
    to `warnings`.
    """
    cap = benchmark.cap
    if given:
        base, opened = given.parent, [_open(benchmark, f"./{given.name}", given.parent)]
        if cap and given.is_file() and benchmark.from_.endswith(_EVERY):
            # In one file for all configurations nobody can see where each begins.
            warnings.append(
                f"benchmark {benchmark.name}: {given.name} is taken whole, not {cap} rows a configuration"
            )
            cap = None
    else:
        opened = _open_all(benchmark, base)
    rows = chain.from_iterable(_rows(benchmark, source, base, cap) for source in opened)
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
                if _on_hub(benchmark, base)
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


def _on_hub(benchmark: Benchmark, base: Path) -> bool:
    return not sources.is_path(benchmark.from_.removesuffix(_EVERY), base)


def _open_all(benchmark: Benchmark, base: Path) -> list[sources.Source]:
    """Open a benchmark's own place; the subset `*` is every configuration, in the order in which
    the Hub lists them.
    """
    if not benchmark.from_.endswith(_EVERY):
        return [_open(benchmark, benchmark.from_, base)]
    path = benchmark.from_.removesuffix(_EVERY)
    import datasets  # takes seconds to import; local files need not pay

    try:
        subsets = datasets.get_dataset_config_names(path)
    except Exception as error:  # `datasets` raises dozens of types
        line = " ".join(str(error).split())[:300]
        page = f"https://huggingface.co/datasets/{path}"
        raise UserError(
            f"{path}: its configurations cannot be listed ({line}); see {page}"
        ) from error
    return [_open(benchmark, f"{path}:{subset}", base) for subset in subsets]


def _open(benchmark: Benchmark, from_: str, base: Path) -> sources.Source:
    return sources.open_source(benchmark.name, from_, base=base, split=benchmark.split)


def _rows(
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


def _unreadable(suite: str, problems: Mapping[str, str], total: int) -> str:
    """Put all that cannot be read into one line, a reason that several share only once."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in problems.items():
        by_reason.setdefault(reason, []).append(name)
    listed = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in by_reason.items())
    hint = f"give their files with {_folder_option()}"
    if len(problems) < total:
        flags = " ".join(f"--without {name}" for name in problems)
        hint += f", or leave them out: {option(flags, f'without={list(problems)}')}"
    return f"suite {suite}: {len(problems)} of {total} benchmarks cannot be read: {listed}; {hint}"
