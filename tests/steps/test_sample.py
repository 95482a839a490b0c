"""Which rows are taken, against a plain selection that sorts (key, row) pairs in Python lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.steps.mix import apportion
from curate.steps.sample import Candidates, Choice, Wanted, choose
from curate.text.hashing import sampling_keys


@dataclass(frozen=True)
class Case:
    """Sources with their keys (one list a pass) and prompts, what is asked of each, and the
    validation rows.
    """

    keys: list[list[list[int]]]
    prompts: list[list[int]]
    wanted: list[Wanted]
    validation: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Few different keys and prompts, so that ties and repeats happen."""
    asked = st.one_of(
        st.builds(Wanted),
        st.builds(lambda n: Wanted(rows=n), st.integers(1, 15)),
        st.builds(
            lambda s: Wanted(share=s),
            st.sampled_from([0.01, 0.3, 0.5, 0.999, 1.0, 1.5, 2.0, 2.1, 3.0]),
        ),
    )
    wanted = draw(st.lists(asked, min_size=1, max_size=4))
    sizes = [draw(st.integers(0, 12)) for _ in wanted]
    one = st.integers(0, 2**64 - 1) if draw(st.booleans()) else st.integers(0, 4)
    keys = [
        [draw(st.lists(one, min_size=n, max_size=n)) for _ in range(want.passes)]
        for n, want in zip(sizes, wanted, strict=True)
    ]
    prompt = st.integers(0, draw(st.sampled_from([3, 1000])))
    prompts = [draw(st.lists(prompt, min_size=n, max_size=n)) for n in sizes]
    return Case(keys, prompts, wanted, draw(st.integers(0, 20)))


def chosen(case: Case) -> list[Choice]:
    candidates = [
        Candidates(
            len(prompts),
            [np.array(keys, np.uint64) for keys in passes].__getitem__,
            np.array(prompts, np.uint64),
        )
        for passes, prompts in zip(case.keys, case.prompts, strict=True)
    ]
    choices, asked = choose(candidates, case.wanted, case.validation)
    assert asked == case.validation
    return choices


def smallest(keys: list[int], rows: list[int], n: int) -> list[int]:
    """The `n` rows with the smallest keys, the earlier one on a tie."""
    return sorted(rows, key=lambda row: (keys[row], row))[:n]


def first_pass(want: Wanted, n: int) -> int:
    """How many rows a source gives once."""
    if want.rows is not None:
        return min(want.rows, n)
    return n if want.share is None else min(n, int(Fraction(str(want.share)) * n))


def quotas(total: int, weights: list[int]) -> list[int]:
    """Largest remainder with fractions, one unit handed out at a time."""
    if not sum(weights):
        return [0 for _ in weights]
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(share) for share in exact]
    while sum(parts) < total:
        left = [share - part for share, part in zip(exact, parts, strict=True)]
        parts[left.index(max(left))] += 1
    return parts


def brute_force(case: Case) -> list[tuple[list[set[int]], set[int]]]:
    """Per source: the rows of each pass, and the validation rows."""
    seen = Counter(prompt for prompts in case.prompts for prompt in prompts)
    planned = [
        first_pass(want, len(own)) for want, own in zip(case.wanted, case.prompts, strict=True)
    ]
    found, out = [], set[int]()
    for keys, prompts, n, quota in zip(
        case.keys, case.prompts, planned, quotas(case.validation, planned), strict=True
    ):
        order = smallest(keys[0], list(range(len(prompts))), len(prompts))
        for row in order[n:] + order[:n][::-1]:
            if prompts[row] not in out and seen[prompts[row]] <= quota:
                out.add(prompts[row])
                quota -= seen[prompts[row]]
    for keys, prompts, want, n in zip(case.keys, case.prompts, case.wanted, planned, strict=True):
        rows = list(range(len(prompts)))
        held_out = {row for row in rows if prompts[row] in out}
        rest = [row for row in rows if row not in held_out]
        passes = [set(smallest(keys[0], rest, n))]
        share = Fraction(str(want.share or 1))
        for turn in range(1, want.passes):
            n_more = len(rest) if turn + 1 <= share else int((share - turn) * len(rest))
            passes.append(set(smallest(keys[turn], rest, n_more)))
        found.append((passes, held_out))
    return found


@given(cases())
def test_the_choice_is_that_of_a_plain_selection(case: Case) -> None:
    for choice, (passes, held_out) in zip(chosen(case), brute_force(case), strict=True):
        assert [set(np.flatnonzero(mask).tolist()) for mask in choice.train] == passes
        assert set(np.flatnonzero(choice.validation).tolist()) == held_out


@given(cases())
def test_what_must_hold_of_every_choice(case: Case) -> None:
    train_prompts: set[int] = set()
    held_out: list[int] = []
    for choice, prompts, want in zip(chosen(case), case.prompts, case.wanted, strict=True):
        train = np.logical_or.reduce(choice.train)
        assert not (train & choice.validation).any()
        train_prompts |= {prompts[row] for row in np.flatnonzero(train)}
        held_out += [prompts[row] for row in np.flatnonzero(choice.validation)]
        assert choice.copies.tolist() == (np.sum(choice.train, axis=0) + choice.validation).tolist()
        assert choice.shortfall == (want.rows - int(choice.train[0].sum()) if want.rows else 0)
        assert choice.shortfall >= 0
    seen = Counter(prompt for prompts in case.prompts for prompt in prompts)
    assert not train_prompts & set(held_out)
    assert Counter(held_out) == {prompt: seen[prompt] for prompt in held_out}
    assert len(held_out) <= case.validation


