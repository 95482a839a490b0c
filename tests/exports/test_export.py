"""`curate export`: every target, row by row; what it cannot hold is refused by the row's id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from curate.exports import TARGETS
from curate.exports.run import known
from curate.formats import parse
from curate.records import KINDS
from curate.shards import sha256
from curate.sources import open_source
from tests.command import Done, call
from tests.corpus import chat, write_lines

TOOL = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds.",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}


def call_of(own: str | None = None, **arguments: Any) -> dict[str, Any]:
    function = {"name": "add", "arguments": arguments}
    return {"type": "function", "function": function} | ({"id": own} if own else {})


def asks(*calls: dict[str, Any], says: str = "") -> dict[str, Any]:
    return {"role": "assistant", "content": says, "tool_calls": list(calls)}


def conversation(*turns: Any, **beside: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    made = [
        {"role": roles[n % 2], "content": turn} if isinstance(turn, str) else turn
        for n, turn in enumerate(turns)
    ]
    return {"messages": made, **beside}


RLVR = [
    {"prompt": f"What is {n} + 1?", "verifier": "gsm8k", "ground_truth": str(n + 1)}
    for n in range(5)
]
PAIRS = [
    {
        "prompt": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": f"Q{n}?"},
        ],
        "chosen": f"Good {n}.",
        "rejected": f"Bad {n}.",
    }
    for n in range(3)
]
JUDGED = [{"prompt": f"Q{n}?", "completion": f"A{n}.", "label": n % 2 == 0} for n in range(4)]
WITH_TOOLS = conversation(
    "What is 1 + 2?", asks(call_of(a=1)), {"role": "tool", "content": "3"}, "It is 3.", tools=[TOOL]
)
THOUGHT = {"role": "assistant", "content": "2.", "reasoning_content": "1 + 1 is 2."}
NAMED = {"role": "user", "content": "Q?", "name": "Ann"}
TWICE = [{"role": "assistant", "content": "One."}, {"role": "assistant", "content": "Two."}]


def built(folder: Path, kind: str, given: list[Any], **output: Any) -> Path:
    write_lines(folder / "rows.jsonl", given)
    spec = {
        "name": "mine",
        "kind": kind,
        "sources": [{"name": "rows", "from": "rows.jsonl"}],
        "output": {"order": "source", **output},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    done = call("build", "recipe.yaml", "-o", "built", "--overwrite", cwd=folder)
    assert done.code == 0, done.err
    return folder / "built"


def export(out: Path, to: str, into: str = "exported") -> Done:
    return call("export", out, "--to", to, "-o", into, cwd=out.parent)


def rows_of(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    path = folder / f"{split}.parquet"
    if path.is_file():
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return found
    lines = (folder / f"{split}.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def exported(folder: Path, kind: str, rows: list[Any], to: str) -> list[dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    done = export(built(folder, kind, rows), to)
    assert done.code == 0, done.err
    return rows_of(folder / "exported")


def test_openai_conversations(tmp_path: Path) -> None:
    given = [chat("Who?", "Me — äß\u2028.") | {"system": "Be kind."}, WITH_TOOLS]
    plain, tools = exported(tmp_path, "sft", given, "openai-jsonl")
    assert plain == {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Who?"},
            {"role": "assistant", "content": "Me — äß\u2028."},
        ]
    }
    assert tools["tools"] == [TOOL]
    asked, result = tools["messages"][1:3]
    function = {"name": "add", "arguments": '{"a": 1}'}
    assert asked["tool_calls"] == [{"id": "call_0", "type": "function", "function": function}]
    assert result == {"role": "tool", "content": "3", "tool_call_id": "call_0"}


def test_openai_keeps_the_ids_of_calls(tmp_path: Path) -> None:
    results = [{"role": "tool", "content": c, "tool_call_id": c} for c in ("y", "x")]
    row = conversation("Both?", asks(call_of("x", a=1), call_of("y", a=2)), *results)
    row["messages"].append({"role": "assistant", "content": "Done."})
    (found,) = exported(tmp_path, "sft", [row], "openai-jsonl")
    assert [call["id"] for call in found["messages"][1]["tool_calls"]] == ["x", "y"]
    assert [turn["tool_call_id"] for turn in found["messages"][2:4]] == ["y", "x"]


def test_openai_pairs_and_labels(tmp_path: Path) -> None:
    first, *_ = exported(tmp_path, "preference", PAIRS, "openai-jsonl")
    assert first == {
        "input": {"messages": PAIRS[0]["prompt"]},
        "preferred_output": [{"role": "assistant", "content": "Good 0."}],
        "non_preferred_output": [{"role": "assistant", "content": "Bad 0."}],
    }
    first, *_ = exported(tmp_path / "b", "rlvr", RLVR, "openai-jsonl")
    assert first == {
        "messages": [{"role": "user", "content": "What is 0 + 1?"}],
        "verifier": "gsm8k",
        "ground_truth": "1",
    }


def test_verl_and_back_again(tmp_path: Path) -> None:
    first, *_, last = exported(tmp_path, "rlvr", RLVR, "verl")
    assert first == {
        "data_source": "gsm8k",
        "prompt": [{"role": "user", "content": "What is 0 + 1?"}],
        "ability": "gsm8k",
        "reward_model": {"style": "rule", "ground_truth": "1"},
        "extra_info": {"index": 0, "id": "rows/0"},
    }
    assert last["extra_info"] == {"index": 4, "id": "rows/4"}
    source = open_source("again", "exported/train.parquet", base=tmp_path)
    records = [parse(block, "verl", "rlvr").records for block in source.blocks()]
    told = [
        (one["prompt"][0]["content"], one["verifier"], one["ground_truth"])
        for table in records
        for one in table.to_pylist()
    ]
    assert told == [(one["prompt"], one["verifier"], one["ground_truth"]) for one in RLVR]


def test_verl_conversations_keep_reasoning(tmp_path: Path) -> None:
    given = [conversation("1 + 1?", THOUGHT), chat("Q?", "A.") | {"tools": "[]"}]
    one, other = exported(tmp_path, "sft", given, "verl")
    assert one["messages"][1] == THOUGHT
    assert other["messages"][1] == {"role": "assistant", "content": "A.", "reasoning_content": None}


def test_open_instruct(tmp_path: Path) -> None:
    first, *_ = exported(tmp_path, "preference", PAIRS, "open-instruct")
    prompt = PAIRS[0]["prompt"]
    assert first["chosen"] == [*prompt, {"role": "assistant", "content": "Good 0."}]
    assert first["rejected"] == [*prompt, {"role": "assistant", "content": "Bad 0."}]
    first, *_ = exported(tmp_path / "b", "rlvr", RLVR, "open-instruct")
    label = (first["dataset"], first["ground_truth"])
    assert (label, first["messages"][0]["role"]) == (("gsm8k", "1"), "user")
    out = built(tmp_path / "b", "rlvr", [RLVR[0] | {"verifier": "regex"}])
    done = export(out, "open-instruct", "c")
    assert done.code == 2 and "rows/0: verifier 'regex' is none of its own" in done.error


def test_llama_factory(tmp_path: Path) -> None:
    given = [chat("Q?", "A.") | {"system": "Be kind."}, WITH_TOOLS]
    plain, tools = exported(tmp_path, "sft", given, "llama-factory")
    assert plain["conversations"][0] == {"role": "system", "content": "Be kind."}
    assert (plain["tools"], json.loads(tools["tools"])) == ("", [TOOL])
    roles = [turn["role"] for turn in tools["conversations"]]
    assert roles == ["user", "function_call", "tool", "assistant"]
    calls = json.loads(tools["conversations"][1]["content"])
    assert calls == [{"name": "add", "arguments": {"a": 1}}]
    info = json.loads((tmp_path / "exported/dataset_info.json").read_text("utf-8"))
    assert info["mine_train"]["file_name"] == "train.jsonl"
    assert info["mine_train"]["columns"] == {"messages": "conversations", "tools": "tools"}


def test_llama_factory_pairs_and_judged_answers(tmp_path: Path) -> None:
    first, *_ = exported(tmp_path, "preference", PAIRS, "llama-factory")
    assert first["conversations"] == PAIRS[0]["prompt"]
    assert first["chosen"] == {"role": "assistant", "content": "Good 0."}
    info = json.loads((tmp_path / "exported/dataset_info.json").read_text("utf-8"))
    assert info["mine_train"]["ranking"] is True
    found = exported(tmp_path / "b", "unpaired", JUDGED, "llama-factory")
    assert [one["label"] for one in found] == [True, False, True, False]
    info = json.loads((tmp_path / "b/exported/dataset_info.json").read_text("utf-8"))
    assert info["mine_train"]["columns"]["kto_tag"] == "label"


def test_axolotl(tmp_path: Path) -> None:
    asked = [asks(call_of("x", a=1)), {"role": "tool", "content": "3", "tool_call_id": "x"}]
    given = [conversation("1 + 1?", THOUGHT), conversation("Q?", *asked, "3.", tools=[TOOL])]
    plain, tools = exported(tmp_path, "sft", given, "axolotl")
    said = {name: value for name, value in plain["messages"][1].items() if value is not None}
    assert said == THOUGHT and plain["tools"] is None
    assert json.loads(tools["tools"]) == [TOOL]
    (made,) = tools["messages"][1]["tool_calls"]
    function = {"name": "add", "arguments": '{"a": 1}'}
    assert made == {"id": "x", "type": "function", "function": function}
    told = yaml.safe_load((tmp_path / "exported/axolotl.yaml").read_text("utf-8"))
    assert told["datasets"][0]["path"] == "train.parquet"
    first, *_ = exported(tmp_path / "b", "preference", PAIRS, "axolotl")
    assert first["messages"] == PAIRS[0]["prompt"]
    assert first["rejected"] == {"role": "assistant", "content": "Bad 0."}
    told = yaml.safe_load((tmp_path / "b/exported/axolotl.yaml").read_text("utf-8"))
    assert (told["rl"], told["datasets"][0]["type"]) == ("dpo", "chat_template.default")


UNFIT = {
    "tools in verl": ("verl", WITH_TOOLS, "it has tools"),
    "tools in open-instruct": ("open-instruct", WITH_TOOLS, "it has tools"),
    "reasoning there": ("open-instruct", conversation("Q?", THOUGHT), "it has reasoning"),
    "reasoning in sharegpt": ("llama-factory", conversation("Q?", THOUGHT), "it has reasoning"),
    "reasoning at openai": ("openai-jsonl", conversation("Q?", THOUGHT), "it has reasoning"),
    "names": ("verl", conversation(NAMED, "A."), "it has names of speakers"),
    "two answers": ("llama-factory", conversation("Q?", *TWICE), "not of user and assistant in"),
    "call and words": (
        "llama-factory",
        conversation(
            "Q?", asks(call_of(a=1), says="Wait."), {"role": "tool", "content": "3"}, "A."
        ),
        "both words and a call",
    ),
    "result of no call": (
        "openai-jsonl",
        conversation("Q?", {"role": "tool", "content": "3"}, TWICE[0]),
        "follows no call",
    ),
    "tools in words": ("axolotl", chat("Q?", "A.") | {"tools": "add(a)"}, "tools are no JSON"),
    "long answers": ("axolotl", PAIRS[1] | {"rejected": TWICE}, "'rejected' has 2 turns"),
    "tools of a pair": ("axolotl", PAIRS[1] | {"tools": [TOOL]}, "it has tools"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_a_target_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    to, row, said = UNFIT[name]
    pair = "chosen" in row
    first = PAIRS[0] if pair else chat("First?", "Yes.")
    done = export(built(tmp_path, "preference" if pair else "sft", [first, row]), to)
    assert done.code == 2
    assert said in done.error and ", rows/1: " in done.error and f"; {to} cannot" in done.error
    assert not list(tmp_path.glob("exported*"))


def test_kinds_that_a_target_does_not_hold(tmp_path: Path) -> None:
    told = {}
    given: dict[str, list[Any]] = {"unpaired": JUDGED, "rlvr": RLVR, "prompt": [{"prompt": "Q?"}]}
    for kind, rows in given.items():
        (tmp_path / kind).mkdir()
        out = built(tmp_path / kind, kind, rows)
        for to, target in TARGETS.items():
            if kind not in target.rows:
                done = export(out, to)
                assert done.code == 2 and f"is of kind '{kind}'" in done.error, to
                told[kind] = done.error
    assert told["unpaired"].endswith("'unpaired' can be exported to llama-factory")
    assert told["prompt"].endswith("no target holds it")
    assert {kind for target in TARGETS.values() for kind in target.rows} == {*KINDS} - {"prompt"}


def test_both_splits_every_row_and_the_same_bytes_again(tmp_path: Path) -> None:
    rows = [chat(f"Q{n}?", f"A{n}.") for n in range(2500)]
    out = built(tmp_path, "sft", rows, validation=300)
    for to in TARGETS:
        assert export(out, to, f"{to}-1").code == export(out, to, f"{to}-2").code == 0
        one, other = tmp_path / f"{to}-1", tmp_path / f"{to}-2"
        names = sorted(path.name for path in one.iterdir())
        assert names == sorted(path.name for path in other.iterdir())
        assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names)
        assert [len(rows_of(one, split)) for split in ("train", "validation")] == [2200, 300]
        told = json.loads((one / "export.json").read_text("utf-8"))
        assert (told["to"], told["rows"]) == (to, {"train": 2200, "validation": 300})
        assert told["lock_sha256"] == sha256(out / "recipe.lock.json")
        files = {name: sha256(one / name) for name in names if name != "export.json"}
        assert told["files"] == files


def test_datasets_opens_what_is_written(tmp_path: Path) -> None:
    import datasets

    rows = [chat(f"Q{n}?", "A." * 4000) for n in range(1500)]  # more than one block of the reader
    out = built(tmp_path, "sft", [*rows, WITH_TOOLS])
    for to in ("llama-factory", "axolotl"):
        assert export(out, to, to).code == 0
        (file,) = (tmp_path / to).glob("train.*")
        form = "parquet" if file.suffix == ".parquet" else "json"
        cache = str(tmp_path / "cache")
        found = datasets.load_dataset(form, data_files=str(file), split="train", cache_dir=cache)
        assert len(found) == 1501 and json.loads(found[1500]["tools"]) == [TOOL]


def test_mistakes_in_the_call(tmp_path: Path) -> None:
    out = built(tmp_path, "sft", [chat("Q?", "A.")])
    done = export(out, "llama-factry")
    assert done.code == 2 and "did you mean 'llama-factory'?" in done.error
    assert export(out, "verl").code == 0
    done = export(out, "verl")
    assert done.code == 2 and "already exists" in done.error
    assert export(tmp_path, "verl", "other").code == 2
    (shard,) = (out / "data").glob("*.parquet")
    shard.write_bytes(b"changed")
    done = export(out, "verl", "other")
    assert done.code == 1 and "is not what its lock says" in done.error
    out = built(tmp_path, "sft", [chat("Q?", "A.")], rows="input")
    done = export(out, "verl", "other")
    assert done.code == 2 and "build it with rows: records" in done.error
    assert not (tmp_path / "other").exists()
    assert known() == [*TARGETS, "croissant"]
