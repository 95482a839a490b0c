"""The row of steps: its order depends on the set of names alone, and unknown names are refused with
the nearest.
"""

from __future__ import annotations

import pickle
from itertools import permutations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curate import steps
from curate.errors import UserError
from curate.steps.step import Removal, row_ids
from tests.corpus import write_lines


def test_the_house_has_its_order() -> None:
    for names in permutations(steps.HOUSE):
        assert steps.in_order(names) == list(steps.HOUSE)
    assert steps.in_order([]) == []


def test_an_unknown_step_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        UserError, match="unknown step 'decontaminat'; did you mean 'decontaminate'"
    ):
        steps.load("decontaminat")


def test_every_step_of_the_house_is_a_package_with_its_two_names() -> None:
    for name in steps.HOUSE:
        module = steps.load(name)
        assert callable(module.make) and hasattr(module, "Spec")


def test_a_step_pickles(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "evals.jsonl",
        [{"question": "Who sells seven lemons to the baker at the corner?"}],
    )
    module = steps.load("decontaminate")
    made = module.make(module.Spec(suite="evals.jsonl"), base=tmp_path, kind="sft", seed=1)
    again = pickle.loads(pickle.dumps(made))
    assert (again.inputs, again.look_inputs) == (made.inputs, made.look_inputs)


def test_a_threshold_is_no_part_of_a_look(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "evals.jsonl",
        [{"question": "Who sells seven lemons to the baker at the corner?"}],
    )
    module = steps.load("decontaminate")

    def made(**changed: object) -> object:
        spec = module.Spec(suite="evals.jsonl", **changed)
        return module.make(spec, base=tmp_path, kind="sft", seed=1)

    plain, other = (
        made(),
        made(matchers={"ngram": {"threshold": 0.8}, "robust": {"threshold": 0.9}}, policy="report"),
    )
    assert plain.look_inputs == other.look_inputs  # type: ignore[attr-defined]
    assert plain.inputs != other.inputs  # type: ignore[attr-defined]
    for changed in (
        {"roles": ("user", "assistant")},
        {"matchers": {"ngram": {"n": 7}}},
        {"profile": "tulu3"},
    ):
        assert made(**changed).look_inputs != plain.look_inputs  # type: ignore[attr-defined]


def test_ids_are_the_source_and_the_row() -> None:
    assert row_ids("my data", np.array([0, 10**12])).to_pylist() == [
        "my data/0",
        "my data/1000000000000",
    ]


def test_a_removal_tells_its_reasons_row_by_row() -> None:
    removal = Removal(np.array([1, 4, 6]), np.array([1, 0, 1]), ["x", "y"], about=["a", None])
    left = removal.only(np.array([True, True, True, True, False, True, True]))
    assert (left.rows.tolist(), left.column(left.reasons).to_pylist()) == ([1, 6], ["y", "y"])
    assert set(removal.told) == {"reason", "about"}
    assert removal.column(["a", None]).to_pylist() == [None, "a", None]
    assert Removal.none().column([]).equals(pa.array([], pa.string()))
    mask = Removal.of(np.array([False, True, True]), ["p", "q"], "duplicate")
    told = Removal.of(np.array([True, False]), ["r"], about=["a"], detail=["d"])
    assert (told.about, told.detail, told.fate) == (["a"], ["d"], "removed")
    assert (mask.rows.tolist(), mask.column(mask.reasons).to_pylist(), mask.fate) == (
        [1, 2],
        ["p", "q"],
        "duplicate",
    )
