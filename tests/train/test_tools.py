"""Tools and tool calls reach the template as objects, or the run is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from curate_train.config import DpoConfig, SftConfig

from curate.errors import UserError
from tests.corpus import write_lines

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:.*will be removed in v6:FutureWarning"
    ),  # TRL's own use of transformers
]
pytest.importorskip("trl", reason="needs the extra 'train'")

TOOLS = [{"type": "function", "function": {"name": "weigh", "parameters": {"type": "object"}}}]
SEES = """{%- for t in tools or [] %}[{{ t.function.name }}]{% endfor -%}
{%- for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}{% generation %}{{ m.content }}
{%- for c in m.tool_calls or [] %}({{ c.function.name }} {{ c.function.arguments | tojson }}){% endfor -%}
{{ eos_token }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor -%}"""
BLIND = SEES.replace("{{ t.function.name }}", "").replace("[]{% endfor", "{% endfor", 1)


def called(arguments: Any) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": "weigh", "arguments": arguments}}]


def row(**more: Any) -> dict[str, Any]:
    turns = [
        {"role": "user", "content": "How heavy is the broom?"},
        {"role": "assistant", "content": "", "tool_calls": called({"what": "broom", "n": 2})},
        {"role": "tool", "content": "40"},
        {"role": "assistant", "content": "Forty."},
    ]
    return {"messages": turns, "tools": TOOLS} | more


def prepared(
    tmp_path: Path, settings: dict[str, Any], rows: list[dict[str, Any]], template: str, **more: Any
) -> Any:
    from curate_train.data import open_data
    from curate_train.prepare import prepare

    write_lines(tmp_path / "rows.jsonl", rows)
    (tmp_path / "own.jinja").write_text(template, "utf-8")
    config = SftConfig(
        **settings | {"chat_template": str(tmp_path / "own.jinja"), "batch": 8, **more}
    )
    found, _ = prepare(config, open_data(str(tmp_path / "rows.jsonl"), "sft", tmp_path / "cache"))
    return config, found


@pytest.mark.parametrize("as_text", [False, True])
def test_tools_and_calls_are_trained_on_and_measured(
    as_text: bool, settings: dict[str, Any], tmp_path: Path
) -> None:
    """Arguments that stand in the data as JSON text are rendered as the object that they are."""
    from curate_train import sft

    given = row()
    if as_text:
        arguments = json.dumps({"what": "broom", "n": 2})
        given["messages"][1]["tool_calls"] = called(arguments)
    config, found = prepared(tmp_path, settings, [given] * 2, SEES)
    made = sft.make(config, found, tmp_path).train_dataset[0]
    text = found.tokenizer.decode(made["input_ids"])
    assert text == (
        "[weigh]<user>How heavy is the broom?<assistant>"
        '(weigh {"what": "broom", "n": 2})<end><tool>40<assistant>Forty.<end>'
    )
    assert made["n_tokens"] == len(made["input_ids"])
    learnt = [token for token in made["labels"] if token != -100]
    assert found.tokenizer.decode(learnt) == '(weigh {"what": "broom", "n": 2})<end>Forty.<end>'


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (BLIND, "leaves out its tools"),
        (SEES.replace("for c in m.tool_calls or []", "for c in []"), "tool calls of turn 1"),
    ],
)
def test_a_template_that_leaves_them_out_is_refused(
    template: str, said: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=rf"row rows/0: the chat template .*{said}"):
        prepared(tmp_path, settings, [row()] * 2, template)


def test_tulu_has_no_tools(settings: dict[str, Any], tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello."}]
    with pytest.raises(UserError, match="row rows/0: .*the template tulu has no tools"):
        prepared(tmp_path, settings, [row(messages=turns)], SEES, chat_template="tulu")


@pytest.mark.parametrize("tools", ['"[]"', "weigh, lift"])
def test_tools_that_cannot_be_read_are_named(
    tools: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(
        UserError, match=r"rows/0: bad-tools: tools is (no JSON|JSON encoded twice)"
    ):
        prepared(tmp_path, settings, [row(tools=tools)], SEES)


def test_a_built_mixture_keeps_them(settings: dict[str, Any], tmp_path: Path) -> None:
    from curate_train.data import open_data

    from curate.mixture import build_recipe_file

    write_lines(tmp_path / "rows.jsonl", [row()])
    recipe = "name: tools\nkind: sft\nsources: [{name: rows, from: rows.jsonl}]\n"
    (tmp_path / "recipe.yaml").write_text(recipe, "utf-8")
    build_recipe_file(tmp_path / "recipe.yaml", tmp_path / "data")
    (found,) = open_data(str(tmp_path / "data"), "sft", tmp_path / "cache").train.to_list()
    assert found["messages"] == row()["messages"]
    assert json.loads(found["tools"]) == TOOLS


def test_pairs_are_rendered_with_their_tools(settings: dict[str, Any], tmp_path: Path) -> None:
    from curate_train import dpo
    from curate_train.data import open_data
    from curate_train.prepare import prepare

    pair = {
        "prompt": [{"role": "user", "content": "How heavy?"}],
        "chosen": [{"role": "assistant", "content": "", "tool_calls": called({"what": "pan"})}],
        "rejected": [{"role": "assistant", "content": "Heavy."}],
        "tools": TOOLS,
    }
    write_lines(tmp_path / "rows.jsonl", [pair] * 2)
    (tmp_path / "own.jinja").write_text(SEES, "utf-8")
    config = DpoConfig(**settings | {"chat_template": str(tmp_path / "own.jinja"), "batch": 8})
    found, _ = prepare(config, open_data(str(tmp_path / "rows.jsonl"), "dpo", tmp_path / "cache"))
    made = dpo.make(config, found, tmp_path).train_dataset[0]
    assert "[weigh]" in found.tokenizer.decode(made["prompt_ids"])
    assert '(weigh {"what": "pan"})<end>' in found.tokenizer.decode(made["chosen_ids"])


def test_reasoning_that_the_template_leaves_out_is_told(
    settings: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from curate_train import sft

    turns = [
        {"role": "user", "content": "2 + 3?"},
        {"role": "assistant", "content": "5", "reasoning_content": "3 after 2."},
    ]
    other = [{"role": "user", "content": "2 + 4?"}, {"role": "assistant", "content": "6"}]
    write_lines(tmp_path / "rows.jsonl", [{"messages": turns}, {"messages": other}])
    config = SftConfig(**settings | {"batch": 8, "steps": 1})
    sft.train(config, str(tmp_path / "rows.jsonl"), tmp_path / "run")
    assert "train rows, reasoning left out: 1 (rows/0)" in capsys.readouterr().err


def test_prompts_of_rlvr_have_no_place_for_tools(tmp_path: Path) -> None:
    from curate_train.data import open_data

    given = {"prompt": "How heavy?", "verifier": "string", "ground_truth": "40"}
    write_lines(tmp_path / "rows.jsonl", [given | {"tools": []}, given | {"tools": TOOLS}])
    with pytest.raises(UserError, match="row rows/1: has tools, which rlvr records do not hold"):
        open_data(str(tmp_path / "rows.jsonl"), "rlvr", tmp_path / "cache")


@pytest.mark.parametrize("brief", [True, False])
def test_the_template_is_given_what_is_set_beside_the_turns(
    brief: bool, settings: dict[str, Any], tmp_path: Path
) -> None:
    """In training, and when rows are measured."""
    from curate_train import sft

    template = SEES.replace("{%- for m", "{% if brief %}Briefly.{% endif %}{%- for m")
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    more = {"chat_template_kwargs": {"brief": brief}}
    config, found = prepared(tmp_path, settings, [{"messages": turns}] * 2, template, **more)
    made = sft.make(config, found, tmp_path).train_dataset[0]
    text = found.tokenizer.decode(made["input_ids"])
    assert text == ("Briefly." if brief else "") + "<user>Hi<assistant>Hello.<end>"
    assert made["n_tokens"] == len(made["input_ids"])
