"""Requests: what their key depends on, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from curate.engines.request import Identity, Request, Sampling, key_of, seed_of

ENGINE = Identity("openai", "m", "r")
REQUEST = Request([{"role": "user", "content": "A tree?"}], seed=1)


def test_a_key_depends_on_all_that_an_answer_does() -> None:
    requests = [
        REQUEST,
        replace(REQUEST, messages=[{"role": "system", "content": "A tree?"}]),
        replace(REQUEST, messages=[*REQUEST.messages, *REQUEST.messages]),
        replace(REQUEST, seed=2),
        replace(REQUEST, sample=1),
        replace(REQUEST, sampling=Sampling(temperature=0.5)),
        replace(REQUEST, sampling=Sampling(stop=("a",))),
        replace(REQUEST, schema={"type": "object"}),
        replace(REQUEST, schema={"properties": {"why": {}, "score": {}}}),
        replace(REQUEST, schema={"properties": {"score": {}, "why": {}}}),
        replace(REQUEST, labels=("yes", "no")),
        replace(REQUEST, labels=("no", "yes")),
        replace(REQUEST, template="t"),
        replace(REQUEST, continuations=(" yes", " no")),
        replace(REQUEST, continuations=(" no", " yes")),
        replace(REQUEST, chat=False),
    ]
    engines = [
        ENGINE,
        replace(ENGINE, kind="vllm"),
        replace(ENGINE, model="n"),
        replace(ENGINE, revision="s"),
        replace(ENGINE, settings={"dtype": "float32"}),
    ]
    keys = [key_of(request, engine) for request in requests for engine in engines]
    assert len(set(keys)) == len(requests) * len(engines)


def test_what_a_request_does_not_use_is_not_in_its_text() -> None:
    assert not {"continuations", "chat"} & set(json.loads(REQUEST.text))


def test_a_key_is_the_same_however_the_request_is_spelled() -> None:
    turned = Request(messages=({"content": "A tree?", "role": "user"},), seed=1)
    assert key_of(turned, ENGINE) == key_of(REQUEST, ENGINE)
    whole = replace(REQUEST, sampling=Sampling(temperature=1, top_p=1))
    assert key_of(whole, ENGINE) == key_of(REQUEST, ENGINE)
    # It is what stores hold: another key would ask everything anew.
    assert key_of(REQUEST, ENGINE).startswith("44008abcf7e26b77")


def test_seeds_differ_and_are_those_that_every_engine_takes() -> None:
    seeds = [seed_of(1, "item", i, sample) for i in range(500) for sample in range(4)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert seed_of(1, "item", 23) != seed_of(1, "item", 2, 3)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"seed": -1}, "a seed is from 0 to 2147483647, not -1"),
        ({"seed": 2**31}, "a seed is from 0"),
        ({"messages": []}, "needs a message"),
        ({"schema": {}, "labels": ("a",)}, "labels or continuations: one of them"),
        ({"labels": ("a",), "continuations": ("b",)}, "one of them"),
        ({"chat": False, "messages": [*REQUEST.messages] * 2}, "has one message"),
        ({"labels": ("a", "a")}, "labels must differ"),
        ({"labels": ("a", " ")}, "labels must differ and not be blank"),
        ({"labels": ("1", "2", "10")}, "no label may begin another, as '1' begins '10'"),
    ],
)
def test_what_no_engine_could_answer_is_refused(changed: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        replace(REQUEST, **changed)  # type: ignore[arg-type]
