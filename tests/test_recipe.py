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
        "source 'a': unknown key 'form'; did you mean 'format'?",
    ),
    (
        {"sources": [SOURCE, SOURCE | {"lisence": "MIT"}]},
        "source 'a': unknown key 'lisence'; did you mean 'licence'?",
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
    ({"guards": {"exact": True}}, "unknown key 'guards'"),  # a step that has not been built
]


@pytest.mark.parametrize(("recipe", "told"), NAMES, ids=[told.split(";")[0] for _, told in NAMES])
def test_an_unknown_name_is_told_with_the_nearest(
    tmp_path: Path, recipe: dict[str, Any], told: str
) -> None:
    assert told in refused(tmp_path, **recipe)


WRONG = [
    ({"sources": []}, "sources"),
    ({"sources": [{"name": "a"}]}, "source 'a': the key 'from' is missing"),
    (
        {"decontaminate": {}},
        "decontaminate: nothing to look for: give `suite` (--suite), `against` (--against) or both",
    ),
    (
        {"sources": [SOURCE | {"rows": 5, "share": 0.5}]},
        "source 'a': both rows and share are given; keep one of them",
    ),
    ({"sources": [SOURCE, SOURCE | {"from": "b.jsonl"}]}, "two sources are called 'a'"),
    (
        {
            "sources": [
                {"name": name, "augment": {"of": {"from": "b.jsonl"}}} for name in ("a/b", "a-b")
            ]
        },
        "'a/b' and 'a-b' are made",
    ),
    (
        {"sources": [SOURCE | {"rows": 0}]},
        "source 'a': rows: must be at least 1, not 0",
    ),
    ({"sources": [SOURCE | {"rows": "many"}]}, "source 'a': rows: must be a whole number"),
    ({"sources": [SOURCE | {"share": 0}]}, "source 'a': share: must be above 0"),
    (
        {"sources": [SOURCE | {"share": 257}]},
        "source 'a': share: must be at most 256",
    ),
    ({"sources": [SOURCE | {"share": math.inf}]}, "source 'a': share: must be a finite number"),
    ({"sources": [SOURCE | {"share": math.nan}]}, "source 'a': share: must be a finite number"),
    ({"sources": [SOURCE | {"name": "a b"}]}, "name: must match"),
    ({"sources": [SOURCE | {"name": "a#2"}]}, "name: must match"),
    ({"sources": [SOURCE | {"from": ""}]}, "source 'a': from: "),
    ({"seed": -1}, "seed: must be at least 0"),
    ({"name": "../x"}, "name: must match"),
    ({"output": {"shards": 0}}, "output: shards: must be 'auto' or at least 1, not 0"),
    ({"output": {"validation": -1}}, "output: validation: must be at least 0"),
    (
        {"decontaminate": CLEAN | {"fail_over": 2}},
        "decontaminate: fail_over: must be from 0 to 1, not 2",
    ),
    ({"decontaminate": CLEAN | {"roles": []}}, "decontaminate: roles: must not be empty"),
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
    with pytest.raises(UserError, match="fail_over: the recipe has no step that takes it"):
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


def test_a_key_that_is_given_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("name: x\nkind: sft\nseed: 1\nseed: 2\nsources: [{name: a, from: a.csv}]\n")
    with pytest.raises(
        UserError, match=r"r\.yaml:4: not valid YAML .the key 'seed' is given twice"
    ):
        load_recipe(path)


WRONG_THROUGHOUT = """\
name: mine
kind: sft
sed: 3
sources:
  - name: chats
    fromat: messages
  - {name: sums, from: sums.csv, rows: 0}
  - from: more.jsonl
    format: [q, a]
decontaminate:
  suite: evals.jsonl
  roles:
    - user
    - usr
output: {shards: 0}
"""


def test_everything_that_is_wrong_is_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(WRONG_THROUGHOUT)
    with pytest.raises(UserError) as caught:
        load_recipe(path)
    told = [line.split(" (known")[0] for line in str(caught.value).splitlines()]
    assert told == [
        f"{path}:3: unknown key 'sed'; did you mean 'seed'?",
        f"{path}:5: source 'chats': the key 'from' is missing",
        f"{path}:6: source 'chats': unknown key 'fromat'; did you mean 'format'?",
        f"{path}:7: source 'sums': rows: must be at least 1, not 0",
        f"{path}:8: source 3: the key 'name' is missing",
        f"{path}:9: source 3: format: must be text or a mapping",
        f"{path}:14: decontaminate: roles: unknown role 'usr'; did you mean 'user'?",
        f"{path}:15: output: shards: must be 'auto' or at least 1, not 0",
    ]


def test_formats_are_told_with_their_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    sources = [SOURCE | {"format": "mesages"}, {"name": "b", "from": "b", "format": {"promt": "q"}}]
    write_recipe(path, sources=sources)
    places = {line: n for n, line in enumerate(path.read_text().splitlines(), 1)}
    first, second = (n for line, n in places.items() if line.strip().startswith("format"))
    with pytest.raises(UserError) as caught:
        load_recipe(path)
    one, two = str(caught.value).splitlines()
    assert one.startswith(f"{path}:{first}: source 'a': unknown format 'mesages'; did you mean")
    assert two.startswith(f"{path}:{second}: source 'b': format: unknown key of a mapping")
