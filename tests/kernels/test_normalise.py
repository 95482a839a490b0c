"""The compiled rule gives the texts of the plain one, and the screen lets nothing pass."""

from __future__ import annotations

import sys
from unicodedata import category

from hypothesis import example, given
from hypothesis import strategies as st

from curate.kernels.normalise import TO_FOLD, TO_READ, fold, screen
from curate.text.buffer import Laid, lay_out
from curate.text.escapes import read
from curate.text.normalise import folded
from tests.soak import examples
from tests.text.samples import AT_LINE_ENDS, texts


def padded(own: list[str]) -> Laid:
    data, starts, stops = lay_out([*own, " " * 72])
    return Laid(data, starts[:-1], stops[:-1])


def compiled(own: list[str], accents: bool) -> list[str]:
    texts = padded(own)
    data, starts, stops = fold(texts.data, texts.starts, texts.stops, accents)
    return [data[a:b].tobytes().decode() for a, b in zip(starts, stops, strict=True)]


@examples(400)
@given(st.lists(texts(), max_size=5), st.booleans())
@example(
    [
        "Ноw muсh",
        "сор",
        "а",
        "ѕе\u0308е",
        "x²³y½",
        "1\u0336",
        "e\u0301\u0323",
        "אָּ",
        "가\u11a8",
        "ab-\u200b \n cd",
    ],
    False,
)
def test_folds_as_the_rule_says(own: list[str], accents: bool) -> None:
    assert compiled(own, accents) == [folded(text, accents).text for text in own]


@examples(400)
@given(st.lists(st.text(st.sampled_from(AT_LINE_ENDS), max_size=10), max_size=5), st.booleans())
def test_folds_line_ends_as_the_rule_says(own: list[str], accents: bool) -> None:
    assert compiled(own, accents) == [folded(text, accents).text for text in own]
    for text, kind in zip(own, screen(*padded(own)).tolist(), strict=True):
        assert kind & TO_FOLD or folded(text, accents).text == text


def test_every_code_point_by_itself_and_behind_a_letter() -> None:
    chars = [chr(code) for code in range(sys.maxunicode + 1) if category(chr(code)) != "Cs"]
    for start in range(0, len(chars), 40_000):
        own = [f"a{char}b" for char in chars[start : start + 40_000] if char > "\x7f"]
        assert compiled(own, False) == [folded(text).text for text in own]


@examples(300)
@given(st.lists(texts(), max_size=5))
def test_the_screen_lets_nothing_pass(own: list[str]) -> None:
    for text, kind in zip(own, screen(*padded(own)).tolist(), strict=True):
        assert kind & TO_FOLD or folded(text).text == folded(text, accents=True).text == text
        assert kind & TO_READ or read(text) == text


def test_plain_text_has_nothing_to_do() -> None:
    own = [
        "Is 5 < 7 & 3 - 2 = 1?\nA 5% rate - no more.",
        "List<String> f(a&b); x-y",
        "中文。日本語。",
    ]
    assert screen(*padded(own)).tolist() == [0, 0, 0]
