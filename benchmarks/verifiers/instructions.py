"""Cases for `ifeval` and `ifeval-loose`: answers made to keep a constraint or to break it, and
verdicts of lm-eval.

Made answers come from `samples`, as many of each of the 54 types, with labels in the published
forms in turn. The other cases are 540 responses of GPT-4 with one constraint each; right is what
lm-eval's own checker passes. Where the letter to count is none from a to z, lm-eval draws another
one by chance; these are left out."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.verifiers.cases import Case
from benchmarks.verifiers.ifeval import compare, reference, responses
from benchmarks.verifiers.samples import MAKERS, Maker, Sample
from curate.errors import UserError
from curate.verify.constraints import punkt

_EACH = 40
_PUNKT = "length_constraints:number_sentences"


def _cases(loose: bool) -> Callable[[Path], Iterator[Case]]:
    def cases(data: Path) -> Iterator[Case]:
        look_for_punkt(data)
        for place, id in enumerate(sorted(MAKERS)):
            if id != _PUNKT or _has_punkt():
                yield from _made(place, id, loose)
        yield from _judged(data, loose)

    return cases


def look_for_punkt(data: Path) -> None:
    """Have nltk find its data among ours."""
    folder = str(data / "models" / "nltk")
    if importlib.util.find_spec("nltk"):
        import nltk

        if folder not in nltk.data.path:
            nltk.data.path.insert(0, folder)


def _has_punkt() -> bool:
    try:
        return punkt.count_sentences("One. Two.", 9) == 2
    except UserError:
        return False


def _made(place: int, id: str, loose: bool) -> Iterator[Case]:
    family = id.partition(":")[0]
    for turn, sample in enumerate(samples(id)):
        label = _label(place + turn, id, sample.kwargs)
        yield Case(f"made to keep: {family}", sample.good, label, True)
        if not loose or not {"\n", "*"} & set(
            sample.bad
        ):  # else one of the loose rule's versions may keep it
            yield Case(f"made to break: {family}", sample.bad, label, False)


def _label(turn: int, id: str, kwargs: dict[str, Any]) -> str:
    forms = (
        json.dumps([{"id": id, "kwargs": kwargs}]),
        json.dumps({"instruction_id_list": [id], "kwargs": [kwargs]}),
        str([{"instruction_id": [id], "kwargs": [kwargs or None]}]),
    )
    return forms[turn % len(forms)]


@lru_cache(maxsize=128)
def samples(id: str) -> tuple[Sample, ...]:
    """Samples of a type, the same on every run."""
    found: list[Sample] = []
    maker: Maker = MAKERS[id]

    @settings(
        max_examples=_EACH,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        found.append(maker(data.draw))

    draw()
    return tuple(found)


def _judged(data: Path, loose: bool) -> Iterator[Case]:
    items = list(responses(data))
    theirs = reference() if items else None
    if items and theirs is None:
        sys.exit("lm-eval is not installed: pip install --no-deps lm-eval immutabledict")
    for item, response in items:
        for pair in compare(theirs, item, response):
            if pair.loose == loose and str(pair.kwargs.get("letter") or "a").isalpha():
                label = json.dumps({"instruction_id_list": [pair.id], "kwargs": [pair.kwargs]})
                yield Case("judged by lm-eval", response, label, pair.reference)


CASES: dict[str, Callable[[Path], Iterable[Case]]] = {
    "ifeval": _cases(False),
    "ifeval-loose": _cases(True),
}
