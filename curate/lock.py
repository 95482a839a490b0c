"""The lock file: what went in, what was done, what came out, so that the same recipe gives the same
bytes or says why not.

It holds the resolved recipe, the digest of every input and output file, and the counts of every
step; keys are sorted, and neither a time nor an absolute path is in it, so that it is itself the
same on a rebuild. `check_inputs` refuses a build whose inputs differ from a lock, `check_outputs`
fails one whose output does."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from curate.errors import CurateError, UserError, option

LOCK = "recipe.lock.json"
LOCK_VERSION = 2
"""1 had benchmarks, verdicts and matchers beside the sources; what steps are given stands under
their names since 2.
"""
_PACKAGES = ("datasets", "duckdb", "numba", "numpy", "pyarrow")
# What a build is given; everything else in the lock follows from it.
_INPUTS = ("lock_version", "steps", "recipe", "limit", "inputs")

# What locks don't say that were written before there was a choice.
_OUTPUT = {"order": "key", "rows": "records"}


def versions() -> dict[str, str]:
    """Versions of Python, of curate and of the packages that the bytes may depend on."""
    return {
        "python": platform.python_version(),
        "curate": version("tulu-curate"),
        **{name: version(name) for name in _PACKAGES},
    }


def dump(lock: Mapping[str, Any]) -> str:
    """The text of a lock file."""
    return json.dumps(lock, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def load(path: Path) -> dict[str, Any]:
    """Read a lock file, or that of a built folder; raises UserError if it is none."""
    path = path / LOCK if path.is_dir() else path
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: the lock file cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not a lock file: {error}") from None
    if not isinstance(lock, dict) or not isinstance(lock.get("lock_version"), int):
        raise UserError(f"{path}: not a lock file")
    if lock["lock_version"] != LOCK_VERSION:
        made = lock.get("versions", {}).get("curate", "another version")
        raise UserError(
            f"{path}: a lock of version {lock['lock_version']}, written by curate {made}; this curate reads version "
            f"{LOCK_VERSION}: build again without {option('--locked', 'locked=')}"
        )
    return lock


def check_inputs(
    locked: Mapping[str, Any], current: Mapping[str, Any], later: Sequence[str] = ()
) -> None:
    """Raise UserError naming what differs between a lock's inputs and those of a build that is
    about to start.

    Where a file lies is not compared: digests say what it is. Places that begin with one of `later`
    are compared later.
    """
    where = (*current.get("paths", ()), *later)
    recipe = locked.get("recipe") or {}
    if "output" in recipe:
        locked = {**locked, "recipe": recipe | {"output": _OUTPUT | recipe["output"]}}
    differing = [
        diff
        for name in _INPUTS
        for diff in _differences(name, locked.get(name), current.get(name))
        if not diff.startswith(where)
    ]
    if differing:
        more = f" (and {len(differing) - 5} more)" if len(differing) > 5 else ""
        raise UserError(f"the inputs differ from the lock: {'; '.join(differing[:5])}{more}")


def check_outputs(locked: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Raise CurateError naming the output files whose digests differ from a lock's."""
    differing = list(_differences("outputs", locked.get("outputs"), current["outputs"]))
    if differing:
        there = locked.get("versions", {})
        other = [
            f"{name} {there.get(name)} there, {v} here"
            for name, v in versions().items()
            if there.get(name) != v
        ]
        why = f"; versions differ: {', '.join(other)}" if other else ""
        raise CurateError(f"the output differs from the lock: {'; '.join(differing[:5])}{why}")


def _differences(path: str, locked: Any, current: Any) -> Iterator[str]:
    """Name every leaf that is not the same on both sides."""
    if isinstance(locked, dict) and isinstance(current, dict):
        for key in sorted({*locked, *current}):
            yield from _differences(f"{path}.{key}", locked.get(key), current.get(key))
    elif isinstance(locked, list) and isinstance(current, list) and len(locked) == len(current):
        for place, (left, right) in enumerate(zip(locked, current, strict=True)):
            yield from _differences(f"{path}[{place}]", left, right)
    elif locked != current:
        yield f"{path}: {_short(locked)} in the lock, {_short(current)} now"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:36] + " ..."
