"""One prompt made a conversation of several turns, the last of which is answered: the four kinds that
Olmo 3 has (arXiv 2512.13961).

    related-query   prompt, answer, a question near to it
    paraphrase      the prompt in other words, answer, the prompt
    repeat          prompt, answer, the prompt once more
    self-talk       prompt, answer, what a user would say next

A writer gives what stands before the last answer, so the two sides of a pair differ in their last
turn alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curate.engines.answer import Answer
from curate.engines.request import Message, Request, Sampling, digest, seed_of
from curate.make.maker import Ask, BadInput, unanswered
from curate.make.prefer.spec import Turns

_FORMS: Mapping[str, str] = {
    "related-query": (
        "Somebody asked the question below. Write another question that the same person may ask "
        "next, on the same subject but not the same thing. Write the question and nothing else."
    ),
    "paraphrase": (
        "Say what stands below in other words, with the same meaning and every condition kept. "
        "Write the new wording and nothing else."
    ),
    "self-talk": (
        "Below is a conversation. Write what its user would say next: a question, a wish or a "
        "doubt, in the user's voice. Write that turn and nothing else."
    ),
}
FORMS_DIGEST = digest(dict(_FORMS))
WRITTEN = {"related-query": 2, "paraphrase": 2, "repeat": 1, "self-talk": 2}
"""How many requests the writer gets."""


def conversation(
    turns: Turns, prompt: Sequence[Message], number: int, seed: int, answers: Sequence[Answer]
) -> list[Ask] | BadInput | tuple[Message, ...]:
    """What to ask the writer next, the turns up to the last question, or why there are none."""
    bad = next((one for one in answers if one.text is None), None)
    if bad is not None:
        return unanswered(bad)
    said = [str(one.text).strip() for one in answers]
    wanted: list[Sequence[Message]]
    first = [dict(turn) for turn in prompt]
    if turns.kind == "paraphrase":  # the other wording is asked first
        if said:
            first[-1] = {"role": "user", "content": said[0]}
        wanted = [_form(turns.kind, prompt), first]
        answer, last = said[1:2], prompt[-1]["content"]
    else:
        answer, last = said[:1], said[1] if len(said) > 1 else prompt[-1]["content"]
        shown = [*prompt, _turn("assistant", answer[0])] if answer else prompt
        wanted = [prompt, _form(turns.kind, shown if turns.kind == "self-talk" else prompt)]
    if len(said) < WRITTEN[turns.kind]:
        return [_ask(turns, wanted[len(said)], number, len(said), seed)]
    return (*first, _turn("assistant", answer[0]), _turn("user", last))


def _form(kind: str, prompt: Sequence[Message]) -> list[Message]:
    text = "\n\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in prompt)
    shown = prompt[-1]["content"] if kind != "self-talk" else text
    return [_turn("user", f"{_FORMS.get(kind, '')}\n\n{shown}")]


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _ask(turns: Turns, messages: Sequence[Message], number: int, nth: int, seed: int) -> Ask:
    own = seed_of(seed, "turn", turns.kind, number, nth)
    sampling = Sampling(max_tokens=turns.max_tokens)
    return Ask(Request(messages, own, sampling, template=FORMS_DIGEST), turns.engine)
