"""The data of the benchmark of learning: real instructions and pairs, a third of them with a
constraint to keep.

    python -m benchmarks.learning.data --data ../shared/data -o out/learning/data

writes `sft.jsonl`, `rlvr.jsonl`, `preference.jsonl`, `relaxed.jsonl` and `heldout.jsonl`, and
beside them the recipes of which `curate build` makes data sets. The same bytes every time:
everything is drawn from one seed. Instructions that share a paragraph are one group, and a group
stands on one side only (SFT, RLVR or held out), so that decontamination, which has the last word,
finds little to remove. Nothing is copied into the repository: rows are read where they lie."""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from benchmarks.learning.constraints import TYPES, Asked, Pair, Type, ask, keeps, kept
from curate.formats import detect, parse
from curate.sources import open_source

SEED = 0
RECIPES = Path(__file__).with_name("recipes")

DOSES = {
    "punctuation:no_comma": 40,
    "change_case:english_lowercase": 50,
    "change_case:english_capital": 50,
    "startend:quotation": 50,
    "startend:end_checker": 100,
    "detectable_format:title": 60,
    "detectable_content:postscript": 60,
    "detectable_format:number_bullet_lists": 120,
    "detectable_format:number_highlighted_sections": 100,
    "detectable_content:number_placeholders": 100,
    "keywords:existence": 120,
    "length_constraints:number_words": 120,
    "detectable_format:json_format": 50,
    "combination:two_responses": 80,
    "combination:repeat_prompt": 80,
    "change_case:capital_word_frequency": 100,
    "length_constraints:number_paragraphs": 100,
}
"""Rows of SFT for each type that is used: enough that sampling finds what is asked, and RLVR has
still to learn it.
"""
SETTLED = (
    "change_case:english_capital",
    "change_case:english_lowercase",
    "detectable_format:json_format",
    "detectable_format:title",
    "startend:quotation",
)
"""No prompts of RLVR: after SFT the first two are never kept, the others almost always, so that all
completions of a prompt get the same reward and nothing is learnt from it. They are held out and
measured like all others.
"""
PLAIN, CODE, RLVR, HELD_OUT = 2200, 400, 2500, 40
"""Rows of SFT without a constraint, such rows about code, rows of RLVR, held-out prompts of each
type.
"""
PAIRS = {"coconot": 420, "hh": 800, "llmbar": 400, "pandalm": 380}
"""Preference pairs of each set, at most."""
RELAXED = 60
"""Pairs of each type of constraint, at most, whose rejected answer is one to the instruction
without it.
"""
SHARES = (("heldout", 0.16), ("rlvr", 0.46), ("sft", 1.0))
"""Which side a group of instructions falls on, by the place of its digest between 0 and 1: the
upper ends.
"""

PROMPT_TOKENS, ANSWER_TOKENS, SIDE_TOKENS = 55, 75, 240
"""The longest instruction and answer of SFT, and the longest prompt with an answer of a preference
pair.
"""

INSTRUCTIONS = (
    "sft/alpaca_libre/output__work__alpaca_libre_tasks_v*.jsonl",
    "sft/llama_factory_demo/alpaca_en_demo.json",
)
QUESTIONS = "sft/flan_cot/strategyqa_train.tsv"
PROGRAMS = "sft/gpteacher/codegen-instruct.json"
TRANSCRIPTS = (
    ("coconot", "preference/coconot/coconot_pref.jsonl"),
    ("hh", "preference/hh_rlhf/test.jsonl.gz"),
)
_PIECE = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"\w+")
_NO_INPUT = re.compile(r"\b(?:no input|none|n/a)\W*$", re.IGNORECASE)

Rows = list[dict[str, Any]]


def size(text: str) -> int:
    """About as many tokens as a text has: words and signs."""
    return len(_PIECE.findall(text))


def normal(text: str) -> str:
    """A text as its words in lower case."""
    return " ".join(_WORD.findall(text.lower()))


def records(data: Path, name: str, kind: str) -> Iterator[dict[str, Any]]:
    """The sound records of a file, read as `curate build` would."""
    for block in open_source("data", str(data / name), base=data).blocks():
        yield from parse(block, detect(block, kind), kind).records.to_pylist()


def pairs_of(data: Path, name: str) -> Iterator[Pair]:
    """Instructions of one turn with their answers."""
    for record in records(data, name, "sft"):
        if [turn["role"] for turn in record["messages"]] == ["user", "assistant"]:
            yield Pair(*(turn["content"].strip() for turn in record["messages"]))


def questions(data: Path) -> Iterator[Pair]:
    """Questions with yes or no and the reason for it."""
    with (data / QUESTIONS).open(encoding="utf-8", newline="") as file:
        for question, answer, reason in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield Pair(question.strip(), f"{answer.strip().capitalize()}. {reason.strip()}")


