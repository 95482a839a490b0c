"""Duplicates in whole builds: the audit names the row that stays, counts add up, and what is asked
again is not looked at again.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from curate.audit.sql import queries
from tests.command import ROOT, call
from tests.corpus import (
    ask,
    build_in,
    chat,
    digests,
    ids,
    read,
    reconcile,
    sentence,
    write_lines,
)

SOURCES = [{"name": "a", "from": "a.jsonl"}, {"name": "b", "from": "b.jsonl", "licence": "MIT"}]

QUERIES = sorted(
    path.stem for path in (ROOT / "curate/steps/dedup/queries").glob("*.sql") if path.stem
)


def edited(text: str, place: int, word: str = "blue") -> str:
    words = text.split()
    words[place] = word
    return " ".join(words)


def prose(rng: random.Random, n: int) -> str:
    """Words without a digit: another digit would be another exercise."""
    return "".join(c for c in sentence(rng, n) if not c.isdigit())


def prompts_of(path: Path) -> list[str]:
    rows = map(json.loads, path.read_text().splitlines())
    return [row["messages"][0]["content"] for row in rows if "messages" in row]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dedup")
    rng = random.Random(3)
    words = [prose(rng, 1) for _ in range(8000)]
    texts = [
        " ".join(rng.choice(words) + rng.choice("xyzuvw") * 2 for _ in range(50)) for _ in range(40)
    ]
    rows = [chat(text, "Well, yes.") for text in texts]
    rows += [
        chat(texts[0].replace(" ", "\n "), "Well,  yes."),
        chat(edited(texts[1], 25), "Well, yes."),
    ]
    rows += [chat(texts[2] + f" for {n} coins each", "Well, yes.") for n in (7, 8)] + [{"bad": 1}]
    write_lines(folder / "a.jsonl", rows)
    others = [chat(text, "Well, yes.") for text in texts[10:20]]
    others += [
        chat(edited(texts[3], 20), "Well, yes."),
        chat(texts[4], "No, not at all, my friend."),
    ]
    write_lines(folder / "b.jsonl", others)
    return folder


@pytest.fixture(scope="module")
def built(corpus: Path) -> Path:
    return build_in(corpus, {"sources": SOURCES, "dedup": {}}, "out", workers=2).folder


def test_the_audit_says_which_row_stays_and_how_like_it_is(built: Path) -> None:
    reconcile(built)
    found = {row["doc_id"]: row for row in ask(built, "FROM duplicates")}
    told = {key: (row["kept_id"], row["kind"], row["dropped"]) for key, row in found.items()}
    assert told == {
        "a/40": ("a/0", "exact", True),
        "a/41": ("a/1", "near", True),
        "a/42": ("a/2", "near", True),  # a number more, not another one
        "a/43": ("a/2", "near", True),
        **{f"b/{n}": (f"a/{n + 10}", "exact", True) for n in range(10)},
        "b/10": ("a/3", "near", True),
        "b/11": ("a/4", "variant", False),  # another answer
    }
    assert found["a/41"]["jaccard"] == pytest.approx(43 / 53)
    decided = {row["doc_id"]: row for row in ask(built, "FROM decisions WHERE step = 'dedup'")}
    assert decided["a/41"]["reason"] == "duplicate of a/1, Jaccard 0.81"
    assert {key: row["about"] for key, row in decided.items()} == {
        key: f"{row['kind']} duplicates" for key, row in found.items() if row["dropped"]
    }
    assert {row["action"] for row in decided.values()} == {"duplicate"}
    assert {row["id"]: row["reason"] for row in read(built, "removed/*.parquet")} == {
        key: row["reason"] for key, row in decided.items()
    }


def test_lock_card_report_why_and_queries_tell_it(built: Path) -> None:
    lock = json.loads((built / "recipe.lock.json").read_text())
    assert lock["steps"]["dedup"]["found_at_threshold"] == 1.0
    figures = lock["counts"]["steps"]["dedup"]
    assert (figures["exact"], figures["near"], figures["dropped"]) == (11, 4, 15)
    assert {"source": "b", "kept": "a", "kind": "exact", "rows": 10} in figures["pairs"]
    assert "| b | a | exact | dropped | 10 |" in (built / "README.md").read_text()
    page = (built / "report.html").read_text()
    assert 'id="duplicates"' in page and "and 15 dropped as duplicates" in page
    assert "<mark>blue</mark>" in page and "100 % are found" in page
    why = call("why", built, "a/41", cwd=built).out
    assert "duplicate of a/1, Jaccard 0.811" in why and "words that differ here   »blue«" in why
    stays = call("why", built, "a/0", cwd=built).out
    assert "1 row is like it:" in stays and "a/40  exact, Jaccard 1.000, removed" in stays
    for name in QUERIES:
        assert call("sql", built, name, "--json", cwd=built).code == 0
    assert call("check", built, "--lock", cwd=built).code == 0


def test_the_documentation_says_what_the_database_says(built: Path) -> None:
    page = (ROOT / "docs/audit.md").read_text()
    sections = {part.split("\n", 1)[0].strip(" `"): part for part in page.split("\n### ")[1:]}
    for table in ("duplicates", "duplicate_texts", "kept_rows", "lost_texts"):
        told = re.findall(r"^\| `(\w+)` \| [^|]+ \| (.*) \|$", sections[table], re.MULTILINE)
        listing = f"SELECT column_name, comment FROM duckdb_columns() WHERE table_name = '{table}'"
        assert told == [tuple(column.values()) for column in ask(built, listing)]
    for name, question in queries(built).items():
        assert f"| `{name}` | {question} |" in page


def test_neither_workers_nor_blocks_change_a_byte(corpus: Path, built: Path) -> None:
    recipe = {"sources": SOURCES, "dedup": {}}
    again = build_in(corpus, recipe, "again", workers=1, block_bytes=3000).folder
    assert digests(again) == digests(built)
    for table in ("duplicates", "duplicate_texts"):
        assert ask(again, f"FROM {table}") == ask(built, f"FROM {table}")


def test_another_threshold_is_decided_on_without_a_look(corpus: Path, tmp_path: Path) -> None:
    def build(out: str, **spec: Any) -> Any:
        recipe = {"sources": SOURCES, "dedup": spec}
        return build_in(corpus, recipe, out, stages=tmp_path / "stages").summary

    first = build("first")
    assert first.blocks == (2, 0)
    others: list[dict[str, Any]] = [
        {"threshold": 0.95},
        {"variants": "drop"},
        {"keep": ["longest"]},
        {"threshold": 0.5},
    ]
    for place, spec in enumerate(others):
        assert build(f"other-{place}", **spec).blocks == (0, 2)
    assert build("shingle", shingle=3).blocks == (2, 0)


def test_a_row_that_stayed_and_left_later_is_told(corpus: Path) -> None:
    write_lines(corpus / "evals.jsonl", [{"question": prompts_of(corpus / "a.jsonl")[0]}])
    recipe = {"sources": SOURCES, "dedup": {}, "decontaminate": {"suite": "evals.jsonl"}}
    out = build_in(corpus, recipe, "lost").folder
    [lost] = ask(out, "FROM lost_texts")
    assert lost["doc_id"] == "a/40" and lost["kept_id"] == "a/0"
    assert (lost["kept_fate"], lost["left_at"]) == ("removed", "decontaminate")
    told = call("why", out, "a/40", cwd=out).out
    assert "a/0 left later, at decontaminate: neither of the two was written" in told
    assert (
        "1 row removed as a duplicate of a row that left at a later step"
        in (out / "report.html").read_text()
    )


def test_prompts_of_one_stage_are_kept_out_of_another(corpus: Path) -> None:
    build_in(corpus, {"sources": SOURCES[:1], "dedup": {}}, "sft")
    prompts = prompts_of(corpus / "b.jsonl")
    mixed = [*prompts[:4], edited(prompts[5], 9), "A prompt of its own, is it not?"]
    rows = [
        {"messages": [{"role": "user", "content": p}], "ground_truth": "1", "dataset": "math"}
        for p in mixed
    ]
    write_lines(corpus / "rl.jsonl", rows)
    done = call(
        "dedup",
        "rl.jsonl",
        "--by",
        "prompt",
        "--against",
        "sft",
        "--records",
        "-o",
        "rl",
        cwd=corpus,
    )
    assert done.code == 0, done.err
    out = corpus / "rl"
    reconcile(out)
    assert ids(out) == ["rl/5"]
    found = {row["doc_id"]: row for row in ask(out, "FROM duplicates")}
    assert [found[f"rl/{n}"]["kind"] for n in range(5)] == ["exact"] * 4 + ["near"]
    assert all(row["against"] and row["kept_source"] == "sft" for row in found.values())
    assert "sft" in json.loads((out / "recipe.lock.json").read_text())["steps"]["dedup"]["against"]
    assert "belongs to other data" in call("why", out, "rl/0", cwd=out).out


def test_mistakes_are_one_line(corpus: Path) -> None:
    def error(*options: str) -> str:
        done = call("dedup", "a.jsonl", "-o", "wrong", *options, cwd=corpus)
        assert done.code == 2
        return done.error

    assert "did you mean 'longest'?" in error("--keep", "longst")
    assert "'largest' needs a column" in error("--keep", "largest")
    assert "did you mean 'prompt'?" in error("--by", "promt")
    assert "no such file" in error("--against", "nowhere.jsonl")
    assert "'a' is the name of a source too" in error("--against", "a.jsonl")
    assert "no source has it: unknown column 'score'" in error("--keep", "largest:score")
    assert "rows of kind prompt have no response" in error("--by", "response", "--kind", "prompt")


def test_nothing_alike_is_told_too(corpus: Path) -> None:
    write_lines(corpus / "one.jsonl", [chat("One row", "alone")])
    done = call("dedup", "one.jsonl", "-o", "alone", "--exact", cwd=corpus)
    assert done.code == 0 and "duplicates: 0 of 1 row removed" in done.out
    assert "equal texts only" in done.out
    assert "no duplicate of it was found" in call("why", "alone", "one/0", cwd=corpus).out
