"""JSON that fits a schema (`json-schema`).

The completion's JSON is the whole completion, else its last fenced block (```` ```json ````). It
must parse, without `NaN` and without a key twice in one object, and fit the JSON Schema that the
ground truth holds, by the draft that the schema names, else 2020-12. `$ref` reaches into the schema
itself only: nothing is ever fetched.

A schema is code that a stranger wrote: references that double, or patterns without an end, take
time without bound. So every keyword that is applied has its price, and what costs more than `WORK`
in all is no fit; all patterns together may search for as long as one of `regex`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from time import monotonic
from typing import Any

from curate.errors import UserError, extra
from curate.verify.labels import load_json
from curate.verify.regex import SECONDS
from curate.verify.verdict import BadGroundTruth, Verdict

WORK = 50_000_000
"""What a completion may cost: for each keyword applied `_STEP`, and the characters it is applied to."""
_STEP = 500

_FENCE = re.compile(r"^```[ \t]*+(json|JSON)?+[ \t]*+\n|^```", re.MULTILINE)


class _TooMuch(Exception):
    """The work of one completion is at its limit."""


@dataclass
class _Spent:
    """What one completion has cost so far, and how large its parts are."""

    work: int = 0
    searching: float = 0.0
    sizes: dict[int, int] = field(default_factory=dict)

    def apply(self, value: Any, pairs: bool = False) -> None:
        """Count one keyword that is applied to a value, or to every two parts of it."""
        self.work += _STEP + self.size(value)
        self.work += len(value) ** 2 if pairs and isinstance(value, dict | list) else 0
        if self.work > WORK:
            raise _TooMuch("the schema asks for too much work on this JSON")

    def size(self, value: Any) -> int:
        """About how many characters a value has."""
        if isinstance(value, str):
            return len(value)
        if not isinstance(value, dict | list):
            return 8
        known = self.sizes.get(id(value))
        if known is None:
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            known = self.sizes[id(value)] = 2 + sum(map(self.size, inner))
        return known

    def search(self, pattern: str, text: str) -> bool:
        """Whether a pattern is found, in what is left of the time for all of them."""
        import regex

        began = monotonic()
        try:
            left = max(SECONDS - self.searching, 0.001)
            return regex.search(pattern, text, timeout=left) is not None
        except regex.error as error:
            raise BadGroundTruth(f"json-schema: {pattern[:60]!r} is no pattern: {error}") from error
        except TimeoutError:
            raise _TooMuch(
                f"the search for {pattern[:40]!r} was stopped after {SECONDS:g} s"
            ) from None
        finally:
            self.searching += monotonic() - began


_SPENT: ContextVar[_Spent] = ContextVar("spent")


def verify(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The completion is JSON that fits the schema of the ground truth."""
    validator = _validator(ground_truth)
    try:
        block = _last_block(completion)
        value = _parse(completion if block is None else block)
    except (ValueError, RecursionError) as error:
        return Verdict(0.0, False, f"not JSON: {str(error)[:80]}")
    _SPENT.set(_Spent())
    try:
        fault = next(iter(validator.iter_errors(value)), None)
    except RecursionError:
        return Verdict(0.0, True, "the JSON is nested too deeply for the schema")
    except _TooMuch as error:
        return Verdict(0.0, True, str(error))
    except BadGroundTruth:
        raise
    except (
        Exception
    ) as error:  # an unresolvable $ref is the library's own kind of error, not a SchemaError
        raise BadGroundTruth(
            f"json-schema: the schema cannot be applied: {_line(error)}"
        ) from error
    if fault is None:
        return Verdict(1.0, True, "the JSON fits the schema")
    return Verdict(0.0, True, f"{fault.json_path}: {_line(fault)}")


def _last_block(text: str) -> str | None:
    """What stands in the last fenced block that is closed; None where there is none."""
    opened, found = None, None
    for fence in _FENCE.finditer(text):
        if opened is not None:
            found, opened = (opened, fence.start()), None
        elif fence[0].endswith("\n"):
            opened = fence.end()
    return None if found is None else text[slice(*found)]


