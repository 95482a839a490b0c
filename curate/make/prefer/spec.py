"""The key `prefer` of a source: who answers which prompts, who judges, and how ratings become pairs.

    - name: on-policy
      prefer:
        prompts: [{from: tasks.jsonl, kind: rlvr}]
        pool:
          - {name: cool, engine: small, temperature: 0.3}
          - {name: warm, engine: small, temperature: 1.0}
        answers: 2
        judges: [{name: self, engine: small, mode: labels, uncalibrated: allow}]

Everything that can be wrong is said before the first request: unknown engines and aspects, more
answers than the pool has entries, an on-policy model that is not in the pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from curate.config import IS_PATH, Strict, one_of
from curate.engines.request import Sampling
from curate.errors import unknown
from curate.make.maker import MakerSpec
from curate.make.prefer.rubrics import ASPECTS
from curate.sources.spec import ReadSpec

Name = Annotated[str, Field(pattern=r"^\w[\w.-]*$")]
Aspect = Annotated[str, one_of("aspect", ASPECTS)]
Mode = Literal["labels", "json", "text"]


class Entry(Strict):
    """One of those who answer: a model with its sampling."""

    name: Name
    engine: Name
    """A key under `engines`."""
    system: str | None = Field(default=None, min_length=1)
    """A system turn of its own, put before the prompt where that has none; not part of the pair."""
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    stop: tuple[str, ...] = ()
    """Texts before which an answer ends."""
    strength: Literal["strong", "weak"] | None = None
    """For `pairs: {rule: delta}`."""

    @property
    def sampling(self) -> Sampling:
        """How its tokens are drawn."""
        return Sampling(self.max_tokens, self.temperature, self.top_p, stop=self.stop)


class OnPolicy(Strict):
    """The model that is to be trained answers too."""

    engine: Name
    slots: Literal["one", "both"] = "one"
    """One answer of each prompt is its, and one side of each pair; or all are."""


class Judge(Strict):
    """A model that judges answers, or, with `verifier: true`, the row's own verifier."""

    name: Name
    engine: Name | None = None
    verifier: bool = False
    mode: Mode = "labels"
    """One token read as a distribution, JSON that fits a schema, or text with a strict form."""
    ask: Literal["each", "together", "pairs"] = "each"
    """One answer in a request, all of them in one, or two of them in both orders."""
    aspects: tuple[Aspect, ...] = Field(default=tuple(ASPECTS), min_length=1)
    orders: int = Field(default=1, ge=1, le=8)
    """Under `ask: together`: in how many seeded orders the answers are shown."""
    least_mass: float = Field(default=0.5, ge=0, le=1)
    """Under `mode: labels`: with less of all probability on the labels, a rating is missing."""
    max_tokens: int = Field(default=1024, ge=16)
    uncalibrated: Literal["refuse", "allow"] = "refuse"
    """Whether it may judge although it was not measured on gold pairs, or is near chance there."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.verifier == (self.engine is not None):
            raise ValueError(
                f"judge '{self.name}' needs an engine or `verifier: true`, one of them"
            )
        if self.ask == "together" and self.mode == "labels":
            raise ValueError("labels are one token for one answer; write mode: json or text")
        if self.orders > 1 and self.ask != "together":
            raise ValueError("orders is for `ask: together`; pairs are always shown both ways")
        return self


class Pairs(Strict):
    """How ratings become pairs, or rows of another shape."""

    rule: Literal["rated", "delta"] = "rated"
    """By ratings; or the strong model's answer over the weak one's, without a judge."""
    rejected: Literal["random", "worst", "alike"] = "random"
    """Among those rated strictly lower: one drawn, the lowest, or the one most like it in length."""
    margin: float = Field(default=0.0, ge=0)
    """By how much the chosen one's rating must be higher at least."""
    least_aspects: int = Field(default=1, ge=1)
    """With fewer ratings of a judge, an answer has none of it."""
    length_apart: int | None = Field(default=None, ge=0)
    """By how many words the two may differ at most."""
    verified: bool = False
    """Whether the chosen answer must pass the row's verifier and the rejected one must not."""
    shape: Literal["pairs", "unpaired", "best"] = "pairs"
    """Pairs; the same answers as good and bad ones; or prompts with their best answer (sft)."""


