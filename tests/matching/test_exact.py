"""The matcher `exact` against equality of token lists in plain Python."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.exact import lines
from curate.kernels.texts import extents
from curate.matching.exact import ExactSettings, build_exact, match_exact
from curate.matching.ngram import LABELS, Matches
from tests.matching.oracle import words
from tests.matching.samples import Item, Pair, Record, lay_out, pairs_of, samples

ANY = ExactSettings(min_tokens=1)


def found(
    records: list[Record], items: list[Item], settings: ExactSettings = ANY
) -> dict[tuple[int, int], Pair]:
    return pairs_of(match_exact(lay_out(records), build_exact(items, settings)))


def parts_of(turn: str) -> list[tuple[int, int]]:
    """Every run of lines and sentences of a turn."""
    ends = [end.end() for end in re.finditer(r"\n|[.?!:](?=[\x00- ]|\Z)", turn)]
    cuts = [0, *ends, len(turn)]
    return list(combinations(cuts, 2))


def brute_force(
    records: list[Record], items: list[Item], settings: ExactSettings
) -> dict[tuple[int, int], Pair]:
    """Compare every turn with every item."""
    pairs: dict[tuple[int, int], Pair] = {}
    for doc, record in enumerate(records):
        for number, item in enumerate(items):
            own = words("\n".join(item))
            points = sum(len(word.text) for word in own)
            if not own or (len(own) < settings.min_tokens and points < settings.min_points):
                continue
            short = len(own) <= settings.in_lines
            spans = [
                (t, start + there[0].start, start + there[-1].stop)
                for t, turn in enumerate(record)
                for start, stop in (parts_of(turn) if short else [(0, len(turn))])
                for there in [words(turn[start:stop])]
                if [word.text for word in there] == [word.text for word in own]
            ]
            if spans:
                once = sorted(set(spans))
                pairs[doc, number] = Pair(1.0, once, [(own[0].start, own[-1].stop)])
    return pairs


@given(samples(max_words=4), st.integers(1, 5), st.sampled_from([1, 6, 100]))
def test_every_equal_turn_is_found_and_no_other(
    sample: tuple[list[Record], list[Item]], least: int, points: int
) -> None:
    records, items = sample
    settings = ExactSettings(min_tokens=least, min_points=points)
    copies = [*records, *items]  # so that something is equal
    assert found(copies, items, settings) == brute_force(copies, items, settings)


any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(any_text, min_size=1, max_size=4), st.lists(any_text, max_size=3))
def test_any_text_at_all_is_compared_like_by_brute_force(texts: list[str], more: list[str]) -> None:
    records = [[text, text.upper(), text.lower() + " "] for text in [*texts, *more]]
    items = [[text] for text in texts]
    assert found(records, items) == brute_force(records, items, ANY)


# Blanks as long as what is looked at first of a turn, so that openings are cut anywhere, on either
# side or both.
spread = st.lists(
    st.tuples(st.sampled_from(["a", "b", "中文", "é" * 20]), st.integers(1, 70)),
    min_size=1,
    max_size=7,
)


@given(
    st.lists(spread, min_size=1, max_size=3), st.lists(st.integers(1, 70), min_size=7, max_size=7)
)
def test_wherever_the_first_tokens_stand_equal_turns_are_found(
    texts: list[list[tuple[str, int]]], blanks: list[int]
) -> None:
    items = [["".join(" " * n + word for word, n in text)] for text in texts]
    records = [[" ".join(word for word, _ in text)] for text in texts]
    records += [
        ["".join(" " * n + w for (w, _), n in zip(text, blanks, strict=False))] for text in texts
    ]
    assert found(records, items) == brute_force(records, items, ANY)


def test_case_punctuation_and_blanks_make_no_difference() -> None:
    pairs = found(
        [['  "WHO wrote\n\nthe Song?" ', "who wrote the songs"]], [["Who wrote the song?"]]
    )
    assert pairs == {(0, 0): Pair(1.0, [(0, 3, 22)], [(0, 18)])}


def test_all_fields_of_an_item_are_compared() -> None:
    item = ["The mill stands by the river.", "Where does it stand?"]
    whole = " ".join(item)
    assert list(found([[whole], [item[0]], [item[1]], [item[1] + " " + item[0]]], [item])) == [
        (0, 0)
    ]


def test_items_too_short_are_unmatchable_and_counted_in_tokens_or_code_points() -> None:
    items = [["Yes."], ["Why not"], ["Who is he?"], [""], ["哪一个国家的人口是最多的呢今天"]]
    index = build_exact(items, ExactSettings())
    assert index.matchable.tolist() == [False, False, True, False, True]
    records = [[item[0]] for item in items]
    assert list(pairs_of(match_exact(lay_out(records), index))) == [(2, 2), (4, 4)]


def test_equal_items_and_equal_turns_all_count() -> None:
    pairs = found([["a b c", "x", "A, b; c"]], [["a b c"], ["q r s"], ["a-b-c"]])
    assert list(pairs) == [(0, 0), (0, 2)]
    assert [span[0] for span in pairs[0, 0].record_spans] == [0, 2]


def test_no_items_no_turns_nothing() -> None:
    assert match_exact(lay_out([["a b c"]]), build_exact([], ANY)) == []
    assert match_exact(lay_out([]), build_exact([["a b c"]], ANY)) == []


def test_labels_are_leaks() -> None:
    (part,) = match_exact(lay_out([["a b c"]]), build_exact([["a b c"]], ANY))
    assert [LABELS[label] for label in part.labels] == ["leak"]


@pytest.mark.parametrize("text", ["the " * 40_000, "a" * 100_000 + " b c", "\U0001f600 " * 3_000])
def test_long_texts_are_compared_to_their_end(text: str) -> None:
    items = [[text], [text + " end"]]
    pairs = found([[text], [text + " END."], [text + " and"], [text[:-4]]], items)
    assert list(pairs) == [(0, 0), (1, 1)]


def test_a_hash_that_collides_is_no_match() -> None:
    items = [["one two three"], ["four five six"]]
    index = build_exact(items, ANY)
    # every hash leads to the wrong item
    lying = replace(index, items=index.items[::-1].copy())
    assert match_exact(lay_out([["one two three"], ["four five six"]]), lying) == []


def test_threads_share_an_index() -> None:
    items = [[f"item number {n} of many"] for n in range(200)]
    index, turns = build_exact(items, ANY), lay_out([[item[0]] for item in items])
    barrier = threading.Barrier(4)

    def one(_: int) -> list[Matches]:
        barrier.wait()
        return match_exact(turns, index)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, range(4)))
    assert all(list(pairs_of(part)) == [(n, n) for n in range(200)] for part in results)


@pytest.mark.slow
def test_clean_text_goes_by_at_200_megabytes_a_second() -> None:
    text = (
        "Plain words go by without a match, and that is what nearly all of a corpus is made of. "
        * 20
    )
    turns, index = (
        lay_out([[text]] * 20_000),
        build_exact([["Where does the mill stand?"]] * 1_000, ANY),
    )
    match_exact(turns, index)
    best = np.inf
    for _ in range(3):
        began = time.process_time()
        assert match_exact(turns, index) == []
        best = min(best, time.process_time() - began)
    assert len(turns.data) / best > 200e6


@pytest.mark.parametrize(
    ("turn", "hit"),
    [
        ("Q: Are the gulls asleep?\nA: yes", True),
        ("Please answer: Are the gulls asleep?", True),
        ("It is late. Are the gulls asleep? I think so.", True),
        ('He asked: "Are the gulls asleep?"', True),
        ("are the gulls asleep\nor not", True),
        ("Tell me: are the gulls asleep or not?", False),
        ("Why are the gulls asleep?", False),
        ("Are the gulls asleep, Dr. Reed?", False),
    ],
)
def test_a_short_item_is_found_in_a_line_or_sentence_of_its_own(turn: str, hit: bool) -> None:
    item = "Are the gulls asleep?"
    pairs = found([[turn]], [[item]], ExactSettings())
    assert bool(pairs) is hit
    if hit:
        [(_, start, stop)] = pairs[0, 0].record_spans
        assert turn[start:stop].lower() == "are the gulls asleep"
    assert not found([[turn]], [[item]], ExactSettings(in_lines=3))


def test_a_short_item_of_two_sentences_is_found_and_a_longer_item_is_not_looked_for() -> None:
    items = [["Who is Dr. Reed?"], ["Which of the two gulls has been asleep for longer?"]]
    turn = "Question: Who is Dr. Reed? Which of the two gulls has been asleep for longer? Well."
    assert list(found([[turn]], items, ExactSettings())) == [(0, 0)]


def test_no_line_is_looked_at_with_more_before_it_than_an_item_has_tokens() -> None:
    index = build_exact([["é one two"], ["what is seven"]], ExactSettings())
    turns = lay_out([["7\n" * 2_000]])
    least, longest, most = index.sizes.tolist()
    known = index.beginnings
    own = lines(turns.data, turns.starts, turns.stops, least, longest, most, known)
    assert known.all() and len(own) < 3 * 2_000
    numbers = [["1\n2\n3\n4\n5\n6\né"], ["6\né\n1"]]
    assert len(found([["1\n2\n3\n4\n5\n6\né\n" * 3]], numbers, ExactSettings())) == 2


def test_spans_of_many_lines_of_one_turn_are_those_that_python_finds() -> None:
    items = [["é what is seven"], ["who is 中文"], ["who is 中文\né what is seven"]]
    turn = "".join(f"{'é' * (i % 7)}: Who is 中文?\nÉ what is seven!\nno\n" for i in range(3_000))
    pairs = found([["é", turn]], items, ExactSettings())
    for number, (text,) in enumerate(items):
        pattern = re.compile(text.replace("\n", r"\?\n"), re.IGNORECASE)
        spans = [(1, *one.span()) for one in pattern.finditer(turn)]
        assert len(spans) == 3_000 and pairs[0, number].record_spans == spans


def test_code_points_are_counted_on_from_the_part_before() -> None:
    text = "né中 \U0001f600x"
    cuts = [len(text[:i].encode()) for i in range(len(text) + 1)]
    parts = [(a, b) for b in range(len(cuts)) for a in reversed(range(b))]
    data = np.frombuffer((text * 2).encode(), np.uint8)
    begins, stops = np.array([(cuts[a], cuts[b]) for a, b in parts * 2]).T
    starts = np.repeat([0, cuts[-1]], len(parts))
    own = extents(data, starts, begins + starts, stops + starts)
    assert own.tolist() == [[a, b - a] for a, b in parts] * 2
