"""Pairs of which some leak, builds of them in every shape, and what the audit calls kept."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import datasets

from tests.corpus import Rows, ask, build_in, sentence, write_lines

CLEAN = {"suite": "evals.jsonl"}
SOURCE: dict[str, Any] = {"order": "source"}
INPUT: dict[str, Any] = SOURCE | {"rows": "input"}
LINES: dict[str, Any] = SOURCE | {"rows": "lines"}
MARK = "\ufeff".encode()


def some_items() -> list[str]:
    rng = random.Random(4)
    return [sentence(rng, 16) for _ in range(6)]


def pairs(items: list[str], n: int = 40, seed: int = 1) -> Rows:
    """Questions and answers with a column of their own; every ninth question is a benchmark's."""
    rng = random.Random(seed)
    return [
        {
            "n": i,
            "question": items[i % 6] if i % 9 == 4 else f"{sentence(rng, 7)}, 数 {i}?",
            "answer": f"{i}\r\nis it." if i % 5 == 0 else str(i),
        }
        for i in range(n)
    ]


def kept(out: Path, source: str = "data") -> list[int]:
    """The rows of a source that are kept, as its audit says."""
    query = f"SELECT row FROM documents WHERE fate = 'kept' AND source = '{source}' ORDER BY row"
    return [row["row"] for row in ask(out, query)]


def build_of(
    folder: Path, items: list[str], file: str, output: dict[str, Any], **options: Any
) -> Path:
    """Build the one source `data` from a file, against the items."""
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    recipe = {
        "sources": [{"name": "data", "from": file} | options.pop("source", {})],
        "decontaminate": CLEAN,
        "output": output,
    }
    shutil.rmtree(folder / "out", ignore_errors=True)
    return build_in(folder, recipe, **options).folder


def opened(out: Path, name: str | None = None, split: str = "train") -> Rows:
    """What `datasets` makes of a built folder."""
    cache = str(out.parent / "cache")
    found = datasets.load_dataset(str(out), name, split=split, cache_dir=cache)
    return [dict(row) for row in found]
