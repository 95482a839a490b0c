"""Builds continue: what was looked at is not looked at twice, and nothing old is ever taken for
new.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.digests import code_digest
from curate.errors import UserError
from curate.mixture import stages
from curate.mixture.blocks import stages_of, take_all
from curate.mixture.options import Options
from curate.mixture.plan import make_plan
from curate.mixture.scan import Scan, scan_block
from curate.mixture.summary import Summary
from curate.recipe import load_recipe
from tests.command import call, started
from tests.corpus import build_in, chat, digests, sentence, write_csv, write_lines, write_recipe
from tests.mixture.conftest import Corpus
from tests.soak import KILLS

BLOCK = 900


@pytest.fixture
def work(corpus: Corpus, tmp_path: Path) -> Corpus:
    """The corpus with a cache of its own."""
    folder, recipe = corpus
    for path in (path for path in folder.rglob("*") if path.is_file() and "out" not in path.parts):
        if path.suffix != ".yaml":
            target = tmp_path / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path, recipe


def built(work: Corpus, out: str, recipe: dict[str, Any] | None = None, **options: Any) -> Summary:
    folder, own = work
    kept = {"stages": folder / "stages", "block_bytes": BLOCK, "workers": 2} | options
    return build_in(folder, recipe or own, out, **kept).summary


def with_spec(recipe: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return recipe | {"decontaminate": recipe["decontaminate"] | changed}


def sources(recipe: dict[str, Any], place: int, **changed: Any) -> dict[str, Any]:
    found = [dict(source) for source in recipe["sources"]]
    found[place] |= changed
    return recipe | {"sources": found}


def test_a_second_build_looks_at_nothing_and_writes_the_same(work: Corpus) -> None:
    first = built(work, "first")
    assert first.blocks[0] > 10 and first.blocks[1] == 0
    second = built(work, "second", workers=1)
    assert second.blocks == (0, first.blocks[0])
    assert digests(work[0] / "first") == digests(work[0] / "second")


RE_DECIDED: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda r: with_spec(r, matchers={"ngram": {"threshold": 0.9}, "robust": {"threshold": 0.95}}),
    lambda r: with_spec(r, matchers={"ngram": {"threshold": 0.3}}),
    lambda r: with_spec(r, policy="report"),
    lambda r: with_spec(r, policy="drop-source"),
    lambda r: with_spec(r, self_test=True),
    lambda r: sources(r, 0, share=0.4),
    lambda r: sources(r, 0, share=3.25),
    lambda r: sources(sources(r, 0, share=None), 1, rows=7),
    lambda r: r | {"output": {"validation": 0}},
    lambda r: r | {"output": {"validation": 3, "shards": 1}},
]


@pytest.mark.parametrize("change", RE_DECIDED)
def test_a_changed_decision_or_sampling_looks_at_nothing(
    work: Corpus, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    first = built(work, "first")
    recipe = change(work[1])
    assert built(work, "again", recipe).blocks == (0, first.blocks[0])
    built(work, "fresh", recipe, stages=None)
    assert digests(work[0] / "again") == digests(work[0] / "fresh")


LOOKED_AGAIN: list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = [
    ("another seed", lambda r: r | {"seed": 7}),
    ("other settings of a look", lambda r: with_spec(r, matchers={"ngram": {"n": 7}})),
    ("other roles", lambda r: with_spec(r, roles=["user", "assistant"])),
    ("no step", lambda r: {key: value for key, value in r.items() if key != "decontaminate"}),
]


@pytest.mark.parametrize(("what", "change"), LOOKED_AGAIN, ids=[what for what, _ in LOOKED_AGAIN])
def test_anything_else_looks_again(
    work: Corpus, what: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    built(work, "first")
    recipe = change(work[1])
    assert built(work, "again", recipe).blocks[1] == 0, what
    built(work, "fresh", recipe, stages=None)
    assert digests(work[0] / "again") == digests(work[0] / "fresh")


def test_only_the_source_that_changed_is_looked_at_again(work: Corpus) -> None:
    folder, recipe = work
    first = built(work, "first")
    tasks = [{"instruction": "Say seven.", "input": "", "output": "Seven."}]
    write_lines(
        folder / "tasks.jsonl",
        [*tasks, *({"instruction": f"Say {n}.", "input": "", "output": "Yes."} for n in range(29))],
    )
    again = built(work, "again")
    assert 0 < again.blocks[0] < first.blocks[0] and again.blocks[1] > 0
    built(work, "fresh", stages=None)
    assert digests(folder / "again") == digests(folder / "fresh")
    assert built(work, "kept", sources(recipe, 1, keep=["answer"])).blocks[0] > 0
    assert built(work, "limited", limit=5).blocks[1] == 0


def test_other_code_looks_again(work: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    built(work, "first")
    monkeypatch.setattr(
        "curate.mixture.stages.code_digest", lambda package: code_digest(package) + "x"
    )
    assert built(work, "again").blocks[1] == 0


def test_the_digest_of_code_is_that_of_all_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "some_package_of_steps"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "deep").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    seen = set()
    for name, text in (
        ("deep/a.py", "x = 1"),
        ("deep/a.py", "x = 2"),
        ("schema.sql", "--"),
        ("notes.txt", "no code"),
    ):
        (package / name).write_text(text)
        code_digest.cache_clear()
        seen.add(code_digest(package.name))
    assert len(seen) == 3


DAMAGES: dict[str, Callable[[list[Path]], object]] = {
    "a receipt is gone": lambda files: next(
        path for path in files if path.suffix == ".npz"
    ).unlink(),
    "a receipt is cut off": lambda files: os.truncate(
        next(path for path in files if path.suffix == ".npz"), 100
    ),
    "a run is gone": lambda files: next(
        path for path in files if path.name.startswith("run-")
    ).unlink(),
    "a run is cut off": lambda files: os.truncate(
        next(p for p in files if p.name.startswith("run-")), 64
    ),
    "a table is empty": lambda files: next(
        p for p in files if p.name.startswith("documents-")
    ).write_bytes(b""),
    "one byte differs": lambda files: flip(
        next(p for p in files if p.name.startswith("documents-"))
    ),
    "nothing says how many": lambda files: next(p for p in files if p.name == "blocks").unlink(),
    "too many are promised": lambda files: next(p for p in files if p.name == "blocks").write_text(
        "99"
    ),
}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_stage_costs_time_alone(work: Corpus, damage: str) -> None:
    folder, _ = work
    first = built(work, "first")
    DAMAGES[damage](sorted(path for path in (folder / "stages").rglob("*") if path.is_file()))
    again = built(work, "again")
    assert sum(again.blocks) == first.blocks[0]
    assert again.blocks[0] <= 2
    assert digests(folder / "again") == digests(folder / "first")


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were just written count as old: their stamps are trusted at once."""
    monkeypatch.setattr("curate.files.file._COARSEST_NS", 0)


