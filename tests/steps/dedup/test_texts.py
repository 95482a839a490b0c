"""What of a row is compared: turns, tool calls and reasoning, of which columns, and what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from curate.errors import UserError
from curate.records import body_schema
from curate.steps.dedup import texts
from curate.steps.dedup.keep import Ranked, freedom, ranks
from curate.steps.dedup.words import differing
from curate.steps.step import Records
from curate.turns import all_turns

Message = dict[str, str]


def turn(role: str, content: str, **more: str) -> Message:
    return {"role": role, "content": content, **more}


def records(kind: str, *rows: dict[str, Any]) -> Records:
    table = pa.Table.from_pylist(list(rows), schema=body_schema(kind))
    own = all_turns(kind, table)
    return Records("x", kind, table, np.arange(len(rows)), own, own.content_hashes())


def read(own: Records, by: str) -> list[str]:
    return [text for _, text in texts.read(texts.compared(own, by))]


def same(own: Records, by: str = "conversation") -> tuple[bool, bool]:
    """Whether two rows are equal, and whether they have the same shingles."""
    found = texts.folded(texts.compared(own, by))
    a, b = texts.exact(found)
    sets = texts.shingles(found, 2)
    one, other = np.split(sets.hashes, [sets.first[1]])
    return bool((a == b).all()), np.array_equal(one, other)


def sft(*turns: Message) -> dict[str, Any]:
    return {"messages": list(turns)}


def test_what_is_compared_of_an_sft_row() -> None:
    row = sft(
        turn("system", "Be kind."),
        turn("user", "What is it?"),
        turn("assistant", "", tool_calls='[{"name": "look"}]'),
        turn("tool", "a cat"),
        turn("assistant", "A cat.", reasoning_content="It purrs."),
    )
    own = records("sft", row, sft(turn("user", "Hi"), turn("assistant", "Ho")))
    prompt = 'Be kind.\n\nWhat is it?\n\n\n\n[{"name": "look"}]\n\na cat'
    assert read(own, "prompt") == [prompt, "Hi"]
    assert read(own, "response") == ["A cat.\n\nIt purrs.", "Ho"]
    assert read(own, "conversation") == [f"{prompt}\n\nA cat.\n\nIt purrs.", "Hi\n\nHo"]


def test_other_tool_calls_are_another_row() -> None:
    rows = [
        sft(turn("user", "Look"), turn("assistant", "", tool_calls=f'[{{"name": "{name}"}}]'))
        for name in ("near", "far")
    ]
    assert same(records("sft", *rows)) == (False, False)
    assert same(records("sft", *rows), "prompt") == (True, True)


def test_a_system_turn_counts_for_equal_rows_alone() -> None:
    rows = [
        sft(turn("system", told), turn("user", "Who are you?"), turn("assistant", "A friend."))
        for told in ("You are a friend.", "You are a foe.")
    ]
    assert same(records("sft", *rows)) == (False, True)


def test_a_pair_the_other_way_round_is_another_pair() -> None:
    prompt = [turn("user", "Which one is it?")]
    good, bad = [turn("assistant", "The first of them.")], [turn("assistant", "None at all.")]
    rows = [
        {"prompt": prompt, "chosen": good, "rejected": bad},
        {"prompt": prompt, "chosen": bad, "rejected": good},
    ]
    assert same(records("preference", *rows)) == (False, False)
    assert same(records("preference", *rows), "prompt") == (True, True)
    assert read(records("preference", *rows), "response")[0] == "The first of them.\n\nNone at all."


def test_prompts_of_several_kinds_are_one_text() -> None:
    turns = [turn("user", "Which  one\nis it?")]
    one = records("sft", sft(*turns, turn("assistant", "This.")))
    others = [
        records("prompt", {"prompt": turns}),
        records("rlvr", {"prompt": turns, "verifier": "math", "ground_truth": "1"}),
        records(
            "preference",
            {
                "prompt": turns,
                "chosen": [turn("assistant", "a")],
                "rejected": [turn("assistant", "b")],
            },
        ),
    ]
    mine = texts.compared(one, "prompt")
    for other in others:
        theirs = texts.compared(other, "prompt")
        assert (texts.exact(theirs) == texts.exact(mine)).all()
        assert (texts.shingles(theirs, 3).hashes == texts.shingles(mine, 3).hashes).all()


@pytest.mark.parametrize("kind", ["prompt", "rlvr"])
def test_kinds_without_a_response_have_none_to_compare(kind: str) -> None:
    texts.refuse("prompt", kind)
    with pytest.raises(UserError, match=f"rows of kind {kind} have no response"):
        texts.refuse("response", kind)


@pytest.mark.parametrize(
    ("licence", "place"),
    [
        ("CC0-1.0", 0), ("MIT", 1), ("Apache-2.0", 1), ("ODC-BY", 1), ("CC-BY-4.0", 1),
        ("cc-by-sa-4.0", 2), ("GPLv3", 2), (None, 3), ("see the card", 3), ("CC BY-NC 4.0", 4),
        ("Non-commercial", 4), ("cc-by-nd-4.0", 4),
    ],
)  # fmt: skip
def test_licences_stand_in_an_order(licence: str | None, place: int) -> None:
    assert freedom(licence) == place


def test_rules_come_one_after_the_other_and_other_data_before_all() -> None:
    rows = Ranked(
        source=np.array([0, 1, 1, 2, 2], np.int32),
        n_against=1,
        names=["other", "b", "a"],
        licences=[None, "cc-by-nc-4.0", "MIT"],
        length=np.array([1, 5, 9, 5, 2]),
        columns={"score": np.array([np.nan, 2.0, np.nan, 1.0, 1.0])},
    )

    def order(*rules: str) -> list[int]:
        found: list[int] = np.argsort(ranks(rules, rows)).tolist()
        return found

    assert order() == [0, 3, 4, 1, 2]  # by name
    assert order("source") == [0, 1, 2, 3, 4]
    assert order("licence") == [0, 3, 4, 1, 2]
    assert order("longest") == [0, 2, 3, 1, 4]
    assert order("shortest", "source") == [0, 4, 1, 3, 2]
    assert order("largest:score") == [0, 1, 3, 4, 2]
    assert order("smallest:score", "longest") == [0, 3, 4, 1, 2]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("caf\u00e9 au lait", "cafe\u0301 au lait", True),
        ("the \ufb01rst of\u00a0all", "the fi\u00adrst\tof \u200ball", True),
        ("“Go” — he’s gone…", '"Go" - he\'s gone...', True),
        ("p\u00eache de vigne", "p\u00e8che de vigne", False),
        ("is 3 ≠ 4 so", "is 3 =\u0338 4 so", True),
        ("is 3 ≠ 4 so", "is 3 = 4 so", False),
        ("take 0.3\u0305 of it", "take 0.3 of it", False),
        ("read 10₂ aloud", "read 102 aloud", False),
        ("what is &lt; here", "what is < here", False),
        ("use <b>bold</b> here", "use <i>bold</i> here", False),
    ],
)
def test_forms_of_characters_make_no_difference_and_accents_and_tags_do(
    one: str, other: str, equal: bool
) -> None:
    rows = [sft(turn("user", text), turn("assistant", "Yes.")) for text in (one, other)]
    assert same(records("sft", *rows)) == (equal, equal)


def test_the_words_that_differ_stand_as_they_are_written() -> None:
    ours, theirs = differing("the \ufb01r\u00adst\tday", "the first night")
    assert ours == [("the \ufb01r\u00adst\t", False), ("day", True)]
    assert theirs == [("the first ", False), ("night", True)]


def test_blanks_belong_to_words_that_both_texts_have() -> None:
    ours, theirs = differing(" a  b c\n", "a x y b\nc")
    assert ours == [(" a  b c\n", False)]
    assert theirs == [("a ", False), ("x y", True), (" b\nc", False)]
    assert differing("\n", "a") == ([("\n", False)], [("a", True)])


def test_long_texts_of_few_words_are_aligned_all_the_same() -> None:
    words = ["the", "of"] * 1500
    ours, theirs = differing(" ".join(words), " ".join([*words[:700], "sea", *words[700:]]))
    assert not any(differs for _, differs in ours)
    assert [text for text, differs in theirs if differs] == ["sea"]
