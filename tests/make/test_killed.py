"""Killed at random moments, a run goes on where it was: nothing that was answered is asked again, and
the bytes are those of a run that nobody disturbed, at another concurrency.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import started
from tests.corpus import reconcile
from tests.engines.server import Reply, Server, completion, serving
from tests.soak import KILLS as SOAK

KILLS = max(2, SOAK // 2)
ITEMS, IN_FLIGHT = 120, 8
DATA = ("data", "removed", "quarantine")


def sums(body: Mapping[str, Any], nth: int) -> Reply:
    """Write a problem or solve it, after a moment; some prompts cannot be parsed, some sums are
    wrong.
    """
    asked = body["messages"][-1]["content"]
    draw = random.Random(f"{asked}{body.get('seed')}")
    if "Write one word problem" in asked:
        a, b = draw.randint(2, 50), draw.randint(2, 50)
        said = f"Math problem: A shop of kind {draw.random()} has {a} pots and gets {b}. How many?"
        said = said if draw.random() < 0.8 else "I cannot think of one."
    else:
        words = asked.split()
        right = int(words[words.index("pots") - 1]) + int(words[words.index("gets") + 1].strip("."))
        said = f"Add them up.\n#### {right + (draw.random() < 0.2)}"
    return Reply(completion(said), after=0.02 * draw.random())


def recipe_at(folder: Path, server: Server, in_flight: int) -> Path:
    engine: dict[str, Any] = {
        "kind": "openai",
        "model": "m",
        "base_url": server.url,
        "revision": "1",
    }
    engine |= {"key_env": "CURATE_TEST_KEY", "in_flight": in_flight}
    made: dict[str, Any] = {"domain": "math-grade-school", "engine": "writer", "samples": 3}
    made |= {"accepted": 40, "round": ITEMS // 4}
    recipe: dict[str, Any] = {"name": "sums", "kind": "rlvr", "engines": {"writer": engine}}
    recipe["sources"] = [{"name": "sums", "synthesize": made}]
    recipe["gates"] = {"verify": True, "agree": {"at_least": 0.6}}
    folder.mkdir(exist_ok=True)
    path = folder / "r.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def answered(store: Path) -> set[tuple[str, int]]:
    """The last message and the seed of every request that the store has an answer to."""
    if not (store / "answers.sqlite").is_file():
        return set()
    with sqlite3.connect(store / "answers.sqlite") as database:
        rows = database.execute("SELECT request FROM answers JOIN requests USING (key)").fetchall()
    plain = [json.loads(text) for (text,) in rows]
    return {(one["messages"][-1]["content"], one["seed"]) for one in plain}


def asked_of(server: Server, after: int = 0) -> list[tuple[str, int]]:
    return [(body["messages"][-1]["content"], body["seed"]) for body in server.bodies[after:]]


def data_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for folder in DATA
        for path in sorted((out / folder).glob("*"))
    }


def finished(folder: Path, *arguments: object) -> None:
    """Run the command line to its good end."""
    process = started(*arguments, "--no-stages", cwd=folder)
    try:
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
    finally:
        process.kill()


def killed(folder: Path, server: Server, after: int, *arguments: object) -> None:
    """Run it until the server got so many more requests, and kill it."""
    wanted = len(server.bodies) + after
    process = started(*arguments, "--no-stages", cwd=folder)
    try:
        while process.poll() is None and len(server.bodies) < wanted:
            time.sleep(0.01)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nothing_that_was_answered_is_asked_again(tmp_path: Path) -> None:
    rng = random.Random(11)
    store = tmp_path / "store"
    with serving(sums) as server:
        recipe = recipe_at(tmp_path / "a", server, IN_FLIGHT)
        command = ["synthesize", recipe, "-o", tmp_path / "out", "--store", store]
        for _ in range(KILLS):
            known, before = answered(store), len(server.bodies)
            killed(tmp_path, server, rng.randint(1, 60), *command)
            assert not known & set(asked_of(server, before))
            assert not (tmp_path / "out").exists()
        known, before = answered(store), len(server.bodies)
        finished(tmp_path, *command)
        assert not known & set(asked_of(server, before))
        repeats = len(server.bodies) - len(set(asked_of(server)))
        assert repeats <= KILLS * IN_FLIGHT
        undisturbed = recipe_at(tmp_path / "b", server, 3)
        other = ["-o", tmp_path / "other", "--store", tmp_path / "second"]
        finished(tmp_path, "synthesize", undisturbed, *other)
    reconcile(tmp_path / "out")
    assert data_of(tmp_path / "out") == data_of(tmp_path / "other")
    again = ["-o", tmp_path / "again", "--locked", tmp_path / "out"]
    finished(tmp_path, "build", tmp_path / "out" / "recipe.yaml", *again)
    assert data_of(tmp_path / "out") == data_of(tmp_path / "again")
