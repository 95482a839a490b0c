"""`curate dedup` as a whole command on millions of rows: seconds, and the most memory.

    python -m benchmarks.speed.dedup_large ../shared/data --sizes 0.25 1 5

Rows are put together from runs of words of the conversations in a data folder, as long as real ones
are. One word in five is another one of the same folder, so that rows share phrases as real ones do
but are no copies. One row in eight is a copy of an earlier one with one word in forty replaced; most
of those are at the threshold. The seed is fixed."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.speed.corpus import conversations
from benchmarks.speed.measure import environment, measure, table, use_cores
from curate import sql

BATCH, RUN = 50_000, 16
COPIES, CHANGED, OTHER = 1 / 8, 1 / 40, 1 / 5
_PIECES = re.compile(r"\S+\s*")


def rows(
    pieces: np.ndarray, sizes: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Words of n rows one after the other, as places among `pieces`, and how many each row has."""
    own = rng.choice(sizes, n)
    runs = -(-own.sum() // RUN)
    places = (rng.integers(0, len(pieces) - RUN, runs)[:, None] + np.arange(RUN)).ravel()
    changed(places, OTHER, len(pieces), rng)
    return places[: own.sum()], own


def changed(places: np.ndarray, share: float, n: int, rng: np.random.Generator) -> None:
    """Put other words in the place of a share of them."""
    at = rng.random(len(places)) < share
    places[at] = rng.integers(0, n, np.count_nonzero(at))


def with_copies(
    places: np.ndarray, sizes: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The rows of a batch, some of them copies of others with a few other words."""
    first = np.concatenate([[0], np.cumsum(sizes)])
    of = np.where(rng.random(len(sizes)) < COPIES, rng.integers(0, len(sizes), len(sizes)), -1)
    parts = []
    for row, source in enumerate(of.tolist()):
        part = places[first[row] : first[row + 1]]
        if source >= 0:
            part = places[first[source] : first[source + 1]].copy()
            changed(part, CHANGED, n, rng)
        parts.append(part)
    return np.concatenate(parts), np.array([len(part) for part in parts])


def write(data: Path, path: Path, n: int) -> None:
    """A Parquet file of n rows, `question` and `answer`."""
    rng = np.random.default_rng(n)
    real = conversations(data.resolve())
    texts = ["".join(turn["content"] + "\n" for turn in turns) for turns in real]
    pieces = np.array([piece for text in texts for piece in _PIECES.findall(text)], object)
    sizes = np.array([len(_PIECES.findall(text)) for text in texts])
    sizes = np.clip(sizes, 4, 2000)
    with pq.ParquetWriter(path, pa.schema({"question": pa.string(), "answer": pa.string()})) as out:
        for start in range(0, n, BATCH):
            own = rows(pieces, sizes, min(BATCH, n - start), rng)
            places, lengths = with_copies(*own, len(pieces), rng)
            words, at = pieces[places].tolist(), 0
            columns: tuple[list[str], list[str]] = ([], [])
            for length in lengths.tolist():
                half = at + max(1, length // 3)
                columns[0].append("".join(words[at:half]))
                columns[1].append("".join(words[half : at + length]))
                at += length
            out.write_table(pa.table({"question": columns[0], "answer": columns[1]}))


def main() -> None:
    """Make the files, run the command on each, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.25, 1, 5], help="million rows")
    parser.add_argument("--work", type=Path, default=Path("out/speed"))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    cores, lines = use_cores(2), []
    for size in options.sizes:
        n = int(size * 1e6)
        path, out = (options.work / f"{name}-{n}" for name in ("rows", "once"))
        path = path.with_suffix(".parquet")
        if not path.exists():
            write(options.data, path.with_suffix(".partial"), n)
            path.with_suffix(".partial").rename(path)
        command = [sys.executable, "-m", "curate", "dedup", str(path), "-o", str(out)]
        command += ["--format", "{prompt: question, response: answer}", "--no-stages"]
        done = measure([*command, "--overwrite"], environment())
        ((gone,),) = sql(out, "SELECT count(*) FROM duplicates WHERE dropped").to_pydict().values()
        lines.append(
            [f"{n:,}", path.stat().st_size / 1e6, gone, done.seconds, done.cpu_seconds,
             1e6 * done.cpu_seconds / n, done.memory.pss / 1e6, done.memory.anonymous / 1e6]
        )  # fmt: skip
        print(lines[-1], flush=True)
    print(f"{len(cores)} cores")
    head = ["rows", "file, MB", "went", "seconds", "CPU seconds", "CPU µs a row", "peak PSS, MB"]
    print(table([*head, "not of files"], lines))


if __name__ == "__main__":
    main()
