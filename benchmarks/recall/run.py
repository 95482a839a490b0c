"""What is found of benchmark items that were changed, and what is flagged of text that holds none.

    python -m benchmarks.recall.run --data ../shared/data

plants every question of GSM8K test in rows of its own, in each of the ways of
`curate.steps.decontaminate.mutations`, and counts what curate's matchers and other rules find; then
the same for other benchmarks with curate's matchers; then what is flagged of clean text. Everything
is drawn from a fixed seed. Prints Markdown tables, writes the figures to out/recall/recall.json.
datatrove comes from the environment of the speed benchmark (`make bench` makes it); without it the
column is left out, and said."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recall.rules import (
    Items,
    Rule,
    datatrove,
    jaccard,
    ngram_hits,
    open_r1,
    robust_hits,
    thirteen,
    with_items,
)
from benchmarks.speed.inputs import write_items, write_suite
from benchmarks.speed.measure import Failed, machine, save, table
from benchmarks.speed.peers import read_items
from curate.errors import UserError
from curate.formats import detect, parse
from curate.items import Item
from curate.matching.ngram import LABELS
from curate.matching.robust import RobustSettings, build_robust, match_robust
from curate.sources import open_source
from curate.steps.decontaminate.selftest import Rows, Share, plant, turns_of

SEED = 0
FILLER = ("sft/gpteacher/codegen-instruct.json", "sft/llama_factory_demo/alpaca_en_demo.json", "sft/flan_cot/creak_train.tsv")  # fmt: skip  # noqa: E501
"""Running text to embed items in and to draw words from: instructions for code, instructions,
claims.
"""
CLEAN = {
    "GSM8K train": "sft/gsm8k/train.jsonl",
    "codegen-instruct": "sft/gpteacher/codegen-instruct.json",
    "MATH train": "sft/math/orgn-MATH-train.jsonl",
    "toolformer": "sft/gpteacher/toolformer-similarity-0.9-dataset.json",
}
"""Clean controls. They do hold some items of MBPP, MATH-500 and CommonsenseQA; none of GSM8K test.
"""
MUTATED = ("verbatim", "embedded", "rewrapped", "stripped", "every-10th", "every-6th", "every-4th", "random-25", "reordered", "with-answer", "two-turns", "templated")  # fmt: skip  # noqa: E501
"""The mutations that every rule is measured with."""
OTHERS = ("gsm8k", "mmlu_validation", "ifeval", "humaneval", "bbh")
LENGTHS = (100, 1_000, 10_000, 100_000)
TSV = ["question", "answer", "rationale"]


def items_of(data: Path) -> list[Item]:
    """The items of the suite of speed, numbered within their benchmark's name."""
    with tempfile.TemporaryDirectory() as name:
        write_items(write_suite(Path(name), data), Path(name))
        read = read_items(Path(name))
    return [Item(one.benchmark, f"{one.benchmark}/{i}", one.fields) for i, one in enumerate(read)]


def user_turns(data: Path, name: str) -> list[str]:
    """The user turns of every row of a training file, joined."""
    tsv = name.endswith(".tsv")
    source = open_source(Path(name).stem, str(data / name), base=data, columns=TSV if tsv else None)
    rows = []
    for block in source.blocks():
        how = {"prompt": "question", "response": "rationale"} if tsv else detect(block, "sft")
        for messages in parse(block, how, "sft").records["messages"].to_pylist():
            rows.append("\n".join(m["content"] for m in messages if m["role"] == "user"))
    return rows


def planted(
    items: Items, filler: Sequence[str], chosen: Sequence[int]
) -> Iterator[tuple[str, list[list[str]]]]:
    """For each mutation the rows that hold the chosen items."""
    for mutation in MUTATED:
        rows = []
        for i in chosen:
            item = Item(items[i].benchmark, f"{items[i].benchmark}/{i}", items[i].fields)
            rows.append(plant(mutation, item, items[i].label, filler, SEED))
        yield mutation, rows


def stretches(filler: Sequence[str], n: int, size: int = 400) -> list[list[str]]:
    """Rows of running text without an item."""
    rng = np.random.default_rng(SEED)
    return [
        [" ".join(filler[start : start + size])] for start in rng.integers(0, len(filler) - size, n)
    ]


