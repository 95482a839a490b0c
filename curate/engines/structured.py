"""JSON that must fit a schema: how it is asked for, and whether what came is it.

A server that can hold a model to a schema is asked to (`json_schema`), one that can only hold it to
JSON gets the schema in words (`json_object`), and any other is told and checked (`text`). Whatever
the tier, what came must be JSON as a whole, but for a fence around it, and fit the schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from curate.engines.answer import unfenced
from curate.engines.request import Message, Request
from curate.verify import json_schema

TIERS = ("json_schema", "json_object", "text")
_TOLD = "Answer with one JSON value that fits this JSON Schema, and with nothing else:\n"
PROBE = {
    "type": "object",
    "properties": {"word": {"type": "string", "enum": ["yes"]}},
    "required": ["word"],
    "additionalProperties": False,
}
"""What a server is asked for to find its tier: no model would say this key unless held to it."""


def check_schemas(requests: Sequence[Request]) -> None:
    """Raise UserError where a schema is none, or where jsonschema is missing."""
    schemas = {json.dumps(request.schema) for request in requests if request.schema is not None}
    for schema in schemas:
        json_schema.verify("null", schema)


def misfit(text: str, schema: Mapping[str, Any]) -> str:
    """Why a text is no JSON that fits the schema; empty where it is."""
    try:
        json.loads(unfenced(text))
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    verdict = json_schema.verify(unfenced(text), json.dumps(schema))
    return "" if verdict.score == 1.0 else verdict.reason


def with_schema(messages: Sequence[Message], schema: Mapping[str, Any]) -> list[dict[str, str]]:
    """The messages with the schema in words, in the system's turn."""
    told = _TOLD + json.dumps(schema, ensure_ascii=False)
    turns = [dict(message) for message in messages]
    if turns[0]["role"] == "system":
        return [{**turns[0], "content": f"{turns[0]['content']}\n\n{told}"}, *turns[1:]]
    return [{"role": "system", "content": told}, *turns]


def is_strict(schema: Any) -> bool:
    """Whether a schema is one that OpenAI holds a model to strictly: every property of every object
    required, and no others.
    """
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        whole = set(schema.get("required", ())) == set(properties)
        if schema.get("additionalProperties") is not False or not whole:
            return False
    return all(map(is_strict, schema.values()))
