"""The lock file: read back as written, and differences told by the name of what differs."""

from __future__ import annotations

import copy
import json
import platform
from pathlib import Path
from typing import Any

import pytest

from curate import lock
from curate.errors import CurateError, UserError

LOCK: dict[str, Any] = {
    "lock_version": lock.LOCK_VERSION,
    "recipe": {"name": "é", "seed": 42, "sources": [{"name": "a", "rows": None}]},
    "limit": None,
    "inputs": {
        "sources": {"a": {"files": {"x.jsonl": {"sha256": "00", "bytes": 1}}}},
        "benchmarks": {},
    },
    "versions": lock.versions(),
    "outputs": {"data/train-00000-of-00001.parquet": "11"},
}


def changed(*path: Any, to: Any) -> dict[str, Any]:
    other = copy.deepcopy(LOCK)
    at: Any = other
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = to
    return other


def test_a_lock_reads_back_the_same_from_its_file_and_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / lock.LOCK).write_text(lock.dump(LOCK), encoding="utf-8")
    assert lock.load(tmp_path) == lock.load(tmp_path / lock.LOCK) == LOCK


def test_the_text_does_not_depend_on_the_order_of_keys() -> None:
    text = lock.dump(LOCK)
    assert text == lock.dump(dict(reversed(LOCK.items())))
    assert text.endswith("}\n")
    assert "é" in text


def test_versions_name_what_the_bytes_may_depend_on() -> None:
    versions = lock.versions()
    assert versions["python"] == platform.python_version()
    assert {"curate", "numpy", "pyarrow", "numba", "duckdb", "datasets"} < set(versions)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not a lock file"),
        ("[]", "not a lock file"),
        ("{}", "not a lock file"),
        ('{"lock_version": 99}', "a lock of version 99, .*: build again without locked="),
    ],
)
def test_what_is_no_lock_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / lock.LOCK
    path.write_text(text)
    with pytest.raises(UserError, match=told) as caught:
        lock.load(path)
    assert str(path) in str(caught.value)


def test_a_missing_lock_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"recipe\.lock\.json: the lock file cannot be read"):
        lock.load(tmp_path)


def test_the_same_inputs_pass_whatever_came_out() -> None:
    lock.check_inputs(
        LOCK, {key: LOCK[key] for key in ("lock_version", "recipe", "limit", "inputs")}
    )
    lock.check_inputs(changed("outputs", to={}), LOCK)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (changed("recipe", "seed", to=43), "recipe.seed: 42 in the lock, 43 now"),
        (
            changed("recipe", "sources", 0, "rows", to=5),
            "recipe.sources[0].rows: null in the lock, 5 now",
        ),
        (changed("recipe", "sources", to=[]), "recipe.sources: "),
        (changed("limit", to=10), "limit: null in the lock, 10 now"),
        (
            changed("inputs", "sources", "a", "files", "x.jsonl", "sha256", to="ff"),
            'inputs.sources.a.files.x.jsonl.sha256: "00" in the lock, "ff" now',
        ),
        (
            changed("inputs", "sources", "a", "files", "y.jsonl", to={"bytes": 1}),
            "files.y.jsonl: null in the lock",
        ),
    ],
)
def test_differing_inputs_are_named(other: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        lock.check_inputs(LOCK, other)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_differences_are_counted() -> None:
    files = {f"{n}.jsonl": {"sha256": "ff"} for n in range(10)}
    with pytest.raises(UserError, match=r"\(and 6 more\)"):
        lock.check_inputs(LOCK, changed("inputs", "sources", "a", "files", to=files))


def test_differing_outputs_fail_and_name_versions_that_differ() -> None:
    lock.check_outputs(LOCK, LOCK)
    other = changed("outputs", "data/train-00000-of-00001.parquet", to="22")
    with pytest.raises(
        CurateError, match=r"outputs\.data/train-00000-of-00001\.parquet: \"22\" in the lock"
    ) as caught:
        lock.check_outputs(other, LOCK)
    assert not isinstance(caught.value, UserError)
    assert "versions differ" not in str(caught.value)
    other["versions"] = LOCK["versions"] | {"pyarrow": "0.1"}
    with pytest.raises(CurateError, match=r"versions differ: pyarrow 0\.1 there, "):
        lock.check_outputs(other, LOCK)


def test_a_lock_is_plain_json() -> None:
    assert json.loads(lock.dump(LOCK)) == LOCK
