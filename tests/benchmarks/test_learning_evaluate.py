"""Figures of the benchmark of learning are those that other ways of counting give; a real model is
asked rightly.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.learning import evaluate, scores
from benchmarks.learning.scores import Measurement, Scored
from curate.errors import UserError
from curate.verify import find


def measured(
    values: Any, groups: Sequence[str], task: str = "constraints", weight: float = 1
) -> Measurement:
    rows = [
        Scored(str(i), group, value, weight)
        for i, (value, group) in enumerate(zip(values, groups, strict=True))
    ]
    return Measurement(task, "model", "data", tuple(rows))


@given(st.integers(1, 300), st.data())
def test_wilson_is_where_the_normal_test_turns(n: int, drawn: st.DataObject) -> None:
    passed = drawn.draw(st.integers(0, n))
    rate, low, high = scores.wilson(passed, n)
    for bound in (low, high):
        assert abs(bound - rate) == pytest.approx(
            1.959964 * np.sqrt(max(0, bound * (1 - bound)) / n), abs=1e-6
        )
    assert -1e-9 <= low <= rate + 1e-9 and rate - 1e-9 <= high <= 1 + 1e-9


def test_the_mean_is_one_over_types_whatever_their_size() -> None:
    values, groups = [1, 1, 1, 1, 0, 0], ["a"] * 4 + ["b"] * 2
    assert scores.figure(measured(values, groups)) == 0.5
    assert scores.figure(measured(values, groups, "preference")) == pytest.approx(4 / 6)
    weighted = Measurement("loss", "m", "d", (Scored("0", "a", 6.0, 2), Scored("1", "b", 4.0, 8)))
    assert scores.figure(weighted) == 1.0
    assert scores.by_group(weighted) == {"a": 3.0, "b": 0.5}


def test_the_interval_of_a_difference_is_that_of_paired_rows() -> None:
    rng = np.random.default_rng(5)
    groups = [name for name in "abcd" for _ in range(100)]
    before = rng.random(400) < 0.4
    after = before | (rng.random(400) < 0.3)
    found = scores.difference(measured(before * 1.0, groups), measured(after * 1.0, groups))
    gains = (after * 1.0 - before).reshape(4, 100)
    spread = (
        1.96 * np.sqrt((gains.var(axis=1) / 100).sum()) / 4
    )  # of a mean over four independent means
    assert found.value == pytest.approx(gains.mean())
    assert (found.low, found.high) == pytest.approx(
        (gains.mean() - spread, gains.mean() + spread), abs=0.004
    )
    assert found == scores.difference(measured(before * 1.0, groups), measured(after * 1.0, groups))


def test_a_model_does_not_differ_from_itself() -> None:
    one = measured([1, 0, 1], ["a", "a", "b"])
    assert tuple(scores.difference(one, one)) == (0, 0, 0)


def test_a_relative_difference_of_losses() -> None:
    rng = np.random.default_rng(6)
    losses = rng.uniform(1, 3, 200)
    before, after = (measured(losses * factor, ["x"] * 200, "loss", 4) for factor in (1.0, 1.1))
    found = scores.difference(before, after, relative=True)
    assert tuple(found) == pytest.approx((0.1, 0.1, 0.1))
    assert scores.difference(before, after).value == pytest.approx(0.1 * losses.mean() / 4)


def test_types_that_start_high_are_left_out() -> None:
    before = measured([1, 1, 0, 0], ["a", "a", "b", "b"])
    after = measured([0, 0, 1, 0], ["a", "a", "b", "b"])
    one, other = scores.below_ceiling(before, after)
    assert scores.by_group(one) == {"b": 0} and scores.by_group(other) == {"b": 0.5}
    with pytest.raises(UserError, match="every type starts above 70%"):
        scores.below_ceiling(measured([1], ["a"]), measured([1], ["a"]))
    shown = list(evaluate.show_difference(before, after))
    assert shown[0] == "left out, for they start above 70%: a"
    assert shown[-1].startswith("constraints: 0.0000 -> 0.5000, difference 0.500 (0.000 to 1.000)")


def test_only_like_is_compared_with_like() -> None:
    with pytest.raises(UserError, match="do not hold the same rows"):
        scores.difference(measured([1, 0], ["a", "a"]), measured([1], ["a"]))
    with pytest.raises(UserError, match="do not hold the same rows"):
        scores.difference(measured([1], ["a"]), measured([1], ["a"], "preference"))


def test_measurements_come_back_from_their_files(tmp_path: Path) -> None:
    one = Measurement(
        "constraints",
        "m",
        "d",
        (Scored("0", "a", 1.0, 1.0, False, "Ünder\n"), Scored("1", "b", 0.0)),
    )
    one.save(tmp_path / "new" / "one.json")
    assert scores.load(tmp_path / "new" / "one.json") == one
    (tmp_path / "other.json").write_text('{"rows": [{"x": 1}]}')
    with pytest.raises(UserError, match=r"other.json: not a file that `evaluate --json` wrote"):
        scores.load(tmp_path / "other.json")
    with pytest.raises(UserError, match="no such file"):
        scores.load(tmp_path / "none.json")


def test_what_is_shown_of_a_measurement() -> None:
    shown = list(evaluate.show(measured([1, 0, 0, 0], ["a", "a", "b", "b"])))
    assert shown[0].split() == ["a", "0.500", "(0.095", "to", "0.905)", "n", "=", "2"]
    assert shown[-1] == "constraints of model: 0.2500; ended by itself: 1.000"
    assert next(evaluate.show(measured([4.0], ["a"], "loss", 8))).split() == [
        "a",
        "0.500",
        "n",
        "=",
        "1",
    ]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no validation split"):
        evaluate.validation(tmp_path)
    with pytest.raises(UserError, match="cannot be read as JSONL"):
        evaluate.read_rows(tmp_path / "none.jsonl")


TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture(scope="module")
def tiny() -> evaluate.Model:
    """A model of random weights whose tokens are characters."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    characters = sorted(set("".join(map(chr, range(32, 127))) + "\n"))
    vocabulary = {"</s>": 0, "<unk>": 1} | {one: i + 2 for i, one in enumerate(characters)}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex("."), "isolated")
    inner.decoder = tokenizers.decoders.Fuse()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="</s>", unk_token="<unk>", padding_side="left"
    )
    tokenizer.chat_template, tokenizer.pad_token = TEMPLATE, "</s>"
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        eos_token_id=0, pad_token_id=0, bos_token_id=None, initializer_range=0.4,
    )  # fmt: skip
    return evaluate.Model("tiny", transformers.LlamaForCausalLM(config).eval(), tokenizer)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


