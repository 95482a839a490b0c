"""What sources that are weighed give, against a plain reckoning with fractions and lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.steps.mix import Mix, Part, targets, weights_of
from curate.steps.sample import Candidates, Choice, Wanted, capped, choose

WEIGHTS = [0.1, 0.3, 0.5, 1.0, 2.0, 7.5]


@dataclass(frozen=True)
class Source:
    """Rows with a list of keys a pass, what they ask, and how long they are."""

    name: str
    keys: list[list[int]]
    prompts: list[int]
    tokens: list[int]
    weight: float | None
    passes: int


@dataclass(frozen=True)
class Case:
    sources: list[Source]
    mix: Mix
    validation: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Few rows and few different keys, so that sources run out and keys meet."""
    n_sources, by_size = draw(st.integers(1, 4)), draw(st.booleans())
    sources = []
    for number in range(n_sources):
        n, passes = draw(st.integers(0, 10)), draw(st.integers(1, 3))
        key = st.integers(0, 2**64 - 1) if draw(st.booleans()) else st.integers(0, 3)
        sources.append(
            Source(
                f"s{number}",
                [draw(st.lists(key, min_size=n, max_size=n)) for _ in range(passes)],
                draw(st.lists(st.integers(0, 20), min_size=n, max_size=n)),
                draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)),
                None if by_size else draw(st.sampled_from(WEIGHTS)),
                passes,
            )
        )
    mix = Mix(
        by=draw(st.sampled_from(["rows", "tokens"])),
        total=draw(st.one_of(st.none(), st.integers(1, 80))),
        temperature=draw(st.sampled_from([1, 1, 2, 0.5])),
    )
    return Case(sources, mix, draw(st.sampled_from([0, 0, 1, 4])))


def chosen(case: Case) -> list[Choice]:
    candidates = [
        Candidates(
            len(own.prompts),
            [np.array(keys, np.uint64) for keys in own.keys].__getitem__,
            np.array(own.prompts, np.uint64),
            np.array(own.tokens, np.int32),
            own.name,
        )
        for own in case.sources
    ]
    wanted = [Wanted(weight=own.weight, most=own.passes) for own in case.sources]
    return choose(candidates, wanted, case.validation, case.mix)[0]


def costs(case: Case, source: Source) -> list[int]:
    return source.tokens if case.mix.by == "tokens" else [1] * len(source.tokens)


def wished(case: Case, sizes: list[int]) -> list[Fraction]:
    """The exact part of every source."""
    weights = []
    for own, size in zip(case.sources, sizes, strict=True):
        weight = Fraction(size) if own.weight is None else Fraction(str(own.weight))
        if case.mix.temperature != 1:
            weight = Fraction(f"{float(weight) ** (1 / case.mix.temperature):.12g}")
        weights.append(weight if size or case.mix.total else Fraction(0))
    whole = sum(weights)
    if not whole:
        return [Fraction(0) for _ in weights]
    if case.mix.total:
        return [case.mix.total * weight / whole for weight in weights]
    ends = [
        own.passes * size / weight
        for own, size, weight in zip(case.sources, sizes, weights, strict=True)
        if weight
    ]
    total = min(ends) * whole
    total = Fraction(int(total)) if case.mix.by == "rows" else total
    return [total * weight / whole for weight in weights]


def rounded(case: Case, exact: list[Fraction]) -> list[int]:
    """Tokens are cut off; the rows that are left over go to the largest remainders, by name."""
    parts = [int(one) for one in exact]
    while case.mix.by == "rows" and sum(parts) < sum(exact):
        left = [one - part for one, part in zip(exact, parts, strict=True)]
        names = [own.name for own in case.sources]
        best = min(range(len(parts)), key=lambda i: (-left[i], names[i]))
        parts[best] += 1
    return parts


def taken(source: Source, cost: list[int], free: list[int], target: int) -> list[set[int]]:
    """Whole passes, then rows by their keys as long as they fit."""
    passes: list[set[int]] = []
    size = sum(cost[row] for row in free)
    for keys in source.keys:
        own: set[int] = set()
        if target >= size:
            own = set(free) if size else set()
        elif target:
            spent = 0
            for row in sorted(free, key=lambda row: (keys[row], row)):
                spent += cost[row]
                if spent > target:
                    break
                own.add(row)
            return [*passes, own]
        target -= sum(cost[row] for row in own)
        passes.append(own)
    return passes


@given(cases())
def test_the_mixture_is_that_of_a_plain_reckoning(case: Case) -> None:
    choices = chosen(case)
    free = [np.flatnonzero(~choice.validation).tolist() for choice in choices]
    own = [costs(case, source) for source in case.sources]
    sizes = [sum(cost[row] for row in rows) for cost, rows in zip(own, free, strict=True)]
    aims = rounded(case, wished(case, sizes))
    for choice, source, cost, rows, aim in zip(choices, case.sources, own, free, aims, strict=True):
        assert choice.target == aim
        assert [set(np.flatnonzero(mask).tolist()) for mask in choice.train] == taken(
            source, cost, rows, aim
        )


