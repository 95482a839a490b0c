"""Files of columns with damage in them: numbers, lengths and offsets that are not what they were."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

N = 40
TEXTS = ["", "a", "twelve bytes and more than these", "é日本", "x" * 300]


def table(draw: random.Random) -> pa.Table:
    """A few rows with columns of every type that sources bring."""
    texts = [draw.choice([*TEXTS, None]) for _ in range(N)]
    turns = [
        [{"role": draw.choice(["user", "assistant"]), "content": draw.choice(TEXTS)}]
        * draw.randrange(3)
        for _ in range(N)
    ]
    columns: dict[str, pa.Array] = {
        "text": pa.array(texts),
        "prompt": pa.array([text or "q" for text in texts]),
        "messages": pa.array(turns),
        "coded": pa.array(texts).dictionary_encode(),
        "large": pa.array(texts, pa.large_string()),
        "view": pa.array(texts, pa.string_view()),
        "map": pa.array([[("k", text)] for text in texts], pa.map_(pa.string(), pa.string())),
        "when": pa.array([draw.randrange(2**40) for _ in range(N)], pa.timestamp("us")),
        "some": pa.array([draw.choice([None, 1, 2]) for _ in range(N)]),
        "lists": pa.array([[[text]] for text in texts]),
        "bytes": pa.array([bytes([n]) for n in range(N)]),
        "fixed": pa.array([[n, n] for n in range(N)], pa.list_(pa.int8(), 2)),
        "truth": pa.array([bool(n % 2) for n in range(N)]),
    }
    chosen = draw.sample(sorted(columns), draw.randrange(1, 6))
    return pa.table({name: columns[name] for name in {"text", *chosen}})


def parquet(draw: random.Random) -> bytes:
    """A Parquet file in one of the ways to write it."""
    sink = io.BytesIO()
    rows = table(draw)
    pq.write_table(
        rows,
        sink,
        row_group_size=draw.choice([7, N]),
        compression=draw.choice(["none", "snappy", "zstd"]),
        use_dictionary=draw.random() < 0.6,
        data_page_version=draw.choice(["1.0", "2.0"]),
        store_schema=draw.random() < 0.7,
    )
    return sink.getvalue()


def arrow(draw: random.Random) -> bytes:
    """An Arrow file or stream, plain or packed."""
    sink = io.BytesIO()
    rows = table(draw)
    opened = draw.choice([pa.ipc.new_file, pa.ipc.new_stream])
    options = pa.ipc.IpcWriteOptions(compression=draw.choice([None, None, "lz4", "zstd"]))
    with opened(sink, rows.schema, options=options) as writer:
        writer.write_table(rows, max_chunksize=draw.choice([7, N]))
    return sink.getvalue()


MAKERS: dict[str, Callable[[random.Random], bytes]] = {"parquet": parquet, "arrow": arrow}
_ODD = [0, 1, 2, 7, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**62]


def damaged(data: bytes, draw: random.Random) -> bytes:
    """The bytes with one to four kinds of damage."""
    own = bytearray(data)
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(max(1, len(own)))
        kind = draw.randrange(6)
        if kind == 0:
            own[at : at + 1] = bytes([draw.randrange(256)])
        elif kind == 1:
            size = draw.choice([2, 4, 8])
            at -= at % size
            value = draw.choice(_ODD) & (2 ** (8 * size) - 1)
            own[at : at + size] = value.to_bytes(size, "little")
        elif kind == 2:
            del own[at : at + draw.randrange(1, 64)]
        elif kind == 3:
            own[at:at] = draw.randbytes(draw.randrange(1, 64))
        elif kind == 4:
            other = draw.randrange(len(own) or 1)
            own[at : at + 32] = own[other : other + 32]
        elif draw.random() < 0.3:
            del own[at:]
        else:
            own[at : at + 1] = bytes([own[at] ^ (1 << draw.randrange(8))]) if own else b""
    return bytes(own)


def made(kind: str, number: int) -> bytes:
    """The damaged file of that number: the same one each time."""
    draw = random.Random(f"{kind}-{number}")
    return damaged(MAKERS[kind](draw), draw)
