"""Whole builds whose sources are weighed, capped and counted in tokens, against what was written."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from curate.audit.why import why
from curate.errors import UserError
from tests.corpus import ask, build_in, chat, digests, ids, read, reconcile, sentence, write_lines

tokenizers = pytest.importorskip("tokenizers")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sources of rows of many lengths, and a tokenizer that parts at blanks."""
    folder, rng = tmp_path_factory.mktemp("mixing"), random.Random(11)
    for name, n in (("a", 120), ("b", 60), ("c", 9)):
        rows = [
            chat(sentence(rng, rng.randrange(1, 30)), sentence(rng, rng.randrange(1, 9)))
            | {"topic": rng.choice(["trees", "birds", None]), "level": rng.randrange(4)}
            for _ in range(n)
        ]
        write_lines(folder / f"{name}.jsonl", rows)
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.save(str(folder / "tokenizer.json"))
    return folder


def sources(**keys: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "from": f"{name}.jsonl"} | own for name, own in keys.items()]


def words(row: dict[str, Any]) -> int:
    return sum(len(turn["content"].split()) for turn in row["messages"])


def trained(out: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in read(out, "data/train-*.parquet"):
        found.setdefault(row["source"], []).append(row)
    return found


WEIGHED: dict[str, Any] = {
    "tokenizer": "tokenizer.json",
    "mix": {"by": "tokens", "total": 1000},
    "sources": sources(a={"weight": 5}, b={"weight": 3}, c={"weight": 2, "passes": 3}),
    "output": {"validation": 0.1, "shards": 2},
}


def test_tokens_are_shared_out_by_weight(work: Path) -> None:
    out = build_in(work, WEIGHED, "tokens").folder
    reconcile(out)
    given = {name: sum(map(words, rows)) for name, rows in trained(out).items()}
    for name, part in (("a", 500), ("b", 300), ("c", 200)):
        assert part - 38 < given[name] <= part  # the longest row has 37 words
    told = {
        row["id"]: row["tokens"]
        for row in ask(out, "SELECT id, tokens FROM documents WHERE copies > 0")
    }
    shown = {row["id"].split("#")[0]: words(row) for row in read(out, "data/*.parquet")}
    assert told == shown
    lock = json.loads((out / "recipe.lock.json").read_text())
    shares = {share["source"]: share for share in lock["counts"]["shares"]}
    assert {name: share["tokens"] for name, share in shares.items()} == given
    assert {name: share["target"] for name, share in shares.items()} == {
        "a": 500,
        "b": 300,
        "c": 200,
    }
    assert shares["c"]["passes"] == max(Counter(i.split("#")[0] for i in ids(out)).values()) == 2


def test_neither_workers_nor_blocks_change_a_byte_and_a_lock_rebuilds_it(work: Path) -> None:
    first = build_in(work, WEIGHED, "one", workers=1).folder
    other = build_in(work, WEIGHED, "two", workers=3, block_bytes=900).folder
    assert digests(first) == digests(other)
    again = build_in(work, WEIGHED, "three", locked=first).folder
    assert digests(first) == digests(again)
    moved = WEIGHED | {"mix": {"by": "tokens", "total": 1001}}
    with pytest.raises(UserError, match=r"recipe\.mix\.total: 1000 in the lock, 1001 now"):
        build_in(work, moved, "four", locked=first)


def test_another_tokenizer_is_not_that_of_the_lock(work: Path, tmp_path: Path) -> None:
    for name in ("a.jsonl", "tokenizer.json"):
        (tmp_path / name).write_bytes((work / name).read_bytes())
    recipe = {"sources": sources(a={}), "tokenizer": "tokenizer.json"}
    first = build_in(tmp_path, recipe).folder
    plain = json.loads((tmp_path / "tokenizer.json").read_text())
    plain["model"]["vocab"]["!"] = 1
    (tmp_path / "tokenizer.json").write_text(json.dumps(plain))
    from curate.tokenizers import read_tokenizer

    read_tokenizer.cache_clear()
    with pytest.raises(UserError, match=r"inputs\.tokenizer: "):
        build_in(tmp_path, recipe, "again", locked=first)


def test_the_order_of_sources_changes_nothing_but_where_they_are_listed(work: Path) -> None:
    recipe = WEIGHED | {"output": {}}
    first = build_in(work, recipe, "order-1").folder
    moved = recipe | {"sources": WEIGHED["sources"][::-1]}
    assert ids(first) == ids(build_in(work, moved, "order-2").folder)


def test_a_changed_mixture_looks_at_nothing_again(work: Path, tmp_path: Path) -> None:
    build_in(work, WEIGHED, "kept-1", stages=tmp_path)
    changed = WEIGHED | {"mix": {"total": 50}}
    built = build_in(work, changed, "kept-2", stages=tmp_path)
    assert built.summary.blocks[0] == 0
    assert {name: len(rows) for name, rows in trained(built.folder).items()} == {
        "a": 25,
        "b": 15,
        "c": 10,
    }
    assert digests(built.folder) == digests(build_in(work, changed, "kept-3").folder)


def test_without_a_total_the_mixture_is_as_large_as_the_weights_allow(work: Path) -> None:
    recipe = {"mix": {}, "sources": sources(a={"weight": 1}, b={"weight": 1}, c={"weight": 0.25})}
    out = build_in(work, recipe, "largest").folder
    assert {name: len(rows) for name, rows in trained(out).items()} == {"a": 36, "b": 36, "c": 9}
    held = build_in(work, recipe | {"output": {"validation": 9}}, "largest-held")
    counts = {name: len(rows) for name, rows in trained(held.folder).items()}
    assert counts["a"] == counts["b"] == 4 * counts["c"]
    assert held.summary.validation == 9 and not held.summary.validation_shortfall


def test_a_cap_holds_for_every_value_and_leaves_rows_without_one_alone(work: Path) -> None:
    recipe = {
        "sources": sources(a={"cap": {"topic": 7}, "keep": ["topic"]}, b={"cap": {"level": 2}})
    }
    one = build_in(work, recipe, "capped", block_bytes=500).folder
    reconcile(one)
    rows = trained(one)
    assert max(Counter(row["topic"] for row in rows["a"] if row["topic"]).values()) == 7
    every = [json.loads(line) for line in (work / "a.jsonl").read_text().splitlines()]
    without = sum(row["topic"] is None for row in every)
    assert sum(row["topic"] is None for row in rows["a"]) == without > 7
    assert len(rows["b"]) == 8 and "level" not in rows["b"][0]
    assert digests(one) == digests(build_in(work, recipe, "capped-2", workers=1).folder)
    told = ask(
        one,
        "SELECT reason, count(*) AS n FROM decisions WHERE step = 'sample' GROUP BY 1 ORDER BY 1",
    )
    assert told[0] == {"reason": "cap: 2 other rows with the same level come first", "n": 52}
    (dropped,) = ask(one, "SELECT doc_id FROM decisions WHERE step = 'sample' ORDER BY 1 LIMIT 1")
    assert "not drawn: cap: " in why(one, dropped["doc_id"])
    fates = ask(
        one, "SELECT count(*) AS n FROM documents WHERE source = 'b' AND fate = 'not-sampled'"
    )
    assert fates[0]["n"] == 52


NOTHING = [
    ({"share": 0.001}, {}, "its share is rounded to none of 9 rows"),
    ({"weight": 0.0001}, {"mix": {"total": 50}}, "its part of the mix is rounded to none of 9 rows"),
    (
        {"weight": 0.01},
        {"mix": {"total": 110, "by": "tokens"}, "tokenizer": "tokenizer.json"},
        "its next row is longer than the 1 tokens that it may give",
    ),
    ({}, {"filters": [{"column": {"name": "level", "at_most": -1}}]}, "9 were read, of which 9 were removed"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "recipe", "why"), NOTHING, ids=[why for _, _, why in NOTHING])
def test_a_source_that_gives_nothing_is_named(
    work: Path, own: dict[str, Any], recipe: dict[str, Any], why: str
) -> None:
    other = {"weight": 1} if "mix" in recipe else {}
    listed = sources(c=own) if "filters" in recipe else sources(a=other, c=own)
    summary = build_in(work, {"sources": listed} | recipe, "nothing", overwrite=True).summary
    assert f"source 'c': no row of it is trained with: {why}" in summary.warnings


def test_a_source_that_has_too_little_is_named_with_how_much(work: Path) -> None:
    recipe = {
        "mix": {"total": 100},
        "sources": sources(a={"weight": 1}, c={"weight": 1, "passes": 2}),
    }
    summary = build_in(work, recipe, "short").summary
    assert summary.train == 50 + 18
    told = "32 fewer rows than its weight asks for: 18 of 50, because 9 were read; `passes` lets rows repeat"
    assert f"source 'c': {told}" in summary.warnings


A = {"name": "a", "from": "a.jsonl"}
WRONG = [
    ({"sources": [A | {"weight": 1}]}, "weight: goes with mix, which says what is shared out"),
    ({"sources": [A | {"passes": 2}]}, "passes: goes with mix, which says what is shared out"),
    ({"sources": [A | {"weight": 1, "share": 1}]}, "both share and weight are given"),
    ({"sources": [A | {"rows": 5}], "mix": {}}, "rows: under mix, sources share out a total"),
    (
        {"sources": [A | {"weight": 1}, A | {"name": "b"}], "mix": {}},
        "source 'b': no weight, and source 'a' has one; weigh all sources or none",
    ),
    ({"sources": [A], "mix": {"by": "tokens"}}, "mix: by: name the tokenizer that counts them"),
    (
        {"sources": [A | {"weight": 1, "passes": 2}], "mix": {}, "output": {"rows": "lines", "order": "source"}},
        "source 'a' repeats rows, which rows: lines cannot",
    ),
    ({"sources": [A], "mix": {"by": "token"}}, "mix: by: must be 'rows' or 'tokens'"),
    ({"sources": [A], "mix": {"temperature": 0}}, "mix: temperature: must be above 0"),
    ({"sources": [A | {"cap": {}}]}, "source 'a': cap: must not be empty"),
    ({"sources": [A | {"cap": {"topic": 0}}]}, "cap: topic: must be at least 1"),
    ({"sources": [A], "output": {"validation": 1.0}}, "output: validation: must be"),
    ({"sources": [A], "output": {"validation": 1.5}}, "output: validation: must be"),
    ({"sources": [A | {"cap": {"topci": 3}}]}, "cap: unknown column 'topci'; did you mean 'topic'?"),
    ({"sources": [A], "tokenizer": "no.json"}, "no.json: no such file"),
]  # fmt: skip


@pytest.mark.parametrize(("recipe", "told"), WRONG, ids=[told for _, told in WRONG])
def test_keys_that_contradict_each_other_are_refused_with_their_place(
    work: Path, recipe: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError) as caught:
        build_in(work, recipe, "refused")
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (work / "refused").exists()
