"""What normalising comes to, against Python's own libraries, and where each part came from."""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import html5
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.text.escapes import read
from curate.text.lookalikes import LOOKALIKES, steady
from curate.text.normalise import folded, normalise, origins
from tests.soak import examples
from tests.text.samples import AT_LINE_ENDS, texts

MADE = [
    ("ﬁ", "fi"), ("e\u0301\u0323", "e"), ("\ufb03ce", "ffice"), ("Ａ１", "A1"), ("𝐀𝟏", "A1"), ("①", "1"),
    ("сafé", "cafe"),
    ("ѕее", "see"), ("Ноw", "How"), ("рост", "рост"), ("а", "а"), ("НОС", "НОС"), ("word", "word"), ("1\u0336", "1"),
    ("so\u00adft", "soft"), ("z\u200bw", "zw"), ("brea-\nkfast", "breakfast"), ("two-\r\n  lines", "twolines"),
    ("A-\nB", "A-\nB"), ("x²³", "x 23"), ("2½", "2 1/2"), ("—", "-"), ("’", "'"), ("&lt;", "<"), ("&amp;lt;", "<"),
    ("&#x41;", "A"), ("&no;", "&no;"), ("<b>b</b>", "b"), ("<p>", "<p>"), ("50%25", "50%25"), ("가", "가"),
    ("\u1100\u1161\u11a8", "각"), ("हिन्दी", "हिन्दी"), ("กำ", "ก\u0e4dา"), ("H₂O", "H2O"),
    ("10₂", "10 2"), ("x₁₂", "x12"), ("7²₁₂", "7 2 12"), ("≠", "=\u0338"), ("=\u0338", "=\u0338"),
    ("≠сору", "=\u0338copy"), ("ё", "е\u0308"), ("ﷺ", "صلى الله عليه وسلم"),
]  # fmt: skip


@examples(300)
@given(st.lists(st.sampled_from(MADE), min_size=1, max_size=8), st.data())
def test_a_span_goes_back_to_the_characters_that_made_it(
    made: list[tuple[str, str]], data: st.DataObject
) -> None:
    gaps = data.draw(
        st.lists(
            st.sampled_from([" ", "\t", "\u00a0", "\u200b ", " \u200b"]),
            min_size=len(made),
            max_size=len(made),
        )
    )
    found = origins("".join(part + gap for (part, _), gap in zip(made, gaps, strict=True)))
    at, there = 0, 0
    assert found.text == "".join(normal + " " for _, normal in made)
    for (part, normal), gap in zip(made, gaps, strict=True):
        begin, end = found.origin(there, there + len(normal))
        inner = html_inside(part)
        assert (begin, end) == (at + inner[0], at + inner[1])
        at, there = at + len(part) + len(gap), there + len(normal) + 1


def html_inside(part: str) -> tuple[int, int]:
    """Where a part lies in itself, but for its tags."""
    inner = re.fullmatch("<b>(.*)</b>", part)
    return inner.span(1) if inner else (0, len(part))


@examples(300)
@given(texts())
def test_every_part_comes_from_somewhere_and_in_order(text: str) -> None:
    found = origins(text)
    assert len(found.text) == len(found.begins) == len(found.ends)
    assert all(0 <= begin <= end <= len(text) for begin, end in zip(*found[1:], strict=True))
    assert found.begins == sorted(found.begins) and found.ends == sorted(found.ends)


@examples(300)
@given(texts(), st.booleans())
def test_what_is_folded_stays_so(text: str, accents: bool) -> None:
    once = folded(text, accents).text
    assert folded(once, accents).text == once


@examples(600)
@given(st.text(st.sampled_from(AT_LINE_ENDS), max_size=10), st.booleans())
def test_what_is_folded_at_line_ends_stays_so(text: str, accents: bool) -> None:
    once = folded(text, accents).text
    assert folded(once, accents).text == once


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("w\u0336e\u0336ll-\u0336\nk\u0336nown", "wellknown"),
        ("well-\n \u0336known", "wellknown"),
        ("Grade B-\nᵃ with", "Grade B a with"),
        ("Qué-◌\u0301\nx", "Que-◌\nx"),
        ("well-\u0336\n\nknown", "well-\n\nknown"),
    ],
)
def test_a_hyphen_at_a_line_end_with_marks_behind_it(text: str, normal: str) -> None:
    assert normalise(text) == normal


