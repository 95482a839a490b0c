"""A pattern that the completion must match (`regex`).

The ground truth is a pattern of the `regex` package (Python's `re` syntax and more), searched for
in the completion, or JSON `{"pattern": ..., "flags": "ims", "full": true}`, where `full` asks that
the whole completion matches, blanks around it apart. A pattern from a data set is code: nested
repetitions take exponential time on the right text. `regex` stops by itself after a time limit,
where Python's `re` cannot be stopped and RE2 lacks the references and look-arounds that such
patterns use. A search that is not done after one second is no match, and the reason says so."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from curate.errors import UserError, extra
from curate.verify.labels import load_json
from curate.verify.verdict import BadGroundTruth, Verdict

SECONDS = 1.0
_WANTED = 'a pattern, or {"pattern": ..., "flags": "ims", "full": true}'


def verify(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The pattern of the ground truth is found in the completion."""
    pattern, full = _compiled(ground_truth)
    search = pattern.fullmatch if full else pattern.search
    text = completion.strip() if full else completion
    if not text:
        return Verdict(0.0, False, "the completion is empty")
    try:
        found = search(text, timeout=SECONDS, concurrent=True)
    except TimeoutError:
        return Verdict(0.0, True, f"the search was stopped after {SECONDS:g} s")
    return (
        Verdict(1.0, True, "the pattern matches")
        if found
        else Verdict(0.0, True, "the pattern does not match")
    )


@lru_cache(maxsize=4096)
def _compiled(ground_truth: str) -> tuple[Any, bool]:
    """The pattern and whether it must match the whole; raises BadGroundTruth, or UserError without
    `regex`.
    """
    try:
        import regex
    except ImportError as error:
        raise UserError(f"verifier 'regex' needs the package regex: {extra('verify')}") from error
    spec = _spec(ground_truth)
    flags = 0
    for letter in spec.get("flags", ""):
        flags |= {"i": regex.I, "m": regex.M, "s": regex.S, "x": regex.X}[letter]
    try:
        return regex.compile(spec["pattern"], flags), bool(spec.get("full", False))
    except regex.error as error:
        raise BadGroundTruth(f"regex: {spec['pattern'][:60]!r} is no pattern: {error}") from error


def _spec(ground_truth: str) -> dict[str, Any]:
    spec: Any = {"pattern": ground_truth}
    if ground_truth.lstrip().startswith('{"'):
        spec = load_json("regex", ground_truth, _WANTED)
    kinds = {"pattern": str, "flags": str, "full": bool}
    known = all(isinstance(value, kinds.get(key, ())) for key, value in spec.items())
    if not known or not spec.get("pattern") or set(spec.get("flags", "")) - set("imsx"):
        raise BadGroundTruth(
            f"regex: cannot read the ground truth {ground_truth[:60]!r}; give {_WANTED}"
        )
    return spec  # type: ignore[no-any-return]
