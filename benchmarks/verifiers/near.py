"""Other answers, and other forms of the same one, made from real ground truths of MATH.

Each change touches one place: a digit, a sign, a letter, an exponent, a bracket, the order of parts,
a term or member that is left out. What a change may leave equal (a sign inside an absolute value, the
order of a sum) is not made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.verifiers.cases import Case, rows
from benchmarks.verifiers.math import last_box

_NUMBER = re.compile(r"(?<![0-9.,!}])[0-9]+(?![0-9.]|,[0-9!]|\{,|,?\\[,!])")
_LETTER = re.compile(r"(?<![A-Za-z\\{])[a-z](?![A-Za-z}])")
_SIGN = re.compile(r"(?<=[0-9a-z}) ]) ?([-+]) ?(?=[0-9a-z\\])")
_PAIR = re.compile(r"\\?[(\[{] ?([^(){}\[\],]+), ?([^(){}\[\],]+)\\?[)\]}]\Z")
_TERM = re.compile(r"\A(.*[0-9a-z})]) ?[-+] ?[0-9a-z\\{}^]+\Z")
_ODD = re.compile(r"\\pm|\\mp|\||\\text|\\begin|\\mbox|mod|\\circ|_|\\cos|\\sin|\\infty")
_FORMS = (
    *(
        "\\boxed{{\\color{{red}}{{{}}}}}",
        "\\boxed{{\\underline{{{}}}}}",
        "\\boxed{{\\mathbf{{{}}}}}",
    ),
    *(
        "The answer is ${}$, as was to be shown.",
        "答案：${}$",
        "The answer is ${}$, because it is so.",
    ),
    *("\\boxed{{ {}\u200b }}", "\\boxed{{\\text{{Answer}} = {}}}", "$$\\boxed{{{}。}}$$"),
)
_WIDE = {place: place + 0xFEE0 for place in (*range(0x30, 0x3A), ord("("), ord(")"), ord(","))}


def golds(data: Path) -> list[str]:
    """Answers of MATH's training set and of MATH-500."""
    sets = ("sft/math/orgn-MATH-train", "benchmarks/math/MATH500")
    return [last_box(row["solution"]) for part in sets for row in rows(data / f"{part}.jsonl")]


def cases(data: Path) -> Iterator[Case]:
    """Near misses of all ground truths, and other forms."""
    for gold in golds(data):
        for form in _FORMS:
            if "=" not in gold or "Answer" not in form:
                yield Case("equal: in another dress", form.format(gold), gold, True)
        if not re.search(r"[0-9],[0-9!\\]|\{,\}|\\[a-z]*[({]?[0-9]", gold):
            wide = gold.translate(_WIDE)
            yield Case("equal: full-width", f"\\boxed{{{wide}}}", gold, True)
        for kind, other in changes(gold):
            yield Case(f"near miss: {kind}", f"\\boxed{{{other}}}", gold, False)


def changes(gold: str) -> Iterator[tuple[str, str]]:
    """Kinds of change, each with the changed answer."""
    for match in _NUMBER.finditer(gold):
        number = int(match[0])
        for kind, changed in (("one more", number + 1), ("a digit more", number * 10 + 3)):
            yield kind, gold[: match.start()] + str(changed) + gold[match.end() :]
    if _ODD.search(gold):
        return
    for match in _SIGN.finditer(gold):
        other = "+" if match[1] == "-" else "-"
        yield "sign", gold[: match.start(1)] + other + gold[match.end(1) :]
    for match in _LETTER.finditer(gold):
        other = {"w": "q", "i": "k"}.get(match[0], "w")
        yield "letter", gold[: match.start()] + other + gold[match.end() :]
    pair = _PAIR.match(gold)
    if pair and gold[0] in "([" and pair[1].strip() != pair[2].strip():
        yield "order", f"{gold[0]}{pair[2]},{pair[1]}{gold[-1]}"
        yield "bracket", ("[" if gold[0] == "(" else "(") + gold[1:]
    term = _TERM.match(gold)
    if term and gold.count("{") == gold.count("}") == term[1].count("{") + gold[
        term.end(1) :
    ].count("}"):
        yield "a term less", term[1]
    members = gold.split(",")
    if len(members) > 1 and not re.search(r"[(\[{]|[0-9],[0-9]{3}", gold):
        yield "a member less", ",".join(members[1:])
        yield "a member twice", ",".join([*members, members[0]])
