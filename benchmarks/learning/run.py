"""Does training on what `curate` builds teach a model? The whole path on two cores, from raw files
to a table.

    python -m benchmarks.learning.run --data ../shared/data -o out/learning [--seed 42]

Data, three mixtures, SFT from SmolLM2-135M-Instruct, from its result length-normalised DPO, from
that RLVR, and what each model scores on held-out rows before and after. Every step is a command that can
be given by hand; one whose result is there already is not done again, so an interrupted run goes
on. RESULTS.md and the figures behind it lie in the folder."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.learning.evaluate import show_difference
from benchmarks.learning.scores import load

HERE = Path(__file__).resolve().parent
CURATE = (sys.executable, "-m", "curate")


class Step(NamedTuple):
    """A command, and what is there once it is done."""

    made: Path
    command: tuple[str, ...]


def steps(data: Path, out: Path, seed: int) -> Iterator[Step]:
    """Everything, in order."""
    from curate.embedded import embedded_model

    raw, base = out / "data", str(embedded_model())
    yield Step(raw / "heldout.jsonl", _module("data", "--data", str(data), "-o", str(raw)))
    for kind in ("sft", "preference", "rlvr"):
        build = (*CURATE, "build", str(raw / f"{kind}.yaml"), "-o", str(out / kind))
        yield Step(out / kind / "recipe.lock.json", build)
    models = {"base": base} | {
        stage: str(out / f"run-{stage}" / "model") for stage in ("sft", "dpo", "rlvr")
    }
    for task, model in (("loss", "base"), ("constraints", "base")):
        yield _score(task, model, models, out)
    yield _train("sft", "sft", base, out, seed)
    for task in ("loss", "constraints", "preference"):
        yield _score(task, "sft", models, out)
    yield _train("dpo", "preference", models["sft"], out, seed)
    for task in ("preference", "constraints", "loss"):
        yield _score(task, "dpo", models, out)
    yield _train("rlvr", "rlvr", models["dpo"], out, seed)
    for task in ("constraints", "loss"):
        yield _score(task, "rlvr", models, out)


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"benchmarks.learning.{name}", *arguments)


def _train(stage: str, kind: str, model: str, out: Path, seed: int) -> Step:
    config, folder = str(HERE / "training" / f"{stage}.yaml"), out / f"run-{stage}"
    options = (
        "--data",
        str(out / kind),
        "-o",
        str(folder),
        "--model",
        model,
        "--seed",
        str(seed),
        "--overwrite",
    )
    return Step(folder / "model" / "README.md", (*CURATE, "train", stage, config, *options))


def _score(task: str, model: str, models: dict[str, str], out: Path) -> Step:
    made = _scores(out, task, model)
    held_out = (
        out / {"loss": "sft", "constraints": "data/heldout.jsonl", "preference": "preference"}[task]
    )
    return Step(made, _module("evaluate", task, models[model], str(held_out), "--json", str(made)))


def _scores(out: Path, task: str, model: str) -> Path:
    return out / "scores" / f"{task}-{model}.json"


def results(out: Path) -> Iterator[str]:
    """The table: every comparison that the benchmark is for."""
    for title, task, before, after in (
        ("SFT, held-out loss", "loss", "base", "sft"),
        ("SFT, constraints kept", "constraints", "base", "sft"),
        ("DPO, chosen over rejected", "preference", "sft", "dpo"),
        ("RLVR, constraints kept", "constraints", "dpo", "rlvr"),
        ("RLVR, held-out SFT loss", "loss", "dpo", "rlvr"),
    ):
        yield f"## {title}: {before} -> {after}\n\n```"
        yield from show_difference(
            load(_scores(out, task, before)), load(_scores(out, task, after))
        )
        yield "```\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is not done yet, then write and print the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args(arguments)
    for step in steps(options.data, options.out, options.seed):
        if not step.made.exists():
            print("$", *step.command, file=sys.stderr, flush=True)
            subprocess.run(step.command, check=True)
    text = "\n".join(results(options.out))
    (options.out / "RESULTS.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
