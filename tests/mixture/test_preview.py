"""What `curate plan` tells of a recipe without reading it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.mixture import preview as module
from curate.mixture.expected import expected
from curate.mixture.preview import Preview, preview
from curate.recipe import load_recipe, make_recipe
from tests.command import call
from tests.corpus import build_in, chat, sentence, write_lines, write_recipe

Corpus = tuple[Path, dict[str, Any]]


def of(folder: Path, recipe: dict[str, Any], **given: Any) -> Preview:
    path = write_recipe(folder / "recipe.yaml", **recipe)
    return preview(load_recipe(path), base=folder, **given)


def test_sources_are_counted_and_shares_are_those_of_a_build_that_takes_nothing(
    corpus: Corpus,
) -> None:
    folder, recipe = corpus
    found = of(folder, recipe)
    assert not found.problems
    built = build_in(folder, {**recipe, "decontaminate": None, "output": {}}, "plain").summary
    for source, own in zip(found.sources, built.sources, strict=True):
        assert (source.rows, source.exact) == (own.read, True)
        # Rows that make no record are not known before they are parsed.
        assert 0 <= (source.expected.rows or 0) - own.written <= 1.5 * own.quarantined + 1
    assert [source.licence for source in found.sources] == ["MIT", None, "CC-BY-4.0"]
    [step] = found.steps
    assert step.name == "decontaminate" and step.settings["policy"] == "drop-rows"
    assert [(one.name, one.here, one.problem) for one in step.given] == [("evals", True, None)]


def test_parquet_is_counted_by_its_metadata_and_large_text_is_estimated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(3)
    rows = [chat(sentence(rng, 5), sentence(rng, 5)) for _ in range(400)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet")
    write_lines(tmp_path / "l.jsonl", rows)
    monkeypatch.setattr(module, "COUNTED_BYTES", 1000)
    recipe = {"sources": [{"name": "p", "from": "p.parquet"}, {"name": "l", "from": "l.jsonl"}]}
    exact, about = of(tmp_path, recipe).sources
    assert (exact.rows, exact.exact) == (400, True)
    assert about.rows is not None and abs(about.rows - 400) < 20 and not about.exact


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    write_lines(tmp_path / "good.jsonl", [chat("a", "b")])
    write_lines(tmp_path / "odd.jsonl", [{"x": 1}])
    recipe = {
        "sources": [
            {"name": "good", "from": "good.jsonl", "keep": ["levle"]},
            {"name": "gone", "from": "gone.jsonl"},
            {"name": "odd", "from": "odd.jsonl"},
        ],
        "tokenizer": "tok.json",
        "filters": [{"length": {"measure": "tokens", "tokenizer": "no.json", "at_most": 5}}],
        "decontaminate": {"suite": "tulu3", "benchmarks_dir": "evals"},
    }
    path = write_recipe(tmp_path / "recipe.yaml", **recipe)
    done = call("plan", str(path), cwd=tmp_path)
    assert done.code == 2
    lines = done.err.splitlines()
    for told in (
        "levle",
        "gone.jsonl",
        "source 'odd'",
        "tok.json",
        "no.json",
        "evals: no such folder",
    ):
        assert sum(told in line for line in lines) == 1, (told, lines)
    assert all(line.startswith("curate: ") for line in lines) and len(lines) == 6
    assert "cannot be read" in done.out


def test_what_is_on_the_hub_is_named_and_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*given: Any, **more: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refused)
    write_lines(tmp_path / "good.jsonl", [chat("a", "b")])
    recipe = {
        "sources": [
            {"name": "hub", "from": "org-of-nobody/set:all@main", "rows": 3},
            {"name": "good", "from": "good.jsonl"},
        ],
        "dedup": {"against": ["org-of-nobody/other"]},
        "decontaminate": {"suite": "tulu3"},
    }
    path = write_recipe(tmp_path / "recipe.yaml", **recipe)
    done = call("plan", str(path), "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert [source["where"] for source in found["sources"]] == ["on the Hub", "here"]
    assert [source["expected"]["rows"] for source in found["sources"]] == [3, 1]
    dedup, clean = found["steps"]
    assert [(one["from"], one["here"]) for one in dedup["given"]] == [
        ("org-of-nobody/other", False)
    ]
    assert sum(one["items"] or 0 for one in clean["given"]) > 10_000
    assert not any(one["here"] for one in clean["given"])
    assert not found["problems"]


def test_a_cache_that_has_not_all_of_a_set_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache/datasets--org-of-nobody--set").mkdir(parents=True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    found = of(tmp_path, {"sources": [{"name": "hub", "from": "org-of-nobody/set"}]})
    assert [source.where for source in found.sources] == ["on the Hub"] and not found.problems
    [note] = found.notes
    assert note.startswith("source 'hub': not read from the cache: org-of-nobody/set: ")


def test_of_a_long_list_of_settings_its_length_is_told(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("a", "b")])
    source = [{"name": "a", "from": "a.jsonl"}]
    filters = ["special_tokens", {"length": {"roles": ["user"], "at_most": 9}}]
    path = write_recipe(tmp_path / "recipe.yaml", sources=source, filters=filters)
    [step] = [
        one for one in call("plan", path, cwd=tmp_path).out.splitlines() if one.startswith("step ")
    ]
    told = json.loads(call("plan", path, "--json", cwd=tmp_path).out)
    tokens = told["steps"][0]["settings"]["filters"][0]["special_tokens"]["tokens"]
    assert len(tokens) > 8 and f"tokens: {len(tokens)} values" in step
    assert "roles: [user], last: false, at_most: 9" in step


def test_options_of_a_dry_run_are_no_options_of_a_quick_plan(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("a", "b")])
    path = write_recipe(tmp_path / "recipe.yaml", sources=[{"name": "a", "from": "a.jsonl"}])
    assert "go with --measure" in call("plan", str(path), "--limit", "5", cwd=tmp_path).error


@given(
    st.lists(st.tuples(st.integers(1, 200), st.sampled_from([None, 0.5, 1, 3])), min_size=1, max_size=4),
    st.sampled_from([None, 50, 1000]),
)  # fmt: skip
def test_expected_shares_are_weights_or_sizes(
    sources: list[tuple[int, float | None]], total: int | None
) -> None:
    weighed = all(weight is not None for _, weight in sources)
    listed = [
        {"name": f"s{n}", "from": "x.jsonl"} | ({"weight": weight} if weighed else {})
        for n, (_, weight) in enumerate(sources)
    ]
    recipe = make_recipe(
        {"name": "x", "kind": "sft", "sources": listed, "mix": {"total": total}}, "x"
    )
    sizes = [size for size, _ in sources]
    found = expected(recipe, sizes)
    weights = [float(weight or 0) for _, weight in sources] if weighed else sizes
    for one, size, weight in zip(found, sizes, weights, strict=True):
        assert one.share == pytest.approx(weight / sum(weights))
        assert one.rows is not None and one.rows <= size
    blind = expected(recipe, [None] * len(sizes))
    assert all((one.share is not None) == weighed for one in blind)
    assert all((one.rows is not None) == (weighed and total is not None) for one in blind)
