"""What a store holds: counted, written to a file and read from one, and thrown away.

A file of answers is Parquet, sorted by key, so the same answers give the same bytes. It holds all
that a store needs to give them back, and beside it what people look for."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.engines.request import Identity
from curate.engines.store import DATABASE, connect, escaped, lives, open_store
from curate.errors import UserError
from curate.shards import staging, write_stream

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("kind", pa.string()),
        ("model", pa.string()),
        ("revision", pa.string()),
        ("outcome", pa.string()),
        ("prompt", pa.string()),
        ("said", pa.string()),
        ("prompt_tokens", pa.int64()),
        ("completion_tokens", pa.int64()),
        ("cost", pa.float64()),
        ("engine", pa.string()),
        ("request", pa.string()),
        ("answer", pa.string()),
    ]
)
_AT_ONCE = 1000
_ROWS = "SELECT key, engine, request, answer FROM answers JOIN requests USING (key) ORDER BY key"
_STATS = """
SELECT engine ->> 'kind' AS kind, engine ->> 'model' AS model, outcome, count(*) AS requests,
  sum(answer ->> 'prompt_tokens') AS prompt_tokens,
  sum(answer ->> 'completion_tokens') AS completion_tokens,
  sum(answer ->> 'cost') AS cost
FROM (
  SELECT key, outcome, answer FROM answers
  UNION ALL
  SELECT key, 'failed', failed FROM asked WHERE failed IS NOT NULL
) JOIN requests USING (key) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_UNKNOWN = "SELECT run, count(*) FROM unknown GROUP BY run"


def stats(folder: Path) -> dict[str, Any]:
    """What was asked of which model, what became of it and what it cost; `under_way` is being asked
    now, `lost` was when its process was killed.
    """
    database = _opened(folder)
    rows = database.execute(_STATS)
    names = [column[0] for column in rows.description]
    engines = [dict(zip(names, row, strict=True)) for row in rows]
    unknown = {run: n for run, n in database.execute(_UNKNOWN)}
    alive = sum(n for run, n in unknown.items() if lives(folder, run))
    size = sum(path.stat().st_size for path in folder.glob(f"{DATABASE}*"))
    database.close()
    return {
        "folder": str(folder),
        "bytes": size,
        "engines": engines,
        "under_way": alive,
        "lost": sum(unknown.values()) - alive,
    }


def export(folder: Path, path: Path, keys: Sequence[str] | None = None) -> int:
    """Write the answers to a Parquet file, or those of some keys; how many they are."""
    wanted = None if keys is None else set(keys)
    database, written = _opened(folder), 0

    def tables() -> Iterator[pa.Table]:
        nonlocal written
        rows = database.execute(_ROWS)
        while part := rows.fetchmany(_AT_ONCE):
            kept = [shown(*row) for row in part if wanted is None or row[0] in wanted]
            written += len(kept)
            yield pa.Table.from_pylist(kept, SCHEMA)

    with staging(path) as temporary:
        write_stream(temporary, SCHEMA, tables())
    database.close()
    return written


def shown(key: str, engine: str, request: str, answer: str) -> dict[str, Any]:
    """A line of a file of answers: what the store holds of one, and what people look for."""
    identity, asked, ended = json.loads(engine), json.loads(request), json.loads(answer)
    own = {name: ended[name] for name in SCHEMA.names if name in ended}
    return own | {
        "key": key,
        "kind": identity["kind"],
        "model": identity["model"],
        "revision": identity["revision"],
        "prompt": escaped(asked["messages"][-1]["content"]),
        "said": escaped(ended["said"]),
        "engine": engine,
        "request": request,
        "answer": answer,
    }


def add(folder: Path, path: Path) -> int:
    """Add the answers of a file that `export` wrote to a store; how many it did not have."""
    try:
        table = pq.read_table(path, columns=["key", "outcome", "engine", "request", "answer"])
    except (OSError, pa.ArrowException, KeyError) as error:
        line = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: cannot be read as a file of answers ({line})") from None
    added = 0
    with open_store(folder), connect(folder) as database:
        database.execute("BEGIN IMMEDIATE")
        for row in table.to_pylist():
            if row["outcome"] == "failed":  # no answer: whoever wants it asks again
                continue
            database.execute(
                "INSERT OR IGNORE INTO requests (key, engine, request) VALUES (?, ?, ?)",
                (row["key"], row["engine"], row["request"]),
            )
            added += database.execute(
                "INSERT OR IGNORE INTO answers (key, outcome, answer, at) VALUES (?, ?, ?, ?)",
                (row["key"], row["outcome"], row["answer"], time.time()),
            ).rowcount
    database.close()
    return added


def identities(path: Path) -> list[Identity]:
    """The engines whose answers a file holds: what `Replay` needs."""
    found = sorted(set(pq.read_table(path, columns=["engine"])["engine"].to_pylist()))
    return [Identity(**json.loads(text)) for text in found]


def prune(folder: Path, days: float) -> int:
    """Throw away the answers that are older than so many days, and what was lost: how many went.

    Raises UserError while a process uses the store.
    """
    database = _opened(folder)
    for path in (folder / "runs").glob("*"):
        if lives(folder, path.name):
            raise UserError(f"{folder}: in use by the run {path.name}; try again when it has ended")
        path.unlink(missing_ok=True)
    with database:
        database.execute("BEGIN IMMEDIATE")
        before = (time.time() - days * 86400,)
        gone = database.execute("DELETE FROM answers WHERE at < ?", before).rowcount
        database.execute("DELETE FROM asked WHERE at < ?", before)
        database.execute(
            "DELETE FROM requests WHERE key NOT IN (SELECT key FROM answers) "
            "AND key NOT IN (SELECT key FROM asked)"
        )
    database.execute("VACUUM")
    database.close()
    return gone


def _opened(folder: Path) -> sqlite3.Connection:
    if not (folder / DATABASE).is_file():
        raise UserError(f"{folder}: no store is there")
    return connect(folder)
