"""A build of each kind over all training sets of a data folder, with every step on: the funnel, the
time, and how long it takes again once a threshold has changed.

    python -m benchmarks.speed.everything ../shared/data --out out/everything

Files that cannot be read as a kind are left out of its build and named. The second build finds the
stages of the first, as a user's does."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.speed.inputs import write_suite
from benchmarks.speed.measure import table
from curate.errors import UserError
from curate.formats import detect, parse
from curate.mixture import Options
from curate.mixture.run import build
from curate.recipe import Recipe, make_recipe
from curate.sources import open_source

QA = {"prompt": "question", "response": "rationale"}
FORMATS: Mapping[str, list[tuple[str, Any]]] = {
    "sft": [
        ("sft/flan_cot/*.tsv", QA),
        ("sft/t0_train_50k/*", {"prompt": "prompt", "response": "completion"}),
        ("sft/math/*", {"prompt": "problem", "response": "solution"}),
        ("sft/*/*", None),
    ],
    "prompt": [
        ("sft/flan_cot/*.tsv", {"prompt": "question"}),
        ("sft/t0_train_50k/*", {"prompt": "prompt"}),
        ("sft/math/*", {"prompt": "problem"}),
        ("sft/gsm8k/*", {"prompt": "question"}),
        ("sft/*/*", {"prompt": "instruction"}),
        ("sft/*/*", {"prompt": "prompt"}),
        ("sft/*/*", {"prompt": "text"}),
        ("sft/*/*", None),
    ],
    "preference": [
        ("preference/llmbar/*", {"prompt": "input", "chosen": "output_1", "rejected": "output_2"}),
        ("preference/pandalm/*", {"prompt": "instruction", "chosen": "response1", "rejected": "response2"}),
        ("preference/*/*", None),
    ],
    "unpaired": [("preference/*/*", None), ("sft/*/*", None)],
    "rlvr": [
        ("sft/gsm8k/train.jsonl", None),
        ("sft/math/*", {"prompt": "problem", "ground_truth": "solution", "verifier": {"constant": "math"}}),
        ("sft/t0_train_50k/*", {"prompt": "prompt", "ground_truth": "completion", "verifier": {"constant": "string"}}),
        ("sft/*/*", None),
    ],
}  # fmt: skip
FILTERS: list[Any] = [
    "empty_turns",
    "provider_identity",
    "cutoff_dates",
    "refusal",
    "special_tokens",
    "pii",
    {"repetition": "gopher"},
    {"cjk": {"at_most": 0.5}},
    {
        "length": {
            "measure": "characters",
            "at_least": 10,
            "at_most": 20_000,
            "roles": ["user", "assistant"],
        }
    },
    {"language": {"in": ["en"], "confidence": 0.9, "roles": ["user"]}},
    {"turns": {"at_most": 40}},
]
HEAD = ["kind", "sources", "seconds", "again", "CPU seconds", "again", "%"]
SUFFIXES = {".jsonl", ".json", ".tsv", ".csv", ".gz"}


def sources(data: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The files that can be read as a kind, each once."""
    seen: set[Path] = set()
    for pattern, fmt in FORMATS[kind]:
        for path in sorted(set(data.glob(pattern)) - seen):
            if path.suffix not in SUFFIXES or not readable(path, kind, fmt):
                continue
            seen.add(path)
            own = {
                "name": str(path.relative_to(data)).removesuffix(".gz").rpartition(".")[0],
                "from": str(path),
                "format": fmt,
            }
            names = licences(data).get(str(path.relative_to(data)))
            columns = ["question", "answer", "rationale"] if path.suffix == ".tsv" else None
            yield own | {"licence": names, "columns": columns}


def licences(data: Path) -> dict[str, str]:
    """The licence of each file, as far as its index says."""
    lines = (data / "INDEX.tsv").read_text().splitlines()[1:]
    return {line.split("\t")[0]: line.split("\t")[1].split(" (")[0] for line in lines}


def readable(path: Path, kind: str, fmt: Any) -> bool:
    """Whether the first rows of a file are records of a kind."""
    columns = ["question", "answer", "rationale"] if path.suffix == ".tsv" else None
    try:
        block = next(open_source("x", str(path), base=path.parent, columns=columns).blocks())
        return bool(parse(block, fmt or detect(block, kind), kind).records.num_rows)
    except UserError:
        return False


def recipe_of(data: Path, kind: str, suite: Path, **dedup: Any) -> Recipe:
    """The recipe of a kind, with every step."""
    own = {
        "name": f"everything-{kind}",
        "kind": kind,
        "tokenizer": str(data / "models/tokenizers/olmo/allenai_dolma2.json"),
        "mix": {"by": "tokens", "total": 1_500_000, "temperature": 2},
        "sources": list(sources(data, kind)),
        "filters": FILTERS,
        "dedup": {"keep": ["licence", "longest"], **dedup},
        "decontaminate": {"suite": str(suite)},
        "output": {"validation": 0.02},
    }
    return make_recipe(own, kind)


def main() -> None:
    """Build each kind twice, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("out/everything"))
    parser.add_argument("--kinds", nargs="+", choices=FORMATS, default=list(FORMATS))
    options = parser.parse_args()
    data, lines = options.data.resolve(), []
    options.out.mkdir(parents=True, exist_ok=True)
    suite = write_suite(options.out.resolve(), data)
    for kind in options.kinds:
        stages = options.out / f"stages-{kind}"
        shutil.rmtree(stages, ignore_errors=True)
        seconds, cpu = [], []
        for threshold in (0.8, 0.75):
            recipe = recipe_of(data, kind, suite, threshold=threshold)
            run = Options(stages=stages, overwrite=True)
            start, before = perf_counter(), process_time()
            built = build(recipe, options.out / f"{kind}-{threshold}", base=data, options=run)
            seconds.append(perf_counter() - start)
            cpu.append(process_time() - before)
        summary = built.summary
        print(f"\n{kind}: {len(summary.sources)} sources")
        print(
            table(["step", "rows in", "rows out"], [list(step.values()) for step in summary.steps])
        )
        print(json.dumps(summary.as_dict()["rows"]))
        lines.append([kind, len(summary.sources), *seconds, *cpu, 100 * cpu[1] / cpu[0]])
        print(table(HEAD, lines), flush=True)


if __name__ == "__main__":
    main()
