"""Constraints for the benchmark of learning: how each is worded, drawn for an instruction, and made
to hold.

A type is one of `curate.verify.constraints`, with wordings of our own, a function that draws its
arguments and one that rewrites an answer so that it should hold. A rewriting may fail, on an answer
of one sentence that needs four, say: the verifier has the last word (`kept`), and a pair that does
not pass is not used. Nothing here judges an answer itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from curate.verify import find
from curate.verify.constraints.text import sentences

Arguments = dict[str, Any]

ENDINGS = (
    "That is all.", "I hope this helps.", "Let me know what you think.", "Is there anything else?", "The end.",
    "Thank you for asking.", "That is my answer.", "Feel free to ask again.", "Have a good day.", "End of answer.",
)  # fmt: skip
POSTSCRIPTS = (
    "Ask again if anything is unclear.", "I am glad that you asked.", "There is more to say about this.",
    "Other answers are possible.", "Tell me if you need more details.", "I hope that this is of use to you.",
)  # fmt: skip
_STOP = frozenset(
    "about after again also because been before being between both could does doing down during each from further have"
    " having here into itself just more most only other over same should some such than that their them then there"
    " these they this those through under until very were what when where which while will with would your".split()
)
_CONTENT = re.compile(r"\b[A-Za-z]{4,}\b")
_ITEM = re.compile(r",\s+(?:and\s+|or\s+)?|;\s+|\s+and\s+")


@dataclass(frozen=True)
class Pair:
    """An instruction and an answer to it."""

    instruction: str
    answer: str


@dataclass(frozen=True)
class Type:
    """A type of constraint: `draw` gives None for a pair that it does not fit."""

    id: str
    wordings: tuple[str, ...]
    draw: Callable[[Random, Pair], Arguments | None]
    rewrite: Callable[[Pair, Arguments, Random], str]


@dataclass(frozen=True)
class Asked:
    """An instruction with one constraint: the whole prompt, and the ground truth of verifier
    `ifeval`.
    """

    type: str
    prompt: str
    arguments: Arguments
    ground_truth: str


def ask(kind: Type, pair: Pair, rng: Random) -> Asked | None:
    """Add a constraint to an instruction, before or behind it; None where the type does not fit."""
    arguments = kind.draw(rng, pair)
    if arguments is None:
        return None
    wording = rng.choice(kind.wordings).format_map(_worded(arguments))
    prompt = rng.choice(("{0}\n\n{1}", "{0}\n\n{1}", "{0} {1}", "{1}\n\n{0}")).format(
        pair.instruction, wording
    )
    return Asked(kind.id, prompt, arguments, json.dumps([{"id": kind.id, "kwargs": arguments}]))


def kept(kind: Type, pair: Pair, asked: Asked, rng: Random) -> str | None:
    """The answer, rewritten so that it keeps what is asked; None if the verifier does not agree."""
    answer = kind.rewrite(pair, asked.arguments, rng)
    return answer if keeps(answer, asked) else None


def keeps(answer: str, asked: Asked) -> bool:
    """Whether an answer keeps what is asked, by the verifier."""
    return find("ifeval")(answer, asked.ground_truth).passed


def content_words(text: str) -> list[str]:
    """Words that mean something, in order, each once."""
    found = {
        word.lower(): word for word in reversed(_CONTENT.findall(text)) if word.lower() not in _STOP
    }
    return list(found.values())[::-1]


def _worded(arguments: Arguments) -> Arguments:
    """Arguments as they stand in a wording: lists of words as quoted words."""
    lists = {name: value for name, value in arguments.items() if isinstance(value, list)}
    return arguments | {
        name: " and ".join(f'"{one}"' for one in value) for name, value in lists.items()
    }


def _nothing(rng: Random, pair: Pair) -> Arguments:
    return {}


def _number(name: str, *values: int) -> Callable[[Random, Pair], Arguments]:
    return lambda rng, pair: {name: rng.choice(values)}


def _keywords(rng: Random, pair: Pair) -> Arguments | None:
    """Two words of the answer that the instruction does not hold."""
    words = [
        one.lower()
        for one in content_words(pair.answer)
        if one.lower() not in pair.instruction.lower()
    ]
    return {"keywords": rng.sample(words, 2)} if len(words) > 1 else None


def _length(rng: Random, pair: Pair) -> Arguments:
    less = rng.random() < 0.5
    words = rng.choice((6, 8, 10, 12)) if less else rng.choice((25, 30, 35, 40))
    return {"num_words": words, "relation": "less than" if less else "at least"}


def _capitals(rng: Random, pair: Pair) -> Arguments:
    return {"capital_frequency": rng.choice((2, 3, 4)), "capital_relation": "at least"}


def _repeat(rng: Random, pair: Pair) -> Arguments | None:
    return {"prompt_to_repeat": pair.instruction} if len(pair.instruction.split()) <= 25 else None


def _mark(text: str, n: int, mark: Callable[[str], str], rng: Random) -> str:
    """Mark `n` words of a text that mean something."""
    words = content_words(text)
    for word in rng.sample(words, min(n, len(words))):
        text = re.sub(rf"\b{word}\b", lambda match: mark(match[0]), text, count=1)
    return text


def _bullets(pair: Pair, arguments: Arguments, rng: Random) -> str:
    found = sentences(pair.answer)
    items = found if len(found) > 1 else _ITEM.split(pair.answer.rstrip("."))
    return "\n".join(f"- {one[:1].upper()}{one[1:]}" for one in items[: arguments["num_bullets"]])


def _highlights(pair: Pair, arguments: Arguments, rng: Random) -> str:
    return _mark(pair.answer.replace("*", ""), arguments["num_highlights"], "*{}*".format, rng)


def _placeholders(pair: Pair, arguments: Arguments, rng: Random) -> str:
    return _mark(pair.answer, arguments["num_placeholders"], "[{}]".format, rng)


def _shouted(pair: Pair, arguments: Arguments, rng: Random) -> str:
    return _mark(pair.answer, arguments["capital_frequency"], str.upper, rng)


def _paragraphs(pair: Pair, arguments: Arguments, rng: Random) -> str:
    """As many paragraphs as asked, the last one with what is left."""
    found, n = sentences(pair.answer), arguments["num_paragraphs"]
    return "\n***\n".join([*found[: n - 1], " ".join(found[n - 1 :])])


def _long_or_short(pair: Pair, arguments: Arguments, rng: Random) -> str:
    """The answer as it is, or its first sentence that says more than yes or no."""
    told = [one for one in sentences(pair.answer) if len(one.split()) > 2]
    return told[0] if told and arguments["relation"] == "less than" else pair.answer


def _without_commas(pair: Pair, arguments: Arguments, rng: Random) -> str:
    return (
        re.sub(r",\s*(?=and |or |but )", " ", pair.answer).replace(", ", " and ").replace(",", "")
    )


def _title(pair: Pair, arguments: Arguments, rng: Random) -> str:
    return f"<<{' '.join(word.capitalize() for word in content_words(pair.answer)[:3])}>>\n{pair.answer}"


def _twice(pair: Pair, arguments: Arguments, rng: Random) -> str:
    again = rng.choice(("In other words: {}", "Put differently: {}", "To say it another way: {}"))
    return f"{pair.answer}\n******\n{again.format(sentences(pair.answer)[-1])}"


TYPES = (
    Type(
        "punctuation:no_comma",
        (
            "Do not use any commas.",
            "Write without a single comma.",
            "Your reply must not contain commas.",
            "Leave out all commas in your answer.",
        ),
        _nothing,
        _without_commas,
    ),
    Type(
        "change_case:english_lowercase",
        (
            "Write in lower case only.",
            "Your whole reply must be in lowercase letters.",
            "Use no capital letters at all.",
            "Answer in English without any capitals.",
        ),
        _nothing,
        lambda pair, arguments, rng: pair.answer.lower(),
    ),
    Type(
        "change_case:english_capital",
        (
            "Write in capital letters only.",
            "Your whole reply must be in capitals.",
            "Answer in English, all letters in upper case.",
            "Use no lowercase letters at all.",
        ),
        _nothing,
        lambda pair, arguments, rng: pair.answer.upper(),
    ),
    Type(
        "startend:quotation",
        (
            "Put your whole reply in double quotation marks.",
            "Begin and end your answer with a double quotation mark.",
            "Wrap the entire answer in double quotes.",
        ),
        _nothing,
        lambda pair, arguments, rng: '"' + pair.answer.replace('"', "'") + '"',
    ),
    Type(
        "startend:end_checker",
        (
            'End your reply with exactly these words: "{end_phrase}"',
            "Finish with the phrase: {end_phrase} Nothing may follow it.",
            'The very last words of your answer must be "{end_phrase}"',
        ),
        lambda rng, pair: {"end_phrase": rng.choice(ENDINGS)},
        lambda pair, arguments, rng: f"{pair.answer} {arguments['end_phrase']}",
    ),
    Type(
        "detectable_format:title",
        (
            "Give your answer a title in double angular brackets, such as <<a good day>>.",
            "Put a title above the answer, wrapped in << and >>.",
            "Your reply must have a title between << and >>.",
        ),
        _nothing,
        _title,
    ),
    Type(
        "detectable_content:postscript",
        (
            "Add a postscript at the end that begins with {postscript_marker}",
            "After your answer write a postscript starting with {postscript_marker}",
            "Close with a short note that starts with {postscript_marker}",
        ),
        lambda rng, pair: {"postscript_marker": rng.choice(("P.S.", "P.P.S"))},
        lambda pair, arguments, rng: (
            f"{pair.answer}\n\n{arguments['postscript_marker']} {rng.choice(POSTSCRIPTS)}"
        ),
    ),
    Type(
        "detectable_format:number_bullet_lists",
        (
            "Answer with exactly {num_bullets} bullet points, each on a line that begins with a dash.",
            "Your reply must be a list of exactly {num_bullets} bullets in markdown.",
            "Use exactly {num_bullets} bullet points.",
        ),
        _number("num_bullets", 2, 3, 4),
        _bullets,
    ),
    Type(
        "detectable_format:number_highlighted_sections",
        (
            "Highlight at least {num_highlights} words with asterisks, like *this*.",
            "Emphasise at least {num_highlights} words or phrases in markdown, as in *important*.",
            "Mark at least {num_highlights} parts of the answer with *asterisks*.",
        ),
        _number("num_highlights", 2, 3, 4),
        _highlights,
    ),
    Type(
        "detectable_content:number_placeholders",
        (
            "Use at least {num_placeholders} placeholders in square brackets, such as [name].",
            "Your answer must hold at least {num_placeholders} words in square brackets, like [place].",
            "Put at least {num_placeholders} words in [square brackets], as placeholders.",
        ),
        _number("num_placeholders", 2, 3, 4),
        _placeholders,
    ),
    Type(
        "keywords:existence",
        (
            "Use the words {keywords}.",
            "Your answer must contain the words {keywords}.",
            "Include {keywords} in your reply.",
        ),
        _keywords,
        lambda pair, arguments, rng: pair.answer,
    ),
    Type(
        "length_constraints:number_words",
        (
            "Use {relation} {num_words} words.",
            "Your reply must have {relation} {num_words} words.",
            "Answer in {relation} {num_words} words.",
        ),
        _length,
        _long_or_short,
    ),
    Type(
        "detectable_format:json_format",
        (
            "Give the whole answer as JSON.",
            "Your entire reply must be valid JSON.",
            "Wrap your answer in a JSON object and write nothing else.",
        ),
        _nothing,
        lambda pair, arguments, rng: json.dumps({"answer": pair.answer}, ensure_ascii=False),
    ),
    Type(
        "combination:two_responses",
        (
            "Give two different responses, divided by six asterisks: ******",
            "Answer twice in different words, with ****** between the two answers.",
            "Write two separate answers and put ****** between them.",
        ),
        _nothing,
        _twice,
    ),
    Type(
        "combination:repeat_prompt",
        (
            "Before you answer, repeat the request word for word, without this sentence.",
            "First copy the request exactly as it stands (but not this line), then give your answer.",
            "Begin with the request itself, repeated without change and without this remark, then answer.",
        ),
        _repeat,
        lambda pair, arguments, rng: f"{pair.instruction}\n\n{pair.answer}",
    ),
    Type(
        "change_case:capital_word_frequency",
        (
            "Write at least {capital_frequency} words in capital letters.",
            "At least {capital_frequency} words of your answer must be in ALL CAPITALS.",
            "Shout at least {capital_frequency} words by writing them in upper case.",
        ),
        _capitals,
        _shouted,
    ),
    Type(
        "length_constraints:number_paragraphs",
        (
            "Write {num_paragraphs} paragraphs and divide them with ***",
            "Your reply must have exactly {num_paragraphs} paragraphs, separated by a line with three asterisks: ***",
            "Split the answer into {num_paragraphs} paragraphs with *** between them.",
        ),
        _number("num_paragraphs", 2, 3),
        _paragraphs,
    ),
)
"""All types that the benchmark knows; `data.DOSES` says which are used and how often."""