@examples(300)
@given(texts())
def test_what_is_normalised_stays_so(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@examples(300)
@given(texts(), st.booleans())
def test_texts_that_unicode_calls_the_same_come_to_the_same(text: str, accents: bool) -> None:
    forms = {folded(unicodedata.normalize(form, text), accents).text for form in ("NFC", "NFD")}
    assert forms == {folded(text, accents).text}


def test_a_compatible_form_is_what_unicode_says() -> None:
    plain = [
        chr(code)
        for code in (*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D6A4), 0xFB01, 0x2460, 0x210E)
    ]
    letters = [char for char in plain if "-" not in unicodedata.normalize("NFKC", char)]
    for char in letters:
        bare = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", char))
        if char not in "＇＂":
            assert normalise(char) == "".join(c for c in bare if not unicodedata.combining(c))


@examples(200)
@given(st.text(st.sampled_from("ab <>&\"' é中"), max_size=20))
def test_entities_are_read_as_html_does(text: str) -> None:
    assert read(html.escape(text)) == text or "<" in text
    assert read("".join(f"&#{ord(char)};" for char in text)) == text


def test_every_entity_that_has_a_name() -> None:
    for name, char in html5.items():
        if name.endswith(";"):
            assert read(f"a &{name} b") == html.unescape(f"a &{name} b") == f"a {char} b"


@examples(200)
@given(st.text(st.sampled_from("abc é中%&=?\n"), max_size=30))
def test_percent_encoding_is_read_as_urllib_does(text: str) -> None:
    assert read(quote(f"a b c {text}")) == f"a b c {text}"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("fiyat %20 arttı, %25 değil", "fiyat %20 artti, %25 degil"),  # a percentage in Turkish
        ("What does the <p> tag do?", "What does the <p> tag do?"),
        ("<div>one</div><div>two<br/>three</div>", " one  two three "),
        ('w<b class="x">or</b>d 10<sup>3</sup>', "word 10 3 "),
        ("std::vector<a> b; a && b; x &copy y", "std::vector<a> b; a && b; x &copy y"),
        ("Мама мыла раму", "Мама мыла раму"),
        ("угол α равен 5", "угол α равен 5"),
        ("a\tb\r\nc\x00d", "a b \nc d"),
        ("„Größe“ – naïve", '"Grosse" - naive'.replace("ss", "ß")),
        ("a- b\n- c\nd -\ne", "a- b\n- c\nd -\ne"),
    ],
)
def test_what_is_read_and_what_is_left(text: str, normal: str) -> None:
    assert normalise(text) == normal


def test_accents_stay_where_they_are_wanted() -> None:
    assert folded("pe\u0302che", accents=True).text == folded("pêche", accents=True).text
    assert folded("pêche", accents=True).text != folded("pèche", accents=True).text
    assert folded("pêche").text == folded("pèche").text == "peche"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Is 3 ≠ 4?", "Is 3 = 4?"),
        ("3 ∉ S", "3 ∈ S"),
        ("a ≢ b", "a ≡ b"),
        ("2 ≮ 3", "2 < 3"),
        ("2 ∤ 3", "2 ∣ 3"),
        ("A ⇏ B", "A ⇒ B"),
        ("Read 10₂.", "Read 102."),
    ],
)
@pytest.mark.parametrize("accents", [True, False])
def test_signs_that_say_the_opposite_stay_two(one: str, other: str, accents: bool) -> None:
    assert folded(one, accents).text != folded(other, accents).text
    assert normalise(one) != normalise(other)


def test_marks_on_digits_stay_where_accents_do() -> None:
    assert folded("0.3\u0305", accents=True).text != folded("0.3", accents=True).text


def test_look_alikes_are_letters_in_their_own_case() -> None:
    for char, letter in LOOKALIKES.items():
        assert unicodedata.category(char)[0] == "L" and letter.isascii() and letter.isalpha()
        assert unicodedata.category(char) != "Lu" or letter.isupper()
        assert char.islower() is False or letter.islower()
    assert steady("А") and steady("а") and not steady("Н")