class Prompts(ReadSpec):
    """Rows whose prompts are answered, or whose pairs are judged anew."""

    kind: Literal["prompt", "sft", "rlvr", "preference"] = "prompt"
    use: Literal["reused", "unused", "new"] | None = None
    """Whether the model saw them in its fine-tuning: kept with every pair."""
    share: float | None = Field(default=None, gt=0, le=1)
    """Their part of all prompts; either all or none have one, and they add up to 1."""
    criteria: str | None = None
    """A column that says by what answers to a prompt are judged besides; also in `keep`."""


class Turns(Strict):
    """Prompts are made conversations of several turns, of which the last is answered."""

    kind: Literal["related-query", "paraphrase", "repeat", "self-talk"]
    engine: Name
    """Who writes what stands before the last answer."""
    max_tokens: int = Field(default=1024, ge=1)


class Spec(MakerSpec):
    """The key `prefer`."""

    prompts: tuple[Prompts, ...] = Field(min_length=1)
    uses: int = Field(default=1, ge=1, le=100)
    """How often one prompt is answered at most; repeats of it in the sources count."""
    turns: Turns | None = None
    pool: tuple[Entry, ...] = ()
    """Nobody where the rows of the sources are pairs that are judged anew."""
    answers: int = Field(default=4, ge=2)
    on_policy: OnPolicy | None = None
    judges: tuple[Judge, ...] = ()
    pairs: Pairs = Pairs()
    gold: Annotated[tuple[str, ...], IS_PATH] = ()
    """Files of gold pairs on which the judges are measured first."""
    gold_pairs: int = Field(default=200, ge=20)
    """At most so many of them."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _differ("prompts", [prompts.name for prompts in self.prompts])
        _shares(self.prompts)
        _differ("pool entries", [entry.name for entry in self.pool])
        _differ("judges", [judge.name for judge in self.judges])
        judged_anew = {prompts.kind == "preference" for prompts in self.prompts}
        if len(judged_anew) > 1 or judged_anew == {bool(self.pool)}:
            raise ValueError(
                "prompts need a `pool` that answers them; pairs (kind: preference) are judged as "
                "they are, without one, in a source of their own"
            )
        if self.turns and not self.pool:
            raise ValueError("turns need a pool that answers the last of them")
        if self.pool and self.pairs.rule == "rated":
            _enough(self)
        if self.pairs.rule == "rated" and not self.judges:
            raise ValueError("pairs by rating need a judge under `judges`")
        if self.pairs.rule == "delta":
            _delta(self)
        if self.pairs.verified and not any(judge.verifier for judge in self.judges):
            raise ValueError("verified pairs need a judge with `verifier: true`")
        return self

    @property
    def engines(self) -> set[str]:
        """The engines that it names."""
        judging = {judge.engine for judge in self.judges if judge.engine}
        writing = {self.turns.engine} if self.turns else set()
        return {entry.engine for entry in self.pool} | judging | writing


def _shares(prompts: Sequence[Prompts]) -> None:
    shares = [one.share for one in prompts if one.share is not None]
    if shares and (len(shares) < len(prompts) or abs(sum(shares) - 1) > 1e-9):
        raise ValueError("the shares of prompts add up to 1, and all have one or none has")


def _differ(what: str, names: Sequence[str]) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise ValueError(f"two {what} are called '{twice[0]}'")


def _enough(prefer: Spec) -> None:
    """Whether so many answers can be drawn without repetition."""
    entries, policy = prefer.pool, prefer.on_policy
    if prefer.answers > len(entries):
        raise ValueError(
            f"{prefer.answers} answers a prompt from a pool of {len(entries)}: "
            "none answers twice; add entries or lower `answers`"
        )
    if policy is None:
        return
    own = sum(entry.engine == policy.engine for entry in entries)
    if not own:
        raise ValueError("on_policy: " + unknown("engine", policy.engine, _engines(entries)))
    if policy.slots == "both" and own < prefer.answers:
        raise ValueError(f"on_policy: {prefer.answers} answers from {own} entries of its engine")
    if policy.slots == "one" and len(entries) - own < prefer.answers - 1:
        raise ValueError(
            f"on_policy: one answer is its, and {prefer.answers - 1} are others', of which "
            f"the pool has {len(entries) - own}"
        )


def _engines(entries: Sequence[Entry]) -> list[str]:
    return sorted({entry.engine for entry in entries})


def _delta(prefer: Spec) -> None:
    strengths = {entry.strength for entry in prefer.pool}
    if prefer.pool and not {"strong", "weak"} <= strengths:
        raise ValueError("pairs of rule delta need entries of `strength: strong` and of `weak`")
    if prefer.on_policy is not None:
        raise ValueError("pairs of rule delta have no on-policy slot: strength says who answers")
