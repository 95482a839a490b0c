"""Pass rates and the best of several answers, against a server that is right as often as it is told."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from curate.make.measure import best_of
from tests.command import call
from tests.corpus import read, write_lines
from tests.engines.server import Reply, Server, completion, serving

N = 24
CHANCES = [random.Random(9 + n).random() for n in range(N)]


def says(body: Mapping[str, Any], nth: int) -> Reply:
    """The answer to prompt n is right with the chance that is known of it."""
    n = int(body["messages"][-1]["content"].split()[1])
    draw = random.Random(f"{n} {body['seed']}")
    right = draw.random() < CHANCES[n]
    return Reply(completion(("Well, " * draw.randrange(4)) + f"it is {n if right else n + 1}."))


def files(folder: Path, server: Server) -> None:
    rows = [
        {
            "messages": [{"role": "user", "content": f"Number {n} please"}],
            "ground_truth": str(n),
            "dataset": "gsm8k",
        }
        for n in range(N)
    ]
    write_lines(folder / "rl.jsonl", rows)
    engine = {"kind": "openai", "model": "m", "base_url": server.url, "revision": "1"}
    (folder / "m.yaml").write_text(yaml.safe_dump(engine), "utf-8")


def measured(folder: Path, *more: object, out: str = "out") -> None:
    done = call(
        "measure",
        "rl.jsonl",
        "--engine",
        "m.yaml",
        "--store",
        "store",
        *more,
        "-o",
        out,
        cwd=folder,
    )
    assert done.code == 0, done.err


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def test_rates_are_counted_with_intervals_that_cover_and_the_same_again_asks_nobody(
    tmp_path: Path,
) -> None:
    with serving(says) as server:
        files(tmp_path, server)
        measured(tmp_path, "--samples", 16)
        assert len(server.bodies) == 16 * N
        measured(tmp_path, "--samples", 16, out="again")
        assert len(server.bodies) == 16 * N
    rows = read(tmp_path / "out", "data/*.parquet")
    assert len(rows) == N
    inside = []
    for row in rows:
        n = int(row["ground_truth"])
        assert row["total_rollouts"] == 16
        assert row["passrate"] == row["total_correct_rollouts"] / 16
        inside.append(row["passrate_low"] <= CHANCES[n] <= row["passrate_high"])
    assert np.mean(inside) >= 0.9


def test_between_decides_as_all_rollouts_would_with_fewer_and_has_a_control(tmp_path: Path) -> None:
    with serving(says) as server:
        files(tmp_path, server)
        measured(tmp_path, "--samples", 8, out="all")
        whole = len(server.bodies)
        measured(tmp_path, "--samples", 8, "--between", 0, 0.625, "--control", "--store", "other")
        fewer = len(server.bodies) - whole
    rates = {
        row["ground_truth"]: row["passrate"] for row in read(tmp_path / "all", "data/*.parquet")
    }
    kept = {row["ground_truth"] for row in read(tmp_path / "out", "data/*.parquet")}
    assert kept == {truth for truth, passed in rates.items() if passed <= 0.625}
    assert fewer <= 0.8 * whole
    assert len(read(tmp_path / "out-control", "data/*.parquet")) == len(kept)


def test_the_best_answer_that_passes_is_kept_and_a_prompt_without_one_is_not(
    tmp_path: Path,
) -> None:
    with serving(says) as server:
        files(tmp_path, server)
        measured(tmp_path, "--samples", 4, "--best", "shortest")
    rows = read(tmp_path / "out", "data/*.parquet")
    lost = read(tmp_path / "out", "quarantine/*.parquet")
    assert len(rows) + len(lost) == N
    assert all(row["reason"] == "none of 4 answers passes" for row in lost)
    for row in rows:
        n = row["messages"][0]["content"].split()[1]
        assert row["messages"][-1]["content"].endswith(f"it is {n}.")


def test_pass_at_one_is_that_of_one_answer_where_asking_ends_with_the_first_that_passes(
    tmp_path: Path,
) -> None:
    with serving(says) as server:
        files(tmp_path, server)
        done = call(
            *("measure", "rl.jsonl", "--engine", "m.yaml", "--store", "store"),
            *("--samples", 8, "--best", "first", "-o", "out"),
            cwd=tmp_path,
        )
        assert done.code == 0, done.err
        first = {}
        for body in server.bodies[:N]:  # all are asked once before any is asked again
            n = int(body["messages"][-1]["content"].split()[1])
            first[n] = random.Random(f"{n} {body['seed']}").random() < CHANCES[n]
    assert len(first) == N
    assert f"pass@1 {100 * np.mean(list(first.values())):.1f}," in done.err


def test_no_control_is_drawn_for_no_prompt_and_folders_that_are_there_are_told_before(
    tmp_path: Path,
) -> None:
    with serving(lambda body, nth: Reply(completion("it is -1."))) as server:
        files(tmp_path, server)
        (tmp_path / "there").mkdir()
        (tmp_path / "there" / "file").touch()
        given = ("measure", "rl.jsonl", "--engine", "m.yaml", "--store", "store", "--samples", 2)
        more = ("--between", 0.5, 1, "--control", "-o")
        refused = call(*given, *more, "there", cwd=tmp_path)
        assert (refused.code, server.bodies) == (2, [])
        done = call(*given, *more, "out", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "no prompt lies between" in done.err
    assert not (tmp_path / "out-control").exists()


def test_where_no_answer_passes_the_error_says_so(tmp_path: Path) -> None:
    with serving(lambda body, nth: Reply(completion("it is -1."))) as server:
        files(tmp_path, server)
        done = call(
            *("measure", "rl.jsonl", "--engine", "m.yaml", "--store", "store"),
            *("--samples", 2, "--best", "first", "-o", "out"),
            cwd=tmp_path,
        )
    assert done.code == 2
    assert "none of 2 answers passes" in done.err


def test_which_answer_is_best() -> None:
    said = ["the sum of both is four", "the sum of both is 4", "four"]
    assert best_of(said, "first") == said[0]
    assert best_of(said, "shortest") == "four"
    assert (
        best_of([*said[:2], "count them: there are four"], "diverse")
        == "count them: there are four"
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--between", 0.7, 0.2), "the lower one first"),
        (("--between", 0, 0.5, "--best", "first"), "exclude each other"),
        (("--between", 0, 1), "every pass rate lies there"),
        (("--between", 0.3, 0.4, "--samples", 2), "no pass rate of 2 answers lies there"),
        (("--temperature", 0), "are all the same"),
        (("--best", "longest"), "best"),
        (("--control",), "give it"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, more: tuple[object, ...], said: str
) -> None:
    with serving(says) as server:
        files(tmp_path, server)
        done = call("measure", "rl.jsonl", "--engine", "m.yaml", *more, "-o", "out", cwd=tmp_path)
        assert done.code == 2
        assert said in done.err
        assert not server.bodies
