"""From files to models: builds the three laptop mixtures and trains the embedded model on each for
a few steps.

    python mixtures/quickstart/train_all.py out/quickstart-training --steps 4

Each begins where the one before ended, in the paper's order: SFT, DPO, RLVR. Offline; ends
with one line of figures. A few steps show that everything works, not that anything is learnt: for that see
benchmarks/learning."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SMALL = {
    "sft": ("--batch", "8"),
    "dpo": ("--batch", "8"),
    "rlvr": (
        "--prompts",
        "4",
        "--generations",
        "4",
        "--micro-batch",
        "16",
        "--max-completion",
        "16",
    ),
}
"""What makes a step one of seconds."""


def run(*arguments: str) -> str:
    """Run a verb of curate and give what it printed."""
    print("$ curate", *arguments, file=sys.stderr, flush=True)
    return subprocess.run(
        [sys.executable, "-m", "curate", *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def trained(stage: str, out: Path, steps: int, model: str, limit: int | None) -> dict[str, Any]:
    """Build the mixture of a stage, train on it, and give the summary."""
    data = str(out / f"data-{stage}")
    first = ("--limit", str(limit)) if limit else ()
    run("build", str(HERE / f"laptop-{stage}.yaml"), "-o", data, "--overwrite", *first)
    options = ("--model", model, "--steps", str(steps), *SMALL[stage], "--overwrite", "--json")
    summary: dict[str, Any] = json.loads(
        run("train", stage, f"laptop-{stage}", "--data", data, "-o", str(out / stage), *options)
    )
    return summary


def figures(done: dict[str, dict[str, Any]]) -> str:
    """One line: what the held-out figures were before and after."""
    shown = (("sft", "loss"), ("dpo", "accuracy"), ("rlvr", "reward"))
    parts = []
    for stage, name in shown:
        before, after = done[stage]["held_out"][name]
        parts.append(
            f"{stage}: held-out {name} {before:.3f} -> {after:.3f} in {done[stage]['steps']} steps"
        )
    return "; ".join(parts)


def main() -> None:
    """Train all three and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument(
        "--limit",
        type=int,
        default=120,
        help="only the first rows of each source: DPO begins by scoring every pair (0: all)",
    )
    options = parser.parse_args()
    done, model = dict[str, dict[str, Any]](), "embedded"
    for stage in ("sft", "dpo", "rlvr"):
        done[stage] = trained(stage, options.out, options.steps, model, options.limit)
        model = done[stage]["model"]
    print(figures(done))


if __name__ == "__main__":
    main()
