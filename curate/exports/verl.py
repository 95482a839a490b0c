"""`verl`: the Parquet files of verl, for its RLHF data set (rlvr) and its multi-turn one (sft).

`data_source` is the name of the verifier: a reward function looks it up. Tools have no place in a
row of verl: they are configured beside the data."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from curate.exports.target import REASONING, Record, Row, Target, said

_TEXT = pa.string()


def _turns(*fields: str) -> pa.DataType:
    return pa.list_(pa.struct([(name, _TEXT) for name in ("role", "content", *fields)]))


_SCHEMAS = {
    "rlvr": pa.schema(
        [
            ("data_source", _TEXT),
            ("prompt", _turns()),
            ("ability", _TEXT),
            ("reward_model", pa.struct([("style", _TEXT), ("ground_truth", _TEXT)])),
            ("extra_info", pa.struct([("index", pa.int64()), ("id", _TEXT)])),
        ]
    ),
    "sft": pa.schema([("messages", _turns("reasoning_content")), ("id", _TEXT)]),
}


def _rlvr(record: Record) -> Row:
    truth: dict[str, Any] = {"style": "rule", "ground_truth": record["ground_truth"]}
    return {
        "data_source": record["verifier"],
        "prompt": [said(turn) for turn in record["prompt"]],
        "ability": record["verifier"],
        "reward_model": truth,
        "extra_info": {"index": record["place"], "id": record["id"]},
    }


def _sft(record: Record) -> Row:
    turns = [said(turn, "reasoning_content") for turn in record["messages"]]
    return {"messages": turns, "id": record["id"]}


VERL = Target("verl", {"rlvr": _rlvr, "sft": _sft}, frozenset({REASONING}), schemas=_SCHEMAS)
