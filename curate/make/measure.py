"""How often a model solves a prompt, by the verifier that the prompt comes with; or the best of its answers.

    - name: measured
      measure: {of: {from: prompts.jsonl}, engine: policy, samples: 8, between: [0, 0.625]}
    - name: best
      measure: {of: {from: prompts.jsonl}, engine: policy, samples: 8, best: shortest}

Each prompt comes back with its counts, its pass rate and the rate's interval: a filter on columns
then selects. With `between` asking ends once it is settled whether the rate of all `samples` lies
there, and `decided` says so. With `best` a prompt comes back as a conversation with one of the
answers that pass, and goes to quarantine where none does. A truncated answer is none: it fails. A
prompt whose ground truth cannot be read goes to quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

from pydantic import Field, model_validator

from curate.engines.answer import Answer
from curate.engines.request import Request, seed_of
from curate.intervals import wilson
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
from curate.make.rollouts import Bounds
from curate.make.sampling import SamplingSpec
from curate.sources.spec import ReadSpec
from curate.verify import answer_part, find, load
from curate.verify.verdict import BadGroundTruth

Best = Literal["first", "shortest", "diverse"]


class Spec(MakerSpec):
    """Which prompts are measured, by which engine, and what is made of it."""

    of: ReadSpec
    """Prompts with a verifier and a ground truth each."""
    engine: str = "engine"
    samples: int = Field(default=8, ge=1, le=1024)
    """Answers to each prompt, at most."""
    between: tuple[float, float] | None = None
    """Asking ends once it is settled whether the pass rate lies between these, both included."""
    best: Best | None = None
    """Keep one answer that passes: the first, the shortest, or the least like the others."""
    sampling: SamplingSpec = SamplingSpec()

    @model_validator(mode="after")
    def _makes_sense(self) -> Spec:
        if self.between is not None and not 0 <= self.between[0] <= self.between[1] <= 1:
            raise ValueError("between: two shares from 0 to 1, the lower one first")
        if self.between is not None:
            bounds = Bounds.of(self.samples, *self.between)
            if bounds.decided(0, 0) == "between":
                raise ValueError("between: every pass rate lies there; leave it out")
            if bounds.least > bounds.most:
                raise ValueError(f"between: no pass rate of {self.samples} answers lies there")
        if self.between is not None and self.best is not None:
            raise ValueError("between and best exclude each other")
        if self.samples > 1 and self.sampling.temperature == 0:
            raise ValueError(
                "samples at temperature 0 are all the same; give a temperature above it"
            )
        return self


@dataclass(frozen=True)
class Measure:
    """The maker made ready."""

    spec: Spec
    given: Given
    name: str = "measure"

    @property
    def kind(self) -> str:
        """Prompts with their ground truth, or conversations with the best answer."""
        return "sft" if self.spec.best else "rlvr"

    @property
    def engines(self) -> tuple[str, ...]:
        """The one that is measured."""
        return (self.spec.engine,)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Nothing that the recipe does not say."""
        return {}

    def items(self) -> Iterator[Item]:
        """The prompts that passed the recipe's steps, in their order."""
        rows = self.given.passed(self.spec.of, "rlvr")
        for number, row in enumerate(islice(rows, self.spec.items)):
            load(row["verifier"])  # an unknown one ends the run before anything is asked
            yield Item(number, {**row, "prompt": turns(row["prompt"])})

    def next(self, item: Item, answers: Sequence[Answer]) -> list[Ask] | Row | BadInput:
        """Ask as many more as are needed at least; then say how many passed."""
        odd = unaskable(item.data)
        if odd is not None:
            return odd
        failed = next((one for one in answers if one.outcome == "failed"), None)
        if failed is not None:
            return unanswered(failed)
        try:
            if not answers:  # a ground truth that nobody can read is found before anything is asked
                _passed(item.data["verifier"], "", item.data["ground_truth"], "")
            passes = [_passes(item.data, answer) for answer in answers]
        except BadGroundTruth as error:
            return BadInput(f"ground truth: {error}")
        more = self._more(passes)
        if more:
            return [self._ask(item, len(answers) + n) for n in range(more)]
        return self._row(item, answers, passes)

    def _more(self, passes: Sequence[bool]) -> int:
        """How many answers are still needed."""
        left = self.spec.samples - len(passes)
        if self.spec.best == "first" and passes:
            return 0 if any(passes) else min(1, left)
        if self.spec.best == "first":
            return 1
        return left if self.spec.between is None else self._bounds.ask(len(passes), sum(passes))

    @property
    def _bounds(self) -> Bounds:
        return Bounds.of(self.spec.samples, *(self.spec.between or (0.0, 1.0)))

    def _ask(self, item: Item, sample: int) -> Ask:
        seed = seed_of(self.given.seed, self.given.source, item.number, sample)
        sampling = self.spec.sampling.sampling()
        return Ask(Request(item.data["prompt"], seed, sampling, sample), self.spec.engine)

    def _row(self, item: Item, answers: Sequence[Answer], passes: Sequence[bool]) -> Row | BadInput:
        lineage = {"prompt": item.data["id"], "answer": served(answers[0])}
        counts = rate(len(passes), sum(passes)) | {
            "model": answers[0].model,
            "revision": answers[0].revision,
            "temperature": self.spec.sampling.temperature,
        }
        if self.spec.between is not None:
            counts["decided"] = self._bounds.decided(len(passes), sum(passes))
        record = {name: item.data[name] for name in ("verifier", "ground_truth")} | counts
        record |= {name: item.data[name] for name in self.spec.of.keep}
        if self.spec.best is None:
            return Row({"prompt": item.data["prompt"], **record}, lineage)
        said = [answer.said for answer, ok in zip(answers, passes, strict=True) if ok]
        if not said:
            return BadInput(f"none of {len(passes)} answers passes")
        chosen = {"role": "assistant", "content": best_of(said, self.spec.best)}
        return Row({"messages": [*item.data["prompt"], chosen], **record}, lineage)


