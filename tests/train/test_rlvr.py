"""RLVR: TRL's own trainer with every argument said, verifiers as rewards, figures for each
verifier.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from curate_train.config import RlvrConfig

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:.*will be removed in v6:FutureWarning"
    ),  # TRL's own use of transformers
]
pytest.importorskip("trl", reason="needs the extra 'train'")

Mixture = Callable[[str], Path]
SMALL = {"prompts": 4, "generations": 4, "max_completion": 16, "steps": 2}


def test_a_run_logs_figures_for_each_verifier(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import rlvr
    from curate_train.curves import read_metrics

    config = RlvrConfig(**settings | SMALL | {"beta": 0.05, "minibatches": 2})
    finished = rlvr.train(config, str(mixture("rlvr")), tmp_path / "run")
    metrics = read_metrics(tmp_path / "run")
    for verifier in ("ifeval", "string"):
        for figure in ("passed", "parsed", "ended", "length", "failed", "reward", "kl"):
            assert metrics[f"{verifier}/{figure}"][1], (verifier, figure)
        assert all(0 < length <= 16 for length in metrics[f"{verifier}/length"][1])
        assert all(math.isfinite(kl) for kl in metrics[f"{verifier}/kl"][1])
    assert metrics["kl"][1][0] == pytest.approx(0, abs=1e-4), (
        "at the start the model is the reference"
    )
    assert metrics["string/kl"][1][-1] > 1e-6
    assert finished.steps == 2
    assert (finished.digest or "") in (tmp_path / "run" / "model" / "README.md").read_text("utf-8")


def test_what_is_not_said_is_not_left_to_defaults(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import rlvr
    from curate_train.data import open_data
    from curate_train.prepare import prepare
    from trl import GRPOTrainer

    more = {
        "clip_high": 0.28,
        "minibatches": 2,
        "iterations": 2,
        "beta": 0.05,
        "scale_rewards": "none",
    }
    config = RlvrConfig(**settings | SMALL | more)
    prepared, _ = prepare(config, open_data(str(mixture("rlvr")), "rlvr", tmp_path / "cache"))
    trainer = rlvr.make(config, prepared, tmp_path)
    said = {
        "beta": 0.05,
        "loss_type": "dapo",
        "scale_rewards": "none",
        "epsilon": 0.2,
        "epsilon_high": 0.28,
        "num_iterations": 2,
        "num_generations": 4,
        "steps_per_generation": 2,
        "generation_batch_size": 16,
        "max_completion_length": 16,
        "temperature": 1.0,
        "use_vllm": False,
    }
    assert type(trainer) is GRPOTrainer
    assert {name: getattr(trainer.args, name) for name in said} == said


def test_prompts_that_are_too_long_are_left_out_and_counted(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import rlvr
    from curate_train.data import open_data
    from curate_train.lengths import LENGTH, measured
    from curate_train.model import load_tokenizer
    from curate_train.rendering import Renderer

    from curate.errors import UserError

    opened = open_data(str(mixture("rlvr")), "rlvr", tmp_path / "cache")
    config = RlvrConfig(**settings | SMALL)
    renderer = Renderer(load_tokenizer(config, config.model), "rlvr")
    tokens = sorted(measured(opened.train, renderer, 256)[LENGTH])
    limit = tokens[len(tokens) // 2]
    over = sum(n > limit for n in tokens)
    assert 0 < over < len(tokens), "the prompts are all of one length"
    found = rlvr.train(
        RlvrConfig(**settings | SMALL | {"max_length": limit + 16, "steps": 1}),
        str(mixture("rlvr")),
        tmp_path / "run",
    )
    assert (found.over, found.rows, found.limit) == (over, len(tokens), limit)
    assert found.train.dropped == over
    with pytest.raises(UserError, match="every row has .* tokens or more, and the limit is 4;"):
        rlvr.train(
            RlvrConfig(**settings | SMALL | {"max_length": 20}),
            str(mixture("rlvr")),
            tmp_path / "none",
        )