@pytest.mark.parametrize("old", [True, False])
def test_a_file_that_changes_leaves_no_receipt_that_counts(
    work: Corpus, old: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, recipe = work
    if old:
        monkeypatch.setattr("curate.files.file._COARSEST_NS", 0)
    plan = make_plan(load_recipe(write_recipe(folder / "r.yaml", **recipe)), folder, 1)
    os.utime(folder / "tasks.jsonl")
    options = Options(stages=folder / "stages", block_bytes=BLOCK, workers=1)
    with stages_of(plan, options, 1, folder / "within") as held:
        with pytest.raises(UserError, match="changed while it was read"):
            take_all(plan, held, options, 1, 1)
        kept = [len(list(stage.folder.glob("block-*"))) for stage in held]
        # Young files are believed only when their source was read to its end and compared with its
        # digest.
        assert kept[2] == 0 and all(kept[:2]) == old
        assert held[2].whole() is None


def test_receipts_of_a_young_file_do_not_count_before_its_end(work: Corpus) -> None:
    folder, recipe = work
    plan = make_plan(load_recipe(write_recipe(folder / "r.yaml", **recipe)), folder, 1)
    options = Options(stages=folder / "stages", block_bytes=BLOCK, workers=1)
    with stages_of(plan, options, 1, folder / "within") as held:
        scan = Scan(plan.recipe.kind, plan.recipe.seed, plan.steps, True, 1)
        for number, block in enumerate(plan.sources[2].blocks(block_bytes=BLOCK)):
            held[2].keep(
                scan_block(scan, plan.readings[2], held[2].folder, number, block), [block.file]
            )
            assert held[2].load(number) is None
        held[2].finish(number + 1)
        assert held[2].whole() == number + 1 and held[2].load(0) is not None


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(work: Corpus) -> None:
    folder, _ = work
    (folder / "file").write_text("in the way")
    summary = built(work, "out", stages=folder / "file" / "stages")
    assert summary.blocks[1] == 0
    built(work, "fresh", stages=None)
    assert digests(folder / "out") == digests(folder / "fresh")


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path: Path) -> None:
    def stage(name: str, used: int) -> Path:
        (tmp_path / name).mkdir()
        (tmp_path / name / "run-0-0.arrow").write_bytes(b"x" * 100)
        (tmp_path / name / ".lock").touch()
        os.utime(tmp_path / name / ".lock", (used, used))
        return tmp_path / name

    a, b, c = stage("a", 30), stage("b", 10), stage("c", 20)
    assert stages.prune(tmp_path, 250) == (1, 100)
    assert (a.exists(), b.exists(), c.exists()) == (True, False, True)
    with stages.open_stages(tmp_path, ["c"], [{}], tmp_path / "within"):
        assert stages.prune(tmp_path, 0) == (1, 100)
        assert c.exists() and not a.exists()
    assert stages.prune(tmp_path, 0) == (1, 100)
    assert stages.prune(tmp_path / "nowhere", 0) == (0, 0)


