"""The published recipes: their sums, that they plan without a network, and build from stand-ins."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from curate import shipped
from curate.errors import UserError
from curate.mixture import Options, build_recipe_file
from curate.mixture.preview import AWAY, MADE, preview
from curate.recipe import load_recipe
from curate.sources.hub import parse_hub_name
from tests.command import call
from tests.corpus import build_in, chat, ids, read, sentence, write_lines, write_recipe
from tests.verify.constraints.conftest import need

TOTALS = {
    "tulu3/sft": 939_344,
    "tulu3/preference-8b": 271_409,
    "tulu3/preference-70b": 334_302,
    "tulu3/rlvr": 29_946,
    "olmo3/instruct-dpo": 260_000,
    "olmo3/instruct-rl": 172_000,
}

# Table 7 of the paper; of the 50,000 rows of algebra it used 20,000.
WRITTEN = {
    "tulu3/personas-if": (29_980, 29_980, "precise-if"),
    "tulu3/personas-math": (149_960, 149_960, "math-hard"),
    "tulu3/personas-gsm": (49_980, 49_980, "math-grade-school"),
    "tulu3/personas-algebra": (50_000, 20_000, "algebra"),
    "tulu3/personas-code": (34_999, 34_999, "code"),
}
AUGMENTED = "tulu3/if-augmented"


def recipe_file(name: str) -> Path:
    return shipped.folder("mixtures") / f"{name}.yaml"


def test_every_published_recipe_is_listed_here() -> None:
    root = shipped.folder("mixtures")
    found = {path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml")}
    judged = {"tulu3/prefer-8b", "tulu3/prefer-70b", "olmo3/preference"}  # tests/make/prefer
    listed = {*TOTALS, *WRITTEN, AUGMENTED} | judged
    assert {name for name in found if not name.startswith("quickstart/")} == listed


@pytest.mark.parametrize("name", TOTALS)
def test_the_rows_add_up_to_what_is_published(name: str) -> None:
    recipe = load_recipe(recipe_file(name))
    assert sum(source.rows or 0 for source in recipe.sources) == TOTALS[name]
    assert all(parse_hub_name(source.from_) for source in recipe.sources)
    if name.startswith("tulu3"):
        assert all(source.licence for source in recipe.sources)


@pytest.mark.parametrize("name", TOTALS)
def test_it_plans_without_a_network(name: str) -> None:
    found = preview(load_recipe(recipe_file(name)), base=recipe_file(name).parent)
    assert not found.problems
    assert {source.where for source in found.sources} == {AWAY}
    assert sum(source.expected.rows or 0 for source in found.sources) == TOTALS[name]


@pytest.mark.parametrize("name", WRITTEN)
def test_what_models_write_has_the_papers_counts_and_models_and_a_price(name: str) -> None:
    made, used, domain = WRITTEN[name]
    recipe = load_recipe(recipe_file(name))
    (source,) = recipe.sources
    making = source.making
    assert making is not None
    plain = making.model_dump()
    assert (making.accepted, source.rows, plain["domain"]) == (made, used, domain)
    found = preview(recipe, base=recipe_file(name).parent)
    assert not found.problems
    assert found.sources[0].where == MADE
    assert found.sources[0].licence == "CC-BY-NC-SA-4.0"
    models = {one.engine: one.model for one in found.made}
    assert models["writer"] == "gpt-4o-2024-08-06"
    assert models.get("coder", "claude-3-5-sonnet-20240620") == "claude-3-5-sonnet-20240620"
    assert all(one.requests >= made and (one.cost or 0) > 100 for one in found.made)


def row(kind: str, rng: random.Random) -> dict[str, Any]:
    said = chat(sentence(rng, 8), sentence(rng, 8))["messages"]
    if kind == "sft":
        return {"messages": said, "source": "x"}
    if kind == "preference":
        other = [said[0], {"role": "assistant", "content": sentence(rng, 5)}]
        return {"prompt": said[0]["content"], "chosen": said, "rejected": other}
    return {"messages": said[:1], "ground_truth": "7", "dataset": "gsm8k"}


@pytest.mark.parametrize("name", TOTALS)
def test_it_builds_from_stand_ins(name: str, tmp_path: Path) -> None:
    recipe, rng = load_recipe(recipe_file(name)), random.Random(1)
    for number, source in enumerate(recipe.sources):
        place = tmp_path / "hub" / source.from_
        path = place / "train.jsonl" if number % 2 else place.with_name(f"{place.name}.jsonl")
        write_lines(path, [row(recipe.kind, rng) for _ in range(3)])
    options = Options(stages=None, sources_dir=tmp_path / "hub")
    built = build_recipe_file(recipe_file(name), tmp_path / "out", options)
    assert built.summary.train == 3 * len(recipe.sources) == len(ids(built.folder))
    short = [line for line in built.summary.warnings if "fewer rows than requested: 3 of" in line]
    assert len(short) == len(recipe.sources)
    assert all(f"for {source.from_}" in " ".join(built.summary.notes) for source in recipe.sources)
    again = build_recipe_file(built.folder / "recipe.yaml", tmp_path / "again", locked=built.folder)
    assert again.summary.train == built.summary.train


HUB = {"sources": [{"name": "s", "from": "org/set:part"}]}


def test_the_subset_of_its_own_goes_before_the_whole(tmp_path: Path) -> None:
    write_lines(tmp_path / "hub/org/set/part/train.jsonl", [chat("a", "b")])
    write_lines(tmp_path / "hub/org/set/other/train.jsonl", [chat("c", "d")] * 2)
    assert len(ids(build_in(tmp_path, HUB, sources_dir=tmp_path / "hub").folder)) == 1


def test_stand_ins_that_fit_nothing_or_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        build_in(tmp_path, HUB, sources_dir=tmp_path / "hub")
    (tmp_path / "hub").mkdir()
    with pytest.raises(UserError, match="nothing in it is called like a data set of the recipe"):
        build_in(tmp_path, HUB, sources_dir=tmp_path / "hub")
    for name in ("set.jsonl", "set.csv"):
        write_lines(tmp_path / "hub/org" / name, [chat("a", "b")])
    done = call(
        "plan", str(tmp_path / "recipe.yaml"), "--sources-dir", str(tmp_path / "hub"), cwd=tmp_path
    )
    assert done.code == 2 and "are both called like org/set:part; leave one of them" in done.error


def test_prompts_get_constraints_without_a_model(tmp_path: Path) -> None:
    need("length_constraints:number_sentences")
    need("language:response_language")
    found = preview(load_recipe(recipe_file(AUGMENTED)), base=tmp_path)
    assert not found.problems
    assert (found.sources[0].where, found.sources[0].licence) == (MADE, "ODC-BY-1.0")
    rng = random.Random(1)
    rows = [chat(sentence(rng, 8), sentence(rng, 8)) for _ in range(6)]
    write_lines(tmp_path / "hub/allenai/tulu-v2-sft-mixture.jsonl", rows)
    plain = yaml.safe_load(recipe_file(AUGMENTED).read_text("utf-8"))
    plain.pop("decontaminate")  # its suite is on the Hub
    options = Options(stages=None, sources_dir=tmp_path / "hub")
    built = build_recipe_file(write_recipe(tmp_path / "r.yaml", **plain), tmp_path / "out", options)
    assert built.summary.train == 6
    assert {row["verifier"] for row in read(built.folder, "data/*.parquet")} == {"ifeval"}
