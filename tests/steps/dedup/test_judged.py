"""Verdicts on duplicates: a pair that is none stays, the sample is random and stable, and the estimate
is Wilson's; and duplicates whose labels differ are named."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from curate.audit.sql import sql
from curate.audit.words import interval_of
from curate.intervals import wilson
from curate.verdicts import DUPLICATES, Ruling, load_verdicts, save_verdicts
from tests.command import call
from tests.corpus import ask, build_in, chat, reconcile, sentence, write_lines

SOURCES = [{"name": "a", "from": "a.jsonl"}]


def prose(rng: random.Random, n: int) -> list[str]:
    """Words without a digit: another digit would be another exercise."""
    return ["".join(c for c in word if not c.isdigit()) for word in sentence(rng, n).split()]


def near_copies(folder: Path, n: int) -> None:
    """So many rows, each followed by one that has another word in its middle."""
    rng = random.Random(5)
    rows = []
    for place in range(n):
        words = prose(rng, 60)
        rows.append(chat(" ".join(words), "Well, yes."))
        words[30] = f"other{chr(97 + place % 26)}"
        rows.append(chat(" ".join(words), "Well, yes."))
    write_lines(folder / "a.jsonl", rows)


def drawn(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(call("review", out, "--json", cwd=out).out)[
        "duplicates"
    ]
    return rows


def judge(path: Path, pairs: list[dict[str, Any]], wrong: set[int]) -> None:
    words = ["not-a-duplicate" if place in wrong else "duplicate" for place in range(len(pairs))]
    hashes = [(pair["row_hash"], pair["stays_hash"]) for pair in pairs]
    rulings = [
        Ruling(pair["row"], pair["stays"], word, None, *own)
        for pair, word, own in zip(pairs, words, hashes, strict=True)
    ]
    save_verdicts(path, [], rulings)


def test_a_pair_that_is_no_duplicate_stays_and_the_estimate_is_told(tmp_path: Path) -> None:
    near_copies(tmp_path, 12)
    first = build_in(tmp_path, {"sources": SOURCES, "dedup": {}}, "first").folder
    pairs = drawn(first)
    assert [pair["drawn"] for pair in pairs] == list(range(1, 13))
    judge(tmp_path / "verdicts.yaml", pairs[:10], wrong={3})
    recipe = {"sources": SOURCES, "dedup": {"verdicts": "verdicts.yaml"}}
    built = build_in(tmp_path, recipe, "second")
    left = ask(built.folder, "SELECT doc_id, verdict FROM duplicates WHERE NOT dropped")
    assert left == [{"doc_id": pairs[3]["row"], "verdict": "not-a-duplicate"}]
    reconcile(built.folder)
    (found,) = ask(built.folder, "FROM wrong_removals")
    assert (found["sampled"], found["judged"], found["wrong"]) == (12, 10, 1)
    assert (found["low"], found["high"]) == pytest.approx(wilson(1, 10), abs=1e-5)
    said = "of 10 pairs judged 1 was wrong: 10 %, 1.8 to 40.4"
    page = (built.folder / "report.html").read_text("utf-8").replace("\u00a0", " ")
    assert said in page and said in (built.folder / "README.md").read_text("utf-8")
    shown = call("build", tmp_path / "recipe.yaml", "-o", tmp_path / "third", cwd=tmp_path)
    assert said in shown.out
    # The same pairs are drawn again, the judged ones last.
    assert {pair["row"] for pair in drawn(built.folder)} == {pair["row"] for pair in pairs}
    assert sql(built.folder, "wrong-removals").to_pylist()[0]["percent"] == 10


def test_a_verdict_holds_whichever_row_stays_and_is_void_without_its_texts(tmp_path: Path) -> None:
    near_copies(tmp_path, 3)
    first = build_in(tmp_path, {"sources": SOURCES, "dedup": {}}, "first").folder
    judge(tmp_path / "verdicts.yaml", drawn(first), wrong={0})
    given = load_verdicts(tmp_path / "verdicts.yaml", DUPLICATES)
    gone = Ruling("a/9", "a/8", "duplicate", "long ago", "0" * 32, "1" * 32)
    save_verdicts(tmp_path / "verdicts.yaml", [], [*given, gone])
    spec = {"verdicts": "verdicts.yaml", "keep": ["shortest"]}
    second = build_in(tmp_path, {"sources": SOURCES, "dedup": spec}, "second").folder
    assert len(ask(second, "FROM duplicates WHERE NOT dropped")) == 1
    void = ask(second, "SELECT doc_id, void FROM duplicate_verdicts WHERE void IS NOT NULL")
    assert void == [{"doc_id": "a/9", "void": "one of the two texts is not there any more"}]


def test_a_pair_that_is_no_duplicate_is_told_before_a_variant_that_is_more_alike(
    tmp_path: Path,
) -> None:
    words = prose(random.Random(8), 80)
    other = [*words[:40], "green", *words[41:70], "brown", *words[71:]]
    numbers = [[*other[:20], number, *other[20:]] for number in ("3", "4")]
    rows = [[*words[:20], "4", *words[20:]], *numbers]
    write_lines(tmp_path / "a.jsonl", [chat(" ".join(row), "Well, yes.") for row in rows])
    dedup = {"threshold": 0.6}
    first = build_in(tmp_path, {"sources": SOURCES, "dedup": dedup}, "first").folder
    [pair] = drawn(first)
    assert (pair["row"], pair["stays"]) == ("a/2", "a/0")
    judge(tmp_path / "verdicts.yaml", [pair], wrong={0})
    spec = dedup | {"verdicts": "verdicts.yaml"}
    second = build_in(tmp_path, {"sources": SOURCES, "dedup": spec}, "second").folder
    found = ask(
        second, "SELECT doc_id, kept_id, kind, verdict FROM duplicates WHERE doc_id = 'a/2'"
    )
    assert found == [
        {"doc_id": "a/2", "kept_id": "a/0", "kind": "near", "verdict": "not-a-duplicate"}
    ]
    assert ask(second, "FROM wrong_removals")[0]["wrong"] == 1


def test_variants_that_are_dropped_have_other_labels_by_right(tmp_path: Path) -> None:
    words = prose(random.Random(2), 40)
    rows = [
        {"prompt": " ".join([*words, n]), "verifier": "string", "ground_truth": n}
        for n in ("3", "4")
    ]
    write_lines(tmp_path / "a.jsonl", rows)
    spec = {"by": "prompt", "variants": "drop"}
    built = build_in(tmp_path, {"kind": "rlvr", "sources": SOURCES, "dedup": spec})
    assert ask(built.folder, "SELECT kind, dropped, other_label FROM duplicates") == [
        {"kind": "variant", "dropped": True, "other_label": None}
    ]
    assert not any("ground truth" in note for note in built.summary.notes)


def test_duplicates_with_other_ground_truths_are_named(tmp_path: Path) -> None:
    rng = random.Random(2)
    texts = [" ".join(prose(rng, 40)) for _ in range(4)]
    truths = [["4", "4 "], ["yes", "no"], ["a"], ["b", "b", "c"]]
    rows = [
        {"prompt": [{"role": "user", "content": text}], "verifier": "string", "ground_truth": truth}
        for text, own in zip(texts, truths, strict=True)
        for truth in own
    ]
    write_lines(tmp_path / "a.jsonl", rows)
    recipe = {"kind": "rlvr", "sources": SOURCES, "dedup": {"by": "prompt"}}
    built = build_in(tmp_path, recipe)
    found = sql(built.folder, "other-labels").to_pylist()
    assert [(one["doc_id"], one["kept_id"]) for one in found] == [("a/3", "a/2"), ("a/7", "a/5")]
    assert [(one["label"], one["kept_label"]) for one in found] == [
        ("string: no", "string: yes"),
        ("string: c", "string: b"),
    ]
    (warning,) = [line for line in built.summary.warnings if "ground truth" in line]
    assert "2 (the first: a/3, for a/2)" in warning
    page = (built.folder / "report.html").read_text("utf-8")
    assert "another ground truth" in page and "string: no" in page


@pytest.mark.parametrize(
    ("wrong", "said"), [(1, "1 was wrong: 2 %, 0.4 to 10.5"), (0, "0 were wrong: 0 %, 0.0 to 7.1")]
)
def test_the_interval_as_people_read_it(wrong: int, said: str) -> None:
    assert interval_of(50, wrong, *wilson(wrong, 50)) == f"of 50 pairs judged {said}"
