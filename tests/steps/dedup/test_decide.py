"""The whole decision: as plain Python decides, whatever the blocks and the order of the sources."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.steps.dedup.told import reason
from tests.steps.dedup.rows import Chat, Fate, decide, fates_of, made, oracle, seen

WORDS = "mill tree lake road wind 3 7 12".split()
texts: st.SearchStrategy[str] = st.lists(
    st.sampled_from([*WORDS, "  ", "Tree", "."]), min_size=0, max_size=9
).map(" ".join)
changes = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(WORDS)), max_size=2)


@st.composite
def corpora(draw: st.DrawFn) -> dict[str, list[Chat]]:
    """Two sources of short chats, many of them edited copies of one another."""
    chats: list[Chat] = []
    for _ in range(draw(st.integers(1, 9))):
        copied = draw(st.booleans())
        if chats and copied:
            turns = [turn.split(" ") for turn in draw(st.sampled_from(chats))]
            for place, word in draw(changes):
                turn = turns[place % 2]
                turn[place % len(turn)] = word
            chats.append([" ".join(turn) for turn in turns])
        else:
            chats.append([draw(texts), draw(texts)])
    cut = draw(st.integers(0, len(chats) - 1))
    return {"b": chats[cut:], **({"a": chats[:cut]} if cut else {})}


def in_order(sources: dict[str, list[Chat]]) -> list[tuple[str, Chat]]:
    return [(f"{name}/{row}", chat) for name in sources for row, chat in enumerate(sources[name])]


@given(
    corpora(),
    st.sampled_from([None, 0.5, 0.6, 0.75, 0.8, 1.0]),
    st.integers(1, 4),
    st.booleans(),
    st.integers(1, 4),
)
def test_it_decides_as_plain_python_does(
    sources: dict[str, list[Chat]], threshold: float | None, size: int, drop: bool, block: int
) -> None:
    variants = "drop" if drop else "keep"
    found = decide(sources, block, threshold=threshold, shingle=size, variants=variants)
    assert found == oracle(in_order(sources), threshold, size, drop)
    staying = {doc for doc, _ in in_order(sources)} - {
        d for d, fate in found.items() if fate.dropped
    }
    assert all(fate.kept in staying for fate in found.values())


@given(corpora(), st.sampled_from([("longest",), ("shortest",), ()]))
def test_neither_blocks_nor_the_order_of_the_sources_count(
    sources: dict[str, list[Chat]], rules: tuple[str, ...]
) -> None:
    back = dict(reversed(sources.items()))
    settings = {"threshold": 0.6, "shingle": 2, "keep": rules}
    assert decide(sources, 100, **settings) == decide(back, 1, **settings)


def test_rows_that_an_earlier_step_took_are_not_there() -> None:
    step = made()
    chats = [["one and the same question", "yes"]] * 3
    source = seen(step, "a", chats, 2, alive=[False, True, True])
    assert fates_of(step.decide([source])) == {"a/2": Fate("a/1", "exact", 1.0, True)}


def test_there_are_no_chains() -> None:
    """Each text is like the one before it and no other: every second one stays."""
    words = ["".join(pair) for pair in product("abcdefghijklmnopqrst", repeat=2)]
    chain = [[" ".join(words[n * 10 : n * 10 + 100]), "ok"] for n in range(20)]
    found = decide({"a": chain}, threshold=0.75)
    assert sorted(found, key=lambda doc: int(doc[2:])) == [f"a/{n}" for n in range(1, 20, 2)]
    assert {fate.kept for fate in found.values()} == {f"a/{n}" for n in range(0, 20, 2)}


STORY = """A shop by the old harbour sells boxes of oranges to whoever comes along, and its owner, who
has been there since her father died, keeps a small red book in which she writes down what went over
the counter every single day. This morning she opened early because a ship was about to leave, and
sold {} of the boxes before the church bell rang for the first time. Most of the sailors paid at once
but some of them promised to come back after they had seen the captain about their wages. Later, when
it rained and nobody was in the street, a cook from the hotel up the hill took another {} for a great
dinner that the mayor gives each spring to thank those who mended the bridge after the flood. In the
evening she sat down behind the door with a cup of tea, looked at what was left and counted {}. How
many boxes did the shop hold when she turned the key in the lock that morning, if no one stole any?"""


def template(rng: random.Random) -> str:
    return STORY.format(*(rng.randrange(2, 10_000) for _ in range(3)))


def test_rows_of_one_template_with_other_numbers_stay() -> None:
    rng = random.Random(1)
    rows = [[template(rng), f"There were {rng.randrange(30_000)} boxes."] for _ in range(300)]
    found = decide({"a": rows}, block=50)
    assert {fate.kind for fate in found.values()} == {"variant"} and len(found) == 299
    assert not any(fate.dropped for fate in found.values())
    assert sum(fate.dropped for fate in decide({"a": rows}, variants="drop").values()) == 299


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who gave the great dinner for those who mended the bridge?", "variant"),
        ("What did the owner put into her small red book, please?", "near"),  # two words edited
        ("What did they drink?", "near"),  # too few words to tell
    ],
)
@pytest.mark.parametrize("by", ["prompt", "conversation"])
def test_two_questions_on_one_passage(question: str, kind: str, by: str) -> None:
    asked = "What did the owner write into her small red book?"
    chats = [[f"{STORY}\n\nQuestion: {one}", "The mayor"] for one in (asked, question)]
    assert decide({"a": chats}, by=by)["a/1"].kind == kind


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ("On 3 days 14 men and 5 boys walk to the far hill and back", "near"),  # a word
        ("On 3 days 15 men and 5 boys walk to the far mill and back", "variant"),
        ("On 3 days men and 5 boys walk to the far mill and back", "near"),  # a number lost
        ("On three days 14 men and five boys walk to the far mill and back", "near"),
        ("On 5 days 14 men and 3 boys walk to the far mill and back", "variant"),  # exchanged
        ("On 3 days 14 men and 5 boys\nwalk  to the far mill and back ", "exact"),
        ("on 3 days 14 men and 5 boys walk to the far mill and back!", "near"),
    ],
)
def test_what_an_edit_is_and_what_a_variant(other: str, kind: str) -> None:
    chat = "On 3 days 14 men and 5 boys walk to the far mill and back"
    (fate,) = decide({"a": [[chat, ""], [other, ""]]}, threshold=0.5, shingle=1).values()
    assert (fate.kind, fate.dropped) == (kind, kind != "variant")


def test_a_column_and_a_licence_say_which_row_stays() -> None:
    chats = [["the very same question", "yes"]] * 3
    step = made(keep=("largest:score", "licence"))
    a = seen(step, "a", chats, 2, columns={"score": ["1", "x", "3.5"]}, licence="CC-BY-NC-4.0")
    b = seen(step, "b", chats, 2, columns={"score": [3.5, None, 2.0]}, licence="apache-2.0")
    found = fates_of(step.decide([a, b]))
    assert set(found) == {"a/0", "a/1", "a/2", "b/1", "b/2"}
    assert {fate.kept for fate in found.values()} == {"b/0"}


def test_a_column_that_is_nowhere_is_refused() -> None:
    step = made(keep=("smallest:scoer",))
    with pytest.raises(UserError, match="no row has a number in the column 'scoer'"):
        step.decide([seen(step, "a", [["x", "y"]], 1)])


def test_a_threshold_is_no_part_of_a_look() -> None:
    plain = made()
    other = made(threshold=0.6, variants="drop", keep=("longest",))
    assert plain.look_inputs == other.look_inputs and plain.inputs != other.inputs
    for changed in (
        {"by": "prompt"},
        {"shingle": 3},
        {"threshold": None},
        {"keep": ("largest:x",)},
    ):
        assert made(**changed).look_inputs != plain.look_inputs


def test_reasons_name_the_row_that_stays() -> None:
    assert reason("exact", "a/1", 1.0) == "the same text as a/1"
    assert reason("near", "a/1", 0.9999) == "duplicate of a/1, Jaccard 0.99"
    assert reason("variant", "a/1", 0.8) == "variant of a/1, Jaccard 0.80"


def test_texts_of_pairs_are_kept_for_people() -> None:
    step = made(threshold=0.5, shingle=1)
    chats = [["read the long book", "x"], ["read the long page", "x"], ["else", "y"]] * 2
    decision = step.decide([seen(step, "a", chats, 4)])
    [table] = decision.tables["duplicate_texts"]
    assert table.to_pylist() == [
        {"doc_id": "a/0", "text": "read the long book\n\nx", "length": 21},
        {"doc_id": "a/1", "text": "read the long page\n\nx", "length": 21},
        {"doc_id": "a/4", "text": "read the long page\n\nx", "length": 21},
    ]


def test_many_copies_of_one_text_are_quick_work() -> None:
    rng = random.Random(2)
    words = ["".join(rng.choices("abcdefgh", k=6)) for _ in range(120)]
    rows: list[Chat] = []
    for n in range(3000):
        copy = list(words)
        copy[n % 120] = "x" * (1 + n // 120)
        rows.append([" ".join(copy), "ok"])
    found = decide({"a": rows}, block=500)
    values = np.array([fate.jaccard for fate in found.values()])
    assert len(found) == 2999 and (values >= 0.8).all()
