"""What dedup finds of rows that were changed, and what it takes of rows that are only alike.

    python -m benchmarks.recall.duplicates ../shared/data

Each case is a build of its own with the settings of `curate dedup`; which rows went, and for which,
is read from its audit. What is right is known from elsewhere: a changed copy has the number of its
original, and the Jaccard value of the two is counted here, with sets of plain Python. Everything
random is drawn from one seed. Prints Markdown tables, and examples."""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.speed.measure import table
from curate import sql
from curate.mixture import Options
from curate.mixture.run import build
from curate.recipe import make_recipe
from curate.text.normalise import folded
from curate.text.tokenise import tokens

SEED, EACH, SHINGLE = 15, 1500, 5
THRESHOLDS = (0.5, 0.8)
SETS = {
    "sft/gsm8k/train.jsonl": ("question", "answer"),
    "sft/math/orgn-MATH-train.jsonl": ("problem", "solution"),
    "sft/gpteacher/codegen-instruct.json": ("instruction", "response"),
    "sft/llama_factory_demo/alpaca_en_demo.json": ("instruction", "output"),
}
TEMPLATE, TEMPLATES = 2000, 5
"""Rows made of one question with other numbers, and how many questions are taken."""
LEVELS = (0.9, 0.8, 0.7, 0.6, 0.5)
SHOWN = 5
_PIECES = re.compile(r"\s+|\S+")
_ENDS = re.compile(r"(?<=[.!?])\s+|\n+")
_NUMBER = re.compile(r"\d+")

Row = tuple[str, str]
"""What is asked, and the answer."""


class Found(NamedTuple):
    """A row that is like one that stays: where each of the two comes from, and what they are."""

    source: str
    row: int
    kept_source: str
    kept: int
    kind: str
    jaccard: float
    dropped: bool


def dedup(sources: Mapping[str, Sequence[Row]], **spec: object) -> list[Found]:
    """Put rows through the step; of two that are alike that of the first source stays."""
    kind = "sft" if all(answer for rows in sources.values() for _, answer in rows) else "prompt"
    with tempfile.TemporaryDirectory() as name:
        for source, rows in sources.items():
            lines = (json.dumps(_record(kind, *row)) for row in rows)
            Path(name, f"{source}.jsonl").write_text("\n".join(lines))
        given = [{"name": source, "from": f"{source}.jsonl"} for source in sources]
        recipe = make_recipe({"name": "x", "kind": kind, "sources": given, "dedup": spec}, "recipe")
        out = Path(name, "out")
        build(recipe, out, base=Path(name), options=Options(stages=None))
        found = sql(out, "SELECT doc_id, kept_id, kind, jaccard, dropped FROM duplicates")
    return [
        Found(*_place(doc), *_place(kept), *rest)
        for doc, kept, *rest in zip(*found.to_pydict().values(), strict=True)
    ]


def _place(doc_id: str) -> tuple[str, int]:
    source, _, row = doc_id.rpartition("/")
    return source, int(row)


def _record(kind: str, prompt: str, answer: str) -> dict[str, object]:
    asked = {"role": "user", "content": prompt}
    if kind == "prompt":
        return {"prompt": [asked]}
    return {"messages": [asked, {"role": "assistant", "content": answer}]}


def jaccard(a: Row, b: Row) -> float:
    """By the definition, on texts as the step compares them."""
    one, other = (_shingles(row) for row in (a, b))
    return len(one & other) / len(one | other) if one | other else 0.0


def _shingles(row: Row) -> set[tuple[str, ...]]:
    own = [token.text for text in row for token in tokens(folded(text, accents=True).text)]
    size = min(SHINGLE, len(own))
    return {tuple(own[i : i + size]) for i in range(len(own) - size + 1)} if size else set()


def every(step: int, text: str, words: Sequence[str], rng: random.Random) -> str:
    """One word in so many replaced; words with digits stay, since other numbers make a variant."""
    pieces = _PIECES.findall(text)
    places = [at for at, piece in enumerate(pieces) if piece.isalpha() or piece[:-1].isalpha()]
    n = sum(not piece.isspace() for piece in pieces) // step
    for at in rng.sample(places, min(n, len(places))):
        pieces[at] = rng.choice(words)
    return "".join(pieces)


