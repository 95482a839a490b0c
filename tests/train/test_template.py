"""The chat template `tulu`, against a few lines of Python that say the same: every turn under its
tag, ends learnt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from curate_train.model import plain_template
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATE = Path(__file__).resolve().parents[2] / "train/curate_train/templates/tulu.jinja"
OPEN, CLOSE = "\ue000", "\ue001"  # private characters that mark what is learnt
Turn = dict[str, Any]


class Generation(Extension):
    """The tag `generation`, as a pair of marks around what stands in it."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Any) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_marked"), [], [], body).set_lineno(line)

    def _marked(self, caller: Any) -> str:
        return f"{OPEN}{caller()}{CLOSE}"


def raise_exception(message: str) -> None:
    raise TemplateError(message)


def marked(turns: Sequence[Turn], eos: str = "<eos>", prompt: bool = False) -> str:
    """The template rendered by jinja2, set up as transformers does it."""
    jinja = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation]
    )
    jinja.globals["raise_exception"] = raise_exception
    text = TEMPLATE.read_text("utf-8").rstrip("\n")
    return jinja.from_string(text).render(
        messages=turns, eos_token=eos, add_generation_prompt=prompt
    )


def expected(turns: Sequence[Turn], eos: str, prompt: bool) -> str:
    """The paper's format: tag, line break, text; an end after what the assistant says; a break
    between turns.
    """
    said = []
    for turn in turns:
        own = (
            f"{OPEN}{turn['content']}{eos}{CLOSE}"
            if turn["role"] == "assistant"
            else turn["content"] + "\n"
        )
        said.append(f"<|{turn['role']}|>\n{own}")
    text = said[0]
    for before, part in zip(turns, said[1:], strict=False):
        text += ("\n" if before["role"] == "assistant" else "") + part
    return text + ("<|assistant|>\n" if prompt else "")


texts = st.text(
    st.characters(exclude_characters=OPEN + CLOSE, exclude_categories=["Cs"]), max_size=40
)
odd = st.sampled_from(
    [
        "",
        "\n",
        " two  spaces ",
        "{{ eos_token }}",
        "{% if %}",
        "<|assistant|>\n",
        "<eos>",
        "Ünï – 漢",
    ]
)
turn: st.SearchStrategy[Turn] = st.builds(
    dict, role=st.sampled_from(["system", "user", "assistant"]), content=texts | odd
)
conversations = st.lists(turn, min_size=1, max_size=6)


@given(conversations, st.sampled_from(["<eos>", "<|end_of_text|>", "</s>"]), st.booleans())
def test_it_is_the_format_of_the_paper(turns: list[Turn], eos: str, prompt: bool) -> None:
    assert marked(turns, eos, prompt) == expected(turns, eos, prompt)


@given(conversations, st.booleans(), st.booleans())
def test_what_is_saved_says_the_same_to_plain_jinja(
    turns: list[Turn], prompt: bool, trimmed: bool
) -> None:
    """Which has no tag `generation`, and trims blanks after a tag only where it is told to."""
    saved = plain_template(TEMPLATE.read_text("utf-8").rstrip("\n"))
    jinja = Environment(trim_blocks=trimmed, lstrip_blocks=trimmed)
    text = jinja.from_string(saved).render(
        messages=turns, eos_token="<eos>", add_generation_prompt=prompt
    )
    assert text == expected(turns, "<eos>", prompt).replace(OPEN, "").replace(CLOSE, "")


@pytest.mark.parametrize(("left", "right"), [("", ""), ("-", ""), ("", "-"), ("-", "-")])
def test_blanks_are_trimmed_where_they_were(left: str, right: str) -> None:
    tag, end = f"{{%{left} generation {right}%}}", f"{{%{left}endgeneration{right}%}}"
    template = f"a \n{tag} \n b{{{{ x }}}} \n {end} c"
    marks = ImmutableSandboxedEnvironment(extensions=[Generation])
    with_marks = marks.from_string(template).render(x="y").replace(OPEN, "").replace(CLOSE, "")
    assert Environment().from_string(plain_template(template)).render(x="y") == with_marks


