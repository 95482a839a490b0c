"""Answers to the prompts of any source, such as those whose own answers are weak.

    - name: regenerated
      respond: {of: {from: prompts.jsonl}, engine: writer}

A prompt without an answer goes to quarantine with what became of its request, and one that holds
tools or calls of them, which engines are not asked, with that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from curate.engines.answer import Answer
from curate.engines.request import Request, seed_of
from curate.make.maker import (
    Ask,
    BadInput,
    Given,
    Item,
    MakerSpec,
    Row,
    served,
    turns,
    unanswered,
    unaskable,
)
from curate.make.sampling import SamplingSpec
from curate.sources.spec import ReadSpec


class Spec(MakerSpec):
    """Which prompts are answered, and by which engine."""

    of: ReadSpec
    """The prompts. Of a conversation with an answer everything up to the last user turn is asked."""
    engine: str = "engine"
    system: str | None = None
    """A system turn for prompts that have none."""
    sampling: SamplingSpec = SamplingSpec()

    def licence(self) -> str | None:
        """That of the prompts."""
        return self.of.licence


@dataclass(frozen=True)
class Respond:
    """The maker made ready."""

    spec: Spec
    given: Given
    name: str = "respond"
    kind: str = "sft"

    @property
    def engines(self) -> tuple[str, ...]:
        """The one that answers."""
        return (self.spec.engine,)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Nothing that the recipe does not say."""
        return {}

    def items(self) -> Iterator[Item]:
        """The prompts that passed the recipe's steps, in their order."""
        rows = self.given.passed(self.spec.of, "prompt")
        for number, row in enumerate(islice(rows, self.spec.items)):
            prompt = self._with_system(turns(row["prompt"]))
            yield Item(number, {"id": row["id"], "prompt": prompt} | _kept(row))

    def _with_system(self, prompt: list[dict[str, str]]) -> list[dict[str, str]]:
        if self.spec.system is None or prompt[0]["role"] == "system":
            return prompt
        return [{"role": "system", "content": self.spec.system}, *prompt]

    def next(self, item: Item, answers: Sequence[Answer]) -> list[Ask] | Row | BadInput:
        """Ask for the answer; then it is the row's last turn."""
        if not answers:
            odd = unaskable(item.data)
            if odd is not None:
                return odd
            seed = seed_of(self.given.seed, self.given.source, item.number)
            sampling = self.spec.sampling.sampling()
            return [Ask(Request(item.data["prompt"], seed, sampling), self.spec.engine)]
        answer = answers[0]
        if answer.text is None:
            return unanswered(answer)
        messages = [*item.data["prompt"], {"role": "assistant", "content": answer.text}]
        kept = {key: item.data[key] for key in self.spec.of.keep}
        lineage = {"prompt": item.data["id"], "answer": served(answer)}
        return Row({"messages": messages, **kept}, lineage)


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    """What else stands in a row of prompts."""
    return {key: value for key, value in row.items() if key not in ("id", "source", "prompt")}


def make(spec: Spec, given: Given) -> Respond:
    """Make it ready."""
    return Respond(spec, given)
