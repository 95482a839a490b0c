"""What the terminal shows of a build says what the build did, word for word."""

from __future__ import annotations

import io
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import curate
from curate.mixture.show import _sources
from curate.mixture.summary import Summary
from tests.command import Done, call
from tests.corpus import chat, ids, sentence, write_lines, write_recipe

CLEAN = {"suite": "evals.jsonl"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources with a leak, a bad row, a column that is dropped, and fewer rows than are asked
    for; a recipe.
    """
    folder, rng = tmp_path_factory.mktemp("show"), random.Random(5)
    items = [sentence(rng, 20) for _ in range(4)]
    write_lines(folder / "evals.jsonl", [{"question": item} for item in (*items, "too short")])
    chats: list[object] = [chat(sentence(rng, 12), sentence(rng, 9)) for _ in range(1200)]
    chats[3], chats[5] = chat(items[0], "A."), b"{"
    write_lines(folder / "chats.jsonl", chats)
    write_lines(
        folder / "more.jsonl", [chat(sentence(rng, 9), "B.") | {"mark": "x"} for _ in range(9)]
    )
    write_lines(folder / "few.jsonl", [chat(sentence(rng, 9), "C.") for _ in range(2)])
    sources = [
        {"name": "chats", "from": "chats.jsonl", "format": "messages"},
        {"name": "more", "from": "more.jsonl", "rows": 4},
        {"name": "few", "from": "few.jsonl", "rows": 3, "format": "messages"},
    ]
    write_recipe(folder / "r.yaml", sources=sources, decontaminate=CLEAN, output={"validation": 30})
    write_recipe(
        folder / "one.yaml", sources=[{"name": "few", "from": "few.jsonl", "format": "messages"}]
    )
    return folder


def shown(done: Done) -> tuple[list[list[str]], list[str]]:
    """The rows of all tables, heads among them, and the other lines."""
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    rows = [
        [cell.strip() for cell in re.split("[│┃]", line)[1:-1]]
        for line in lines
        if line[:1] in ("│", "┃")
    ]
    return rows, [line for line in lines if line and line[0] not in "│┃┏┡├└"]


def test_a_build_is_shown(folder: Path) -> None:
    rows, lines = shown(call("build", "r.yaml", "-o", "out it", "--no-stages", cwd=folder))

    def split(name: str) -> list[str]:
        written = {"data/train*": 0, "data/validation*": 0}
        for pattern in written:
            own = ids(folder / "out it", f"{pattern}.parquet")
            written[pattern] = sum(one.startswith(f"{name}/") for one in own)
        return [f"{n:,}" for n in written.values()]

    assert rows == [
        ["source", "read", "quarantined", "removed", "not sampled", "kept", "train", "validation"],
        ["chats", "1,200", "1", "1", "0", "1,198", *split("chats")],
        ["more", "9", "0", "0", "5", "4", *split("more")],
        ["few", "2", "0", "0", "0", "2", *split("few")],
        ["all", "1,211", "1", "1", "5", "1,204", "1,174", "30"],
        ["source", "benchmark", "items hit", "of", "rate", "over 2 %"],
        ["chats", "evals", "1", "5", "20.00 %", "flagged"],
    ]
    lock = json.loads((folder / "out it/recipe.lock.json").read_text("utf-8"))
    tokens = sum(source["tokens"] for source in lock["counts"]["sources"].values())
    size, seconds = re.findall(r"\(([\d.]+ MB) of text, ([\d.]+ s)\)", lines[-5])[0]
    assert lines == [
        "r (sft)",
        "removed: 1 by decontaminate: evals (such as chats/3: covers 100.0 % of evals/0)",
        "quarantined: 1 by validate: not JSON: Expecting property name enclosed in double quotes at "
        "character 1; the row is cut off (such as chats/5)",
        "benchmark items in what was written: none that these settings find",
        "overlap with benchmarks: 1 of 3 pairs of a source and a benchmark",
        "note: items that can never be matched: 1 (evals 1): curate sql out it never-matchable",
        f"note: searched 0.1 MB of turns, {tokens:,} tokens",
        "note: source 'more': format messages, detected from its columns",
        "warning: source 'more': columns dropped: mark (list them under `keep` to carry them)",
        "warning: source 'chats': rows quarantined: 1 of 1,200",
        "warning: source 'few': 1 fewer rows than requested: 2 of 3, because 2 were read",
        f"out it: rows: 1,174 train and 30 validation ({size} of text, {seconds})",
        "  load     datasets.load_dataset('out it')",
        "  look     out it/report.html",
        "  ask      curate sql 'out it' --list",
        "  one row  curate why 'out it' chats/0",
    ]


def test_a_build_of_one_source_without_steps_needs_no_sums(folder: Path) -> None:
    rows, lines = shown(
        call("build", "one.yaml", "-o", "one", "--limit", 1, "--no-stages", cwd=folder)
    )
    assert rows[1:] == [["few", "1", "0", "0", "0", "1", "1"]]
    assert lines[1:3] == [
        "note: the recipe has no steps: rows were only validated and sampled",
        "note: a trial run on the first 1 row of each source; lock and card say so",
    ]
    assert re.fullmatch(r"one: rows: 1 train \(86 bytes of text, [\d.]+ s\)", lines[3])


def test_blocks_that_were_known_are_told(folder: Path) -> None:
    call("build", "one.yaml", "-o", "first", cwd=folder)
    lines = shown(call("build", "one.yaml", "-o", "second", cwd=folder))[1]
    assert "note: results of an earlier build were reused for 1 of 1 block" in lines


def test_a_validation_split_that_falls_short_is_told(folder: Path) -> None:
    source = {"name": "few", "from": "few.jsonl", "format": "messages"}
    write_recipe(folder / "short.yaml", sources=[source], output={"validation": 5})
    lines = shown(call("build", "short.yaml", "-o", "short", cwd=folder))[1]
    assert (
        "warning: validation: 3 fewer rows than requested: 2 of 5, because all rows of a prompt are "
        "held out together or not at all" in lines
    )
    assert "warning: no row is left: `datasets` cannot open an empty split" not in lines


def test_a_self_test_is_shown(folder: Path) -> None:
    told = call(
        "decontaminate",
        "chats.jsonl",
        "--suite",
        "evals.jsonl",
        "--self-test",
        "-o",
        "t",
        cwd=folder,
    )
    rows, lines = shown(told)
    assert (
        "self-test: of changed copies of the items, planted in a sample of the text, would go"
        in lines
    )
    at = rows.index(["copy", "planted", "would go", "%", "95 % interval", "noticed"])
    head, *_, clean, siblings = rows[at + 1 :]
    assert head == ["verbatim", "5", "4", "80.0", "37.6 to 96.4", "4"]
    assert clean[:3] == ["clean rows", "1,199", "1"]  # the leak that is in the text
    assert siblings[:3] == ["siblings of items", "5", "0"]


def test_a_build_is_one_line_at_the_prompt_and_a_table_in_a_notebook(folder: Path) -> None:
    built = curate.build(folder / "r.yaml", folder / "shown", stages=None)
    path = folder / "shown"
    assert repr(built) == f"<Built {path}: 1,174 train and 30 validation rows, 1 removed>"
    page = built._repr_html_()
    assert page.startswith(f"<p>Built {path}: 1,174 train")
    assert "<td>all</td><td>1,211</td><td>1</td><td>1</td><td>5</td><td>1,204</td>" in page
    assert page.count("<tr>") == 1 + 4


def test_the_counts_keep_to_a_narrow_screen_without_what_no_row_met(folder: Path) -> None:
    whole = curate.build(folder / "r.yaml", folder / "narrow", stages=None).summary
    calm = replace(whole, sources=tuple(replace(one, quarantined=0) for one in whole.sources))

    def heads(summary: Summary, width: int) -> str:
        screen = Console(width=width, file=io.StringIO())
        screen.print(_sources(summary, screen))
        lines = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
        assert max(map(len, lines)) <= width and not any("…" in line for line in lines)
        return " ".join(re.findall("[a-z]+", "".join(line for line in lines if "┃" in line)))

    full = "source read quarantined removed not sampled kept train validation"
    assert heads(whole, 120) == heads(calm, 120) == full
    assert heads(calm, 80) == full.replace("quarantined ", "")
    assert "quarantined" not in heads(whole, 60) and "quara" in heads(whole, 60)  # on two lines
