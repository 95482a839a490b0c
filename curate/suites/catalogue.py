"""The shipped suites as people look at them, and the items of a suite fetched once so that they lie
in the Hub's cache.

    suites()                          # every shipped suite
    fetch("tulu3", base=Path.cwd())   # reads each benchmark: items, revision, what can never be matched, what failed

Reading goes through `curate.suites`, so what is fetched is what a build reads; nothing is written
but the Hub's cache. A benchmark that cannot be read does not keep the others from being fetched.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from curate import shipped
from curate.errors import UserError, unknown
from curate.items import Item
from curate.kernels.texts import tokenise_all
from curate.matching.matchers import build_matchers
from curate.matching.profile import Profile
from curate.progress import Progress
from curate.suites import Benchmark, Outcome, Suite, load_suite, read_each
from curate.text.buffer import lay_out


@dataclass(frozen=True)
class Fetched:
    """One benchmark as it was read; `unmatchable` gives for each reason the ids of the items that
    can never be hit.
    """

    name: str
    items: int
    revision: str | None
    licence: str | None
    unmatchable: dict[str, list[str]]


@dataclass(frozen=True)
class Fetch:
    """What was read of a suite, and why the rest was not: `failed` maps names to reasons."""

    suite: str
    profile: str
    benchmarks: list[Fetched]
    failed: dict[str, str]
    warnings: list[str]


def suites() -> list[Suite]:
    """Every shipped suite."""
    return [load_suite(name, base=Path.cwd()) for name in shipped.suites()]


def as_dict(suite: Suite) -> dict[str, Any]:
    """A suite as plain data: its benchmarks with every key of a suite file."""
    return {
        "name": suite.name,
        "benchmarks": [
            benchmark.model_dump(mode="json", by_alias=True) for benchmark in suite.benchmarks
        ],
    }


def fetch(
    name: str | Path,
    profile: Profile,
    *,
    base: Path,
    benchmarks_dir: Path | None = None,
    without: Sequence[str] = (),
    progress: Progress | None = None,
) -> Fetch:
    """Read every benchmark of a suite once, and count the items that `profile` can never match.

    Raises UserError where the suite or a name in `without` is unknown; a benchmark that cannot be
    read is in `failed`."""
    suite = load_suite(name, base=base)
    warnings: list[str] = []
    outcomes = read_each(suite, warnings, benchmarks_dir=benchmarks_dir, without=without, base=base)
    total = len(suite.benchmarks) - len(set(without))
    fetched, failed = [], {}
    for outcome in outcomes:
        if outcome.read is None:
            failed[outcome.benchmark.name] = outcome.problem or ""
        else:
            fetched.append(_fetched(outcome, profile))
        if progress:
            size = sum(len(field.encode()) for item in outcome.items for field in item.fields)
            progress("fetch", len(outcome.items), size, 1 / total)
    return Fetch(suite.name, profile.name, fetched, failed, warnings)


def _fetched(outcome: Outcome, profile: Profile) -> Fetched:
    read = outcome.read
    assert read is not None
    return Fetched(
        read.name, read.n_items, read.revision, read.licence, unmatchable(outcome.items, profile)
    )


def unmatchable(items: Sequence[Item], profile: Profile) -> dict[str, list[str]]:
    """The ids of the items that no matcher of the profile can ever hit, by reason.

    Only fields of at least n tokens can be covered by n-grams, and the score is the mean over the
    fields."""
    can = build_matchers(items, replace(profile, semantic=None)).matchable
    data, starts, stops = lay_out(field for item in items for field in item.fields)
    long_enough = np.diff(tokenise_all(data, starts, stops).first) >= profile.n
    found: dict[str, list[str]] = {}
    at = 0
    for item, matchable in zip(items, can, strict=True):
        fields = len(item.fields)
        able = int(long_enough[at : at + fields].sum())
        at += fields
        if matchable:
            continue
        short = f"shorter than {profile.n} tokens"
        reason = short if fields == 1 else f"{fields - able} of {fields} fields {short}"
        if able / fields > profile.threshold:
            reason = "made of n-grams that do not count"
        found.setdefault(reason, []).append(item.instance_id)
    return found


def run(
    words: Sequence[str],
    profile: Profile,
    *,
    benchmarks_dir: Path | None,
    without: Sequence[str],
    progress: Progress,
) -> list[Suite] | Suite | Fetch:
    """What `curate suites [NAME | fetch NAME]` asks for: all shipped suites, one suite, or one
    fetched.
    """
    if words and words[0] == "fetch":
        if len(words) != 2:
            raise UserError(
                f"suites fetch: name one suite (shipped: {', '.join(shipped.suites())})"
            )
        return fetch(
            words[1],
            profile,
            base=Path.cwd(),
            benchmarks_dir=benchmarks_dir,
            without=without,
            progress=progress,
        )
    if benchmarks_dir or without:
        raise UserError("--benchmarks-dir and --without go with `curate suites fetch NAME`")
    if len(words) > 1:
        raise UserError(f"suites: {unknown('action', words[0], ['fetch'])}; or name one suite")
    return load_suite(words[0], base=Path.cwd()) if words else suites()


def as_json(result: list[Suite] | Suite | Fetch) -> dict[str, Any]:
    """What `run` gives, as one object of plain data."""
    if isinstance(result, Fetch):
        benchmarks = [vars(one) for one in result.benchmarks]
        failed = [{"name": name, "reason": reason} for name, reason in result.failed.items()]
        return vars(result) | {"benchmarks": benchmarks, "failed": failed}
    return as_dict(result) if isinstance(result, Suite) else {"suites": list(map(as_dict, result))}


def show(result: list[Suite] | Suite | Fetch) -> None:
    """Print what `run` gives for people."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)
    if isinstance(result, Fetch):
        _show_fetch(result, console)
        return
    if isinstance(result, list):
        console.print(_names(result))
        console.print("curate suites NAME shows one of them; --json shows every key")
        return
    console.print(_table(result, console.width))
    marks = ("?: optional · " if console.width >= _WIDE else "") + "*: every configuration"
    console.print(f"{marks} · no number: not known · --json shows every key", markup=False)


