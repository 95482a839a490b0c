"""Trainers are found by entry points: those of this package, and those that another package
registers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from curate.errors import UserError
from curate.trainers import Trainer, find
from tests.command import ROOT, call, environment
from tests.corpus import write_lines

ADDED = '''
"""Counts what it is given."""
from pathlib import Path
from typing import Any

from curate.config import Strict

KIND = "sft"
PRESETS = Path(__file__).parent / "presets"


class Config(Strict):
    times: int = 1
    name: str


class Done:
    def __init__(self, count: int) -> None:
        self.count = count

    def as_dict(self) -> dict[str, int]:
        return {"count": self.count}

    def __str__(self) -> str:
        return f"counted {self.count}"


def train(config: Config, data: str, out: Path, *, resume: bool = False, overwrite: bool = False) -> Done:
    count = len(Path(data).read_text("utf-8").splitlines()) * config.times
    Path(out).write_text(f"{config.name}: {count} {resume} {overwrite}", "utf-8")
    return Done(count)
'''


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of installed packages with one that registers the trainers `counter` and `broken`."""
    site = tmp_path / "site"
    (site / "counting" / "presets").mkdir(parents=True)
    (site / "counting" / "__init__.py").write_text(ADDED, "utf-8")
    (site / "counting" / "presets" / "twice.yaml").write_text("{times: 2, name: both}\n", "utf-8")
    (site / "counting" / "broken.py").write_text("import a_package_that_is_not_there\n", "utf-8")
    info = site / "counting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counting\nVersion: 1.0\n", "utf-8")
    entries = "[curate.trainers]\ncounter = counting\nbroken = counting.broken\n"
    (info / "entry_points.txt").write_text(entries, "utf-8")
    write_lines(tmp_path / "data.jsonl", [{"prompt": "a", "response": "b"}] * 3)
    return site


def curate(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m curate` beside another package, in the folder of its data."""
    paths = os.pathsep.join([str(site), environment()["PYTHONPATH"], str(ROOT / "train")])
    return subprocess.run(
        [sys.executable, "-m", "curate", *arguments],
        cwd=site.parent,
        env=environment() | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_entry_points_of_this_package_are_those_of_pyproject() -> None:
    held = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"][
        "curate.trainers"
    ]
    assert set(held) == {"sft", "dpo", "rlvr"}
    for name, module in held.items():
        found = find(name)
        assert (found.name, found.module.__name__) == (name, module)
        assert callable(found.module.train)


def test_an_unknown_trainer_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(
        UserError, match=r"unknown trainer 'stf'; did you mean 'sft'\? \(known: .*rlvr.*\)"
    ):
        find("stf")


def test_an_unknown_preset_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    line = call("train", "sft", "tulu3-stf-8b", "--data", "d", "-o", "out", cwd=tmp_path).error
    assert "unknown preset 'tulu3-stf-8b'; did you mean 'tulu3-sft-8b'?" in line
    assert "a configuration of your own is given as a .yaml file" in line


def test_a_preset_of_another_stage_is_no_preset_of_this_one(tmp_path: Path) -> None:
    done = call("train", "dpo", "laptop-sft", "--data", "d", "-o", "out", cwd=tmp_path)
    assert done.code == 2
    assert "unknown preset 'laptop-sft'; did you mean 'laptop-dpo'?" in done.error


def test_a_wrong_key_on_the_command_line_is_one_line(tmp_path: Path) -> None:
    done = call(
        "train",
        "sft",
        "laptop-sft",
        "--data",
        "d",
        "-o",
        "out",
        "--learing-rate",
        "1e-5",
        cwd=tmp_path,
    )
    assert done.code == 2
    assert "unknown key 'learing_rate'; did you mean 'learning_rate'?" in done.error
    assert not (tmp_path / "out").exists()


def test_a_trainer_without_presets_has_none() -> None:
    assert Trainer("plain", object()).presets == {}


def test_another_package_registers_a_trainer(elsewhere: Path) -> None:
    done = curate(
        elsewhere,
        "train",
        "counter",
        "twice",
        "--data",
        "data.jsonl",
        "-o",
        "out.txt",
        "--times",
        "3",
    )
    assert (done.returncode, done.stdout) == (0, "counted 9\n"), done.stderr
    assert (elsewhere.parent / "out.txt").read_text("utf-8") == "both: 9 False False"
    again = (
        "train",
        "counter",
        "twice",
        "--data",
        "data.jsonl",
        "-o",
        "out.txt",
        "--resume",
        "--overwrite",
        "--json",
    )
    done = curate(elsewhere, *again)
    assert json.loads(done.stdout) == {"count": 6}
    assert (elsewhere.parent / "out.txt").read_text("utf-8") == "both: 6 True True"


def test_its_name_and_its_keys_are_known(elsewhere: Path) -> None:
    done = curate(elsewhere, "train", "countre", "twice", "--data", "data.jsonl", "-o", "out.txt")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert (
        "unknown trainer 'countre'; did you mean 'counter'? (known: broken, counter, dpo, rlvr, sft)"
        in done.stderr
    )
    done = curate(
        elsewhere,
        "train",
        "counter",
        "twice",
        "--data",
        "data.jsonl",
        "-o",
        "out.txt",
        "--tmies",
        "3",
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "unknown key 'tmies'; did you mean 'times'?" in done.stderr


def test_a_trainer_that_cannot_be_imported_says_why_and_hides_no_other(elsewhere: Path) -> None:
    done = curate(elsewhere, "train", "broken", "twice", "--data", "data.jsonl", "-o", "out.txt")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert (
        "trainer 'broken' cannot be imported: No module named 'a_package_that_is_not_there'"
        in done.stderr
    )
    listed = "from curate.trainers import find; import sys; print(find('sft').name); print('counting' in sys.modules)"
    paths = os.pathsep.join([str(elsewhere), str(ROOT)])
    run = subprocess.run(
        [sys.executable, "-c", listed],
        env=environment() | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines() == ["sft", "False"], "no other is imported to find one"
