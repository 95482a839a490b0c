"""A folder that curate built as a source: its records come back as they are, and only those of one
split.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curate.errors import UserError
from curate.lock import LOCK
from curate.sources import built, open_source, read_rows
from curate.suites import load_suite, read_suite
from tests.command import call
from tests.corpus import Rows, ask, build_in, ids, read, reconcile, write_lines

MANY = 120  # more than the rows by which a format is found
CALL = [{"type": "function", "function": {"name": "grow", "arguments": {"m": 3}}}]


def turns(n: int) -> list[dict[str, Any]]:
    return [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": f"What is tree {n}?\r\n\u2028数"},
    ]


def answered(n: int) -> list[dict[str, Any]]:
    """A conversation; every tenth, but none of the first, calls a tool."""
    called: dict[str, Any] = {
        "role": "assistant",
        "content": "",
        "tool_calls": CALL,
        "reasoning_content": "Hm.",
    }
    tool = {"role": "tool", "content": "done", "tool_call_id": "c1", "name": "grow"}
    more = [called, tool] if n > 60 and n % 10 == 0 else []
    return [*turns(n), *more, {"role": "assistant", "content": f" An elm.\n{n} "}]


def only(place: int, n: int, value: Any) -> Any:
    """A value that one row alone has, most likely beyond the rows by which a format is found."""
    return value if n == place else None


TOOLS = [{"type": "function", "function": {"name": "grow"}}]
KINDS: dict[str, list[dict[str, Any]]] = {
    "sft": [{"messages": answered(n), "tools": only(80, n, TOOLS)} for n in range(MANY)],
    "prompt": [
        {
            "prompt": turns(n),
            "persona": only(82, n, f"a botanist of {n}"),
            "constraints": only(83, n, [{"id": "length", "kwargs": {"n": n}}]),
            "tools": only(81, n, TOOLS),
        }
        for n in range(MANY)
    ],
    "preference": [
        {
            "prompt": turns(n),
            "chosen": [{"role": "assistant", "content": f"An elm, {n}."}],
            "rejected": [{"role": "assistant", "content": "No."}],
            "chosen_rating": only(84, n, n / 7),
            "rejected_model": only(85, n, "small"),
            "tools": only(81, n, TOOLS),
        }
        for n in range(MANY)
    ],
    "rlvr": [
        {"messages": turns(n), "ground_truth": {"n": n}, "dataset": "IFEval"} for n in range(MANY)
    ],
}
FORMATS: dict[str, Any] = {
    "prompt": {name: name for name in ("prompt", "persona", "constraints", "tools")},
}


def built_from_lines(folder: Path, kind: str) -> Path:
    """A folder of `kind` with a validation split, several shards, and rows in quarantine and
    removed.
    """
    write_lines(folder / "a.jsonl", [*KINDS[kind], b'{"half'])
    leaked = f"What is tree 17?\r\n\u2028数 {' '.join(f'leaf{n}' for n in range(20))}"
    row = json.loads(
        json.dumps(KINDS[kind][17]).replace(json.dumps(turns(17)[1]["content"]), json.dumps(leaked))
    )
    write_lines(folder / "b.jsonl", [row, *KINDS[kind][:3]])
    write_lines(folder / "evals.jsonl", [{"question": leaked}])
    recipe = {
        "kind": kind,
        "sources": [
            {"name": n, "from": f"{n}.jsonl", "format": FORMATS.get(kind)} for n in ("a", "b")
        ],
        "decontaminate": {"suite": "evals.jsonl"},
        "output": {"shards": 3, "validation": 5},
    }
    out = build_in(folder, recipe, "first").folder
    assert [len(read(out, f"{name}/*")) for name in ("removed", "quarantine")] == [1, 1]
    return out


def filled(value: Any) -> Any:
    """A value without what is null in it: columns that no row of a mixture uses are left out of it."""
    if isinstance(value, dict):
        return {name: filled(one) for name, one in value.items() if one is not None}
    return [filled(one) for one in value] if isinstance(value, list) else value


def bodies(rows: Rows) -> Rows:
    """Rows without what a build says of where they came from."""
    return [
        filled({name: value for name, value in row.items() if name not in ("id", "source")})
        for row in rows
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_records_of_a_built_folder_come_back_as_they_are(tmp_path: Path, kind: str) -> None:
    first = built_from_lines(tmp_path, kind)
    for split in ("train", "validation"):
        recipe = {"kind": kind, "sources": [{"name": "again", "from": "first", "split": split}]}
        out = build_in(tmp_path, recipe, f"from-{split}").folder
        wanted = read(first, f"data/{split}-*")
        found = {int(row["id"].removeprefix("again/")): row for row in read(out, "data/*")}
        assert bodies([found[place] for place in range(len(wanted))]) == bodies(wanted)
        assert len(found) == len(wanted)
        origins = {row["row"]: row["origin_id"] for row in ask(out, "FROM documents")}
        assert [origins[place] for place in range(len(wanted))] == [row["id"] for row in wanted]
        schemas = [pq.read_schema(next(folder.glob("data/*.parquet"))) for folder in (first, out)]
        assert split == "validation" or schemas[0].equals(schemas[1])
        reconcile(out)


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line_takes_a_built_folder(tmp_path: Path, kind: str) -> None:
    first = built_from_lines(tmp_path, kind)
    done = call("decontaminate", "first", "--against", "evals.jsonl", "-o", "clean", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert len(ids(tmp_path / "clean")) == len(read(first, "data/train-*"))
    # No prompt of the training split stands in the other; every one stands in its own.
    for split, left in (("validation", 5), ("train", 0)):
        call(
            "decontaminate",
            "first",
            "--against",
            "first",
            "--split",
            split,
            "-o",
            split,
            cwd=tmp_path,
        )
        assert len(ids(tmp_path / split)) == left


def test_the_rows_of_a_split_are_a_benchmark(tmp_path: Path) -> None:
    built_from_lines(tmp_path, "prompt")
    fields = {"name": "own", "from": "first", "split": "validation", "fields": ["prompt.content"]}
    (tmp_path / "suite.yaml").write_text(json.dumps({"name": "s", "benchmarks": [fields]}))
    (read_benchmark,) = read_suite(
        load_suite("suite.yaml", base=tmp_path), base=tmp_path
    ).benchmarks
    assert read_benchmark.n_items == 5
    assert [name for name, _ in read_benchmark.files] == ["data/validation-00000-of-00001.parquet"]


def test_only_the_shards_of_the_split_are_read(tmp_path: Path) -> None:
    first = built_from_lines(tmp_path, "sft")
    source = open_source("s", "first", base=tmp_path)
    assert source.origin == "built"
    assert [file.name for file in source.files] == [
        f"data/train-0000{n}-of-00003.parquet" for n in range(3)
    ]
    found = [row["id"] for _, _, row in read_rows("first", base=tmp_path, split="validation")]
    assert found == ids(first, "data/validation-*")


def test_a_split_or_a_shard_that_is_not_there_is_named(tmp_path: Path) -> None:
    first = built_from_lines(tmp_path, "sft")
    with pytest.raises(UserError, match=r"first: no split 'test' \(splits: train, validation\)"):
        open_source("s", "first", base=tmp_path, split="test")
    (first / "data/train-00001-of-00003.parquet").unlink()
    with pytest.raises(UserError, match="first: 2 of 3 shards of 'train' are there; rebuild it"):
        open_source("s", "first", base=tmp_path)
    shutil.rmtree(first / "data")
    (first / "data").mkdir()
    with pytest.raises(UserError, match=r"no split 'train' \(splits: none\)"):
        open_source("s", "first", base=tmp_path)


def test_the_file_by_which_a_built_folder_is_known_is_the_lock() -> None:
    assert built.LOCK == LOCK
