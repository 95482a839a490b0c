"""The maker of preferences: prompts to answers, answers to ratings, ratings to pairs.

An item is a prompt. First it is answered by those that are drawn for it, then judged; what was
said is one row, whatever became of it. Which of the answers make a pair is decided for many rows
at once (`settle`), so that another rule needs no other request."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from curate.engines.answer import Answer
from curate.engines.request import Message, Request, digest, seed_of
from curate.engines.spec import named
from curate.make.drive import Asker
from curate.make.maker import Ask, BadInput, Given, Item, Row, Settled, unaskable
from curate.make.prefer import agreement, prompts
from curate.make.prefer.calibrate import calibrate, refuse
from curate.make.prefer.figures import of_gold
from curate.make.prefer.gold import Gold, read_gold
from curate.make.prefer.judging import is_asking, judged
from curate.make.prefer.pool import drawn
from curate.make.prefer.questions import Case
from curate.make.prefer.rubrics import DIGEST
from curate.make.prefer.settle import settled
from curate.make.prefer.spec import Entry, Spec
from curate.make.prefer.tables import JUDGES, table
from curate.make.prefer.turns import FORMS_DIGEST, WRITTEN, conversation

_KINDS = {"pairs": "preference", "unpaired": "unpaired", "best": "sft"}
SAME = "same as another"
"""The outcome of an answer whose text another one of the prompt has."""


@dataclass(frozen=True)
class Preferring:
    """The maker of a source `prefer`."""

    spec: Spec
    given: Given
    gold: Sequence[Gold] = ()
    name: str = "prefer"

    @property
    def kind(self) -> str:
        """The kind of record of its rows."""
        return _KINDS[self.spec.pairs.shape]

    @property
    def engines(self) -> Collection[str]:
        """Those of the pool and of the judges."""
        return sorted(self.spec.engines)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Digests of what judges are asked, and of the gold pairs; the rest stands in the recipe."""
        gold = [asdict(pair) for pair in self.gold]
        turns = {"turns": FORMS_DIGEST} if self.spec.turns else {}
        return {"rubrics": DIGEST} | turns | ({"gold": digest(gold)} if gold else {})

    def begin(self, ask: Asker) -> Mapping[str, pa.Table]:
        """Measure the judges on gold pairs; raises UserError where one is no better than a coin."""
        models = self._models()
        found = [
            calibrate(judge, self.gold, ask, self.given.seed, models[judge.name])
            for judge in self.spec.judges
            if self.gold and judge.engine
        ]
        refuse(found, self.spec.judges)
        rows = [
            {"judge": judge.name, "model": models.get(judge.name)}
            | {name: getattr(judge, name) for name in ("engine", "mode", "ask", "uncalibrated")}
            for judge in self.spec.judges
        ]
        return {"judges": table(JUDGES, rows), "judge_figures": of_gold(found)}

    def _models(self) -> dict[str, str]:
        """What each judge runs on."""
        judges = [judge for judge in self.spec.judges if judge.engine]
        return {judge.name: self.given.engines[str(judge.engine)].model for judge in judges}

    def items(self) -> Iterator[Item]:
        """A prompt each; two where good and bad answers are rows of their own."""
        every = prompts.items(self.spec, self.given)
        if self.spec.pairs.shape != "unpaired":
            return every
        return (
            Item(2 * item.number + side, {**item.data, "side": side})
            for item in every
            for side in (0, 1)
        )

    def next(self, item: Item, answers: Sequence[Answer]) -> list[Ask] | Row | BadInput:
        """Ask the writer of turns, the pool, then the judges; a row holds all that was said."""
        odd = unaskable(item.data)
        if odd is not None:
            return odd
        if not item.data.get("plain", True):
            return BadInput("a side of the pair has several turns or calls a tool: not judged")
        number = item.number // 2 if "side" in item.data else item.number
        if self.spec.turns is None:
            return self._answered(item, number, item.data["prompt"], answers)
        n = WRITTEN[self.spec.turns.kind]
        prompt = item.data["prompt"]
        begun = conversation(self.spec.turns, prompt, number, self.given.seed, answers[:n])
        if not isinstance(begun, tuple):
            return begun
        return self._answered(item, number, begun, answers[n:])

    def _answered(
        self, item: Item, number: int, prompt: Sequence[Message], answers: Sequence[Answer]
    ) -> list[Ask] | Row:
        entries = drawn(self.spec, self.given.seed, number) if self.spec.pool else []
        if len(answers) < len(entries):
            use = item.data["use_of"]
            return [self._asked(entry, prompt, number, use) for entry in entries]
        made = [self._candidate(*pair) for pair in zip(entries, answers, strict=False)]
        candidates = _told_apart(made or item.data["candidates"])
        case = Case(
            number,
            prompt,
            {c["slot"]: c["text"] for c in candidates if c["outcome"] == "answered"},
            item.data.get("criteria"),
        )
        made_of = {"number": number, "prompt": prompt, "candidates": candidates}
        if len(case.answers) < 2:
            return Row(made_of | {"said": []}, {})
        what = judged(case, self.spec.judges, self.given.seed, answers[len(entries) :])
        if is_asking(what):
            return what
        return Row(made_of | {"said": what}, {})

    def _asked(self, entry: Entry, prompt: Sequence[Message], number: int, use: int) -> Ask:
        seed = seed_of(self.given.seed, "answer", number, entry.name)
        messages = _with_system(prompt, entry.system)
        return Ask(Request(messages, seed, entry.sampling, sample=use), entry.engine)

    def _candidate(self, entry: Entry, answer: Answer) -> dict[str, Any]:
        policy = self.spec.on_policy
        return {
            "text": answer.text or "",
            "outcome": answer.outcome,
            "entry": entry.name,
            "engine": entry.engine,
            "model": answer.model,
            "revision": answer.revision,
            "on_policy": policy is not None and policy.engine == entry.engine,
            "strength": entry.strength,
            "sampling": {**vars(entry.sampling)},
        }

    def settle(self, rows: Sequence[tuple[Item, Row]]) -> Settled:
        """What becomes of rows, many at once, and lines of the audit."""
        return settled(rows, self.spec, self.given.seed)


def _with_system(prompt: Sequence[Message], system: str | None) -> Sequence[Message]:
    if system is None or prompt[0]["role"] == "system":
        return prompt
    return [{"role": "system", "content": system}, *prompt]


def _told_apart(candidates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Candidates by slot; of those that say the same, the first counts."""
    seen: set[str] = set()
    apart = []
    for slot, one in enumerate(candidates):
        outcome = one.get("outcome", "answered")
        twice = outcome == "answered" and one["text"] in seen
        apart.append({**one, "slot": slot, "outcome": SAME if twice else outcome})
        seen.add(one["text"])
    return apart


def make(spec: Spec, given: Given) -> Preferring:
    """The maker of a source; raises UserError where a judge would judge unmeasured, or a package is
    missing that the report needs.
    """
    if len(spec.judges) > 1 or any(judge.orders > 1 for judge in spec.judges):
        agreement.require()
    gold = read_gold(spec.gold, base=given.base, n=spec.gold_pairs, seed=given.seed)
    if not gold:
        refuse([], spec.judges)
    for name in sorted(spec.engines):
        named(given.engines, name)
    return Preferring(spec, given, gold)