def rate(asked: int, passed: int) -> dict[str, Any]:
    """The counts of a prompt under the names that published sets use, with Wilson's interval."""
    low, high = wilson(passed, asked)
    return {
        "total_rollouts": asked,
        "total_correct_rollouts": passed,
        "passrate": passed / asked,
        "passrate_low": low,
        "passrate_high": high,
    }


def _passes(row: Mapping[str, Any], answer: Answer) -> bool:
    if answer.text is None:
        return False
    prompt = row["prompt"][-1]["content"]
    return _passed(row["verifier"], answer_part(answer.text, prompt), row["ground_truth"], prompt)


@lru_cache(maxsize=100_000)
def _passed(verifier: str, completion: str, ground_truth: str, prompt: str) -> bool:
    """Whether an answer passes; kept, since a maker is asked again after every wave of answers."""
    return find(verifier)(completion, ground_truth, prompt).passed


def best_of(passing: Sequence[str], how: Best) -> str:
    """One of the answers that pass; of equals the first."""
    if how == "first":
        return passing[0]
    if how == "shortest":
        return min(passing, key=len)
    grams = [_grams(text) for text in passing]
    seen = Counter(gram for own in grams for gram in own)
    return min(zip(passing, grams, strict=True), key=lambda one: _shared(one[1], seen))[0]


def _grams(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[n : n + 3]) for n in range(max(1, len(words) - 2))}


def _shared(own: set[tuple[str, ...]], seen: Counter[tuple[str, ...]]) -> float:
    """The share of runs of three words that other answers have too."""
    return sum(seen[gram] > 1 for gram in own) / len(own)


def make(spec: Spec, given: Given) -> Measure:
    """Make it ready."""
    return Measure(spec, given)
