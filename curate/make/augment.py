"""Constraints added to the prompts of any source, each with a text that proves they can be kept.

    - name: constrained
      augment: {of: {from: prompts.jsonl}, most: 3}

No model is asked. A row of kind `rlvr` has the verifier `ifeval` and its label; one of kind `prompt`
has the column `constraints`. A prompt for which no constraints could be found goes to quarantine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import Field, model_validator

from curate.engines.answer import Answer
from curate.engines.request import digest, seed_of
from curate.errors import UserError
from curate.make.constraints import Combination, asked, sample
from curate.make.constraints.sample import checked
from curate.make.constraints.stock import contents
from curate.make.maker import BadInput, Given, Item, MakerSpec, Row
from curate.sources.spec import ReadSpec

KINDS = ("prompt", "rlvr")
"""Kinds of record that can hold constraints."""


class Spec(MakerSpec):
    """Which prompts get constraints, and how many."""

    of: ReadSpec
    """The prompts. Of a conversation with an answer everything up to the last user turn is taken, and
    the constraints are added to that turn.
    """
    most: int = Field(default=3, ge=1, le=10)
    """Constraints of a prompt at most."""
    least: int = Field(default=1, ge=1, le=10)
    types: tuple[str, ...] | None = None
    """Ids of types to draw from, or `ifeval` and `iftrain` for all of a set; all of both where it is
    left out.
    """

    def licence(self) -> str | None:
        """That of the prompts."""
        return self.of.licence

    @model_validator(mode="after")
    def _in_order(self) -> Spec:
        if self.least > self.most:
            raise ValueError(f"least ({self.least}) is more than most ({self.most})")
        return self

    @model_validator(mode="after")
    def _that_can_be_asked(self) -> Spec:
        try:
            checked(self.types, self.least)
        except UserError as error:
            raise ValueError(str(error)) from None
        return self


@dataclass(frozen=True)
class Augment:
    """The maker made ready."""

    spec: Spec
    given: Given
    name: str = "augment"
    engines: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """That of the recipe, where its rows can hold constraints."""
        return self.given.kind if self.given.kind in KINDS else KINDS[0]

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The words in which constraints are asked for, and those that arguments are drawn from."""
        return {"words": digest(contents())}

    def items(self) -> Iterator[Item]:
        """The prompts that passed the recipe's steps, in their order."""
        rows = self.given.passed(self.spec.of, "prompt")
        for number, row in enumerate(islice(rows, self.spec.items)):
            kept = {key: row[key] for key in self.spec.of.keep}
            yield Item(number, {"id": row["id"], "prompt": row["prompt"], "kept": kept})

    def next(self, item: Item, answers: Sequence[Answer]) -> Row | BadInput:
        """The prompt with its constraints."""
        *before, last = item.data["prompt"]
        seed = seed_of(self.given.seed, self.given.source, item.number)
        spec = self.spec
        found = sample(seed, spec.most, least=spec.least, prompt=last["content"], types=spec.types)
        if found is None:
            return BadInput("no constraints that can be kept together were found for the prompt")
        turn = {**last, "content": asked(last["content"], found.constraints, seed)}
        lineage = {"prompt": item.data["id"], "seed": seed, "witness": found.witness}
        record = {"prompt": [*before, turn], **self._told(found), **item.data["kept"]}
        return Row(record, lineage)

    def _told(self, found: Combination) -> dict[str, Any]:
        """The constraints, in the columns of the kind."""
        if self.kind == "rlvr":
            return {"verifier": "ifeval", "ground_truth": found.ground_truth}
        return {"constraints": found.records}


def make(spec: Spec, given: Given) -> Augment:
    """Make it ready."""
    return Augment(spec, given)
