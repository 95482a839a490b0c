"""Write the quickstart data: rows made from templates.yaml, and among them benchmark items planted
in known ways.

    python mixtures/quickstart/make_data.py

The same files come out every time. planted.json says for each planted row how the item was hidden
and which matchers are expected to find it; the expectation is written by hand in templates.yaml,
and tests/test_quickstart.py checks it, that of n-grams with a plain version of the rule."""

from __future__ import annotations

import csv
import hashlib
import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
PER_TEMPLATE = 4
NUMBERS = {"a": (21, 60), "b": (5, 14), "c": (2, 17)}
"""Of a sum's numbers the smallest, and how many there are to choose from."""

FORMULAS: dict[str, Callable[[int, int, int], int]] = {
    "2 * a + b + 2 * c": lambda a, b, c: 2 * a + b + 2 * c,
    "2 * a + b + c": lambda a, b, c: 2 * a + b + c,
    "2 * a - b + 2 * c": lambda a, b, c: 2 * a - b + 2 * c,
    "a * b + c": lambda a, b, c: a * b + c,
    "a * b - c": lambda a, b, c: a * b - c,
    "a + a * b + c": lambda a, b, c: a + a * b + c,
    "a + b * c": lambda a, b, c: a + b * c,
    "a + b + c": lambda a, b, c: a + b + c,
    "a - b + c": lambda a, b, c: a - b + c,
}


@dataclass(frozen=True)
class Plant:
    """One item hidden in a source: before which row, in which way, and which matchers find it."""

    source: str
    before: int
    item: str
    how: str
    caught: bool
    others: list[str]
    why: str
    answer: str


AROUND = (
    "Hello! My sister is preparing a table display for the open day of her school, and three of the cards are still "
    "missing. She has asked me for help with the one about the kitchen, since I cook more than she does. I would like "
    "to have a text that fits on a postcard. This is what stands on her list: ",
    " If it gets longer than a postcard, that is fine too, she can print it on the back as well. There will be coffee "
    "for everybody who brings a finished card along, and I have already promised her that ours will be the best of "
    "them all. Thanks in advance, and please leave out anything that needs a picture to be understood.",
)
BET = ("My brother and I have a bet running since breakfast. ", " Who of us is right?")
ASKED = (
    "Ask me something that I have never thought about.",
    "Good one! And what is your own answer?",
)
QUOTED = ("Somebody asked me this and then left: ", " ... How might it have ended?")
CHANGED = "somewhat rather kindly perhaps truly".split()
PARAPHRASE = (
    "How come a loaf left out overnight turns into a brick when cookies next to it get limp?"
)
OTHER_NUMBERS = (
    "A shop lowers the price of a winter coat by 40 percent in January and then raises the new price by 60 percent "
    "in February. The coat first cost 240 euros. What does it cost in the end?"
)
OTHER_NAMES = (
    "The archive charges 20 cents a day for each missing map. Rosalind returns two charts eight days late and one "
    "globe seven days late. What is her fine?"
)


def pick(*key: object) -> int:
    """Give a number that depends on the key alone, the same on every machine and Python."""
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big")


def values(
    slots: Mapping[str, list[str]],
    source: str,
    template: int,
    round_: int,
    numbers: Mapping[str, tuple[int, int]] = NUMBERS,
) -> dict[str, Any]:
    """Choose a value for every slot and the three numbers of a row; the rounds of one template all
    differ.
    """
    chosen: dict[str, Any] = {
        name: options[
            (pick(source, template, name) + round_ * (1 + pick(source, name) % 2)) % len(options)
        ]
        for name, options in slots.items()
    }
    return chosen | {
        n: low + pick(source, template, n, round_) % span for n, (low, span) in numbers.items()
    }


def fill(template: str, chosen: Mapping[str, Any]) -> str:
    """Fill a template; it begins with a capital letter."""
    text = template.format(**chosen)
    return text[:1].upper() + text[1:]


def as_messages(turns: list[str]) -> list[dict[str, str]]:
    """Make messages of turns, the user's first."""
    return [
        {"role": "assistant" if n % 2 else "user", "content": turn} for n, turn in enumerate(turns)
    ]


