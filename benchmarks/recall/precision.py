"""Of the pairs that count under the profile `default`, how many are that very item or the same task, as
people who read them say.

    python -m benchmarks.recall.precision --data ../shared/data            # scores labels.tsv
    python -m benchmarks.recall.precision --data ../shared/data --draw     # prints pairs to be read

Pairs are drawn from the training sets of `edits`, at most so many of each benchmark and training set, by a
hash of their ids: the same data and rule give the same pairs. `labels.tsv` holds ids and labels, and no
text: `leak` (that very item, edited or not), `same` (the same task in words of its own), `variant` (the
same template with other numbers, names or another question), `passage` (the same text with another
question), `false`. Scored are the labelled pairs that count now; those that do not are told."""

from __future__ import annotations

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

from benchmarks.recall.edits import TRAINING, going
from benchmarks.recall.run import items_of, user_turns
from benchmarks.speed.measure import table
from curate.intervals import wilson
from curate.items import Item, item_text
from curate.matching.matchers import build_matchers
from curate.matching.profile import profile

LABELS = Path(__file__).parent / "labels.tsv"
RIGHT = ("leak", "same")
EACH = 12
BENCHMARKS = ("mbpp", "bbh", "mmlu", "math500", "humaneval", "gsm8k", "commonsense_qa")
"""Of all benchmarks whose names begin so."""
WIDTH = 500

Pair = tuple[str, int, str]
"""The training set, its row, and the item."""


def counting(items: Sequence[Item], data: Path) -> Iterator[tuple[Pair, str, str]]:
    """Every pair that counts, with both texts."""
    matchers = build_matchers(items, profile("default"))
    for name, path in TRAINING.items():
        texts = user_turns(data, path)
        for row, item in sorted(going([[text] for text in texts], matchers)):
            if items[item].benchmark.startswith(BENCHMARKS):
                yield (name, row, items[item].instance_id), texts[row], item_text(items[item])


def drawn(pairs: Sequence[Pair]) -> list[Pair]:
    """At most EACH of every training set and benchmark: those with the smallest hashes."""
    groups = defaultdict[tuple[str, str], list[Pair]](list)
    for pair in pairs:
        groups[pair[0], pair[2].split("/")[0]].append(pair)
    return [pair for own in groups.values() for pair in sorted(own, key=_hash)[:EACH]]


def _hash(pair: Pair) -> str:
    return blake2b("\t".join(map(str, pair)).encode()).hexdigest()


def score(labels: dict[Pair, str], counts: set[Pair]) -> str:
    """A line for each benchmark, and one for all."""
    lines = []
    names = sorted({pair[2].split("/")[0] for pair in labels})
    for name in [*names, "all"]:
        own = Counter(
            label for pair, label in labels.items()
            if pair in counts and name in ("all", pair[2].split("/")[0])
        )  # fmt: skip
        n, right = own.total(), sum(own[label] for label in RIGHT)
        low, high = wilson(right, n)
        said = ", ".join(f"{label} {k}" for label, k in own.most_common())
        share = f"{100 * right / n:.0f}" if n else "-"
        lines.append([name, str(n), share, f"{100 * low:.0f} to {100 * high:.0f}", said])
    return table(["benchmark", "read", "% right", "95 % interval", "labels"], lines)


def main() -> None:
    """Draw, or score."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with benchmarks/ and sft/")
    parser.add_argument("--draw", action="store_true", help="print the pairs, with their texts")
    given = parser.parse_args()
    data = given.data.resolve()
    items = items_of(data)
    texts = {pair: both for pair, *both in counting(items, data)}
    if given.draw:
        for pair in drawn(list(texts)):
            row, item = (text[:WIDTH].replace("\n", " ") for text in texts[pair])
            print(*pair, f"\n  ROW  {row}\n  ITEM {item}", sep="\t")
        return
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    labels = {(name, int(row), item): label for name, row, item, label in rows}
    print(score(labels, set(texts)))
    gone = sum(pair not in texts for pair in labels)
    print(f"\n{gone} of {len(labels)} labelled pairs do not count now")


if __name__ == "__main__":
    main()
