"""What the benchmarks read: a corpus in two formats, the benchmark items, and the same text for
every contestant.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from benchmarks.speed.corpus import write_corpus
from curate.records import ROLES
from curate.sources import read_rows
from curate.suites import load_suite, read_suite
from curate.turns import all_turns

SUITE = Path(__file__).with_name("suite.yaml")

LABELS = {
    "gsm8k": "answer",
    "math500": "solution",
    "humaneval": "canonical_solution",
    "mbpp": "code",
    "bbh": "target",
}
"""Where a benchmark keeps its answers; datatrove looks for those."""


@dataclass(frozen=True)
class Text:
    """How much text lies in a folder: user turns, and the bytes they hold."""

    rows: int
    turns: int
    size: int


def corpus(work: Path, data: Path, mb: float, form: str) -> Path:
    """The corpus of `mb` megabytes of user turns in a format; made once, then kept in `work`."""
    folder = work / f"corpus-{mb:g}"
    path = folder / f"data.{form}"
    if not path.exists():
        print(f"making {path} (once; about a minute for 200 MB)", flush=True)
        partial = work / f"corpus-{mb:g}-{form}.partial"
        [made] = write_corpus(data, partial, int(mb * 1e6), [form])
        folder.mkdir(exist_ok=True)
        made.rename(path)
        shutil.rmtree(partial)
    return path


def write_suite(work: Path, data: Path) -> Path:
    """The suite with whole paths."""
    suite: dict[str, Any] = yaml.safe_load(SUITE.read_text(encoding="utf-8"))
    for benchmark in suite["benchmarks"]:
        benchmark["from"] = str(data.resolve() / benchmark["from"])
    path = work / "suite.yaml"
    path.write_text(yaml.safe_dump(suite, sort_keys=False), encoding="utf-8")
    return path


def write_recipe(
    work: Path, data: Path, corpus: Path, profile: str = "tulu3", order: str = "key"
) -> Path:
    """A recipe with one source, decontaminated against every benchmark by the matchers of a
    profile, and written in an order.
    """
    recipe = {
        "name": "speed",
        "kind": "sft",
        "sources": [{"name": "data", "from": str(corpus.resolve())}],
        "decontaminate": {"suite": str(write_suite(work, data).resolve()), "profile": profile},
        "output": {"order": order},
    }
    path = work / f"recipe-{corpus.parent.name}-{corpus.name}-{profile}-{order}.yaml"
    path.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    return path


def write_items(suite: Path, folder: Path) -> int:
    """Write every item with its answer, where there is one, as folder/items.jsonl; gives their
    number.
    """
    loaded = load_suite(str(suite.resolve()), base=suite.parent)
    items = read_suite(loaded, base=suite.parent).items
    labels: list[str] = []
    for benchmark in loaded.benchmarks:
        rows = read_rows(
            benchmark.from_, base=loaded.base, split=benchmark.split, field=benchmark.rows
        )
        labels += [str(row.get(LABELS.get(benchmark.name, ""), "")) for _, _, row in rows]
    with (folder / "items.jsonl").open("w", encoding="utf-8") as out:
        for item, label in zip(items, labels, strict=True):
            line = {"benchmark": item.benchmark, "fields": item.fields, "label": label}
            out.write(json.dumps(line) + "\n")
    return len(items)


def write_texts(parquet: Path, folder: Path) -> Text:
    """Write the user turns one after the other, a newline after each, as folder/text.txt, and where
    each one stands.
    """
    docs, turns, sizes, rows = [], [], [], 0
    with (folder / "text.txt").open("wb") as out:
        for batch in _batches(parquet):
            users = all_turns("sft", batch)
            mask = users.roles == ROLES.index("user")
            texts = users.texts.filter(pa.array(mask))
            out.write(b"".join(text.encode() + b"\n" for text in texts.to_pylist()))
            sizes.append(np.asarray(pc.binary_length(texts), np.int64))
            docs.append(users.stretches.docs[mask] + rows)
            turns.append(users.stretches.turns[mask])
            rows += batch.num_rows
    stops = np.cumsum(np.concatenate(sizes) + 1) - 1
    starts = stops - np.concatenate(sizes)
    np.savez(
        folder / "turns.npz",
        starts=starts,
        stops=stops,
        docs=np.concatenate(docs).astype(np.int32),
        turns=np.concatenate(turns).astype(np.int32),
    )
    return Text(rows, len(stops), int((stops - starts).sum()))


def _batches(parquet: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(parquet) as file:
        for batch in file.iter_batches(20_000):
            yield pa.Table.from_batches([batch])


def write_slices(folder: Path, whole: Text, sizes: Mapping[str, float]) -> dict[str, Text]:
    """Write about so many megabytes for each name as folder/<name>.jsonl: every k-th row of the
    corpus.
    """
    text = np.memmap(folder / "text.txt", np.uint8, mode="r")
    with np.load(folder / "turns.npz") as places:
        starts, stops, docs = places["starts"], places["stops"], places["docs"]
    return {
        name: _write_slice(
            folder / f"{name}.jsonl",
            text,
            (starts, stops, docs),
            max(1, round(whole.size / mb / 1e6)),
        )
        for name, mb in sizes.items()
    }


def _write_slice(path: Path, text: np.ndarray, places: Sequence[np.ndarray], step: int) -> Text:
    starts, stops, docs = places
    chosen = np.flatnonzero(docs % step == 0)
    rows = 0
    with path.open("w", encoding="utf-8") as out:
        for group in _groups(chosen, docs):
            out.write(
                json.dumps([bytes(text[starts[i] : stops[i]]).decode() for i in group]) + "\n"
            )
            rows += 1
    return Text(rows, len(chosen), int((stops[chosen] - starts[chosen]).sum()))


def _groups(chosen: np.ndarray, docs: np.ndarray) -> Iterator[np.ndarray]:
    """The turns of each row."""
    cuts = np.flatnonzero(np.diff(docs[chosen])) + 1
    return iter(np.split(chosen, cuts)) if len(chosen) else iter(())