def _parse(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a key twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _line(error: Exception) -> str:
    return " ".join(str(getattr(error, "message", error)).split())[:100]


@lru_cache(maxsize=1024)
def _validator(ground_truth: str) -> Any:
    """A validator of the schema; raises BadGroundTruth where it is none, UserError without
    jsonschema.
    """
    try:
        from jsonschema import exceptions, validators
        from referencing import Registry
    except ImportError as error:
        raise UserError(f"verifier 'json-schema' needs jsonschema: {extra('verify')}") from error
    schema = load_json("json-schema", ground_truth, "a JSON Schema")
    if not isinstance(schema, dict | bool):
        raise BadGroundTruth(
            f"json-schema: the ground truth {ground_truth[:60]!r} is no schema; give an object"
        )
    kind: Any = validators.validator_for(schema)
    try:
        kind.check_schema(schema)
    except exceptions.SchemaError as error:
        raise BadGroundTruth(
            f"json-schema: no valid schema: {error.json_path}: {_line(error)}"
        ) from error
    if {"unevaluatedProperties", "patternProperties"} <= set(_words(schema)):
        raise BadGroundTruth(
            "json-schema: 'unevaluatedProperties' beside 'patternProperties' has no bound in time"
        )
    timed = {"pattern": _pattern, "patternProperties": _pattern_properties,
             "uniqueItems": _unique_items}  # fmt: skip
    own = {
        name: _counted(timed.get(name, one), pairs=name.startswith("unevaluated"))
        for name, one in kind.VALIDATORS.items()
    }
    own["additionalProperties"] = _additional(own["additionalProperties"])
    extend: Any = validators.extend
    return extend(kind, own)(_without_drafts(schema), registry=Registry())


def _without_drafts(schema: Any) -> Any:
    """A schema that names no draft: where one is named the library would go on with keywords of its
    own, which nobody counts.
    """
    if isinstance(schema, list):
        return [_without_drafts(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_drafts(one)
        for name, one in schema.items()
        if name != "$schema" or not isinstance(one, str)
    }


def _words(schema: Any) -> Iterator[str]:
    """Every key in a schema."""
    if isinstance(schema, dict):
        yield from schema
        schema = list(schema.values())
    for one in schema if isinstance(schema, list) else ():
        yield from _words(one)


Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


def _counted(keyword: Keyword, pairs: bool) -> Keyword:
    """A keyword whose work is counted; some look at every two parts of a value."""

    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        _SPENT.get().apply(instance, pairs)
        yield from keyword(validator, value, instance, schema) or ()

    return counted


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not _SPENT.get().search(pattern, instance):
        yield ValidationError(f"{instance[:40]!r} does not match {pattern[:40]!r}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, schema: Any
) -> Iterator[Any]:
    for pattern, inner in patterns.items() if isinstance(instance, dict) else ():
        for name, value in instance.items():
            if _SPENT.get().search(pattern, name):
                yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional(keyword: Keyword) -> Keyword:
    """`additionalProperties`, of properties that no pattern beside it matches."""

    def additional(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        patterns = schema.get("patternProperties", {})
        if patterns and isinstance(instance, dict):
            search = _SPENT.get().search
            instance = {name: one for name, one in instance.items()
                        if not any(search(pattern, name) for pattern in patterns)}  # fmt: skip
            schema = {key: one for key, one in schema.items() if key != "patternProperties"}
        yield from keyword(validator, value, instance, schema) or ()

    return additional


def _unique_items(validator: Any, wanted: bool, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if wanted and isinstance(instance, list) and len(set(map(_key, instance))) < len(instance):
        yield ValidationError("an item stands there twice")


def _key(value: Any) -> Any:
    """What is the same for equal JSON: 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(value, bool):
        return ("truth", value)
    if isinstance(value, list):
        return ("list", tuple(map(_key, value)))
    if isinstance(value, dict):
        return ("object", frozenset((name, _key(one)) for name, one in value.items()))
    return value
