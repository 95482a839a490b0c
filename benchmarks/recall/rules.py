"""The ways to look for benchmark items that are compared: each says which rows it finds.

A rule is made from the items and answers rows with one boolean each. Where it can say which item a
row holds (curate), a planted row is found only if its own item is; the others are given the benefit
of the doubt: any find counts."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.speed import peers
from benchmarks.speed.measure import ROOT, Failed
from curate.matching.index import build_index
from curate.matching.ngram import LABELS, Matches, match
from curate.matching.profile import profile
from curate.matching.robust import RobustSettings, build_robust, match_robust
from curate.steps.decontaminate.policy import Hits
from curate.steps.decontaminate.selftest import Rows, hit_own, turns_of

Items = Sequence[peers.Item]
Rule = Callable[[Rows, "Sequence[int] | None"], np.ndarray]
"""Rows, and the item that is planted in each, if any: whether each row is found."""

JACCARD, SHINGLE = 0.8, 5
"""Whole documents are near-duplicates from this share of common runs of so many words."""
LONG = 13
_PAIR = {"docs": np.int32, "items": np.int32, "scores": np.float64}
_WORD = re.compile(r"\w+")


def with_items(hits: Callable[[Rows], Hits]) -> Rule:
    """Make a rule of a matcher that says which item a row hits."""

    def found(rows: Rows, own: Sequence[int] | None) -> np.ndarray:
        if own is not None:
            return hit_own(hits(rows), own)
        return np.isin(np.arange(len(rows)), hits(rows).rows)

    return found


def of_rows(flagged: Callable[[Sequence[str]], bool]) -> Rule:
    """Make a rule of a test of one row's turns."""
    return lambda rows, own: np.array([flagged(row) for row in rows], np.bool_)


def over(threshold: float, found: Sequence[Matches]) -> Hits:
    """The pairs over a threshold, whatever they are called."""
    return Hits(
        *(
            np.concatenate(
                [getattr(part, name)[part.scores > threshold] for part in found]
                or [np.empty(0, kind)]
            )
            for name, kind in _PAIR.items()
        )
    )


def ngram_hits(items: Items) -> Callable[[Rows], Hits]:
    """curate's matcher `ngram` with the profile `tulu3`."""
    rule = profile("tulu3")
    table = build_index([item.fields for item in items], rule.n, rule.threshold).table
    return lambda rows: over(rule.threshold, match(turns_of(rows), table)[0])


def robust_hits(items: Items) -> Callable[[Rows], Hits]:
    """curate's matcher `robust` as it comes: what would go. A variant or a template would stay."""
    groups = np.unique([item.benchmark for item in items], return_inverse=True)[1]
    index = build_robust([item.fields for item in items], RobustSettings(), groups)
    leak = LABELS.index("leak")

    def hits(rows: Rows) -> Hits:
        found = match_robust(turns_of(rows), index)
        goes = [
            part._replace(scores=np.where(part.labels == leak, part.scores, 0.0)) for part in found
        ]
        return over(index.settings.threshold, goes)

    return hits


def open_r1(items: Items) -> Rule:
    """Any 8-gram of a benchmark, as open-r1's script has it."""
    known = peers.open_r1_set(items)
    return of_rows(lambda turns: peers.open_r1_flags(turns, known))


def _plain(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _grams(words: Sequence[str], n: int) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def thirteen(items: Items) -> Rule:
    """Any 13-gram of lower-cased words without punctuation (the rule of GPT-3, Brown et al. 2020,
    appendix C).
    """
    known = {gram for item in items for gram in _grams(_plain("\n".join(item.fields)), LONG)}
    return of_rows(lambda turns: not known.isdisjoint(_grams(_plain("\n".join(turns)), LONG)))


def jaccard(items: Items) -> Rule:
    """Jaccard similarity of the row and an item, both as sets of 5-word runs, 0.8 or more: exact,
    without MinHash.
    """
    sizes: list[int] = []
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        grams = _grams(_plain("\n".join(item.fields)), SHINGLE)
        sizes.append(len(grams))
        for gram in grams:
            holders[gram].append(place)

    def flagged(turns: Sequence[str]) -> bool:
        own = _grams(_plain("\n".join(turns)), SHINGLE)
        shared = Counter(place for gram in own for place in holders.get(gram, ()))
        return any(n >= JACCARD * (len(own) + sizes[place] - n) for place, n in shared.items())

    return of_rows(flagged)


def datatrove(items: Items, python: Path) -> Rule:
    """datatrove's NGramsDecontFilter with the n-grams of questions, in the environment of the speed
    benchmark.
    """

    def found(rows: Rows, own: Sequence[int] | None) -> np.ndarray:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_lines(folder / "items.jsonl", [vars(item) for item in items])
            write_lines(folder / "rows.jsonl", list(rows))
            command = [str(python), "-m", "benchmarks.recall.datatrove_rows", name]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Failed(
                    f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}"
                )
            return np.array(json.loads(done.stdout.splitlines()[-1]), np.bool_)

    return found


def write_lines(path: Path, values: Sequence[object]) -> None:
    """Write JSON values, one a line."""
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
