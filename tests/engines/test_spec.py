"""Engines as recipes name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curate.config import Strict, check, load_yaml
from curate.engines.spec import Engines, OneEngine, OpenAI, Transformers, engine_spec, named
from curate.errors import UserError


class Part(Strict):
    engine: OneEngine = Transformers(kind="transformers")
    engines: Engines = {}  # noqa: RUF012  a model copies its defaults


def read(folder: Path, text: str) -> Part:
    (folder / "r.yaml").write_text(text, "utf-8")
    return check(Part, load_yaml(folder / "r.yaml"), "r.yaml")


def test_a_recipe_names_one_engine_or_several(tmp_path: Path) -> None:
    part = read(
        tmp_path,
        "engine: {kind: openai, model: big, base_url: 'http://localhost:8000/v1/'}\n"
        "engines:\n  small: {kind: transformers}\n  judge: {kind: vllm, model: org/name}\n",
    )
    assert isinstance(part.engine, OpenAI)
    assert part.engine.base_url == "http://localhost:8000/v1"
    assert named(part.engines, "small").kind == "transformers"
    assert Part.model_validate(part.model_dump(mode="json")) == part


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "engine: {kind: opnai, model: m}",
            "unknown kind of engine 'opnai'; did you mean 'openai'?",
        ),
        ("engine: {model: m}", "the key 'kind' is missing"),
        ("engine: openai", "must be a mapping such as"),
        ("engine: {kind: openai}", "the key 'model' is missing"),
        ("engine: {kind: openai, model: m, timout: 3}", "did you mean 'timeout'?"),
        ("engine: {kind: openai, model: m, in_flight: 0}", "in_flight: must be"),
        ("engine: {kind: transformers, base_url: x}", "unknown key 'base_url'"),
        ("engine: {kind: openai, model: m, base_url: 'ftp://x'}", "must be an address such as"),
        ("engines: {'a b': {kind: vllm}}", "must match"),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)
    assert told in str(caught.value)
    assert str(caught.value).startswith("r.yaml:1: ")


@pytest.mark.parametrize(
    "given",
    [
        {"key_env": "sk-secret"},
        {"base_url": "https://me:sk-secret@host/v1"},
        {"base_url": "https://host/v1?key=sk-secret"},
        {"base_url": "https://[sk-secret/v1"},
        {"kind": "vllm", "options": {"hf_token": "sk-secret"}},
    ],
)
def test_a_key_in_a_recipe_is_refused_and_never_repeated(given: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        engine_spec({"kind": "openai", "model": "m"} | given)
    if "options" in given:
        assert "'hf_token' would be kept in the store" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_unknown_name_of_an_engine_is_said_with_the_nearest() -> None:
    engines = {"writer": engine_spec({"kind": "vllm"}), "judge": engine_spec({"kind": "vllm"})}
    with pytest.raises(UserError, match="unknown engine 'writr'; did you mean 'writer'"):
        named(engines, "writr")