def make_chats(templates: list[list[str]], slots: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Make the rows of chats.jsonl: a list of messages, and in every fifth row a system turn."""
    rows = []
    for number in range(PER_TEMPLATE * len(templates)):
        chosen = values(slots, "chats", number % len(templates), number // len(templates))
        turns = [fill(turn, chosen) for turn in templates[number % len(templates)]]
        messages = as_messages(turns)
        if number % 5 == 0:
            messages.insert(
                0, {"role": "system", "content": f"You are a {chosen['mood']} assistant."}
            )
        rows.append({"id": f"chat-{number:03}", "messages": messages})
    return rows


def make_instructions(
    templates: list[dict[str, str]], slots: Mapping[str, list[str]]
) -> list[dict[str, str]]:
    """Make the rows of instructions.json, in the form of Alpaca."""
    rows = []
    for number in range(PER_TEMPLATE * len(templates)):
        template = templates[number % len(templates)]
        chosen = values(slots, "instructions", number % len(templates), number // len(templates))
        given = fill(template.get("input", ""), chosen)
        output = fill(template["output"], chosen)
        if output == "SORTED":
            output = ", ".join(sorted(given.split(", "), key=str.lower))
        elif output == "COUNT":
            output = str(len(given))
        rows.append(
            {"instruction": fill(template["instruction"], chosen), "input": given, "output": output}
        )
    return rows


def make_sums(
    templates: list[dict[str, str]], slots: Mapping[str, list[str]]
) -> list[dict[str, str]]:
    """Make the rows of sums.csv: a question, and its answer with the unit."""
    rows = []
    for number in range(PER_TEMPLATE * len(templates)):
        template = templates[number % len(templates)]
        chosen = values(slots, "sums", number % len(templates), number // len(templates))
        result = FORMULAS[template["answer"]](chosen["a"], chosen["b"], chosen["c"])
        rows.append(
            {
                "question": fill(template["question"], chosen),
                "answer": f"{result} {template['unit']}",
            }
        )
    return rows


def change_every(text: str, step: int) -> str:
    """Replace every `step`-th word of a text."""
    words = text.split(" ")
    for n in range(step - 1, len(words), step):
        words[n] = CHANGED[n // step % len(CHANGED)]
    return " ".join(words)


def hide(plant: Plant, text: str) -> list[str]:
    """Give the turns in which an item is hidden, user first; one turn for sources without chats."""
    words = text.split(" ")
    half = len(words) // 2
    ways: dict[str, list[str]] = {
        "verbatim": [text],
        "verbatim, fewer than eight tokens": [text],
        "embedded in long text": [AROUND[0] + text + AROUND[1]],
        "embedded in long text, fewer than eight tokens": [BET[0] + text + BET[1]],
        "upper case": [text.upper()],
        "wrapped lines": [textwrap.fill(text, 28)],
        "every 10th word changed": [change_every(text, 10)],
        "every 7th word changed": [change_every(text, 7)],
        "spread over two user turns": [
            " ".join(words[:half]),
            "Go on, I am listening.",
            " ".join(words[half:]),
        ],
        "in the assistant's turn": [ASKED[0], text, ASKED[1]],
        "paraphrased": [PARAPHRASE],
        "half of it quoted": [QUOTED[0] + " ".join(words[:16]) + QUOTED[1]],
        "numbers changed": [OTHER_NUMBERS],
        "names and numbers changed": [OTHER_NAMES],
        "split over instruction and input": text.split(": "),
    }
    return ways[plant.how]


def as_row(plant: Plant, text: str) -> dict[str, Any]:
    """Make a row of the plant's source that hides an item's text."""
    turns = hide(plant, text)
    if plant.source == "sums":
        return {"question": turns[0], "answer": plant.answer}
    if plant.source == "instructions":
        first, given = (turns[0] + ":", turns[1]) if len(turns) == 2 else (turns[0], "")
        return {"instruction": first, "input": given, "output": plant.answer}
    return {"id": f"chat-{plant.item}", "messages": as_messages([*turns, plant.answer])}


def plant_all(
    plants: list[Plant], rows: dict[str, list[dict[str, Any]]], items: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Put the planted rows in among the others, in rising order; give the list of what was planted
    where.
    """
    planted = []
    for plant in plants:
        rows[plant.source].insert(plant.before, as_row(plant, items[plant.item]))
        planted.append(
            {
                "row": f"{plant.source}/{plant.before}",
                "item": f"everyday/{plant.item}",
                "how": plant.how,
                "expected": "caught" if plant.caught else "missed",
                "matchers": sorted([*plant.others, *(["ngram"] if plant.caught else [])]),
                "why": plant.why,
            }
        )
    return planted


def make(folder: Path) -> None:
    """Write the three data files and planted.json below `folder`."""
    templates = yaml.safe_load((HERE / "templates.yaml").read_text(encoding="utf-8"))
    lines = (HERE / "benchmark.jsonl").read_text(encoding="utf-8").splitlines()
    items = {item["id"]: item["question"] for item in map(json.loads, lines)}
    slots = templates["slots"]
    rows: dict[str, list[dict[str, Any]]] = {
        "chats": make_chats(templates["chats"], slots),
        "instructions": [dict(row) for row in make_instructions(templates["instructions"], slots)],
        "sums": [dict(row) for row in make_sums(templates["sums"], slots)],
    }
    planted = plant_all([Plant(**plant) for plant in templates["plants"]], rows, items)
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    chats = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows["chats"])
    (data / "chats.jsonl").write_text(chats, encoding="utf-8")
    (data / "instructions.json").write_text(
        json.dumps(rows["instructions"], indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    with (data / "sums.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["question", "answer"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows["sums"])
    (folder / "planted.json").write_text(
        json.dumps(planted, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    make(HERE)