def documents(texts: Sequence[str], size: int) -> list[list[str]]:
    """Records of at least so many words, a turn a text."""
    rows: list[list[str]] = [[]]
    words = 0
    for text in texts:
        rows[-1].append(text)
        words += len(text.split())
        if words >= size:
            rows.append([])
            words = 0
    return [row for row in rows if row]


def gsm8k_rules(items: Items, python: Path) -> dict[str, Rule]:
    """Everything that is compared."""
    rules: dict[str, Rule] = {
        "curate `ngram`": with_items(ngram_hits(items)),
        "curate `robust`": with_items(robust_hits(items)),
        "open-r1, 8-gram": open_r1(items),
        "13-gram": thirteen(items),
    }
    if python.exists():
        rules["datatrove"] = datatrove(items, python)
    else:
        print(
            f"left out: datatrove (no {python}); benchmarks/speed/README.md says how to install it",
            flush=True,
        )
    return rules | {"Jaccard 0.8": jaccard(items)}


def on_gsm8k(
    items: Items, filler: Sequence[str], clean: Mapping[str, list[str]], python: Path
) -> dict[str, Any]:
    """Shares of rows found, by row of the table and rule."""
    rules = gsm8k_rules(items, python)
    everything = range(len(items))
    shares: dict[str, dict[str, Share]] = {}
    halves: dict[str, list[Share]] = {}
    for mutation, rows in planted(items, filler, everything):
        found = {name: rule(rows, everything) for name, rule in rules.items()}
        shares[mutation] = {name: Share(int(own.sum()), len(own)) for name, own in found.items()}
        own = found["curate `robust`"]
        halves[mutation] = [Share(int(own[half::2].sum()), len(own[half::2])) for half in (0, 1)]
    controls = {f"clean: {name}": [[text] for text in texts] for name, texts in clean.items()}
    controls["clean: 400 words of filler"] = stretches(filler, len(items))
    for name, rows in controls.items():
        shares[name] = {
            rule: Share(int(find(rows, None).sum()), len(rows)) for rule, find in rules.items()
        }
        print(f"{name}: done", flush=True)
    return {"shares": shares, "halves": halves}


def labels_of(items: Items, rows: Rows) -> dict[str, Share]:
    """How many rows `robust` labels leak, and how many only variant."""
    index = build_robust([item.fields for item in items], RobustSettings())
    [found] = match_robust(turns_of(rows), index)
    over = found.scores > index.settings.threshold
    leaks = np.unique(found.docs[over & (found.labels == LABELS.index("leak"))])
    variants = np.setdiff1d(np.unique(found.docs[over]), leaks)
    return {"leak": Share(len(leaks), len(rows)), "variant": Share(len(variants), len(rows))}


def on_others(items: Items, filler: Sequence[str]) -> dict[str, dict[str, dict[str, Share]]]:
    """Shares found by curate's matchers with the index of all benchmarks, by mutation, benchmark
    and matcher.
    """
    rules = {"ngram": with_items(ngram_hits(items)), "robust": with_items(robust_hits(items))}
    shares: dict[str, dict[str, dict[str, Share]]] = {mutation: {} for mutation in MUTATED}
    for benchmark in OTHERS:
        chosen = [i for i, item in enumerate(items) if item.benchmark == benchmark]
        for mutation, rows in planted(items, filler, chosen):
            found = {name: rule(rows, chosen) for name, rule in rules.items()}
            shares[mutation][benchmark] = {
                name: Share(int(own.sum()), len(own)) for name, own in found.items()
            }
        print(f"{benchmark}: done", flush=True)
    return shares


def alarms(items: Items, clean: Mapping[str, list[str]]) -> dict[str, Any]:
    """What `ngram` and `robust` flag of clean rows, by benchmark, with the index of all."""
    names = np.array([item.benchmark for item in items])
    found: dict[str, Any] = {}
    for matcher, make in (("ngram", ngram_hits), ("robust", robust_hits)):
        hits = make(items)
        for name, texts in clean.items():
            own = hits([[text] for text in texts])
            pairs = np.unique(
                np.stack([own.rows, np.unique(names, return_inverse=True)[1][own.items]]), axis=1
            )
            counts = Counter(np.unique(names)[pairs[1]].tolist())
            rows = Share(int(np.unique(own.rows).size), len(texts))
            found.setdefault(name, {})[matcher] = {
                "rows": rows,
                "by benchmark": dict(counts.most_common()),
            }
    return found


