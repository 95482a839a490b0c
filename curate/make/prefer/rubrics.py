"""The aspects by which answers are judged, and the forms of the questions: data in rubrics.yaml.

    ASPECTS["honesty"].levels[4]       # what a 5 means
    filled("rate", {**about("honesty"), "conversation": …, "answer": …, "reference": "", "form": …})

Texts of strangers are filled in: braces in them are left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from curate.engines.request import digest

LEVELS = ("1", "2", "3", "4", "5")
VERIFIED = "verified"
"""The aspect of a verifier: 1 where it rejects an answer, 5 where it accepts it."""
_GIVEN: Mapping[str, Any] = yaml.safe_load(
    Path(__file__).with_name("rubrics.yaml").read_text("utf-8")
)
FORMS: Mapping[str, str] = _GIVEN["forms"]
DIGEST = digest(_GIVEN)
"""Of all forms and aspects: it goes into the key of every request to a judge."""


@dataclass(frozen=True)
class Aspect:
    """What is judged, and what each level from 1 to 5 means."""

    about: str
    levels: tuple[str, ...]


ASPECTS: Mapping[str, Aspect] = {
    name: Aspect(given["about"], tuple(given["levels"]))
    for name, given in _GIVEN["aspects"].items()
}


def filled(form: str, blanks: Mapping[str, str]) -> str:
    """A form with its blanks filled, in one pass: what is filled in is not read again."""
    names = "|".join(map(re.escape, blanks))
    text: str = _GIVEN[form]
    return re.sub(r"\{(" + names + r")\}", lambda found: blanks[found[1]], text).strip()


def about(aspect: str, criteria: str | None = None) -> dict[str, str]:
    """The blanks that say what an aspect is; criteria of the prompt's own are added."""
    known = ASPECTS[aspect]
    levels = dict(zip(LEVELS, known.levels, strict=True))
    more = f" For this conversation: {criteria}" if criteria else ""
    return {"aspect": aspect, "about": known.about + more, **levels}


def overall(criteria: str | None = None) -> str:
    """What two answers are compared by."""
    text: str = _GIVEN["overall"]
    return f"{text} For this conversation: {criteria}" if criteria else text
