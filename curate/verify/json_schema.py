"""JSON that fits a schema (`json-schema`).

The completion's JSON is the whole completion, else its last fenced block (```` ```json ````). It
must parse, without `NaN` and without a key twice in one object, and fit the JSON Schema that the
ground truth holds, by the draft that the schema names, else 2020-12. `$ref` reaches into the schema
itself only: nothing is ever fetched. `pattern` is checked with a time limit, as in `regex`; a
search that takes longer is a violation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from curate.errors import UserError, extra
from curate.verify.labels import load_json
from curate.verify.regex import SECONDS
from curate.verify.verdict import BadGroundTruth, Verdict

_FENCE = re.compile(r"^```[ \t]*(?:json|JSON)?[ \t]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def verify(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The completion is JSON that fits the schema of the ground truth."""
    validator = _validator(ground_truth)
    blocks = _FENCE.findall(completion)
    try:
        value = _parse(completion) if not blocks else _parse(str(blocks[-1]))
    except (ValueError, RecursionError) as error:
        return Verdict(0.0, False, f"not JSON: {str(error)[:80]}")
    try:
        fault = next(iter(validator.iter_errors(value)), None)
    except RecursionError:
        return Verdict(0.0, True, "the JSON is nested too deeply for the schema")
    except (
        Exception
    ) as error:  # an unresolvable $ref is the library's own kind of error, not a SchemaError
        raise BadGroundTruth(
            f"json-schema: the schema cannot be applied: {_line(error)}"
        ) from error
    if fault is None:
        return Verdict(1.0, True, "the JSON fits the schema")
    return Verdict(0.0, True, f"{fault.json_path}: {_line(fault)}")


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
    extend: Any = validators.extend
    return extend(kind, {"pattern": _pattern})(schema, registry=Registry())


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    """The keyword `pattern` with a time limit."""
    import regex
    from jsonschema.exceptions import ValidationError

    if not isinstance(instance, str):
        return
    try:
        found = regex.search(pattern, instance, timeout=SECONDS)
    except regex.error as error:
        raise BadGroundTruth(f"json-schema: {pattern[:60]!r} is no pattern: {error}") from error
    except TimeoutError:
        yield ValidationError(f"the search for {pattern[:40]!r} was stopped after {SECONDS:g} s")
        return
    if not found:
        yield ValidationError(f"{instance[:40]!r} does not match {pattern[:40]!r}")
