"""Cases for the other verifiers: written here, and made from the choices of MMLU and the targets of
BBH.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path

from benchmarks.verifiers.cases import Case, rows

_CHOSEN = (
    "{letter}",
    "({letter})",
    "{letter}.",
    "{letter}. {text}",
    "({letter}) {text}",
    "The answer is {letter}.",
    "The answer is ({letter}).",
    "**Answer: {letter}**",
    "Let us think. Option {other} cannot be, so the correct answer is ({letter}) {text}.",
    "The correct option is {letter}, because {other} is too small.",
    "$\\boxed{{{letter}}}$",
    "$\\boxed{{\\text{{({letter})}}}}$",
    "<answer>{letter}</answer>",
    "It is not {other}.\n\n{letter}",
    "Answer: **{letter}**",
)
_NOT_CHOSEN = (
    "I think that A is for apple and so on.",
    "",
    "{text}",
    "A good question, but I cannot say.",
)


def multiple_choice(data: Path) -> Iterator[Case]:
    """Every question of MMLU's validation set with every way to choose, right and wrong."""
    for row in rows(data / "benchmarks/mmlu/mmlu_validation.jsonl"):
        choices = [str(choice) for choice in row["choices"]]
        answer = row["answer"]
        gold = answer if isinstance(answer, int) else "ABCD".index(str(answer))
        if any(not choice.strip() or len(choice.split()) < 2 for choice in choices):
            continue  # a choice that is a letter or a number might be taken for another label
        for place, form in enumerate(_CHOSEN):
            wrong = (gold + 1 + place % 3) % 4
            for one, other in ((gold, wrong), (wrong, gold)):
                said = form.format(letter="ABCD"[one], other="ABCD"[other], text=choices[one])
                yield Case(f"form: {form[:32]!r}", said, "ABCD"[gold], one == gold)
        for form in _NOT_CHOSEN:
            yield Case("no choice", form.format(text=choices[gold]), "ABCD"[gold], False)


_SAID = (
    "{}",
    "<answer>{}</answer>",
    "I think so.\n<answer> {} </answer>",
    "The answer is: {}",
    "The answer is {}.",
)


def _targets(data: Path) -> list[str]:
    """The distinct targets of BBH that are words."""
    found: dict[str, None] = {}
    for path in sorted((data / "benchmarks/bbh/bbh").glob("*.json")):
        targets = (example["target"] for example in json.loads(path.read_text("utf-8"))["examples"])
        found.update(
            dict.fromkeys(target for target in targets if any(char.isalpha() for char in target))
        )
    return list(found)


def string(data: Path) -> Iterator[Case]:
    """Targets of BBH in other case, with other punctuation and articles; and another target, or one
    word more.
    """
    targets = _targets(data)
    for place, gold in enumerate(targets):
        for turn, said in enumerate(_SAID):
            other = targets[(place + 1 + turn) % len(targets)]
            alike = other.lower().strip("() .") == gold.lower().strip("() .")
            yield Case("equal: as it is", said.format(gold), gold, True)
            yield Case("equal: case", said.format(gold.upper()), gold, True)
            yield Case("equal: article", said.format(f"the {gold}"), gold, True)
            yield Case("equal: punctuation", said.format(f"“{gold}!”"), gold, True)
            yield Case(
                "equal: one of several",
                said.format(gold),
                json.dumps(["nothing of it", gold]),
                True,
            )
            yield Case("near miss: another target", said.format(other), gold, alike)
            yield Case("near miss: one word more", said.format(f"not {gold}"), gold, False)
            yield Case(
                "near miss: right answer not last",
                f"<answer>{gold}</answer> <answer>no, nothing</answer>",
                gold,
                False,
            )


def token_f1(data: Path) -> Iterator[Case]:
    """The cases of `string`: a score of 1 needs the same words, in any order."""
    for case in string(data):
        same = sorted(_words(case.completion)) == sorted(_words(case.ground_truth))
        if case.right or not same:
            yield case


def _words(text: str) -> list[str]:
    return "".join(char for char in text.lower() if char.isalnum() or char == " ").split()