@pytest.mark.slow
def test_log_probabilities_are_those_of_one_token_after_another(tiny: evaluate.Model) -> None:
    import torch

    asked = [([user("Name a tree.")], [assistant("Elm.")]), ([user("Why?"), assistant("So."), user("Oh")], [assistant("I do not know.")])]  # fmt: skip  # noqa: E501
    found = evaluate.log_probabilities(tiny, asked)
    for (total, n), prompt, answer in zip(
        found,
        [
            "<user>Name a tree.</s>\n<assistant>",
            "<user>Why?</s>\n<assistant>So.</s>\n<user>Oh</s>\n<assistant>",
        ],
        ["Elm.</s>", "I do not know.</s>"],
        strict=True,
    ):
        before, tokens = (
            tiny.tokenizer(text, add_special_tokens=False)["input_ids"] for text in (prompt, answer)
        )
        expected = 0.0
        for i, token in enumerate(tokens):
            with torch.inference_mode():
                logits = (
                    tiny.model(input_ids=torch.tensor([before + tokens[:i]])).logits[0, -1].double()
                )
            expected += float(logits[token] - logits.logsumexp(0))
        assert n == len(tokens) == answer.count("</s>") + len(answer.replace("</s>", ""))
        assert total == pytest.approx(expected, rel=0.02)  # bfloat16


