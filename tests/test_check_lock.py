"""`curate check --lock`: what a build wrote holds, and whatever is done to it later is named."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.audit import store
from curate.check import check_lock
from curate.errors import UserError
from curate.lock import LOCK
from curate.shards import sha256
from tests.command import call
from tests.corpus import build_in, chat, digests, sentence, write_lines

TRAIN = "data/train-00000-of-00002.parquet"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built folder with two shards, a validation split, repeats, removed and quarantined rows."""
    folder, rng = tmp_path_factory.mktemp("built"), random.Random(3)
    items = [sentence(rng, 20) for _ in range(3)]
    rows: list[Any] = [chat(sentence(rng, 12), sentence(rng, 5)) for _ in range(40)]
    rows[4], rows[5], rows[6] = chat(items[0], "No."), {"messages": []}, b"{"
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    write_lines(folder / "a.jsonl", rows)
    write_lines(folder / "b.jsonl", [chat(sentence(rng, 9), "Yes.") for _ in range(9)])
    sources = [
        {"name": "a", "from": "a.jsonl", "share": 1.5},
        {"name": "b", "from": "b.jsonl", "rows": 5},
    ]
    output = {"shards": 2, "validation": 6}
    recipe = {"sources": sources, "decontaminate": {"suite": "evals.jsonl"}, "output": output}
    return build_in(folder, recipe).folder


@pytest.fixture
def out(built: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    return Path(shutil.copytree(built, tmp_path / "out"))


def faults(out: Path) -> list[tuple[str, str]]:
    return [(one.finding, one.detail) for one in check_lock(out).findings]


def change_lock(out: Path, **changed: Any) -> None:
    """Put other values into a lock, and let the audit name the lock that it then is."""
    lock = json.loads((out / LOCK).read_text("utf-8")) | changed
    (out / LOCK).write_text(json.dumps(lock), "utf-8")
    with duckdb.connect(str(out / store.DATABASE)) as con:
        con.execute("DELETE FROM runs WHERE key = 'finished'")
    store.note(out / store.DATABASE, "finished", {"lock_sha256": sha256(out / LOCK)})


def test_a_finished_build_holds_and_nothing_is_written(built: Path) -> None:
    before = digests(built) | {"audit": sha256(built / store.DATABASE)}
    done = call("check", built, "--lock", cwd=built)
    assert done.code == 0
    n_rows = sum(pq.read_metadata(path).num_rows for path in built.glob("data/*.parquet"))
    assert done.out.splitlines() == [
        f"{built} (sft, {n_rows} rows): as its lock says",
        "  held: 5 files with the digests of the lock, and no other",
        "  held: 5 Parquet files that open, with the columns of kind sft",
        f"  held: the rows that the lock counts: {n_rows} in data/, 1 in removed/, 2 in quarantine/",
        "  held: an audit that adds up: 49 rows read, each with one fate",
        "  held: the rows of the audit in every folder",
        "  held: the lock that the audit names",
    ]
    assert digests(built) | {"audit": sha256(built / store.DATABASE)} == before
    told = json.loads(call("check", built, "--lock", "--json", cwd=built).out)
    assert (told["findings"], told["rows"], len(told["held"])) == ([], n_rows, 6)


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("preference", {"prompt": "Q{n}?", "chosen": "Good {n}.", "rejected": "Bad {n}."}),
        ("unpaired", {"prompt": "Q{n}?", "completion": "A{n}.", "label": "good"}),
        ("rlvr", {"prompt": "What is {n} + 1?", "verifier": "gsm8k", "ground_truth": "{n}"}),
        ("prompt", {"prompt": "Q{n}?"}),
    ],
)
def test_every_kind_holds_and_is_no_other(tmp_path: Path, kind: str, row: dict[str, str]) -> None:
    rows = [{key: value.format(n=n) for key, value in row.items()} for n in range(5)]
    write_lines(tmp_path / "rows.jsonl", rows)
    recipe = {"kind": kind, "sources": [{"name": "rows", "from": "rows.jsonl"}]}
    out = build_in(tmp_path, recipe).folder
    assert faults(out) == []
    change_lock(out, recipe={"kind": "sft"})
    wanted = (
        "data/train-00000-of-00001.parquet does not hold records of kind 'sft': no column messages"
    )
    assert faults(out) == [("columns", wanted)]
    change_lock(out, recipe={})
    assert faults(out) == [
        ("columns", wanted.split("kind")[0] + "kind '': the lock names no such kind")
    ]


