"""What people really give a tool: each mistake ends with one line that says where it is and what to
do.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command import Done, call, run
from tests.corpus import chat, ids, read, reconcile, write_lines, write_recipe

GOOD = [chat(f"What is question number {n} about?", "Trees.") for n in range(4)]
CLEAN = {"suite": "evals.jsonl"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose recipe builds: each test spoils one thing in it."""
    write_lines(tmp_path / "a.jsonl", GOOD)
    write_lines(
        tmp_path / "evals.jsonl",
        [{"question": "Which of these trees is the oldest one in the wood?"}],
    )
    return tmp_path


def build(
    folder: Path,
    source: dict[str, Any] | None = None,
    by: Callable[..., Done] = call,
    **recipe: Any,
) -> Done:
    """Build a recipe of one source `a`; keys of the source and of the recipe can be given."""
    sources = [{"name": "a", "from": "a.jsonl"} | (source or {})]
    write_recipe(folder / "r.yaml", **({"sources": sources, "decontaminate": CLEAN} | recipe))
    return by("build", "r.yaml", "-o", "out", cwd=folder)


def refused(folder: Path, *told: str, **what: Any) -> str:
    """The build ends with 2, one line that says all of `told`, and no folder."""
    done = build(folder, **what)
    assert done.code == 2, done
    for words in told:
        assert words in done.error
    assert done.out == ""
    assert not (folder / "out").exists()
    assert not (folder / "out.partial").exists()
    return done.error


def quarantined(folder: Path, kept: int, **what: Any) -> list[dict[str, Any]]:
    """The build succeeds, says how many rows it put aside, and everything adds up: the rows in
    quarantine.
    """
    done = build(folder, **what)
    assert done.code == 0, done
    bad = read(folder / "out", "quarantine/*.parquet")
    assert f"source 'a': rows quarantined: {len(bad)}" in done.out
    assert len(ids(folder / "out")) == kept
    reconcile(folder / "out")
    return bad


def test_nothing_is_wrong_with_what_the_tests_spoil(folder: Path) -> None:
    assert build(folder).code == 0


def test_a_missing_file(folder: Path) -> None:
    refused(folder, "gone.jsonl: no such file or folder", source={"from": "gone.jsonl"})


def test_a_missing_recipe(folder: Path) -> None:
    done = call("build", "gone.yaml", "-o", "out", cwd=folder)
    assert (done.code, "gone.yaml: no such file" in done.error) == (2, True)


def test_a_missing_benchmark(folder: Path) -> None:
    refused(folder, "gone.jsonl", decontaminate={"suite": "./gone.jsonl"})


@pytest.mark.parametrize("name", ["a.jsonl.gz", "evals.jsonl.gz"])
def test_a_truncated_gzip(folder: Path, name: str) -> None:
    lines = "".join(
        json.dumps(row | {"question": f"number {n}"}) + "\n" for n, row in enumerate(GOOD * 500)
    )
    (folder / name).write_bytes(gzip.compress(lines.encode())[:-30])
    what: dict[str, Any] = (
        {"source": {"from": name}} if name.startswith("a") else {"decontaminate": {"suite": name}}
    )
    refused(folder, f"{name}: the compressed file is cut off or damaged", **what)


def test_a_half_written_line(folder: Path) -> None:
    write_lines(folder / "a.jsonl", [*GOOD, b'{"messages": [{"role": "user", "con'])
    (bad,) = quarantined(folder, kept=4)
    assert (bad["file"], bad["row"], bad["raw"]) == (
        "a.jsonl",
        4,
        '{"messages": [{"role": "user", "con',
    )
    assert bad["reason"].startswith("not JSON: ")
    assert bad["reason"].endswith("; the row is cut off")


def test_a_half_written_array(folder: Path) -> None:
    (folder / "a.json").write_text(json.dumps(GOOD)[:-20])
    refused(
        folder,
        "a.json: the array is never closed; the file is cut off after 3",
        source={"from": "a.json"},
    )


def test_a_half_written_line_in_a_benchmark(folder: Path) -> None:
    with (folder / "evals.jsonl").open("a") as out:
        out.write('{"question": "And wh')
    refused(folder, "evals.jsonl: row 1: not JSON", "cut off")


