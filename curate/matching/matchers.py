"""All matchers of a profile over one list of items, behind one call.

    matchers = build_matchers(items, PROFILES["default"])
    found, counts = match_all(turns, matchers)     # per matcher its pairs; tokens of each turn

Each writes under its own name; nothing is merged. What is the same text for two of them is two
matches. Where the profile normalises, matchers read items and turns as `curate.text.normalise` has
them (embeddings are made of the texts as they are); spans are those of the texts as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from curate.items import Item
from curate.kernels import ahead
from curate.kernels.texts import tokenise_all
from curate.matching.exact import ExactIndex, ExactSettings, build_exact, match_exact
from curate.matching.index import Index, LeftOut, build_index
from curate.matching.kept import kept, key_of
from curate.matching.minhash import MinhashIndex, MinhashSettings, build_minhash, match_minhash
from curate.matching.ngram import STORED_FROM, Matches, NgramSettings, match
from curate.matching.normalised import Fields, Items, normalised_items, parted, together
from curate.matching.profile import MATCHERS, Profile
from curate.matching.robust import (
    MERELY_UNSEEN,
    UNDECIDED,
    RobustIndex,
    RobustSettings,
    build_robust,
    labels_of,
    match_robust,
)
from curate.matching.semantic import SemanticSettings, build_semantic, match_semantic
from curate.turns import Stretches

SEMANTIC = "semantic"


@dataclass(frozen=True)
class Matcher:
    """A matcher beside that of n-grams: a score over `threshold` is a hit."""

    threshold: float
    matchable: np.ndarray  # bool [items]
    match: Callable[[Stretches], list[Matches]]
    stored_from: float
    """Every pair that scores as much is found; of those that score less, some are not."""


@dataclass(frozen=True)
class Matchers:
    """The matcher of n-grams, which counts tokens too, and the others by name."""

    index: Index
    threshold: float
    others: Mapping[str, Matcher]
    normalised: Items | None = None
    """The items as they were, where what is compared is normalised."""
    judge: RobustIndex | None = None
    """What tells the hits of n-grams from templates, where they are judged."""

    @property
    def thresholds(self) -> dict[str, float]:
        """What each matcher calls a hit: a higher score."""
        return {"ngram": self.threshold} | {
            name: matcher.threshold for name, matcher in self.others.items()
        }

    @property
    def stored_from(self) -> dict[str, float]:
        """From which score on each matcher stores every pair."""
        return {"ngram": STORED_FROM} | {
            name: matcher.stored_from for name, matcher in self.others.items()
        }

    @property
    def matchable(self) -> np.ndarray:
        """Of each item, whether any matcher could hit it; suspects are no hits."""
        sure = [matcher.matchable for name, matcher in self.others.items() if name != SEMANTIC]
        ngram = self.index.matchable
        if self.judge is not None:
            ngram = ngram & np.isin(self.judge.undecided, (0, *MERELY_UNSEEN))
        found: np.ndarray = np.logical_or.reduce([ngram, *sure])
        return found

    @property
    def undecided(self) -> list[str | None]:
        """Of each item, why a copy of it cannot be told from other text unless `exact` finds it;
        None where it can, and where nothing asks.
        """
        if self.judge is None:
            return [None] * self.index.n_items
        return [UNDECIDED[why] for why in self.judge.undecided.tolist()]


def build_matchers(items: Sequence[Item], profile: Profile, base: Path | None = None) -> Matchers:
    """Index the items for every matcher of a profile; the cache of embeddings is relative to
    `base`.
    """
    ahead.begin([*profile.matchers(), *(["judged"] if profile.ngram.judged else [])])
    given = [item.fields for item in items]
    texts: Sequence[Fields] = given
    normalised = None
    if profile.normalise:
        texts, changed = normalised_items(given)
        normalised = Items(given, changed)
    build: dict[str, Callable[[], Matcher]] = {}
    if profile.exact is not None:
        build["exact"] = partial(_exact, texts, profile.exact)
    if profile.minhash is not None:
        build["minhash"] = partial(_minhash, texts, profile.minhash)
    if profile.semantic is not None:
        build[SEMANTIC] = partial(_semantic, given, profile.semantic, base or Path())
    with ThreadPoolExecutor(1) as pool:  # half of the work is compiled and holds no GIL
        ngrams = pool.submit(_ngram, items, texts, profile.ngram)
        others = {name: make() for name, make in build.items()}
        robust = None
        if profile.robust is not None or profile.ngram.judged:
            robust = _robust_index(texts, _groups(items), profile.robust or RobustSettings())
        if robust is not None and profile.robust is not None:
            others["robust"] = _robust(robust)
        in_order = {name: others[name] for name in MATCHERS if name in others}
        judge = robust if profile.ngram.judged else None
        return Matchers(ngrams.result(), profile.threshold, in_order, normalised, judge)


def _ngram(items: Sequence[Item], texts: Sequence[Sequence[str]], settings: NgramSettings) -> Index:
    rule = _left_out(items, settings)
    key = key_of(texts, settings, rule and rule.group is not None and rule.group.tobytes())
    return kept(Index, key, lambda: build_index(texts, settings.n, settings.threshold, rule))


def _exact(texts: Sequence[Sequence[str]], settings: ExactSettings) -> Matcher:
    index = kept(ExactIndex, key_of(texts, settings), lambda: build_exact(texts, settings))
    return Matcher(0.0, index.matchable, partial(match_exact, index=index), 0.0)


def _minhash(texts: Sequence[Sequence[str]], settings: MinhashSettings) -> Matcher:
    index = kept(MinhashIndex, key_of(texts, settings), lambda: build_minhash(texts, settings))
    return Matcher(
        settings.threshold, index.matchable, partial(match_minhash, index=index), STORED_FROM
    )


def _robust_index(
    texts: Sequence[Fields], group: np.ndarray, settings: RobustSettings
) -> RobustIndex:
    key = key_of(texts, settings, group.tobytes())
    return kept(RobustIndex, key, lambda: build_robust(texts, settings, group))


def _robust(index: RobustIndex) -> Matcher:
    # Below the threshold, copies whose seeds are too sparse are not aligned.
    threshold = index.settings.threshold
    return Matcher(threshold, index.matchable, partial(match_robust, index=index), threshold)


def _left_out(items: Sequence[Item], settings: NgramSettings) -> LeftOut | None:
    if settings.common is None and not settings.singles:
        return None
    return LeftOut(settings.common, settings.singles, _groups(items))


def _groups(items: Sequence[Item]) -> np.ndarray:
    """The number of the benchmark of every item."""
    names = {name: i for i, name in enumerate(dict.fromkeys(item.benchmark for item in items))}
    return np.array([names[item.benchmark] for item in items], np.int64)


def _semantic(texts: Sequence[Sequence[str]], settings: SemanticSettings, base: Path) -> Matcher:
    from curate.matching.embed import embedder  # an extra

    cache = base / Path(settings.cache).expanduser() if settings.cache else None
    embed = embedder(settings.model, server=settings.server, cache=cache)
    index = build_semantic(texts, settings, embed)
    find = partial(match_semantic, index=index)
    return Matcher(settings.threshold, index.matchable, find, settings.stored_from)


def match_all(turns: Stretches, matchers: Matchers) -> tuple[dict[str, list[Matches]], np.ndarray]:
    """Match a run of records: the pairs of every matcher by its name, and the number of tokens of
    each turn.
    """
    if matchers.normalised is None:
        return _match(turns, turns, matchers)
    plain, others, rewritten = parted(turns)
    found, own = _match(plain, turns, matchers)
    if rewritten is not None:
        more, _ = _match(rewritten.turns, None, matchers)
        for name, pairs in more.items():
            found[name] = together([*found[name], *map(rewritten.back, pairs)])
    counts = np.zeros(len(turns.starts), np.int32)
    counts[~others] = own
    first = tokenise_all(turns.data, turns.starts[others], turns.stops[others]).first
    counts[others] = np.diff(first)
    back = matchers.normalised.back
    return {
        name: pairs if name == SEMANTIC else list(map(back, pairs)) for name, pairs in found.items()
    }, counts


def _match(
    turns: Stretches, as_they_are: Stretches | None, matchers: Matchers
) -> tuple[dict[str, list[Matches]], np.ndarray]:
    """Every matcher on some turns; that of embeddings on `as_they_are`."""
    pairs, counts = match(turns, matchers.index.table)
    if matchers.judge is not None:
        pairs = [part._replace(labels=labels_of(turns, part, matchers.judge)) for part in pairs]
    found = {"ngram": pairs}
    for name, matcher in matchers.others.items():
        own = as_they_are if name == SEMANTIC else turns
        if own is not None:
            found[name] = matcher.match(own)
    return found, counts
