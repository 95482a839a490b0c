"""A system prompt beside the turns is a system turn in every format and kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from curate.files import Block
from curate.formats import detect, parse
from curate.records import TURN_COLUMNS

ASK = {"role": "user", "content": "q"}
SAID = {"role": "assistant", "content": "a"}

ROWS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"messages": [ASK, SAID]}, ("sft", "prompt")),
    ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}, ("sft",)),
    ({"instruction": "q", "output": "a"}, ("sft", "prompt")),
    ({"question": "q", "answer": "a #### 1"}, ("sft", "prompt", "rlvr")),
    ({"prompt": "q", "response": "a"}, ("sft", "prompt")),
    ({"question": "q", "answer": 4}, ("sft", "prompt")),
    ({"prompt": [ASK], "completion": [SAID]}, ("sft", "prompt")),
    ({"text": "q"}, ("prompt",)),
    ({"prompt": "q", "chosen": "a", "rejected": "b"}, ("preference",)),
    ({"prompt": "q", "completion": "a", "label": True}, ("unpaired", "sft")),
    ({"messages": [ASK], "ground_truth": "1", "dataset": "math"}, ("rlvr", "prompt")),
    ({"prompt": "q", "ground_truth": "1", "verifier": "math"}, ("rlvr", "prompt")),
    ({"prompt": [ASK], "data_source": "math", "reward_model": {"ground_truth": "1"}}, ("rlvr",)),
]


@pytest.mark.parametrize("column", ["system", "system_prompt"])
@pytest.mark.parametrize(("row", "kinds"), ROWS, ids=[", ".join(row) for row, _ in ROWS])
def test_it_is_the_first_turn(
    block: Callable[..., Block], row: dict[str, Any], kinds: tuple[str, ...], column: str
) -> None:
    one = block(row | {column: "s"}, row | {column: None}, row | {column: ""})
    for kind in kinds:
        parsed = parse(one, detect(one, kind), kind)
        assert not {"system", "system_prompt"} & parsed.dropped_columns
        turns = parsed.records[TURN_COLUMNS[kind][0]].to_pylist()
        assert [len(found) - len(turns[1]) for found in turns] == [1, 0, 0]
        assert [turns[0][0][name] for name in ("role", "content")] == ["system", "s"]
        assert turns[0][1:] == turns[1]
