"""A mixture of judged answers is what TRL's own `KTOTrainer` trains on, as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from curate_train.data import open_data

from curate.errors import UserError
from curate.mixture import build_recipe_file
from tests.corpus import write_lines, write_recipe

pytest.importorskip("trl", reason="needs the extra 'train'")

TEMPLATE = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}<end>{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged")
    write_lines(
        folder / "rows.jsonl",
        [
            {"prompt": f"Question {n // 2}?", "completion": f"Answer {n}.", "label": n % 2 == 0}
            for n in range(24)
        ],
    )
    recipe = write_recipe(
        folder / "recipe.yaml",
        kind="unpaired",
        sources=[{"name": "rows", "from": "rows.jsonl"}],
        output={"validation": 4},
    )
    return build_recipe_file(recipe, folder / "built").folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_trl_trains_on_it(judged: Path, tiny: Path, tmp_path: Path) -> None:
    import datasets
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import KTOConfig, KTOTrainer

    data = datasets.load_dataset(str(judged))
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    tokenizer.chat_template = TEMPLATE
    arguments = KTOConfig(
        output_dir=str(tmp_path), max_steps=2, per_device_train_batch_size=4, report_to=[], use_cpu=True,
        bf16=False,
    )  # fmt: skip
    trainer = KTOTrainer(
        model=AutoModelForCausalLM.from_pretrained(tiny),
        args=arguments,
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        processing_class=tokenizer,
    )
    row = trainer.train_dataset[0]
    assert (
        tokenizer.decode(row["prompt_ids"])
        == f"user: {row['prompt'][0]['content']}<end>assistant: "
    )
    assert tokenizer.decode(row["completion_ids"]) == f"{row['completion'][0]['content']}<end>"
    assert len(trainer.train_dataset) == 20
    assert trainer.train().global_step == 2


def test_other_trainers_say_what_it_is_for(judged: Path, tmp_path: Path) -> None:
    for purpose in ("sft", "dpo"):
        with pytest.raises(UserError, match="of kind 'unpaired', and .*KTOTrainer"):
            open_data(str(judged), purpose, tmp_path)
