"""The decision of langdetect, seed 0, from its own tables and by its own rule, several times as
fast.

langdetect draws n-grams of a text at random until one language is all but certain, seven times
over, in Python. Every call starts from the same seed, so the random numbers are the same ones each
time: here they are drawn once, and the loop over them is compiled. Which n-grams a word holds does
not depend on the words beside it, so that is remembered. Refused: texts for which the numbers drawn
do not suffice; langdetect itself decides these."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.errors import UserError, extra
from curate.kernels.languages import Floats, mean_of_trials

_NUMBERS = 40_000
"""Random words drawn once: 7 trials of 1,001 draws take 14,000 on average where every other one is
of no use.
"""
_SPACES = re.compile("  +")
_LONG = 64
"""From this length on words are not remembered: languages without blanks have no words here."""


@dataclass(frozen=True)
class Tables:
    """What langdetect knows: a number for every n-gram, a row of probabilities for each; and the
    random numbers.
    """

    factory: Any
    number: dict[str, int]
    probabilities: Floats
    words: NDArray[np.uint32]
    cosines: Floats
    sines: Floats


@lru_cache(maxsize=1)
def tables() -> Tables:
    """Read langdetect's profiles; raises UserError where it is not installed."""
    try:
        from langdetect import detector_factory
    except ImportError:
        message = f"this constraint needs langdetect, which is not installed: {extra('verify')}"
        raise UserError(message) from None
    factory = detector_factory.DetectorFactory()
    # In the order of their names: that of the folder, which langdetect takes, differs between file
    # systems.
    profiles = sorted(Path(detector_factory.PROFILES_DIRECTORY).iterdir())
    factory.load_json_profile(
        [one.read_text("utf-8") for one in profiles if not one.name.startswith(".")]
    )
    factory.set_seed(0)
    number = {gram: place for place, gram in enumerate(factory.word_lang_prob_map)}
    probabilities = np.array(list(factory.word_lang_prob_map.values()), np.float64)
    return Tables(factory, number, probabilities, *_random_numbers())


def detect(text: str) -> str | None:
    """What langdetect calls the language of a text, `unknown` included; None where the text has no
    feature of any.
    """
    known = tables()
    grams = np.array(_grams(_cleaned(text)), np.int64)
    if not len(grams):
        return None
    mean = mean_of_trials(grams, known.probabilities, known.words, known.cosines, known.sines)
    if mean[0] < 0:
        return plainly(text)
    best = int(mean.argmax())
    return str(known.factory.langlist[best]) if mean[best] > 0.1 else "unknown"


def plainly(text: str) -> str | None:
    """What `detect` gives, by langdetect itself."""
    from langdetect.lang_detect_exception import LangDetectException

    detector = tables().factory.create()
    detector.append(text)
    try:
        return str(detector.detect())
    except LangDetectException:
        return None


def _cleaned(text: str) -> str:
    """A text as langdetect looks at it: no addresses, single blanks, 10,000 characters, one script."""
    from langdetect.utils.ngram import NGram

    detector = tables().factory.create()
    if "://" in text:
        text = detector.URL_RE.sub(" ", text)
    if "@" in text:
        text = detector.MAIL_RE.sub(" ", text)
    if text.isascii():
        return _SPACES.sub(" ", text[: detector.max_text_length])
    detector.text = _SPACES.sub(" ", NGram.normalize_vi(text)[: detector.max_text_length])
    detector.cleaning_text()
    return str(detector.text)


class _Normal(dict[int, str]):
    """langdetect's form of a character, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        from langdetect.utils.ngram import NGram

        return self.setdefault(code, str(NGram.normalize(chr(code))))


_NORMAL = _Normal()


def _grams(text: str) -> list[int]:
    """The numbers of the n-grams of a text, in order: those of one word after another."""
    *words, last = text.translate(_NORMAL).split(" ")
    found: list[int] = []
    for word in words:
        if word:
            found += _of_word(word + " ") if len(word) < _LONG else _of(word + " ")
    return found + _of(last)


@lru_cache(maxsize=1 << 17)
def _of_word(word: str) -> Sequence[int]:
    return tuple(_of(word))


def _of(word: str) -> list[int]:
    """The n-grams of one word that langdetect knows; those within two capitals and more count for
    nothing.
    """
    number, found = tables().number, []
    for place, char in enumerate(word):
        before = word[place - 2 : place] if place > 1 else " " + word[:place]
        if char.isupper() and before[-1].isupper():
            continue
        for gram in (char, before[-1] + char, before + char if len(before) == 2 else ""):
            if gram in number and gram != " ":
                found.append(number[gram])
    return found


def _random_numbers() -> tuple[NDArray[np.uint32], Floats, Floats]:
    """What random.Random(0) gives: words of 32 bits and, at the place of each, the pair of normal
    deviates.
    """
    rng = random.Random(0)
    words = [rng.getrandbits(32) for _ in range(_NUMBERS + 4)]
    # Random.random() takes 27 bits of one word and 26 of the next; Random.gauss() takes two of
    # these for two deviates.
    units = [
        ((one >> 5) * 67108864.0 + (two >> 6)) / 9007199254740992.0
        for one, two in itertools.pairwise(words)
    ]
    pairs = list(zip(units[:_NUMBERS], units[2:], strict=False))
    lengths = [math.sqrt(-2.0 * math.log(1.0 - radius)) for _, radius in pairs]
    cosines = [
        math.cos(angle * 2.0 * math.pi) * length
        for (angle, _), length in zip(pairs, lengths, strict=True)
    ]
    sines = [
        math.sin(angle * 2.0 * math.pi) * length
        for (angle, _), length in zip(pairs, lengths, strict=True)
    ]
    return np.array(words[:_NUMBERS], np.uint32), np.array(cosines), np.array(sines)
