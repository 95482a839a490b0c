"""The verbs: judges are measured, and pairs are built, by a command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command import call
from tests.corpus import write_lines
from tests.engines.server import serving
from tests.make.prefer.scripted import World, recipe_at

JUDGE = {"name": "lab", "engine": "fair", "aspects": ["honesty"]}


def gold(path: Path) -> None:
    """Pairs of which the better answer is worth more."""
    rows = [
        {
            "prompt": f"Prompt {i}",
            "chosen": f"worth {5 - i % 2}.00 by ann word",
            "rejected": f"worth {2 - i % 2}.00 by ben word",
        }
        for i in range(30)
    ]
    write_lines(path, rows)


def test_a_judge_is_measured_and_a_coin_ends_with_code_1(tmp_path: Path) -> None:
    gold(tmp_path / "gold.jsonl")
    rest = ["--calibrate", "--gold", tmp_path / "gold.jsonl", "--store", tmp_path / "store"]
    with serving(World()) as server:
        recipe = recipe_at(tmp_path, server, 2, {"judges": [JUDGE | {"uncalibrated": "allow"}]})
        done = call("judge", recipe, *rest, "--json", cwd=tmp_path)
        assert done.code == 0
        (found,) = json.loads(done.out)
        assert found["sound"] and found["figures"]["accuracy"]["value"] == 1.0
        asked = len(server.bodies)
        shown = call("judge", recipe, *rest, "--offline", cwd=tmp_path)
        assert shown.code == 0 and "accuracy" in shown.out
        assert len(server.bodies) == asked
    with serving(World(bad=1.0)) as server:
        text = JUDGE | {"mode": "text", "name": "txt"}
        coin = recipe_at(tmp_path, server, 2, {"judges": [text]})
        done = call("judge", coin, *rest, cwd=tmp_path)
        assert done.code == 1 and "no better than a coin: txt" in done.out


def test_pairs_are_built_and_again_without_asking(tmp_path: Path) -> None:
    with serving(World()) as server:
        recipe = recipe_at(tmp_path, server, 6, {"judges": [JUDGE | {"uncalibrated": "allow"}]})
        rest = ["--store", tmp_path / "store", "--no-stages"]
        assert call("prefer", recipe, "-o", tmp_path / "out", *rest, cwd=tmp_path).code == 0
        asked = len(server.bodies)
        again = call(
            "prefer", recipe, "-o", tmp_path / "again", *rest, "--offline", "--json", cwd=tmp_path
        )
        assert again.code == 0 and len(server.bodies) == asked
    assert json.loads(again.out)["rows"]["train"] >= 5
    assert call("check", tmp_path / "out", "--for", "dpo", cwd=tmp_path).code == 0
