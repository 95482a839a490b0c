"""A domain: what is asked for a prompt and for its answer, and how the answer is verified. It is one
YAML file, shipped here in `domains/` or anybody's own.

    domain = load_domain("math-hard", base)

Templates are jinja, in a sandbox, without what draws at random; a name that a template uses and
nobody gives is an error before anything is asked. What is wrong with a file is a UserError with its
line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, Field, model_validator

from curate.config import Strict, check, load_yaml
from curate.errors import UserError, unknown
from curate.make.constraints.sample import checked
from curate.make.sampling import SamplingSpec
from curate.make.synthesize.parse import Parse
from curate.sources import expand
from curate.verify import load

_TAKEN = ("persona", "shots", "prompt", "answer", "label", "truth", "plain")
"""Names that rows have for their parts."""
FOLDER = Path(__file__).parent / "domains"


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    del made.globals["lipsum"], made.filters["random"]  # a row follows from its answers alone
    return made


def _names_in(template: str) -> set[str]:
    """The names that a template looks up."""
    made = _environment()
    return meta.find_undeclared_variables(made.parse(template)) - made.globals.keys()


class Unfilled(UserError):
    """A template that cannot be filled in with what it gets: an answer, say, that lacks a part."""


def render(template: str, **given: Any) -> str:
    """The text of a template; raises Unfilled where it can't be made."""
    try:
        return _environment().from_string(template).render(**given).strip()
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise Unfilled(f"a template can't be filled in ({error}): {template[:80]!r}") from None


def _template(text: str) -> str:
    try:
        _environment().from_string(text)
    except TemplateError as error:
        raise ValueError(f"not a template: {error}") from None
    return text


def _verifier(name: str) -> str:
    try:
        load(name)
    except UserError as error:
        raise ValueError(str(error)) from None
    return name


Template = Annotated[str, AfterValidator(_template)]


class Question(Strict):
    """What is asked for one part of a row, and what of the reply is that part."""

    template: Template = Field(min_length=1)
    system: Template | None = None
    sampling: SamplingSpec = SamplingSpec()
    parse: Parse = Parse()
    tries: int = Field(default=2, ge=1, le=10)
    """How often it is asked at most, each time with another seed, until a reply can be parsed."""


class Numbers(Strict):
    """Whole numbers to draw from."""

    least: int
    most: int

    @model_validator(mode="after")
    def _in_order(self) -> Numbers:
        if self.least > self.most:
            raise ValueError(f"least is {self.least}, above most, {self.most}")
        return self


class Constraints(Strict):
    """How many constraints a prompt has."""

    least: int = Field(default=1, ge=1, le=10)
    most: int = Field(default=3, ge=1, le=10)
    types: tuple[str, ...] | None = None
    """Their ids; left out, all that may be trained on."""

    @model_validator(mode="after")
    def _that_can_be_asked(self) -> Constraints:
        if self.least > self.most:
            raise ValueError(f"least is {self.least}, above most, {self.most}")
        try:
            checked(self.types, self.least)
        except UserError as error:
            raise ValueError(str(error)) from None
        return self


class Seed(Strict):
    """An example that is shown: a prompt, and its answer where that is shown too."""

    prompt: str
    answer: str | None = None


class Domain(Strict):
    """A domain as its file has it."""

    about: str
    variables: dict[str, Numbers | tuple[str | int, ...]] = Field(default_factory=dict)
    """Drawn for every row: whole numbers, or one of a list."""
    constraints: Constraints | None = None
    """Constraints of precise instruction following are drawn for every row."""
    seeds: tuple[Seed, ...] = ()
    shots: int = Field(default=0, ge=0, le=20)
    """How many seeds a template gets as `shots`, drawn for every row."""
    given: Template | None = None
    """The prompt itself, where no model is asked for it."""
    prompt: Question | None = None
    turn: Template = "{{ prompt }}"
    """The row's user turn, of the prompt and of what was drawn."""
    answer: Question = Question(template="{{ prompt }}")
    """How the row's user turn, which templates from here on know as `prompt`, is answered."""
    reply: Template = "{{ answer }}"
    """The row's last turn, of the answer."""
    label: Question | None = None
    """A question of its own for what the answer is verified by, such as tests of a program."""
    verifier: Annotated[str, AfterValidator(_verifier)] | None = None
    ground_truth: Template | None = None
    """What the verifier compares with; left out, what most of the sampled answers state."""

    @model_validator(mode="after")
    def _one_prompt(self) -> Domain:
        if (self.given is None) == (self.prompt is None):
            raise ValueError("give one of given and prompt: who writes the prompt?")
        if self.shots > len(self.seeds):
            raise ValueError(f"shots is {self.shots}, but there are {len(self.seeds)} seeds")
        if self.constraints and (self.verifier != "ifeval" or self.ground_truth is not None):
            raise ValueError("constraints are their own ground truth: verifier: ifeval, no other")
        if self.verifier is None and (self.ground_truth is not None or self.label is not None):
            raise ValueError("what an answer is verified by needs a verifier")
        return self

    @model_validator(mode="after")
    def _names_that_there_are(self) -> Domain:
        taken = next((name for name in self.variables if name in _TAKEN), None)
        if taken is not None:
            raise ValueError(f"variables: '{taken}' is something else; give it another name")
        for where, template, more in self._templates():
            known = {*self.variables, "persona", "shots", *more}
            for name in sorted(_names_in(template) - known):
                raise ValueError(f"{where}: {unknown('name', name, known)}")
        return self

    def _templates(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Every template, where it stands, and what it knows beside what is drawn."""
        questions = {"prompt": (), "answer": ("prompt",), "label": ("prompt", "answer")}
        for where, known in questions.items():
            question = getattr(self, where)
            if question is not None:
                yield f"{where}.template", question.template, known
                yield f"{where}.system", question.system or "", known
        last = ("prompt", "answer", "label") if self.label else ("prompt",)
        yield "given", self.given or "", ()
        yield "turn", self.turn, ("prompt",)
        yield "reply", self.reply, ("prompt", "answer")
        yield "ground_truth", self.ground_truth or "", last


def shipped() -> list[str]:
    """The names of the domains that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_domain(name: str, base: Path) -> tuple[str, Domain]:
    """The name of a domain and the domain, shipped or in a file; raises UserError where it is
    neither.
    """
    own = base / expand(name)
    if name not in shipped() and not name.endswith((".yaml", ".yml")):
        raise UserError(f"{unknown('domain', name, shipped())}; one of your own is a file (.yaml)")
    path = FOLDER / f"{name}.yaml" if name in shipped() else own
    return path.stem, check(Domain, load_yaml(path), str(path))
