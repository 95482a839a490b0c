"""Constraints on the form of an answer: markdown, brackets, JSON, punctuation, parts that must be
in it.

All of them take time in proportion to the length of the answer, whatever it holds.
"""

from __future__ import annotations

import json
import re

from curate.verify.constraints.registry import IFEVAL, IFTRAIN, constraint, text, texts, whole
from curate.verify.constraints.text import count, whole_word

OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
"""What IFEval's `constrained_response` lets an answer choose from."""

_HIGHLIGHT = re.compile(r"\*[^\n*]*\*")
_BOLD = re.compile(r"\*\*[^\n*]*\*\*")
_BRACKETED = re.compile(r"\[[^\[\]]+\][.,;:!?]*")
_PAIR = re.compile(r"<<[^\s<>]+\s+[^\s<>]+>>[.,;:!?]*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*")
_POSTSCRIPTS = {"P.S.": re.compile(r"p\.\s?s\."), "P.P.S": re.compile(r"p\.\s?p\.\s?s")}


@constraint("detectable_format:number_bullet_lists", IFEVAL, num_bullets=whole)
def bullets(answer: str, num_bullets: int) -> bool:
    """Exactly so many lines begin with `-` or with a single `*`."""
    lines = [line.lstrip() for line in answer.split("\n")]
    return (
        sum(line[:1] == "-" or (line[:1] == "*" and line[1:2] != "*") for line in lines)
        == num_bullets
    )


@constraint("detectable_format:number_highlighted_sections", IFEVAL, num_highlights=whole)
def highlights(answer: str, num_highlights: int) -> bool:
    """At least so many pieces stand between asterisks; between double ones they count as well."""
    found = [*_HIGHLIGHT.findall(answer), *_BOLD.findall(answer)]
    return sum(bool(one.strip("*").strip()) for one in found) >= num_highlights


@constraint("detectable_format:multiple_sections", IFEVAL, section_spliter=text, num_sections=whole)
def sections(answer: str, section_spliter: str, num_sections: int) -> bool:
    """At least so many times the splitter is followed by a number, as in `Section 2`."""
    pattern = re.compile(rf"{re.escape(section_spliter)}\s?\d+")
    return count(pattern, answer) >= num_sections


@constraint("detectable_format:json_format", IFEVAL)
def json_format(answer: str) -> bool:
    """The whole answer is JSON, be it in a code fence."""
    body = answer.strip()
    for fence in ("```json", "```Json", "```JSON", "```"):
        body = body.removeprefix(fence)
    try:
        json.loads(body.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


@constraint("detectable_format:title", IFEVAL)
def title(answer: str) -> bool:
    """Some line holds a title in double angular brackets, as in `<<poem of joy>>`."""
    spans = ((line, line.find("<<"), line.rfind(">>")) for line in answer.split("\n"))
    return any(
        0 <= start < end and bool(line[start:end].lstrip("<").rstrip(">").strip())
        for line, start, end in spans
    )


@constraint("detectable_format:constrained_response", IFEVAL, options=texts)
def constrained_response(answer: str, options: tuple[str, ...] = OPTIONS) -> bool:
    """One of the options occurs, not inside a longer word; without `options`, one of IFEval's
    three.

    Unlike words elsewhere an option is taken in the case it is written in.
    """
    found = (
        match[0] for option in options for match in whole_word(option, answer).finditer(answer)
    )
    return any(one in options for one in found)


@constraint("detectable_content:number_placeholders", IFEVAL, num_placeholders=whole)
def placeholders(answer: str, num_placeholders: int) -> bool:
    """At least so many placeholders stand in square brackets, as in `[address]`."""
    return sum(map(_placeholders, answer.split("\n"))) >= num_placeholders


def _placeholders(line: str) -> int:
    found, end = 0, -1
    while (start := line.find("[", end + 1)) >= 0 and (end := line.find("]", start)) >= 0:
        found += 1
    return found


@constraint("detectable_content:postscript", IFEVAL, postscript_marker=text)
def postscript(answer: str, postscript_marker: str) -> bool:
    """The postscript's marker occurs, in any case; `P.S.` and `P.P.S` may have a blank after each
    stop.
    """
    if postscript_marker in _POSTSCRIPTS:
        return bool(_POSTSCRIPTS[postscript_marker].search(answer.lower()))
    return postscript_marker.lower() in answer.lower()


@constraint("punctuation:no_comma", IFEVAL)
def no_comma(answer: str) -> bool:
    """There is no comma."""
    return "," not in answer


@constraint("punctuation:punctuation_dot", IFTRAIN)
def no_dot(answer: str) -> bool:
    """There is no full stop, as punctuation or otherwise."""
    return "." not in answer


@constraint("punctuation:punctuation_exclamation", IFTRAIN)
def no_exclamation(answer: str) -> bool:
    """There is no exclamation mark."""
    return "!" not in answer


@constraint("detectable_format:square_brackets", IFTRAIN)
def square_brackets(answer: str) -> bool:
    """Every word stands in square brackets of its own; punctuation may follow them."""
    return all(_BRACKETED.fullmatch(word) for word in answer.split())


@constraint("detectable_format:bigram_wrapping", IFTRAIN)
def bigram_wrapping(answer: str) -> bool:
    """Every two words stand in double angular brackets, as in `<<I am>> <<at home>>`; a last odd
    one may stand bare.
    """
    pieces = answer.split()
    pairs, odd = pieces[: len(pieces) // 2 * 2], pieces[len(pieces) // 2 * 2 :]
    wrapped = all(
        _PAIR.fullmatch(f"{one} {other}")
        for one, other in zip(pairs[::2], pairs[1::2], strict=True)
    )
    return wrapped and len(pieces) > 1 and not any("<<" in one and ">>" not in one for one in odd)


@constraint("detectable_format:sentence_hyphens", IFTRAIN)
def sentence_hyphens(answer: str) -> bool:
    """Sentences are joined by hyphens without blanks: `It rains.-We stay.` A stop inside a word or
    number ends none.
    """
    body = answer.strip()
    after = (body[end.end() :] for end in _ends(body))
    return all(rest[:1] == "-" and rest[1:2].strip() != "" for rest in after)


def _ends(body: str) -> list[re.Match[str]]:
    """Where sentences end, the last one apart: not at a stop that a letter or digit follows at
    once.
    """
    found = _SENTENCE_END.finditer(body)
    return [end for end in found if end.end() < len(body) and not body[end.end()].isalnum()]
