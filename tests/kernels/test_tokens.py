"""The compiled tokeniser gives the tokens of the specification for every text, wherever its pieces
end.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import tokens as kernels
from curate.kernels.texts import Tokens, tokenise_all
from curate.kernels.tokens import MAX_TOKENS, PIECE
from curate.text.tokenise import SEPARATORS, lower, tokens
from tests.kernels.compiled import compiled
from tests.soak import examples

code_point, count_points = compiled(kernels.code_point), compiled(kernels.count_points)
lower_point, same_token = compiled(kernels.lower_point), compiled(kernels.same_token)

# Letters whose lower case is shorter or longer in UTF-8, or elsewhere; letters of one to four
# bytes; NUL; separators.
LETTERS = (
    "aZz09'\0\tıİßẞ\u212aK k\u212bÅå\u2126ΩωȺⱥȾⱦÉéДдǅǆᲐაꭰᎠ中文한😀𐐀𐐨𞤀𞤢\ufeff\u00ad\u0345\U0010ffff"
)
ODD = st.text(st.sampled_from(LETTERS + SEPARATORS), max_size=60)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def tokenised(texts: Sequence[str]) -> tuple[np.ndarray, Tokens]:
    """Tokenise texts that lie one after the other in a buffer."""
    blobs = [text.encode() for text in texts]
    stops = np.array(list(accumulate(map(len, blobs))), np.int64)
    starts = stops - np.array([len(blob) for blob in blobs], np.int64)
    data = np.frombuffer(b"".join(blobs) or b"\0", np.uint8)
    return data, tokenise_all(data, starts, stops)


def stretches(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Give the byte offsets of each text's tokens within the text, as compiled."""
    _, found = tokenised(texts)
    at = [0, *accumulate(len(text.encode()) for text in texts)]
    return [
        [
            (int(found.begins[i]) - at[t], int(found.ends[i]) - at[t])
            for i in range(found.first[t], found.first[t + 1])
        ]
        for t in range(len(texts))
    ]


def specified(text: str) -> list[tuple[int, int]]:
    """Give the byte offsets of a text's tokens by the specification."""
    return [
        (len(text[: token.start].encode()), len(text[: token.stop].encode()))
        for token in tokens(text)
    ]


def check(texts: Sequence[str]) -> None:
    """Offsets are the specified ones, and two tokens have one hash iff they are equal."""
    assert stretches(texts) == [specified(text) for text in texts]
    words = [token.text for text in texts for token in tokens(text)]
    hashes = tokenised(texts)[1].hashes.tolist()
    assert len(hashes) == len(words)
    assert len(set(hashes)) == len(set(words)) == len(set(zip(words, hashes, strict=True)))


@examples(300)
@given(st.lists(st.one_of(ODD, ANY), min_size=1, max_size=4))
def test_every_text_gives_the_specified_tokens(texts: list[str]) -> None:
    check(texts)


@examples(60)
@given(
    st.integers(PIECE - 12, PIECE + 12),
    st.sampled_from(["x", "X", "É", " ", "x ", "中", "-"]),
    ODD,
    ODD,
)
def test_texts_that_end_near_the_end_of_a_piece(
    size: int, filler: str, middle: str, tail: str
) -> None:
    """The piece ends before, in and after `middle`; whole letters fill up to `size` bytes."""
    width = len(filler.encode())
    text = "a" * (size % width) + filler * (size // width) + middle + tail
    check([text, middle, text[::-1]])


@examples(60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "B", "É", "\u212a", "中", "İ"]), st.integers(1, PIECE + 50)
        ),
        max_size=3,
    ),
    ODD,
)
def test_tokens_longer_than_a_piece(runs: list[tuple[str, int]], tail: str) -> None:
    check(
        ["".join(char * n for char, n in runs) + tail, " ".join(char * n for char, n in runs), tail]
    )


@pytest.mark.parametrize(
    "size", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1]
)
@pytest.mark.parametrize("end", ["", " ", "-b", "É", " É"])
def test_one_token_or_only_separators_of_about_a_piece(size: int, end: str) -> None:
    check(["a" * size + end])
    check([" " * size + end])
    check(["a " * (size // 2) + end])


def test_a_long_token_has_the_hash_of_its_text_however_it_was_read() -> None:
    """By itself it is read byte by byte, in other case too; the shorter ones eight bytes at a time."""
    for length in (1, 7, 8, 9, 15, 16, 17, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE):
        word = ("abcdefg" * length)[:length]
        hashes = tokenised(
            [word, word.upper(), f"É {word}", f"x {word} {word.title()}", word + "h"]
        )[1].hashes.tolist()
        assert hashes[0] == hashes[1] == hashes[3] == hashes[5] == hashes[6]
        assert hashes[7] != hashes[0]


def test_trailing_zero_bytes_are_part_of_a_token() -> None:
    """A hash of eight bytes at a time pads with zeros; the length tells them apart."""
    check(["a", "a\0", "a\0\0", "\0", "\0" * 7, "\0" * 8, "\0" * 9])


@examples(20)
@given(st.lists(st.sampled_from("ab é"), min_size=1, max_size=40).map("".join))
def test_the_most_tokens_of_a_piece_fit(text: str) -> None:
    check([text + "a " * (2 * MAX_TOKENS)])


def test_every_letter_is_lower_cased_as_specified() -> None:
    changed = [chr(code) for code in range(0x110000) if lower(chr(code)) != chr(code)]
    assert len(changed) > 1300
    hashes = tokenised([" ".join(changed), " ".join(map(lower, changed))])[1].hashes
    assert np.array_equal(hashes[: len(changed)], hashes[len(changed) :])
    assert all(lower_point(code) == ord(lower(chr(code))) for code in range(0, 0x110000, 7))


@given(st.one_of(ODD, ANY))
def test_code_points_are_read_and_counted(text: str) -> None:
    data, at, read = np.frombuffer(text.encode() + b"\0", np.uint8), 0, []
    while at < len(data) - 1:
        code, size = code_point(data, at)
        read.append(chr(code))
        at += size
    assert "".join(read) == text
    assert count_points(data, 0, len(data) - 1) == len(text)


def same(left: str, right: str) -> bool:
    """Compare two tokens as compiled."""
    blobs = left.encode(), right.encode()
    data = np.frombuffer(b"".join(blobs), np.uint8)
    return bool(same_token(data, 0, len(blobs[0]), data, len(blobs[0]), len(data)))


WORD = st.text(
    st.sampled_from([char for char in LETTERS if char not in SEPARATORS]), min_size=1, max_size=6
)


@examples(300)
@given(WORD, WORD)
def test_tokens_are_the_same_iff_they_are_equal_in_lower_case(left: str, right: str) -> None:
    assert same(left, right) == ([*map(lower, left)] == [*map(lower, right)])
    assert same(left, left)
    assert same(left, "".join(map(lower, left)))


@given(WORD, WORD)
def test_a_token_is_not_the_same_as_its_beginning(word: str, more: str) -> None:
    assert not same(word, word + more)
    assert not same(word + more, word)


def test_letters_that_share_leading_bytes_differ() -> None:
    assert not same("é", "è")
    assert not same("xé", "xè")
    assert not same("中", "丮")
    assert same("xÉy", "Xéy")
    assert same("\u212ay", "kY")
    assert not same("İ", "i")
    assert not same("İ", "i\u0307")
