"""The letter of a choice (`multiple-choice`).

The letter is looked for in this order: in the last `\\boxed{...}` or `<answer>...</answer>`; after
the last `answer is` or `answer:`, else the last `option` or `choice`; in a completion, or its last
or first line, that is a letter alone, perhaps in brackets or followed by `.`, `)` or `:` and the
text of the choice. Anything else is not parsed: a letter somewhere in a text (`A good question`) is
no choice, and neither are two letters (`A or B`), or an `A` or `I` that begins a sentence. The
ground truth is a letter, perhaps as `(C)`, or a JSON list of letters any of which is right. Letters
run from A to Z; lower case counts in brackets, in a box, or alone."""

from __future__ import annotations

import re
import string

from curate.verify.extract import boxed
from curate.verify.labels import answers
from curate.verify.string import _TAG
from curate.verify.verdict import BadGroundTruth, Verdict

_LABEL = re.compile(r"\s*\(?\s*([A-Za-z])\s*\)?\.?\s*\Z")
_MARKED = re.compile(r"\s*[*_]*(?:\(([A-Za-z])\)|([A-Z])(?:[.):](?!\s*[A-Z]\.)|[*_]+[.):]?|\s*\Z))")
_SAID = re.compile(
    r"\b(answer|option|choice)\b(?:\s+(?:is|would be|should be|must be))?(?:\s*[:=])?"
    r"(?:\s+(?:option|choice|letter))?\s*[*_$]*(?:\\text(?:bf)?\{)?(?:\(([A-Za-z])\)|([A-Z])(?![\w'’]))",
    re.IGNORECASE,
)
# Another letter right behind the first: no choice was made.
_HEDGE = re.compile(
    r"[)\]}.*_$]*\s*(?:(?:,?\s*(?:and\s*/\s*)?\b(?:or|and)\b|,|/|&|\bor else\b)\s*"
    r"(?:(?:maybe|perhaps|possibly|also|even|either|option|choice|else|it could be)\s+)*[*_$]*"
    r"(?:\(?(?-i:[A-Z])\)?(?![\w'’])|\([a-z]\)))"
    r"|[)\]}.*_$]*,?\s*(?:though|although|but)?\s*(?:it )?(?:could|might|may)(?: also)? be\s+\(?(?-i:[A-Z])(?![\w'’])",
    re.IGNORECASE,
)
# `A lot of things`, `I don't know`: words after these two letters, but for those that give a reason.
_SENTENCE = re.compile(
    r"[*_$}]*\s+(?!(?:because|since|as|not|and|which|is|for|so|due|with|given|rather|instead)\b)[a-z]"
)
_FONT = re.compile(r"\\(?:text\w*|mathrm|mathbf)\{([^{}]*)\}")


def verify(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The letter that the completion chooses is that of the ground truth."""
    wanted = _letters(ground_truth)
    found = chosen(completion)
    if found is None:
        return Verdict(0.0, False, "no choice in the completion")
    if found in wanted:
        return Verdict(1.0, True, "the choice is equal")
    return Verdict(0.0, True, f"the choice is {found}, not {' or '.join(wanted)}")


def golden(ground_truth: str) -> str:
    """The letter in a sentence."""
    return f"The answer is ({_letters(ground_truth)[0]})."


def perturbed(ground_truth: str) -> list[str]:
    """Every neighbour of the letter that is not right too."""
    wanted = _letters(ground_truth)
    place = ord(wanted[0]) - ord("A")
    others = (string.ascii_uppercase[(place + step) % 26] for step in (1, 25))
    return [f"The answer is ({other})." for other in others if other not in wanted]


def chosen(completion: str) -> str | None:
    """The letter a completion chooses, in upper case; None where it chooses none."""
    tags = _TAG.findall(completion)
    for marked in (boxed(completion), tags[-1] if tags else None):
        if marked is not None:
            return _letter(marked)
    said: dict[bool, str] = {}
    for match in _SAID.finditer(completion):
        letter = match[2] or match[3]
        rest = completion[match.end() :].partition("\n")[0]
        if _HEDGE.match(rest):
            said[match[1].lower() == "answer"] = ""
        elif match[2] or (letter.isupper() and not (letter in "AI" and _SENTENCE.match(rest))):
            said[match[1].lower() == "answer"] = letter.upper()
    if said:
        return said.get(True, said.get(False)) or None
    lines = [line for line in completion.splitlines() if line.strip()]
    return next((letter for line in (lines[-1:] + lines[:1]) if (letter := _letter(line))), None)


def _letter(text: str) -> str | None:
    text = _FONT.sub(r"\1", text).strip().strip("$*_`")
    match = _LABEL.match(text) or _MARKED.match(text)
    if match is not None and _HEDGE.match(text[match.end(match.lastindex or 0) :]):
        return None
    return next(letter for letter in match.groups() if letter).upper() if match else None


def _letters(ground_truth: str) -> tuple[str, ...]:
    found = []
    for one in answers("multiple-choice", ground_truth):
        match = _LABEL.match(one)
        if match is None:
            raise BadGroundTruth(
                f"multiple-choice: the ground truth {one[:60]!r} is no letter; give one, 'C' or '(C)'"
            )
        found.append(match[1].upper())
    return tuple(found)
