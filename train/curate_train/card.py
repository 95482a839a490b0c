"""The card of a trained model (README.md of model/): what it learnt from, how, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from curate.embedded import HUB
from curate_train.config import TrainConfig
from curate_train.finished import Finished
from curate_train.model import EMBEDDED

_HOW = {
    "sft": "supervised fine-tuning (TRL `SFTTrainer`)",
    "dpo": "direct preference optimisation (TRL `DPOTrainer`)",
    "rlvr": "reinforcement learning with verifiable rewards (TRL `GRPOTrainer`)",
}


def write(folder: Path, config: TrainConfig, finished: Finished, versions: dict[str, str]) -> None:
    """Write the card into the finished model's folder."""
    base = HUB if config.model == EMBEDDED else config.model
    head: dict[str, Any] = {
        "library_name": "transformers",
        "tags": ["curate", "trl", finished.stage],
    }
    if not Path(config.model).expanduser().is_dir():
        head["base_model"] = base
    lines = [
        "---",
        yaml.safe_dump(head, sort_keys=False).rstrip(),
        "---",
        "",
        f"# {folder.parent.name}",
        "",
        f"Made from `{base}` by {_HOW[finished.stage]}.",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in _facts(config, finished)),
        "",
        "## Configuration",
        "",
        "```yaml",
        yaml.safe_dump(config.model_dump(mode="json", exclude_none=True), sort_keys=False).rstrip(),
        "```",
        "",
        "Versions: "
        + ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
        + ".",
        "",
    ]
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")


def _facts(config: TrainConfig, finished: Finished) -> list[tuple[str, str]]:
    held_out = [
        (f"held out, {name}", f"{a:.4g} → {b:.4g}") for name, (a, b) in finished.held_out.items()
    ]
    return [
        ("mixture", f"{finished.mixture}, {finished.rows:,} rows"),
        ("its lock (sha256)", f"`{finished.digest}`" if finished.digest else "not built here"),
        ("steps", f"{finished.steps:,} of {finished.batch} {_UNIT[finished.stage]}"),
        (
            f"over {finished.limit:,} tokens",
            f"{finished.over:,} rows ({finished.over_share:.2%}), {finished.fate}",
        ),
        ("precision", finished.precision),
        *((name, f"{a:.4g} → {b:.4g}") for name, (a, b) in finished.training.items()),
        *held_out,
    ]


_UNIT = {"sft": "rows", "dpo": "pairs", "rlvr": "completions"}
