"""Another data set as a benchmark: its rows as items, whatever shape it has, and what is refused."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest

from curate.errors import UserError
from curate.steps.decontaminate.against import with_data_sets
from curate.steps.decontaminate.in_memory import decontaminate
from curate.suites import ReadSuite, load_suite, read_suite
from tests.corpus import chat, sentence, write_lines

LEAK = "A farmer has twelve cows and sells five of them; how many cows are left?"
OTHER = "Name three rivers that flow through the capital of a country in Europe."


def read(
    folder: Path, *paths: str, roles: tuple[str, ...] = ("user",), suite: ReadSuite | None = None
) -> ReadSuite:
    return with_data_sets(suite, paths, base=folder, roles=roles)


def fields(read: ReadSuite) -> dict[str, tuple[str, ...]]:
    return {item.instance_id: item.fields for item in read.items}


def test_every_user_turn_of_a_conversation_is_a_field(tmp_path: Path) -> None:
    rows = [chat("Hello?", "Hi.", "How so?", "So."), chat("Why?", "Because.")]
    rows[1]["messages"].insert(0, {"role": "system", "content": "Be brief."})
    write_lines(tmp_path / "test.jsonl", rows)
    assert fields(read(tmp_path, "test.jsonl")) == {
        "test/0": ("Hello?", "How so?"),
        "test/1": ("Why?",),
    }
    assert fields(read(tmp_path, "test.jsonl", roles=("assistant", "system"))) == {
        "test/0": ("Hi.", "So."),
        "test/1": ("Be brief.", "Because."),
    }


def test_a_file_of_texts(tmp_path: Path) -> None:
    write_lines(tmp_path / "held.out.jsonl.gz", [{"text": "Name a tree."}, {"text": "Name two."}])
    found = read(tmp_path, "held.out.jsonl.gz")
    assert [item.fields for item in found.items] == [("Name a tree.",), ("Name two.",)]
    (benchmark,) = found.benchmarks
    assert (benchmark.role, benchmark.n_items, benchmark.expected) == ("development", 2, None)
    digest = hashlib.sha256((tmp_path / "held.out.jsonl.gz").read_bytes()).hexdigest()
    assert benchmark.files == (("held.out.jsonl.gz", digest),)


def test_a_preference_set_has_prompts_and_both_answers(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "pairs.jsonl",
        [{"prompt": "Name a tree.", "chosen": "Elm.", "rejected": "Rose."}],
    )
    assert fields(read(tmp_path, "pairs.jsonl")) == {"pairs/0": ("Name a tree.",)}
    assert fields(read(tmp_path, "pairs.jsonl", roles=("user", "assistant"))) == {
        "pairs/0": ("Name a tree.", "Elm.", "Rose.")
    }


def test_rows_keep_their_places_and_those_without_text_are_told(tmp_path: Path) -> None:
    rows: list[Any] = [chat("one?", "1"), chat(" ", "2"), b"no json", chat("four?", "4")]
    write_lines(tmp_path / "test.jsonl", rows)
    found = read(tmp_path, "test.jsonl")
    assert list(fields(found)) == ["test/0", "test/3"]
    assert found.warnings == ["test: rows without text in turns of role user, not looked for: 2"]


def test_data_without_text_is_refused(tmp_path: Path) -> None:
    write_lines(tmp_path / "test.jsonl", [chat("one?", "1"), chat("two?", "2")])
    with pytest.raises(UserError) as caught:
        read(tmp_path, "test.jsonl", roles=("tool", "system"))
    assert str(caught.value) == (
        "test: none of its 2 rows has text in turns of role tool, system, so there is nothing to look for"
    )


def test_data_sets_stand_behind_the_suite_in_their_order(tmp_path: Path) -> None:
    write_lines(tmp_path / "evals.jsonl", [{"question": LEAK}])
    for name in ("b/test.jsonl", "a/test.jsonl", "dev.jsonl"):
        write_lines(tmp_path / name, [{"text": f"of {name}"}])
    suite = read_suite(load_suite("evals.jsonl", base=tmp_path), base=tmp_path)
    found = read(tmp_path, "b/test.jsonl", "a/test.jsonl", "dev.jsonl", suite=suite)
    names = [benchmark.name for benchmark in found.benchmarks]
    assert names[0] == "evals" and names[3] == "dev" and len(set(names)) == 4
    assert [item.fields[0] for item in found.items] == [
        LEAK,
        "of b/test.jsonl",
        "of a/test.jsonl",
        "of dev.jsonl",
    ]
    assert [item.benchmark for item in found.items] == names


def test_names_that_clash_are_refused(tmp_path: Path) -> None:
    write_lines(tmp_path / "evals.jsonl", [{"question": LEAK}])
    write_lines(tmp_path / "more/evals.jsonl", [{"text": LEAK}])
    suite = read_suite(load_suite("evals.jsonl", base=tmp_path), base=tmp_path)
    with pytest.raises(UserError, match="evals: the suite has a benchmark of this name already"):
        read(tmp_path, "more/evals.jsonl", suite=suite)
    with pytest.raises(UserError, match="two inputs would both be called"):
        read(tmp_path, "more/evals.jsonl", "more/evals.jsonl")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.jsonl"):
        read(tmp_path, "absent.jsonl")


# ---- in memory


def splits() -> tuple[list[dict[str, str]], list[dict[str, str]], list[int]]:
    """Two splits of questions, and the rows of the first that stand in the second too."""
    rng = random.Random(8)
    train = [{"question": sentence(rng, 14), "answer": sentence(rng, 3)} for _ in range(40)]
    shared = sorted(rng.sample(range(40), 7))
    test = [{"question": train[row]["question"].upper(), "answer": "other"} for row in shared]
    return train, test + [{"question": sentence(rng, 14), "answer": "x"} for _ in range(20)], shared


def as_path(folder: Path, rows: list[dict[str, str]]) -> Any:
    return write_lines(folder / "against.jsonl", rows)


def as_dataset(folder: Path, rows: list[dict[str, str]]) -> Any:
    return datasets.Dataset.from_list(rows)


def as_table(folder: Path, rows: list[dict[str, str]]) -> Any:
    return pa.Table.from_pylist(rows)


@pytest.mark.parametrize("shape", [as_path, as_dataset, as_table])
@pytest.mark.parametrize("profile", ["tulu3", "olmo3", "default"])
def test_a_split_against_another_in_any_shape(tmp_path: Path, shape: Any, profile: str) -> None:
    train, test, shared = splits()
    found = decontaminate(
        pa.Table.from_pylist(train), against=shape(tmp_path, test), profile=profile
    )
    assert [int(name.split("/")[1]) for name in found.dropped["id"].to_pylist()] == shared
    assert found.dropped["reason"][0].as_py() == "covers 100.0 % of against/0"
    (cell,) = found.overlaps["data"]
    assert (cell.benchmark.name, cell.hit, cell.benchmark.n_items) == (
        "against",
        len(shared),
        len(test),
    )


def test_a_suite_and_a_split_together(tmp_path: Path) -> None:
    train, test, shared = splits()
    write_lines(tmp_path / "evals.jsonl", [{"question": LEAK}, {"question": OTHER}])
    rows = [{"question": OTHER, "answer": "x"}, *train]
    found = decontaminate(
        pa.Table.from_pylist(rows),
        suite=tmp_path / "evals.jsonl",
        against=pa.Table.from_pylist(test),
    )
    assert found.dropped["id"].to_pylist() == ["data/0", *(f"data/{row + 1}" for row in shared)]
    assert [(cell.benchmark.name, cell.hit) for cell in found.overlaps["data"]] == [
        ("evals", 1),
        ("against", 7),
    ]


def test_nothing_to_look_for_is_refused() -> None:
    with pytest.raises(UserError, match="nothing to look for: give suite= or against="):
        decontaminate(pa.Table.from_pylist(splits()[0]))
    with pytest.raises(UserError, match="against: an empty list"):
        decontaminate(pa.Table.from_pylist(splits()[0]), against=[])
