"""A source file that changes under a build stops it: it is named, the exit code is 2, and no folder
is left.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.errors import UserError
from tests.command import environment
from tests.corpus import build_in, digests, write_csv

ROWS = [
    {"prompt": f"What is tree number {n}?", "response": f"An elm, the {n}th of all."}
    for n in range(400)
]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as the name says, in many small batches where there are such."""
    lines = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    if path.suffix == ".csv":
        write_csv(path, rows)
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=20)
    elif path.suffix in (".arrow", ".feather"):
        table = pa.Table.from_pylist(rows)
        opened = pa.ipc.new_stream if path.suffix == ".arrow" else pa.ipc.new_file
        with opened(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=20)
    else:
        path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def add(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(path.read_bytes()[-100:])


def edit(path: Path) -> None:
    """Put other bytes in the place of some near the end, and the time of change back."""
    before = path.stat()
    with path.open("r+b") as stream:
        stream.seek(before.st_size * 3 // 4)
        stream.write(b"elm")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    """Put another file of the same shape in its place."""
    other = path.with_name(f"other{''.join(path.suffixes)}")
    write(other, ROWS[::-1])
    other.replace(path)


FILES = ["a.jsonl", "a.jsonl.gz", "a.csv", "a.parquet", "a.arrow", "a.feather"]


@pytest.mark.parametrize("change", [truncate, add, edit, replace, Path.unlink])
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_changes_during_the_scan_stops_the_build(
    tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    path = tmp_path / name
    seen: list[str] = []
    write(path, ROWS)
    recipe = {"sources": [{"name": "a", "from": name}]}

    def progress(step: str, rows: int, text: int, part: float) -> None:
        if rows and not seen:  # the first block has been looked at
            change(path)
        seen.extend([step] if rows else [])

    with pytest.raises(UserError) as caught:
        build_in(tmp_path, recipe, "out", workers=1, block_bytes=1000, progress=progress)
    assert str(caught.value) == f"{path}: changed while it was read; nothing was written; run again"
    assert seen
    assert set(seen) == {"read"}
    assert not list(tmp_path.glob("out*"))
    write(path, ROWS)
    assert build_in(tmp_path, recipe, "out", workers=1, block_bytes=1000).summary.train == len(ROWS)


@pytest.mark.parametrize("limit", [None, 30])
def test_the_last_block_is_not_too_late(tmp_path: Path, limit: int | None) -> None:
    path = tmp_path / "a.jsonl"
    write(path, ROWS)

    def progress(step: str, rows: int, text: int, part: float) -> None:
        add(path)

    with pytest.raises(UserError, match=r"a\.jsonl: changed while it was read"):
        build_in(
            tmp_path,
            {"sources": [{"name": "a", "from": "a.jsonl"}]},
            progress=progress,
            limit=limit,
        )


def test_a_file_that_changes_once_all_was_read_is_none_of_the_build_s(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write(path, ROWS)
    recipe = {"sources": [{"name": "a", "from": "a.jsonl"}]}
    build_in(tmp_path, recipe, "whole")

    def progress(step: str, rows: int, text: int, part: float) -> None:
        if step == "write train" and path.exists():
            path.unlink()

    build_in(tmp_path, recipe, "out", progress=progress)
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


# Adds to the source when the staging folder is made: everything is digested by then, and nothing
# scanned.
ADDS = """
import sys
def add(event, arguments):
    if event == "os.mkdir" and str(arguments[0]).endswith(".staging"):
        with open("a.jsonl", "a") as stream:
            stream.write("{}")
sys.addaudithook(add)
from curate.cli import main
main()
"""


def test_the_command_line_says_it_in_one_line(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ROWS)
    (tmp_path / "r.yaml").write_text("{name: r, kind: sft, sources: [{name: a, from: a.jsonl}]}")
    command = [sys.executable, "-c", ADDS, "build", "r.yaml", "-o", "out", "--no-stages"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == "curate: a.jsonl: changed while it was read; nothing was written; run again\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "r.yaml"]
