"""Many completions at once: verdicts over Arrow columns, in order, with a time limit a row.

    judged = verify_table(table, workers=8)       # columns completion, verifier, ground_truth; prompt if it is there
    judged.group_by("outcome").aggregate([("score", "count")])

Every row gets one outcome: right, partly right, wrong, not parsed, timed out, bad ground truth,
failed. A score is null where nothing can be said of the completion (bad ground truth, failed), so
that a broken label never becomes a reward by accident. The result is the same for any number of
workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from curate.errors import UserError, unknown
from curate.verify import answer_part, find
from curate.verify.pool import Judged, Row, judge, run
from curate.verify.several import asks_a_model

SCHEMA = pa.schema(
    [
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("parsed", pa.bool_(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("isolated", pa.bool_(), nullable=False),
    ]
)
_NEEDED = ("completion", "verifier", "ground_truth")


def verify_table(
    table: pa.Table | Mapping[str, Sequence[str]],
    *,
    workers: int = 1,
    seconds: float = 30.0,
    done: Callable[[int], None] = lambda n: None,
    allow_weaker: bool = False,
    engine: Any = None,
) -> pa.Table:
    """The verdict on every row: columns outcome, score (0 to 1 or null), parsed, reason and
    isolated (was the judge out of reach of what it judged?), in the order of the rows.

    `table`, or the columns of one by name, has text columns completion, verifier and ground_truth,
    and may have prompt. Thinking is cut (`answer_part`). `workers` is a
    number of processes, `seconds` the wall-clock limit of one row, `done` is told of rows as they
    are finished, `allow_weaker` lets code run within limits alone where no sandbox can be made.
    `engine` is for verifiers that ask a language model, in `workers` threads of this process and with
    a time limit of its own, since it cannot be sent to another one.

    Raises UserError for a missing column, a null in one, an unknown verifier, or where a verifier
    lacks what it needs."""
    if workers < 1 or not seconds > 0:
        raise UserError(
            f"verify_table: workers and seconds must be above 0, not {workers} and {seconds}"
        )
    rows = _rows(table if isinstance(table, pa.Table) else pa.table(dict(table)))
    for name in sorted({row[0] for row in rows}):
        find(name, engine)
    return as_table(judge_rows(rows, workers, seconds, done, allow_weaker, engine))


def judge_rows(
    rows: Sequence[Row],
    workers: int,
    seconds: float,
    done: Callable[[int], None],
    allow_weaker: bool = False,
    engine: Any = None,
    may_lack: bool = False,
) -> list[Judged]:
    """What becomes of every row, in order: in worker processes, or, where a verifier asks the
    `engine`, in threads here. With `may_lack` a verifier that lacks something leaves its rows
    unchecked.
    """
    asking = [engine is not None and asks_a_model(row[0], row[2]) for row in rows]
    sent = [row for row, here in zip(rows, asking, strict=True) if not here]
    kept = [row for row, here in zip(rows, asking, strict=True) if here]
    judged = iter(run(sent, workers, seconds, done, allow_weaker, may_lack))
    if not kept:
        return list(judged)
    threads = ThreadPoolExecutor(workers)
    try:
        answers = threads.map(lambda row: judge(row, allow_weaker, engine, may_lack), kept)
        told = [next(answers) if here else next(judged) for here in asking]
    finally:  # of a run that is interrupted nothing more is asked
        threads.shutdown(wait=False, cancel_futures=True)
    done(len(kept))
    return told


def as_table(judged: list[Judged]) -> pa.Table:
    """Outcomes as a table of SCHEMA."""
    columns = zip(*judged, strict=True) if judged else ([] for _ in SCHEMA)
    return pa.table(
        [pa.array(list(c), f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def _rows(table: pa.Table) -> list[Row]:
    columns = {}
    for name in _NEEDED:
        if name not in table.column_names:
            raise UserError(f"verify_table: {unknown('column', name, table.column_names)}")
        columns[name] = table[name].to_pylist()
        if table[name].null_count:
            raise UserError(f"verify_table: row {columns[name].index(None)} has no {name}")
        if not all(isinstance(value, str) for value in columns[name]):
            raise UserError(f"verify_table: column '{name}' is {table[name].type}, not text")
    prompts = (
        table["prompt"].to_pylist() if "prompt" in table.column_names else [None] * table.num_rows
    )
    completions = list(map(answer_part, columns["completion"], prompts))
    return list(
        zip(columns["verifier"], completions, columns["ground_truth"], prompts, strict=True)
    )
