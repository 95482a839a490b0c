"""Rows over the limit: what becomes of each is what TRL makes of it, counted and named."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from curate_train.config import DpoConfig, RlvrConfig, SftConfig

from curate.errors import UserError
from tests.corpus import write_lines

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:.*will be removed in v6:FutureWarning"
    ),  # TRL's own use of transformers
]
pytest.importorskip("trl", reason="needs the extra 'train'")

Mixture = Callable[[str], Path]
LIMIT = 40


def words(n: int) -> str:
    return " ".join(f"lamp{i}" for i in range(n))


def sft_rows() -> list[dict[str, Any]]:
    """Prompts and answers of all lengths: some fit, some are cut, of some no answer is left."""
    draw = random.Random(5)
    return [
        {"prompt": words(draw.randrange(1, 14)), "response": words(draw.randrange(1, 14))}
        for _ in range(40)
    ]


def dpo_rows() -> list[dict[str, Any]]:
    rows = sft_rows()
    return [
        {"prompt": row["prompt"], "chosen": row["response"], "rejected": "No. " + row["response"]}
        for row in rows
    ]


def opened(tmp_path: Path, stage: str, rows: list[dict[str, Any]]) -> Any:
    from curate_train.data import open_data

    write_lines(tmp_path / "rows.jsonl", rows)
    return open_data(str(tmp_path / "rows.jsonl"), stage, tmp_path / "cache")


@pytest.mark.parametrize("stage", ["sft", "dpo"])
def test_what_is_dropped_and_cut_is_what_trl_drops_and_cuts(
    stage: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    """TRL is given the rows as they are, without our having left out any."""
    from dataclasses import replace

    from curate_train import dpo, sft
    from curate_train.prepare import prepare

    stages: dict[str, Any] = {
        "sft": (SftConfig, sft_rows(), sft.make),
        "dpo": (DpoConfig, dpo_rows(), dpo.make),
    }
    config_of, rows, make = stages[stage]
    config = config_of(**settings | {"max_length": LIMIT, "batch": 8})
    data = opened(tmp_path, stage, rows)
    prepared, counted = prepare(config, data)
    whole = make(
        config.model_copy(update={"max_length": 999}), replace(prepared, train=data.train), tmp_path
    ).train_dataset
    trls = make(config, replace(prepared, train=data.train), tmp_path).train_dataset
    kept, all_ids = set(trls["id"]), set(whole["id"])
    longest = {row["id"]: longest_of(row) for row in whole.to_list()}
    named = {line["id"]: line["what"] for line in counted.left_out}
    assert {row for row, what in named.items() if what == "dropped"} == all_ids - kept
    assert {row for row, what in named.items() if what == "cut"} == {
        row for row in kept if longest[row] > LIMIT
    }
    assert (counted.train.cut, counted.train.dropped) == (
        sum(what == "cut" for what in named.values()),
        len(all_ids - kept),
    )
    assert counted.train.cut > 2
    assert counted.train.dropped > 2
    assert set(prepared.train["id"]) == kept


def longest_of(row: dict[str, Any]) -> int:
    if "input_ids" in row:
        return len(row["input_ids"])
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))


@pytest.mark.parametrize("stage", ["sft", "dpo"])
def test_where_every_row_is_dropped_there_is_one_line(
    stage: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    from curate_train.prepare import prepare

    config_of = {"sft": SftConfig, "dpo": DpoConfig}[stage]
    rows = [{"prompt": f"{n} " + words(30), "chosen": "oak", "rejected": "elm"} for n in range(3)]
    if stage == "sft":
        rows = [{"prompt": row["prompt"], "response": "oak"} for row in rows]
    with pytest.raises(UserError) as error:
        prepare(config_of(**settings | {"max_length": LIMIT}), opened(tmp_path, stage, rows))
    line = str(error.value)
    assert "\n" not in line
    assert "nothing is left to learn from" in line
    assert "and the limit is 40; raise max_length" in line


def test_rows_over_the_limit_are_told_in_summary_card_and_file(
    settings: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In training and in validation; where nothing is left of the latter, there is none."""
    from curate_train import sft

    from curate.mixture import build_recipe_file

    write_lines(tmp_path / "rows.jsonl", sft_rows())
    (tmp_path / "recipe.yaml").write_text(
        "name: words\nkind: sft\nsources: [{name: rows, from: rows.jsonl}]\n"
        "output: {validation: 12}\n",
        "utf-8",
    )
    build_recipe_file(tmp_path / "recipe.yaml", tmp_path / "data")
    config = SftConfig(**settings | {"max_length": LIMIT, "batch": 8, "steps": 1})
    found = sft.train(config, str(tmp_path / "data"), tmp_path / "run")
    lines = [
        json.loads(line) for line in (tmp_path / "run/left_out.jsonl").read_text().splitlines()
    ]
    for split, fates in (("train", found.train), ("validation", found.validation)):
        assert fates is not None
        assert min(fates.cut, fates.dropped) > 0, split
        for what, n in (("cut", fates.cut), ("dropped", fates.dropped)):
            assert sum((line["split"], line["what"]) == (split, what) for line in lines) == n
    card = (tmp_path / "run/model/README.md").read_text("utf-8")
    assert f"{found.train.cut} cut, {found.train.dropped} dropped" in card
    assert found.validation
    assert f"held-out rows over 40 tokens were {found.validation}" in str(found)
    assert f"validation rows, dropped: {found.validation.dropped} (rows/" in capsys.readouterr().err


def test_prompts_that_fill_no_round_are_counted_and_named(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from curate_train import rewards, rlvr

    more = {"prompts": 12, "generations": 2, "max_completion": 8, "no_eos_reward": None}
    seen: set[str] = set()
    make = rewards.reward_function

    def spying(*arguments: Any) -> Any:
        reward = make(*arguments)

        def noting(**given: Any) -> Any:
            seen.update(given["id"] if len(given["id"]) == 24 else ())
            return reward(**given)

        return noting

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rlvr, "reward_function", spying)
        found = rlvr.train(RlvrConfig(**settings | more), str(mixture("rlvr")), tmp_path / "run")
    lines = [
        json.loads(line) for line in (tmp_path / "run/left_out.jsonl").read_text().splitlines()
    ]
    named = {line["id"] for line in lines if line["what"] == "never drawn"}
    assert (found.steps, found.unused, len(named), len(seen)) == (2, 8, 8, 24)
    assert not named & seen
    assert "8 rows were in no step" in str(found)
    assert "train rows, never drawn: 8 (rows/" in capsys.readouterr().err


def test_a_run_that_would_make_no_step_is_refused(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import rlvr

    more = {"prompts": 40, "generations": 2, "max_completion": 8}
    with pytest.raises(UserError, match=r"has 32 rows .* a round draws 40 .* set prompts to 32"):
        rlvr.train(RlvrConfig(**settings | more), str(mixture("rlvr")), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_of_one_step_learns_whatever_its_warm_up(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    """The first step of a warm-up has a learning rate of 0."""
    from curate_train import sft
    from safetensors.torch import load_file

    config = SftConfig(**settings | {"batch": 8, "steps": 1, "warmup": 0.2})
    found = sft.train(config, str(mixture("sft")), tmp_path / "run")
    before = load_file(Path(settings["model"]) / "model.safetensors")
    after = load_file(found.model / "model.safetensors")
    assert any(not before[name].equal(after[name]) for name in before)
