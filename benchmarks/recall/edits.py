"""What would go, with the profile `default`, of benchmark items that were edited word by word, and
what of training sets that nobody edited anything into.

    python -m benchmarks.recall.edits --data ../shared/data

A copy counts if its row would go: it hits its own item and is neither a variant nor a template.
Items of at least 12 words, at most 150 of each benchmark, drawn with everything else from a fixed
seed. Prints Markdown tables."""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.recall.run import FILLER, items_of, user_turns
from benchmarks.speed.measure import table
from curate.items import Item, item_text
from curate.matching.matchers import Matchers, build_matchers, match_all
from curate.matching.profile import profile
from curate.steps.decontaminate.found import hits_of, judge_all
from curate.steps.decontaminate.selftest import turns_of

SEED, EACH, LEAST = 1, 150, 12
BENCHMARKS = ("gsm8k", "mmlu_validation", "mbpp", "humaneval", "bbh", "math500", "ifeval", "commonsense_qa")  # fmt: skip  # noqa: E501
RATES = (0.1, 0.17, 0.25, 0.33)
KINDS = ("random", "delete", "insert", "swap")
TRAINING = {
    "GSM8K train": "sft/gsm8k/train.jsonl",
    "codegen-instruct": "sft/gpteacher/codegen-instruct.json",
    "MATH train": "sft/math/orgn-MATH-train.jsonl",
    "toolformer": "sft/gpteacher/toolformer-similarity-0.9-dataset.json",
    "Alpaca sample": "sft/llama_factory_demo/alpaca_en_demo.json",
    "CREAK": "sft/flan_cot/creak_train.tsv",
    "ECQA (holds CommonsenseQA)": "sft/flan_cot/ecqa_train.tsv",
    "AQuA": "sft/flan_cot/aqua_train.tsv",
    "StrategyQA": "sft/flan_cot/strategyqa_train.tsv",
}


def edited(kind: str, rate: float, text: str, words: Sequence[str], rng: random.Random) -> str:
    """The text with a share of its words replaced, deleted, or swapped with the next, with as many
    words inserted, or with its end cut off.
    """
    own = text.split(" ")
    at = set(rng.sample(range(len(own)), max(1, round(rate * len(own)))))
    if kind == "cut off":
        return " ".join(own[: len(own) - len(at)])
    if kind == "random":
        return " ".join(rng.choice(words) if i in at else word for i, word in enumerate(own))
    if kind == "delete":
        return " ".join(word for i, word in enumerate(own) if i not in at)
    if kind == "insert":
        both = ([rng.choice(words), word] if i in at else [word] for i, word in enumerate(own))
        return " ".join(word for part in both for word in part)
    moved: set[int] = set()
    for i in rng.sample(range(len(own) - 1), len(own) - 1):
        if len(moved) < len(at) and i not in moved and i + 1 not in moved:
            own[i], own[i + 1] = own[i + 1], own[i]
            moved |= {i, i + 1}
    return " ".join(own)


def going(rows: Sequence[Sequence[str]], matchers: Matchers) -> set[tuple[int, int]]:
    """The pairs of row and item for which the row would go."""
    found, _ = match_all(turns_of(rows), matchers)
    hits = hits_of(judge_all(found, matchers.thresholds), "goes")
    return set(zip(hits.rows.tolist(), hits.items.tolist(), strict=True))


def on_edits(items: Sequence[Item], matchers: Matchers, words: Sequence[str], seed: int) -> str:
    """Per cent of the copies that would go."""
    rng = random.Random(seed)
    places: dict[str, list[int]] = {name: [] for name in BENCHMARKS}
    for i, item in enumerate(items):
        if item.benchmark in places and len(item_text(item).split()) >= LEAST:
            places[item.benchmark].append(i)
    chosen = {name: rng.sample(own, min(EACH, len(own))) for name, own in places.items()}
    lines = []
    every = [(kind, rate) for kind in KINDS for rate in RATES]
    for kind, rate in [("verbatim", 0.0), *every, ("cut off", 0.4)]:
        shares = []
        for own in chosen.values():
            texts = [item_text(items[i]) for i in own]
            rows = [
                [text if kind == "verbatim" else edited(kind, rate, text, words, rng)]
                for text in texts
            ]
            pairs = going(rows, matchers)
            shares.append(sum((row, i) in pairs for row, i in enumerate(own)) / len(own))
        mean = sum(shares) / len(shares)
        lines.append([f"{kind} {rate:.0%}", *(f"{100 * share:.0f}" for share in [mean, *shares])])
    return table(["words changed", "mean", *BENCHMARKS], lines)


def on_training(items: Sequence[Item], matchers: Matchers, data: Path) -> str:
    """Rows that would go, and the benchmarks they hit."""
    lines = []
    for name, path in TRAINING.items():
        texts = user_turns(data, path)
        pairs = going([[text] for text in texts], matchers)
        rows = len({row for row, _ in pairs})
        by = Counter(items[item].benchmark for _, item in pairs)
        hit = ", ".join(f"{key} {n}" for key, n in by.most_common())
        lines.append([name, f"{len(texts):,}", f"{rows:,}", f"{100 * rows / len(texts):.2f}", hit])
    return table(["training set", "rows", "would go", "%", "pairs by benchmark"], lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with benchmarks/ and sft/")
    parser.add_argument(
        "--seed", type=int, default=SEED, help="which items, and which of their words"
    )
    given = parser.parse_args()
    data = given.data.resolve()
    items = items_of(data)
    matchers = build_matchers(items, profile("default"))
    words = [word for path in FILLER for text in user_turns(data, path) for word in text.split()]
    print(
        on_edits(items, matchers, words, given.seed), on_training(items, matchers, data), sep="\n\n"
    )


if __name__ == "__main__":
    main()
