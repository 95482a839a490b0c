"""The command line: help, verbs, exit codes, and output that programs can read."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

import curate
from curate.cli import app
from curate.errors import UserError
from tests.command import ROOT, Done, call, environment, run
from tests.corpus import chat, ids, read, reconcile, write_lines, write_recipe

ITEM = "Which of these seven old trees in the quiet wood behind the mill is the oldest one of all?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Training data with one leak, a benchmark, and a recipe of both."""
    write_lines(
        tmp_path / "train.jsonl",
        [chat(f"Question {n}?", "Trees.") for n in range(9)] + [chat(ITEM, "Elm.")],
    )
    write_lines(tmp_path / "evals.jsonl", [{"question": ITEM}, {"question": "Short one?"}])
    recipe = {
        "sources": [{"name": "train", "from": "train.jsonl"}],
        "decontaminate": {"suite": "evals.jsonl"},
    }
    write_recipe(tmp_path / "r.yaml", **recipe)
    return tmp_path


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """The quickstart as built by the real command, with the summary as JSON."""
    folder = tmp_path_factory.mktemp("quickstart")
    done = run("build", ROOT / "mixtures/quickstart/recipe.yaml", "-o", "out", "--json", cwd=folder)
    assert done.code == 0, done.err
    return folder / "out", done


def test_the_real_command_knows_its_version_and_helps(tmp_path: Path) -> None:
    done = run("--version", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, f"curate {version('tulu-curate')}\n", "")


@pytest.mark.parametrize("verb", ["", "build", "decontaminate", "check", "diff", "sql", "why"])
def test_help_tells_what_a_verb_does(tmp_path: Path, verb: str) -> None:
    done = call(*filter(None, [verb]), "--help", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "Usage" in done.out
    if verb:
        assert "Example: curate" in done.out
        assert "--help" in done.out
    else:
        assert "Exit codes" in done.out
        for name in ("build", "decontaminate", "sql", "why"):
            assert name in done.out


def test_help_fits_a_terminal_of_80_columns() -> None:
    """A line of a docstring that is longer leaves its last words on a line of their own."""
    told = [
        inspect.cleandoc(one.callback.__doc__ or "")
        for one in app.registered_commands
        if one.callback
    ]
    assert len(told) > 10
    assert [
        line
        for text in [*told, app.info.help or ""]
        for line in text.splitlines()
        if len(line) > 78
    ] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["biuld"],
        ["build", "r.yaml"],
        ["build", "r.yaml", "-o", "o", "--limit", "0"],
        ["why"],
        ["build", "-x"],
    ],
)
def test_a_wrong_call_ends_with_2(folder: Path, arguments: list[str]) -> None:
    done = call(*arguments, cwd=folder)
    assert done.code == 2
    assert done.out == ""
    assert "Traceback" not in done.err


def test_the_summary_is_one_json_object_and_nothing_else(quickstart: tuple[Path, Done]) -> None:
    out, done = quickstart
    summary = json.loads(done.out)
    assert done.out.count("\n") == 1
    assert done.err == ""
    assert summary["folder"] == "out"
    assert summary["rows"] == {"train": len(ids(out, "data/train*")), "validation": 20}
    counts = summary["sources"]["chats"]
    assert (
        counts["read"]
        == counts["kept"] + counts["removed"] + counts["quarantined"] + counts["not_sampled"]
    )
    (cell,) = [
        cell
        for cell in summary["steps"]["decontaminate"]["contamination"]
        if cell["source"] == "sums"
    ]
    assert (cell["benchmark"], cell["hit"], cell["items"], cell["flagged"]) == (
        "everyday",
        6,
        65,
        True,
    )
    assert summary["reasons"]["quarantined"] == []
    (removed,) = summary["reasons"]["removed"]
    assert (removed["step"], removed["kind"]) == ("decontaminate", "everyday")
    assert removed["rows"] == len(read(out, "removed/*.parquet"))
    assert summary["steps"]["decontaminate"]["variants"] == {"rows": 1, "kept": 0}
    reconcile(out)


