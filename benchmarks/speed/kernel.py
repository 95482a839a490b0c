"""The matcher of curate as one pass that can be timed: tokenise, probe and verify text that lies in
memory.

Run as `python -m benchmarks.speed.kernel FOLDER`; the protocol is that of `peers.py`.
FOLDER/turns.npz says where in FOLDER/text.txt each user turn stands."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.speed.peers import Pass, read_items, serve
from curate.matching.index import build_index
from curate.matching.ngram import match
from curate.matching.profile import profile
from curate.turns import Stretches


def read_turns(folder: Path) -> Stretches:
    """All user turns, in one buffer."""
    text = np.fromfile(folder / "text.txt", np.uint8)
    text.flags.writeable = False  # as the buffers of Arrow are: numba compiles for each of the two
    with np.load(folder / "turns.npz") as places:
        return Stretches(text, places["starts"], places["stops"], places["docs"], places["turns"])


def kernel(folder: Path) -> Pass:
    """Make the pass of `curate.matching.ngram.match`; the kernels are compiled before the first
    one.
    """
    rule = profile("tulu3")
    start = perf_counter()
    index = build_index([item.fields for item in read_items(folder)], rule.n, rule.threshold)
    index_seconds = perf_counter() - start
    turns = read_turns(folder)
    match(Stretches(turns.data, *(column[:1000] for column in turns[1:])), index.table)

    def run() -> dict[str, float]:
        start = perf_counter()
        found, counts = match(turns, index.table)
        seconds = perf_counter() - start
        return {
            "seconds": seconds,
            "flagged": sum(
                np.unique(part.docs[part.scores > rule.threshold]).size for part in found
            ),
            "tokens": int(counts.sum()),
            "index_seconds": index_seconds,
        }

    return run


if __name__ == "__main__":
    serve(lambda: kernel(Path(sys.argv[1])))
