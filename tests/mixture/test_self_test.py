"""The self-test of a build: its table, the same whoever does the work, and no byte of the data
changed by it.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from curate.steps.decontaminate.mutations import MUTATIONS
from tests.command import call
from tests.corpus import ask, build_in, chat, digests, sentence, write_lines, write_recipe

N = {"a": 9, "b": 5}
WITH_ANSWER = 9
PLANTED = [name for name in MUTATIONS if name not in ("numbers-as-words", "names", "synonyms", "latex", "code", "options")]  # fmt: skip  # noqa: E501
"""Those of which the items below have something."""
MATCHERS = ["ngram", "exact", "robust"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Two benchmarks, of which one has answers, and sixty clean conversations but for one leak."""
    folder, rng = tmp_path_factory.mktemp("made"), random.Random(6)
    rows = {
        name: [{"question": sentence(rng, 24) + "."} for _ in range(n)] for name, n in N.items()
    }
    for number, row in enumerate(rows["a"]):
        row["gold"] = f"The answer is {number}."
    for name, own in rows.items():
        write_lines(folder / f"{name}.jsonl", own)
    specs = [{"name": name, "from": f"{name}.jsonl", "fields": ["question"]} for name in N]
    specs[0]["answer"] = "gold"
    (folder / "suite.yaml").write_text(json.dumps({"benchmarks": specs}))
    chats = [chat(sentence(rng, 15), sentence(rng, 6)) for _ in range(60)]
    chats[17] = chat(rows["b"][0]["question"], "Yes.")
    write_lines(folder / "chats.jsonl", chats)
    recipe = {
        "sources": [{"name": "chats", "from": "chats.jsonl"}],
        "decontaminate": {"suite": "suite.yaml"},
        "output": {"validation": 5},
    }
    return folder, recipe


def lines(out: Path) -> list[dict[str, Any]]:
    return ask(out, "FROM selftest ORDER BY ALL")


def with_self_test(recipe: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The recipe with a self-test."""
    return recipe | {"decontaminate": recipe["decontaminate"] | changed | {"self_test": True}}


@pytest.fixture(scope="module")
def tested(made: tuple[Path, dict[str, Any]]) -> Path:
    folder, recipe = made
    return build_in(folder, with_self_test(recipe), "tested", workers=1).folder


def test_every_mutation_is_told_of_every_matcher_and_benchmark(tested: Path) -> None:
    found = {(row["matcher"], row["mutation"], row["benchmark"]): row for row in lines(tested)}
    assert len(found) == len(lines(tested))
    for matcher in ["all", *MATCHERS]:
        assert found.pop((matcher, "clean", None))["planted"] == 60
        assert found.pop((matcher, "sibling", None))["planted"] == sum(N.values())
        for mutation in PLANTED:
            whole = found.pop((matcher, mutation, None))
            names = ["a"] if mutation == "with-answer" else list(N)
            own = [found.pop((matcher, mutation, name)) for name in names]
            assert [row["planted"] for row in own] == [N[name] for name in names]
            for key in ("planted", "found", "noticed"):
                assert whole[key] == sum(row[key] for row in own)
            for row in (whole, *own):
                assert row["recall"] == row["found"] / row["planted"]
                assert 0 <= row["low"] <= row["recall"] <= row["high"] <= 1
    assert not found


def test_what_the_matchers_are_known_to_find(tested: Path) -> None:
    """Copies as they are hold every window and are equal turns; every sixth word replaced leaves no
    window of eight.
    """
    recall = {
        (row["matcher"], row["mutation"]): row["recall"]
        for row in lines(tested)
        if row["benchmark"] is None
    }
    for name in ("verbatim", "rewrapped", "two-turns", "embedded", "with-answer"):
        assert recall["all", name] == recall["ngram", name] == recall["robust", name] == 1
    assert recall["exact", "verbatim"] == recall["exact", "rewrapped"] == 1
    assert recall["exact", "embedded"] == recall["exact", "with-answer"] == 0
    assert recall["ngram", "every-6th"] == recall["ngram", "every-4th"] == 0
    assert recall["robust", "every-6th"] == recall["all", "every-6th"] == 1
    for name in PLANTED:
        assert recall["all", name] >= max(recall[matcher, name] for matcher in MATCHERS)


def test_the_leak_of_the_corpus_is_the_only_alarm(tested: Path) -> None:
    clean = {row["matcher"]: row["found"] for row in lines(tested) if row["mutation"] == "clean"}
    assert clean == dict.fromkeys(["all", *MATCHERS], 1)


@pytest.mark.parametrize(("workers", "block_bytes"), [(2, 700), (3, 1), (1, 16 << 20)])
def test_it_is_the_same_in_any_pieces(
    made: tuple[Path, dict[str, Any]], tested: Path, workers: int, block_bytes: int
) -> None:
    folder, recipe = made
    out = build_in(
        folder, with_self_test(recipe), f"w{workers}", workers=workers, block_bytes=block_bytes
    ).folder
    assert lines(out) == lines(tested)
    assert digests(out) == digests(tested)


def test_no_byte_of_the_data_is_changed_by_it(
    made: tuple[Path, dict[str, Any]], tested: Path
) -> None:
    plain = build_in(*made, "plain").folder
    one, other = digests(plain), digests(tested)
    assert one.pop("README.md") != other.pop("README.md")  # the card tells what was found
    assert one == other
    assert lines(plain) == []


def test_one_matcher_is_all_of_them(made: tuple[Path, dict[str, Any]]) -> None:
    folder, recipe = made
    out = build_in(folder, with_self_test(recipe, profile="tulu3"), "ngram-alone").folder
    assert {row["matcher"] for row in lines(out)} == {"all"}


def test_another_seed_plants_other_copies(made: tuple[Path, dict[str, Any]], tested: Path) -> None:
    folder, recipe = made
    out = build_in(folder, with_self_test(recipe) | {"seed": 7}, "seeded").folder
    assert [row["planted"] for row in lines(out)] == [row["planted"] for row in lines(tested)]


def test_the_command_prints_it(made: tuple[Path, dict[str, Any]], tested: Path) -> None:
    call_ = ("decontaminate", "chats.jsonl", "--suite", "suite.yaml")
    done = call(*call_, "--self-test", "--json", "-o", "told", cwd=made[0])
    assert (done.code, done.err) == (0, "")
    told = {
        line.pop("mutation"): line
        for line in json.loads(done.out)["steps"]["decontaminate"]["self_test"]
    }
    audit = {row["mutation"]: row for row in lines(made[0] / "told") if row["matcher"] == "all"}
    whole = [
        row
        for row in lines(made[0] / "told")
        if row["matcher"] == "all" and row["benchmark"] is None
    ]
    assert set(told) == set(audit) == {*PLANTED, "clean", "sibling"}
    assert told == {
        row["mutation"]: {
            key: row[key] for key in ("planted", "found", "noticed", "recall", "low", "high")
        }
        for row in whole
    }
    without = call(*call_, "--json", "-o", "untold", cwd=made[0])
    assert "self_test" not in json.loads(without.out)["steps"]["decontaminate"]


def test_there_must_be_something_to_test(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("hello", "yes")])
    recipe = write_recipe(tmp_path / "plain.yaml", sources=[{"name": "a", "from": "a.jsonl"}])
    done = call("build", recipe, "--self-test", "-o", tmp_path / "out", cwd=tmp_path)
    assert (done.code, done.err) == (
        2,
        "curate: --self-test: the recipe has no step that takes it\n",
    )
