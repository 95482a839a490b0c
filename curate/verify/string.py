"""One answer in words, equal after normalisation (`string`).

The answer is what stands in the last `<answer>...</answer>`, else what follows the last `The answer
is` up to the end of its line, else the whole completion. Normalisation is SQuAD's: lower case,
punctuation out, the articles a, an and the out, blanks to one (Rajpurkar et al., 2016), with four
differences: Unicode is brought to NFKC first, an article that no word follows stays (`vitamin A`,
`(A)`), an answer that is nothing but punctuation (`+`) is compared as it stands, and what makes
another number or relation stays: a sign, a point, an operator between digits, `<`, `>`, `=`. The
ground truth is an answer, or a JSON list of answers any of which is right."""

from __future__ import annotations

import re
import string
import unicodedata

from curate.verify.labels import answers
from curate.verify.verdict import Verdict

_TAG = re.compile(r"<answer>((?:(?!<answer>).)*?)</answer>", re.DOTALL)
_STATED = re.compile(r"\bthe answer is:?\s*([^\n]+)", re.IGNORECASE)
_ARTICLES = re.compile(r"\b(?:a|an|the)\s+(?=\S)")
_PUNCTUATION = string.punctuation + "“”‘’«»„…–—¿¡"
_OUT = str.maketrans("", "", _PUNCTUATION)
_RELATIONS = {"!=": "≠", "/=": "≠", "<=": "≤", ">=": "≥", "=<": "≤", "⩽": "≤", "⩾": "≥", "==": "="}
_RELATION = re.compile("|".join(map(re.escape, _RELATIONS)))
# Kept: `1,234` is 1234, but 1.5, -3, 1/2, 2^3, 3:1 and x<y are other answers without their sign.
_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_KEPT = re.compile(
    r"(?<=[0-9])[.,:/^*+–-](?=[0-9])|(?<![\w.])\.(?=[0-9])|(?<![\w)\]])[-−–+](?=\$?\.?[0-9])|[<>=]"
)
_DIGIT_OR_RELATION = re.compile(r"[0-9<>=≤≥≠]")
_AROUND = re.compile(r"(?:(?<!\s)\s++)?([<>=≤≥≠])\s*+|(?<=[0-9])\s++([/:^*])\s+(?=[0-9])")


def verify(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The stated answer, or the whole completion, equals the ground truth but for case, punctuation
    and articles.
    """
    wanted = answers("string", ground_truth)
    found = stated(completion)
    if not found.strip():
        return Verdict(0.0, False, "the answer is empty")
    if normalise(found) in {normalise(one) for one in wanted}:
        return Verdict(1.0, True, "the answer is equal")
    return Verdict(0.0, True, f"the answer is {found.strip()[:60]!r}, not {wanted[0][:60]!r}")


def golden(ground_truth: str) -> str:
    """The answer, or the first of several, between tags."""
    return f"<answer>{answers('string', ground_truth)[0]}</answer>"


def perturbed(ground_truth: str) -> list[str]:
    """One word more, and another answer behind the right one."""
    first = answers("string", ground_truth)[0]
    return [
        f"<answer>not {first} either</answer>",
        f"<answer>{first}</answer> <answer>unknown</answer>",
    ]


def stated(completion: str) -> str:
    """The answer a completion states, or all of it."""
    for pattern in (_TAG, _STATED):
        found = pattern.findall(completion)
        if found:
            return str(found[-1])
    return completion


def normalise(text: str) -> str:
    """A text as SQuAD compares it."""
    lower = unicodedata.normalize("NFKC", text).lower()
    bare = (
        _without_punctuation(lower) if _DIGIT_OR_RELATION.search(lower) else lower.translate(_OUT)
    )
    return " ".join(_ARTICLES.sub("", bare).split()) or " ".join(lower.split())


def _without_punctuation(text: str) -> str:
    """Punctuation out, but for what numbers and relations need; a plus before a number goes too."""
    text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    text = _RELATION.sub(lambda found: _RELATIONS[found[0]], text)
    text = _AROUND.sub(lambda found: found[1] or found[2], text)
    out, start = [], 0
    for kept in _KEPT.finditer(text):
        signs = kept[0].replace("−", "-").replace("–", "-")
        before = text[kept.start() - 1 : kept.start()]
        signs = "" if signs == "+" and not before.isdigit() else signs
        out += [text[start : kept.start()].translate(_OUT), signs]
        start = kept.end()
    return "".join([*out, text[start:].translate(_OUT)])