def test_mixed_schemas_in_one_source(folder: Path) -> None:
    write_lines(folder / "d/a.jsonl", GOOD)
    write_lines(
        folder / "d/b.jsonl",
        [{"instruction": "Say hello.", "output": "Hello."}, GOOD[0] | {"extra": 1}],
    )
    (bad,) = quarantined(folder, kept=5, source={"from": "d"})
    assert (bad["file"], bad["row"], bad["reason"]) == ("b.jsonl", 4, "field 'messages' is missing")


def test_mixed_kinds_of_files_in_one_folder(folder: Path) -> None:
    write_lines(folder / "d/a.jsonl", GOOD)
    (folder / "d/b.csv").write_text("question,answer\nq,a\n")
    refused(
        folder,
        "d: the folder holds files of several kinds (csv, json lines); give a glob",
        source={"from": "d"},
    )


def test_wrong_types_in_some_rows(folder: Path) -> None:
    write_lines(
        folder / "a.jsonl",
        [
            *GOOD,
            {"messages": "hello"},
            {
                "messages": [
                    {"role": "user", "content": True},
                    {"role": "assistant", "content": "a"},
                ]
            },
            ["no", "object"],
            chat("q", "a"),
        ],
    )
    bad = quarantined(folder, kept=5)
    assert [(row["file"], row["row"]) for row in bad] == [
        ("a.jsonl", 4),
        ("a.jsonl", 5),
        ("a.jsonl", 6),
    ]
    assert "field 'messages' is text" in bad[0]["reason"]
    assert "content" in bad[1]["reason"]
    assert "is a truth value, not text" in bad[1]["reason"]
    assert bad[2]["reason"] == "a row must be a JSON object, not an array"


def test_wrong_types_in_all_rows(folder: Path) -> None:
    write_lines(folder / "a.jsonl", [{"instruction": 1, "output": 2}])
    told = refused(
        folder,
        "source 'a': a.jsonl: no format of kind 'sft' fits its columns",
        "instruction (number)",
        "output (number)",
    )
    assert "--format" in told
    refused(
        folder, "source 'a': none of its 1 rows could be parsed", "field 'instruction' is a number, not text",
        source={"format": "alpaca"},
    )  # fmt: skip


def test_an_empty_file(folder: Path) -> None:
    (folder / "a.jsonl").write_bytes(b"")
    refused(folder, "a.jsonl: the file is empty; remove it or leave it out")
    (folder / "a.jsonl").write_bytes(b"\n\n")
    refused(folder, "source 'a' (a.jsonl) holds no rows")


def test_an_empty_benchmark(folder: Path) -> None:
    (folder / "evals.jsonl").write_bytes(b"")
    refused(folder, "evals.jsonl: the file is empty")
    (folder / "evals.jsonl").write_bytes(b"\n")
    refused(folder, "evals.jsonl", "no rows")
    (folder / "evals.jsonl").write_text('{"question": " "}\n')
    refused(folder, "evals.jsonl, row 0: field 'question' is empty")


UNKNOWN = [
    (
        {"source": {"format": "mesages"}},
        "source 'a': unknown format 'mesages'; did you mean 'messages'?",
    ),
    ({"decontaminate": {"suite": "tulu"}}, "unknown suite 'tulu'; did you mean 'tulu3'?"),
    (
        {"decontaminate": CLEAN | {"policy": "drop-row"}},
        "r.yaml:8: decontaminate: policy: unknown policy 'drop-row'; did you mean 'drop-rows'?",
    ),
    (
        {"decontaminate": CLEAN | {"profile": "tulu4"}},
        "r.yaml:8: decontaminate: profile: unknown profile 'tulu4'; did you mean 'tulu3'?",
    ),
    (
        {"decontaminate": CLEAN | {"without": ["eval"]}},
        "unknown benchmark 'eval'; did you mean 'evals'?",
    ),
    ({"sed": 42}, "r.yaml:8: unknown key 'sed'; did you mean 'seed'?"),
    ({"source": {"row": 5}}, "r.yaml:6: source 'a': unknown key 'row'; did you mean 'rows'?"),
    ({"source": {"format": {"promt": "q"}}}, "did you mean 'prompt'?"),
    ({"source": {"format": {"prompt": "quest", "response": "messages"}}}, "unknown column 'quest'"),
]


@pytest.mark.parametrize(("what", "told"), UNKNOWN, ids=[told for _, told in UNKNOWN])
def test_an_unknown_name_is_told_with_the_nearest(
    folder: Path, what: dict[str, Any], told: str
) -> None:
    refused(folder, told, **what)