def test_a_conversation_in_full() -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Two and two?"},
        {"role": "assistant", "content": "Four."},
        {"role": "user", "content": "Sure?"},
        {"role": "assistant", "content": "Yes."},
    ]
    plain = marked(turns).replace(OPEN, "").replace(CLOSE, "")
    assert plain == (
        "<|system|>\nBe brief.\n<|user|>\nTwo and two?\n<|assistant|>\nFour.<eos>\n"
        "<|user|>\nSure?\n<|assistant|>\nYes.<eos>"
    )


@given(conversations)
def test_what_is_learnt_is_what_the_assistant_says_and_its_end(turns: list[Turn]) -> None:
    learnt = re.findall(f"{OPEN}(.*?){CLOSE}", marked(turns), re.DOTALL)
    assert learnt == [one["content"] + "<eos>" for one in turns if one["role"] == "assistant"]


@given(conversations)
def test_the_prompt_to_answer_is_the_beginning_of_the_answer(turns: list[Turn]) -> None:
    """What a model is asked with is what it was trained on, up to the first token it has to say."""
    asked = marked([*turns, {"role": "user", "content": "And?"}], prompt=True)
    answered = marked(
        [*turns, {"role": "user", "content": "And?"}, {"role": "assistant", "content": "So."}]
    )
    assert answered == f"{asked}{OPEN}So.<eos>{CLOSE}"


@pytest.mark.parametrize("role", ["tool", "function", "User", ""])
def test_a_role_that_it_does_not_have_is_refused(role: str) -> None:
    turns = [{"role": "user", "content": "a"}, {"role": role, "content": "b"}]
    with pytest.raises(TemplateError, match=f"the template tulu has no role '{role}'"):
        marked(turns)


def test_tool_calls_are_refused() -> None:
    called = [{"type": "function", "function": {"name": "add", "arguments": {"a": 1}}}]
    with pytest.raises(TemplateError, match="the template tulu has no tool calls"):
        marked([{"role": "assistant", "content": "", "tool_calls": called}])
    assert (
        marked([{"role": "assistant", "content": "b", "tool_calls": []}])
        == f"<|assistant|>\n{OPEN}b<eos>{CLOSE}"
    )


@pytest.mark.slow
def test_transformers_renders_and_masks_it_alike(tiny: Path) -> None:
    from curate_train.config import SftConfig
    from curate_train.model import check_template, load_tokenizer

    tokenizer = load_tokenizer(SftConfig(model=str(tiny), learning_rate=1e-5), str(tiny))
    check_template(tokenizer, "tulu")
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where is the lamp?\n{{ eos_token }}"},
        {"role": "assistant", "content": " In the attic. "},
        {"role": "user", "content": "And the broom?"},
        {"role": "assistant", "content": "In the hall."},
    ]
    for prompt in (False, True):
        ours = marked(turns, "<end>", prompt).replace(OPEN, "").replace(CLOSE, "")
        assert (
            tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=prompt)
            == ours
        )
    found = tokenizer.apply_chat_template(
        turns, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    pairs = zip(found["input_ids"], found["assistant_masks"], strict=True)
    assert (
        tokenizer.decode([token for token, learnt in pairs if learnt])
        == " In the attic. <end>In the hall.<end>"
    )


@pytest.mark.slow
def test_a_row_that_it_refuses_is_named(tiny: Path) -> None:
    import datasets
    from curate_train.config import SftConfig
    from curate_train.lengths import measured
    from curate_train.model import load_tokenizer
    from curate_train.rendering import Renderer

    from curate.errors import UserError

    tokenizer = load_tokenizer(SftConfig(model=str(tiny), learning_rate=1e-5), str(tiny))
    rows = [{"id": "a/0", "messages": [{"role": "tool", "content": "4"}]}]
    with pytest.raises(
        UserError,
        match="row a/0: the chat template refuses it: the template tulu has no role 'tool'",
    ):
        measured(datasets.Dataset.from_list(rows), Renderer(tokenizer, "sft"), 64)
