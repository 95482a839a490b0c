"""Our evaluation says what lm-evaluation-harness says, item for item, on the embedded model: the same
prompts, the same greedy answers, the same verdicts, the same log-probabilities.

20 items a task; CURATE_ITEMS sets another number."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curate.embedded import embedded_model
from curate.engines import engine_spec, open_engine, open_store
from curate.evaluation.rows import TaskItems, read
from curate.evaluation.spec import task_of

N = int(os.environ.get("CURATE_ITEMS", "6"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 if N <= 6 else 7200)]
pytest.importorskip("lm_eval")
HFLM = pytest.importorskip("lm_eval.models.huggingface").HFLM
from curate.evaluation import harness  # noqa: E402
from curate.evaluation.model import EngineLM  # noqa: E402

TOKENS = 160
"""Of an answer: what differs does so early, and a small model goes on for long."""


@pytest.fixture(scope="module")
def theirs() -> Any:
    """The harness's own model of the same weights."""
    return HFLM(pretrained=str(embedded_model()), batch_size=1, device="cpu")


@pytest.fixture
def nltk_data(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The data of a splitter of sentences."""
    for path in (shared_data / "models" / "nltk").rglob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "nltk" / path.parent.name)
    monkeypatch.setenv("NLTK_DATA", str(tmp_path / "nltk"))
    yield


def items_of(name: str, path: Path) -> TaskItems:
    task = task_of(name)
    if task.verifier is not None:
        how = {**task.task["generation_kwargs"], "max_gen_toks": TOKENS}
        task = task.model_copy(update={"task": task.task | {"generation_kwargs": how}})
    return read(task, path, n=N, seed=1)


def ours(items: TaskItems, store: Path) -> list[Any]:
    spec = engine_spec({"kind": "transformers", "batch": 1})
    with open_store(store) as answers, open_engine(spec) as engine:
        lm = EngineLM(engine, answers, chat=items.task.chat, seed=0)
        put: list[Any] = harness.asked([items], lambda chat: lm)[items.task.name]
    return put


def of_theirs(items: TaskItems, like: str, lm: Any, **more: Any) -> list[dict[str, Any]]:
    """What the harness's own task makes of the same rows: its samples in their order."""
    from importlib.resources import files

    from lm_eval.api.task import ConfigurableTask
    from lm_eval.evaluator import evaluate
    from lm_eval.tasks._yaml_loader import load_yaml

    path = Path(str(files("lm_eval.tasks"))) / like
    config = load_yaml(path) | {"task": "own"} | more
    rows = harness.Rows(dict(item.row) for item in items.items)
    gone = ("dataset_path", "dataset_name", "training_split", "validation_split", "fewshot_split")
    config = {key: value for key, value in config.items() if key not in gone}
    split = {"custom_dataset": lambda **_: {"items": rows}, "test_split": "items", "metadata": {}}
    task = ConfigurableTask(config=config | split)
    task.set_fewshot_seed(seed=1234)
    found = evaluate(
        lm,
        {"tasks": {"own": task}, "groups": {}},
        bootstrap_iters=0,
        apply_chat_template=True,
        fewshot_as_multiturn=True,
    )
    filters = {sample["filter"] for sample in found["samples"]["own"]}
    chosen = "flexible-extract" if "flexible-extract" in filters else next(iter(filters))
    samples = [one for one in found["samples"]["own"] if one["filter"] == chosen]
    return sorted(samples, key=lambda one: int(one["doc_id"]))


def same_prompts(put: list[Any], samples: list[dict[str, Any]], lm: Any) -> None:
    for one, sample in zip(put, samples, strict=True):
        assert lm.apply_chat_template(json.loads(one.prompt)) == sample["arguments"][0][0]


def test_gsm8k_has_the_same_prompts_answers_and_verdicts(
    shared_data: Path, tmp_path: Path, theirs: Any
) -> None:
    from curate.evaluation.judge import judged

    items = items_of("gsm8k", shared_data / "benchmarks/gsm8k/test.jsonl")
    put = ours(items, tmp_path)
    how = {"do_sample": False, "until": ["Q:"], "max_gen_toks": TOKENS}
    samples = of_theirs(items, "gsm8k/gsm8k-cot.yaml", theirs, generation_kwargs=how, num_fewshot=8)
    same_prompts(put, samples, theirs)
    said = [one.answers[0].said.strip() for one in put]
    assert said == [sample["resps"][0][0].strip() for sample in samples]
    scores = judged(items.task, put)["score"].to_pylist()
    # Theirs compares texts: a trailing full stop or noughts after the point make another answer.
    assert scores == [_as_number(sample) for sample in samples]


def _as_number(sample: dict[str, Any]) -> float:
    """The verdict of the harness's flexible extraction, had it compared numbers."""
    found = re.sub(r"[$,]", "", sample["filtered_resps"][0]).strip().rstrip(".")
    try:
        return float(float(found) == float(sample["target"].replace(",", "")))
    except ValueError:
        return float(sample["exact_match"])


def test_ifeval_has_the_same_prompts_answers_and_verdicts(
    shared_data: Path, tmp_path: Path, theirs: Any, nltk_data: None
) -> None:
    from curate.evaluation.judge import judged

    items = items_of("ifeval", shared_data / "benchmarks/ifeval/IFEval_541.jsonl")
    put = ours(items, tmp_path)
    how = {"do_sample": False, "until": [], "max_gen_toks": TOKENS}
    samples = of_theirs(items, "ifeval/ifeval.yaml", theirs, generation_kwargs=how)
    same_prompts(put, samples, theirs)
    said = [one.answers[0].said.strip() for one in put]
    assert said == [sample["resps"][0][0].strip() for sample in samples]
    scores = judged(items.task, put)["score"].to_pylist()
    assert scores == [float(sample["prompt_level_loose_acc"]) for sample in samples]


def test_mmlu_has_the_same_prompts_log_probabilities_and_choices(
    shared_data: Path, tmp_path: Path, theirs: Any
) -> None:
    from curate.evaluation.judge import judged

    items = items_of("mmlu_choice", shared_data / "benchmarks/mmlu/mmlu_validation.jsonl")
    put = ours(items, tmp_path)
    samples = of_theirs(items, "mmlu/default/_default_template_yaml", theirs, num_fewshot=0)
    same_prompts(put, samples, theirs)
    for one, sample in zip(put, samples, strict=True):
        sums = [resps[0][0] for resps in sample["resps"]]
        assert list(one.logprobs) == pytest.approx(sums, abs=2e-3)
    scores = judged(items.task, put)["score"].to_pylist()
    assert scores == [sample["acc"] for sample in samples]
