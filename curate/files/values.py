"""What the values of Arrow columns mean, where Python values alone would not say it.

- A column of JSON, as `datasets` 5 stores rows whose keys differ, holds what its text says.
- A map is an object. Names that stand in it twice: the last counts, as in JSON.
- A struct has the same keys in every row, so a null in it says that this row has no such key:
  Parquet cannot tell the two apart, and a tool call must not get the arguments of another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

Meaning = Callable[[Any], Any]
_FEATURES = b"huggingface"


def meanings(schema: pa.Schema) -> dict[str, Meaning]:
    """Per column whose Python values do not say what they mean, the function that makes them."""
    found = {name: _meaning(kind) for name, kind in _kinds(schema).items()}
    return {name: mean for name, mean in found.items() if mean is not None}


def is_exact(schema: pa.Schema) -> bool:
    """Whether no column holds JSON or maps, which Arrow's own columns do not take apart."""
    return not any(_holds_more(kind) for kind in _kinds(schema).values())


def _kinds(schema: pa.Schema) -> dict[str, pa.DataType]:
    """The columns' types; text that `datasets` says is JSON is of the type for that."""
    try:
        known = json.loads((schema.metadata or {})[_FEATURES])["info"]["features"]
        return {one.name: _with_json(one.type, known.get(one.name)) for one in schema}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {one.name: one.type for one in schema}


def _with_json(kind: pa.DataType, feature: Any) -> pa.DataType:
    """A type as a feature of `datasets` tells it."""
    if isinstance(feature, list):
        feature = {"_type": "List", "feature": feature[0]}
    if not isinstance(feature, Mapping):
        return kind
    if feature.get("_type") == "Json" and kind in (pa.string(), pa.large_string()):
        return pa.json_()
    if _is_list(kind):
        return pa.list_(_with_json(kind.value_type, feature.get("feature")))
    if pa.types.is_struct(kind):
        return pa.struct(
            [one.with_type(_with_json(one.type, feature.get(one.name))) for one in kind]
        )
    return kind


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _holds_more(kind: pa.DataType) -> bool:
    if _is_list(kind):
        return _holds_more(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_holds_more(one.type) for one in kind)
    return isinstance(kind, pa.JsonType) or bool(pa.types.is_map(kind))


def _meaning(kind: pa.DataType) -> Meaning | None:
    if isinstance(kind, pa.JsonType):
        return _present(json.loads)
    if pa.types.is_map(kind):
        own = _meaning(kind.item_type) or _itself
        return _present(lambda pairs: {str(key): own(value) for key, value in pairs})
    if pa.types.is_struct(kind):
        inner = {one.name: _meaning(one.type) or _itself for one in kind}
        return _present(
            lambda one: {k: inner[k](value) for k, value in one.items() if value is not None}
        )
    if _is_list(kind):
        own_item = _meaning(kind.value_type)
        return own_item and _present(lambda items: [own_item(item) for item in items])
    return None


def _present(mean: Meaning) -> Meaning:
    return lambda value: None if value is None else mean(value)


def _itself(value: Any) -> Any:
    return value
