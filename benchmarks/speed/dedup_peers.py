"""What `dedup.py` compares with, in an environment of its own: prints rows a second by name.

    python benchmarks/speed/dedup_peers.py FOLDER

Only rensa, datasketch, daft and numpy are needed."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from time import process_time
from typing import Any

import daft
import numpy as np
import rensa
from datasketch import MinHash, MinHashLSH

PLACES, BANDS, ROWS, N = 128, 18, 6, 5
SAMPLE = 1500
"""Rows that datasketch is given."""
TOKEN = re.compile(r'[^ ,.?!:;()"\-\n\\]+')


def signed_by_rensa(folder: Path) -> float:
    """Signatures of ready hashes."""
    with np.load(folder / "shingles.npz") as found:
        hashes, first = found["hashes"], found["first"].astype(np.uint64)
    entry: Any = rensa.RMinHash.digest_matrix_from_flat_token_hashes
    entry(hashes[:1000], np.array([0, 1000], np.uint64), PLACES, 1)
    start = process_time()
    entry(hashes, first, PLACES, 1)
    return (len(first) - 1) / (process_time() - start)


def by_datasketch(texts: list[str]) -> float:
    """Shingles, signatures and an index, as its documentation has it."""
    start = process_time()
    index = MinHashLSH(num_perm=PLACES, params=(BANDS, ROWS))
    for number, text in enumerate(texts[:SAMPLE]):
        words = TOKEN.findall(text.lower())
        minhash = MinHash(PLACES)
        minhash.update_batch(
            [" ".join(words[i : i + N]).encode() for i in range(max(1, len(words) - N + 1))]
        )
        index.query(minhash)
        index.insert(str(number), minhash)
    return min(SAMPLE, len(texts)) / (process_time() - start)


def by_daft(texts: list[str]) -> float:
    """Its own minhash of word n-grams, and bands grouped by numpy."""
    start = process_time()
    frame = daft.from_pydict({"text": texts})
    signed = frame.select(
        daft.col("text").minhash(num_hashes=PLACES, ngram_size=N, seed=1).alias("m")
    ).to_arrow()
    values = signed["m"].combine_chunks().flatten().to_numpy().reshape(len(texts), PLACES)
    for band in range(BANDS):
        part = np.ascontiguousarray(values[:, band * ROWS : (band + 1) * ROWS])
        np.unique(part.view([("", part.dtype)] * ROWS).ravel(), return_inverse=True)
    return len(texts) / (process_time() - start)


def main() -> None:
    """Measure each once, and print the rates."""
    folder = Path(sys.argv[1])
    texts = json.loads((folder / "texts.json").read_text())
    rates = {
        "rensa: signatures": signed_by_rensa(folder),
        "datasketch: end to end, nothing confirmed": by_datasketch(texts),
        "Daft: end to end, nothing confirmed": by_daft(texts),
    }
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
