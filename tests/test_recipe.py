"""What a recipe may say, and that everything else is refused in one line with the nearest known
name.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from curate.errors import UserError
from curate.recipe import Recipe, load_recipe, override, resolved
from tests.corpus import write_recipe

SOURCE = {"name": "a", "from": "a.jsonl"}
CLEAN = {"suite": "suite.yaml"}


def loaded(folder: Path, **recipe: Any) -> Recipe:
    return load_recipe(write_recipe(folder / "recipe.yaml", **({"sources": [SOURCE]} | recipe)))


def refused(folder: Path, **recipe: Any) -> str:
    with pytest.raises(UserError) as caught:
        loaded(folder, **recipe)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder / "recipe.yaml") in message
    return message


def test_a_short_recipe_has_sensible_defaults(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, decontaminate=CLEAN)
    (source,) = recipe.sources
    assert (recipe.name, recipe.kind, recipe.seed) == ("recipe", "sft", 42)
    assert (source.name, source.from_, source.split, source.format) == (
        "a",
        "a.jsonl",
        None,
        None,
    )
    assert (source.rows, source.share, source.keep, source.licence) == (None, None, (), None)
    step = recipe.steps["decontaminate"]
    assert (step.profile, step.policy, step.roles, step.fail_over) == (
        "default",
        "drop-rows",
        ("user",),
        None,
    )
    assert (recipe.output.shards, recipe.output.validation) == ("auto", 0)
    assert loaded(tmp_path).steps == {}


NAMES = [
    ({"sed": 1}, "unknown key 'sed'; did you mean 'seed'?"),
    ({"kind": "stf"}, "unknown kind 'stf'; did you mean 'sft'?"),
    (
        {"sources": [SOURCE | {"form": "x"}]},
        "sources.0: unknown key 'form'; did you mean 'format'?",
    ),
    (
        {"sources": [SOURCE, SOURCE | {"lisence": "MIT"}]},
        "sources.1: unknown key 'lisence'; did you mean 'licence'?",
    ),
    (
        {"decontaminate": CLEAN | {"polisy": "report"}},
        "decontaminate: unknown key 'polisy'; did you mean 'policy'?",
    ),
    (
        {"decontaminate": CLEAN | {"policy": "drop-row"}},
        "unknown policy 'drop-row'; did you mean 'drop-rows'?",
    ),
    (
        {"decontaminate": CLEAN | {"profile": "tulu"}},
        "unknown profile 'tulu'; did you mean 'tulu3'?",
    ),
    ({"decontaminate": CLEAN | {"roles": ["usr"]}}, "unknown role 'usr'; did you mean 'user'?"),
    (
        {"decontaminate": CLEAN | {"matchers": {"rubust": True}}},
        "unknown matcher 'rubust'; did you mean 'robust'?",
    ),
    ({"output": {"shard": 2}}, "output: unknown key 'shard'; did you mean 'shards'?"),
    ({"dedup": {"exact": True}}, "unknown key 'dedup'"),  # a step that has not been built
]


@pytest.mark.parametrize(("recipe", "told"), NAMES, ids=[told.split(";")[0] for _, told in NAMES])
def test_an_unknown_name_is_told_with_the_nearest(
    tmp_path: Path, recipe: dict[str, Any], told: str
) -> None:
    assert told in refused(tmp_path, **recipe)


WRONG = [
    ({"sources": []}, "sources"),
    ({"sources": [{"name": "a"}]}, "'sources.0.from' is missing"),
    (
        {"decontaminate": {}},
        "'decontaminate': nothing to look for; give a suite, or data sets under against",
    ),
    (
        {"sources": [SOURCE | {"rows": 5, "share": 0.5}]},
        "source 'a' gives both rows and share; give one of them",
    ),
    ({"sources": [SOURCE, SOURCE | {"from": "b.jsonl"}]}, "two sources are called 'a'"),
    (
        {"sources": [SOURCE | {"rows": 0}]},
        "'sources.0.rows': input should be greater than or equal to 1, not 0",
    ),
    ({"sources": [SOURCE | {"rows": "many"}]}, "'sources.0.rows'"),
    ({"sources": [SOURCE | {"share": 0}]}, "'sources.0.share': input should be greater than 0"),
    (
        {"sources": [SOURCE | {"share": 257}]},
        "'sources.0.share': input should be less than or equal to 256, not 257",
    ),
    ({"sources": [SOURCE | {"share": math.inf}]}, "'sources.0.share'"),
    ({"sources": [SOURCE | {"share": math.nan}]}, "'sources.0.share'"),
    ({"sources": [SOURCE | {"name": "a b"}]}, "'sources.0.name'"),
    ({"sources": [SOURCE | {"name": "a#2"}]}, "'sources.0.name'"),
    ({"sources": [SOURCE | {"from": ""}]}, "'sources.0.from'"),
    ({"seed": -1}, "'seed'"),
    ({"name": "../x"}, "'name'"),
    ({"output": {"shards": 0}}, "'output.shards"),
    ({"output": {"validation": -1}}, "'output.validation'"),
    (
        {"decontaminate": CLEAN | {"fail_over": 2}},
        "'decontaminate.fail_over' must be from 0 to 1, not 2",
    ),
    ({"decontaminate": CLEAN | {"roles": []}}, "'decontaminate.roles'"),
]


@pytest.mark.parametrize(("recipe", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_wrong_value_is_told_with_its_place(
    tmp_path: Path, recipe: dict[str, Any], told: str
) -> None:
    assert told in refused(tmp_path, **recipe)


def test_a_recipe_cannot_be_changed_once_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        loaded(tmp_path).seed = 1  # type: ignore[misc]


def test_a_folder_or_a_missing_file_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a folder; give the recipe's YAML file"):
        load_recipe(tmp_path)
    with pytest.raises(UserError, match=r"gone\.yaml: no such file"):
        load_recipe(tmp_path / "gone.yaml")


def test_what_is_given_on_the_command_line_replaces_the_recipe(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, decontaminate=CLEAN | {"without": ["x"], "policy": "report"})
    changed = override(recipe, {"fail_over": 0.0, "without": ("y",), "benchmarks_dir": None}).steps[
        "decontaminate"
    ]
    assert (changed.fail_over, changed.without, changed.benchmarks_dir) == (0.0, ("y",), None)
    assert (changed.policy, changed.suite) == ("report", "suite.yaml")
    assert recipe.steps["decontaminate"].without == ("x",)
    assert override(recipe, {"fail_over": None}) is recipe


def test_a_step_that_is_not_there_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="fail_over: the recipe has no step that this could change"):
        override(loaded(tmp_path), {"fail_over": 0.1, "without": None})


def test_a_resolved_recipe_is_a_recipe_and_reads_back_the_same(tmp_path: Path) -> None:
    recipe = loaded(
        tmp_path,
        sources=[SOURCE | {"share": 0.5, "format": {"prompt": "q", "response": "a"}}],
        decontaminate=CLEAN,
    )
    plain = resolved(recipe)
    assert plain["sources"][0]["from"] == "a.jsonl"
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(plain))
    assert load_recipe(tmp_path / "again.yaml") == recipe


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("name: x\nkind: sft\nseed: 1\nseed: 2\nsources: [{name: a, from: a.csv}]\n")
    with pytest.raises(UserError, match="line 4: not valid YAML .the key 'seed' stands twice"):
        load_recipe(path)
