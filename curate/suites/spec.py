"""What a suite says of its benchmarks: the keys of a suite file, checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from curate.config import Strict
from curate.files.encoding import Encoding

Role = Literal["development", "unseen"]


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
    """The key that holds the rows in a JSON file whose top level is an object; where it is not
    given, the only list of objects in it is taken, and said.
    """
    encoding: Encoding | None = None
    """Of files of text that are no UTF-8."""
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
