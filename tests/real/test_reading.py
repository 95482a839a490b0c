"""Every real training set of ../shared/data is read: rows, records and quarantine, whatever the
block size.

The counts of rows are those of the index of the data. What fits no format of a kind is listed too.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.errors import UserError
from curate.formats import Parsed, detect, parse
from curate.sources import open_source

FIXTURES = "sft/decon_fixtures/tests/fixtures/training"
COT = ["question", "answer", "explanation"]
QA = {"prompt": "question", "response": "answer"}
EMPTY = "the last turn of 'messages' is empty"

# (from, kind, detected format, rows, why rows are quarantined)
SETS: list[tuple[str, str, Any, int, dict[str, int]]] = [
    ("sft/gsm8k/train.jsonl", "sft", "gsm8k", 7473, {}),
    ("sft/gsm8k/train.jsonl", "rlvr", "gsm8k", 7473, {}),
    ("sft/gsm8k/example_model_solutions.jsonl", "prompt", {"prompt": "question"}, 1319, {}),
    (
        "sft/math/orgn-MATH-train.jsonl",
        "sft",
        {"prompt": "problem", "response": "solution"},
        3000,
        {},
    ),
    ("sft/flan_cot/*.tsv", "sft", QA, 33443, {}),
    ("sft/gpteacher/*.json", "sft", "alpaca", 12890, {}),
    ("sft/fastchat/dummy_conversation.json", "sft", "sharegpt", 500, {}),
    ("sft/llama_factory_demo/alpaca_en_demo.json", "sft", "alpaca", 999, {}),
    ("sft/llama_factory_demo/identity.json", "sft", "alpaca", 91, {}),
    ("sft/llama_factory_demo/glaive_toolcall_en_demo.json", "sft", "sharegpt", 300, {}),
    ("sft/alpaca_libre/*v1.jsonl", "sft", "alpaca", 2375, {EMPTY: 237}),
    ("sft/alpaca_libre/*v2.jsonl", "sft", "alpaca", 2294, {EMPTY: 51, "not JSON": 14}),
    ("sft/alpaca_libre/*v3.jsonl", "sft", "alpaca", 1205, {EMPTY: 6}),
    ("sft/self_instruct/*_predictions.jsonl", "sft", "alpaca", 2016, {EMPTY: 51}),
    ("sft/self_instruct/seed_tasks.jsonl", "prompt", "alpaca", 175, {}),
    ("sft/self_instruct/user_oriented_instructions.jsonl", "prompt", "alpaca", 252, {}),
    ("sft/t0_train_50k", "sft", {"prompt": "prompt", "response": "completion"}, 7000, {}),
    ("sft/open_instruct/eval_instances_tulu_1.jsonl", "prompt", {"prompt": "prompt"}, 996, {}),
    ("sft/open_assistant/en_100_text.jsonl", "prompt", "text", 100, {}),
    ("sft/open_assistant/prompt_lottery_en_250_text.jsonl", "prompt", "text", 250, {}),
    ("sft/open_assistant/en_100_message.jsonl", "prompt", "text", 100, {}),
    (
        "sft/llm_decontaminator/rephrase__*.jsonl",
        "prompt",
        "text",
        4146,
        {"the last turn of 'prompt' is empty": 114},
    ),
    *(
        (f"{FIXTURES}/contaminated_mixed.jsonl{end}", "prompt", "text", 5, {})
        for end in ("", ".gz", ".bz2", ".xz", ".zst")
    ),
    (f"{FIXTURES}/*", "prompt", "text", 46, {}),
    ("preference/coconot/coconot_pref.jsonl", "preference", "preference", 927, {}),
    ("preference/hh_rlhf/test.jsonl.gz", "preference", "preference", 2312, {"the last turn of": 4}),
    ("preference/llama_factory_demo/dpo_en_demo.json", "preference", "preference", 300, {}),
    ("preference/llama_factory_demo/kto_en_demo.json", "sft", "messages", 300, {}),
    ("preference/llama_factory_demo/kto_en_demo.json", "unpaired", "unpaired", 300, {}),
]

UNFIT = [
    ("sft/open_assistant/en_100_tree.jsonl", ("sft", "prompt", "preference", "rlvr")),
    ("sft/open_assistant/en_100_message.jsonl", ("sft", "preference", "rlvr")),
    ("sft/open_instruct/eval_instances_tulu_1.jsonl", ("sft", "preference", "rlvr")),
    ("preference/pandalm/testset-v1.json", ("sft", "preference", "rlvr")),
    ("preference/llmbar/LLMBar__Natural__dataset.json", ("sft", "preference", "rlvr")),
]


def parts(root: Path, from_: str, kind: str, block_bytes: int) -> Iterator[tuple[Any, Parsed]]:
    found: Any = None
    columns = COT if from_.endswith(".tsv") else None
    for block in open_source("s", from_, base=root, columns=columns).blocks(
        block_bytes=block_bytes
    ):
        found = found or detect(block, kind)
        yield found, parse(block, found, kind)


@pytest.mark.parametrize("case", SETS, ids=[f"{from_}-{kind}" for from_, kind, *_ in SETS])
def test_every_set_is_read(
    shared_data: Path, case: tuple[str, str, Any, int, dict[str, int]]
) -> None:
    from_, kind, expected, n_rows, quarantine = case
    results = []
    for block_bytes in (16 << 20, 50_000):
        found, done = zip(*parts(shared_data, from_, kind, block_bytes), strict=True)
        assert found[0] == expected
        bad = [one for part in done for one in part.quarantine]
        places = sorted(
            [row for part in done for row in part.rows.tolist()] + [one.row for one in bad]
        )
        assert places == list(range(n_rows))
        reasons = Counter(
            next((key for key in quarantine if one.reason.startswith(key)), one.reason)
            for one in bad
        )
        assert reasons == quarantine
        results.append(pa.concat_tables([part.records for part in done]).combine_chunks())
    assert results[0].equals(results[1])


@pytest.mark.parametrize(("from_", "kinds"), UNFIT, ids=[from_ for from_, _ in UNFIT])
def test_what_fits_no_format_says_so(shared_data: Path, from_: str, kinds: tuple[str, ...]) -> None:
    (first, *_) = open_source("s", from_, base=shared_data).blocks()
    for kind in kinds:
        with pytest.raises(UserError, match=f"no format( of kind '{kind}')? fits its columns: "):
            detect(first, kind)


def test_gsm8k_word_for_word(shared_data: Path) -> None:
    lines = (shared_data / "sft/gsm8k/train.jsonl").read_text("utf-8").splitlines()
    records = pa.concat_tables(
        [part.records for _, part in parts(shared_data, "sft/gsm8k/train.jsonl", "sft", 1 << 20)]
    )
    for line, row in zip(lines, records.to_pylist(), strict=True):
        turns = [(turn["role"], turn["content"]) for turn in row["messages"]]
        given = json.loads(line)
        assert turns == [("user", given["question"]), ("assistant", given["answer"])]


@pytest.mark.parametrize("name", ["creak", "strategyqa", "ecqa"])
def test_flan_cot_word_for_word(shared_data: Path, name: str) -> None:
    """Fields of these files open with quotes that mean themselves; the oracle is `csv` without any
    quoting.
    """
    path = shared_data / f"sft/flan_cot/{name}_train.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        given = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    records = [
        row
        for _, part in parts(shared_data, f"{path}", "sft", 1 << 20)
        for row in part.records.to_pylist()
    ]
    assert [[turn["content"] for turn in row["messages"]] for row in records] == [
        fields[:2] for fields in given
    ]


def test_glaive_tool_calls_survive(shared_data: Path) -> None:
    from_ = "sft/llama_factory_demo/glaive_toolcall_en_demo.json"
    given = json.loads((shared_data / from_).read_text("utf-8"))
    records = [
        row
        for _, part in parts(shared_data, from_, "sft", 1 << 20)
        for row in part.records.to_pylist()
    ]
    for source, row in zip(given, records, strict=True):
        calls = [
            turn["value"] for turn in source["conversations"] if turn["from"] == "function_call"
        ]
        found = [
            json.loads(turn["tool_calls"])[0] for turn in row["messages"] if turn["tool_calls"]
        ]
        assert [call["function"] for call in found] == [json.loads(call) for call in calls]
        assert (row["tools"] or "[]") == source["tools"]
