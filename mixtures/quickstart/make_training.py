"""Write the quickstart data that a small model is trained on, from training.yaml.

    python -m mixtures.quickstart.make_training

- data/lessons.jsonl (sft): tasks with one or two constraints and answers that keep them; small sums, worked out.
- data/pairs.jsonl (preference): a right answer against one that refuses, rambles, misses the task or is wrong; each of
  the two is the longer one in half of the pairs, so that length does not tell which is preferred.
- data/tasks.jsonl and data/small_sums.jsonl (rlvr): prompts of the same kinds for the verifiers ifeval and gsm8k.

The rounds of a template are shared out, so no prompt stands in two files. The same files come out
every time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import add, mul, sub
from pathlib import Path
from typing import Any

import yaml

from mixtures.quickstart.make_data import as_messages, fill, pick, values

HERE = Path(__file__).resolve().parent
NUMBERS = {"a": (12, 9), "b": (2, 4), "c": (1, 6)}
TASK_ROUNDS = {"lessons": range(5), "rewarded": range(5, 12), "compared": range(12, 18)}
SUM_ROUNDS = {"lessons": range(2), "rewarded": range(2, 7), "compared": range(7, 13)}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Constraint:
    """A constraint of ifeval: its type, arguments and wordings, and sentences that an answer needs
    to keep it.
    """

    id: str
    kwargs: Mapping[str, Any]
    ask: list[str]
    add: Sequence[str] = ()


@dataclass(frozen=True)
class Answered:
    """A prompt with a right answer, and the constraints that the prompt states, as a label of
    ifeval.
    """

    prompt: str
    answer: str
    label: Sequence[Mapping[str, Any]] = ()


def _without_commas(said: list[str], chosen: Values) -> list[str]:
    return [one.replace(",", "") for one in said]


def _highlighted(said: list[str], chosen: Values) -> list[str]:
    n = chosen["marked"]
    return [re.sub(r"(\w+)(\W)$", r"*\1*\2", one) for one in said[:n]] + said[n:]


def _sections(said: list[str], chosen: Values) -> str:
    return "\n".join(f"{chosen['part']} {n}\n{one}" for n, one in enumerate(said, 1))


WORDINGS: Mapping[str, Callable[[list[str], Values], list[str]]] = {
    "punctuation:no_comma": _without_commas,
    "detectable_format:number_highlighted_sections": _highlighted,
}
LAYOUTS: Mapping[str, Callable[[list[str], Values], str]] = {
    "startend:quotation": lambda said, chosen: f'"{" ".join(said)}"',
    "startend:end_checker": lambda said, chosen: f"{' '.join(said)} {chosen['ending']}",
    "detectable_format:title": lambda said, chosen: f"<<{chosen['title']}>>\n{' '.join(said)}",
    "detectable_format:number_bullet_lists": lambda said, chosen: "\n".join(
        f"* {one}" for one in said
    ),
    "detectable_format:multiple_sections": _sections,
    "detectable_content:postscript": lambda said, chosen: (
        f"{' '.join(said)}\nP.S. Think of the {chosen['thing']}."
    ),
    "detectable_format:json_format": lambda said, chosen: json.dumps({"answer": " ".join(said)}),
    "first_word:first_word_answer": lambda said, chosen: f"{chosen['opening']}: {' '.join(said)}",
}
OPERATIONS: Mapping[str, Callable[[int, int], int]] = {"+": add, "-": sub, "*": mul}


def constraints(given: Mapping[str, Any], number: int, round_: int) -> list[Constraint]:
    """Choose a wording, a layout, or one of each."""
    which = (["wordings"], ["layouts"], ["wordings", "layouts"])[pick("which", number, round_) % 3]
    return [
        Constraint(**given[name][pick(name, number, round_) % len(given[name])]) for name in which
    ]


def constrained(task: Mapping[str, Any], asked: list[Constraint], chosen: Values) -> Answered:
    """Answer a task so that every constraint is kept, and state the constraints behind it.

    The numbers of sums, which a task has no use for, decide what is free: sentences, wordings,
    highlights."""
    sentences = task["say"][: 2 if len(asked) > 1 else 2 + chosen["a"] % 2]
    said = [fill(one, chosen) for one in [*sentences, *(more for one in asked for more in one.add)]]
    known = {
        **chosen,
        "title": fill(task["title"], chosen),
        "pieces": len(said),
        "marked": 1 + chosen["b"] % 2,
    }
    for one in asked:
        said = WORDINGS[one.id](said, known) if one.id in WORDINGS else said
    answer = next(
        (LAYOUTS[one.id](said, known) for one in asked if one.id in LAYOUTS), " ".join(said)
    )
    known["words"] = 5 + len(re.findall(r"\w+", answer)) // 5 * 5
    stated = [fill(one.ask[chosen["c"] % len(one.ask)], known) for one in asked]
    label = [
        {"id": one.id, "kwargs": {name: value(kind, known) for name, kind in one.kwargs.items()}}
        for one in asked
    ]
    return Answered(" ".join([fill(task["ask"], chosen), *stated]), answer, label)


def value(argument: Any, chosen: Values) -> Any:
    """Give the value of the slot or number that an argument names, or the argument as it stands."""
    return (
        [value(one, chosen) for one in argument]
        if isinstance(argument, list)
        else chosen.get(argument, argument)
    )


def work_out(work: str, chosen: Values) -> tuple[list[str], int]:
    """Work out a sum such as `a * b + c` from left to right: its steps and the result."""
    first, *rest = work.split()
    steps, total = [], chosen[first]
    for sign, name in zip(rest[::2], rest[1::2], strict=True):
        result = OPERATIONS[sign](total, chosen[name])
        steps.append(f"{total} {sign} {chosen[name]} = {result}")
        total = result
    return steps, total


def sum_in_words(steps: list[str], total: int, unit: str) -> str:
    """Say the steps of a sum, and then its result with the unit."""
    return " ".join([*(f"{step}." for step in steps), f"That makes {total} {unit}."])


def miscounted(steps: list[str], total: int, unit: str, boast: str) -> str:
    """Say a sum with a wrong result: with all its steps and a boast, or, without a boast, no steps
    either.
    """
    wrong = f"{steps[-1].rpartition(' ')[0]} {total}"
    return (
        f"{sum_in_words([*steps[:-1], wrong], total, unit)} {boast}"
        if boast
        else sum_in_words([], total, unit)
    )


def size(text: str) -> int:
    """Count words, digits and signs, which is about what a model reads."""
    return len(re.findall(r"\d|[^\W\d]+|[^\w\s]", text))


def empty_words(pool: Mapping[str, list[str]], wanted: float, chosen: Values) -> str:
    """Say nothing of about the wanted size: one of the sentences to begin with, then others from a
    place on.
    """
    text = fill(pool["begin"][chosen["b"] % len(pool["begin"])], chosen)
    at = chosen["a"] % len(pool["go on"])
    for more in [*pool["go on"][at:], *pool["go on"][:at]]:
        longer = f"{text} {fill(more, chosen)}"
        if size(text) + size(longer) > 2 * wanted:
            break
        text = longer
    return text


def compared_task(
    given: Mapping[str, Any], number: int, round_: int, chosen: Values
) -> dict[str, str]:
    """Answer a task without constraints, and beside it refuse, ramble, or answer another task."""
    tasks, longer = given["tasks"], (number + round_) % 2 == 1
    good = " ".join(fill(one, chosen) for one in tasks[number]["say"][:2])
    fault = ("refusing", "rambling", "missing")[pick("fault", number, round_) % 3]
    if fault == "missing":
        other = tasks[(number + 1 + chosen["a"]) % len(tasks)]["say"][: 3 if longer else 1]
        bad = " ".join(fill(one, chosen) for one in other)
    else:
        bad = empty_words(given[fault], size(good) * (1.5 if longer else 0.6), chosen)
    return {"prompt": fill(tasks[number]["ask"], chosen), "chosen": good, "rejected": bad}


def compared_sum(
    given: Mapping[str, Any], number: int, round_: int, chosen: Values
) -> dict[str, str]:
    """Answer a sum, and beside it refuse, ramble, or miscount."""
    template, longer = given["sums"][number], (number + round_) % 2 == 1
    steps, total = work_out(template["work"], chosen)
    unit = template["unit"].format(**chosen)
    good = sum_in_words(steps, total, unit)
    fault = ("refusing", "rambling", "wrong", "wrong")[pick("slip", number, round_) % 4]
    if fault == "wrong":
        boast = given["boasting"][chosen["b"] % len(given["boasting"])] if longer else ""
        bad = miscounted(steps, total + (1, -1, 2, 10)[chosen["c"] % 4], unit, boast)
    else:
        bad = empty_words(given[fault], size(good) * (1.5 if longer else 0.6), chosen)
    return {"prompt": fill(template["question"], chosen), "chosen": good, "rejected": bad}


def rows(
    given: Mapping[str, Any], slots: Mapping[str, list[str]]
) -> dict[str, list[dict[str, Any]]]:
    """Make the rows of the four files, round by round of all templates."""

    def places(
        name: str, rounds: Mapping[str, range], use: str
    ) -> Iterable[tuple[int, int, dict[str, Any]]]:
        for round_ in rounds[use]:
            for number in range(len(given[name])):
                yield number, round_, values(slots, f"training {name}", number, round_, NUMBERS)

    def tasks(use: str) -> list[Answered]:
        found = places("tasks", TASK_ROUNDS, use)
        return [
            constrained(given["tasks"][n], constraints(given, n, round_), chosen)
            for n, round_, chosen in found
        ]

    def sums(use: str) -> list[tuple[str, list[str], int, str]]:
        templates = [(given["sums"][n], chosen) for n, _, chosen in places("sums", SUM_ROUNDS, use)]
        return [
            (fill(t["question"], c), *work_out(t["work"], c), t["unit"].format(**c))
            for t, c in templates
        ]

    lessons = [(one.prompt, one.answer) for one in tasks("lessons")]
    lessons += [
        (question, sum_in_words(steps, total, unit))
        for question, steps, total, unit in sums("lessons")
    ]
    return {
        "lessons": [{"messages": as_messages(list(turns))} for turns in lessons],
        "tasks": [
            {
                "messages": as_messages([one.prompt]),
                "ground_truth": json.dumps(one.label),
                "dataset": "ifeval",
            }
            for one in tasks("rewarded")
        ],
        "small_sums": [
            {"question": question, "answer": "\n".join([*steps, f"#### {total}"])}
            for question, steps, total, _ in sums("rewarded")
        ],
        "pairs": [
            *(compared_task(given, *place) for place in places("tasks", TASK_ROUNDS, "compared")),
            *(compared_sum(given, *place) for place in places("sums", SUM_ROUNDS, "compared")),
        ],
    }


def make(folder: Path) -> None:
    """Write the four data files below `folder`."""
    given, templates = (
        yaml.safe_load((HERE / f"{n}.yaml").read_text("utf-8")) for n in ("training", "templates")
    )
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for name, found in rows(given, templates["slots"] | given["slots"]).items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
        (folder / "data" / f"{name}.jsonl").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    make(HERE)
