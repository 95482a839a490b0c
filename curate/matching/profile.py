"""Named settings: a profile says which matchers run, and every number of each.

    tulu3     the rule as published: n-grams alone (paper §3.2)
    olmo3     the same with the two rules of Olmo 3 against false positives (arXiv 2512.13961, §4.2.1)
    default   n-grams without templates, equal turns, and edited copies, in normalised texts: chosen by what
              benchmarks/recall measures

A recipe may change any number, and turn matchers on and off:

    decontaminate: {profile: default, matchers: {ngram: {n: 13}, minhash: true, exact: false}}

Refused, with the nearest known name: unknown matchers and settings, and values of another type or
out of range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from curate.config import check
from curate.errors import UserError, unknown
from curate.matching.exact import ExactSettings
from curate.matching.minhash import MinhashSettings
from curate.matching.ngram import NgramSettings
from curate.matching.robust import RobustSettings
from curate.matching.semantic import SemanticSettings
from curate.matching.settings import MatcherSettings


@dataclass(frozen=True)
class Profile:
    """Which matchers run, each with its settings; None is one that does not."""

    name: str
    ngram: NgramSettings
    exact: ExactSettings | None = None
    minhash: MinhashSettings | None = None
    robust: RobustSettings | None = None
    semantic: SemanticSettings | None = None
    normalise: bool = False
    """Whether texts are compared as `curate.text.normalise` has them."""

    @property
    def n(self) -> int:
        """Tokens of an n-gram."""
        return self.ngram.n

    @property
    def threshold(self) -> float:
        """What the matcher of n-grams calls a hit: a higher score."""
        return self.ngram.threshold

    def matchers(self) -> dict[str, dict[str, Any]]:
        """The matchers that run, by name, with every number."""
        found: dict[str, MatcherSettings | None] = {name: getattr(self, name) for name in MATCHERS}
        return {
            name: settings.model_dump() for name, settings in found.items() if settings is not None
        }


_KINDS: Mapping[str, type[MatcherSettings]] = {
    "ngram": NgramSettings,
    "exact": ExactSettings,
    "minhash": MinhashSettings,
    "robust": RobustSettings,
    "semantic": SemanticSettings,
}
MATCHERS = tuple(_KINDS)

_COMMON = 0.02
PROFILES = {
    "tulu3": Profile("tulu3", NgramSettings()),
    # "at least half" of an item, where the paper says "more than half".
    "olmo3": Profile("olmo3", NgramSettings(threshold=0.5 - 1e-9, common=_COMMON, singles=True)),
    "default": Profile(
        "default",
        NgramSettings(judged=True),
        ExactSettings(),
        robust=RobustSettings(),
        normalise=True,
    ),
}


def profile(name: str) -> Profile:
    """Find a profile by name; raises UserError with the nearest one."""
    if name not in PROFILES:
        raise UserError(unknown("profile", name, PROFILES))
    return PROFILES[name]


def with_matchers(base: Profile, given: Mapping[str, Mapping[str, Any] | bool]) -> Profile:
    """The profile with matchers turned on (true, or settings) or off (false); raises UserError for
    what is unknown.
    """
    changed: dict[str, Any] = {}
    for name, wish in given.items():
        if name not in _KINDS:
            raise UserError(unknown("matcher", name, MATCHERS))
        if wish is False and name == "ngram":
            raise UserError(
                "matcher 'ngram' always runs; to let it find nothing, give it the threshold 1"
            )
        settings = getattr(base, name) or _KINDS[name]()
        changed[name] = (
            None if wish is False else _changed(name, settings, {} if wish is True else wish)
        )
    return replace(base, **changed)


def _changed(matcher: str, settings: MatcherSettings, given: Mapping[str, Any]) -> MatcherSettings:
    checked = check(type(settings), dict(given), f"matcher '{matcher}'")
    return settings.model_copy(update={key: getattr(checked, key) for key in given})