def test_sql_prints_one_json_array(quickstart: tuple[Path, Done]) -> None:
    out, _ = quickstart
    done = call(
        "sql",
        out,
        "SELECT source, count(*) AS n FROM documents GROUP BY source ORDER BY source",
        "--json",
        cwd=out,
    )
    rows = [
        {"source": "chats", "n": 107},
        {"source": "instructions", "n": 106},
        {"source": "sums", "n": 107},
    ]
    assert (done.code, json.loads(done.out), done.err) == (0, rows, "")
    assert json.loads(call("sql", out, "SELECT 1 WHERE false", "--json", cwd=out).out) == []
    assert call("sql", out, "SELECT 1 AS a, NULL AS b", "--csv", cwd=out).out == "a,b\n1,\n"
    assert "everyday" in call("sql", out, "contamination", cwd=out).out


def test_sql_lists_the_questions_it_knows(quickstart: tuple[Path, Done]) -> None:
    out, _ = quickstart
    done = call("sql", out, "--list", cwd=out)
    names = [line.split()[0] for line in done.out.splitlines()]
    folders = (ROOT / "curate/audit/queries", ROOT / "curate/steps/decontaminate/queries")
    assert {path.stem for folder in folders for path in folder.glob("*.sql")} == set(names)
    for name in names:
        assert call("sql", out, name, "--json", cwd=out).code == 0, name


def test_sql_refuses_to_write_and_names_what_is_wrong(quickstart: tuple[Path, Done]) -> None:
    out, _ = quickstart
    for query, told in (
        ("DROP TABLE documents", "read-only"),
        ("FROM document", "documents"),
        ("SELEC 1", "SELEC"),
    ):
        done = call("sql", out, query, cwd=out)
        assert done.code == 2
        assert told in done.error
    done = call("sql", out / "data", "fates", cwd=out)
    assert (done.code, "no audit.duckdb there" in done.error) == (2, True)


def test_why_tells_the_way_of_a_row(quickstart: tuple[Path, Done]) -> None:
    out, _ = quickstart
    gone = read(out, "removed/*.parquet")[0]
    done = call("why", out, gone["id"], cwd=out)
    assert done.code == 0
    assert gone["reason"] in done.out
    wrong = call("why", out, "chats/1000", cwd=out)
    assert wrong.code == 2
    assert "chats/1000" in wrong.error


def test_decontaminate_takes_bare_files(folder: Path) -> None:
    call_ = ("decontaminate", "train.jsonl", "--suite", "evals.jsonl", "--records", "-o", "clean")
    done = call(*call_, cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert sorted(ids(folder / "clean")) == [f"train/{n}" for n in range(9)]
    (gone,) = read(folder / "clean", "removed/*.parquet")
    assert (gone["id"], gone["reason"]) == ("train/9", "covers 100.0 % of evals/0")
    assert {path.name for path in (folder / "clean").iterdir()} == {
        "README.md", "audit.duckdb", "data", "recipe.lock.json", "recipe.yaml", "removed", "report.html",
    }  # fmt: skip
    assert "format messages, detected from its columns" in done.out
    assert "items that can never be matched: 1 " in done.out
    reconcile(folder / "clean")


def test_decontaminate_by_the_real_command_with_more_files(folder: Path) -> None:
    write_lines(folder / "more/train.jsonl", [chat("Anything else?", "No.")])
    arguments = ["--suite", "evals.jsonl", "--policy", "report", "-o", "new/clean", "--json"]
    done = run("decontaminate", "train.jsonl", folder / "more/train.jsonl", *arguments, cwd=folder)
    summary = json.loads(done.out)
    assert (done.code, summary["name"], summary["rows"]["train"]) == (0, "clean", 11)
    assert set(summary["sources"]) == {f"{folder.name}/train", "more/train"}
    assert str(folder) not in (folder / "new/clean/recipe.lock.json").read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--policy", "drop"], "unknown policy 'drop'"),
        (["--profile", "tulu"], "unknown profile 'tulu'; did you mean 'tulu3'?"),
        (["--kind", "stf"], "unknown kind 'stf'; did you mean 'sft'?"),
        (["--format", "mesages"], "unknown format 'mesages'; did you mean 'messages'?"),
        (["--role", "usr"], "unknown role 'usr'; did you mean 'user'?"),
        (["--without", "eval"], "unknown benchmark 'eval'; did you mean 'evals'?"),
        (["--matcher", "exat"], "unknown matcher 'exat'; did you mean 'exact'?"),
        (["--matcher", "ngram={m: 3}"], "matcher 'ngram': unknown key 'm' (known: "),
        (["--matcher", "ngram={n: 3"], "--matcher: '{n: 3' is not valid YAML"),
        (["--format", "{prompt"], "--format: '{prompt' is not valid YAML"),
        (["--format", "{promt: q}"], "did you mean 'prompt'?"),
        (["--benchmark-field", "task"], "no field 'task' (found: question)"),
        (["--benchmarks-dir", "none"], "none: no such folder"),
    ],
)
def test_decontaminate_names_what_is_wrong(folder: Path, options: list[str], told: str) -> None:
    done = call(
        "decontaminate",
        "train.jsonl",
        "--suite",
        "evals.jsonl",
        *options,
        "-o",
        "clean",
        cwd=folder,
    )
    assert done.code == 2
    assert told in done.error
    assert not (folder / "clean").exists()