def regex(data: Path) -> Iterator[Case]:
    """Dates, names and the like, found and not found; a pattern that would take for ever is no
    match.
    """
    for year, month in product(range(1990, 2030), range(1, 13)):
        date = f"{year}-{month:02d}-{month + 10}"
        yield Case("a date", f"It was on {date}.", r"\b\d{4}-\d{2}-\d{2}\b", True)
        yield Case(
            "a date", f"It was on {date.replace('-', '/')}.", r"\b\d{4}-\d{2}-\d{2}\b", False
        )
        whole = json.dumps({"pattern": r"\d{4}-\d{2}-\d{2}", "full": True})
        yield Case("the whole", f" {date}\n", whole, True)
        yield Case("the whole", f"On {date}", whole, False)
        flagged = json.dumps({"pattern": r"^item \d+$", "flags": "im"})
        yield Case("flags", f"A list:\nITEM {year}\nend", flagged, True)
        yield Case("flags", f"A list:\nITEM {year} end", flagged, False)
        yield Case("a reference", f"{year} and {year}", r"(\d{4}) and \1", True)
        yield Case("a reference", f"{year} and {year + 1}", r"(\d{4}) and \1", False)
    yield Case("no end", "a" * 40 + "!", r"^(a|aa)+$", False)


_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "pattern": "^[A-Z]"},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "tags": {
            "type": "array",
            "items": {"enum": ["a", "b"]},
            "uniqueItems": True,
            "maxItems": 2,
        },
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


def json_schema(data: Path) -> Iterator[Case]:
    """Objects that fit a schema, bare and fenced; and the same with one thing wrong."""
    schema = json.dumps(_SCHEMA)
    for age in range(150):
        good = {"name": f"Ann {age}", "age": age, "tags": ["a", "b"][: age % 3]}
        wrong = (
            {**good, "age": -1 - age},
            {**good, "age": str(age)},
            {**good, "age": age + 0.5},
            {**good, "name": ""},
            {**good, "name": "ann"},
            {**good, "tags": ["a", "a"]},
            {**good, "tags": ["c"]},
            {**good, "more": age},
            {"name": "Ann"},
            [good],
        )
        for said in ("{}", "Here it is:\n```json\n{}\n```\nDone.", "```\n{}\n```", "  {}\n"):
            yield Case("fits", said.format(json.dumps(good, indent=age % 3 or None)), schema, True)
            yield from (
                Case("does not fit", said.format(json.dumps(bad)), schema, False) for bad in wrong
            )
        yield Case("no JSON", json.dumps(good)[:-1], schema, False)
        yield Case("no JSON", f"Here: {json.dumps(good)}", schema, False)
        yield Case("no JSON", json.dumps(good).replace(f": {age}", ": NaN"), schema, False)
        yield Case("no JSON", '{"age": 1, ' + json.dumps(good)[1:], schema, False)


def max_length(data: Path) -> Iterator[Case]:
    """Texts of just as many words or characters as are allowed, of fewer and of one more."""
    for most in range(1, 300):
        characters = json.dumps({"max": most, "unit": "characters"})
        for n, right in (
            (most, True),
            (max(1, most // 2), True),
            (most + 1, False),
            (3 * most, False),
        ):
            yield Case("words", "\n\tword " * n, str(most), right)
            yield Case("characters", f" {'é' * n}\n", characters, right)
    yield Case("words", "  ", "5", False)


def _several(whole: bool) -> Callable[[Path], Iterator[Case]]:
    def cases(data: Path) -> Iterator[Case]:
        for n in range(10, 300):
            label = [
                {"verifier": "gsm8k", "ground_truth": str(n)},
                {"verifier": "max_length", "ground_truth": "5"},
            ]
            nested = [
                {"verifier": "weighted" if whole else "all-of", "ground_truth": label, "weight": 3}
            ]
            for truth in (json.dumps(label), json.dumps(nested)):
                yield Case("both", f"It is {n}.", truth, True)
                yield Case("one of two", f"After all that it is {n}.", truth, False)
                yield Case("one of two", f"It is {n + 1}.", truth, False)
                yield Case("neither", f"After all that it is {n}, less 1.", truth, False)

    return cases


CASES: dict[str, Callable[[Path], Iterable[Case]]] = {
    "multiple-choice": multiple_choice,
    "string": string,
    "token-f1": token_f1,
    "regex": regex,
    "json-schema": json_schema,
    "max-length": max_length,
    "all-of": _several(True),
    "weighted": _several(False),
}
