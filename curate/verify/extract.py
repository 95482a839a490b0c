"""Where a completion states its mathematical answer.

In this order: the last `\\boxed{...}` or `\\fbox{...}`; the sentence of Minerva's prompts (`Final
Answer: The final answer is ... . I hope it is correct.`); whatever follows the last `answer is`,
`answer:` or `答案`, up to the end of its sentence or a remark (`6, since ...`); the last formula
between dollars or `\\(...\\)`; the whole completion, if it is one line that could be an answer; the
last number. Only one answer is taken: a completion that states two must not be right because one of
them is. A last box that is never closed is no answer: the completion was cut off there."""

from __future__ import annotations

import re

from curate.verify.numbers import last_number

_BOX = re.compile(r"\\(?:boxed|fbox)\s*")
_MINERVA = re.compile(
    r"[Ff]inal [Aa]nswer:\s*[Tt]he final answer is:?\s*(.{1,400}?)\.?\s*I hope it is correct",
    re.DOTALL,
)
_STATED = re.compile(
    r"(?:\banswer(?:\s+is)?\s*(?:[:：]|=|\bis\b)|\banswer\s+is)[\s*]*([^\n]+)", re.IGNORECASE
)
_IN_CHINESE = re.compile(r"答案?(?:\s*[是为為:：])+[\s*]*([^\n]+)")
# A remark after an answer says why, or what the answer is not. What takes back a part of it, a
# condition or an alternative, is no remark, and neither is one that holds such a word.
_REMARK = re.compile(
    r"[,;，；]?\s+\(?(?:and\s+)?(?:not|since|because|rather\s+than|instead\s+of)(?=[\s,:])"
    r"|[,;，；]?\s+\(?(?:as|so|hence|thus|therefore|which|namely|i\.e\.|that\s+is|by|from|using|--?|–|—)"
    r"(?=[\s,:])(?!\s+well\b)(?P<rest>.*)"
    r"|[,;]\s+(?:for|where|with|given|we|this|it|the)\s(?P<more>.*)"
    r"|[,，；;]?\s*(?:因为|所以|而不是|不是|即)",
    re.IGNORECASE | re.DOTALL,
)
_TAKEN_BACK = re.compile(
    r"\b(?:or|otherwise|else|elsewhere|but|except|unless|if|when|could|may|might|maybe|perhaps|also)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"(?<=\S)\s+\((?!or\b|and\b|maybe\b|perhaps\b|possibly\b)[^()]*[A-Za-z]{3}[^()]*\)\.?\Z", re.I
)
_FORMULA = re.compile(
    r"\$\$([^$]{1,500})\$\$|(?<!\\)\$((?:[^$\n\\]|\\.)+)\$|\\\((.{1,500}?)\\\)|\\\[(.{1,500}?)\\\]",
    re.DOTALL,
)
_LONGEST = 200
READ = 100_000
"""Characters of a completion, from its end, in which an answer is looked for."""
_SAID = 4000
"""Characters of a stated answer that are read."""
_FLAT = re.compile(r"[^{}]*")
_SENTENCE = re.compile(r"\.(?:\s|$)|[。！]")


def answer(completion: str) -> str | None:
    """The answer a completion states; None where it states none. Of a completion longer than READ
    the end is read.
    """
    completion = completion[-READ:]
    place = max(completion.rfind("\\boxed"), completion.rfind("\\fbox"))
    if place >= 0:
        return _boxed(completion, place)
    for pattern in (_MINERVA, _STATED, *((_IN_CHINESE,) if "答" in completion else ())):
        said = _last_group(pattern, completion)
        if said:
            return _inside(said)
    formula = _last_group(_FORMULA, completion)
    if formula:
        return formula
    line = completion.strip()
    if line and "\n" not in line and len(line) <= _LONGEST and (_short(line) or "\\" in line):
        return line
    number = last_number(completion)
    return number[0] if number else None


def boxed(text: str) -> str | None:
    """What stands in the last `\\boxed{...}` or `\\fbox{...}`; None where there is none, or it is
    never closed.
    """
    place = max(text.rfind("\\boxed"), text.rfind("\\fbox"))
    return _boxed(text, place) if place >= 0 else None


def _boxed(text: str, place: int) -> str | None:
    """The content of the box that begins at `place`; `\\boxed 5` boxes what follows up to a blank
    or a dollar.
    """
    opened = _BOX.match(text, place)
    if opened is None:
        return None
    start = opened.end()
    if text[start : start + 1] != "{":
        bare = re.compile(r"[^\s$]+").match(text, start)
        return bare[0] if bare else None
    stop = closing(text, start)
    return text[start + 1 : stop].strip() or None if stop is not None else None


def closing(text: str, start: int) -> int | None:
    """Where the brace that opens at `start` is closed; None where it is not. Escaped braces do not
    count.
    """
    flat = _FLAT.match(text, start + 1)
    if flat and text[flat.end() : flat.end() + 1] == "}" and "\\" not in flat[0]:
        return flat.end()
    depth = 0
    for brace in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return brace.start()
    return None


def _last_group(pattern: re.Pattern[str], text: str) -> str | None:
    """The first group that is set of a pattern's last match."""
    last = None
    for match in pattern.finditer(text):
        last = match
    return next((group.strip() for group in last.groups() if group), None) if last else None


def _inside(said: str) -> str:
    """The formula of a stated answer, if it holds just one; else its first sentence, without the
    emphasis.
    """
    said = said[:_SAID]
    formulas = [
        next(group for group in match.groups() if group) for match in _FORMULA.finditer(said)
    ]
    if len(formulas) == 1:
        return formulas[0].strip()
    sentence = _SENTENCE.split(said.strip(), maxsplit=1)[0].strip(" *_`").removesuffix(".")
    sentence = _without_remark(sentence)
    return _ASIDE.sub("", sentence).strip(" *_`,;，；").removesuffix(".")


def _without_remark(sentence: str) -> str:
    """What stands before the first remark of a sentence, if that is an answer."""
    remark = _REMARK.search(sentence)
    if remark is None or " as well as " in sentence or not _stands(sentence[: remark.start()]):
        return sentence
    rest = remark["rest"] or remark["more"] or ""
    return sentence if _TAKEN_BACK.search(rest) else sentence[: remark.start()]


def _stands(said: str) -> bool:
    """Whether what comes before a remark is an answer: it has a digit or a formula."""
    return bool(re.search(r"[0-9０-９$\\]|(?<![A-Za-z])[A-Za-z](?![A-Za-z])", said))


def _short(line: str) -> bool:
    """Whether a line could be an answer alone: a few words at most."""
    return len(line.split()) <= 3 or not re.search(r"[A-Za-z]{3}", line)
