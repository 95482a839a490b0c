"""The matcher `robust` gives what its rule says, finds what was edited, and stays quick on what is
made to slow it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.matching.ngram import LABELS
from curate.matching.robust import RobustIndex, RobustSettings, build_robust, match_robust
from tests.matching.robust_oracle import Found, Rule
from tests.matching.samples import Item, Record, lay_out, pairs_of
from tests.soak import examples

# Small numbers, so that a few words make seeds, chains, gaps and shared phrases.
SMALL = RobustSettings(
    seed=2, shared=2, need=0.3, need_bits=2, reach=1.5, least=3, moved=2, moved_bits=3, moved_words=2,
    rarity=8, surprise=8, signs=9, run=1, floor=0.1, cut_words=3, cut_rarity=9, cut_surprise=10,
)  # fmt: skip
BAKER = (
    "A baker in Ulm sells 24 loaves of rye bread in the morning and 18 rolls in the afternoon. "
    "Each loaf costs 4 coins and each roll costs 2. How many coins does she take in that day?"
)
FARMER = "A farmer keeps hens and ducks behind the old mill. They eat three sacks of grain a week in winter."


def matched(records: Sequence[Record], index: RobustIndex) -> dict[tuple[int, int], Found]:
    """Match records and read the answer pair by pair."""
    parts = match_robust(lay_out(records), index)
    labels = [LABELS[label] or "" for part in parts for label in part.labels]
    pairs = pairs_of(parts)
    order = [
        (int(doc), int(item))
        for part in parts
        for doc, item in zip(part.docs, part.items, strict=True)
    ]
    assert order == sorted(order)
    return {
        pair: Found(pairs[pair].score, label, pairs[pair].record_spans, pairs[pair].item_spans)
        for pair, label in zip(order, labels, strict=True)
    }


def check(records: Sequence[Record], items: Sequence[Item], rule: RobustSettings) -> int:
    """Compare every pair with the oracle; gives the number of pairs."""
    oracle = Rule(items, rule)
    expected = {
        (d, i): found
        for d, record in enumerate(records)
        for i, found in oracle.match(record).items()
    }
    pairs = matched(records, build_robust(items, rule))
    near = {pair for pair, found in expected.items() if abs(found.score - rule.floor) < 1e-9}
    assert set(pairs) | near == set(expected) | near
    for pair in set(pairs) & set(expected):
        assert pairs[pair].score == pytest.approx(expected[pair].score, abs=1e-9)
        assert pairs[pair][1:] == expected[pair][1:]
    return len(pairs)


# ---- the rule

LETTERS = "a b c d e f A B 1 2 3 é É İ 中 文 K \u212a one two twenty hundred and 2nd ٣".split()


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[Record], list[Item]]:
    """Items of a few words, and records of pieces of them, edited, moved and split over turns."""
    texts = st.lists(st.sampled_from(LETTERS), min_size=1, max_size=12)
    items = [
        [" ".join(draw(texts)) for _ in range(draw(st.integers(1, 2)))]
        for _ in range(draw(st.integers(1, 4)))
    ]
    pool = [word for item in items for field in item for word in field.split()]
    records = []
    for _ in range(draw(st.integers(1, 3))):
        run = [
            word
            for _ in range(draw(st.integers(0, 5)))
            for start in [draw(st.integers(0, len(pool) - 1))]
            for word in [
                *pool[start : start + draw(st.integers(1, 10))],
                draw(st.sampled_from(LETTERS)),
            ]
        ]
        cut = draw(st.integers(0, len(run)))
        records.append([" ".join(run[:cut]), ", ".join(run[cut:])])
    return records, items


@examples(300)
@given(edited())
def test_pairs_scores_labels_and_spans_are_those_of_the_rule(
    sample: tuple[list[Record], list[Item]],
) -> None:
    check(*sample, SMALL)


@examples(100)
@given(
    edited(),
    st.integers(1, 4),
    st.integers(1, 4),
    st.floats(0.05, 1),
    st.floats(1, 4),
    st.integers(0, 5),
    st.floats(0, 3),
)
def test_so_they_are_for_other_numbers(
    sample: tuple[list[Record], list[Item]],
    seed: int,
    shared: int,
    need: float,
    reach: float,
    moved: int,
    gap: float,
) -> None:
    check(
        *sample,
        SMALL.model_copy(
            update={
                "seed": seed,
                "shared": shared,
                "need": need,
                "reach": reach,
                "moved": moved,
                "gap": gap,
            }
        ),
    )


def test_longer_texts_are_matched_by_the_rule_too() -> None:
    """Items and records drawn from the words of one small language, at the settings that are the
    default.
    """
    rng = random.Random(0)
    words = [f"w{rng.randrange(300)}" for _ in range(2000)]
    items = [[" ".join(words[i * 40 : i * 40 + rng.randrange(8, 60)])] for i in range(40)]
    records = []
    for _ in range(40):
        run = rng.choice(items)[0].split()[rng.randrange(8) :] + words[: rng.randrange(80)]
        records.append(
            [" ".join(w if rng.random() < 0.85 else f"w{rng.randrange(300)}" for w in run)]
        )
    assert check(records, items, RobustSettings()) >= 30


def test_the_parts_of_a_long_record_lose_nothing() -> None:
    """One phrase of many items fills the buffer of events; the copy of another item lies where it
    is full.
    """
    crowd = [[f"a a a a a a x{i} y{i} z{i}"] for i in range(32)]
    index = build_robust([*crowd, [BAKER]])
    for before in (16_000, 16_370, 16_384, 20_000):
        pairs = matched([["a " * before + BAKER + " a" * 20_000]], index)
        assert pairs[0, 32].score == 1.0


# ---- what it is for


def alone(*turns: str, items: Sequence[Item] = ([BAKER], [FARMER])) -> Found | None:
    """What one record of these turns has of the first item."""
    return matched([list(turns)], build_robust(items)).get((0, 0))


def test_a_copy_is_found_whole() -> None:
    found = alone(f"Please help. {BAKER.upper()} Thanks!")
    assert found == Found(1.0, "leak", [(0, 13, 13 + len(BAKER) - 1)], [(0, len(BAKER) - 1)])


def test_words_that_were_replaced_cost_only_themselves() -> None:
    words = BAKER.split()
    words[3::4] = ["thing"] * len(words[3::4])
    found = alone(" ".join(words))
    assert found is not None and 0.6 < found.score < 0.9 and found.label == "leak"
    assert [BAKER[a:b] for a, b in found.item_spans][:3] == [
        "A baker in",
        "sells 24 loaves",
        "rye bread in",
    ]


def test_a_beginning_whose_end_was_cut_off_is_a_copy() -> None:
    """Just over half of the words: what is missing weighs as much as what is there."""
    words = BAKER.split()
    start = " ".join(words[: len(words) // 2 + 2])
    other = start.replace("rye bread", "oat cake")
    index = build_robust([[BAKER]])
    kept = matched([[start], [other], [f"Now {start}"]], index)
    assert {pair: found.label for pair, found in kept.items() if found.score > 0.5} == {
        (0, 0): "leak", (2, 0): "leak",
    }  # fmt: skip
    strict = build_robust([[BAKER]], RobustSettings(cut_words=30))
    assert all(found.label != "leak" for found in matched([[start]], strict).values())


def test_moved_sentences_and_split_turns_are_found() -> None:
    first, second, third = BAKER.split(". ")
    for turns in (
        [f"{third} {first}. {second}."],
        [f"{first}. Each loaf", f"costs 4 coins {second[18:]}. {third}"],
    ):
        found = alone(*turns)
        assert found is not None and found.score == 1.0
        assert {span[0] for span in found.record_spans} == set(range(len(turns)))


def test_other_numbers_and_names_in_the_same_words_are_a_variant() -> None:
    other = (
        BAKER.replace("24", "31")
        .replace("18", "7")
        .replace("Ulm", "Jena")
        .replace("4 coins", "9 coins")
    )
    found = alone(other)
    assert found is not None and found.label == "variant" and found.score > 0.5
    assert "24" not in " ".join(BAKER[a:b] for a, b in found.item_spans)
    found = alone(BAKER.replace("24", "31"))
    assert found is not None and found.label == "leak"
    assert alone(FARMER, items=([FARMER],)) == Found(1.0, "leak", [(0, 0, 97)], [(0, 97)])


@pytest.mark.parametrize(
    ("sells", "rolls"),
    [
        ("24", "eighteen"),
        ("twenty-four", "eighteen"),
        ("twenty four", "18"),
        ("many", "some"),  # a number that is lost is an edit
        ("", ""),
        ("24 fresh", "just 18 tasty"),
    ],
)
def test_numbers_written_otherwise_or_lost_are_an_edit(sells: str, rolls: str) -> None:
    found = alone(BAKER.replace("24", sells).replace("18", rolls).replace("4 coins", "four coins"))
    assert found is not None and found.label == "leak"


@pytest.mark.parametrize(
    ("own", "edited", "label"),
    [
        ("12,500", "12500", "leak"),
        ("12,500", "twelve thousand five hundred", "leak"),
        ("12,500", "twelve, five hundred", "leak"),  # each run of digits as a word
        ("12,500", "12,600", "variant"),
        ("400-meter", "400meter", "leak"),
        ("one hundred and five", "105", "leak"),
        ("one hundred and five", "106", "variant"),
        ("21", "twenty-one", "leak"),
        ("21", "twenty-two", "variant"),
    ],
)
def test_a_number_is_what_it_is_worth(own: str, edited: str, label: str) -> None:
    item = f"The mill behind the old bridge grinds {own} sacks of rye before the snow falls."
    found = alone(item.replace(own, edited), items=([item],))
    assert found is not None and found.score > 0.55 and found.label == label


def test_a_chinese_question_is_found_edited() -> None:
    item = "小明有二十四个苹果，他把其中的一半分给了两个弟弟，又买了三个梨。请问他现在一共有多少个水果？"
    other = "今天的天气很好，我们一起去公园散步，然后在湖边的小店里喝茶，晚上回家做饭。"
    found = alone(item.replace("苹果", "橙子").replace("弟弟", "朋友"), items=([item], [other]))
    assert found is not None and found.score > 0.7
    assert alone(other, items=([item],)) is None


def test_common_phrases_and_other_texts_are_not_found() -> None:
    assert alone(FARMER) is None
    assert (
        alone("How many coins does she have? I do not know; in the morning there were 24.") is None
    )
    found = alone(
        "How many coins does she take in that day? I do not know, in the morning and in the afternoon."
    )
    assert found is None


def test_a_long_record_does_not_collect_a_hit_from_all_its_parts() -> None:
    """Every phrase of the item is there, each far from the next."""
    words = BAKER.split()
    phrases = [" ".join(words[i : i + 5]) for i in range(0, len(words), 5)]
    filler = " ".join(f"f{i}" for i in range(200))
    assert alone(f" {filler} ".join(phrases)) is None
    found = alone(" and ".join(phrases))
    assert found is not None and found.score == 1.0


def test_short_items_need_more_and_the_shortest_are_named() -> None:
    items = [["Is it so"], ["Where do otters sleep at night?"], [BAKER], [""], ["! ?"]]
    index = build_robust(items)
    assert index.matchable.tolist() == [False, True, True, False, False]
    assert index.n_words.tolist()[:3] == [3, 6, 38]
    assert set(matched([["Where do otters sleep at night?", "Is it so"]], index)) == {(0, 1)}
    part = BAKER[: BAKER.index("How many")]
    found = matched([["Where do otters eat in May?", part]], index)
    assert (0, 1) not in found or found[0, 1].label == "template"
    assert found[0, 2].label == "leak" and 0.6 < found[0, 2].score < 0.8


def test_an_item_of_shared_phrases_alone_is_not_matchable() -> None:
    """Two hundred items of one template, with one word each of their own."""
    template = "The {} of the letters in the word is the answer to this question"
    words = [a + b for a in "abcdefghijklmnopqrst" for b in "klmnopqrst"]
    index = build_robust([[template.format(word)] for word in words] + [[BAKER]])
    assert index.matchable.tolist() == [False] * 200 + [True]
    assert set(index.undecided[:200].tolist()) == {3}


@examples(200)
@given(edited())
def test_a_copy_of_an_item_has_all_of_it_iff_it_is_matchable(
    sample: tuple[list[Record], list[Item]],
) -> None:
    items = sample[1]
    index = build_robust(items, SMALL)
    pairs = matched(items, index)
    for i, item in enumerate(items):
        # Two places of a seed within an item are kept: one word said over and over is found in part.
        if most_places(" ".join(item).lower().split(), SMALL.seed) <= 2:
            whole = (i, i) in pairs and pairs[i, i].score == 1.0
            assert (whole and pairs[i, i].label != "template") == index.matchable[i]


def most_places(words: list[str], n: int) -> int:
    """How often the run of `n` words that is there most often is there."""
    runs = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
    return max(runs.values(), default=0)


def test_a_copy_of_a_very_long_item_is_found_whole() -> None:
    """Most words have more places in it than an alignment looks at."""
    often = np.random.default_rng(0).zipf(1.3, 20_000)
    item = " ".join(f"w{word}" for word in often)
    index = build_robust([[item], [BAKER]])
    found = matched([[f"Please read this. {item} What is it about?"]], index)[0, 0]
    assert (found.score, found.label) == (1.0, "leak") and index.matchable.all()
    edited = [word if i % 10 else "else" for i, word in enumerate(item.split())]
    found = matched([[" ".join(edited)]], index)[0, 0]
    assert 0.75 < found.score <= 0.9 and found.label == "leak"


def test_fields_count_alike() -> None:
    passage, question = FARMER, "What do the hens eat in winter, and how much of it?"
    found = matched([[passage]], build_robust([[passage, question], [BAKER]]))[0, 0]
    assert 0.5 <= found.score < 0.6
    assert found.item_spans[0] == (0, len(passage) - 1)


def test_nothing_in_gives_nothing_out() -> None:
    cases: list[list[Item]] = [[], [[]], [[""]], [["a"]], [[BAKER]]]
    for items in cases:
        index = build_robust(items)
        assert index.n_items == len(items)
        assert (
            matched([], index)
            == matched([[]], index)
            == matched([[""], ["", ""], ["a b"]], index)
            == {}
        )


def test_records_do_not_run_into_each_other_and_blocks_do_not_matter() -> None:
    first, second, third = BAKER.split(". ")
    records = [[first], [second], [third], [BAKER], [FARMER, BAKER], [third, second, first]]
    index = build_robust([[BAKER], [FARMER]])
    whole = matched(records, index)
    assert set(whole) >= {(3, 0), (4, 0), (4, 1), (5, 0)}
    parts = {
        (d, i): f
        for d, record in enumerate(records)
        for (_, i), f in matched([record], index).items()
    }
    assert whole == parts


# ---- what is made to slow it


def seconds(records: Sequence[Record], index: RobustIndex) -> float:
    """Processor time of a match, the kernels being compiled."""
    match_robust(lay_out([["warm up"]]), index)
    start = process_time()
    match_robust(lay_out(records), index)
    return process_time() - start


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("the " * 50, "the "),
        ("a b " * 300, "a b b a "),
        ("of the year of the month of the day " * 20, "of the "),
        ("x" * 100_000 + " y z " * 4, "y z " + "x" * 1000 + " "),
        ("中" * 500, "中"),
    ],
)
def test_repeats_take_time_in_proportion_to_the_text(item: str, text: str) -> None:
    index = build_robust([[item], *[[f"{item[:200]} {i} {i + 1} {i + 2}"] for i in range(20)]])
    times = [
        min(seconds([[text * (size // len(text.encode()))]], index) for _ in range(2))
        for size in (50_000, 400_000)
    ]
    assert times[1] < 24 * times[0] + 0.2
    assert times[1] < 5


def test_a_million_items_of_one_word() -> None:
    index = build_robust([["word"]] * 1_000_000)
    assert not index.matchable.any()
    assert seconds([["word " * 100_000]], index) < 2


@examples(100)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=3
        ),
        max_size=4,
    )
)
def test_any_text_is_matched_by_the_rule(texts: list[list[str]]) -> None:
    check(texts, texts, SMALL.model_copy(update={"least": 1}))


def test_what_seeds_must_hold_fits_however_long_an_item_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A limit that is far too small stands for an item of millions of words."""
    before = matched([[BAKER[20:]], [FARMER]], build_robust([[BAKER], [FARMER]]))
    monkeypatch.setattr("curate.matching.robust._MOST_NEED", 100)
    index = build_robust([[BAKER], [FARMER]])
    assert index.items.needs.tolist() == [100, 100]
    assert matched([[BAKER[20:]], [FARMER]], index) == before


def test_the_index_is_small() -> None:
    rng = random.Random(1)
    index = build_robust(
        [
            [" ".join(f"w{int(rng.paretovariate(0.5)) % 50_000}" for _ in range(50))]
            for _ in range(2000)
        ]
    )
    size = sum(part.nbytes for part in index.items if isinstance(part, np.ndarray))
    assert size < 150 * index.n_words.sum()