def reordered(text: str, rng: random.Random) -> str:
    """The sentences in another order."""
    sentences = [one for one in _ENDS.split(text) if one]
    rng.shuffle(sentences)
    return " ".join(sentences)


def truncated(text: str) -> str:
    """Without the last tenth of its words."""
    pieces = _PIECES.findall(text)
    return "".join(pieces[: len(pieces) - len(pieces) // 10])


Way = Callable[[Row, Sequence[str], random.Random], Row]
WAYS: dict[str, Way] = {
    "one word in 15 changed": lambda row, words, rng: _both(
        row, lambda t: every(15, t, words, rng)
    ),
    "one word in 40 changed": lambda row, words, rng: _both(
        row, lambda t: every(40, t, words, rng)
    ),
    "sentences reordered": lambda row, words, rng: _both(row, lambda t: reordered(t, rng)),
    "a tenth of the answer cut": lambda row, words, rng: (row[0], truncated(row[1])),
}


def _both(row: Row, change: Callable[[str], str]) -> Row:
    return change(row[0]), change(row[1])


def read(data: Path, name: str, prompt: str, answer: str) -> list[Row]:
    """The rows of a file; of an instruction with an input, both."""
    text = (data / name).read_text("utf-8")
    rows = json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines())
    return [
        ("\n".join(filter(None, [row[prompt], row.get("input")])), row.get(answer, ""))
        for row in rows
    ]


def on_copies(data: Path) -> Iterator[str]:
    """Changed copies of real rows beside their originals, of which no two are alike: what is found,
    and what goes wrongly.
    """
    rng = random.Random(SEED)
    every_row = [read(data, name, *fields) for name, fields in SETS.items()]
    rows = [row for own in every_row for row in rng.sample(own, min(EACH, len(own))) if all(row)]
    alike = {one.row for one in dedup({"rows": rows}, threshold=min(THRESHOLDS), variants="drop")}
    rows = [row for place, row in enumerate(rows) if place not in alike]
    words = [word for row in rows for text in row for word in text.split() if word.isalpha()]
    lines: list[list[object]] = []
    wrong: dict[tuple[int, int], Found] = {}
    for way, change in WAYS.items():
        copies = [change(row, words, rng) for row in rows]
        values = [jaccard(*pair) for pair in zip(rows, copies, strict=True)]
        for threshold in THRESHOLDS:
            found = dedup({"originals": rows, "copies": copies}, threshold=threshold)
            state = {one.row: one for one in found if one.source == "copies"}
            at = [i for i, value in enumerate(values) if threshold <= value < 1]
            went = sum(i in state and state[i].dropped for i in at)
            kept = sum(i in state and not state[i].dropped for i in at)
            gone = [one for one in found if one.dropped and one.kind == "near"]
            bad = [one for one in gone if one.source != "copies" or one.row != one.kept]
            wrong |= {(one.row, one.kept): one for one in bad if threshold == max(THRESHOLDS)}
            right = len(gone) - len(bad)
            shares = [_share(n, len(at)) for n in (went, kept, len(at) - went - kept)]
            lines.append([way, threshold, f"{len(at):,}", *shares, _share(right, len(gone))])
    head = ["copies", "threshold", "pairs at or above it", "went, %", "variants, %", "missed, %"]
    yield table([*head, "of rows that went, for their original, %"], lines)
    for one in list(wrong.values())[:SHOWN]:
        yield f"{one.jaccard:.3f}\n  {rows[one.row]!r:.600}\n  {rows[one.kept]!r:.600}"


def _share(n: int, of: int) -> str:
    return f"{100 * n / of:.2f}" if of else "-"


def on_numbers(data: Path) -> str:
    """Rows of one question with other numbers: of the questions that have most words a number."""
    rng = random.Random(SEED)
    asked = [prompt for prompt, _ in read(data, "sft/gsm8k/train.jsonl", "question", "answer")]
    asked = [prompt for prompt in asked if len(_NUMBER.findall(prompt)) > 1]
    asked.sort(key=lambda prompt: -len(prompt.split()) / len(_NUMBER.findall(prompt)))
    lines = []
    for prompt in asked[:TEMPLATES]:
        rows = list(dict.fromkeys((_renumbered(prompt, rng), "") for _ in range(TEMPLATE)))
        found = dedup({"rows": rows}, threshold=0.8)
        went = sum(one.dropped for one in found)
        lines.append([f"{prompt[:60]}…", len(rows), len(found), went, _share(went, len(rows))])
    return table(["question", "rows", "alike", "went", "%"], lines)


def _renumbered(prompt: str, rng: random.Random) -> str:
    return _NUMBER.sub(lambda own: str(rng.randrange(2, 10 ** (len(own.group()) + 1))), prompt)


def on_templates(data: Path) -> Iterator[str]:
    """Rows of one prompt template about other things: what goes, of each."""
    lines, shown, of = [], [], 0
    for path in sorted((data / "sft/t0_train_50k").glob("*.jsonl")):
        rows = read(data, str(path.relative_to(data)), "prompt", "completion")
        found = dedup({"rows": rows}, threshold=0.8)
        went = [one for one in found if one.dropped and one.kind == "near"]
        kept = sum(not one.dropped for one in found)
        if found:
            lines.append([path.stem, len(rows), kept, len(went)])
        of += len(rows)
        shown += [(one, rows) for one in went]
    yield table(["template", "rows", "variants", "went"], lines)
    yield f"{len(shown)} of {of:,} rows went"
    for one, rows in shown[:SHOWN]:
        yield f"{one.jaccard:.3f}\n  {rows[one.row]!r:.900}\n  {rows[one.kept]!r:.900}"


def on_rephrased(data: Path) -> str:
    """Questions of GSM8K beside the same in other words."""
    asked = read(data, "benchmarks/gsm8k/test.jsonl", "question", "")
    name = "sft/llm_decontaminator/rephrase__rephrase_gsm8k.jsonl"
    texts = [row for row, _ in read(data, name, "text", "")]
    again = [(text.removeprefix("Question: ").partition("\nAnswer:")[0], "") for text in texts]
    found = dedup({"asked": asked, "again": again}, threshold=0.8)
    went = sum(one.dropped and one.source == "again" for one in found)
    return f"of {len(again):,} rephrased questions {went} went ({_share(went, len(again))} %)"


def on_levels(data: Path) -> Iterator[str]:
    """GPTeacher's set at its authors' level 0.9, put through dedup, beside what is left at 0.6."""
    folder = "sft/gpteacher/toolformer-similarity"
    rows = read(data, f"{folder}-0.9-dataset.json", "instruction", "response")
    fewer = set(read(data, f"{folder}-0.6-dataset.json", "instruction", "response"))
    theirs = {i for i, row in enumerate(rows) if row not in fewer}
    lines, found = [], []
    for level in LEVELS:
        found = dedup({"rows": rows}, threshold=level)
        ours = {one.row for one in found if one.dropped}
        variants = len(found) - len(ours)
        lines.append([level, len(rows) - len(ours), variants, len(ours), len(ours & theirs)])
    head = ["threshold", "rows left", "of them variants", "went", "also gone at the authors' 0.6"]
    yield f"{len(rows):,} rows at 0.9, of which {len(theirs):,} are gone at 0.6"
    yield table(head, lines)
    alike = {one.row: one for one in found}
    rng = random.Random(SEED)
    for row in rng.sample(sorted(theirs), SHOWN):
        near = alike.get(row)
        like = f"{near.kind} of\n  {rows[near.kept]!r:.700}" if near else "like none at 0.5"
        yield f"gone at the authors' 0.6:\n  {rows[row]!r:.700}\n{like}"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data.resolve()
    for part in (on_copies(data), [on_numbers(data)], on_templates(data), [on_rephrased(data)]):
        print(*part, sep="\n\n", end="\n\n", flush=True)
    print(*on_levels(data), sep="\n\n")


if __name__ == "__main__":
    main()
