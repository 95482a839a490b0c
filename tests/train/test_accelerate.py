"""The configurations for accelerate: each is read by it, and is what its comment says it is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from curate.trainers import configure, find

FOLDER = Path(__file__).resolve().parents[2] / "train/curate_train/accelerate"
FILES = sorted(FOLDER.glob("*.yaml"))
BY_NAME = {path.stem: path for path in FILES}


def launched(path: Path) -> list[str]:
    """The words of the command in the comment at its top."""
    text = re.sub(r"\\\n#", " ", path.read_text("utf-8"))
    (line,) = re.findall(r"^#\s+(accelerate launch .*)$", text, re.MULTILINE)
    return shlex.split(line)


def test_they_are_all_there() -> None:
    assert set(BY_NAME) == {"one-gpu", "fsdp-8", "zero3-8", "zero3-2x8"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_the_command_in_it_names_the_file_and_a_preset(path: Path) -> None:
    words = launched(path)
    assert words[words.index("--config_file") + 1] == path.name
    stage, preset = words[words.index("train") + 1 :][:2]
    rest = words[words.index(preset) + 1 :]
    given = rest[rest.index("-o") + 2 :]
    config: Any = configure(find(stage), preset, given)
    batch = config.micro_batch * yaml.safe_load(path.read_text("utf-8"))["num_processes"]
    assert config.batch % batch == 0


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_accelerate_reads_it_and_knows_every_key(path: Path) -> None:
    pytest.importorskip("accelerate", reason="needs the extra 'train'")
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import launch_command_parser

    read = load_config_from_file(str(path))
    held = yaml.safe_load(path.read_text("utf-8"))
    assert (read.num_processes, read.num_machines) == (held["num_processes"], held["num_machines"])
    assert read.distributed_type.value == held["distributed_type"]
    options = {action.dest for action in launch_command_parser()._actions}
    for part in ("fsdp_config", "deepspeed_config"):
        assert set(held.get(part, {})) <= options


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_accelerate_would_launch_it(path: Path) -> None:
    """The command in its comment, up to the point where processes would be started."""
    pytest.importorskip("accelerate", reason="needs the extra 'train'")
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env

    words = launched(path)[2:]
    words[words.index("--config_file") + 1] = str(path)
    arguments, config, _ = _validate_launch_command(launch_command_parser().parse_args(words))
    assert (arguments.module, arguments.training_script, arguments.training_script_args[0]) == (
        True,
        "curate",
        "train",
    )
    assert arguments.mixed_precision == "no", (
        "anything else would win over `precision: fp32` of a run"
    )
    if path.stem.startswith("fsdp"):
        environment = prepare_multi_gpu_env(arguments)
        assert environment["FSDP_VERSION"] == "2"
        assert environment["FSDP_STATE_DICT_TYPE"] == "FULL_STATE_DICT"
        assert environment["FSDP_ACTIVATION_CHECKPOINTING"] == "false"
    if path.stem.startswith("zero3"):
        arguments.deepspeed_fields_from_accelerate_config = list(
            config.deepspeed_config
        )  # as its launch_command does
        arguments.main_process_port = 0  # any that is free here
        _, environment = prepare_deepspeed_cmd_env(arguments)
        assert environment["ACCELERATE_DEEPSPEED_ZERO_STAGE"] == "3"
        assert environment["ACCELERATE_DEEPSPEED_ZERO3_SAVE_16BIT_MODEL"] == "true"
        assert "ACCELERATE_GRADIENT_ACCUMULATION_STEPS" not in environment, "the run's own"
    if path.stem == "zero3-2x8":
        assert (arguments.num_machines, arguments.num_processes, arguments.main_process_ip) == (
            2,
            16,
            "HOST",
        )
