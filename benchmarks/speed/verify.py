"""Verdicts a second on one core: `gsm8k`, `math` by spelling alone or where computer algebra
decides, and `ifeval`.

    python -m benchmarks.speed.verify --data ../shared/data

Completions are solutions and restatements of the real ground truths of GSM8K and MATH, and GPT-4's
responses to IFEval with all constraints of their prompt. Every pass sees ground truths that no
earlier one has read: a cache of them would flatter. The figure is the best of the passes, in
processor time of this process, which other work on the machine does not count into."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

from benchmarks.verifiers.cases import Case, around
from benchmarks.verifiers.gsm8k import cases as gsm8k_cases
from benchmarks.verifiers.ifeval import LANGUAGE, label, responses
from benchmarks.verifiers.instructions import look_for_punkt
from benchmarks.verifiers.math import cases as math_cases
from benchmarks.verifiers.math import last_box
from curate.verify import find, symbolic
from curate.verify import gsm8k as gsm8k_verifier
from curate.verify import math as math_verifier
from curate.verify.constraints import constraints_of, detector, punkt

_PASSES = 3


def rate(name: str, cases: Sequence[Case], forget: Callable[[], None]) -> float:
    """The best number of cases judged a second of processor time."""
    verify = find(name)
    best = 0.0
    for _ in range(_PASSES):
        forget()
        start = process_time()
        for case in cases:
            verify(case.completion, case.ground_truth)
        best = max(best, len(cases) / (process_time() - start))
    return best


def forget() -> None:
    """Empty the caches of ground truths, of parsed expressions and of words."""
    gsm8k_verifier._gold.cache_clear()
    math_verifier._gold.cache_clear()
    math_verifier._read.cache_clear()
    symbolic._parsed.cache_clear()
    constraints_of.cache_clear()
    detector._of_word.cache_clear()
    punkt._capital_tokens.cache_clear()


def series(data: Path) -> dict[str, tuple[str, list[Case]]]:
    """What is timed: description -> verifier and cases."""
    grade = list(gsm8k_cases(data))
    solved = [case for case in grade if case.kind == "self-check: the solution"]
    maths = list(math_cases(data))
    whole = [case for case in maths if case.kind == "self-check: the solution"]
    golds = [last_box(case.completion) for case in whole]
    boxed = [Case("", case.completion, gold, True) for case, gold in zip(whole, golds, strict=True)]
    told = [Case("", around(place, f"${gold}$"), gold, True) for place, gold in enumerate(golds)]
    numbers = [
        case
        for case in maths
        if case.kind.startswith(("near miss: one", "equal: decimal", "equal: dfrac"))
    ]
    algebra = [case for case in maths if "algebra" in case.kind]
    for case in algebra[:20]:
        find("math")(
            case.completion, case.ground_truth
        )  # imports the algebra, builds the parser's tables
    return {
        "gsm8k: whole solutions": ("gsm8k", solved),
        "gsm8k: right answers in other forms": (
            "gsm8k",
            [case for case in grade if case.kind[:5] == "equal"],
        ),
        "gsm8k: wrong answers": ("gsm8k", [case for case in grade if case.kind[:4] == "near"]),
        "math, spelling decides: whole solutions": ("math", boxed),
        "math, spelling decides: stated answers": ("math", told),
        "math, spelling decides: numbers, right and wrong": ("math", numbers),
        "math, algebra decides": ("math", algebra),
        **instructions(data),
    }


def instructions(data: Path) -> dict[str, tuple[str, list[Case]]]:
    """What is timed of `ifeval`: labels that ask langdetect for nothing, for English, and for any
    language.
    """
    look_for_punkt(data)
    told: dict[str, list[Case]] = {
        "neither case nor language": [],
        "case of English": [],
        "a language": [],
    }
    for item, response in responses(data):
        asks = LANGUAGE & set(item["instruction_id_list"])
        kind = (
            "a language"
            if "language:response_language" in asks
            else "case of English"
            if asks
            else ""
        )
        told[kind or "neither case nor language"].append(Case("", response, label(item), True))
    for case in told["a language"][:1]:
        find("ifeval")(case.completion, case.ground_truth)  # loads langdetect's profiles
    apart = told["neither case nor language"] + told["case of English"]
    return {"ifeval: all but labels with a language": ("ifeval", apart)} | {
        f"ifeval: {kind}": ("ifeval", cases) for kind, cases in told.items()
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=" ".join((__doc__ or "").split("\n\n", 1)[0].split())
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of real data")
    args = parser.parse_args()
    print("| what | cases | a second |\n|---|---:|---:|")
    for what, (name, cases) in series(args.data).items():
        print(f"| {what} | {len(cases):,} | {rate(name, cases, forget):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
