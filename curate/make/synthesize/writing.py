"""The maker itself: a persona and a domain become a prompt, the prompt answers, the answers a row.

What is asked next follows from the answers so far, so a row can be made again from them alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from curate.engines.answer import Answer
from curate.engines.request import Request, digest, seed_of
from curate.make.maker import Ask, BadInput, Given, Item, Row, served, unanswered
from curate.make.synthesize.constrained import constrained
from curate.make.synthesize.domain import Domain, Numbers, Question, Seed, Unfilled, render
from curate.make.synthesize.parse import parsed
from curate.make.synthesize.personas import Pool
from curate.make.synthesize.spec import Spec
from curate.verify import BadGroundTruth, answer_part, find
from curate.verify.agreement import Majority, majority

_COPIED = 0.5
"""A prompt is a copy of an example that holds this share of its runs of words."""
_RUN = 5
_SLOW = ("code",)
"""Verifiers that no answer is chosen by: they run programs."""

Next = list[Ask] | BadInput
"""What stands in the way of a part: requests, or why there is none."""


@dataclass
class Told:
    """The answers to what was asked for an item, taken one after the other."""

    item: Item
    left: list[Answer]
    lineage: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Synthesize:
    """The maker made ready."""

    spec: Spec
    given: Given
    domain_name: str
    domain: Domain
    pool: Pool
    name: str = "synthesize"

    @property
    def kind(self) -> str:
        """The kind of the recipe: a domain makes several."""
        return self.given.kind

    @property
    def engines(self) -> tuple[str, ...]:
        """Those that write and answer."""
        return (self.spec.engine, self._answering)

    @property
    def _answering(self) -> str:
        return self.spec.answered_by or self.spec.engine

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The domain, and what pins the personas."""
        return {
            "domain": {"name": self.domain_name, "sha256": self._digest},
            "personas": self.pool.inputs,
        }

    @property
    def _digest(self) -> str:
        return digest(self.domain.model_dump(mode="json"))

    def items(self) -> Iterator[Item]:
        """A persona each, and what the domain draws."""
        most = self.spec.items
        for number in count() if most is None else range(most):
            seed, source = self.given.seed, self.given.source
            persona = self.pool.drawn(seed, source, number)
            random = Random(seed_of(seed, source, number, "variables"))
            variables = {
                name: random.randint(drawn.least, drawn.most)
                if isinstance(drawn, Numbers)
                else random.choice(drawn)
                for name, drawn in self.domain.variables.items()
            }
            shots = random.sample(range(len(self.domain.seeds)), self.domain.shots)
            data = {"persona": persona.text, "persona_id": persona.id}
            yield Item(number, data | {"variables": variables, "shots": shots})

    def next(self, item: Item, answers: Sequence[Answer]) -> list[Ask] | Row | BadInput:
        """Ask for the prompt, then for its answers, then for a label where the domain has one."""
        try:
            return self._next(Told(item, list(answers)))
        except Unfilled as error:  # names are checked before: it is this answer that does not fit
            return BadInput(str(error))

    def _next(self, told: Told) -> list[Ask] | Row | BadInput:
        item = told.item
        known = {
            **item.data["variables"],
            "persona": item.data["persona"],
            "shots": self._shots(item),
        }
        prompt = self._prompt(told, known)
        if not isinstance(prompt, str):
            return prompt
        turn = self._user_turn(item, known, prompt)
        if not isinstance(turn, str):
            return turn
        known["prompt"] = turn
        lineage = self._lineage(item)
        if self.kind == "prompt":
            record = {"prompt": [_user(turn)], "persona": item.data["persona"]}
            record |= {"constraints": known["plain"]} if "plain" in known else {}
            return Row(record | self._beside(item), lineage | told.lineage)
        replies = self._answers(told, known)
        if not isinstance(replies, tuple):
            return replies
        texts = [render(self.domain.reply, **known, answer=text) for text in replies]
        return self._finished(told, known, texts, lineage)

    def _shots(self, item: Item) -> list[Seed]:
        return [self.domain.seeds[place] for place in item.data["shots"]]

    def _beside(self, item: Item) -> dict[str, Any]:
        return {"domain": self.domain_name, "persona_id": item.data["persona_id"]}

    def _lineage(self, item: Item) -> dict[str, Any]:
        variables = item.data["variables"]
        return {
            "domain": self.domain_name,
            "domain_sha256": self._digest,
            "persona": item.data["persona_id"],
            "seed": self.given.seed,
        } | ({"variables": variables} if variables else {})

    def _user_turn(self, item: Item, known: dict[str, Any], prompt: str) -> str | BadInput:
        """The row's user turn, with the constraints that are drawn for it."""
        turn = render(self.domain.turn, **known, prompt=prompt)
        if self.domain.constraints is None:
            return turn
        seed = seed_of(self.given.seed, self.given.source, item.number, "constraints")
        found = constrained(self.domain.constraints, seed, turn)
        if found is None:
            return BadInput("no constraints were found that the prompt's answer can keep together")
        known |= {"truth": found.ground_truth, "plain": found.plain()}
        return found.turn

    def foreseen(self, item: Item) -> list[Ask]:
        """What an item asks if all goes well, its prompt being as long as an example."""
        known = {
            **item.data["variables"],
            "persona": item.data["persona"],
            "shots": self._shots(item),
        }
        seeds = self.domain.seeds
        stands_in = seeds[item.number % len(seeds)].prompt if seeds else item.data["persona"]
        asks = []
        if self.domain.prompt is not None:
            asks.append(self._ask(item, "prompt", self.domain.prompt, self.spec.engine, known, 0))
        if self.kind == "prompt":
            return asks
        known["prompt"] = known["answer"] = stands_in
        asks += [
            self._ask(item, "answer", self.domain.answer, self._answering, known, sample)
            for sample in range(self.spec.samples)
        ]
        if self.domain.label is not None:
            asks.append(self._ask(item, "label", self.domain.label, self.spec.engine, known, 0))
        return asks

    # ---- what is asked

    def _prompt(self, told: Told, known: Mapping[str, Any]) -> str | Next:
        if self.domain.given is not None:
            return render(self.domain.given, **known)
        assert self.domain.prompt is not None
        prompt = self._part(told, "prompt", self.domain.prompt, self.spec.engine, known)
        if isinstance(prompt, str) and any(_copies(prompt, one.prompt) for one in known["shots"]):
            return BadInput("the prompt is a copy of an example that was shown")
        return prompt

    def _part(
        self, told: Told, what: str, question: Question, engine: str, known: Mapping[str, Any]
    ) -> str | Next:
        """A part of the row that is asked for once, and again where the reply cannot be parsed."""
        reason: BadInput | None = None
        for attempt in range(question.tries):
            if not told.left:
                return [self._ask(told.item, what, question, engine, known, attempt)]
            answer = told.left.pop(0)
            part = (
                unanswered(answer) if answer.text is None else parsed(answer.text, question.parse)
            )
            if isinstance(part, str):
                told.lineage[what] = served(answer) | {"tries": attempt + 1}
                return part
            reason = part
        assert reason is not None
        return BadInput(f"{what}: {reason.reason}")

    def _answers(self, told: Told, known: Mapping[str, Any]) -> tuple[str, ...] | Next:
        """All sampled answers that could be parsed, in their order."""
        question, engine = self.domain.answer, self._answering
        if self.spec.samples == 1:
            one = self._part(told, "answer", question, engine, known)
            return (one,) if isinstance(one, str) else one
        if not told.left:
            return [
                self._ask(told.item, "answer", question, engine, known, sample)
                for sample in range(self.spec.samples)
            ]
        replies, told.left = told.left[: self.spec.samples], told.left[self.spec.samples :]
        parts = [
            unanswered(one) if one.text is None else parsed(one.text, question.parse)
            for one in replies
        ]
        texts = tuple(part for part in parts if isinstance(part, str))
        told.lineage["answer"] = served(replies[0]) | {"parsed": len(texts)}
        if not texts:
            reasons = [part.reason for part in parts if isinstance(part, BadInput)]
            return BadInput(f"answer: none of {len(parts)} samples: {reasons[0]}")
        return texts

    def _ask(
        self,
        item: Item,
        what: str,
        question: Question,
        engine: str,
        known: Mapping[str, Any],
        sample: int,
    ) -> Ask:
        system = (
            [] if question.system is None else [_turn("system", render(question.system, **known))]
        )
        messages = [*system, _user(render(question.template, **known))]
        seed = seed_of(self.given.seed, self.given.source, item.number, what, sample)
        template = digest([question.system, question.template])[:16]
        sampling = question.sampling.sampling()
        return Ask(Request(messages, seed, sampling, sample=sample, template=template), engine)

    # ---- what becomes of it

    def _finished(
        self, told: Told, known: dict[str, Any], texts: Sequence[str], lineage: dict[str, Any]
    ) -> list[Ask] | Row | BadInput:
        """The row, of all answers; the label is asked for before, where the domain has one."""
        if self.domain.label is not None:
            known["answer"] = texts[0]
            label = self._part(told, "label", self.domain.label, self.spec.engine, known)
            if not isinstance(label, str):
                return label
            known["label"] = label
        truth, text, share = self._judged(known, texts)
        if self.domain.verifier is not None and truth is None:
            return BadInput("no answer states anything that its verifier could compare")
        record = self._record(str(known["prompt"]), text, truth) | self._beside(told.item)
        record["agreement"] = share
        if self.spec.samples > 1:
            lineage |= {"samples": self.spec.samples, "agreement": share}
        return Row(record, lineage | told.lineage)

    def _judged(
        self, known: Mapping[str, Any], texts: Sequence[str]
    ) -> tuple[str | None, str, float | None]:
        """What the verifier compares with, the answer that is taken, and the share that agree."""
        verifier = self.domain.verifier
        if verifier is None:
            return None, texts[0], None
        asked = max(self.spec.samples, len(texts))
        padded = [*texts, *[""] * (asked - len(texts))]
        most = majority(verifier, padded) if self.spec.samples > 1 else None
        share = None if most is None else round(most.share, 4)
        given = self.domain.ground_truth
        truth = known.get("truth") if given is None else render(given, **known)
        if truth is not None:
            return truth, _passing(verifier, texts, truth, most, str(known["prompt"])), share
        most = most or majority(verifier, padded)
        return (None, texts[0], None) if most is None else (most.truth, padded[most.place], share)

    def _record(self, prompt: str, text: str, truth: str | None) -> dict[str, Any]:
        label = {"verifier": self.domain.verifier, "ground_truth": truth}
        if self.kind == "rlvr":
            return {"prompt": [_user(prompt)], "answer": text, **label}
        return {"messages": [_user(prompt), _turn("assistant", text)], **label}


def _passing(
    verifier: str, texts: Sequence[str], truth: str, most: Majority | None, prompt: str
) -> str:
    """The first answer that passes; else one that most agree with, else the first."""
    if verifier not in _SLOW and len(texts) > 1:
        try:
            judge = find(verifier)
            passes = (text for text in texts if judge(answer_part(text), truth, prompt).passed)
            found = next(passes, None)
        except BadGroundTruth:
            found = None  # the gate says so
        if found is not None:
            return found
    return texts[0] if most is None or most.place >= len(texts) else texts[most.place]


def _copies(prompt: str, shown: str) -> bool:
    """Whether most runs of words of one text are in the other."""
    one, other = (_runs(text) for text in (prompt, shown))
    return len(one & other) > _COPIED * min(len(one), len(other))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[at : at + _RUN]) for at in range(max(1, len(words) - _RUN + 1))}


def _user(text: str) -> dict[str, str]:
    return _turn("user", text)


def _turn(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}
