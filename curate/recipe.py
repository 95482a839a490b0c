"""The recipe: one file that says what is read, what is done to it and what is written, so that it rebuilds the same.

    recipe = load_recipe(Path("my-sft.yaml"))

Each step has a model of its own, put together here. The same models serve YAML, the command line and Python; unknown
keys are refused with the nearest known one, and the whole recipe stands resolved in the lock file of what it built. A
key of a step that has not been built is unknown.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from curate.config import Strict, check, load_yaml
from curate.errors import UserError, unknown
from curate.matching.profile import PROFILES, Profile, with_matchers
from curate.records import KINDS, ROLES
from curate.steps.decontaminate.policy import POLICIES

MAX_PASSES = 256
"""How often a row can be written: a run is numbered by its block and the pass in its last eight bits."""


def _one_of(what: str, known: tuple[str, ...]) -> Any:
    """A text that must be one of the known names; the error names the nearest."""

    def check_name(name: str) -> str:
        if name not in known:
            raise ValueError(unknown(what, name, known))
        return name

    return AfterValidator(check_name)


Kind = Annotated[str, _one_of("kind", KINDS)]
Policy = Annotated[str, _one_of("policy", POLICIES)]
ProfileName = Annotated[str, _one_of("profile", tuple(PROFILES))]
Role = Annotated[str, _one_of("role", ROLES)]


class SourceSpec(Strict):
    """One source: where its rows come from, what shape they have, and how many are taken."""

    name: str = Field(pattern=r"^\w[\w./-]*$")
    from_: str = Field(alias="from", min_length=1)
    """A file, glob, folder, or `org/name[:subset][@revision]` on the Hub; paths are relative to the recipe's folder."""
    split: str = "train"
    format: str | dict[str, Any] | None = None
    """A registered format, or a mapping of record fields to columns; found out when left out, and said."""
    columns: tuple[str, ...] | None = None
    """Column names of a CSV or TSV file without a header."""
    keep: tuple[str, ...] = ()
    """Further columns to carry into the output."""
    licence: str | None = None
    rows: int | None = Field(default=None, ge=1, le=2**63 - 1)
    share: float | None = Field(default=None, gt=0, le=MAX_PASSES, allow_inf_nan=False)

    @model_validator(mode="after")
    def _rows_or_share(self) -> SourceSpec:
        if self.rows is not None and self.share is not None:
            raise ValueError(f"source '{self.name}' gives both rows and share; give one of them")
        return self


class DecontaminateSpec(Strict):
    """What must not be in the mixture, and what is done where it is."""

    suite: str | None = None
    """A shipped suite, a suite file, or a data file of one's own; may be left out where `against` is given."""
    profile: ProfileName = "default"
    matchers: dict[str, bool | dict[str, Any]] = Field(default_factory=dict)
    """Matchers to turn on (true, or settings) or off (false), beside those of the profile."""
    policy: Policy = "drop-rows"
    benchmarks_dir: str | None = None
    """A folder to take the benchmarks' items from instead of the Hub."""
    without: tuple[str, ...] = ()
    """Benchmarks to leave out."""
    roles: tuple[Role, ...] = Field(default=("user",), min_length=1)
    """The turns that are scanned (paper §3.2: prompts only)."""
    against: tuple[str, ...] = ()
    """Data sets whose rows must not be in the mixture either: a validation or test split, say."""
    verdicts: str | None = None
    """A file of verdicts that people gave with `curate review`."""
    fail_over: float | None = Field(default=None, ge=0, le=1)
    """Fail if any source hits more than this share of a benchmark's items."""

    @model_validator(mode="after")
    def _something_to_look_for(self) -> DecontaminateSpec:
        if self.suite is None and not self.against:
            raise ValueError("nothing to look for; give a suite, or data sets under against")
        return self

    @model_validator(mode="after")
    def _known_matchers(self) -> DecontaminateSpec:
        try:
            self.rule()
        except UserError as error:
            raise ValueError(str(error)) from None
        return self

    def rule(self) -> Profile:
        """The profile with the recipe's own changes."""
        return with_matchers(PROFILES[self.profile], self.matchers)


class OutputSpec(Strict):
    """How the mixture is written."""

    shards: Literal["auto"] | Annotated[int, Field(ge=1, le=99_999)] = "auto"
    validation: int = Field(default=0, ge=0, le=2**63 - 1)
    """Rows held out as the validation split."""


class Recipe(Strict):
    """A whole mixture: read → validate → decontaminate → sample → write."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    kind: Kind
    seed: int = Field(default=42, ge=0, le=2**64 - 1)
    sources: tuple[SourceSpec, ...] = Field(min_length=1)
    decontaminate: DecontaminateSpec | None = None
    output: OutputSpec = OutputSpec()

    @model_validator(mode="after")
    def _names_differ(self) -> Recipe:
        twice = [name for name, n in Counter(source.name for source in self.sources).items() if n > 1]
        if twice:
            raise ValueError(f"two sources are called '{twice[0]}'")
        return self


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe file; raises UserError with the file and the key that is wrong."""
    if path.is_dir():
        raise UserError(f"{path}: a folder; give the recipe's YAML file")
    return check(Recipe, load_yaml(path), str(path))


def override(recipe: Recipe, given: dict[str, Any]) -> Recipe:
    """The recipe with keys of its decontaminate step replaced by those that were given (not None)."""
    given = {key: value for key, value in given.items() if value is not None}
    if not given:
        return recipe
    if recipe.decontaminate is None:
        raise UserError(f"{', '.join(given)}: the recipe has no decontaminate step that this could change")
    return recipe.model_copy(update={"decontaminate": recipe.decontaminate.model_copy(update=given)})


def resolved(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain data, every default written out, for the lock file."""
    return recipe.model_dump(mode="json", by_alias=True)
