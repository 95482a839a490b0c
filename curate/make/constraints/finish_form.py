"""Finishes of what stands at either end of a text, in it as marks, and around it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

from curate.make.constraints.draw import bounded, drawn, keyword, nothing, whole_prompt
from curate.make.constraints.kind import Stage, finished
from curate.make.constraints.prose import divided, first_word, marked
from curate.make.constraints.stock import stock

Kwargs = Mapping[str, Any]
_SENTENCE_END = re.compile(r"([.!?…]+[\"'”’)\]]*)\s+(?=\S)")
_LOWER = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")


@finished(
    "detectable_content:number_placeholders", drawn(num_placeholders=range(1, 6)), Stage.MARKS
)
def placeholders(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Words in square brackets."""
    return marked(text, kwargs["num_placeholders"], "[", "]", rng)


@finished(
    "detectable_format:number_highlighted_sections", drawn(num_highlights=range(1, 6)), Stage.MARKS
)
def highlights(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Words between asterisks."""
    return marked(text, kwargs["num_highlights"], "*", "*", rng)


@finished("first_word:first_word_answer", keyword("first_word"), Stage.BEGIN)
def begin(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The word before the text."""
    return f"{kwargs['first_word'].capitalize()} {text[:1].lower()}{text[1:]}"


@finished("detectable_format:title", nothing, Stage.BEGIN)
def title(text: str, kwargs: Kwargs, rng: Random) -> str:
    """A title on a line of its own, above the text or, where that must come first, below it."""
    lines = [f"<<{rng.choice(stock().titles)}>>", text]
    return "\n".join(lines if rng.random() < 0.7 else lines[::-1])


@finished("detectable_content:postscript", drawn(postscript_marker=["P.S.", "P.P.S"]), Stage.END)
def postscript(text: str, kwargs: Kwargs, rng: Random) -> str:
    """A postscript."""
    before = rng.choice(("\n\n", "\n"))
    return f"{text}{before}{kwargs['postscript_marker']} {rng.choice(stock().postscripts)}"


@finished(
    "startend:end_checker",
    lambda rng, prompt: {"end_phrase": rng.choice(stock().endings)},
    Stage.END,
)
def end(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The phrase at the end."""
    return f"{text} {kwargs['end_phrase']}"


@finished("last_word:last_word_answer", keyword("last_word"), Stage.END)
def last_word(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The word at the end."""
    return f"{text.rstrip('.!?')} {kwargs['last_word']}."


@finished("keywords:start_end", nothing, Stage.END)
def start_end(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The first word at the end too."""
    return f"{text.rstrip('.!?')} {first_word(text).lower()}"


@finished("punctuation:no_comma", nothing, Stage.SIGNS)
def no_comma(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Commas gone."""
    return text.replace(",", "")


@finished("punctuation:punctuation_exclamation", nothing, Stage.SIGNS)
def no_exclamation(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Exclamation marks to other ends of a sentence."""
    return text.replace("!", rng.choice((".", "?")))


@finished("punctuation:punctuation_dot", nothing, Stage.SIGNS)
def no_dot(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Full stops to other ends of a sentence."""
    return text.replace(".", rng.choice(("!", "?")))


@finished("detectable_format:sentence_hyphens", nothing, Stage.SIGNS)
def hyphens(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Sentences joined by hyphens."""
    return _SENTENCE_END.sub(r"\1-", text)


@finished(
    "change_case:capital_word_frequency",
    bounded("capital_frequency", "capital_relation", range(1, 9), range(2, 9)),
    Stage.CASE,
)
def capital_words(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Some words in capitals, or all in capitals as they are spoken."""
    n = kwargs["capital_frequency"]
    pieces = [one for one in _LOWER.finditer(text) if len(one[0]) > 1]
    if kwargs["capital_relation"] == "at least":
        for one in rng.sample(pieces, min(n, len(pieces))):
            text = f"{text[: one.start()]}{one[0].upper()}{text[one.end() :]}"
        return text
    loud = [one for one in pieces if one[0].isupper()]
    for one in loud[n - 1 :]:
        text = f"{text[: one.start()]}{one[0].capitalize()}{text[one.end() :]}"
    return text


@finished("count:lowercase_counting", drawn(N=range(2, 31)), Stage.CASE)
def few_lowercase(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Words beyond so many capitalised."""
    small = [one for one in _LOWER.finditer(text) if one[0].islower()]
    for one in small[kwargs["N"] :]:
        text = f"{text[: one.start()]}{one[0].capitalize()}{text[one.end() :]}"
    return text


@finished("change_case:english_capital", nothing, Stage.CASE)
def capitals(text: str, kwargs: Kwargs, rng: Random) -> str:
    """All in capitals."""
    return text.upper()


@finished("change_case:english_lowercase", nothing, Stage.CASE)
def lowercase(text: str, kwargs: Kwargs, rng: Random) -> str:
    """All in small letters."""
    return text.lower()


@finished("detectable_format:square_brackets", nothing, Stage.WRAP)
def brackets(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Each word in brackets of its own."""
    return re.sub(r"\S+", lambda one: f"[{one[0].strip('[]')}]", text)


@finished("detectable_format:bigram_wrapping", nothing, Stage.WRAP)
def bigrams(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Every two words in angular brackets."""
    pieces = re.findall(r"[^\s<>]+|\s+", text)
    places = [at for at, piece in enumerate(pieces) if piece.strip()]
    for one, other in zip(places[::2], places[1::2], strict=False):
        pieces[one], pieces[other] = f"<<{pieces[one]}", f"{pieces[other]}>>"
    return "".join(pieces)


@finished("combination:two_responses", nothing, Stage.WRAP)
def two_responses(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The two halves as two responses: so nothing is counted twice."""
    return divided(text, 2, "\n******\n")


@finished("startend:quotation", nothing, Stage.WRAP)
def quotation(text: str, kwargs: Kwargs, rng: Random) -> str:
    """All in double quotation marks."""
    return '"' + text.replace('"', "'") + '"'


@finished("combination:repeat_prompt", whole_prompt, Stage.WRAP)
def repeat_prompt(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The prompt before the text."""
    return f"{kwargs['prompt_to_repeat']}\n\n{text}"


@finished("detectable_format:json_format", nothing, Stage.WRAP)
def json_format(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The text as JSON, in an object or by itself."""
    return json.dumps(rng.choice(({"answer": text}, text)), ensure_ascii=False)