_WIDE = 120


def _names(suites: Sequence[Suite]) -> Any:
    """Every suite with the names of its benchmarks."""
    from rich.table import Table

    table = Table("suite", title="evaluation suites that come with curate", title_justify="left")
    table.add_column("benchmarks", justify="right")
    table.add_column("their names")
    for suite in suites:
        names = ", ".join(benchmark.name for benchmark in suite.benchmarks)
        table.add_row(suite.name, f"{len(suite.benchmarks)}", names)
    return table


def _table(suite: Suite, width: int) -> Any:
    """A suite's benchmarks; on a narrow screen only what tells them apart, so that names are whole."""
    from rich.table import Table

    title = f"{suite.name}: {len(suite.benchmarks)} benchmarks"
    table = Table(title=title, title_justify="left")
    table.add_column("benchmark", no_wrap=True)
    table.add_column("from", overflow="fold")
    wide = ("split", "fields", "licence") if width >= _WIDE else ()
    for column in wide:
        table.add_column(column, overflow="fold")
    table.add_column("role", no_wrap=True)
    table.add_column("items", justify="right", no_wrap=True)
    for b in suite.benchmarks:
        more = (b.split or "", _fields(b), b.licence or "") if wide else ()
        table.add_row(b.name, b.from_, *more, b.role, f"{b.items:,}" if b.items else "")
    return table


def _fields(benchmark: Benchmark) -> str:
    return ", ".join(name + "?" * (name in benchmark.optional) for name in benchmark.fields)


def _show_fetch(result: Fetch, console: Any) -> None:
    from rich.table import Table

    title = f"{result.suite}: what was fetched, and the items that profile {result.profile} can never match"
    table = Table("benchmark", "revision", "licence", title=title, title_justify="left")
    table.add_column("items", justify="right")
    table.add_column("never matched", justify="right")
    table.add_column("because")
    for one in result.benchmarks:
        never = sum(map(len, one.unmatchable.values()))
        reasons = "; ".join(f"{reason}: {len(ids):,}" for reason, ids in one.unmatchable.items())
        revision = (one.revision or "")[:12]
        table.add_row(
            one.name,
            revision,
            one.licence or "",
            f"{one.items:,}",
            f"{never:,}" if never else "",
            reasons,
        )
    if result.benchmarks:
        console.print(table)
    for warning in result.warnings:
        console.print(f"warning: {warning}", markup=False)
    for reason in dict.fromkeys(result.failed.values()):
        names = ", ".join(name for name, why in result.failed.items() if why == reason)
        console.print(f"not read: {names}: {reason}", markup=False)
