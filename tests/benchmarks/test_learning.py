"""The benchmark of learning: its data keep what they promise, and its figures are what other ways
of counting give.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import curate
from benchmarks.learning import data, evaluate
from benchmarks.learning.constraints import TYPES, Pair, Type, ask, content_words, kept
from curate.config import load_yaml
from curate.verify import find

PAIRS = [
    Pair(
        "Where do herons build their nests?",
        "Herons build large nests in tall trees near water. They often share a colony with other birds, and come back.",
    ),
    Pair(
        "Say why bread rises.\n\nWheat bread",
        "Yeast eats the sugar of the dough. It sets free a gas. The gas makes bubbles, which the dough holds fast.",
    ),
    Pair("Name three rivers.", "The Danube, the Volga and the Loire are long rivers of Europe."),
    Pair(
        "What should a careful gardener do in the late autumn?",
        "Cut back dead stems, cover tender plants with straw, and empty the water butts before frost. Clean every tool"
        " with an oiled cloth. Leave some seed heads for hungry birds, since winter is hard on them, and plan for"
        " spring.",
    ),
]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


# What each type asks for, said again in another way.
ORACLE: dict[str, Callable[[str, dict[str, Any]], bool]] = {
    "punctuation:no_comma": lambda text, _: text.count(",") == 0,
    "change_case:english_lowercase": lambda text, _: text == text.lower(),
    "change_case:english_capital": lambda text, _: text == text.upper(),
    "startend:quotation": lambda text, _: text[0] + text[-1] == '""' and '"' not in text[1:-1],
    "startend:end_checker": lambda text, asked: (
        text[-len(asked["end_phrase"]) :] == asked["end_phrase"]
    ),
    "detectable_format:title": lambda text, _: re.match(r"<<[A-Z].*>>\n.", text) is not None,
    "detectable_content:postscript": lambda text, asked: text.split("\n\n")[-1].startswith(
        asked["postscript_marker"] + " "
    ),
    "detectable_format:number_bullet_lists": lambda text, asked: (
        [line[:2] for line in text.split("\n")] == ["- "] * asked["num_bullets"]
    ),
    "detectable_format:number_highlighted_sections": lambda text, asked: (
        text.count("*") == 2 * asked["num_highlights"]
    ),
    "detectable_content:number_placeholders": lambda text, asked: (
        text.count("[") == text.count("]") == asked["num_placeholders"]
    ),
    "keywords:existence": lambda text, asked: all(
        word in words(text.lower()) for word in asked["keywords"]
    ),
    "length_constraints:number_words": lambda text, asked: (
        (len(words(text)) < asked["num_words"]) == (asked["relation"] == "less than")
    ),
    "detectable_format:json_format": lambda text, _: list(json.loads(text)) == ["answer"],
    "combination:two_responses": lambda text, _: len(set(text.split("\n******\n"))) == 2,
    "combination:repeat_prompt": lambda text, asked: (
        text.split("\n\n", asked["prompt_to_repeat"].count("\n\n") + 1)[:-1]
        == asked["prompt_to_repeat"].split("\n\n")
    ),
    "change_case:capital_word_frequency": lambda text, asked: (
        sum(word.isupper() for word in words(text)) >= asked["capital_frequency"]
    ),
    "length_constraints:number_paragraphs": lambda text, asked: (
        len([one for one in text.split("\n***\n") if one]) == asked["num_paragraphs"]
    ),
}


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.id)
def test_a_rewritten_answer_keeps_what_is_asked(kind: Type) -> None:
    kept_rows = 0
    for seed, pair in ((seed, pair) for seed in range(40) for pair in PAIRS):
        rng = Random(seed)
        asked = ask(kind, pair, rng)
        assert asked is not None
        assert pair.instruction in asked.prompt and len(asked.prompt) > len(pair.instruction) + 10
        assert json.loads(asked.ground_truth) == [{"id": kind.id, "kwargs": asked.arguments}]
        assert "{" not in asked.prompt, "an argument that no wording says"
        for value in asked.arguments.values():
            told = value if isinstance(value, list) else [value]
            assert all(str(one).lower() in asked.prompt.lower() for one in told)
        answer = kept(kind, pair, asked, rng)
        if answer is not None:
            kept_rows += 1
            assert ORACLE[kind.id](answer, asked.arguments), (answer, asked.arguments)
    assert kept_rows >= 40, "hardly any answer could be rewritten"


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.id)
def test_the_plain_answer_seldom_keeps_it(kind: Type) -> None:
    rng, passed = Random(1), []
    for pair in PAIRS * 10:
        asked = ask(kind, pair, rng)
        assert asked is not None
        passed.append(find("ifeval")(pair.answer, asked.ground_truth).passed)
    expected = {
        "keywords:existence": 1.0,
        "punctuation:no_comma": 0.0,
        "length_constraints:number_words": 0.3,
    }
    assert np.mean(passed) == pytest.approx(expected.get(kind.id, 0.0), abs=0.3)


def test_every_dose_names_a_type() -> None:
    assert set(data.DOSES) <= {kind.id for kind in TYPES}
    assert len({kind.id for kind in TYPES}) == len(TYPES)


def test_no_keywords_where_the_answer_has_none_of_its_own() -> None:
    [existence] = [kind for kind in TYPES if kind.id == "keywords:existence"]
    assert ask(existence, Pair("Name a bird.", "A bird."), Random(0)) is None
    assert content_words("The old mill and the Mill of which they spoke") == ["mill", "spoke"]


paragraphs = st.lists(
    st.sampled_from(["a b", "A, b!", "c", "d e f", "g", "h i"]), min_size=1, max_size=3
)


@given(st.lists(paragraphs, max_size=8))
def test_groups_are_the_connected_parts(texts: list[list[str]]) -> None:
    pairs = [Pair("\n\n".join(text), f"{i}") for i, text in enumerate(texts)]
    keys = [{" ".join(words(one.lower())) for one in text} for text in texts]
    reach = np.eye(len(pairs), dtype=bool)
    for one, other in combinations(range(len(pairs)), 2):
        reach[one, other] = reach[other, one] = bool(keys[one] & keys[other])
    for _ in pairs:
        reach = reach @ reach
    expected = {frozenset(np.flatnonzero(row).tolist()) for row in reach}
    assert {
        frozenset(int(pair.answer) for pair in group) for group in data.groups(pairs)
    } == expected


def test_sides_share_no_paragraph_and_depend_on_no_order() -> None:
    rng = Random(0)
    pairs = data.once(
        Pair(f"Task {rng.randrange(900)}\n\ninput {rng.randrange(900)}", "x") for _ in range(400)
    )
    split = data.sides(pairs)
    assert sum(map(len, split.values())) == len(pairs)
    assert all(len(split[side]) > 20 for side in ("heldout", "rlvr", "sft"))
    found = [
        {part for pair in own for part in pair.instruction.split("\n\n")} for own in split.values()
    ]
    assert not any(one & other for one, other in combinations(found, 2))
    assert data.sides(pairs[::-1]) == split


@pytest.mark.parametrize(
    ("pair", "good"),
    [
        (Pair("Name a tree.", "An old elm."), True),
        (Pair("Name a tree.", "Elm."), False),
        (Pair("Name a tree.", "- an elm tree, say"), False),
        (Pair("Name a tree.", "- an elm tree\n- an oak tree"), True),
        (Pair("Name a trée.", "An old elm."), False),
        (Pair("Name a tree.\n\n<No input>", "An old elm."), False),
        (Pair("Name a tree. " * 20, "An old elm."), False),
        (Pair("Name a tree.", "It is `elm` here."), False),
    ],
)
def test_what_is_sound(pair: Pair, good: bool) -> None:
    assert data.sound(pair) is good


@pytest.fixture
def made_data(tmp_path: Path) -> Path:
    """A folder like the real one, with a few rows of each set, written here."""
    rng = Random(3)
    nouns = (
        "heron river mill bakery garden forest market harbour castle library meadow orchard".split()
    )
    verbs = "guards feeds carries remembers repairs watches crosses follows".split()

    def sentence() -> str:
        return (
            f"The {rng.choice(nouns)} {rng.choice(verbs)} the {rng.choice(nouns)}, "
            f"and the {rng.choice(nouns)} waits."
        )

    rows = [
        {
            "instruction": f"Tell me of {one} and {other} {n}.",
            "input": "",
            "output": f"{sentence()} {sentence()}",
        }
        for n in range(3)
        for one, other in combinations(nouns, 2)
    ]
    code = [
        {
            "instruction": f"Print {n} in Python.",
            "input": "",
            "response": f"print({n})\nprint('done')",
        }
        for n in range(30)
    ]
    pairs = [
        {
            "id": str(n),
            "prompt": f"Tell me of {n}.",
            "chosen": sentence(),
            "rejected": f"  {sentence()}",
        }
        for n in range(9)
    ]
    said = "\n\nHuman: Hello\n\nAssistant: "
    judged = [
        {
            "input": f"Speak of {n}.",
            "output_1": "One thing.",
            "output_2": "Two.",
            "label": n % 2 + 1,
        }
        for n in range(4)
    ]
    vote = {
        "instruction": "Say it.",
        "input": "",
        "response1": "First.",
        "response2": "Second one.",
    }
    votes = [
        vote | {f"annotator{i}": label for i, label in enumerate(labels, 1)}
        for labels in ((1, 2, 1), (0, 0, 1), (2, 2, 2))
    ]
    folder = tmp_path / "raw"
    files: dict[str, str] = {
        "sft/alpaca_libre/output__work__alpaca_libre_tasks_v1.jsonl": lines(rows[:150])
        + '{"broken\n',
        "sft/llama_factory_demo/alpaca_en_demo.json": json.dumps(rows[150:]),
        "sft/gpteacher/codegen-instruct.json": json.dumps(code),
        "preference/coconot/coconot_pref.jsonl": lines(pairs),
        "preference/llmbar/LLMBar__Natural__dataset.json": json.dumps(judged),
        "preference/llmbar/CaseStudy__Base_9__dataset.json": json.dumps(judged),
        "preference/pandalm/testset-v1.json": json.dumps(votes),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "preference/hh_rlhf").mkdir()
    with gzip.open(folder / "preference/hh_rlhf/test.jsonl.gz", "wt") as packed:
        packed.write(
            lines([{"chosen": f"{said}Hello to you.", "rejected": f"{said}Go away, please."}])
        )
    (folder / data.QUESTIONS).parent.mkdir(parents=True)
    with (folder / data.QUESTIONS).open("w", newline="") as file:
        csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None).writerows(
            [
                [f"Can number {n} be even?", "yes" if n % 2 == 0 else "no", sentence()]
                for n in range(40)
            ]
        )
    return folder


def lines(rows: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_files_are_made_the_same_each_time(made_data: Path, tmp_path: Path) -> None:
    files = data.make(made_data, tmp_path / "one")
    data.make(made_data, tmp_path / "two")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert [name for name in names if name.endswith(".jsonl")] == [
        "heldout.jsonl",
        "preference.jsonl",
        "relaxed.jsonl",
        "rlvr.jsonl",
        "sft.jsonl",
    ]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert files["sft"] == evaluate.read_rows(tmp_path / "one" / "sft.jsonl")
    check_rows(files)


def test_pairs_are_the_right_way_round(made_data: Path) -> None:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in data.preference(made_data):
        found.setdefault(row["set"], []).append(
            (row["chosen"][0]["content"], row["rejected"][0]["content"])
        )
    assert sorted(found["llmbar"]) == [("One thing.", "Two.")] * 2 + [("Two.", "One thing.")] * 2
    assert sorted(found["pandalm"]) == [
        ("First.", "Second one."),
        ("Second one.", "First."),
    ]  # a draw is left out
    assert found["hh"] == [("Hello to you.", "Go away, please.")]
    assert len(found["coconot"]) == 9
    assert not any(text != text.strip() for own in found.values() for pair in own for text in pair)


def test_of_a_relaxed_pair_only_the_chosen_answer_keeps_what_is_asked() -> None:
    """Judged here by the rules said in other words; the rejected answer is the one that was there
    before.
    """
    pairs = [Pair(f"{pair.instruction} ({n})", pair.answer) for n in range(40) for pair in PAIRS]
    rows = data.relaxed(pairs)
    answers = {pair.answer for pair in pairs}
    assert len(rows) > 60
    assert len({row["prompt"][0]["content"] for row in rows}) == len(rows)
    told = 0
    for row in rows:
        [prompt], [chosen], [rejected] = row["prompt"], row["chosen"], row["rejected"]
        assert rejected["content"] in answers
        for name in (
            "startend:end_checker",
            "detectable_format:json_format",
            "change_case:english_lowercase",
        ):
            [kind] = [kind for kind in TYPES if kind.id == name]
            phrases = [wording.split("{")[0].strip() for wording in kind.wordings]
            if not any(phrase in prompt["content"] for phrase in phrases):
                continue
            ends = re.findall(r'"([^"]+)"|phrase: (.+?\.|.+?\?)', prompt["content"]) or [("", "")]
            asked = {"end_phrase": "".join(ends[-1])}
            assert ORACLE[name](chosen["content"], asked)
            if name != "detectable_format:json_format":
                assert not ORACLE[name](rejected["content"], asked)
            told += 1
    assert told > 10


def check_rows(files: dict[str, data.Rows]) -> None:
    """What must hold of the rows of any data."""
    relaxed = {row["prompt"][0]["content"] for row in files["relaxed"]}
    for name in ("sft", "heldout"):
        own = {
            row["messages"][0]["content"] if name == "sft" else row["instruction"]
            for row in files[name]
        }
        assert not own & relaxed
    prompts = {name: {row["instruction"] for row in files[name]} for name in ("rlvr", "heldout")}
    trained = [row["messages"][0]["content"] for row in files["sft"]]
    assert not prompts["rlvr"] & prompts["heldout"]
    for name in ("rlvr", "heldout"):
        assert not any(instruction == prompt for instruction in prompts[name] for prompt in trained)
        asked = Counter((row["instruction"], row["type"]) for row in files[name])
        assert max(asked.values()) == 1
        for row in files[name]:
            assert row["instruction"] in row["prompt"]
            assert [one["id"] for one in json.loads(row["ground_truth"])] == [row["type"]]
            find(row["verifier"])("An answer.", row["ground_truth"])  # a label that can be read
    doses = Counter(row["type"] for row in files["sft"])
    assert all(doses[kind] <= dose for kind, dose in data.DOSES.items())
    assert all(row["messages"][1]["content"].strip() for row in files["sft"])


@pytest.mark.slow
def test_real_data_are_enough_and_clean(shared_data: Path, tmp_path: Path) -> None:
    files = data.make(shared_data, tmp_path)
    check_rows(files)
    doses = Counter(row["type"] for row in files["sft"])
    assert {kind: doses[kind] for kind in data.DOSES} == data.DOSES
    assert Counter(row["type"] for row in files["heldout"]) == dict.fromkeys(
        data.DOSES, data.HELD_OUT
    )
    each = -(-data.RLVR // len(data.DOSES))
    learnt = data.DOSES.keys() - set(data.SETTLED)
    assert Counter(row["type"] for row in files["rlvr"]) == dict.fromkeys(learnt, each)
    assert len(files["sft"]) > 3000
    assert {row["set"] for row in files["preference"]} == set(data.PAIRS)
    assert len(files["relaxed"]) > 700
    for name in ("sft", "preference", "rlvr"):
        held = load_yaml(tmp_path / f"{name}.yaml").get("output", {}).get("validation")
        assert (held or 0) >= (0 if name == "rlvr" else 200)
        curate.build(tmp_path / f"{name}.yaml", tmp_path / name)
        [removed] = curate.sql(
            tmp_path / name, "select count(*) as n from documents where fate = 'removed'"
        ).to_pylist()
        assert removed["n"] < 0.05 * len(files[name])
        if held:
            assert len(evaluate.validation(tmp_path / name)) == held
        for split in ("train", "validation") if held else ("train",):
            again = curate.decontaminate(
                str(tmp_path / name),
                suite=str(tmp_path / "suite.yaml"),
                profile="default",
                split=split,
            )
            assert len(again.dropped) == 0, "what was built holds none of the held-out instructions"
