"""The same recipe gives the same bytes, whoever does the work and in whatever pieces."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from curate import shards
from curate.errors import UserError
from tests.corpus import ask, build_in, chat, digests, ids, read, reconcile, sentence, write_lines
from tests.soak import examples

Corpus = tuple[Path, dict[str, Any]]
LARGE = 16 << 20


@pytest.fixture(scope="module")
def reference(corpus: Corpus) -> dict[str, str]:
    folder, recipe = corpus
    return digests(build_in(folder, recipe, "reference", workers=1).folder)


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("block_bytes", [1, 700, LARGE])
def test_workers_and_blocks_change_no_byte(
    corpus: Corpus, reference: dict[str, str], workers: int, block_bytes: int, tmp_path: Path
) -> None:
    folder, recipe = corpus
    out = build_in(
        folder, recipe, f"w{workers}-b{block_bytes}", workers=workers, block_bytes=block_bytes
    ).folder
    assert digests(out) == reference
    reconcile(out)


def test_row_groups_and_shards_of_many_blocks_are_the_same(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 900)
    monkeypatch.setattr(shards, "SHARD_BYTES", 2500)
    folder, recipe = corpus
    recipe = recipe | {"output": {"validation": 9}}
    one = build_in(folder, recipe, "groups-1", workers=1).folder
    two = build_in(folder, recipe, "groups-2", workers=3, block_bytes=300).folder
    assert len(list((one / "data").glob("train-*"))) > 3
    assert digests(one) == digests(two)


def test_the_audit_says_the_same_of_every_row(corpus: Corpus) -> None:
    folder, recipe = corpus
    one = build_in(folder, recipe, "audit-1", workers=1).folder
    two = build_in(folder, recipe, "audit-2", workers=2, block_bytes=500).folder
    for table in ("documents", "matches", "texts", "decisions", "instances"):
        query = f"SELECT * FROM {table} ORDER BY ALL"
        assert ask(one, query) == ask(two, query), table


def test_the_order_in_which_files_were_made_and_listed_is_irrelevant(tmp_path: Path) -> None:
    rng = random.Random(3)
    parts = {
        name: [chat(sentence(rng, 5), "yes") for _ in range(6)] for name in ("c", "a", "sub/b", "d")
    }
    recipe = {"sources": [{"name": "s", "from": "data", "share": 0.7}], "output": {"validation": 2}}
    found = []
    for folder, order in (
        (tmp_path / "one", sorted(parts)),
        (tmp_path / "two", sorted(parts, reverse=True)),
    ):
        for name in order:
            write_lines(folder / f"data/{name}.jsonl", parts[name])
        found.append(digests(build_in(folder, recipe).folder))
    assert found[0] == found[1]


def test_neither_the_folder_nor_the_name_of_the_output_is_in_the_bytes(
    corpus: Corpus, tmp_path: Path
) -> None:
    folder, recipe = corpus
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("chats", "pairs.csv", "tasks.jsonl", "evals.jsonl"):
        (shutil.copytree if (folder / name).is_dir() else shutil.copy)(folder / name, moved / name)
    assert digests(build_in(moved, recipe, "elsewhere").folder) == digests(
        build_in(folder, recipe, "here").folder
    )


def test_the_order_of_sources_changes_no_row(corpus: Corpus) -> None:
    folder, recipe = corpus
    one = build_in(folder, recipe | {"output": {}}, "forwards").folder
    two = build_in(
        folder, recipe | {"output": {}, "sources": recipe["sources"][::-1]}, "backwards"
    ).folder
    assert read(one, "data/*") == read(two, "data/*")


def test_another_seed_takes_other_rows_and_a_larger_share_keeps_those_of_the_smaller(
    tmp_path: Path,
) -> None:
    write_lines(tmp_path / "a.jsonl", [chat(f"question {n}", "answer") for n in range(60)])

    def taken(out: str, seed: int, **how_many: float) -> list[str]:
        sources = [{"name": "a", "from": "a.jsonl"} | how_many]
        return ids(build_in(tmp_path, {"seed": seed, "sources": sources}, out).folder)

    few, more, other = (
        taken("few", 1, rows=20),
        taken("more", 1, share=0.5),
        taken("other", 2, rows=20),
    )
    assert more[:20] == few
    assert set(other) != set(few)


ROW = st.sampled_from(["fine", "leak", "two", "same", "open", "broken", "bytes", "extras", "leak"])
KEPT = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from([0.5, "text", [1], {"a": None}])
)


def row(shape: str, number: int, items: list[str], kept: object) -> Any:
    """One raw row of the shape; `kept` is the value of the column that is kept."""
    text = f"question number {number} about tree{number} and leaf{number}"
    rows: dict[str, Any] = {
        "fine": chat(text, "answer"),
        "leak": chat(f"{items[number % 3]} {text}", "answer"),
        "two": chat(text, "answer", items[number % 3], "again"),
        "same": chat("the same question", f"answer {number}"),
        "open": chat(text),
        "broken": b'{"messages": [',
        "bytes": b'{"messages": "\xc3("}',
        "extras": chat(text, "answer"),
    }
    found = rows[shape]
    if shape == "extras":
        found["messages"][1]["reasoning_content"] = "because"
    return found if isinstance(found, bytes) else found | ({} if kept is None else {"level": kept})


SOURCE = st.tuples(
    st.lists(st.tuples(ROW, KEPT), min_size=1, max_size=12),
    st.sampled_from(
        [
            {},
            {"rows": 3},
            {"rows": 50},
            {"share": 0.4},
            {"share": 1.0},
            {"share": 2.6},
            {"keep": ["level"]},
            {"cap": {"level": 1}},
            {"cap": {"level": 2}, "keep": ["level"], "share": 1.5},
        ]
    ),
)


POLICY = st.sampled_from(["report", "drop-rows", "drop-source", "tulu3"])
OUTPUT = st.fixed_dictionaries(
    {"validation": st.integers(0, 6) | st.just(0.2), "shards": st.sampled_from(["auto", 1, 3])}
)
MIX = st.sampled_from([None, None, {}, {"total": 7}, {"total": 30, "temperature": 2}])
RECIPES = st.tuples(
    st.lists(SOURCE, min_size=1, max_size=3), POLICY, OUTPUT, st.integers(0, 2**40), MIX
)
BLOCKS = st.sampled_from([1, 150, 600])
PER_TEST = [HealthCheck.function_scoped_fixture]


def write_all(folder: Path, drawn: Any) -> dict[str, Any]:
    """Write the sources and the benchmark that were drawn; give their recipe."""
    sources, policy, output, seed, mix = drawn
    rng = random.Random(9)
    items = [sentence(rng, 16) for _ in range(40)]
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    specs = []
    for number, (rows, asked) in enumerate(sources):
        lines = [row(shape, 100 * number + i, items, kept) for i, (shape, kept) in enumerate(rows)]
        write_lines(folder / f"s{number}.jsonl", lines)
        if mix is not None:
            asked = {key: asked[key] for key in ("keep", "cap") if key in asked}
            asked |= {"weight": number + 1, "passes": 2}
        specs.append(
            {"name": f"s{number}", "from": f"s{number}.jsonl", "format": "messages"} | asked
        )
    decontaminate = {"suite": "evals.jsonl", "policy": policy}
    recipe = {"seed": seed, "sources": specs, "decontaminate": decontaminate, "output": output}
    return recipe | ({} if mix is None else {"mix": mix})


def built_or_refused(folder: Path, recipe: dict[str, Any], **options: Any) -> dict[str, str]:
    """The digests of a build that reconciles, or why it was refused: a source none of whose rows
    makes a record.
    """
    shutil.rmtree(folder / "out", ignore_errors=True)
    try:
        out = build_in(folder, recipe, **options).folder
    except UserError as error:
        assert re.search(
            "could be parsed|none of the first rows can be read|no text in turns|(keep|cap): unknown column",
            str(error),
        )
        assert not (folder / "out").exists()
        return {"refused": str(error)}
    reconcile(out)
    return digests(out)


def same_in_any_pieces(folder: Path, drawn: Any, block_bytes: int) -> None:
    recipe = write_all(folder, drawn)
    whole = built_or_refused(folder, recipe, workers=1)
    assert built_or_refused(folder, recipe, workers=3, block_bytes=block_bytes) == whole
    for row in [*read(folder / "out", "data/*"), *read(folder / "out", "removed/*")]:
        source, place = row["id"].split("#")[0].split("/")
        original = json.loads((folder / f"{source}.jsonl").read_bytes().splitlines()[int(place)])
        written = [
            {key: text for key, text in turn.items() if text is not None}
            for turn in row["messages"]
        ]
        assert written == original["messages"]


@examples(10, suppress_health_check=PER_TEST)
@given(drawn=RECIPES, block_bytes=BLOCKS)
def test_random_recipes_reconcile_and_are_the_same_in_any_pieces(
    tmp_path: Path, drawn: Any, block_bytes: int
) -> None:
    same_in_any_pieces(tmp_path, drawn, block_bytes)


@pytest.mark.slow
@examples(50, suppress_health_check=PER_TEST)
@given(drawn=RECIPES, block_bytes=BLOCKS)
def test_many_random_recipes(tmp_path: Path, drawn: Any, block_bytes: int) -> None:
    same_in_any_pieces(tmp_path, drawn, block_bytes)
