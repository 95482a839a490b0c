"""The recipes for pairs that ship: they load, and hold what is published."""

from __future__ import annotations

from typing import Any

import pytest

from curate import shipped
from curate.recipe import load_recipe

PROMPTS = {
    "tulu3/prefer-8b": 271_409 - 19_890,  # persona IF is taken as published
    "tulu3/prefer-70b": 334_302,
    "olmo3/preference": 250_000,
    "quickstart/preference": 30,
}


def parts_of(name: str) -> tuple[Any, list[Any]]:
    recipe = load_recipe(shipped.folder("mixtures") / f"{name}.yaml")
    return recipe, [source.making for source in recipe.sources]


@pytest.mark.parametrize("name", PROMPTS)
def test_prompts_add_up_and_every_engine_is_there(name: str) -> None:
    recipe, parts = parts_of(name)
    assert sum(part.items for part in parts) == PROMPTS[name]
    for part in parts:
        assert part.engines <= set(recipe.models)


@pytest.mark.parametrize("name", ["tulu3/prefer-8b", "tulu3/prefer-70b"])
def test_the_pool_of_tulu_3_has_22_models(name: str) -> None:
    recipe, parts = parts_of(name)
    others = {recipe.models[entry.engine].model for part in parts for entry in part.pool} - {
        recipe.models["ours"].model
    }
    assert len(others) == 22
    assert all((part.on_policy is None) == ("ours" not in part.engines) for part in parts)
