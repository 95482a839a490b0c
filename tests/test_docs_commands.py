"""Every command line and every training of the docs names what there is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import typer
from curate_train.config import DpoConfig, RlvrConfig, SftConfig, TrainConfig
from pydantic import BaseModel

from curate.cli import app
from curate.trainers import configure, find
from tests.pages import PAGES, fences

STAGES: dict[str, type[TrainConfig]] = {"sft": SftConfig, "dpo": DpoConfig, "rlvr": RlvrConfig}


def command_lines() -> Iterator[tuple[str, str]]:
    """Every `curate ...` of the pages and of the help: (where, line)."""
    for fence in fences("console", "sh", "bash"):
        for line in re.findall(r"^(?:\$ )?(curate .*)$", fence.text, re.MULTILINE):
            yield str(fence), line
    for page in PAGES:
        for line in re.findall(r"(?<!`)`(curate [^`]*)`(?!`)", page.read_text("utf-8")):
            yield page.name, " ".join(line.split())
    for name, command in verbs().items():
        for line in re.findall(
            r"^[\s\b]*(?:Example:)?\s*(curate .*)$", command.help or "", re.MULTILINE
        ):
            yield f"help of {name}", line


def settings(model: type[BaseModel]) -> set[str]:
    """The keys of a configuration as options, those of its parts with a dot."""
    found = set()
    for name, field in model.model_fields.items():
        option = "--" + name.replace("_", "-")
        found.add(option)
        for part in get_args(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found |= {f"{option}.{key[2:]}" for key in settings(part)}
    return found


def verbs() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)  # Typer's own copy of click, or click's
    return dict(group.commands)


@pytest.mark.parametrize(("where", "line"), list(command_lines()))
def test_every_command_line_names_a_verb_and_options_that_there_are(where: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    if words[0] in ("--help", "--version", "--install-completion", "--show-completion"):
        return
    assert words[0] in verbs() or words[0] == "VERB", line
    known = {
        name for command in verbs().values() for option in command.params for name in option.opts
    } | {"--help"}
    if words[0] in verbs():
        known = {name for option in verbs()[words[0]].params for name in option.opts} | {"--help"}
    if words[0] == "train" and words[1:] and words[1] in STAGES:
        known |= settings(STAGES[words[1]])
    options = {word.split("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)}
    assert options <= known, line


def trainings() -> list[tuple[str, str]]:
    """Every run of a stage on the pages and in the help, launched by accelerate or not: (where, its
    words).
    """
    launched = [
        (str(f), line)
        for f in fences("console")
        for line in re.findall(r"-m (curate .*)$", f.text, re.M)
    ]
    stages = "|".join(STAGES)
    return [
        (where, line)
        for where, line in [*command_lines(), *launched]
        if re.match(f"curate train ({stages}) ", line)
    ]


@pytest.mark.parametrize(("where", "line"), trainings())
def test_every_training_names_a_preset_and_settings_that_there_are(where: str, line: str) -> None:
    _, _, stage, config, *rest = shlex.split(line, comments=True)
    if not config.endswith(".yaml"):
        configure(find(stage), config, rest[rest.index("-o") + 2 :])


def test_every_verb_has_an_example_in_its_help() -> None:
    for name, command in verbs().items():
        text = command.help or ""
        assert f"\bExample: curate {name}" in text, name
        assert max(map(len, text.splitlines()[1:])) <= 79, (
            name
        )  # lines are kept as they are, on 80 columns
