"""The compiled cut into words is that of the specification, for every text and at every end of a
buffer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import words as kernels
from curate.text.tokenise import ALONE, DIGIT, LETTER, MARK, SEPARATOR, lower, sort_of, words
from tests.kernels.compiled import compiled
from tests.kernels.test_tokens import tokenised
from tests.soak import examples

find_words, sort_of_point = compiled(kernels.find_words), compiled(kernels.sort_of_point)

# Letters of one to four bytes, with and without case; marks; digits of several scripts; scripts
# without spaces; signs.
LETTERS = (
    "aZz09_'-. \n\0ıİßẞ\u212a\u212bÅéÉ\u0301\u0345\ufe0f\u200d"
    "٣५½Ⅷ中文、のカー한글ไทยก็ကာ😀𐐀𞤀\U00020000\U000e0100\U0010ffff"
)
ODD = st.text(st.sampled_from(LETTERS), max_size=40)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
# Nearly all ASCII, and longer than the 64 bytes that are looked at at once.
LONG = st.lists(
    st.one_of(st.text("aZ09", max_size=9), st.sampled_from([" ", "@[`{/:", "é", "中", "\u0301"])),
    max_size=60,
)
AFTER = [b"", b"x", b" " * 20, b"x" * 72, b"\xc3\xa9" * 40]


def found_in(texts: Sequence[str], after: bytes = b"") -> list[list[tuple[int, int, int]]]:
    """Give begin, end (bytes within the text) and hash of every word, as compiled; `after` follows
    the last text.
    """
    blobs = [text.encode() for text in texts]
    data = np.frombuffer(b"".join(blobs) + after or b"\0", np.uint8)
    found = []
    for start, blob in zip([0, *accumulate(map(len, blobs))], blobs, strict=False):
        room = len(blob) // 2 + 1
        begins, ends, hashes = (
            np.empty(room, np.int64),
            np.empty(room, np.int64),
            np.empty(room, np.uint64),
        )
        k = find_words(data, start, start + len(blob), begins, ends, hashes, 0)
        found.append(
            [(int(begins[i]) - start, int(ends[i]) - start, int(hashes[i])) for i in range(k)]
        )
    return found


def check(texts: Sequence[str], after: bytes = b"") -> None:
    """Offsets are the specified ones, and two words have one hash iff they are equal."""
    found = found_in(texts, after)
    specified = [
        [(len(t[: w.start].encode()), len(t[: w.stop].encode())) for w in words(t)] for t in texts
    ]
    assert [[(begin, end) for begin, end, _ in own] for own in found] == specified
    named = [word.text for text in texts for word in words(text)]
    hashes = [value for own in found for *_, value in own]
    assert len(set(hashes)) == len(set(named)) == len(set(zip(named, hashes, strict=True)))


@examples(300)
@given(
    st.lists(st.one_of(ODD, ANY, LONG.map("".join)), min_size=1, max_size=4), st.sampled_from(AFTER)
)
def test_every_text_gives_the_specified_words(texts: list[str], after: bytes) -> None:
    check(texts, after)


def test_every_code_point_is_sorted_by_its_category() -> None:
    sorts = {"L": (LETTER, ALONE), "N": (DIGIT,), "M": (MARK,)}
    for code in range(0x110000):
        sort = sort_of(chr(code))
        assert sort in sorts.get(unicodedata.category(chr(code))[0], (SEPARATOR,))
        assert sort_of_point(code) == sort


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't stop-me x_1=3.5", "don t stop me x 1 3 5"),
        ("Ünïted ÅNGSTRÖM", "ünïted ångström"),
        ("今天学习A1和B", "今 天 学 习 a1 和 b"),
        ("한국어 단어", "한국어 단어"),
        ("ที่นี่", "ที่ นี่"),
        ("e\u0301te\u0301 \u0301x ❤\ufe0f", "e\u0301te\u0301 x"),
        ("٣٤ km²", "٣٤ km²"),
        ("", ""),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert [word.text for word in words(text)] == expected.split()
    assert all(
        "".join(map(lower, text[word.start : word.stop])) == word.text for word in words(text)
    )
    check([text])


@pytest.mark.parametrize("after", AFTER)
def test_words_around_the_end_of_64_bytes(after: bytes) -> None:
    """A word, and what ends it, at every place near the edges of what is looked at at once."""
    for length in (1, 2, 8, 63, 64, 65, 129):
        for before in (*range(4), *range(50, 68), 127, 128):
            word = ("abcdefg" * length)[:length]
            check(
                ["." * before + word + end for end in ("", ".", "é", "中", "\u0301", ". x")], after
            )


def test_a_word_of_both_tokenisers_has_one_hash() -> None:
    """Words and tokens of the same letters share the hash, however long and wherever they stand."""
    for length in (1, 7, 8, 9, 16, 17, 3000):
        word = ("abcdefg" * length)[:length]
        assert found_in([word])[0][0][2] == int(tokenised([word])[1].hashes[0])
        assert found_in([word + " y" * 9])[0][0][2] == int(tokenised([word])[1].hashes[0])
        assert found_in([word + "é"])[0][0][2] == int(tokenised([word + "é"])[1].hashes[0])


def test_the_most_words_of_a_text_fit() -> None:
    """Letters that stand alone take three bytes, so there are never more words than every other
    byte.
    """
    for text in ("a中" * 50, "中a" * 50, "中" * 99, "a b" * 33, "a"):
        check([text])
