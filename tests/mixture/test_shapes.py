"""Which shapes are refused, what reads a folder of rows as they were, and that stages never mix them up."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.errors import UserError
from tests.command import Done, call
from tests.corpus import build_in, chat, digests, ids, read, write_lines
from tests.mixture.shapes import (
    CLEAN,
    INPUT,
    LINES,
    SOURCE,
    build_of,
    opened,
    pairs,
    some_items,
)


@pytest.fixture(scope="module")
def items() -> list[str]:
    return some_items()


# ---- what is refused


def refused(folder: Path, sources: list[dict[str, Any]], output: dict[str, Any]) -> str:
    with pytest.raises(UserError) as caught:
        build_in(folder, {"sources": sources, "output": output})
    assert not (folder / "out").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_sources_of_different_columns_are_named(tmp_path: Path) -> None:
    rows = [chat("question", "answer")]
    write_lines(tmp_path / "a.jsonl", rows)
    write_lines(tmp_path / "b.jsonl", [rows[0] | {"more": 1}])
    write_lines(tmp_path / "c.jsonl", [rows[0] | {"more": "x"}])
    for name, more in (("a", pa.int32()), ("b", pa.int64())):
        table = pa.Table.from_pylist(rows).append_column("more", pa.array([1], more))
        pq.write_table(table, tmp_path / f"{name}.parquet")
    for one, other, told in (
        ("a.jsonl", "b.jsonl", "(more)"),
        ("b.jsonl", "c.jsonl", "(more)"),
        ("a.parquet", "b.parquet", "(more)"),
    ):
        sources = [{"name": "one", "from": one}, {"name": "two", "from": other}]
        message = refused(tmp_path, sources, INPUT)
        assert f"sources 'one' and 'two' have different columns {told}" in message
        assert "rows: lines (--like-input) writes one file for each source" in message
        out = build_in(tmp_path, {"sources": sources, "output": LINES}, f"{one}-out").folder
        assert len(list((out / "data").iterdir())) == 2


def test_files_that_are_not_of_one_kind_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    write_lines(folder / "a.jsonl", [chat("q", "a")])
    write_lines(folder / "b.jsonl.gz", [chat("q", "a")])
    source = [{"name": "s", "from": "s"}]
    assert "s/a.jsonl and " in (told := refused(tmp_path, source, LINES))
    assert "b.jsonl.gz are files of two kinds" in told
    for path in folder.iterdir():
        path.unlink()
    (folder / "a.csv").write_text("question,answer\n1,2\n")
    (folder / "b.csv").write_text("question,answer,more\n1,2,3\n")
    for output in (INPUT, LINES):
        told = refused(tmp_path, source, output)
        assert "s/a.csv and " in told
        assert "b.csv have different columns (more)" in told


@pytest.mark.parametrize(
    ("output", "source", "told"),
    [
        ({"rows": "lines"}, {}, "write order: source too"),
        (LINES | {"shards": 2}, {}, "leave shards out"),
        (LINES, {"share": 2}, "source 'a' repeats rows"),
        ({"order": "sorce"}, {}, "did you mean 'source'?"),
        ({"rows": "line"}, {}, "did you mean 'lines'?"),
    ],
)
def test_what_lines_cannot_be(
    tmp_path: Path, output: dict[str, Any], source: dict[str, Any], told: str
) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("q", "a")])
    assert told in refused(tmp_path, [{"name": "a", "from": "a.jsonl"} | source], output)


def test_columns_without_a_header_and_names_that_meet_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n")
    source = {"name": "a", "from": "a.csv", "columns": ["question", "answer"]}
    assert "no header" in refused(tmp_path, [source], LINES)
    write_lines(tmp_path / "a.jsonl", [chat("q", "a")])
    sources = [{"name": name, "from": "a.jsonl"} for name in ("a/b", "a-b")]
    assert "would both be written to data/a-b.jsonl" in refused(tmp_path, sources, LINES)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([1, "x"], "row 1: column 'more' holds int64 and string"),
        ([{}, {}], "column 'more' holds objects without a key"),
    ],
)
def test_values_that_make_no_column_are_refused_and_lines_do(
    tmp_path: Path, more: list[Any], told: str
) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("q", "a") | {"more": value} for value in more])
    source = [{"name": "a", "from": "a.jsonl"}]
    message = refused(tmp_path, source, INPUT)
    assert told in message
    assert "--like-input" in message
    out = build_in(tmp_path, {"sources": source, "output": LINES}).folder
    assert (out / "data/a.jsonl").read_bytes() == (tmp_path / "a.jsonl").read_bytes()


def test_a_row_that_makes_no_record_has_no_say_in_the_columns(
    tmp_path: Path, items: list[str]
) -> None:
    write_lines(tmp_path / "data.jsonl", [*pairs(items), {"question": ["x"], "odd": 1}])
    out = build_of(tmp_path, items, "data.jsonl", INPUT, source={"format": "gsm8k"})
    assert list(read(out, "data/*")[0]) == ["n", "question", "answer"]
    assert len(read(out, "quarantine/*")) == 1


# ---- what reads a built folder


@pytest.fixture(scope="module", params=["input", "lines"])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, items: list[str]
) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    rows: list[Any] = [row | {"id": f"up-{row['n']}"} for row in pairs(items)]
    write_lines(folder / "data.jsonl", [*rows, b"{", rows[3] | {"answer": ""}])
    output = SOURCE | {"rows": request.param, "validation": 5}
    return build_of(folder, items, "data.jsonl", output)


def rows_of(out: Path) -> dict[str, str]:
    """The digests of the files of rows."""
    return {name: sha for name, sha in digests(out).items() if "/" in name}


def ask_cli(built: Path, *arguments: object) -> Done:
    return call(*arguments, cwd=built.parent)


def test_a_built_folder_holds_and_is_built_again(built: Path) -> None:
    done = ask_cli(built, "check", "out", "--lock")
    assert (done.code, done.err) == (0, "")
    assert "36 in data/, 4 in removed/, 2 in quarantine/" in done.out
    done = ask_cli(built, "check", "out")
    assert (done.code, "nothing found" in done.out) == (0, True)
    again = ["build", "out/recipe.yaml", "--locked", "out", "-o", "again", "--overwrite"]
    assert ask_cli(built, *again).code == 0
    assert rows_of(built.parent / "again") == rows_of(built)
    assert "same rows, same order: 36 rows" in ask_cli(built, "diff", "out", "again").out
    assert "is in data/ once" in ask_cli(built, "why", "out", "data/0").out


def test_what_is_changed_in_a_built_folder_is_found(built: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(built, tmp_path / "out"))
    path = next(path for path in sorted(out.glob("data/*")) if path.is_file())
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        pq.write_table(table.slice(2), path)
    else:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[2:]))
    done = call("check", "out", "--lock", cwd=tmp_path)
    assert done.code == 1
    assert "data/ holds 34 rows" in done.out
    changed = call("diff", built, "out", cwd=tmp_path)
    assert changed.code == 1
    assert "2" in changed.out


def test_a_built_folder_is_a_source(built: Path, tmp_path: Path) -> None:
    for split, n in (("train", 31), ("validation", 5)):
        recipe = {"sources": [{"name": "a", "from": str(built), "split": split}]}
        out = build_in(tmp_path, recipe, split).folder
        assert len(ids(out)) == n
    assert len(opened(built)) == 31
    assert len(opened(built, split="validation")) == 5
    if (built / "data/train-00000-of-00001.parquet").exists():  # one kind of files is opened
        assert len(opened(built, "removed", "removed")) == 4


def test_it_is_no_data_to_train_on(built: Path, tmp_path: Path) -> None:
    from curate_train.data import open_data

    with pytest.raises(UserError, match=r"not records \(rows: .*--records"):
        open_data(str(built), "sft", tmp_path)


def test_a_lock_that_knows_no_shape_is_one_of_records(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("q", "a")])
    recipe = {"sources": [{"name": "a", "from": "a.jsonl"}]}
    out = build_in(tmp_path, recipe).folder
    lock = json.loads((out / "recipe.lock.json").read_text())
    for key in ("order", "rows"):
        del lock["recipe"]["output"][key]
    (out / "recipe.lock.json").write_text(json.dumps(lock))
    build_in(tmp_path, recipe, "again", locked=out)
    with pytest.raises(UserError, match="recipe.output.order"):
        build_in(tmp_path, recipe | {"output": SOURCE}, "other", locked=out)


# ---- stages, and files that change


@pytest.mark.parametrize("rows", ["records", "input", "lines"])
def test_another_order_is_never_taken_from_a_stage(
    tmp_path: Path, items: list[str], rows: str
) -> None:
    write_lines(tmp_path / "data.jsonl", pairs(items))
    stages = tmp_path / "stages"
    before = digests(build_of(tmp_path, items, "data.jsonl", {"validation": 3}, stages=stages))
    output = SOURCE | {"rows": rows, "validation": 3}
    alone = digests(build_of(tmp_path, items, "data.jsonl", output))
    for _ in range(2):
        assert digests(build_of(tmp_path, items, "data.jsonl", output, stages=stages)) == alone
    again = digests(build_of(tmp_path, items, "data.jsonl", {"validation": 3}, stages=stages))
    assert again == before


@pytest.mark.parametrize("rows", ["input", "lines"])
def test_a_killed_build_goes_on(tmp_path: Path, items: list[str], rows: str) -> None:
    """A block whose receipt is missing is looked at again; the others are known."""
    write_lines(tmp_path / "data.jsonl", pairs(items))
    output, stages = SOURCE | {"rows": rows}, tmp_path / "stages"
    options: dict[str, Any] = {"stages": stages, "block_bytes": 500}
    whole = digests(build_of(tmp_path, items, "data.jsonl", output, **options))
    [stage] = stages.iterdir()
    (stage / "blocks").unlink()
    receipts = sorted(stage.glob("block-*"))
    receipts[1].unlink()
    recipe = {
        "sources": [{"name": "data", "from": "data.jsonl"}],
        "decontaminate": CLEAN,
        "output": output,
    }
    again = build_in(tmp_path, recipe, "again", **options)
    assert again.summary.blocks == (1, len(receipts) - 1)
    assert digests(again.folder) == whole


def test_a_file_that_changes_before_it_is_copied_stops_the_build(
    tmp_path: Path, items: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: Any = importlib.import_module("curate.mixture.decided")
    write_lines(tmp_path / "data.jsonl", pairs(items))
    before = decided.settle

    def settle(*given: Any) -> Any:
        path = tmp_path / "data.jsonl"
        path.write_bytes(path.read_bytes().replace(b"is it.", b"or not"))
        return before(*given)

    monkeypatch.setattr(decided, "settle", settle)
    with pytest.raises(UserError, match="data.jsonl: changed while it was read"):
        build_of(tmp_path, items, "data.jsonl", LINES)
    assert not (tmp_path / "out").exists()