def by_length(items: Items, texts: Sequence[str]) -> dict[int, dict[str, float]]:
    """Hits for a million clean words in records of several lengths."""
    words = sum(len(text.split()) for text in texts)
    gsm8k = [item for item in items if item.benchmark == "gsm8k"]
    suites: dict[str, Callable[[Rows], Any]] = {
        "gsm8k": robust_hits(gsm8k),
        "all benchmarks": robust_hits(items),
    }
    return {
        size: {
            name: len(hits(documents(texts, size)).rows) / words * 1e6
            for name, hits in suites.items()
        }
        for size in LENGTHS
    }


def percent(share: Share) -> str:
    """As in the tables: one decimal, two where it is small, none where it is whole."""
    value = 100 * share.rate
    return (
        f"{value:.2f}" if 0 < value < 1 or 99 < value < 100 else f"{value:.1f}".removesuffix(".0")
    )


def show(result: Mapping[str, Any]) -> str:
    """All tables."""
    shares, halves = result["gsm8k"]["shares"], result["gsm8k"]["halves"]
    names = list(next(iter(shares.values())))
    head = ["GSM8K test, % of rows found", *names, "`robust`, tuned half", "other half"]
    rows = [
        [
            row,
            *(percent(own[name]) for name in names),
            *(map(percent, halves[row]) if row in halves else ("", "")),
        ]
        for row, own in shares.items()
    ]
    first = table(head, rows)
    labels = ", ".join(f"{percent(share)} % {label}" for label, share in result["labels"].items())
    other = table(
        [
            "% found",
            *(f"{benchmark} {matcher}" for benchmark in OTHERS for matcher in ("ngram", "robust")),
        ],
        [
            [
                mutation,
                *(
                    percent(own[benchmark][matcher])
                    for benchmark in OTHERS
                    for matcher in ("ngram", "robust")
                ),
            ]
            for mutation, own in result["others"].items()
        ],
    )
    flagged = table(
        ["rows flagged, %", "ngram", "robust", "robust, rows by benchmark"],
        [
            [
                name,
                percent(own["ngram"]["rows"]),
                percent(own["robust"]["rows"]),
                ", ".join(f"{key} {n}" for key, n in own["robust"]["by benchmark"].items()),
            ]
            for name, own in result["alarms"].items()
        ],
    )
    length = table(
        ["words a record", "hits of gsm8k for a million words", "of all benchmarks"],
        [[f"{size:,}", *own.values()] for size, own in result["by length"].items()],
    )
    return f"{first}\n\n`robust` labels GSM8K train: {labels}\n\n{other}\n\n{flagged}\n\n{length}"


def measured(data: Path, python: Path) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        write_items(write_suite(Path(name), data), Path(name))
        items = read_items(Path(name))
    filler = [word for path in FILLER for text in user_turns(data, path) for word in text.split()]
    clean = {name: user_turns(data, path) for name, path in CLEAN.items()}
    gsm8k = [item for item in items if item.benchmark == "gsm8k"]
    return {
        "gsm8k": on_gsm8k(gsm8k, filler, clean, python),
        "labels": labels_of(gsm8k, [[text] for text in clean["GSM8K train"]]),
        "others": on_others(items, filler),
        "alarms": alarms(items, clean),
        "by length": by_length(items, [text for texts in clean.values() for text in texts]),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with benchmarks/ and sft/")
    parser.add_argument(
        "--peers",
        type=Path,
        default=Path("out/speed/peers/bin/python"),
        help="Python with datatrove",
    )
    parser.add_argument("--work", type=Path, default=Path("out/recall"))
    given = parser.parse_args()
    try:
        result = measured(given.data.resolve(), given.peers.absolute())
    except (Failed, UserError) as error:
        raise SystemExit(str(error)) from None
    print(f"\n{show(result)}")
    given.work.mkdir(parents=True, exist_ok=True)
    save(given.work / "recall.json", {"machine": machine(), "seed": SEED} | _plain(result))


def _plain(value: Any) -> Any:
    """Shares as numbers, for JSON."""
    if isinstance(value, Share):
        return {"found": value.found, "of": value.of, "interval": value.interval}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
