"""One answer in words, equal after normalisation (`string`).

The answer is what stands in the last `<answer>...</answer>`, else what follows the last `The answer
is` up to the end of its line, else the whole completion. Normalisation is SQuAD's: lower case,
punctuation out, the articles a, an and the out, blanks to one (Rajpurkar et al., 2016), with three
differences: Unicode is brought to NFKC first, an article that no word follows stays (`vitamin A`,
`(A)`), and an answer that is nothing but punctuation (`+`) is compared as it stands. The ground
truth is an answer, or a JSON list of answers any of which is right."""

from __future__ import annotations

import re
import string
import unicodedata

from curate.verify.labels import answers
from curate.verify.verdict import Verdict

_TAG = re.compile(r"<answer>((?:(?!<answer>).)*?)</answer>", re.DOTALL)
_STATED = re.compile(r"\bthe answer is:?\s*([^\n]+)", re.IGNORECASE)
_ARTICLES = re.compile(r"\b(?:a|an|the)\s+(?=\S)")
_PUNCTUATION = str.maketrans("", "", string.punctuation + "“”‘’«»„…–—¿¡")


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
    plain = " ".join(_ARTICLES.sub("", lower.translate(_PUNCTUATION)).split())
    return plain or " ".join(lower.split())
