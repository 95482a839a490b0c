"""Count how often each verifier gives the wrong verdict on labelled cases.

    python -m benchmarks.verifiers.measure --data ../shared/data            # prints a table
    python -m benchmarks.verifiers.measure --data ../shared/data --write    # and keeps it in curate/verify/rates.json

A false accept is a wrong answer that gets a score of 1; a false reject a right one that does not. A
case with a bad ground truth or an error counts as the worse of the two. Cases are the same on every
run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from benchmarks.verifiers import code, gsm8k, instructions, math, near, others, written
from benchmarks.verifiers.cases import Case
from curate.errors import UserError
from curate.verify import find

RATES = Path(__file__).resolve().parents[2] / "curate/verify/rates.json"

CASES: dict[str, Callable[[Path], Iterable[Case]]] = {
    "gsm8k": lambda data: chain(gsm8k.cases(data), written.other_cases("gsm8k")),
    "math": lambda data: chain(math.cases(data), near.cases(data), written.math_cases()),
    "code": code.cases,
    **instructions.CASES,
    **others.CASES,
    "multiple-choice": lambda data: chain(
        others.CASES["multiple-choice"](data), written.other_cases("multiple-choice")
    ),
    "string": lambda data: chain(others.CASES["string"](data), written.other_cases("string")),
}


@dataclass
class Count:
    """Cases of one kind, and those that got the other verdict."""

    right: int = 0
    wrong: int = 0
    false_rejects: int = 0
    false_accepts: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: Count) -> None:
        """Add the figures of another count."""
        self.right += other.right
        self.wrong += other.wrong
        self.false_rejects += other.false_rejects
        self.false_accepts += other.false_accepts

    def figures(self) -> dict[str, int]:
        """The figures alone."""
        return {
            name: getattr(self, name)
            for name in ("right", "wrong", "false_rejects", "false_accepts")
        }


def measure(name: str, cases: Iterable[Case]) -> dict[str, Count]:
    """The counts of every kind of case."""
    verify = find(name)
    counts: dict[str, Count] = {}
    for case in cases:
        count = counts.setdefault(case.kind, Count())
        count.right += case.right
        count.wrong += not case.right
        try:
            verdict = verify(case.completion, case.ground_truth)
            passed, reason = verdict.passed, verdict.reason
        except UserError as error:
            passed, reason = not case.right, str(error)
        if passed != case.right:
            count.false_rejects += case.right
            count.false_accepts += not case.right
            count.examples.append(
                f"{case.completion[-80:]!r} for {case.ground_truth[-60:]!r}: {reason}"
            )
    return counts


def total(counts: dict[str, Count]) -> Count:
    """The sum over all kinds."""
    whole = Count()
    for count in counts.values():
        whole.add(count)
    return whole


def lines(name: str, counts: dict[str, Count], examples: int) -> Iterator[str]:
    """Rows of a Markdown table, and examples of what went wrong."""
    for kind, count in {**dict(sorted(counts.items())), "all": total(counts)}.items():
        figures = (count.right, count.false_rejects, count.wrong, count.false_accepts)
        yield f"| {name} | {kind} | {' | '.join(f'{figure:,}' for figure in figures)} |"
        yield from (f"    {example}" for example in count.examples[:examples])


def main() -> None:
    """Measure, print, and keep the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of real data")
    parser.add_argument("--only", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--examples", type=int, default=0, help="wrong verdicts shown of each kind")
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {RATES.name}")
    args = parser.parse_args()
    kept = json.loads(RATES.read_text("utf-8"))
    print(
        "| verifier | cases | right | false rejects | wrong | false accepts |\n|---|---|---:|---:|---:|---:|"
    )
    for name in args.only:
        counts = measure(name, CASES[name](args.data))
        print("\n".join(lines(name, counts, args.examples)), flush=True)
        kept[name] = total(counts).figures()
    if args.write:
        RATES.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
