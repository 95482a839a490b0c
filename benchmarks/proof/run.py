"""Does decontamination give honest scores? Models trained on leaking and on clean mixtures, scored on
items that were leaked and on items that were not.

    python -m benchmarks.proof.run --data ../shared/data -o out/proof [--seeds 3] [--leaks 120 --others 120]

Every step is a command that can be given by hand; one whose result is there already is not done
again, so an interrupted run goes on. RESULTS.md and the figures behind it lie in the folder."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
CURATE = (sys.executable, "-m", "curate")
ARMS = {
    "leak": ("raw", "clean"),
    "plant": ("raw", "paper", "default", "never"),
}
"""What is trained for each part of the proof. The last arm never saw the benchmark."""


class Step(NamedTuple):
    """A command, and what is there once it is done."""

    made: Path
    command: tuple[str, ...]


def steps(options: argparse.Namespace) -> Iterator[Step]:
    """Everything, in order: seed after seed, so that what is there early is whole."""
    out, data = options.out, options.out / "data"
    cuts = [f"--{name}={n}" for name in ("leaks", "others") if (n := getattr(options, name))]
    yield Step(
        data / "plant-never.yaml",
        (
            *(sys.executable, "-m", "benchmarks.proof.data"),
            *("--data", str(options.data), "-o", str(data), *cuts),
        ),
    )
    for seed in range(1, options.seeds + 1):
        for part in options.parts:
            for arm in ARMS[part]:
                mixture = out / f"{part}-{arm}"
                build = (*CURATE, "build", str(data / f"{mixture.name}.yaml"), "-o", str(mixture))
                yield Step(mixture / "recipe.lock.json", build)
                yield _train(mixture, out / f"{part}-{arm}-seed{seed}", seed)
            yield _score(out, part, seed)


def _train(mixture: Path, run: Path, seed: int) -> Step:
    given = ("--data", str(mixture), "-o", str(run), "--seed", str(seed), "--overwrite")
    command = (*CURATE, "train", "sft", str(HERE / "training.yaml"), *given)
    return Step(run / "model" / "README.md", command)


def _score(out: Path, part: str, seed: int) -> Step:
    models = [str(out / f"{part}-{arm}-seed{seed}") for arm in ARMS[part]]
    scores = out / f"scores-{part}-seed{seed}"
    command = (
        *(*CURATE, "evaluate", "embedded", *models, "--task", "commonsense_qa"),
        *("--benchmarks-dir", str(out / "data" / part), "--against", str(out / f"{part}-raw")),
        *("--store", str(out / "store"), "-o", str(scores), "--overwrite"),
    )
    return Step(scores / "results.json", command)


def results(out: Path, parts: Sequence[str], seeds: int) -> Iterator[str]:
    """The tables: scores on all items, on those that the raw mixture leaks, and on the others."""
    for part in parts:
        yield f"## {part}\n\n| seed | model | all | leaked | not leaked | leaked − not leaked |"
        yield "|---|---|---:|---:|---:|---:|"
        for seed in range(1, seeds + 1):
            read = json.loads((out / f"scores-{part}-seed{seed}" / "results.json").read_text())
            for model in read["models"]:
                yield _line(seed, model)
            yield from _honest(read, seed)
        yield ""


def _line(seed: int, model: dict[str, Any]) -> str:
    task = model["tasks"]["commonsense_qa"]
    clean = task["clean"]
    each = [_said(one) for one in (task["score"], clean["touched"], clean["clean"])]
    return f"| {seed} | {model['name']} | {' | '.join(each)} | {_said(clean['difference'])} |"


def _honest(read: dict[str, Any], seed: int) -> Iterator[str]:
    """Does the contaminated model's clean score tell the truth? Beside the model that never saw them."""
    last = read["models"][-1]["name"]
    for pair in read["comparisons"]:
        if pair["second"] == last and pair["first"].split("-seed")[0].endswith("raw"):
            for name, tasks in (("all items", pair["tasks"]), ("clean items", pair["clean"])):
                difference = _said(tasks[0]["difference"]) if tasks else "–"
                yield f"| {seed} | {last} minus {pair['first']}, {name} | {difference} | | | |"


def _said(figure: dict[str, float] | None) -> str:
    if figure is None:
        return "–"
    value, low, high = (100 * figure[name] for name in ("value", "low", "high"))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _other_size(options: argparse.Namespace) -> str | None:
    """What is wrong with a folder that holds a run of another size: two would be mixed."""
    size = {"leaks": options.leaks, "others": options.others}
    kept = options.out / "size.json"
    if not kept.exists():
        options.out.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(size), "utf-8")
    before = json.loads(kept.read_text("utf-8"))
    return None if before == size else f"{options.out} holds a run with {before}; name another -o"


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is not done yet, then write and print the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--parts", nargs="+", choices=[*ARMS], default=[*ARMS])
    parser.add_argument("--leaks", type=int, help="only so many leaking rows, for a reduced run")
    parser.add_argument("--others", type=int, help="only so many other rows")
    options = parser.parse_args(arguments)
    if told := _other_size(options):
        parser.error(told)
    for step in steps(options):
        if not step.made.exists():
            print("$", *step.command, file=sys.stderr, flush=True)
            subprocess.run(step.command, check=True)
    text = "\n".join(results(options.out, options.parts, options.seeds))
    (options.out / "RESULTS.md").write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
