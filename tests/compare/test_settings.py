"""Locks leaf by leaf: applying every change to A's leaves gives B's, and nothing else is named."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from curate.compare.settings import SECTIONS, Change, compare_locks

LOCK: dict[str, Any] = {
    "lock_version": 1,
    "recipe": {
        "seed": 42,
        "sources": [{"name": "a", "rows": None, "keep": []}, {"name": "b", "rows": 5}],
    },
    "inputs": {"sources": {"a": {"files": {"x.jsonl": {"sha256": "00", "bytes": 1}}}}},
    "versions": {"numpy": "2.4.6"},
    "counts": {
        "sources": {"a": {"read": 3, "licence": "MIT"}},
        "steps": [{"step": "read", "rows_in": 3}],
    },
    "outputs": {"data/x": "11"},
}


def test_every_change_is_under_its_heading() -> None:
    other = {
        "lock_version": 2,
        "recipe": {
            "seed": 7,
            "sources": [{"name": "c"}, {"name": "a", "keep": ["level"]}, {"name": "b", "rows": 6}],
        },
        "inputs": {"sources": {"a": {"files": {"x.jsonl": {"sha256": "01", "bytes": 1}}}}},
        "steps": {"filters": {"inputs": {"words": 3}}},
        "versions": {"numpy": "2.4.6"},
        "counts": {"sources": {"a": {"read": 4, "licence": "MIT"}}, "steps": []},
        "outputs": {"data/x": "12"},
        "paths": ["recipe.sources[0].from"],
        "new": [1, {"a": 2}],
    }
    assert compare_locks(LOCK, other) == {
        "inputs": [
            Change("inputs.sources.a.files.x.jsonl.sha256", "00", "01"),
            Change("steps.filters.inputs.words", None, 3),
        ],
        "parameters": [
            Change("new", None, [1, {"a": 2}]),
            Change("recipe.seed", 42, 7),
            Change("recipe.sources.a.keep", [], ["level"]),
            Change("recipe.sources.b.rows", 5, 6),
            Change("recipe.sources.c.name", None, "c"),
        ],
        "versions": [Change("lock_version", 1, 2)],
        "counts": [
            Change("counts.sources.a.read", 3, 4),
            Change("counts.steps", [{"step": "read", "rows_in": 3}], []),
        ],
    }
    assert compare_locks(LOCK, LOCK) == {section: [] for section in SECTIONS}


def test_named_things_in_another_order_are_one_change() -> None:
    turned = {"recipe": LOCK["recipe"] | {"sources": LOCK["recipe"]["sources"][::-1]}}
    (change,) = compare_locks({"recipe": LOCK["recipe"]}, turned)["parameters"]
    assert change == Change("recipe.sources (order)", ["a", "b"], ["b", "a"])


TREES = st.recursive(
    st.none() | st.integers(0, 2) | st.lists(st.integers(0, 1), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from(["p", "q", "r"]), inner, max_size=3),
    max_leaves=8,
)
LOCKS = st.dictionaries(st.sampled_from(["recipe", "inputs", "new"]), TREES, max_size=3)


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    if isinstance(tree, dict):
        return {
            name: leaf
            for key, child in tree.items()
            for name, leaf in leaves(child, f"{path}.{key}").items()
        }
    return {} if tree is None else {path: tree}


@given(LOCKS, LOCKS)
def test_changes_lead_from_one_to_the_other(a: dict[str, Any], b: dict[str, Any]) -> None:
    changes = [change for found in compare_locks(a, b).values() for change in found]
    was, becomes = leaves(a), leaves(b)
    assert all(change.a != change.b for change in changes)
    for change in changes:
        gone, come = leaves(change.a, f".{change.path}"), leaves(change.b, f".{change.path}")
        assert all(was.pop(path) == leaf for path, leaf in gone.items())
        was |= come
    assert was == becomes