def test_the_verb_counts_and_removes_them(work: Corpus) -> None:
    folder, _ = work
    built(work, "out")
    done = call("stages", "--stages", "stages", "--json", cwd=folder)
    told = json.loads(done.out)
    files = [path for path in (folder / "stages").rglob("*") if path.is_file()]
    assert (told["stages"], told["bytes"]) == (3, sum(path.stat().st_size for path in files))
    assert "3 stages" in call("stages", "--stages", "stages", cwd=folder).out
    assert call(
        "stages", "prune", "--keep-gb", "1", "--stages", "stages", cwd=folder
    ).out.startswith("removed 0 stages")
    assert "removed 3 stages" in call("stages", "prune", "--stages", "stages", cwd=folder).out
    assert not list((folder / "stages").iterdir())
    wrong = call("stages", "prun", cwd=folder)
    assert (wrong.code, "did you mean 'prune'" in wrong.error) == (2, True)


def test_two_builds_at_once_share_their_stages(work: Corpus) -> None:
    folder, recipe = work
    write_recipe(folder / "r.yaml", **recipe)
    processes = [
        started(
            "build",
            "r.yaml",
            "-o",
            f"out-{n}",
            "--stages",
            "stages",
            "--workers",
            2,
            "--json",
            cwd=folder,
        )
        for n in range(2)
    ]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)["rows"]["validation"] == 9
    assert digests(folder / "out-0") == digests(folder / "out-1")


def test_what_is_known_of_a_block_pickles(work: Corpus) -> None:
    folder, recipe = work
    plan = make_plan(load_recipe(write_recipe(folder / "r.yaml", **recipe)), folder, 1)
    options = Options(stages=folder / "stages", block_bytes=BLOCK)
    with stages_of(plan, options, 2, folder / "within") as held:
        for own in take_all(plan, held, options, 1, 2):
            for taken in own:
                again = pickle.loads(pickle.dumps(taken.scanned))
                assert (again.n, again.schema, again.staged) == (
                    taken.scanned.n,
                    taken.scanned.schema,
                    taken.scanned.staged,
                )
                assert np.array_equal(again.sizes, taken.scanned.sizes)
        first = held[0].load(0)
        assert first is not None and first.schema.names == ["messages", "tools", "level"]


# ---- kills


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sources that take a while, and what an undisturbed build makes of them."""
    folder, rng = tmp_path_factory.mktemp("large"), random.Random(3)
    items = [sentence(rng, 20) for _ in range(40)]
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    for name in "ab":
        rows = [chat(sentence(rng, 60), sentence(rng, 200)) for _ in range(6000)]
        rows[7] = chat(items[3], "No.")
        write_lines(folder / f"{name}.jsonl", rows)
    write_csv(
        folder / "c.csv",
        [{"question": sentence(rng, 30), "answer": sentence(rng, 30)} for _ in range(6000)],
    )
    write_recipe(
        folder / "r.yaml",
        sources=[
            {"name": "a", "from": "a.jsonl"},
            {"name": "b", "from": "b.jsonl", "share": 1.5},
            {"name": "c", "from": "c.csv", "format": {"prompt": "question", "response": "answer"}},
        ],
        decontaminate={"suite": "evals.jsonl"},
        output={"validation": 20},
    )
    assert call("build", "r.yaml", "-o", "whole", "--no-stages", cwd=folder).code == 0
    return folder


@pytest.mark.slow
def test_a_killed_build_continues_with_the_same_bytes(large: Path) -> None:
    """Killed at random moments: the next run looks only at blocks without a receipt, and the bytes
    are the same.
    """
    rng, wanted = random.Random(11), digests(large / "whole")
    for number in range(KILLS):
        stages_folder, out = large / f"stages-{number}", f"out-{number}"
        command = (
            "build",
            "r.yaml",
            "-o",
            out,
            "--stages",
            stages_folder,
            "--workers",
            2,
            "--json",
        )
        with started(*command, cwd=large) as process:
            time.sleep(rng.uniform(0.2, 3.0))
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
        kept = len(list(stages_folder.rglob("block-*.npz")))
        done = call(*command, *(["--overwrite"] if (large / out).exists() else []), cwd=large)
        assert (done.code, done.err) == (0, "")
        blocks = json.loads(done.out)["blocks"]
        assert blocks["known"] == kept
        assert digests(large / out) == wanted


@pytest.mark.usefixtures("settled")
def test_a_killed_build_continues_in_this_process_too(work: Corpus) -> None:
    """Stopped in the middle of the first pass, here by an error of the progress display."""
    folder, _ = work
    seen = threading.Event()

    def fail(step: str, rows: int, text: int, part: float) -> None:
        if len(list((folder / "stages").rglob("block-*"))) >= 5:
            seen.set()
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        built(work, "out", progress=fail)
    assert seen.is_set() and not (folder / "out").exists()
    kept = len(list((folder / "stages").rglob("block-*.npz")))
    again = built(work, "out")
    assert again.blocks[1] == kept
    built(work, "fresh", stages=None)
    assert digests(folder / "out") == digests(folder / "fresh")
