"""What two locks say of inputs, parameters and versions: every leaf that differs, with both values.

Lists of things that have names are compared name by name, so that a source more is not every
source behind it changed. A key that is missing says the same as one that is null. Keys of other
versions of the lock are compared like all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Which keys of a lock are shown under which heading; what is not listed is a parameter.
_INPUTS = ("inputs", "steps")
_VERSIONS = ("versions", "lock_version")
_HEADINGS = {
    "counts": "counts",
    **dict.fromkeys(_INPUTS, "inputs"),
    **dict.fromkeys(_VERSIONS, "versions"),
}
# What came out is compared row by row; `paths` says of the recipe's keys which are places.
_PASSED_OVER = {"outputs", "paths"}
SECTIONS = ("inputs", "parameters", "versions", "counts")
_NAMES = ("name", "step")


@dataclass(frozen=True)
class Change:
    """A leaf that differs: where it stands, and what it is in A and in B (None: it isn't there)."""

    path: str
    a: Any
    b: Any


def compare_locks(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, list[Change]]:
    """Every leaf that differs, under the heading where it belongs."""
    found: dict[str, list[Change]] = {section: [] for section in SECTIONS}
    for key in sorted({*a, *b} - _PASSED_OVER):
        found[_HEADINGS.get(key, "parameters")] += _changes(key, a.get(key), b.get(key))
    return found


def _changes(path: str, a: Any, b: Any) -> Iterator[Change]:
    one, other = _named(a), _named(b)
    if a == b:
        return
    if one is not None and other is not None and (one or other):
        for key in dict.fromkeys([*one, *other]):
            yield from _changes(f"{path}.{key}", one.get(key), other.get(key))
        shared = [[key for key in keys if key in one and key in other] for keys in (one, other)]
        if isinstance(a, list) and shared[0] != shared[1]:
            yield Change(f"{path} (order)", shared[0], shared[1])
    else:
        yield Change(path, a, b)


def _named(value: Any) -> dict[str, Any] | None:
    """A tree below as its children by name, None of a leaf; nothing at all has no children."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        for name in _NAMES:
            by_name = {str(item.get(name)): dict(item) for item in value if name in item}
            if len(by_name) == len(value):
                return by_name
    return None
