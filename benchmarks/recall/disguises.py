"""What is found of questions that are written in disguise: with what a reader does not see, or reads
past.

    python -m benchmarks.recall.disguises --data ../shared/data

plants every question of GSM8K test in a row of its own, in each of the ways below, and counts the rows
that would go under the profile `default`, with its texts normalised and as they stand. The control is the
question of another item in the same disguise: it must not hit the item. Prints a Markdown table."""

from __future__ import annotations

import argparse
import html
import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np

from benchmarks.speed.measure import table
from curate.items import Item
from curate.matching.matchers import Matchers, build_matchers, match_all
from curate.matching.profile import PROFILES
from curate.steps.decontaminate.found import hits_of, judge_all
from curate.steps.decontaminate.selftest import hit_own, turns_of

CYRILLIC = dict(zip("aceopxyHAT", "асеорхуНАТ", strict=True))


def bold(text: str) -> str:
    """Its letters in mathematical bold."""
    return "".join(
        unicodedata.lookup(
            f"MATHEMATICAL BOLD {'CAPITAL' if char.isupper() else 'SMALL'} {char.upper()}"
        )
        if char.isascii() and char.isalpha()
        else char
        for char in text
    )


DISGUISES: dict[str, Callable[[str], str]] = {
    "full-width": lambda text: "".join(chr(ord(c) + 0xFEE0) if c > " " else c for c in text),
    "mathematical bold": bold,
    "zero-width spaces": lambda text: "\u200b".join(text),
    "soft hyphens": lambda text: " ".join(f"{w[:2]}\u00ad{w[2:]}" for w in text.split()),
    "look-alikes": lambda text: " ".join(
        "".join(CYRILLIC.get(char, char) for char in word) if len(word) > 1 else word
        for word in text.split()
    ),
    "accents": lambda text: "".join(c + "\u0301" if c in "aeiou" else c for c in text),
    "strokes": lambda text: "".join(c + "\u0336" for c in text),
    "entities": lambda text: "&nbsp;".join(html.escape(text).split()),
    "numeric entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "tags": lambda text: "<p>" + " ".join(f"<b>{word}</b>" for word in text.split()) + "</p>",
    "percent-encoding": quote,
    "twice encoded": lambda text: quote(quote(text)),
    "hyphens at line ends": lambda text: " ".join(f"{w[:3]}-\n{w[3:]}" if w[3:].islower() else w for w in text.split()),
    "tabs": lambda text: "\t".join(text.split()),
    "carriage returns": lambda text: "\r".join(text.split()),
    "no-break spaces": lambda text: "\u00a0".join(text.split()),
}  # fmt: skip
"""Ways to write a text by name."""


def gone(matchers: Matchers, rows: list[str], own: np.ndarray) -> float:
    """The share of rows, in per cent, that would go for their own item."""
    found, _ = match_all(turns_of([[row] for row in rows]), matchers)
    hits = hits_of(judge_all(found, matchers.thresholds))
    return 100 * float(hit_own(hits, own.tolist()).mean())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with benchmarks/")
    path = parser.parse_args().data / "benchmarks" / "gsm8k" / "test.jsonl"
    texts = [json.loads(line)["question"] for line in path.read_text("utf-8").splitlines()]
    items = [Item("gsm8k", f"gsm8k/{i}", (text,)) for i, text in enumerate(texts)]
    default = PROFILES["default"]
    read, as_they_are = (
        build_matchers(items, replace(default, normalise=normalise)) for normalise in (True, False)
    )
    own = np.arange(len(items))
    lines = []
    for name, disguise in DISGUISES.items():
        rows = [disguise(text) for text in texts]
        shares = [
            gone(as_they_are, rows, own),
            gone(read, rows, own),
            gone(read, rows, np.roll(own, 1)),
        ]
        lines.append([name, *(f"{share:.2f}" for share in shares)])
        print(name, "done", flush=True)
    print(table(["% of rows that go", "as they stand", "normalised", "control"], lines))


if __name__ == "__main__":
    main()
