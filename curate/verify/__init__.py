"""Answer checkers: the same functions judge rollouts in training, candidates in rejection sampling
and evaluations.

    verdict = find("gsm8k")(answer_part(completion), "18")      # Verdict(score=1.0, parsed=True, ...)

A verifier is a function `verify(completion, ground_truth, prompt=None) -> Verdict` and one line in
`VERIFIERS`. Names are compared without regard to case, `_` and `-` being the same; `ALIASES` holds
what published data sets call them. A module may also have `golden(ground_truth)`, the completion
that states the ground truth itself (None where it holds none), and `perturbed(ground_truth)`,
completions that state something else: `curate check` tries both on every row. A function with a
parameter `engine` asks a language model and gets one from the caller, or from `engine()` of its
module, which is called once in a process, when the first completion is judged; one with a parameter
`allow_weaker` runs code of strangers and is told whether limits without walls will do. Other
packages register theirs under the entry point group `curate.verifiers`.

Refused: an unknown name, and a name that another package registers although it is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from importlib.metadata import entry_points
from inspect import Parameter, getdoc, signature
from typing import Any, Protocol

from curate.errors import UserError, unknown
from curate.verify.verdict import BadGroundTruth, Verdict

__all__ = [
    "ALIASES",
    "VERIFIERS",
    "BadGroundTruth",
    "UnknownVerifier",
    "Verdict",
    "Verifier",
    "Verify",
    "answer_part",
    "find",
    "load",
]

GROUP = "curate.verifiers"

VERIFIERS: dict[str, str] = {
    "gsm8k": "curate.verify.gsm8k:verify",
    "math": "curate.verify.math:verify",
    "multiple-choice": "curate.verify.multiple_choice:verify",
    "string": "curate.verify.string:verify",
    "token-f1": "curate.verify.token_f1:verify",
    "regex": "curate.verify.regex:verify",
    "json-schema": "curate.verify.json_schema:verify",
    "max-length": "curate.verify.max_length:verify",
    "ifeval": "curate.verify.constraints:ifeval",
    "ifeval-loose": "curate.verify.constraints:ifeval_loose",
    "code": "curate.verify.code:code",
    "all-of": "curate.verify.several:all_of",
    "weighted": "curate.verify.several:weighted",
}

# What published data sets write in their `dataset` column, where it is not the verifier's own name.
ALIASES: dict[str, str] = {
    "code-stdio": "code",
    "flan": "string",
    "ifeval-old": "ifeval",
    "puzzle": "string",
    "strict-math": "math",
    "string-f1": "token-f1",
    "string-matcher": "string",
    "up-to-max-length": "max-length",
}


class UnknownVerifier(UserError):
    """There is no verifier of this name."""


class Verify(Protocol):
    """Judge one completion, thinking already cut; raises BadGroundTruth where the ground truth
    cannot be read.
    """

    def __call__(self, completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
        """Give the verdict."""


@dataclass(frozen=True)
class Verifier:
    """A verifier and what its module says about it; `golden` and `perturbed` are None where there
    are none.
    """

    name: str
    verify: Verify
    golden: Callable[[str], str | None] | None
    perturbed: Callable[[str], Sequence[str]] | None
    asks_a_model: bool = False
    runs_code: bool = False
    needs_engine: bool = False
    engine: Callable[[], Any] | None = None

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return " ".join((getdoc(self.verify) or "").split("\n\n", 1)[0].split())


def names() -> list[str]:
    """The names of all verifiers that can be found, those of other packages included, without
    importing any.
    """
    return sorted(VERIFIERS.keys() | _registered().keys())


def answer_part(completion: str, prompt: str | None = None) -> str:
    """What follows the last `</think>`: cut once, by the caller, so that every verifier sees the
    same text.

    Thinking that never ends is no answer: where a `<think>` is opened (in the completion, or at the
    end of the prompt) and not closed, nothing is left."""
    _, ended, answer = completion.rpartition("</think>")
    opened = "<think>" in answer
    if not ended and prompt is not None and not opened:
        opened = prompt.rstrip().endswith("<think>")
    return "" if opened else answer


def find(name: str, engine: Any = None, *, allow_weaker: bool = False) -> Verify:
    """The function that checks answers under this name or alias; raises UserError with the nearest
    known name.

    `engine` is handed to a verifier that asks a language model; one that needs it, gets none and
    brings none of its own is a UserError. `allow_weaker` lets one that runs code do with limits
    where no sandbox can be made (docs/sandbox.md)."""
    verifier = load(name)
    judge: Any = verifier.verify
    if verifier.asks_a_model and engine is not None:
        judge = partial(judge, engine=engine)
    elif verifier.needs_engine:
        if verifier.engine is None:
            raise UserError(f"verifier '{name}' asks a language model; give it an engine")
        judge = partial(_with_own_engine, judge, verifier.engine)
    if verifier.runs_code and allow_weaker:
        judge = partial(judge, allow_weaker=True)
    found: Verify = judge
    return found


def _with_own_engine(
    judge: Callable[..., Verdict], make: Callable[[], Any], *args: Any, **kwargs: Any
) -> Verdict:
    return judge(*args, **kwargs, engine=_made(make))


@lru_cache(maxsize=64)
def _made(make: Callable[[], Any]) -> Any:
    """The engine that a verifier brings, made once in a process."""
    return make()


@lru_cache(maxsize=256)
def load(name: str) -> Verifier:
    """Import the verifier of this name or alias; raises UnknownVerifier where there is none,
    UserError where it cannot be imported.
    """
    plain = name.lower().replace("_", "-")
    plain = ALIASES.get(plain, plain)
    theirs = _registered()
    if plain not in VERIFIERS and plain not in theirs:
        known = names()
        raise UnknownVerifier(
            unknown(
                "verifier", name, {*known, *(alias for alias in ALIASES if ALIASES[alias] in known)}
            )
        )
    if plain in VERIFIERS and plain in theirs:
        raise UserError(
            f"verifier '{plain}' comes with curate; {theirs[plain]} must register another name"
        )
    module_name, _, function = (VERIFIERS.get(plain) or theirs[plain]).partition(":")
    try:
        module = import_module(module_name)
        verify = getattr(module, function)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"verifier '{plain}' cannot be imported from {module_name}:{function}: {error}"
        ) from error
    takes = signature(verify).parameters
    golden, perturbed, engine = (
        getattr(module, other, None) for other in ("golden", "perturbed", "engine")
    )
    needs = "engine" in takes and takes["engine"].default is Parameter.empty
    asks, runs = "engine" in takes, "allow_weaker" in takes
    return Verifier(plain, verify, golden, perturbed, asks, runs, needs, engine)


def _registered() -> dict[str, str]:
    """What other packages register: name -> module:function."""
    return {
        entry.name.lower().replace("_", "-"): entry.value for entry in entry_points(group=GROUP)
    }
