"""The key `decontaminate` of a recipe: what must not be in the mixture, and what is done where it
is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, model_validator

from curate.config import IS_PATH, Strict, one_of
from curate.errors import UserError
from curate.matching.profile import PROFILES, Profile, with_matchers
from curate.records import ROLES
from curate.steps.decontaminate.policy import POLICIES, VARIANTS

Policy = Annotated[str, one_of("policy", POLICIES)]
ProfileName = Annotated[str, one_of("profile", tuple(PROFILES))]
Role = Annotated[str, one_of("role", ROLES)]


class DecontaminateSpec(Strict):
    """What must not be in the mixture, and what is done where it is."""

    suite: Annotated[str | None, IS_PATH] = None
    """A shipped suite, a suite file, or a data file of one's own; may be left out where `against`
    is given.
    """
    profile: ProfileName = "default"
    matchers: dict[str, bool | dict[str, Any]] = Field(default_factory=dict)
    """Matchers to turn on (true, or settings) or off (false), beside those of the profile."""
    normalise: bool | None = None
    """Whether texts are compared without what makes no difference to a reader; as the profile has it
    where nothing is said.
    """
    policy: Policy = "drop-rows"
    variants: Annotated[str, one_of("what to do with variants", VARIANTS)] = "keep"
    """Rows that hit a variant of an item, or another question about its text: kept; counted in
    rates and flags, and kept (report); or treated as leaks (drop).
    """
    benchmarks_dir: Annotated[str | None, IS_PATH] = None
    """A folder to take the benchmarks' items from instead of the Hub."""
    benchmark_fields: tuple[str, ...] = ()
    """If `suite` is a data file: dotted paths to the texts of an item; detected if omitted."""
    without: tuple[str, ...] = ()
    """Benchmarks to leave out."""
    roles: tuple[Role, ...] = Field(default=("user",), min_length=1)
    """The turns that are scanned (paper §3.2: prompts only)."""
    against: Annotated[tuple[str, ...], IS_PATH] = ()
    """Data sets whose rows must not be in the mixture either: a validation or test split, say."""
    verdicts: Annotated[str | None, IS_PATH] = None
    """A file of verdicts that people gave with `curate review`."""
    fail_over: float | None = Field(default=None, ge=0, le=1)
    """Fail if any source hits more than this share of a benchmark's items."""
    self_test: bool = Field(default=False, exclude=True)
    """Plant changed copies of the items in a sample of the text, and say what is found of them; no
    row changes.
    """

    @model_validator(mode="after")
    def _something_to_look_for(self) -> DecontaminateSpec:
        if self.suite is None and not self.against:
            raise ValueError(
                "nothing to look for: give `suite` (--suite), `against` (--against) or both"
            )
        if self.benchmark_fields and self.suite is None:
            raise ValueError("benchmark_fields are those of a suite, and none is given")
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
        rule = with_matchers(PROFILES[self.profile], self.matchers)
        return rule if self.normalise is None else replace(rule, normalise=self.normalise)