def test_prompts_are_held_out_from_the_largest_key_down_if_they_fit() -> None:
    case = Case([[[1, 2, 3, 4, 5, 6]]], [[7, 7, 8, 9, 9, 9]], [Wanted()], 3)
    (choice,) = chosen(case)
    assert np.flatnonzero(choice.validation).tolist() == [3, 4, 5]
    (choice,) = chosen(Case(case.keys, case.prompts, case.wanted, 2))
    assert np.flatnonzero(choice.validation).tolist() == [2]


def test_rows_takes_those_with_the_smallest_keys() -> None:
    case = Case([[[50, 10, 40, 20, 30]]], [[1, 2, 3, 4, 5]], [Wanted(rows=2)], 1)
    (choice,) = chosen(case)
    assert np.flatnonzero(choice.train[0]).tolist() == [1, 3]
    assert np.flatnonzero(choice.validation).tolist() == [4]  # the next smallest
    assert choice.shortfall == 0


def test_fewer_rows_than_asked_for_are_all_taken_and_the_shortfall_is_said() -> None:
    (choice,) = chosen(Case([[[3, 1, 2]]], [[1, 2, 3]], [Wanted(rows=10)], 0))
    assert choice.train[0].all()
    assert choice.shortfall == 7


def test_validation_rows_that_training_must_give_up_are_the_last_ones() -> None:
    (choice,) = chosen(Case([[[30, 10, 20]]], [[1, 2, 3]], [Wanted()], 1))
    assert np.flatnonzero(choice.validation).tolist() == [0]
    assert np.flatnonzero(choice.train[0]).tolist() == [1, 2]


def test_a_prompt_that_does_not_fit_with_all_its_rows_stays() -> None:
    choices = chosen(Case([[[1, 2]], [[3, 4]]], [[7, 8], [7, 9]], [Wanted(), Wanted()], 4))
    assert [choice.validation.tolist() for choice in choices] == [[False, True], [False, True]]


@pytest.mark.parametrize(
    ("share", "n", "written"),
    [
        (0.5, 10, 5),
        (0.55, 10, 5),
        (1.0, 10, 10),
        (2.0, 10, 20),
        (2.5, 10, 25),
        (0.1, 9, 0),
        (0.29, 100, 29),
        (1.1, 10, 11),
    ],
)
def test_a_share_is_exact_where_floats_are_not(share: float, n: int, written: int) -> None:
    want = Wanted(share=share)
    keys = [sampling_keys(1, "s", np.arange(n), turn) for turn in range(want.passes)]
    candidates = [Candidates(n, keys.__getitem__, np.arange(n).astype(np.uint64))]
    (choice,), _ = choose(candidates, [want], 0)
    assert int(choice.copies.sum()) == written
    assert int(choice.copies.max()) - int(choice.copies.min()) <= 1


@given(st.integers(0, 1000), st.lists(st.integers(0, 10**12), max_size=6))
def test_apportion_is_by_largest_remainder(total: int, weights: list[int]) -> None:
    parts = apportion(total, weights)
    assert parts == quotas(total, weights)
    assert sum(parts) == (total if sum(weights) else 0)


def test_apportion_gives_the_earlier_source_the_odd_row() -> None:
    assert apportion(3, [1, 1]) == [2, 1]
    assert apportion(5, [0, 10]) == [0, 5]
    assert apportion(5, []) == []


def test_keys_are_of_the_seed_the_source_the_row_and_the_pass_alone() -> None:
    rows = np.arange(1000)
    keys = sampling_keys(42, "a", rows, 0)
    assert keys.dtype == np.uint64
    assert len(set(keys.tolist())) == 1000
    assert (sampling_keys(42, "a", rows[::-1], 0) == keys[::-1]).all()
    assert (sampling_keys(42, "a", np.array([7, 3]), 0) == keys[[7, 3]]).all()
    for other in (
        sampling_keys(43, "a", rows, 0),
        sampling_keys(42, "b", rows, 0),
        sampling_keys(42, "a", rows, 1),
    ):
        assert not np.intersect1d(keys, other).size
    # Uniform: each eighth of the range holds about an eighth of the keys.
    assert max(abs(np.bincount((keys >> np.uint64(61)).astype(int), minlength=8) - 125)) < 50


def test_keys_never_change() -> None:
    # A lock file of an old build must still be met: these figures are part of the contract.
    assert sampling_keys(42, "gsm8k", np.array([0, 1]), 0).tolist() == KEYS[0]
    assert sampling_keys(42, "gsm8k", np.array([0, 1]), 1).tolist() == KEYS[1]


KEYS = ([18086191029944087762, 14354739439626249560], [2501179576578593628, 14384187186469696210])