@pytest.mark.parametrize("seed", range(6))
def test_a_changed_byte_of_any_file_is_named(out: Path, seed: int) -> None:
    rng = random.Random(seed)
    name = rng.choice(sorted(json.loads((out / LOCK).read_text())["outputs"]))
    data = bytearray((out / name).read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    (out / name).write_bytes(data)
    assert ("digest", f"{name} is not the file that the lock names") in faults(out)


def test_files_that_are_missing_or_extra_are_named(out: Path) -> None:
    (out / TRAIN).unlink()
    for name in ("data/sub/more.txt", "removed/.hidden", "quarantine/x.parquet"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("x")
    (out / "mine.txt").write_text("outside of the three folders nobody minds")
    told = faults(out)
    digest = [detail for finding, detail in told if finding == "digest"]
    assert digest == [
        f"{TRAIN} is not there",
        "data/sub/more.txt is not in the lock",
        "quarantine/x.parquet is not in the lock",
        "removed/.hidden is not in the lock",
    ]
    assert call("check", out, "--lock", cwd=out).code == 1


def test_rows_that_went_are_counted_against_lock_and_audit(out: Path) -> None:
    table = pq.read_table(out / TRAIN)
    pq.write_table(table.slice(3), out / TRAIN)
    gone = table.slice(0, 3)["source"].to_pylist()
    told = faults(out)
    assert ("digest", f"{TRAIN} is not the file that the lock names") in told
    lock = json.loads((out / LOCK).read_text())["counts"]["sources"]
    for source in set(gone):
        wanted = lock[source]["written"]
        left = wanted - gone.count(source)
        for who in ("lock", "audit"):
            assert (
                "counts",
                f"data/ holds {left} rows of source '{source}' where the {who} says {wanted}",
            ) in told


def test_columns_that_differ_are_named(out: Path) -> None:
    table = pq.read_table(out / TRAIN)
    pq.write_table(table.append_column("more", pa.nulls(table.num_rows, pa.int64())), out / TRAIN)
    other = TRAIN.replace("train-00000", "train-00001")
    assert ("columns", f"{other} has other columns than {TRAIN}: more") in faults(out)
    pq.write_table(
        table.set_column(2, "messages", pa.array(["text"] * table.num_rows)), out / TRAIN
    )
    wanted = f"{TRAIN} does not hold records of kind 'sft': messages of another type"
    assert ("columns", wanted) in faults(out)
    pq.write_table(table.drop_columns(["source"]), out / TRAIN)
    (told,) = [detail for finding, detail in faults(out) if finding == "columns"]
    assert told.startswith(f"{TRAIN} does not open as Parquet")


def test_a_lock_with_other_counts_is_noticed_twice(out: Path) -> None:
    lock = json.loads((out / LOCK).read_text())
    lock["counts"]["sources"]["a"]["removed"] += 1
    (out / LOCK).write_text(json.dumps(lock))
    assert faults(out) == [
        ("counts", "removed/ holds 1 row of source 'a' where the lock says 2"),
        ("digest", f"{LOCK} is not the one that the audit names"),
    ]


def test_an_audit_that_does_not_add_up_or_open_is_told(out: Path) -> None:
    with duckdb.connect(str(out / store.DATABASE)) as con:
        con.execute("DELETE FROM documents WHERE fate = 'removed'")
    finding, detail = faults(out)[0]
    assert (
        finding,
        detail.startswith("the audit does not reconcile: source a: 40 rows were read but"),
    ) == (
        "audit",
        True,
    )
    (out / store.DATABASE).write_bytes(b"no database" * 1000)
    assert [finding for finding, _ in faults(out)] == ["audit"]
    (out / store.DATABASE).unlink()
    assert faults(out) == [
        ("audit", f"{out}: no audit.duckdb there; give the folder of a finished build")
    ]


def test_what_a_later_lock_has_more_is_passed_over(out: Path) -> None:
    lock = json.loads((out / LOCK).read_text())
    counts = lock["counts"] | {"more": 1}
    counts["sources"]["a"]["duplicate"] = 0
    change_lock(
        out, lock_version=99, steps={"filters": {"inputs": {"words": 3}}}, counts=counts, new=[1]
    )
    assert faults(out) == []


def test_what_has_no_lock_is_a_mistake(out: Path, tmp_path: Path) -> None:
    for text in ("{", "[]", "{}"):
        (out / LOCK).write_text(text)
        with pytest.raises(UserError, match="not a lock file"):
            check_lock(out)
    for arguments, said in (
        ((tmp_path, "--lock"), f"no {LOCK} there"),
        ((out, "--lock", "--for", "sft"), "leave --for out"),
    ):
        done = call("check", *arguments, cwd=tmp_path)
        assert (done.code, said in done.error) == (2, True)
