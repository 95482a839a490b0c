"""`curate check`: every finding, planted and found with its row; what is sound is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from curate.check import FINDINGS, check
from curate.errors import UserError
from curate.lock import load as load_lock
from curate.shards import sha256
from curate.verify.selfcheck import FAULTS, tried
from tests.command import call
from tests.corpus import chat, write_lines


def found(path: Path, purpose: str | None = None) -> set[tuple[str, str | None]]:
    return {(one.finding, one.row) for one in check(path, purpose).findings}


def build(folder: Path, kind: str, **source: Any) -> Path:
    """A built folder from rows.jsonl in `folder`."""
    spec = {
        "name": "m",
        "kind": kind,
        "sources": [{"name": "rows", "from": "rows.jsonl", **source}],
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    done = call("build", "recipe.yaml", "-o", "out", cwd=folder)
    assert done.code == 0, done.err
    return folder / "out"


def test_conversations(tmp_path: Path) -> None:
    rows: list[Any] = [chat(f"Question {n}?", f"Answer {n}.") for n in range(8)]
    rows[1] = chat("Question 0?", "Another answer.")
    rows[3] = chat("Question 3?", "  ")
    rows[4] = {"messages": [{"role": "user", "content": "Hi"}, {"role": "robot", "content": "Ho"}]}
    rows[5] = {"messages": [{"role": "user", "content": "no answer"}]}
    rows[6] = {
        "messages": [{"role": "user", "content": None}, {"role": "assistant", "content": "Ho"}]
    }
    rows[7] = b'{"messages": [{"role'
    write_lines(tmp_path / "rows.jsonl", rows)
    assert found(tmp_path / "rows.jsonl", "sft") == {
        ("same-prompt", "rows/1"),
        ("empty", "rows/3"),
        ("roles", "rows/4"),
        ("roles", "rows/5"),
        ("schema", "rows/6"),
        ("schema", "rows/7"),
    }


def test_pairs(tmp_path: Path) -> None:
    rows = [{"prompt": f"Q{n}?", "chosen": f"Good {n}.", "rejected": f"Bad {n}."} for n in range(4)]
    rows[1]["rejected"] = rows[1]["chosen"]
    rows[2]["chosen"] = ""
    rows[3]["prompt"] = rows[0]["prompt"]
    write_lines(tmp_path / "rows.jsonl", rows)
    wanted = {("same-answers", "rows/1"), ("empty", "rows/2"), ("same-prompt", "rows/3")}
    assert found(tmp_path / "rows.jsonl", "dpo") == found(tmp_path / "rows.jsonl") == wanted


def test_answers_judged_one_by_one(tmp_path: Path) -> None:
    rows = [{"prompt": f"Q{n}?", "completion": f"A{n}.", "label": n % 2 == 0} for n in range(6)]
    rows[1] = rows[0] | {"completion": "Another."}
    rows[3] = rows[2] | {"label": False}
    rows[4] = dict(rows[2])
    rows[5]["label"] = "perhaps"
    write_lines(tmp_path / "rows.jsonl", rows)
    wanted = {
        ("conflicting-labels", "rows/3"),
        ("same-completion", "rows/4"),
        ("schema", "rows/5"),
    }
    assert found(tmp_path / "rows.jsonl", "kto") == found(tmp_path / "rows.jsonl") == wanted
    write_lines(tmp_path / "rows.jsonl", [row | {"label": True} for row in rows[:3]])
    assert found(build(tmp_path, "unpaired"), "kto") == {("one-label", None)}


def turns(*said: tuple[str, str]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in said]}


def test_who_speaks_when(tmp_path: Path) -> None:
    told, asked, answer = ("system", "Be kind."), ("user", "Who?"), ("assistant", "Me.")
    rows = [
        turns(told, asked, answer),
        turns(told, ("assistant", "Hello."), ("user", "Hi."), answer),
        turns(("assistant", "Only I speak.")),
        turns(("user", "One thing."), ("user", "Another."), answer),
        turns(("user", "What now?"), answer, ("assistant", "And more.")),
        turns(("user", "First?"), ("assistant", "\u3000"), ("user", "Second?"), answer),
        turns(("user", "A tool?"), ("tool", ""), answer),
        turns(("user", "And this?"), ("assistant", "\u00a0 ")),
    ]
    write_lines(tmp_path / "rows.jsonl", rows)
    assert found(tmp_path / "rows.jsonl", "sft") == {
        ("opening", "rows/1"),
        ("no-user-turn", "rows/2"),
        ("same-speaker", "rows/3"),
        ("same-speaker", "rows/4"),
        ("blank-turn", "rows/5"),
        ("blank-turn", "rows/6"),
        ("blank-turn", "rows/7"),
    }
    (one,) = [one for one in check(tmp_path / "rows.jsonl").findings if one.row == "rows/4"]
    assert one.detail == "messages[2] follows another turn of 'assistant'"


def test_who_speaks_when_in_a_pair(tmp_path: Path) -> None:
    prompt = [{"role": "user", "content": "Q?"}, {"role": "tool", "content": "4"}]
    twice = [{"role": "assistant", "content": text} for text in ("Well.", "Four.")]
    rows = [
        {"prompt": prompt, "chosen": "Four.", "rejected": "Five."},
        {"prompt": "R?", "chosen": "Four.", "rejected": twice},
    ]
    write_lines(tmp_path / "rows.jsonl", rows)
    (one,) = check(tmp_path / "rows.jsonl").findings
    assert (one.finding, one.row) == ("same-speaker", "rows/1")
    assert one.detail == "rejected[1] follows another turn of 'assistant'"


def test_answers_that_differ_in_blanks(tmp_path: Path) -> None:
    pairs = [("same", "same "), ("a  b", "a\nb"), ("def f():\n  x", "def f():\n x"), ("a", "b")]
    rows = [
        {"prompt": f"Q{n}?", "chosen": one, "rejected": other}
        for n, (one, other) in enumerate(pairs)
    ]
    write_lines(tmp_path / "rows.jsonl", rows)
    assert found(tmp_path / "rows.jsonl", "dpo") == {
        ("same-answers", "rows/0"),
        ("same-but-for-blanks", "rows/1"),
        ("same-but-for-blanks", "rows/2"),
    }


def test_tools_that_no_template_can_read(tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "add", "parameters": {}}}
    call = {"type": "function", "function": {"name": "add", "arguments": "{}"}}
    given = [
        [tool], json.dumps([tool]), json.dumps(json.dumps([tool])), "add(a, b)", json.dumps(tool),
        json.dumps([json.dumps(tool)]), [], "[]",
    ]  # fmt: skip
    rows = [chat(f"Q{n}?", "A.") | {"tools": one} for n, one in enumerate(given)]
    for calls in ([call], json.dumps(json.dumps([call]))):
        said = turns(
            ("user", f"Call {calls}."), ("assistant", ""), ("tool", "3"), ("assistant", "3")
        )
        said["messages"][1]["tool_calls"] = calls
        rows.append(said)
    write_lines(tmp_path / "rows.jsonl", rows)
    told = {one.row: one.detail for one in check(tmp_path / "rows.jsonl", "sft").findings}
    assert {row: detail.split(":")[0] for row, detail in told.items()} == {
        "rows/2": "tools is JSON encoded twice",
        "rows/3": "tools is no JSON",
        "rows/4": "tools is no list",
        "rows/5": "tools holds texts, not objects",
        "rows/9": "messages[1].tool_calls is JSON encoded twice",
    }


def test_special_tokens_that_are_typed(tmp_path: Path) -> None:
    rows = [
        chat("What ends a turn?", "It is <|im_end|> or <|eot_id|>."),
        chat("A <b>tag</b>?", "Yes, and [x]."),
        chat("Mark it @@END@@.", "Done."),
    ]
    write_lines(tmp_path / "rows.jsonl", rows)
    (one,) = check(tmp_path / "rows.jsonl").findings
    assert (one.finding, one.row) == ("special-token", "rows/0")
    assert one.detail == "a turn holds '<|im_end|>' and 1 more"
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"@@END@@": 0}, unk_token="@@END@@")
    )
    tokenizer.add_special_tokens(["@@END@@"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    done = call("check", "rows.jsonl", "--tokenizer", "tokenizer.json", "--json", cwd=tmp_path)
    told = json.loads(done.out)
    assert [(one["finding"], one["row"]) for one in told["findings"]] == [
        ("special-token", "rows/2")
    ]
    assert call("check", "rows.jsonl", "--tokenizer", "nowhere", cwd=tmp_path).code == 2


def labelled(*labels: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"prompt": f"Question {n}?", "verifier": name, "ground_truth": truth}
        for n, (name, truth) in enumerate(labels)
    ]


ALL_OF = json.dumps(
    [{"verifier": "gsm8k", "ground_truth": "3"}, {"verifier": "math", "ground_truth": "{3"}]
)


def test_labels(tmp_path: Path) -> None:
    rows = labelled(
        ("gsm8k", "18"), ("MATH", r"\frac{1}{2}"), ("maths", "4"), ("gsm8k", "none"), ("math", r"\frac{1}{"),
        ("all-of", ALL_OF), ("regex", "("), ("json-schema", '{"type": 3}'), ("max_length", "-1"), ("regex", "a+"),
    )  # fmt: skip
    rows.append(rows[0] | {"ground_truth": "19"})
    rows.append(dict(rows[1]))
    write_lines(tmp_path / "rows.jsonl", rows)
    assert found(tmp_path / "rows.jsonl", "rlvr") == {
        ("unknown-verifier", "rows/2"),
        *(("bad-ground-truth", f"rows/{n}") for n in range(3, 9)),
        ("conflicting-truths", "rows/10"),
        ("same-prompt", "rows/11"),
    }


def test_labels_of_instructions_and_of_code(tmp_path: Path) -> None:
    none = '[{"id": "punctuation:no_comma", "kwargs": {}}]'
    rows = labelled(
        ("ifeval", none), ("ifeval-loose", none), ("ifeval_old", '{"func_name": "validate_no_commas", "N": null}'),
        ("ifeval", "[{'instruction_id': ['startend:quotation'], 'kwargs': [None]}]"), ("ifeval", "no commas"),
        ("ifeval", none.replace("comma", "coma")), ("ifeval", '{"func_name": "validate_comas"}'), ("ifeval", "[]"),
        ("ifeval", '[{"id": "keywords:existence", "kwargs": {}}]'), ("code", '["assert f(2) == 4"]'),
        ("code_stdio", '[{"input": "2", "output": "4"}]'), ("code", '{"test": ["assert 1"]}'), ("code", "assert 1"),
        ("codes", "[]"), ("all-of", json.dumps([{"verifier": "ifeval", "ground_truth": none}])),
        ("weighted", json.dumps([{"verifier": "code", "ground_truth": {"tests": []}}])),
        ("code", json.dumps({"tests": ["assert 1"], "solution": 3})),
    )  # fmt: skip
    write_lines(tmp_path / "rows.jsonl", rows)
    checked = check(tmp_path / "rows.jsonl", "rlvr", workers=2)
    wanted = {("bad-ground-truth", f"rows/{n}") for n in (4, 5, 6, 7, 8, 11, 12, 15, 16)}
    assert {(one.finding, one.row) for one in checked.findings} == wanted | {
        ("unknown-verifier", "rows/13")
    }
    assert checked.only_read == {"code": 2, "ifeval": 4, "ifeval-loose": 1}
    details = {one.row: one.detail for one in checked.findings}
    assert details["rows/5"].startswith(
        "unknown constraint 'punctuation:no_coma'; did you mean 'punctuation:no_comma'"
    )
    assert call("check", "rows.jsonl", "--for", "rlvr", cwd=tmp_path).out.endswith(
        "labels that state no answer were read, but could not be tried: 2 of code, 4 of ifeval, 1 of ifeval-loose\n"
    )


def test_solutions_of_code_are_run(tmp_path: Path, sandboxed: None) -> None:
    tests = ["assert f(2) == 4"]
    rows = labelled(
        (
            "code",
            json.dumps({"tests": tests, "solution": "def f(n):\n    return n + n  # ``` and ````"}),
        ),
        ("code", json.dumps({"tests": tests, "solution": "def f(n):\n    return n"})),
        ("code", json.dumps({"tests": ["assert True"], "solution": "def f(n):\n    return n"})),
        (
            "code",
            json.dumps(
                {"stdio": [{"input": "2", "output": "4"}], "solution": "print(int(input()) ** 2)"}
            ),
        ),
    )
    write_lines(tmp_path / "rows.jsonl", rows)
    checked = check(tmp_path / "rows.jsonl", "rlvr", workers=2)
    wanted = {("golden-fails", "rows/1"), ("perturbed-passes", "rows/2")}
    assert ({(one.finding, one.row) for one in checked.findings}, checked.only_read) == (wanted, {})


def test_every_fault_of_a_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd.py").write_text(
        "import time\nfrom curate.verify import Verdict\n"
        "def verify(completion, ground_truth, prompt=None):\n"
        '    """Odd."""\n'
        "    while ground_truth == 'stuck':\n        time.sleep(1)\n"
        "    if ground_truth == 'fails':\n        raise RuntimeError('broken')\n"
        "    return Verdict(float(ground_truth == 'lax' or completion == ground_truth == 'good'), True, 'so')\n"
        "def golden(ground_truth):\n    return ground_truth\n"
        "def perturbed(ground_truth):\n    return [ground_truth + '!']\n",
        "utf-8",
    )
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[curate.verifiers]\nodd = odd:verify\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    labels = [("odd", truth) for truth in ("good", "lax", "strict", "stuck", "fails")]
    labels += [("none", "x"), ("gsm8k", "x"), ("odd", "good")]
    told = {
        label: [fault.fault for fault in list_]
        for label, list_ in tried(labels, 2, 1.0).faults.items()
    }
    assert told == {
        ("odd", "lax"): ["perturbed-passes"],
        ("odd", "strict"): ["golden-fails"],
        ("odd", "stuck"): ["no-verdict", "no-verdict"],
        ("odd", "fails"): ["no-verdict", "no-verdict"],
        ("none", "x"): ["unknown-verifier"],
        ("gsm8k", "x"): ["bad-ground-truth"],
    }
    assert {fault for list_ in told.values() for fault in list_} == set(FAULTS) - {"unchecked"}
    assert set(FAULTS) < set(FINDINGS)


def test_a_verifier_without_its_library_leaves_the_others_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jsonschema.py").write_text("raise ImportError('not here')\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))  # worker processes look here first
    both = [{"verifier": "gsm8k", "ground_truth": "3"}]
    both += [{"verifier": "json-schema", "ground_truth": '{"type": "object"}'}]
    rows = labelled(
        ("gsm8k", "18"), ("json-schema", '{"type": "string"}'), ("gsm8k", "none"),
        ("all-of", json.dumps(both)),
    )  # fmt: skip
    write_lines(tmp_path / "rows.jsonl", rows)
    checked = check(tmp_path / "rows.jsonl", "rlvr")
    assert {(one.finding, one.row) for one in checked.findings} == {
        ("unchecked", "rows/1"),
        ("bad-ground-truth", "rows/2"),
        ("unchecked", "rows/3"),
    }
    assert checked.counts["unchecked"] == 2 and checked.only_read == {}
    told = {one.detail for one in checked.findings if one.finding == "unchecked"}
    assert all("'.[verify]'" in detail for detail in told)


def test_a_built_folder_is_sound_and_its_audit_says_so(tmp_path: Path) -> None:
    write_lines(tmp_path / "rows.jsonl", [chat(f"Question {n}?", f"Answer {n}.") for n in range(9)])
    out = build(tmp_path, "sft", share=2.0)
    done = call("check", "out", cwd=tmp_path)
    assert (done.code, done.out) == (0, "out (sft, 18 rows): nothing found\n")
    with duckdb.connect(out / "audit.duckdb", read_only=True) as con:
        assert con.sql("SELECT count(*) FROM findings").fetchall() == [(0,)]
        (value,) = con.execute("SELECT value FROM runs WHERE key = 'check'").fetchone() or ("",)
    assert json.loads(value) == {"kind": "sft", "rows": 18, "counts": {}, "only_read": {}}


@pytest.mark.parametrize("kind", ["preference", "unpaired", "rlvr", "prompt"])
def test_built_folders_of_every_kind_are_read(tmp_path: Path, kind: str) -> None:
    made = {
        "preference": {"prompt": "Q{n}?", "chosen": "Good {n}.", "rejected": "Bad {n}."},
        "unpaired": {"prompt": "Q{n}?", "completion": "A{n}.", "label": "{even}"},
        "rlvr": {"prompt": "What is {n} + 1?", "verifier": "gsm8k", "ground_truth": "{n}"},
        "prompt": {"prompt": "Q{n}?"},
    }[kind]
    rows = [{k: v.format(n=n, even=n % 2 == 0) for k, v in made.items()} for n in range(5)]
    write_lines(tmp_path / "rows.jsonl", rows)
    checked = check(build(tmp_path, kind))
    assert (checked.kind, checked.rows, checked.findings) == (kind, 5, [])


def test_findings_go_into_the_audit_with_row_ids_and_the_lock_stays_true(tmp_path: Path) -> None:
    rows = labelled(("gsm8k", "18"), ("gsm8k", "none"), ("maths", "4"))
    write_lines(tmp_path / "rows.jsonl", rows)
    out = build(tmp_path, "rlvr")
    wanted = [("bad-ground-truth", "rows/1"), ("unknown-verifier", "rows/2")]
    for _ in range(2):  # a second check replaces the first one's findings
        done = call("check", "out", "--json", cwd=tmp_path)
        assert done.code == 1
        told = json.loads(done.out)
        assert (told["kind"], told["rows"]) == ("rlvr", 3)
        assert told["counts"] == {"unknown-verifier": 1, "bad-ground-truth": 1}
        assert sorted((one["finding"], one["row"]) for one in told["findings"]) == wanted
        with duckdb.connect(out / "audit.duckdb", read_only=True) as con:
            assert (
                con.sql("SELECT finding, doc_id FROM findings ORDER BY finding").fetchall()
                == wanted
            )
            assert con.sql("SELECT count(*) FROM runs WHERE key = 'check'").fetchall() == [(1,)]
    assert {name: sha256(out / name) for name in load_lock(out)["outputs"]} == load_lock(out)[
        "outputs"
    ]
    asked = json.loads(call("sql", "out", "findings", "--json", cwd=tmp_path).out)
    assert [row["first_id"] for row in asked] == ["rows/1", "rows/2"]
    assert call("build", "recipe.yaml", "-o", "again", "--locked", "out", cwd=tmp_path).code == 0


def test_an_audit_from_before_there_were_findings_gets_the_table(tmp_path: Path) -> None:
    write_lines(tmp_path / "rows.jsonl", [chat("Q?", "A."), chat("Q?", "B.")])
    out = build(tmp_path, "sft")
    with duckdb.connect(out / "audit.duckdb") as con:
        con.execute("DROP TABLE findings")
    assert call("check", "out", cwd=tmp_path).code == 1
    with duckdb.connect(out / "audit.duckdb", read_only=True) as con:
        assert con.sql("SELECT finding FROM findings").fetchall() == [("same-prompt",)]


def test_files_that_are_not_the_locks(tmp_path: Path) -> None:
    write_lines(tmp_path / "rows.jsonl", [chat(f"Question {n}?", f"Answer {n}.") for n in range(9)])
    out = build(tmp_path, "sft")
    (shard,) = (out / "data").glob("*.parquet")
    pq.write_table(pq.read_table(shard).slice(0, 5), out / "data/train-extra.parquet")
    pq.write_table(pq.read_table(shard).slice(0, 5), shard)
    told = {one.detail for one in check(out).findings if one.finding == "digest"}
    assert told == {
        f"data/{shard.name} is not the file that the lock names",
        "data/train-extra.parquet is not in the lock",
    }
    shard.write_bytes(b"no Parquet")
    assert {one.finding for one in check(out).findings} >= {"digest"}
    shard.unlink()
    (out / "data/train-extra.parquet").unlink()
    told = {one.detail for one in check(out).findings}
    assert f"data/{shard.name} is not there" in told


def test_a_mistake_in_the_call_ends_with_2(tmp_path: Path) -> None:
    write_lines(tmp_path / "rows.jsonl", [{"text": "Only a prompt."}])
    for arguments, said in (
        (("nowhere.jsonl",), "no such file"),
        (("rows.jsonl", "--for", "rlv"), "unknown purpose 'rlv'; did you mean 'rlvr'?"),
        (("rows.jsonl", "--for", "dpo"), "no format of kind 'preference' fits"),
    ):
        done = call("check", *arguments, cwd=tmp_path)
        assert (done.code, said in done.error) == (2, True), done.err
    with pytest.raises(UserError):
        check(tmp_path / "rows.jsonl", "sftt")


def test_the_table_names_findings_and_rows(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "rows.jsonl",
        [chat("Q [bold]?", "A."), *(chat("Q [bold]?", f"B{n}.") for n in range(5))],
    )
    done = call("check", "rows.jsonl", "--for", "sft", cwd=tmp_path)
    assert done.code == 1
    assert (
        "same-prompt" in done.out and "rows/1, rows/2, rows/3 …" in done.out and " 5 " in done.out
    )


def test_the_list_of_verifiers(tmp_path: Path) -> None:
    done = call("verifiers", "--json", cwd=tmp_path)
    listed = json.loads(done.out)
    assert listed["gsm8k"]["false_accepts"] == 0
    shown = call("verifiers", cwd=tmp_path).out
    assert all(name in shown for name in listed)


def test_a_format_that_is_given_is_the_one_that_is_read(tmp_path: Path) -> None:
    rows = [{"q": "Why?", "a": "So."}, {"q": "Why?", "a": "Because."}]
    write_lines(tmp_path / "rows.jsonl", rows)
    given = ("check", "rows.jsonl", "--json", "--format", "{prompt: q, response: a}")
    told = json.loads(call(*given, cwd=tmp_path).out)
    assert told["kind"] == "sft"
    assert [(one["finding"], one["row"]) for one in told["findings"]] == [("same-prompt", "rows/1")]
    assert call("check", "rows.jsonl", cwd=tmp_path).code == 2
    wrong = call("check", "rows.jsonl", "--format", "{prompt: qq, response: a}", cwd=tmp_path)
    assert wrong.code == 2 and "'qq'" in wrong.err and "'q'" in wrong.err
    out = build(tmp_path, "sft", format={"prompt": "q", "response": "a"})
    refused = call("check", out, "--format", "alpaca", cwd=tmp_path)
    assert refused.code == 2 and "a built folder knows its own" in refused.err
