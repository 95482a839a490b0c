"""Any row of steps: the first that takes a row owns it, and every count of the build adds up."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from curate.errors import CurateError
from curate.mixture.made import Makings
from curate.mixture.options import Options
from curate.mixture.plan import make_plan
from curate.mixture.run import _fill
from curate.mixture.settle import settle
from curate.recipe import load_recipe
from curate.steps.step import Decision, Look, Records, Removal, Seen
from tests.corpus import ask, chat, ids, read, write_lines, write_recipe
from tests.soak import examples

SIZES = (7, 4)


@dataclass(frozen=True)
class Taker:
    """A step that takes the rows it was told to take, whoever took them before."""

    name: str
    rows: tuple[tuple[int, ...], ...]
    fate: str = "removed"
    needs: Collection[str] = ()
    look_inputs: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def look(self, records: Records) -> Look:
        return Look(kept={"rows": records.rows})

    def decide(self, seen: Sequence[Seen]) -> Decision:
        removals = []
        for source, rows in zip(seen, self.rows, strict=True):
            mask = np.isin(source.kept("rows"), rows)
            reasons = [
                f"{self.name} took {source.name}/{row}"
                for row in source.kept("rows")[mask].tolist()
            ]
            assert source.ids(mask).to_pylist() == [f"{source.name}/{row}" for row in rows]
            removals.append(Removal.of(mask, reasons, self.fate))
        left = [int(source.alive.sum()) for source in seen]
        return Decision(removals, figures={"left": left})


def takers() -> st.SearchStrategy[list[Taker]]:
    rows = st.tuples(
        *(st.sets(st.integers(0, n - 1)).map(lambda own: tuple(sorted(own))) for n in SIZES)
    )
    one = st.tuples(rows, st.sampled_from(["removed", "duplicate"]))
    return st.lists(one, max_size=4).map(
        lambda drawn: [Taker(f"step-{n}", rows, fate) for n, (rows, fate) in enumerate(drawn)]
    )


def owners(steps: Sequence[Taker]) -> dict[str, tuple[str, str]]:
    """By plain rules: which step took a row, and its fate."""
    found: dict[str, tuple[str, str]] = {}
    for step in steps:
        for name, rows in zip("ab", step.rows, strict=True):
            for row in rows:
                found.setdefault(f"{name}/{row}", (step.name, step.fate))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("settle")
    for name, n in zip("ab", SIZES, strict=True):
        write_lines(
            folder / f"{name}.jsonl", [chat(f"{name} asks {row}", "Yes.") for row in range(n)]
        )
    return folder


@examples(12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=takers(),
    rows=st.integers(1, 9),
    validation=st.integers(0, 2),
    block_bytes=st.sampled_from([1, 1 << 20]),
)
def test_counts_reconcile_for_any_row_of_steps(
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[Taker],
    rows: int,
    validation: int,
    block_bytes: int,
) -> None:
    sources = [{"name": "a", "from": "a.jsonl", "rows": rows}, {"name": "b", "from": "b.jsonl"}]
    recipe = write_recipe(folder / "r.yaml", sources=sources, output={"validation": validation})
    plan = replace(make_plan(load_recipe(recipe), folder, 1), steps=steps)
    out = tmp_path_factory.mktemp("out")
    wanted = owners(steps)
    options = Options(workers=2, block_bytes=block_bytes)
    summary, _ = _fill(plan, Makings(), out, out, options, None, time.perf_counter())
    removed = {row["id"]: (row["step"], row["reason"]) for row in read(out, "removed/*.parquet")}
    assert removed == {row: (step, f"{step} took {row}") for row, (step, _) in wanted.items()}
    fates = {row["id"]: row["fate"] for row in ask(out, "FROM documents")}
    assert {row: fates[row] for row in wanted} == {row: fate for row, (_, fate) in wanted.items()}
    kept = {row for row, fate in fates.items() if fate == "kept"}
    assert kept == set(ids(out))
    assert kept | set(wanted) | {
        row for row, fate in fates.items() if fate == "not-sampled"
    } == set(fates)
    left = sum(SIZES)
    for step, line in zip(steps, summary.steps[2:], strict=False):
        own = sum(1 for owner, _ in wanted.values() if owner == step.name)
        assert line == {"step": step.name, "rows_in": left, "rows_out": left - own}
        left -= own
    # What an earlier step has taken is told to the next one.
    gone: set[str] = set()
    for step in steps:
        assert sum(summary.figures[step.name]["left"]) == sum(SIZES) - len(gone)
        gone |= {f"{name}/{row}" for name, own in zip("ab", step.rows, strict=True) for row in own}


@pytest.mark.parametrize(
    ("removal", "told"),
    [
        (Removal(np.array([1, 1]), np.array([0, 0]), ["x"]), "ascending"),
        (Removal(np.array([3, 1]), np.array([0, 0]), ["x"]), "ascending"),
        (Removal(np.array([5]), np.array([0]), ["x"]), "among the 5 of the source"),
        (Removal(np.array([-1]), np.array([0]), ["x"]), "among the 5 of the source"),
        (Removal(np.array([1]), np.array([1]), ["x"]), "must have a reason"),
        (Removal(np.array([1, 2]), np.array([0]), ["x"]), "must have a reason"),
        (Removal(np.array([1]), np.array([0]), ["x"], fate="kept"), "not 'kept'"),
    ],
)
def test_a_removal_that_cannot_be_is_a_fault_of_the_step(removal: Removal, told: str) -> None:
    class Wrong(Taker):
        def decide(self, seen: Sequence[Seen]) -> Decision:
            return Decision([removal])

    with pytest.raises(CurateError, match="step 'wrong'") as caught:
        settle([Wrong("wrong", ((),))], [5], lambda step, alive: [])
    assert told in str(caught.value)


def test_there_is_a_removal_for_each_source() -> None:
    class Fewer(Taker):
        def decide(self, seen: Sequence[Seen]) -> Decision:
            return Decision([Removal.none()])

    with pytest.raises(CurateError, match="step 'fewer': 1 removals for 2 sources"):
        settle([Fewer("fewer", ((), ()))], [5, 2], lambda step, alive: [])


def test_no_step_leaves_everything() -> None:
    settled = settle([], [3, 0], lambda step, alive: [])
    assert [mask.tolist() for mask in settled.alive] == [[True] * 3, []]
    assert settled.removals == [[], []]
