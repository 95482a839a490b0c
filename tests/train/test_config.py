"""What can be set: presets say what the paper says, and what is wrong is one line with the nearest
name.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from curate_train.config import RlvrConfig, SftConfig, Vllm, accumulation
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.trainers import Trainer, configure

STAGES = ("sft", "dpo", "rlvr")
TRAINERS = {stage: Trainer(stage, import_module(f"curate_train.{stage}")) for stage in STAGES}
PRESETS = [(stage, name) for stage in STAGES for name in TRAINERS[stage].presets]
MINIMAL = {"model": "embedded", "learning_rate": 1e-5, "max_length": 64}

# TÜLU 3 (arXiv 2411.15124 v5) §4.3, §5.3, §6 with Tables 18 and 21, and for RLVR of 8B the command
# of TÜLU 3.1.
EVERY: dict[str, Any] = {
    "chat_template": "tulu",
    "weight_decay": 0.0,
    "precision": "bf16",
    "lora": None,
}
# Of these the paper states the first alone, and for RLVR alone.
EVERY |= {"max_grad_norm": 1.0, "adam_betas": (0.9, 0.999), "adam_eps": 1e-8}
SFT = {
    "batch": 128,
    "epochs": 2,
    "max_length": 4096,
    "schedule": "linear",
    "warmup": 0.03,
    "packing": False,
}
DPO = {
    "batch": 128,
    "epochs": 1,
    "max_length": 2048,
    "schedule": "linear",
    "warmup": 0.1,
    "loss": "sigmoid_norm",
    "beta": 5.0,
}
RLVR = {
    "generations": 16,
    "max_completion": 2048,
    "max_length": 2048 + 2048,
    "temperature": 1.0,
    "top_p": 1.0,
    "clip": 0.2,
    "clip_high": None,
    "reward": 10.0,
    "no_eos_reward": -10.0,
    "mask_truncated": False,
}
PAPER: dict[str, dict[str, Any]] = {
    "tulu3-sft-8b": SFT | {"model": "meta-llama/Llama-3.1-8B", "learning_rate": 5e-6, "seed": 123},
    "tulu3-sft-70b": SFT
    | {"model": "meta-llama/Llama-3.1-70B", "learning_rate": 2e-6, "seed": 456},
    "tulu3-dpo-8b": DPO | {"model": "allenai/Llama-3.1-Tulu-3-8B-SFT", "learning_rate": 5e-7},
    "tulu3-dpo-70b": DPO | {"model": "allenai/Llama-3.1-Tulu-3-70B-SFT", "learning_rate": 2e-7},
    "tulu3-rlvr-8b": RLVR
    | {
        "model": "allenai/Llama-3.1-Tulu-3-8B-DPO",
        "learning_rate": 5e-7,
        "schedule": "constant",
        "warmup": 0.0,
        "beta": 0.01,
        "prompts": 48,
        "minibatches": 2,
        "iterations": 1,
    },
    "tulu3-rlvr-70b": RLVR
    | {
        "model": "allenai/Llama-3.1-Tulu-3-70B-DPO",
        "learning_rate": 1e-7,
        "schedule": "linear",
        "warmup": 0.1,
        "beta": 0.07,
        "batch": 640,
        "minibatches": 1,
        "iterations": 4,
        "steps": 400_000 // 640 * 4,
    },
}


def load(stage: str, config: str | Path, *given: str) -> Any:
    return configure(TRAINERS[stage], str(config), given)


def written(folder: Path, **settings: Any) -> Path:
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(MINIMAL | settings), encoding="utf-8")
    return path


def said(stage: str, config: str | Path, *given: str) -> str:
    """The one line with which a configuration is refused."""
    with pytest.raises(UserError) as error:
        load(stage, config, *given)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(("stage", "name"), PRESETS)
def test_every_preset_loads_and_is_named_after_its_stage(stage: str, name: str) -> None:
    assert isinstance(load(stage, name), TRAINERS[stage].module.Config)
    assert name.split("-")[1] == stage


def test_there_is_a_preset_for_every_stage_and_size() -> None:
    sizes = {
        f"{size}-{{}}{end}" for size, end in (("tulu3", "-8b"), ("tulu3", "-70b"), ("laptop", ""))
    }
    for stage in STAGES:
        assert set(TRAINERS[stage].presets) == {size.format(stage) for size in sizes}


@pytest.mark.parametrize("name", PAPER)
def test_presets_have_the_papers_figures(name: str) -> None:
    config = load(name.split("-")[1], name)
    figures = EVERY | PAPER[name]
    assert {key: getattr(config, key) for key in figures} == figures


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_figures_are_written_out_and_say_where_they_are_from(name: str) -> None:
    """None is left to a default, and each has a comment on its own line or one of its own above."""
    path = TRAINERS[name.split("-")[1]].presets[name]
    lines = path.read_text("utf-8").splitlines()
    held = yaml.safe_load(path.read_text("utf-8"))
    derived = (
        {"batch"} if "rlvr" in name else set()
    )  # there it follows from prompts, generations and minibatches
    assert set(EVERY | PAPER[name]) - set(held) <= derived | {"lora"}
    for key in set(PAPER[name]) & set(held) - {"model", "packing"}:
        (at,) = [n for n, line in enumerate(lines) if line.startswith(f"{key}:")]
        assert "#" in lines[at] or lines[at - 1].startswith("#"), key
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("name", PAPER)
@pytest.mark.parametrize("devices", [8, 16])
def test_the_batch_is_the_same_on_one_machine_of_eight_and_on_two(name: str, devices: int) -> None:
    config = load(name.split("-")[1], name)
    assert (
        accumulation(config.batch, config.micro_batch, devices) * config.micro_batch * devices
        == config.batch
    )
    if isinstance(config, RlvrConfig):
        assert config.batch * config.minibatches == config.prompts * config.generations
        assert config.vllm is not None
        assert devices % config.vllm.tensor_parallel == 0


def test_any_key_can_be_changed_behind_the_name() -> None:
    given = (
        "--lora.rank",
        "8",
        "--learning-rate",
        "1e-5",
        "--report-to",
        "[wandb]",
        "--packing=true",
        "--steps",
        "20",
    )
    config = load("sft", "tulu3-sft-8b", *given)
    assert config.lora.rank == 8
    assert config.lora.alpha == 32.0
    assert config.learning_rate == 1e-5
    assert config.report_to == ("wandb",)
    assert config.packing
    assert config.steps == 20
    assert config.batch == 128, "what is not named stays"


def test_a_key_can_be_changed_to_a_number_below_zero_to_nothing_and_within_a_part() -> None:
    config = load(
        "rlvr", "tulu3-rlvr-8b", "--no-eos-reward", "-5", "--vllm", "null", "--clip-high", "0.28"
    )
    assert (config.no_eos_reward, config.vllm, config.clip_high) == (-5.0, None, 0.28)
    config = load("rlvr", "tulu3-rlvr-8b", "--vllm.memory", "0.5", "--no-eos-reward", "null")
    assert (config.vllm.memory, config.vllm.mode, config.no_eos_reward) == (0.5, "colocate", None)


def test_what_is_given_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, lora={"rank": 4, "alpha": 8.0})
    config = load("sft", path, "--lora.rank", "64", "--adam-betas", "[0.9, 0.95]")
    assert (config.lora.rank, config.lora.alpha, config.adam_betas) == (64, 8.0, (0.9, 0.95))
    assert load("sft", path).lora.rank == 4


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (
            ("--learning-rat", "1"),
            ("and the options", "unknown key 'learning_rat'", "did you mean 'learning_rate'?"),
        ),
        (("--lora.rnak", "8"), ("lora", "unknown key 'rnak'", "did you mean 'rank'?")),
        (("--batch", "0"), ("options: batch: must be above 0, not 0",)),
        (("--batch", "many"), ("batch: must be a whole number, not 'many'",)),
        (("--learning-rate", "-1e-5"), ("learning_rate: must be above 0",)),
        (("--warmup", "3"), ("warmup: must be below 1.0, not 3",)),
        (("--schedule", "linaer"), ("schedule: must be 'linear'", "not 'linaer'")),
        (("--report-to", "[mlflow]"), ("report_to: must be", "'tensorboard'", "not 'mlflow'")),
        (("--report-to", "wandb"), ("report_to: must be a list, not 'wandb'",)),
        (("--adam-betas", "[0.9]"), ("adam_betas",)),
        (("--learning-rate", ".inf"), ("learning_rate: must be a finite number",)),
        (("--steps", "3", "--steps", "4"), ("--steps is given twice",)),
        (("--lora", "8", "--lora.rank", "4"), ("--lora.rank: 'lora' is 8, which has no keys",)),
        (("--steps",), ("'--steps': has no value",)),
        (("steps", "3"), ("'steps': a setting is given as --key value",)),
        (("--lora", "{rank: 8"), ("--lora: '{rank: 8' is not valid YAML",)),
        (("--prompts", "8"), ("unknown key 'prompts'",)),
    ],
)
def test_what_is_wrong_is_one_line(given: tuple[str, ...], parts: tuple[str, ...]) -> None:
    line = said("sft", "tulu3-sft-8b", *given)
    for part in parts:
        assert part in line


def test_what_is_wrong_in_a_file_names_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, batch_size=8)
    line = said("sft", path)
    assert line.startswith(f"{path}:1: unknown key 'batch_size'; did you mean 'batch'?")
    assert said("dpo", written(tmp_path, loss="sigmoid-norm")).endswith("not 'sigmoid-norm'")
    assert said("sft", tmp_path / "none.yaml").endswith("no such file")
    path.write_text("model: embedded\n", encoding="utf-8")
    assert "the key 'learning_rate' is missing" in said("sft", path)


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"max_completion": 64}, "max_completion (64) leaves no room for a prompt in max_length"),
        (
            {"max_completion": 32, "prompts": 3, "generations": 5, "minibatches": 2},
            "not a multiple of minibatches (2)",
        ),
        ({"max_completion": 32, "generations": 1}, "generations: must be at least 2, not 1"),
        (
            {"max_completion": 32, "vllm": {"mode": "server"}},
            "mode 'server' needs the server's url",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    settings: dict[str, Any], part: str, tmp_path: Path
) -> None:
    assert part in said("rlvr", written(tmp_path, **settings))


def test_a_server_has_an_address() -> None:
    assert Vllm(mode="server", url="http://host:8000").url == "http://host:8000"
    assert Vllm().url is None


def test_a_resolved_configuration_can_be_read_again(tmp_path: Path) -> None:
    """As a run writes it to config.yaml."""
    for stage, name in PRESETS:
        config = load(stage, name)
        path = tmp_path / f"{name}.yaml"
        path.write_text(
            yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False), encoding="utf-8"
        )
        assert load(stage, path) == config


def test_a_configuration_does_not_change() -> None:
    config = SftConfig(model="m", learning_rate=1e-5)
    with pytest.raises(ValueError, match="frozen"):
        setattr(config, "batch", 3)  # noqa: B010 - mypy knows that it cannot be set


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 32), st.integers(0, 5))
def test_accumulation_makes_the_batch_or_says_why_not(
    times: int, micro: int, devices: int, rest: int
) -> None:
    batch = times * micro * devices + rest
    if batch % (micro * devices) == 0:
        assert accumulation(batch, micro, devices) * micro * devices == batch
    else:
        with pytest.raises(
            ValueError, match=rf"batch of {batch} is no multiple .* \({micro}\) × {devices} devices"
        ):
            accumulation(batch, micro, devices)