def test_an_overlap_over_the_limit_ends_with_3_and_the_folder_is_there(folder: Path) -> None:
    done = call("build", "r.yaml", "-o", "out", "--fail-over", "0.49", cwd=folder)
    assert done.code == 3
    assert done.error == "curate: over the limit of 49 %: train hits 50.00 % of evals"
    reconcile(folder / "out")
    assert call("build", "r.yaml", "-o", "out2", "--fail-over", "0.5", cwd=folder).code == 0
    done = call(
        "decontaminate",
        "train.jsonl",
        "--suite",
        "evals.jsonl",
        "--fail-over",
        "0",
        "-o",
        "o3",
        cwd=folder,
    )
    assert done.code == 3
    assert len(read(folder / "o3", "data/*")) == 9


def test_a_limit_is_marked_in_card_and_lock(folder: Path) -> None:
    done = call("build", "r.yaml", "-o", "out", "--limit", "4", cwd=folder)
    assert done.code == 0
    assert "a trial run on the first 4 rows of each source" in done.out
    assert len(ids(folder / "out")) == 4
    assert json.loads((folder / "out/recipe.lock.json").read_text())["limit"] == 4
    assert re.search(r"first 4 rows", (folder / "out/README.md").read_text())


def test_overwrite_replaces_a_build_and_nothing_else(folder: Path) -> None:
    assert call("build", "r.yaml", "-o", "out", cwd=folder).code == 0
    refused = call("build", "r.yaml", "-o", "out", cwd=folder)
    assert (refused.code, "--overwrite" in refused.error) == (2, True)
    assert call("build", "r.yaml", "-o", "out", "--overwrite", "--limit", "2", cwd=folder).code == 0
    assert len(ids(folder / "out")) == 2
    (folder / "mine").mkdir()
    (folder / "mine/README.md").write_text("mine")
    done = call("build", "r.yaml", "-o", "mine", "--overwrite", cwd=folder)
    assert done.code == 2
    assert "mine: holds no recipe.lock.json, so curate does not overwrite it" in done.error
    assert (folder / "mine/README.md").read_text() == "mine"


def test_options_replace_keys_of_the_recipe(folder: Path) -> None:
    (folder / "given").mkdir()
    write_lines(
        folder / "given/evals.jsonl",
        [{"question": "Nothing that anybody would ever find in training data, is it?"}],
    )
    done = call("build", "r.yaml", "-o", "out", "--benchmarks-dir", "given", "--json", cwd=folder)
    assert json.loads(done.out)["steps"]["decontaminate"]["contamination"] == []
    assert len(ids(folder / "out")) == 10
    lock = json.loads((folder / "out/recipe.lock.json").read_text())
    assert lock["recipe"]["decontaminate"]["benchmarks_dir"] == "given"


