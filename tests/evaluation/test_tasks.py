"""Tasks: every shipped one reads its rows, asks a question, and gives the right answer full marks."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytest

from curate.engines import Answer, Identity
from curate.errors import UserError
from curate.evaluation.looks import look
from curate.evaluation.rows import TaskItem, TaskItems, given, rendered, sampled
from curate.evaluation.spec import suites, task_files, task_of, tasks_of
from tests.corpus import write_lines
from tests.pages import rows, section

pytest.importorskip("lm_eval")
from curate.evaluation import harness
from curate.evaluation.judge import judged, pass_at, ready
from curate.evaluation.model import EngineLM

CHECK = "def check(candidate):\n    assert candidate(2) == 4\n"
PYTHON = {
    "task_id": "T/0",
    "prompt": "def twice(n):\n",
    "canonical_solution": "    return 2 * n\n",
    "test": CHECK,
    "entry_point": "twice",
}
CHOICES = {"question": "Two and two?", "choices": ["3", "4"], "answer": 1, "subject": "sums"}
LETTER = "Therefore, the answer is (B)."
ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "agieval_en": (
        {"passage": "", "question": "Two?", "options": ["(A)1", "(B)2"], "label": "B"},
        LETTER,
    ),
    "bbh": (
        {"input": "not True is", "target": "False", "subset": "boolean_expressions"},
        "So the answer is False.",
    ),
    "deepmind_math": ({"question": "b'What is 1/2 + 1/2?\\n'", "answer": "b'1\\n'"}, "\\boxed{1}"),
    "drop": (
        {"passage": "P", "question": "Who?", "answers_spans": {"spans": ["Ann Lee", "Ann"]}},
        "Ann Lee",
    ),
    "gpqa": (
        {
            "Question": "Why?!!",
            "Correct Answer": "x",
            "Incorrect Answer 1": "y",
            "Incorrect Answer 2": "z",
            "Incorrect Answer 3": "w",
        },
        "Therefore, the answer is (C).",
    ),
    "gsm8k": ({"question": "Two and two?", "answer": "2 + 2 = 4\n#### 4"}, "The answer is 4."),
    "humaneval": (PYTHON, "```python\ndef twice(n):\n    return 2 * n\n```"),
    "humanevalplus": (PYTHON, "```python\ndef twice(n):\n    return 2 * n\n```"),
    "ifeval": (
        {
            "key": 1,
            "prompt": "No commas.",
            "instruction_id_list": ["punctuation:no_comma"],
            "kwargs": [{}],
        },
        "None here.",
    ),
    "math": (
        {"problem": "$1+1$?", "solution": "It is $\\boxed{2}$."},
        "Final Answer: The final answer is $2$.",
    ),
    "mmlu": (CHOICES, LETTER),
    "mmlu_pro": (
        {"question": "Two?", "options": ["1", "2"], "answer": "B", "category": "math"},
        LETTER,
    ),
    "popqa": ({"question": "Where?", "possible_answers": '["Rome", "Roma"]'}, "Rome"),
}
CHOSEN: dict[str, dict[str, Any]] = {
    "commonsense_qa": {
        "question": "Q?",
        "choices": {"label": ["A", "B"], "text": ["no", "yes"]},
        "answerKey": "B",
    },
    "mmlu_choice": CHOICES | {"choices": ["3", "4", "5", "6"]},
    "truthfulqa": {"question": "Q?", "mc2_targets": {"choices": ["no", "yes"], "labels": [0, 1]}},
}


class Told(EngineLM):
    """A model that says what it is told to say, and likes the second choice best."""

    said = ""

    def _asked(self, requests: Any) -> list[Answer]:
        likes = [1.0 if n == 1 else -40.0 for n in range(9)]
        return [
            Answer("answered", logprobs=tuple(likes[: len(one.continuations)]))
            if one.continuations
            else Answer("answered", said=self.said)
            for one in requests
        ]


def scores(name: str, row: dict[str, Any], said: str) -> list[float | None]:
    task = task_of(name)
    row = {"subset": "all", **row}
    item = TaskItem(f"{name}/0", ("q",), rendered(task.group or "", row, task), row)

    def lm(chat: bool) -> Any:
        made = Told(cast("Any", None), cast("Any", None), chat=chat, seed=0)
        made.said = said
        return made

    put = harness.asked([TaskItems(task, [item], 1, ())], lm)[name]
    scored: list[float | None] = judged(task, put)["score"].to_pylist()
    return scored


def test_every_task_is_tried() -> None:
    assert {*ROWS, *CHOSEN} == set(task_files())


def test_the_page_has_every_evaluation_of_the_paper_with_what_differs() -> None:
    told = {
        cells[1]: cells[2:]
        for cells in rows(section("evaluation.md", "The evaluations of the paper"))
    }
    for task in (*tasks_of("tulu3-dev"), *tasks_of("tulu3-unseen")):
        assert told[f"`{task.name}`"] == [f"{task.paper}.", task.differs or "Nothing."], task.name
    names = [cells[0] for cells in rows(section("evaluation.md", "The evaluations of the paper"))]
    assert len([name for name in names if "**" not in name]) == 12 + 7


QUICK = sorted(set(ROWS) - {"humaneval", "humanevalplus", "math", "deepmind_math", "ifeval"})


@pytest.mark.parametrize(
    "name",
    [*QUICK, *(pytest.param(n, marks=pytest.mark.slow) for n in sorted(set(ROWS) - set(QUICK)))],
)
def test_the_right_answer_scores_and_another_does_not(name: str) -> None:
    row, right = ROWS[name]
    assert scores(name, row, right) == [pytest.approx(1.0)]
    assert scores(name, row, "I, well, would rather not say.") == [pytest.approx(0.0)]


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_the_likeliest_choice_is_the_answer(name: str) -> None:
    assert scores(name, CHOSEN[name], "") == [pytest.approx(1.0)]


def test_an_answer_that_never_came_is_wrong_though_nothing_would_pass() -> None:
    task = task_of("ifeval").model_copy(update={"verifier": "max-length", "ground_truth": "9"})
    item = TaskItem("ifeval/0", ("q",), "", {"subset": "all"})
    answers = [Answer("failed"), Answer("refused", said="No"), Answer("answered", said="Yes")]
    prompt = json.dumps([{"role": "user", "content": "Q?"}])
    put = [harness.Put(item, prompt, "", answers=[answer]) for answer in answers]
    assert judged(task, put)["score"].to_pylist() == [0.0, 0.0, 1.0]


def test_that_there_is_no_sandbox_is_said_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(allow_weaker: bool) -> Any:
        raise UserError("there is no sandbox")

    monkeypatch.setattr("curate.verify.sandbox._jail", none)
    for name, row in (("gsm8k", ROWS["gsm8k"][0]), ("humaneval", PYTHON)):
        given = TaskItems(task_of(name), [TaskItem("t/0", ("q",), "", row)], 1, ())
        told = nullcontext() if name == "gsm8k" else pytest.raises(UserError, match="no sandbox")
        with told:
            ready(given)


def test_an_answer_that_was_cut_within_a_character_is_judged() -> None:
    cut = "So 2 + 2 is 4. \ud83d"
    item = TaskItem("gsm8k/0", ("q",), "", {"subset": "all", "answer": "#### 4"})
    prompt = json.dumps([{"role": "user", "content": "Q?"}])
    put = [harness.Put(item, prompt, "4", answers=[Answer("truncated", said=cut)])]
    row = judged(task_of("gsm8k"), put).to_pylist()[0]
    assert (row["score"], row["answers"]) == (1.0, ["So 2 + 2 is 4. \ufffd"])


def test_a_damaged_ledger_of_looks_is_one_line_and_stays(tmp_path: Path) -> None:
    ledger = tmp_path / "looks.jsonl"
    for damage in ("[]", "{}", '{"task": "gpq'):
        ledger.write_text('{"task": "gpqa"}\n' + damage + "\n", "utf-8")
        with pytest.raises(UserError, match=r"looks.jsonl, line 2: no look at a task"):
            look(ledger, [task_of("gpqa")], Identity("transformers", "m", "r"))
        assert ledger.read_text("utf-8").endswith(damage + "\n")


def test_two_tasks_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    own = {"name": "mmlu_choice", "benchmark": "mmlu", "metric": "accuracy", "paper": "none"}
    path.write_text(json.dumps(own), "utf-8")
    assert [task.name for task in tasks_of(None, [str(path)])] == ["mmlu_choice"]
    with pytest.raises(UserError, match="2 tasks are called mmlu_choice"):
        tasks_of(None, ["mmlu_choice", str(path)])


def test_a_suite_is_its_tasks_and_unknown_names_have_a_neighbour() -> None:
    assert set(suites()) == {"tulu3-dev", "tulu3-unseen"}
    assert {task.role for task in tasks_of("tulu3-unseen")} == {"unseen"}
    names = [task.name for task in tasks_of("tulu3-dev", without=["math"])]
    assert "gsm8k" in names
    assert "math" not in names
    with pytest.raises(UserError, match="did you mean 'gsm8k'"):
        tasks_of(None, ["gsm8"])
    with pytest.raises(UserError, match="did you mean 'tulu3-dev'"):
        tasks_of("tulu3-devel")
    with pytest.raises(UserError, match="no task to evaluate"):
        tasks_of(None)


def test_a_larger_sample_holds_a_smaller_one_and_takes_as_many_of_each_group() -> None:
    items = [TaskItem(f"t/{n}", ("",), "ab"[n % 7 == 0], {"subset": ""}) for n in range(140)]
    small, large = sampled(items, 10, 5), sampled(items, 30, 5)
    assert {one.id for one in small} < {one.id for one in large}
    assert sum(one.group == "b" for one in small) == 5
    assert small == sorted(small, key=lambda one: items.index(one))
    assert {one.id for one in sampled(items, 10, 6)} != {one.id for one in small}


def test_a_template_that_names_what_a_row_lacks_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="task gsm8k: 'answer' is undefined"):
        rendered("{{ answer }}", {"question": "q"}, task_of("gsm8k"))
    write_lines(tmp_path / "gsm8k.jsonl", [{"question": "q"}])
    assert given(tasks_of("tulu3-dev"), tmp_path) == {"gsm8k": tmp_path / "gsm8k.jsonl"}


def test_pass_at_k_is_the_share_of_draws_with_a_right_answer() -> None:
    from itertools import combinations

    for passed in range(6):
        draws = list(combinations([1] * passed + [0] * (5 - passed), 3))
        assert pass_at(3, 5, passed) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_a_task_scores_in_one_way(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    own = {"name": "own", "benchmark": "gsm8k", "metric": "passed", "paper": "none"}
    path.write_text(json.dumps(own), "utf-8")
    with pytest.raises(UserError, match="needs verifier and ground_truth"):
        task_of(str(path))
