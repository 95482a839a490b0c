"""Duplicates: how fast curate finds them, beside rensa, datasketch and Daft on the same texts.

    python -m venv out/speed/peers && out/speed/peers/bin/pip install -r benchmarks/speed/peers.txt
    python -m benchmarks.speed.dedup ../shared/data --peers out/speed/peers/bin/python

One core, rounds in turn, the median of CPU seconds. *Signatures* are those of 128 places of the same
shingle hashes: rensa gets ours, flat, through its fastest entry for whole sets. *End to end* is from
the texts in memory to what stays: curate makes shingles, finds every pair at 0.8 and confirms it;
datasketch and Daft make 5-word shingles of their own, sign them and group bands, and confirm
nothing."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import pyarrow as pa

from curate.kernels.minhash import ShingleSets, band_keys, jaccards, signatures
from curate.records import MESSAGES
from curate.steps.dedup import find, texts
from curate.steps.dedup.variants import inside
from curate.steps.step import Records
from curate.text.minhash import permutations, sure_bands
from curate.turns import all_turns

T, PLACES = 0.8, 128
FILES = (
    "sft/gsm8k/train.jsonl",
    "sft/math/orgn-MATH-train.jsonl",
    "sft/gpteacher/codegen-instruct.json",
    "sft/gpteacher/toolformer-similarity-0.9-dataset.json",
)


def rows(data: Path) -> Iterator[str]:
    """The texts: those of each row of some real sets."""
    for name in FILES:
        text = (data / name).read_text("utf-8")
        found = json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines())
        for row in found:
            yield "\n".join(value for value in row.values() if isinstance(value, str))


def records(found: list[str]) -> Records:
    """The texts as prompts."""
    turns = [[{"role": "user", "content": text}] for text in found]
    table = pa.table({"prompt": pa.array(turns, MESSAGES)})
    own = all_turns("prompt", table)
    return Records("x", "prompt", table, np.arange(len(found)), own, own.content_hashes())


def end_to_end(own: Records) -> tuple[int, int]:
    """What dedup does, without the files in between: rows that go, and variants."""
    n = own.n
    laid = texts.folded(texts.compared(own, "conversation"))
    exact, sets = texts.exact(laid), texts.shingles(laid, 5)
    rank = np.arange(n)
    first = find.first_of_each(exact, rank, np.ones(n, np.bool_))
    close = find.candidates([find.Piece(0, sets)], first == rank, T)
    close = find.partnered(close, rank, T)
    mask = np.zeros(n, np.bool_)
    mask[close.rows] = True
    near = laid.where(mask[laid.docs])
    asked, answers = texts.asked(near, close.rows), texts.answers(near, "prompt", close.rows)
    found = inside((text for _, text in texts.read(near, mask)), asked, answers)
    apart = np.empty((0, 2), np.int64)
    fixed = np.zeros(n, np.bool_)
    settled = find.settle(close, found, rank, fixed, apart, T, drop_variants=False)
    return int(settled.gone.sum() + (first != rank).sum()), int((~settled.gone).sum())


def by_bands(sets: ShingleSets) -> int:
    """The pairs that bands propose and the exact value confirms."""
    keys = band_keys(signatures(sets, permutations(PLACES)), *sure_bands(T, PLACES))
    pairs = []
    for band in range(keys.shape[1]):
        order = np.argsort(keys[:, band], kind="stable")
        same = np.flatnonzero(np.diff(keys[order, band]) == 0)
        pairs.append(np.sort(np.stack([order[same], order[same + 1]], 1), axis=1))
    found = np.unique(np.concatenate(pairs), axis=0)
    return int((jaccards(sets, found[:, 0], sets, found[:, 1]) >= T).sum())


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of some work."""
    start = process_time()
    work()
    return process_time() - start


def main() -> None:
    """Measure in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("out/speed"))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    options.work.mkdir(parents=True, exist_ok=True)
    found = list(rows(options.data))
    own = records(found)
    sets = texts.shingles(texts.compared(own, "conversation"), 5)
    np.savez(options.work / "shingles.npz", hashes=sets.hashes, first=sets.first)
    (options.work / "texts.json").write_text(json.dumps(found))
    gone, variants = end_to_end(own)
    functions = permutations(PLACES)
    works: dict[str, Callable[[], object]] = {
        "signatures": partial(signatures, sets, functions),
        "end to end": partial(end_to_end, own),
        "bands and confirming, from shingles": partial(by_bands, sets),
    }
    for work in works.values():
        work()  # compiled
    ours: dict[str, list[float]] = {name: [] for name in works}
    peers: dict[str, list[float]] = {}
    script = Path(__file__).with_name("dedup_peers.py")
    for _ in range(options.rounds):
        for name, work in works.items():
            ours[name].append(timed(work))
        done = subprocess.run(
            [options.peers, script, options.work], check=True, capture_output=True, text=True
        )
        for name, rate in json.loads(done.stdout.splitlines()[-1]).items():
            peers.setdefault(name, []).append(rate)
    print(f"{len(found):,} texts, {len(sets.hashes) / len(found):.0f} shingles each; "
          f"{gone} go, {variants} variants; rows a second of one core:")  # fmt: skip
    for name, seconds in ours.items():
        print(f"| curate: {name} | {len(found) / median(seconds):,.0f} |")
    for name, rates in peers.items():
        print(f"| {name} | {median(rates):,.0f} |")


if __name__ == "__main__":
    main()
