"""Makes a corpus of any size from a folder of real training files: every set, repeated with edits.

    python benchmarks/speed/corpus.py ../shared/data corpus --mb 1000

Writes corpus/data.parquet and corpus/data.jsonl.gz with the same rows (`messages`), until the user turns hold the given
number of megabytes (10^6 UTF-8 bytes). In each repetition every user turn has one word replaced at a place of its own,
so that no two rows are equal and nothing can be cached; the seed is fixed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import UserError
from curate.formats import detect, parse
from curate.sources import open_source

QA = {"prompt": "question", "response": "rationale"}
TSV = ["question", "answer", "rationale"]
ROWS_A_GROUP = 20_000


def training_files(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every file of the training sets, with what is needed to read it."""
    for path in sorted((root / "sft").rglob("*")):
        if path.suffix in {".jsonl", ".json", ".tsv"} and "decon_fixtures" not in path.parts:
            yield path, {"columns": TSV, "format": QA} if path.suffix == ".tsv" else {}


def conversations(root: Path) -> list[list[dict[str, str]]]:
    """The conversations of all sets that can be read as such; the others are left out."""
    found: list[list[dict[str, str]]] = []
    for path, how in training_files(root):
        try:
            source = open_source(path.stem, str(path), base=root, columns=how.get("columns"))
            for block in source.blocks():
                messages = parse(block, how.get("format") or detect(block, "sft"), "sft").records["messages"]
                for turns in messages.to_pylist():
                    found.append([{"role": m["role"], "content": m["content"]} for m in turns])
        except UserError:
            continue
    return found


def edited(turns: list[dict[str, str]], rng: random.Random) -> list[dict[str, str]]:
    """The conversation with one word of each user turn replaced."""
    result = []
    for turn in turns:
        if turn["role"] == "user":
            words = turn["content"].split(" ")
            words[rng.randrange(len(words))] = f"w{rng.randrange(10**6)}"
            turn = {"role": "user", "content": " ".join(words)}
        result.append(turn)
    return result


def rows(base: list[list[dict[str, str]]], size: int) -> Iterator[list[dict[str, str]]]:
    """Repetitions of the conversations until their user turns hold `size` bytes."""
    rng, total = random.Random(0), 0
    while total < size:
        for turns in base:
            turns = edited(turns, rng)
            total += sum(len(turn["content"].encode()) for turn in turns if turn["role"] == "user")
            yield turns
            if total >= size:
                return


def main() -> None:
    """Write the corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="folder with sft/")
    parser.add_argument("out", type=Path)
    parser.add_argument("--mb", type=float, default=1000)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    base = conversations(given.root.resolve())
    if not base:
        raise SystemExit(f"{given.root}: no training set could be read there")
    schema = pa.schema([("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])))])
    batch: list[dict[str, object]] = []
    with (
        pq.ParquetWriter(given.out / "data.parquet", schema, compression="snappy") as parquet,
        gzip.open(given.out / "data.jsonl.gz", "wb", compresslevel=1) as lines,
    ):
        for turns in rows(base, int(given.mb * 1e6)):
            batch.append({"messages": turns})
            lines.write(json.dumps({"messages": turns}, ensure_ascii=False).encode() + b"\n")
            if len(batch) == ROWS_A_GROUP:
                parquet.write_table(pa.Table.from_pylist(batch, schema))
                batch = []
        if batch:
            parquet.write_table(pa.Table.from_pylist(batch, schema))


if __name__ == "__main__":
    main()
