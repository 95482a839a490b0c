"""Sentences and other questions, against regular expressions and sets in plain Python."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import asked as kernels
from curate.kernels.asked import LEAST, SAME_QUESTION, Asked, keys_of, sentences
from curate.kernels.minhash import ShingleSets, shingle_sets
from tests.kernels.compiled import compiled
from tests.matching.samples import lay_out

other_question = compiled(kernels.other_question)

ENDS = re.compile(r"""(?<=\n)|(?<=[.!?])(?=[ \n])|(?<=[.!?]["')\]])(?=[ \n])""")
pieces = st.sampled_from(["a", "be", "see", " ", " ", ". ", "? ", '." ', "!\n", "\n", ".", '"'])
prompts = st.lists(pieces, max_size=24).map("".join)


def cut(texts: list[str]) -> tuple[list[tuple[int, str]], ShingleSets, np.ndarray]:
    turns = lay_out([[text] for text in texts])
    starts, stops, owners = sentences(
        turns.data, turns.starts, turns.stops, turns.docs.astype(np.int64)
    )
    n = np.arange(len(starts))
    words = shingle_sets(turns.data, starts, stops, n, len(n), 1)
    read = [bytes(turns.data[i:j]).decode() for i, j in zip(starts, stops, strict=True)]
    return list(zip(owners.tolist(), read, strict=True)), words, owners


@given(st.lists(prompts, max_size=4))
def test_sentences_are_those_of_a_regular_expression(texts: list[str]) -> None:
    expected = [(i, piece) for i, text in enumerate(texts) for piece in ENDS.split(text) if piece]
    assert cut(texts)[0] == expected


def asked_of(texts: list[str]) -> Asked:
    _, words, owners = cut(texts)
    keys = keys_of(words)
    order = np.lexsort((keys, owners))
    hashes = [words.hashes[words.first[i] : words.first[i + 1]] for i in order]
    first = np.cumsum([0, *map(len, hashes)]).astype(np.int64)
    sets = ShingleSets(np.concatenate([np.empty(0, np.uint64), *hashes]), first)
    firsts = np.searchsorted(owners[order], np.arange(len(texts) + 1)).astype(np.int64)
    return Asked(keys[order], sets, firsts)


def by_sets(a: str, b: str) -> bool:
    one, other = (
        {frozenset(re.findall(r"\w+", piece)) for piece in ENDS.split(text)} for text in (a, b)
    )
    mine = {word for words in one - other for word in words}
    its = {word for words in other - one for word in words}
    least = min(len(mine), len(its))
    return least >= LEAST and len(mine & its) <= SAME_QUESTION * least


words = st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=7).map(" ".join)


@given(st.lists(words, max_size=5), st.lists(words, max_size=5))
def test_another_question_is_one_by_sets_of_words(a: list[str], b: list[str]) -> None:
    one, other = ". ".join(a), ". ".join(b)
    own = asked_of([one, other])
    assert other_question(own, 0, 1) == other_question(own, 1, 0) == by_sets(one, other)
