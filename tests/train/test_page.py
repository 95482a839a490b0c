"""The page on training says what is so: presets, TRL's defaults, metrics, sums and means, its
example of a trainer.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict, deque
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from curate_train import folder
from curate_train.config import DpoConfig, RlvrConfig, SftConfig, TrainConfig
from curate_train.rewards import Rollout, reward_function

from curate.trainers import Trainer, configure
from tests.command import ROOT, call, environment
from tests.corpus import write_lines
from tests.pages import rows, section

STAGES: dict[str, type[TrainConfig]] = {"sft": SftConfig, "dpo": DpoConfig, "rlvr": RlvrConfig}


def table(title: str) -> list[list[str]]:
    return rows(section("training.md", title))


def preset(name: str) -> Any:
    stage = name.split("-")[1]
    return configure(Trainer(stage, import_module(f"curate_train.{stage}")), name, ())


def test_the_presets_are_as_told() -> None:
    told = {cells[0].strip("`"): cells[1:] for cells in table("Presets")}
    assert set(told) == {
        path.stem for path in (ROOT / "train/curate_train/presets").rglob("*.yaml")
    }
    for name, (model, rate, schedule, batch, passes, tokens) in told.items():
        config = preset(name)
        assert (model, float(rate)) == (config.model, config.learning_rate), name
        assert schedule == f"{config.schedule}, {config.warmup:g}", name
        assert (int(batch), int(tokens)) == (config.batch, config.max_length), name
        number, unit = passes.split()
        assert float(number) == (config.steps if unit == "steps" else config.epochs), name
        assert bool(config.steps) == (unit == "steps"), name


def test_where_the_sources_disagree_the_presets_have_what_is_said_to_be_taken() -> None:
    text = section("training.md", "Presets").split("Where the sources disagree:")[1]
    told = {cells[0]: cells[1:] for cells in rows(text)}
    keys = re.findall(r"^\| (\w+) (\w+), `(\w+)`", text, re.MULTILINE)
    assert len(keys) == 3
    for stage, size, key in keys:
        one, another, taken = told[f"{stage} {size}, `{key}`"]
        value = getattr(preset(f"tulu3-{stage.lower()}-{size.lower()}"), key)
        assert float(taken.split(":")[0]) == value
        assert value in {float(cell.split()[0]) for cell in (one, another)}


def test_the_stages_take_the_kinds_that_are_told() -> None:
    told = {
        cells[0].strip("`"): cells[1].strip("`")
        for cells in rows((ROOT / "docs/training.md").read_text("utf-8"))
    }
    assert told == {stage: import_module(f"curate_train.{stage}").KIND for stage in STAGES}


def test_the_metrics_of_a_verifier_are_those_that_are_logged() -> None:
    logged: dict[str, list[float]] = defaultdict(list)
    recent: deque[Rollout] = deque(maxlen=1)
    reward = reward_function(RlvrConfig(model="m", learning_rate=1e-6), lambda: [1], recent)
    reward(
        prompts=["a"],
        completions=["18"],
        completion_ids=[[0, 1]],
        verifier=["gsm8k"],
        ground_truth=["18"],
        log_metric=lambda name, value: logged[name].append(value),
    )
    told = {f"gsm8k/{cells[0].strip('`')}" for cells in table("Figures for each verifier")}
    assert told == set(logged) | {"gsm8k/kl"}  # logged by a callback: tests/train/test_rlvr.py


def test_what_lies_in_a_run_is_told() -> None:
    """As the module that writes it says."""
    told = {cells[0].strip("`/") for cells in table("What is in OUT")}
    assert folder.__doc__
    assert told == set(re.findall(r"^ {4}([\w.]+)", folder.__doc__, re.MULTILINE)) | {"tensorboard"}


def test_the_configurations_of_accelerate_are_told() -> None:
    told = {cells[0].strip("`") for cells in table("Several GPUs, several machines")}
    assert told == {path.name for path in (ROOT / "train/curate_train/accelerate").iterdir()}


@pytest.mark.slow
def test_trls_defaults_are_as_told_and_none_is_left_as_it_is() -> None:
    trl = pytest.importorskip("trl", reason="needs the extra 'train'")
    configs = {"sft": trl.SFTConfig, "dpo": trl.DPOConfig, "rlvr": trl.GRPOConfig}
    ours = {
        "loss_type": "loss",
        "max_completion_length": "max_completion",
        "num_generations": "generations",
    }
    for key, default, here, _ in table("What TRL does by default"):
        stage, name = key.strip("`").split(".")
        held = configs[stage].__dataclass_fields__[name]
        (value,) = np.atleast_1d(
            held.default_factory() if callable(held.default_factory) else held.default
        )
        assert str(value) == default, key
        assert default != here, key
        fields = STAGES[stage].model_fields
        if ours.get(name, name) in fields:
            assert str(fields[ours.get(name, name)].default) == here, key
        else:
            code = (ROOT / f"train/curate_train/{stage}.py").read_text("utf-8")
            assert f"{name}={here}," in code or f'"{name}": {here},' in code, key


def adamw(gradients: list[np.ndarray], eps: float, clip: float = np.inf) -> np.ndarray:
    """Where AdamW arrives from 0, at learning rate 1 and without weight decay (Loshchilov and
    Hutter, algorithm 2).
    """
    at, first, second = np.zeros(3), np.zeros(3), np.zeros(3)
    for n, gradient in enumerate(gradients, 1):
        clipped = gradient * min(1.0, clip / float(np.linalg.norm(gradient)))
        first, second = 0.9 * first + 0.1 * clipped, 0.999 * second + 0.001 * clipped**2
        at = at - (first / (1 - 0.9**n)) / (np.sqrt(second / (1 - 0.999**n)) + eps)
    return at


def test_a_sum_and_a_mean_make_the_same_steps_of_adamw_but_for_what_is_told() -> None:
    rng = np.random.default_rng(3)
    means = [rng.normal(size=3) * 0.1 for _ in range(50)]
    sums = [mean * 4096 for mean in means]
    np.testing.assert_allclose(adamw(means, 0.0), adamw(sums, 0.0), rtol=1e-12)
    assert np.abs(adamw(means, 0.0, clip=1.0) - adamw(sums, 0.0, clip=1.0)).max() > 0.1, (
        "clipping sees the length"
    )
    assert np.abs(adamw(means, 0.1) - adamw(sums, 0.1)).max() > 0.1, "and so does ε"
    uneven = [mean * n for mean, n in zip(means, rng.integers(2048, 6144, 50), strict=True)]
    assert np.abs(adamw(means, 0.0) - adamw(uneven, 0.0)).max() > 0.1, (
        "and unequal batches weigh otherwise"
    )


def test_the_trainer_of_the_page_is_found_and_runs(tmp_path: Path) -> None:
    text = section("training.md", "A trainer of your own")
    code, entries = (
        re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[0]
        for language in ("python", "toml")
    )
    (between,) = re.findall(r"that holds `([^`]+)`", text)
    (line,) = re.findall(r"`curate (train lines [^`]+)`", text)
    package, info = tmp_path / "site/my_package", tmp_path / "site/my_package-1.0.dist-info"
    package.mkdir(parents=True)
    info.mkdir()
    (package / "__init__.py").touch()
    (package / "lines.py").write_text(code, "utf-8")
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: my_package\nVersion: 1.0\n", "utf-8"
    )
    plain = entries.replace("project.entry-points.", "").replace('"', "")
    (info / "entry_points.txt").write_text(plain, "utf-8")
    (tmp_path / "lines.yaml").write_text(between + "\n", "utf-8")
    write_lines(
        tmp_path / "rows.jsonl",
        [{"prompt": "Red or blue?", "response": f"Blue {n}."} for n in range(3)],
    )
    recipe = {"name": "colours", "kind": "sft", "sources": [{"name": "rows", "from": "rows.jsonl"}]}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
    assert call("build", "recipe.yaml", "-o", "data", cwd=tmp_path).code == 0
    paths = os.pathsep.join([str(tmp_path / "site"), environment()["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "curate", *line.split(), "--json"],
        cwd=tmp_path,
        env=environment() | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, '{"lines": 3}\n'), done.stderr
    written = sorted((tmp_path / "lines.jsonl").read_text("utf-8").splitlines())
    assert written == [f'"Red or blue?\\nBlue {n}."' for n in range(3)]