def sound(pair: Pair) -> bool:
    """Short and in plain characters, with an answer of three words or more that is no list cut
    short.
    """
    listed = re.match(r"[-*•\d]", pair.answer) and "\n" not in pair.answer
    plain = pair.instruction.isascii() and "`" not in pair.instruction + pair.answer
    plain = plain and not _NO_INPUT.search(pair.instruction)
    return (
        plain
        and not listed
        and size(pair.instruction) <= PROMPT_TOKENS
        and len(pair.answer.split()) > 2
    )


def once(pairs: Iterable[Pair]) -> list[Pair]:
    """The first pair of every instruction."""
    found: dict[str, Pair] = {}
    for pair in pairs:
        found.setdefault(normal(pair.instruction), pair)
    return list(found.values())


def groups(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Pairs whose instructions share a paragraph, directly or by way of others."""
    root: dict[str, str] = {}

    def top(one: str) -> str:
        while root.setdefault(one, one) != one:
            one = root[one]
        return one

    paragraphs = [
        [normal(one) for one in pair.instruction.split("\n") if normal(one)] for pair in pairs
    ]
    for first, *others in paragraphs:
        for other in others:
            root[top(other)] = top(first)
    found: dict[str, list[Pair]] = {}
    for pair, (first, *_) in zip(pairs, paragraphs, strict=True):
        found.setdefault(top(first), []).append(pair)
    return list(found.values())


def sides(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Every pair on one side, its whole group with it, in an order that depends on nothing but the
    pairs.
    """
    found: dict[str, list[Pair]] = {name: [] for name, _ in SHARES}
    for group in groups(pairs):
        name = min(normal(pair.instruction) for pair in group)
        place = (
            int.from_bytes(hashlib.blake2b(f"{SEED} {name}".encode(), digest_size=8).digest())
            / 2**64
        )
        found[next(side for side, end in SHARES if place < end)] += group
    for side, own in found.items():
        own.sort(key=lambda pair: normal(pair.instruction))
        Random(f"{SEED} {side}").shuffle(own)
    return found


def used() -> list[Type]:
    """The types of constraint that have a dose."""
    return [kind for kind in TYPES if kind.id in DOSES]


def chat(instruction: str, answer: str, kind: str) -> dict[str, Any]:
    """A row of SFT."""
    turns = [{"role": "user", "content": instruction}, {"role": "assistant", "content": answer}]
    return {"messages": turns, "type": kind}


class Kept(NamedTuple):
    """A pair, what was asked beside its instruction, and its answer, rewritten so that it keeps
    that.
    """

    pair: Pair
    asked: Asked
    answer: str


def constrained(
    pairs: Sequence[Pair], doses: Mapping[str, int], name: str
) -> tuple[list[Kept], list[Pair]]:
    """Answers that keep a constraint, each type as often as its dose says, and the pairs that were
    not used.
    """
    rows, left = [], list(pairs)
    for kind in sorted(used(), key=lambda kind: -doses[kind.id]):
        rng, passed, missing = Random(f"{SEED} {name} {kind.id}"), [], doses[kind.id]
        for pair in left:
            asked = ask(kind, pair, rng) if missing else None
            answer = kept(kind, pair, asked, rng) if asked else None
            if asked and answer and size(answer) <= ANSWER_TOKENS:
                rows.append(Kept(pair, asked, answer))
                missing -= 1
            else:
                passed.append(pair)
        left = passed
    return rows, left


def sft(pairs: Sequence[Pair], programs: Sequence[Pair]) -> Rows:
    """The rows of SFT: with constraints, without, and about code."""
    short = [pair for pair in pairs if size(pair.answer) <= ANSWER_TOKENS]
    code = [pair for pair in programs if size(pair.answer) <= ANSWER_TOKENS]
    told, left = constrained(short, DOSES, "sft")
    rows = [chat(one.asked.prompt, one.answer, one.asked.type) for one in told]
    rows += [chat(pair.instruction, pair.answer, "none") for pair in left[:PLAIN]]
    rows += [chat(pair.instruction, pair.answer, "code") for pair in code[:CODE]]
    Random(f"{SEED} order").shuffle(rows)
    return rows


def prompts(pairs: Sequence[Pair], side: str, each: int) -> Rows:
    """Prompts with a constraint, so many of each type, the rarest first; no pair comes again before
    all others came.
    """
    rows: Rows = []
    rng, counts, taken = Random(f"{SEED} {side}"), Counter[str](), set[tuple[str, str]]()
    while len(rows) < each * len(used()):
        before = len(rows)
        for pair in pairs:
            free = (kind for kind in used() if (kind.id, pair.instruction) not in taken)
            open_types = [kind for kind in free if counts[kind.id] < each]
            for kind in sorted(open_types, key=lambda kind: counts[kind.id]):
                if asked := ask(kind, pair, rng):
                    truth = {"verifier": "ifeval", "ground_truth": asked.ground_truth}
                    rows.append(
                        {"instruction": pair.instruction, "prompt": asked.prompt, "type": kind.id}
                        | truth
                    )
                    counts[kind.id] += 1
                    taken.add((kind.id, pair.instruction))
                    break
        if len(rows) == before:
            break
    return rows


def relaxed(pairs: Sequence[Pair]) -> Rows:
    """Preference pairs like Tülu 3's of instruction following (paper, §5.2): instructions with a
    constraint.

    Chosen is the answer that keeps it, rejected the one to the instruction without it; the verifier
    agrees with both."""
    told, _ = constrained(pairs, dict.fromkeys(DOSES, RELAXED), "relaxed")
    rows = [
        _pair("relaxed", one.asked.prompt, one.answer, one.pair.answer)
        for one in told
        if not keeps(one.pair.answer, one.asked)
    ]
    Random(f"{SEED} relaxed").shuffle(rows)
    return rows


def preferences(data: Path) -> Iterator[dict[str, Any]]:
    """Pairs of every set, in one form.

    Left out are those that annotators found equal, and sums in bases other than ten, which no small
    model tells apart."""
    for name, file in TRANSCRIPTS:
        for record in records(data, file, "preference"):
            yield {"set": name} | {side: record[side] for side in ("prompt", "chosen", "rejected")}
    for path in sorted((data / "preference/llmbar").glob("*dataset.json")):
        if "Base_" in path.name:
            continue
        for row in json.loads(path.read_text("utf-8")):
            yield _judged("llmbar", row["input"], (row["output_1"], row["output_2"]), row["label"])
    for row in json.loads((data / "preference/pandalm/testset-v1.json").read_text("utf-8")):
        label, votes = Counter(row[f"annotator{n}"] for n in (1, 2, 3)).most_common(1)[0]
        if label in (1, 2) and votes > 1:
            prompt = "\n\n".join(str(row[name]) for name in ("instruction", "input") if row[name])
            yield _judged("pandalm", prompt, (str(row["response1"]), str(row["response2"])), label)


def _judged(name: str, prompt: str, answers: tuple[str, str], label: int) -> dict[str, Any]:
    return _pair(name, prompt, *(answers if label == 1 else answers[::-1]))


def _pair(name: str, prompt: str, chosen: str, rejected: str) -> dict[str, Any]:
    sides = {
        "chosen": ("assistant", chosen),
        "rejected": ("assistant", rejected),
        "prompt": ("user", prompt),
    }
    return {"set": name} | {
        side: [{"role": role, "content": text}] for side, (role, text) in sides.items()
    }


def preference(data: Path) -> Rows:
    """Short pairs whose two answers differ, at most so many of each set, in an order drawn once."""
    rows = list(preferences(data))
    Random(f"{SEED} preference").shuffle(rows)
    left, found = Counter(PAIRS), []
    for row in rows:
        texts = [
            " ".join(turn["content"] for turn in row[side])
            for side in ("prompt", "chosen", "rejected")
        ]
        prompt, *answers = map(normal, texts)
        short = size(texts[0]) + max(map(size, texts[1:])) <= SIDE_TOKENS
        if short and prompt and all(answers) and answers[0] != answers[1] and left[row["set"]]:
            left[row["set"]] -= 1
            found.append(row | {side: _stripped(row[side]) for side in ("chosen", "rejected")})
    return found


def _stripped(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without blanks at the ends of a turn: some models leave them, and a pair must not be told
    apart by that.
    """
    return [turn | {"content": turn["content"].strip()} for turn in messages]


def write(path: Path, rows: Rows) -> None:
    """Rows as JSON, one a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def make(data: Path, out: Path) -> dict[str, Rows]:
    """Write all files of the benchmark into a folder, and give their rows."""
    plain = [pair for name in INSTRUCTIONS for pair in pairs_of(data, name)]
    split = sides([pair for pair in once([*plain, *questions(data)]) if sound(pair)])
    programs = sides(once(pairs_of(data, PROGRAMS)))["sft"]
    files = {
        "sft": sft(split["sft"], programs),
        "rlvr": [
            row
            for row in prompts(split["rlvr"], "rlvr", -(-RLVR // len(DOSES)))
            if row["type"] not in SETTLED
        ],
        "heldout": prompts(split["heldout"], "heldout", HELD_OUT),
        "preference": preference(data),
        "relaxed": relaxed(split["rlvr"]),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        write(out / f"{name}.jsonl", rows)
    for recipe in sorted(RECIPES.glob("*.yaml")):
        shutil.copyfile(recipe, out / recipe.name)
    return files


def main() -> None:
    """Write the files, and say how many rows of each kind they hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the folder to write into")
    options = parser.parse_args()
    for name, rows in make(options.data.resolve(), options.out).items():
        kinds = Counter(row.get("type", row.get("set")) for row in rows)
        print(
            f"{name}: {len(rows)} rows ({', '.join(f'{kind} {n}' for kind, n in sorted(kinds.items()))})"
        )


if __name__ == "__main__":
    main()
