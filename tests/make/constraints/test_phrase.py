"""How constraints are put in words."""

from __future__ import annotations

from random import Random
from string import Formatter

import pytest

from curate.make.constraints import KINDS, Constraint, asked, worded
from curate.make.constraints.phrase import LANGUAGES
from curate.make.constraints.stock import stock, wordings
from curate.verify.constraints import CONSTRAINTS

PROMPT = "Name a tall tree of Europe."
NOT_SAID = {"prompt_to_repeat", "instruction", "options"}


@pytest.mark.parametrize("id", sorted(KINDS))
def test_every_wording_says_all_arguments(id: str) -> None:
    lines = wordings()[id]
    assert len(set(lines)) == len(lines) >= 2
    for line in lines:
        places = {name for _, name, _, _ in Formatter().parse(line) if name}
        assert places == CONSTRAINTS[id].arguments.keys() - NOT_SAID
        for seed in range(8):
            kwargs = KINDS[id].draw(Random(seed), PROMPT)
            assert kwargs is not None
            told = worded(Constraint(id, kwargs), seed)
            assert "{" not in told
            for name, value in kwargs.items():
                if isinstance(value, int | str) and name not in NOT_SAID | {"language"}:
                    assert str(value) in told


def test_wordings_are_of_known_types_and_languages_have_names() -> None:
    assert wordings().keys() == KINDS.keys()
    assert stock().languages.keys() == LANGUAGES.keys()


def test_a_prompt_is_kept_whole_in_several_forms() -> None:
    constraints = [
        Constraint("punctuation:no_comma"),
        Constraint("detectable_format:title"),
        Constraint("keywords:word_once", {"keyword": "oak"}),
    ]
    forms = {asked(PROMPT, constraints, seed) for seed in range(60)}
    assert len(forms) > 20
    assert all(PROMPT in form and "oak" in form for form in forms)
    assert any(form.startswith(PROMPT) for form in forms)
    assert any(form.endswith(PROMPT) for form in forms)
    assert any("\n- " in form for form in forms)
    assert asked("{a} {0}", constraints[:1], 3).count("{a} {0}") == 1


def test_a_prompt_of_several_lines_has_its_rules_on_lines_of_their_own() -> None:
    prompt = "def f():\n    return 1"
    for seed in range(30):
        told = asked(prompt, [Constraint("punctuation:no_comma")], seed)
        assert told.startswith(prompt + "\n\n") or told.endswith("\n\n" + prompt)


def test_one_is_not_many() -> None:
    kwargs = {"keyword": "oak", "frequency": 1, "relation": "at least"}
    told = {worded(Constraint("keywords:frequency", kwargs), seed) for seed in range(20)}
    assert len(told) == 3
    assert all("at least 1 time" in one and "1 times" not in one for one in told)