@pytest.mark.slow
def test_completions_do_not_depend_on_their_neighbours(
    tiny: evaluate.Model, tmp_path: Path
) -> None:
    prompts = [
        [user(text)] for text in ("Name a tree.", "No.", "Why is it so very long a way to the sea?")
    ]
    together = evaluate.completions(tiny, prompts)
    alone = [evaluate.completions(tiny, [one])[0] for one in prompts]
    assert [(text[:20], ended) for text, ended in alone] == [
        (text[:20], ended) for text, ended in together
    ]
    assert all(len(text) <= evaluate.NEW_TOKENS for text, _ in together)
    assert evaluate.completions(tiny, prompts[::-1]) == together[::-1]
    rows = [
        {"prompt": "Name a tree.", "type": "t", "verifier": "max_length", "ground_truth": "1000"}
    ]
    (tmp_path / "held.jsonl").write_text(json.dumps(rows[0]) + "\n")
    [scored] = evaluate.constraints(tiny, tmp_path / "held.jsonl").rows
    assert (scored.text, scored.ended, scored.group) == (*together[0], "t")
    assert scored.value == find("max_length")(scored.text, "1000").passed


@pytest.mark.slow
def test_loss_and_preference_of_a_built_folder(tiny: evaluate.Model, tmp_path: Path) -> None:
    answers = [(assistant("a" * (i + 1)), assistant("b" * (5 - i))) for i in range(5)]
    pairs: list[dict[str, Any]] = [
        {
            "id": str(i),
            "source": "s",
            "set": "x",
            "prompt": [user(f"{i}?")],
            "chosen": [one],
            "rejected": [other],
        }
        for i, (one, other) in enumerate(answers)
    ]
    chats = [
        {"id": row["id"], "source": "s", "messages": row["prompt"] + row["chosen"]} for row in pairs
    ]
    for name, rows in (("pairs", pairs), ("chats", chats)):
        (tmp_path / name / "data").mkdir(parents=True)
        pq.write_table(
            pa.Table.from_pylist(rows),
            tmp_path / name / "data" / "validation-00000-of-00001.parquet",
        )
    sums = [
        evaluate.log_probabilities(tiny, [(row["prompt"], row[side]) for row in pairs])
        for side in ("chosen", "rejected")
    ]
    chosen, rejected = ([total / n for total, n in side] for side in sums)
    assert [row.value for row in evaluate.preference(tiny, tmp_path / "pairs").rows] == [
        one > other for one, other in zip(chosen, rejected, strict=True)
    ]
    found = evaluate.loss(tiny, tmp_path / "chats")
    assert [row.weight for row in found.rows] == [n for _, n in sums[0]]
    assert [row.value for row in found.rows] == pytest.approx(
        [-total for total, _ in sums[0]], rel=1e-2
    )
    assert {row.group for row in found.rows} == {"s"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            TEMPLATE.replace("<assistant>{% endif", "<answer>{% endif"),
            "does not begin as its prompt does",
        ),
        (TEMPLATE.replace("</s>", ""), "does not end an answer with </s>"),
    ],
)
def test_templates_that_hide_the_answer_are_refused(
    tiny: evaluate.Model, template: str, message: str
) -> None:
    tiny.tokenizer.chat_template = template
    try:
        with pytest.raises(UserError, match=message):
            evaluate.log_probabilities(tiny, [([user("a")], [assistant("b")])])
    finally:
        tiny.tokenizer.chat_template = TEMPLATE


@pytest.mark.slow
def test_a_folder_without_a_model(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(UserError, match="not a model that transformers opens"):
        evaluate.open_model(str(tmp_path))
