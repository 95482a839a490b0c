"""Sources that are made: what stands between a recipe and rows that a build reads like any other.

    with open_making(recipe, base, out, options, locked, build) as making:
        sources = making.sources()        # the first round of each
        making.more(decided)              # another one where too few rows were accepted

Items are asked for in rounds of a size that the recipe fixes, and after each round all steps decide
anew, so how many are asked for depends on answers alone. What a maker reads is a build of its own
in `inputs/`, with the recipe's filters, dedup and decontamination: it is finished before the first
request. From a lock nobody is asked: the answers are those that its folder kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from curate import lock as locks
from curate import makers
from curate.engines import Answer, Identity, digest, named
from curate.errors import CurateError, UserError
from curate.files import SourceFile
from curate.make.asking import Asking, Nobody, Replayed, open_asking
from curate.make.drive import drive, settle
from curate.make.maker import Begins, Given, Item, Maker, MakerSpec, Passed
from curate.make.source import (
    ANSWERS,
    MadeSource,
    Part,
    part_names,
    read_answers,
    stage_lines,
    write_answers,
    write_rows,
)
from curate.mixture.options import Options
from curate.progress import Report, silent
from curate.recipe import Recipe, SourceSpec, make_recipe, resolved
from curate.shards import sha256
from curate.sources.spec import ReadSpec

AT_ONCE = 5_000
"""Items whose answers and rows are in memory together; a file of answers holds those of so many."""
_ROWS = ".made"
INPUTS = "inputs"
"""The folder of a build in which what its makers read is built."""
_NOT_BEFORE = ("gates",)
"""Steps that judge what was made, so what a maker reads does not pass them."""

_READ = set(ReadSpec.model_fields)
"""What of a source that a maker reads is said to the build of it."""

Build = Callable[..., Any]
"""`run.build`: what a maker reads is built before what it makes."""


@dataclass
class Making:
    """A made source on its way."""

    spec: SourceSpec
    maker: Maker
    engines: Mapping[str, Any]
    """What of each engine its answers depend on."""
    built: Mapping[str, str]
    """Digests of what the maker reads, once it has been built."""
    items: Iterator[Item]
    ask: Asking
    folder: Path
    """Where rows stand while the build lasts."""
    kept: Path
    """Where its answers are kept."""
    earlier: Path | None
    """The folder whose answers are given again."""
    limit: int | None
    parts: list[Part] = field(default_factory=list)
    begun: Mapping[str, Path] = field(default_factory=dict)
    """Lines of the audit from before the first item."""
    ended: bool = False
    """Whether there are no more items."""

    @property
    def amount(self) -> MakerSpec:
        """How much is to be made."""
        assert self.spec.making is not None
        return self.spec.making

    @property
    def tried(self) -> int:
        """Items so far."""
        return sum(part.n for part in self.parts)

    def round(self) -> None:
        """Make the next round of rows."""
        if not self.parts and isinstance(self.maker, Begins):
            lines = self.maker.begin(self.ask)
            self.begun = stage_lines(
                self.folder, f"{self.spec.name.replace('/', '-')}-begun", lines
            )
        amount = self.amount
        most = amount.round or amount.accepted or amount.items
        if self.limit is not None:
            most = min(self.limit, most) if most else self.limit
            self.ended = True
        self.ended |= amount.accepted is None
        left = most
        while left is None or left > 0:
            wanted = AT_ONCE if left is None else min(left, AT_ONCE)
            items = list(islice(self.items, wanted))
            if items:
                self._part(items)
            if len(items) < wanted:
                self.ended = True
                break
            left = None if left is None else left - len(items)
        if not self.parts:
            raise UserError(f"source '{self.spec.name}': there is nothing to make rows of")

    def _part(self, items: Sequence[Item]) -> None:
        self._check(items)
        answers, rows = part_names(self.spec.name, len(self.parts))
        made = drive(self.maker, items, self.ask)
        lines = stage_lines(self.folder, Path(rows).stem, settle(self.maker, made))
        write_rows(self.folder / rows, made)
        path = self.kept / Path(answers).name
        if self.earlier is None:
            write_answers(path, self.ask.taken())
        else:
            shutil.copyfile(self.earlier / path.name, path)
        files = (SourceFile.of(path, answers), SourceFile.of(self.folder / rows, answers))
        self.parts.append(Part(*files, len(made), lines))

    def _check(self, items: Sequence[Item]) -> None:
        """An item's number is its row's place, which ids and sampling depend on."""
        for number, item in enumerate(items, self.tried):
            if item.number != number:
                raise CurateError(
                    f"maker '{self.maker.name}' numbers item {number} as {item.number}"
                )

    def source(self) -> MadeSource:
        """The rows that there are."""
        made = {**self.maker.inputs, "engines": self.engines}
        made |= {"reads": dict(self.built)} if self.built else {}
        return MadeSource(self.spec.name, self.maker.name, tuple(self.parts), made, self.begun)

    def lacks(self, accepted: int, before: int) -> bool:
        """Whether another round is to be made, given how many rows are accepted, and how many of
        those were so before the last round; raises CurateError where none would help.
        """
        wanted = self.amount.accepted
        if wanted is None or accepted >= wanted or (self.limit is not None and self.ended):
            return False
        told = f"source '{self.spec.name}': {accepted:,} of {wanted:,} rows were accepted"
        if self.ended:
            raise CurateError(f"{told}, and all {self.tried:,} items were tried; ask for fewer")
        if accepted <= before:
            raise CurateError(
                f"{told}, none of them in the last round of {self.tried:,} items in all; the audit "
                "of a build with `items` in place of `accepted` says why"
            )
        return True


@dataclass
class Makings:
    """The made sources of a recipe, by name."""

    own: Mapping[str, Making] = field(default_factory=dict)
    report: Report = silent
    _accepted: dict[str, int] = field(default_factory=dict)

    def sources(self) -> dict[str, MadeSource]:
        """Their rows so far, after a first round."""
        for making in self.own.values():
            if not making.parts:
                making.round()
        return {name: making.source() for name, making in self.own.items()}

    def more(self, alive: Mapping[str, np.ndarray]) -> bool:
        """Make another round of each source of which too few rows are left, and say whether any."""
        lacking = []
        for name, making in self.own.items():
            n = int(np.count_nonzero(alive[name]))
            if making.lacks(n, self._accepted.get(name, 0)):
                lacking.append(making)
            self._tell(making, n)
            self._accepted[name] = n
        for making in lacking:
            making.round()
        return bool(lacking)

    def _tell(self, making: Making, n: int) -> None:
        """Say how many rows are accepted so far, where that is what is waited for."""
        wanted, before = making.amount.accepted, self._accepted.get(making.spec.name, 0)
        if wanted is not None:
            told = f"{min(n, wanted):,} of {wanted:,} rows, {making.tried:,} tried"
            part = (min(n, wanted) - min(before, wanted)) / wanted
            self.report(f"accept {making.spec.name}", n - before, 0, part, told)


@contextmanager
def open_making(
    recipe: Recipe,
    base: Path,
    out: Path,
    options: Options,
    locked: Mapping[str, Any] | None,
    build: Build,
) -> Iterator[Makings]:
    """The made sources of a recipe, ready for their first round.

    Raises UserError where a source is made, nobody may be asked and there are no kept answers.
    """
    specs = [spec for spec in recipe.sources if spec.maker]
    if not specs:
        yield Makings()
        return
    report: Any = options.progress
    with ExitStack() as held:
        live: Asking | None = Nobody() if options.locked is None else None
        if options.locked is None and options.ask is not None:
            asked = options.ask
            live = held.enter_context(
                open_asking(recipe.models, asked.store, asked.budget, report, asked.offline)
            )
        own = {}
        for spec in specs:
            earlier = _earlier(options.locked)
            ask = live if live is not None else _replayed(spec.name, earlier, locked or {})
            own[spec.name] = _making(spec, recipe, base, out, options, ask, build)
        yield Makings(own, report)
        shutil.rmtree(out / _ROWS)


def _making(
    spec: SourceSpec,
    recipe: Recipe,
    base: Path,
    out: Path,
    options: Options,
    ask: Asking,
    build: Build,
) -> Making:
    built: dict[str, str] = {}
    passed = _passed(spec.name, recipe, base, out, options, build, built)
    given = Given(spec.name, base, recipe.kind, recipe.seed, recipe.models, passed)
    maker = makers.load(str(spec.maker)).make(spec.making, given)
    if maker.kind != recipe.kind:
        raise UserError(
            f"source '{spec.name}': {maker.name} makes rows of kind '{maker.kind}', and the recipe "
            f"is of kind '{recipe.kind}'"
        )
    if maker.engines and isinstance(ask, Nobody):
        raise UserError(
            f"source '{spec.name}': its rows are written by a language model, which this verb does "
            "not ask; use curate synthesize, or --locked with a folder that has them"
        )
    try:
        for name in maker.engines:
            named(recipe.models, name)
    except UserError as error:
        raise UserError(f"source '{spec.name}': {maker.name}: {error}") from None
    identities = {name: vars_of(ask.identity(name)) for name in sorted(set(maker.engines))}
    rows, kept = out / _ROWS, out / ANSWERS
    for folder in (rows, kept):
        folder.mkdir(parents=True, exist_ok=True)
    earlier = _earlier(options.locked)
    items = iter(maker.items())
    return Making(spec, maker, identities, built, items, ask, rows, kept, earlier, options.limit)


def vars_of(identity: Identity) -> dict[str, Any]:
    """An identity as plain data."""
    return {
        "kind": identity.kind,
        "model": identity.model,
        "revision": identity.revision,
        "settings": dict(identity.settings),
    }


def _earlier(locked: Path | None) -> Path | None:
    """The folder of answers beside a lock."""
    if locked is None:
        return None
    return (locked if locked.is_dir() else locked.parent) / ANSWERS


def _replayed(name: str, folder: Path | None, locked: Mapping[str, Any]) -> Replayed:
    assert folder is not None
    made = locked.get("inputs", {}).get("sources", {}).get(name, {})
    answers: dict[str, Answer] = {}
    for file, given in sorted(made.get("files", {}).items()):
        path = folder.parent / file
        if not path.is_file() or sha256(path) != given["sha256"]:
            raise UserError(f"{path}: not the file of answers that the lock names")
        answers |= read_answers(path)
    identities = {
        engine: Identity(**plain)
        for engine, plain in made.get("made", {}).get("engines", {}).items()
    }
    return Replayed(identities, answers, str(folder))


def _passed(
    name: str,
    recipe: Recipe,
    base: Path,
    out: Path,
    options: Options,
    build: Build,
    built: dict[str, str],
) -> Passed:
    """How a maker of the recipe reads rows: they are built, with the recipe's steps, and read."""

    def rows(spec: ReadSpec, kind: str) -> Iterator[Mapping[str, Any]]:
        folder = out / INPUTS / name.replace("/", "-") / spec.name.replace("/", "-")
        plain = resolved(recipe)
        steps = {step: plain[step] for step in recipe.steps if step not in _NOT_BEFORE}
        own = {
            "name": f"{recipe.name}-{len(built)}",
            "kind": kind,
            "seed": recipe.seed,
            "sources": [spec.model_dump(mode="json", by_alias=True, include=_READ)],
            "output": {"order": "source"},
        }
        inner = make_recipe({**own, **steps}, f"source '{name}'")
        folder.parent.mkdir(parents=True, exist_ok=True)
        build(inner, folder, base=base, options=replace(options, locked=None, ask=None))
        built[spec.name] = digest(locks.load(folder)["outputs"])
        for path in sorted((folder / "data").glob("train-*.parquet")):
            for batch in pq.ParquetFile(path).iter_batches(1000):
                yield from batch.to_pylist()

    return rows
