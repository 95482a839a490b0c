"""The maker `synthesize`: domains, personas, parsing, samples; rows follow from answers alone."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from curate.engines import Answer, engine_spec
from curate.errors import UserError
from curate.make.maker import Ask, BadInput, Given, Row
from curate.make.synthesize import make
from curate.make.synthesize.domain import load_domain, shipped
from curate.make.synthesize.parse import Parse, parsed
from curate.make.synthesize.personas import PersonaSpec, read_personas
from curate.make.synthesize.spec import Spec
from curate.make.synthesize.writing import Synthesize
from curate.verify import find
from tests.corpus import write_lines
from tests.verify.constraints.conftest import NEEDS_LANGDETECT, NEEDS_PUNKT, need

MODEL = {"m": engine_spec({"kind": "openai", "model": "m"})}


def given_for(kind: str, base: Path) -> Given:
    return Given("made", base, kind, 42, MODEL, lambda spec, kind: iter(()))


def maker(kind: str = "sft", base: Path = Path(), **spec: Any) -> Synthesize:
    filled = {"domain": "chat", "engine": "m", "items": 5} | spec
    return make(Spec.model_validate(filled), given_for(kind, base))


def said(text: str) -> Answer:
    return Answer("answered", said=text, engine="openai", model="m")


def own_domain(folder: Path, **domain: Any) -> str:
    (folder / "own.yaml").write_text(yaml.safe_dump({"about": "A test."} | domain))
    return "own.yaml"


SUMS: dict[str, Any] = {
    "variables": {"a": {"least": 2, "most": 9}, "b": {"least": 2, "most": 9}},
    "given": "What is {{ a }} plus {{ b }}?",
    "answer": {"template": "{{ prompt }} Answer with a number."},
    "verifier": "gsm8k",
    "ground_truth": "{{ a + b }}",
}


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_domain_asks_for_a_prompt_and_its_answer(name: str) -> None:
    one = maker("prompt", domain=name)
    for item in one.items():
        asks = one.next(item, [])
        assert isinstance(asks, list)
        request = asks[0].request
        assert item.data["persona"] in request.messages[-1]["content"]
        shown = [seed.prompt for seed in one.domain.seeds]
        assert sum(text in request.messages[-1]["content"] for text in shown) == one.domain.shots
        assert item.number < 5
    assert len(shipped()) == 7


def test_a_prompt_is_parsed_asked_again_once_and_then_refused() -> None:
    one = maker(domain="chat")
    item = next(one.items())
    first = one.next(item, [])
    again = one.next(item, [said("no mark here")])
    assert isinstance(first, list) and isinstance(again, list)
    assert first[0].request.messages == again[0].request.messages
    assert first[0].request.seed != again[0].request.seed
    refused = one.next(item, [said("none"), said("none either")])
    assert refused == BadInput("prompt: the reply lacks 'Message:'")
    cut = Answer("truncated", said="Message: I w", reason="it reached max_tokens")
    refused = one.next(item, [cut, cut])
    assert refused == BadInput("prompt: truncated: it reached max_tokens")


def test_a_prompt_that_copies_an_example_is_no_prompt() -> None:
    one = maker(domain="chat")
    item = next(one.items())
    shown = one.domain.seeds[item.data["shots"][0]].prompt
    found = one.next(item, [said(f"Message: {shown}")])
    assert found == BadInput("the prompt is a copy of an example that was shown")


def test_an_answer_that_a_template_cannot_take_is_no_row(tmp_path: Path) -> None:
    domain = SUMS | {"reply": "{{ answer.split(':')[1] }}"}
    one = maker(domain=own_domain(tmp_path, **domain), base=tmp_path)
    item = next(one.items())
    row = one.next(item, [said("It is: 5")])
    assert isinstance(row, Row)
    assert row.record["messages"][-1]["content"] == "5"
    refused = one.next(item, [said("It is 5")])
    assert isinstance(refused, BadInput)
    assert "template can't be filled in" in refused.reason


def test_most_samples_make_the_label_and_the_row_has_one_that_says_it() -> None:
    one = maker("rlvr", domain="math-grade-school", samples=4)
    item = next(one.items())
    prompt = "Math problem: A shop has 3 shelves with 7 pots each and sells 4. How many are left?"
    asks = one.next(item, [said(prompt)])
    assert isinstance(asks, list)
    assert [ask.request.sample for ask in asks] == [0, 1, 2, 3]
    assert len({ask.request.seed for ask in asks}) == 4
    replies = [
        "It has 24.\n#### 24",
        "21 - 4 = 17\n#### 17",
        "So that is 17.0",
        "I cannot say what it is",
    ]
    row = one.next(item, [said(prompt), *map(said, replies)])
    assert isinstance(row, Row)
    assert row.record["prompt"][0]["content"] == prompt.removeprefix("Math problem: ")
    assert (row.record["ground_truth"], row.record["agreement"]) == ("17", 0.5)
    assert row.record["answer"] == "21 - 4 = 17\n#### 17"
    assert find("gsm8k")(row.record["answer"], row.record["ground_truth"]).passed
    assert row.lineage["persona"] == item.data["persona_id"]


def test_a_given_ground_truth_chooses_the_first_sample_that_passes(tmp_path: Path) -> None:
    one = maker(base=tmp_path, domain=own_domain(tmp_path, **SUMS), samples=3)
    for item in one.items():
        a, b = item.data["variables"]["a"], item.data["variables"]["b"]
        asks = one.next(item, [])
        assert isinstance(asks, list)
        assert asks[0].request.messages[-1]["content"].startswith(f"What is {a} plus {b}?")
        row = one.next(item, [said("It is 99."), said("It is 99!"), said(f"It is {a + b}.")])
        assert isinstance(row, Row)
        assert row.record["messages"][-1]["content"] == f"It is {a + b}."
        assert (row.record["ground_truth"], row.record["agreement"]) == (str(a + b), 0.6667)


def test_code_comes_with_tests_and_is_shown_in_a_fence() -> None:
    one = maker("rlvr", domain="code")
    item = next(one.items())
    prompt = said(
        "Question: Write a python function to double a number. It is called twice, and " * 2
    )
    code = said("```python\ndef twice(n):\n    return 2 * n\n```")
    asks = one.next(item, [prompt, code])
    assert isinstance(asks, list)
    assert "assert" in asks[0].request.messages[-1]["content"]
    tests = said("```python\nassert twice(2) == 4\nassert twice('a') == 'aa'\n```")
    row = one.next(item, [prompt, code, tests])
    assert isinstance(row, Row)
    assert row.record["answer"] == "```python\ndef twice(n):\n    return 2 * n\n```"
    assert json.loads(row.record["ground_truth"])["tests"][0].startswith("assert twice(2) == 4")


def test_constraints_are_drawn_asked_for_and_kept_as_a_label() -> None:
    for needed in sorted(NEEDS_PUNKT | NEEDS_LANGDETECT):
        need(needed)
    one = maker("rlvr", domain="precise-if")
    for item in one.items():
        prompt = said("User instruction: Write to my neighbours about the noise on Sunday.")
        asks = one.next(item, [prompt])
        assert isinstance(asks, list)
        row = one.next(item, [prompt, said("Dear neighbours, please be quiet.")])
        assert isinstance(row, Row)
        turn = row.record["prompt"][0]["content"]
        assert asks[0].request.messages[-1]["content"] == turn
        assert "the noise on Sunday" in turn
        constraints = json.loads(row.record["ground_truth"])
        assert 1 <= len(constraints) <= 3
        assert row.record["verifier"] == "ifeval"
    plain = maker("prompt", domain="precise-if")
    rows = [plain.next(item, [prompt]) for item in plain.items()]
    assert all(isinstance(row, Row) and row.record["constraints"] for row in rows)


@pytest.mark.parametrize(
    ("reply", "parse", "part"),
    [
        ("Here: A: one", {"after": "A:"}, "one"),
        ("one\nSolution: two", {"until": ["Solution:"]}, "one"),
        ("x\n```python\na = 1\n```\n```python\nb = 2\n```", {"fence": "python"}, "b = 2"),
        ("Here: one", {"after": "A:"}, BadInput("the reply lacks 'A:'")),
        ("```js\na\n```", {"fence": "python"}, BadInput("the reply has no block of python")),
        ("A:  ", {"after": "A:"}, BadInput("the reply has 0 characters, fewer than 1")),
        ("abcdef", {"at_most": 5}, BadInput("the reply has 6 characters, more than 5")),
        ("By OPENAI", {"without": ["OpenAI"]}, BadInput("the reply holds 'OpenAI'")),
    ],
)
def test_what_of_a_reply_is_the_part(
    reply: str, parse: dict[str, Any], part: str | BadInput
) -> None:
    assert parsed(reply, Parse.model_validate(parse)) == part


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        (SUMS | {"prompt": {"template": "x"}}, "one of given and prompt"),
        (SUMS | {"verifier": "gsm9k"}, "did you mean 'gsm8k'"),
        (SUMS | {"given": "{{ a"}, "own.yaml:.*not a template"),
        (SUMS | {"shots": 2}, "there are 0 seeds"),
        (SUMS | {"verifier": None}, "needs a verifier"),
        (SUMS | {"answr": {}}, "did you mean 'answer'"),
        (
            {"given": "x", "verifier": "ifeval", "constraints": {"types": ["count:words"]}},
            "constraint",
        ),
    ],
)
def test_a_wrong_domain_is_told_with_its_file(
    tmp_path: Path, domain: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        load_domain(own_domain(tmp_path, **domain), tmp_path)


def test_names_that_nobody_knows_and_kinds_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'math-hard'"):
        maker(domain="math-herd")
    with pytest.raises(UserError, match="kind prompt or sft, not rlvr"):
        maker("rlvr", domain="chat")
    with pytest.raises(UserError, match="say how many"):
        maker(items=None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"given": "{{ personas }}"}, "given: unknown name 'personas'; did you mean 'persona'"),
        ({"given": "{{ prompt }}"}, "given: unknown name 'prompt'"),
        ({"answer": {"template": "{{ prompt }} {{ c }}"}}, "answer.template: unknown name 'c'"),
        ({"turn": "{{ answer }}"}, "turn: unknown name 'answer'"),
        ({"ground_truth": "{{ label }}"}, "ground_truth: unknown name 'label'"),
        ({"reply": "{{ [a, b] | random }}"}, "No filter named 'random'"),
        ({"reply": "{{ lipsum() }}"}, "reply: unknown name 'lipsum'"),
        ({"variables": {"a": [1], "b": [1], "prompt": [1]}}, "variables: 'prompt' is something"),
    ],
)
def test_a_name_that_nobody_gives_is_told_before_anything_is_asked(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        maker(base=tmp_path, domain=own_domain(tmp_path, **SUMS | changed))


def test_templates_may_use_what_jinja_has(tmp_path: Path) -> None:
    loop = "{% set n = a %}{% for i in range(n) %}{{ i }}{{ loop.index }}{% endfor %}"
    one = maker(base=tmp_path, domain=own_domain(tmp_path, **SUMS | {"given": loop}))
    assert isinstance(one.next(next(one.items()), []), list)


# ---- personas


def test_the_shipped_personas_are_two_hundred_and_all_different() -> None:
    pool = read_personas(None, Path())
    assert (pool.read, len(pool.personas)) == (200, 200)
    spec = PersonaSpec.model_validate({"from": "nvidia/Nemotron-Personas-USA"})
    assert spec.stated() == "CC-BY-4.0"
    spec = PersonaSpec.model_validate({"from": "proj-persona/PersonaHub:persona"})
    assert spec.stated() == "CC-BY-NC-SA-4.0"


def test_near_equal_personas_are_dropped_the_first_stays(tmp_path: Path) -> None:
    texts = [f"a nurse of {n} years who sails and sings in town number {n}" for n in range(30)]
    twice = [*texts, *(text.upper() for text in texts), "a  nurse of 7 years who sails and sings"]
    write_lines(tmp_path / "p.jsonl", [{"id": 1, "persona": text} for text in twice])
    spec = PersonaSpec.model_validate({"from": "p.jsonl", "distinct": 0.9})
    pool = read_personas(spec, tmp_path)

    def jaccard(one: str, other: str) -> float:
        a, b = set(one.lower().split()), set(other.lower().split())
        return len(a & b) / len(a | b)

    left: list[str] = []
    for text in (" ".join(text.split()) for text in twice):
        if all(jaccard(text, kept) < 0.9 for kept in left):
            left.append(text)
    assert [one.text for one in pool.personas] == left


def test_every_persona_is_drawn_once_before_any_again(tmp_path: Path) -> None:
    write_lines(tmp_path / "p.jsonl", [{"text": f"persona {n}"} for n in range(10)])
    spec = PersonaSpec.model_validate({"from": "p.jsonl", "distinct": None})
    pool = read_personas(spec, tmp_path)
    drawn = [pool.drawn(1, "a", n).text for n in range(20)]
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == sorted(one.text for one in pool.personas)
    assert drawn[:10] != drawn[10:]
    assert drawn != [pool.drawn(2, "a", n).text for n in range(20)]


def test_a_column_must_be_known_or_named(tmp_path: Path) -> None:
    write_lines(tmp_path / "p.jsonl", [{"who": "somebody"}])
    for column, message in ((None, "which column"), ("whom", "did you mean 'who'")):
        spec = PersonaSpec.model_validate({"from": "p.jsonl", "column": column})
        with pytest.raises(UserError, match=message):
            read_personas(spec, tmp_path)


def test_items_are_the_same_however_many_are_asked_for() -> None:
    few, many = maker(items=5), maker(items=None, accepted=3)
    assert list(few.items()) == list(islice(many.items(), 5))
    asks = [few.next(item, []) for item in few.items()]
    assert all(isinstance(ask, list) and isinstance(ask[0], Ask) for ask in asks)
