"""Makes a corpus of any size from a folder of real training files: every set, repeated with edits.

    python -m benchmarks.speed.corpus ../shared/data corpus --mb 1000

Writes corpus/data.parquet and corpus/data.jsonl.gz with the same rows (`messages`), until the user
turns hold the given number of megabytes (10^6 UTF-8 bytes). In each repetition every user turn has
one word replaced at a place of its own, so that no two rows are equal and nothing can be cached;
the seed is fixed, and the same folder gives the same bytes."""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
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
FORMATS = ("parquet", "jsonl.gz")
SCHEMA = pa.schema(
    [("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])))]
)

Turns = list[dict[str, str]]
"""A conversation: `role` and `content` of each turn."""


def training_files(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every file of the training sets, with what is needed to read it."""
    for path in sorted((root / "sft").rglob("*")):
        if path.suffix in {".jsonl", ".json", ".tsv"} and "decon_fixtures" not in path.parts:
            yield path, {"columns": TSV, "format": QA} if path.suffix == ".tsv" else {}


def conversations(root: Path) -> list[Turns]:
    """The conversations of all sets that can be read as such; the others are left out."""
    found: list[Turns] = []
    for path, how in training_files(root):
        try:
            source = open_source(path.stem, str(path), base=root, columns=how.get("columns"))
            for block in source.blocks():
                messages = parse(block, how.get("format") or detect(block, "sft"), "sft").records[
                    "messages"
                ]
                for turns in messages.to_pylist():
                    found.append([{"role": m["role"], "content": m["content"]} for m in turns])
        except UserError:
            continue
    return found


def edited(turns: Turns, rng: random.Random) -> Turns:
    """The conversation with one word of each user turn replaced."""
    result = []
    for turn in turns:
        if turn["role"] == "user":
            words = turn["content"].split(" ")
            words[rng.randrange(len(words))] = f"w{rng.randrange(10**6)}"
            turn = {"role": "user", "content": " ".join(words)}
        result.append(turn)
    return result


def rows(base: list[Turns], size: int) -> Iterator[Turns]:
    """Repetitions of the conversations until their user turns hold `size` bytes."""
    rng, total = random.Random(0), 0
    while total < size:
        for turns in base:
            turns = edited(turns, rng)
            total += sum(len(turn["content"].encode()) for turn in turns if turn["role"] == "user")
            yield turns
            if total >= size:
                return


def write_corpus(root: Path, out: Path, size: int, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write a corpus of `size` bytes of user turns as `out`/data.<format>; gives the files."""
    base = conversations(root.resolve())
    if not base:
        raise UserError(
            f"{root}: no training set could be read there; it needs a folder sft/ with data files"
        )
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"data.{form}" for form in formats]
    with ExitStack() as stack:
        parquet, lines = None, None
        if "parquet" in formats:
            parquet = stack.enter_context(
                pq.ParquetWriter(out / "data.parquet", SCHEMA, compression="snappy")
            )
        if "jsonl.gz" in formats:
            raw = stack.enter_context((out / "data.jsonl.gz").open("wb"))
            # Without a name and a time in the header, so that the same rows are the same bytes.
            lines = stack.enter_context(
                gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0)
            )
        for batch in batched(rows(base, size), ROWS_A_GROUP):
            if parquet:
                parquet.write_table(
                    pa.Table.from_pylist([{"messages": turns} for turns in batch], SCHEMA)
                )
            if lines:
                lines.write("".join(_line(turns) for turns in batch).encode())
    return paths


def batched(turns: Iterator[Turns], size: int) -> Iterator[list[Turns]]:
    """Cut an iterator into lists of `size`; the last may be shorter."""
    while batch := list(islice(turns, size)):
        yield batch


def _line(turns: Turns) -> str:
    return json.dumps({"messages": turns}, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the corpus."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, help="folder with sft/")
    parser.add_argument("out", type=Path)
    parser.add_argument("--mb", type=float, default=1000)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    given = parser.parse_args()
    try:
        write_corpus(given.root, given.out, int(given.mb * 1e6), given.formats)
    except UserError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