def test_a_recipe_that_is_no_yaml(folder: Path) -> None:
    (folder / "r.yaml").write_text("name: x\nsources: [")
    done = call("build", "r.yaml", "-o", "out", cwd=folder)
    assert done.code == 2
    assert "r.yaml:2: not valid YAML" in done.error


def test_bytes_that_are_no_utf8(folder: Path) -> None:
    line = json.dumps(GOOD[0]).encode().replace(b"Trees", b"Tr\xffes")
    write_lines(folder / "a.jsonl", [*GOOD, line])
    (bad,) = quarantined(folder, kept=4)
    said = f"not UTF-8: byte 0xff at byte {line.index(0xFF)} of the row"
    assert bad["reason"].startswith(f"{said}; text of cp1252 or another code page?")
    assert r"Tr\xffes" in bad["raw"]


def test_bytes_that_are_no_utf8_in_a_benchmark(folder: Path) -> None:
    (folder / "evals.jsonl").write_bytes(b'{"question": "ol\xe9"}\n')
    refused(folder, "evals.jsonl: row 0: not UTF-8: byte 0xe9")


def test_a_row_of_fifty_megabytes(folder: Path) -> None:
    write_lines(folder / "a.jsonl", [*GOOD, chat("long " * 10_000_000, "Too long."), *GOOD])
    assert build(folder).code == 0
    assert sorted(ids(folder / "out")) == [f"a/{n}" for n in range(9)]
    (long,) = [row for row in read(folder / "out", "data/*") if row["id"] == "a/4"]
    assert len(long["messages"][0]["content"]) == 50_000_000


def test_a_benchmark_whose_fields_are_missing(folder: Path) -> None:
    write_lines(folder / "evals.jsonl", [{"words": "Which tree?"}])
    refused(folder, "evals.jsonl: none of its fields is known to hold a prompt (found: words)")
    suite = {"benchmarks": [{"name": "trees", "from": "evals.jsonl", "fields": ["question"]}]}
    (folder / "suite.yaml").write_text(json.dumps(suite))
    refused(
        folder,
        "trees",
        "evals.jsonl, row 0: no field 'question' (found: words)",
        decontaminate={"suite": "suite.yaml"},
    )
    write_lines(folder / "evals.jsonl", [{"question": "Which tree?"}, {"query": "Which wood?"}])
    refused(folder, "evals.jsonl, row 1: no field 'question' (found: query)")


def test_a_folder_that_is_not_empty(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/mine.txt").write_text("mine")
    done = build(folder)
    assert done.code == 2
    assert "out: already exists; give another folder, or --overwrite to replace it" in done.error
    assert [path.name for path in (folder / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("out", "code"), [(".", 2), ("..", 2), ("/", 2), ("a.jsonl", 2), ("a.jsonl/out", 1)]
)
def test_an_output_that_can_be_no_folder(folder: Path, out: str, code: int) -> None:
    write_recipe(folder / "r.yaml", sources=[{"name": "a", "from": "a.jsonl"}])
    (folder / "empty").mkdir()
    work = folder / "empty" if out == "." else folder
    done = call("build", folder / "r.yaml", "-o", out, cwd=work)
    assert done.code == code
    assert out in done.error


def test_no_user_turns(folder: Path) -> None:
    said = [
        {"role": "system", "content": "Write."},
        {"role": "assistant", "content": "A tree in the wood."},
    ]
    write_lines(folder / "a.jsonl", [{"messages": said}])
    told = refused(
        folder,
        "source 'a': no text in turns of role user, so nothing can be said about contamination",
    )
    assert "name the roles to scan (--role, or `roles` in a recipe)" in told
    assert build(folder, decontaminate=CLEAN | {"roles": ["assistant"]}).code == 0


def test_a_kind_that_the_format_does_not_make(folder: Path) -> None:
    refused(
        folder,
        "source 'a': format 'messages' makes no records of kind 'preference'",
        source={"format": "messages"},
        kind="preference",
    )


def test_a_hub_name_without_a_network(folder: Path) -> None:
    refused(folder, "nobody/nothing", source={"from": "nobody/nothing"})


def test_the_real_command_says_the_same(folder: Path) -> None:
    done = build(folder, by=run, source={"from": "gone.jsonl"})
    assert done.code == 2
    assert "gone.jsonl: no such file or folder" in done.error
    assert done.out == ""
