"""What is found in texts, against Python's `re` and by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.steps.filters.phrases import SPECIAL, TULU3
from curate.steps.filters.pii import luhn
from tests.steps.filters.looking import answers, found_by, numbers_of, records_of, values_of

pieces = st.lists(
    st.sampled_from(["OpenAI", "openai", "GPT-3.5", "GPT", "Open", "AI", " ", "-", ".", "3", "é"]),
    max_size=12,
).map("".join)


@given(pieces)
def test_keywords_are_found_as_words_whatever_their_case(text: str) -> None:
    longest = sorted(TULU3, key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b", re.ASCII | re.IGNORECASE)
    entry = {"provider_identity": "tulu3"}
    assert numbers_of(entry, answers(text)) == [len(pattern.findall(text))]


def test_keywords_of_ones_own() -> None:
    entry = {"provider_identity": {"keywords": ["Acme", "C++", "模型"]}}
    texts = ("Acmeist acme", "C++!", "C+++", "我是模型。", "nothing")
    assert numbers_of(entry, answers(*texts)) == [1, 1, 1, 1, 0]
    assert found_by(entry, *texts) == ["'acme'", "'C++'", "'C++'", "'模型'", None]


def test_only_where_a_turn_speaks_of_itself() -> None:
    entry = {"provider_identity": {"keywords": ["Acme"], "speaking_of_itself": True}}
    texts = ("I am Acme.", "I was made by people at Acme!", "Acme is a firm.", "I am here. Acme.")
    assert numbers_of(entry, answers(*texts)) == [1, 1, 0, 0]
    assert numbers_of(entry, answers("That is against Acme's policy.")) == [1]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("As of my last update in April 2023, yes.", 1),
        ("as my latest knowledge was in 2021", 1),
        ("My knowledge cutoff is September 2021.", 1),
        ("It was last updated in 2019; last update in May 2020", 2),
        ("In 2021 they updated it.", 0),
        ("knowledge cutoff", 0),
    ],
)
def test_cutoff_dates(text: str, times: int) -> None:
    assert numbers_of("cutoff_dates", answers(text)) == [times]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("I'm sorry, but I can't help with that.", 1),
        ("I’m very sorry, I cannot do this.", 1),
        ("As an AI language model, I do not have feelings.", 1),
        ("I cannot assist with it", 1),
        ("Sure! I can't wait.", 0),
        ("I'm sorry to hear that. It will pass.", 0),
        ("Unfortunately it rained.", 0),
    ],
)
def test_refusals(text: str, times: int) -> None:
    assert numbers_of("refusal", answers(text)) == [times]


@given(st.lists(st.sampled_from([*SPECIAL[:6], "[INST]", "<s>", "<", "x", "[", " "]), max_size=9))
def test_special_tokens(parts: list[str]) -> None:
    text = "".join(parts)
    longest = sorted(SPECIAL, key=len, reverse=True)
    wanted = len(re.findall("|".join(map(re.escape, longest)), text))
    assert numbers_of("special_tokens", answers(text)) == [wanted]


def test_special_tokens_of_a_tokenizer(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.add_special_tokens(["<|mine|>"])
    made.save(str(tmp_path / "tokenizer.json"))
    entry = {"special_tokens": {"tokenizer": str(tmp_path)}}
    assert numbers_of(entry, answers("a <|mine|><s>", "<|other|>")) == [2, 0]
    path = str(tmp_path / "tokenizer.json")
    length: dict[str, Any] = {"measure": "tokens", "tokenizer": path, "at_most": 1}
    assert numbers_of({"length": length}, answers("a b a", "", "a")) == [3, 0, 1]


def test_turns_of_other_roles_are_looked_at_where_they_are_named() -> None:
    records = records_of([[("system", "x"), ("user", "OpenAI"), ("assistant", "no")]])
    assert numbers_of("provider_identity", records) == [0]
    assert numbers_of({"provider_identity": {"roles": ["user", "system"]}}, records) == [1]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Write to joe.b+x@mail.example.org.", "1 e-mail address"),
        ("a@b, @c.de", None),
        ("Call +49 30 1234567 or (555) 123-4567.", "2 phone numbers"),
        ("In 2021-03-04, 555 1234567", None),
        ("AKIAABCDEFGHIJKLMNOP", "1 key"),
        ("ghp_" + "a1" * 18, "1 key"),
        ("sk-proj-" + "Ab1" * 10, "1 key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "1 key"),
        ("Pay with 4111 1111 1111 1111", "1 credit card number"),
        ("Pay with 4111 1111 1111 1112", None),
        ("From 192.168.0.1 and 10.0.0.255", "2 IP addresses"),
        ("From 300.1.1.1, 127.0.0.1, version 0.1.2.3", None),
    ],
)
def test_personal_data_is_told_by_its_sort(text: str, what: str | None) -> None:
    found = values_of("pii", answers(text))
    assert found.what is not None and found.what.to_pylist() == [what]
    assert (found.value[0] > 0) == (what is not None)


@given(st.text("0123456789", min_size=1, max_size=19))
def test_one_check_digit_of_ten_is_right(digits: str) -> None:
    right = [last for last in "0123456789" if luhn(digits + last)]
    assert len(right) == 1
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(digits))]
    total = sum(d - 9 if d > 9 else d for d in doubled)
    assert right == [str(-total % 10)]