def given_by(case: Case, source: Source, choice: Choice) -> int:
    """Rows or tokens in the train split."""
    return int(np.sum([mask @ np.array(costs(case, source), int) for mask in choice.train]))


@given(cases())
def test_what_must_hold_of_every_mixture(case: Case) -> None:
    choices, trained, held_out = chosen(case), set[int](), list[int]()
    for choice, source in zip(choices, case.sources, strict=True):
        n, target = given_by(case, source, choice), choice.target or 0
        assert n <= target  # never more than its part
        free = np.flatnonzero(~choice.validation)
        longest = max((costs(case, source)[row] for row in free), default=0)
        assert choice.shortfall or target - n < max(1, longest)  # and less than a row too little
        if choice.shortfall:  # all it has is there, as often as it may
            assert n == target - choice.shortfall
            assert all((mask == ~choice.validation).all() or not n for mask in choice.train)
        assert len(choice.train) <= source.passes
        assert not (np.logical_or.reduce(choice.train) & choice.validation).any()
        rows = np.flatnonzero(np.logical_or.reduce(choice.train)).tolist()
        trained |= {source.prompts[row] for row in rows}
        held_out += [source.prompts[row] for row in np.flatnonzero(choice.validation)]
    every = Counter(prompt for source in case.sources for prompt in source.prompts)
    assert not trained & set(held_out)
    assert Counter(held_out) == {prompt: every[prompt] for prompt in held_out}
    assert len(held_out) <= case.validation
    if case.mix.total:
        exact = sum(choice.target or 0 for choice in choices)
        assert case.mix.total - len(choices) < exact <= case.mix.total or not exact


@given(cases(), st.randoms())
def test_the_order_of_sources_makes_no_difference(case: Case, rng: Any) -> None:
    case = replace(case, validation=0)
    order = list(range(len(case.sources)))
    rng.shuffle(order)
    moved = chosen(replace(case, sources=[case.sources[place] for place in order]))
    for place, choice in zip(order, moved, strict=True):
        assert choice.copies.tolist() == chosen(case)[place].copies.tolist()


@given(
    st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 4)), max_size=40),
    st.integers(1, 6),
)
def test_a_cap_leaves_the_rows_with_the_smallest_keys(
    rows: list[tuple[int, int]], most: int
) -> None:
    keys, values = (np.array([row[n] for row in rows], np.uint64) for n in range(2))
    stays = np.flatnonzero(capped(keys, values, most)).tolist()
    wanted, seen = set(), Counter[int]()
    for at in sorted(range(len(rows)), key=lambda at: (rows[at][0], at)):
        seen[rows[at][1]] += 1
        if rows[at][1] == 0 or seen[rows[at][1]] <= most:
            wanted.add(at)
    assert set(stays) == wanted


def test_weights_are_shares_of_the_total() -> None:
    parts = [Part("a", 3, 100, 1), Part("b", 1, 100, 1)]
    assert targets(Mix(total=40), parts) == [30, 10]
    assert targets(Mix(by="tokens", total=41), parts) == [30, 10]
    assert targets(Mix(), parts) == [100, 33]  # as much as the weights allow
    assert targets(Mix(), [parts[0], Part("b", 1, 5, 4)]) == [60, 20]  # four passes over five rows
    assert targets(Mix(), [parts[0], Part("b", 1, 0, 1)]) == [100, 0]


def test_without_weights_sources_weigh_what_they_hold_and_temperature_evens_them_out() -> None:
    parts = [Part("a", None, 9000, 1), Part("b", None, 1000, 1)]
    assert targets(Mix(total=1000), parts) == [900, 100]
    assert targets(Mix(total=1000, temperature=2), parts) == [750, 250]  # √9 : √1
    assert targets(Mix(total=1000, temperature=1000), parts) == [501, 499]
    assert weights_of(parts, 1)[0] == 9000


@pytest.mark.parametrize("temperature", [0.001, 0.01, 0.3, 1000])
def test_no_temperature_is_too_low_or_too_high_for_a_power(temperature: float) -> None:
    parts = [Part("a", None, 50_000, 1), Part("b", None, 20_000, 1)]
    first, second = targets(Mix(total=1000, temperature=temperature), parts)
    assert first + second in (999, 1000) and first >= 500
    light = [Part("a", 0.3, 5000, 1), Part("b", 0.4, 5000, 1)]
    assert targets(Mix(total=1000, temperature=0.001), light) == [0, 1000]


@pytest.mark.parametrize(("validation", "n"), [(0.1, 4), (0.99, 39), (7, 7), (0.01, 0)])
def test_a_share_to_hold_out_is_one_of_the_rows_to_train_with(
    validation: int | float, n: int
) -> None:
    keys = np.arange(50, dtype=np.uint64)
    left = Candidates(50, lambda turn: keys, keys)
    (choice,), asked = choose([left], [Wanted(rows=40)], validation)
    assert asked == int(choice.validation.sum()) == n
    assert int(choice.copies.sum()) - n == min(40, 50 - n)