def test_a_fault_of_the_machine_is_one_line_and_a_traceback_only_when_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Any:
        raise OSError(28, "No space left on device", "out.partial/data")

    monkeypatch.setattr("curate.mixture.write.shard_jobs", full)
    done = call("build", "r.yaml", "-o", "out", cwd=folder)
    assert (done.code, done.error) == (1, "curate: out.partial/data: No space left on device")
    assert not (folder / "out.partial").exists()
    with pytest.raises(OSError, match="No space left"):
        call("build", "r.yaml", "-o", "out", "--debug", cwd=folder)


def test_columns_and_matchers_are_given_on_the_command_line(folder: Path) -> None:
    """What `--format`, `--benchmark-field` and `--matcher` say is what the kept recipe says."""
    rows = [{"ask": ITEM, "reply": "Elm."}, {"ask": "Which one?", "reply": "Oak."}]
    write_lines(folder / "asked.jsonl", rows)
    write_lines(folder / "exam.jsonl", [{"task": ITEM, "question": "Is it?"}])
    arguments = ["--format", "{prompt: ask, response: reply}", "--benchmark-field", "task"]
    matchers = ["--matcher", "exact=false", "--matcher", "ngram={n: 4}", "--matcher", "minhash"]
    done = call(
        "decontaminate",
        "asked.jsonl",
        *arguments,
        *matchers,
        "--suite",
        "exam.jsonl",
        "--records",
        "-o",
        "out",
        cwd=folder,
    )
    assert (done.code, done.err) == (0, "")
    assert ids(folder / "out") == ["asked/1"]
    kept = yaml.safe_load((folder / "out/recipe.yaml").read_text())
    assert kept["sources"][0]["format"] == {"prompt": "ask", "response": "reply"}
    step = kept["decontaminate"]
    assert step["benchmark_fields"] == ["task"]
    assert step["matchers"] == {"exact": False, "ngram": {"n": 4}, "minhash": True}
    again = call("build", "out/recipe.yaml", "--locked", "out", "-o", "again", cwd=folder)
    assert again.code == 0


def test_fields_are_not_given_for_a_suite_that_names_its_own(folder: Path) -> None:
    done = call(
        "decontaminate",
        "train.jsonl",
        "--suite",
        "tulu3",
        "--benchmark-field",
        "x",
        "-o",
        "o",
        cwd=folder,
    )
    told = "curate: --benchmark-field goes with a data file; suite tulu3 names the fields itself"
    assert (done.code, done.error) == (2, told)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("data/gone.jsonl", "data/gone.jsonl: no such file or folder (looked for "),
        ("data/gone", "data/gone: no such file or folder; as a name on the Hub: "),
    ],
)
def test_a_path_that_is_not_there_is_told_before_anything_of_the_hub(
    folder: Path, path: str, told: str
) -> None:
    done = call("decontaminate", path, "--suite", "evals.jsonl", "-o", "out", cwd=folder)
    assert done.code == 2
    assert done.error.startswith(f"curate: {told}")


@pytest.mark.parametrize(
    "query", ["SELECT 1 AS a", "SELECT * FROM range(200000)"], ids=["short", "long"]
)
def test_a_reader_that_leaves_ends_the_command_without_a_word(
    quickstart: tuple[Path, Done], query: str
) -> None:
    out, _ = quickstart
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "curate", "sql", str(out), query, "--csv"]
    plain = {name: value for name, value in environment().items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(command, env=plain, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_message_names_the_option_of_its_caller(folder: Path) -> None:
    assert call("build", "r.yaml", "-o", "out", cwd=folder).code == 0
    told = "already exists; give another folder, or {} to replace it"
    assert call("build", "r.yaml", "-o", "out", cwd=folder).error.endswith(
        told.format("--overwrite")
    )
    with pytest.raises(UserError) as caught:
        curate.build(folder / "r.yaml", folder / "out")
    assert str(caught.value).endswith(told.format("overwrite=True"))
    curate.build(folder / "r.yaml", folder / "out", overwrite=True, limit=2)
    assert len(ids(folder / "out")) == 2
