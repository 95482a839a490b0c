"""The card of a trained model (README.md of model/): what it learnt from, how, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from curate_train.config import TrainConfig
from curate_train.finished import Finished
from curate_train.lengths import Fates
from curate_train.model import is_local
from curate_train.saved import base_name

_HOW = {
    "sft": "supervised fine-tuning (TRL `SFTTrainer`)",
    "dpo": "direct preference optimisation (TRL `DPOTrainer`)",
    "rlvr": "reinforcement learning with verifiable rewards (TRL `GRPOTrainer`)",
    "rloo": "reinforcement learning with verifiable rewards (TRL `RLOOTrainer`)",
}


def _method(config: TrainConfig, stage: str) -> str:
    return "rloo" if getattr(config, "algorithm", None) == "rloo" else stage


def write(folder: Path, config: TrainConfig, finished: Finished, versions: dict[str, str]) -> None:
    """Write the card into the finished model's folder."""
    base = base_name(config)
    head: dict[str, Any] = {
        "library_name": "transformers",
        "tags": ["curate", "trl", finished.stage],
    }
    if not is_local(config.model):
        head["base_model"] = base
    lines = [
        "---",
        yaml.safe_dump(head, sort_keys=False).rstrip(),
        "---",
        "",
        f"# {folder.parent.name}",
        "",
        f"Made from `{base}` by {_HOW[_method(config, finished.stage)]}.",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in _facts(config, finished)),
        "",
        "## Configuration",
        "",
        "```yaml",
        yaml.safe_dump(_settings(config), sort_keys=False).rstrip(),
        "```",
        "",
        "Versions: "
        + ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
        + ".",
        "",
    ]
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")


def _settings(config: TrainConfig) -> dict[str, Any]:
    """The configuration; of files on this machine their names alone."""
    told: dict[str, Any] = config.model_dump(mode="json", exclude_none=True)
    if is_local(config.model):
        told["model"] = base_name(config)
    told["chat_template"] = Path(config.chat_template).name
    if told.get("few_shot"):
        told["few_shot"] = {name: Path(file).name for name, file in told["few_shot"].items()}
    return told


def _facts(config: TrainConfig, finished: Finished) -> list[tuple[str, str]]:
    held_out = [(f"held out, {name}", text) for name, text in finished.told()]
    return [
        ("mixture", f"{finished.mixture}, {finished.rows:,} rows"),
        ("its lock (sha256)", f"`{finished.digest}`" if finished.digest else "not built here"),
        ("steps", f"{finished.steps:,} of {finished.batch} {_UNIT[finished.stage]}"),
        (f"over {finished.limit:,} tokens", _over(finished.train)),
        *([("the same, held out", _over(finished.validation))] if finished.validation else []),
        *([("in no step", f"{finished.unused:,} rows")] if finished.unused else []),
        *_same_reward(finished),
        ("precision", finished.precision),
        *((name, f"{a:.4g} → {b:.4g}") for name, (a, b) in finished.training.items()),
        *held_out,
    ]


def _same_reward(finished: Finished) -> list[tuple[str, str]]:
    share = finished.same_reward
    if share is None:
        return []
    nothing = ": nothing was learnt from rewards" if share == 1 else ""
    return [(finished.no_difference, f"{share:.2%}{nothing}")]


def _over(fates: Fates) -> str:
    share = f"{fates.over / fates.rows:.2%}" if fates.rows else "none"
    return f"{fates.over:,} of {fates.rows:,} rows ({share}): {fates.cut:,} cut, {fates.dropped:,} dropped"


_UNIT = {"sft": "rows", "dpo": "pairs", "rlvr": "completions"}
