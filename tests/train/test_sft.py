"""SFT: what is learnt from, the loss of a whole batch, and that the trainer is TRL's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from curate_train.config import SftConfig

from curate.errors import UserError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:.*will be removed in v6:FutureWarning"
    ),  # TRL's own use of transformers
]
pytest.importorskip("trl", reason="needs the extra 'train'")

Mixture = Callable[[str], Path]


def made(settings: Mapping[str, Any], mixture: Mixture, folder: Path, **more: Any) -> Any:
    """TRL's trainer, as a run makes it."""
    from curate_train import sft
    from curate_train.data import open_data
    from curate_train.prepare import prepare

    config = SftConfig(**{**settings, **more})
    prepared, _ = prepare(config, open_data(str(mixture("sft")), "sft", folder / "cache"))
    return sft.make(config, prepared, folder)


def gradients(trainer: Any) -> tuple[dict[str, Any], list[str]]:
    """The gradients of the first step, before the optimiser sees them, and the ids of its eight
    rows.
    """
    from transformers import TrainerCallback

    found: dict[str, Any] = {}
    seen: list[str] = []
    collate = trainer.data_collator

    def remembering(rows: list[dict[str, Any]]) -> Any:
        seen.extend(row["id"] for row in rows)
        return collate(rows)

    trainer.data_collator = remembering

    class Keep(TrainerCallback):  # type: ignore[misc]
        def on_pre_optimizer_step(self, *_: Any, **kwargs: Any) -> None:
            model = kwargs["model"]
            found.update({name: value.grad.clone() for name, value in model.named_parameters()})

    trainer.add_callback(Keep())
    trainer.args.eval_on_start = False
    trainer.train()
    return found, seen[:8]


def test_gradients_are_those_of_the_sum_over_all_tokens_divided_by_their_number(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    one_batch = {"batch": 8, "steps": 1, "max_grad_norm": 0.0, "seed": 3}
    trainers = {
        micro: made(settings, mixture, tmp_path / str(micro), micro_batch=micro, **one_batch)
        for micro in (1, 8)
    }
    found, ids = {}, {}
    for micro, trainer in trainers.items():
        found[micro], ids[micro] = gradients(trainer)
    assert ids[1] == ids[8]

    # The same eight rows by hand: plain log-probabilities, no code of TRL.
    by_id = {row["id"]: row for row in trainers[8].train_dataset.to_list()}
    model = AutoModelForCausalLM.from_pretrained(settings["model"], dtype=torch.float32)
    total, n = torch.tensor(0.0), 0
    rows = [by_id[one] for one in ids[8]]
    assert len({len(row["input_ids"]) for row in rows}) > 1, (
        "rows of one length would prove nothing"
    )
    for row in rows:
        logits = model(input_ids=torch.tensor([row["input_ids"]])).logits[0, :-1].log_softmax(-1)
        labels = torch.tensor(row["labels"])[1:]
        learnt = labels != -100
        total = total - logits[learnt].gather(1, labels[learnt][:, None]).sum()
        n += int(learnt.sum())
    (total / n).backward()
    for name, parameter in model.named_parameters():
        for micro in (1, 8):
            apart = (found[micro][name] - parameter.grad).norm() / parameter.grad.norm()
            assert apart < 1e-5, (name, micro, float(apart))


def test_only_what_the_assistant_says_is_learnt_its_end_included(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    trainer = made(settings, mixture, tmp_path)
    tokenizer = trainer.processing_class
    said = {row["id"]: row["messages"] for row in trainer.train_dataset.to_list()}
    for row in trainer.train_dataset.to_list():
        learnt = tokenizer.decode([token for token in row["labels"] if token != -100])
        assert learnt == said[row["id"]][-1]["content"] + "<end>"


def test_the_trainer_is_trls_own_class(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from trl import SFTTrainer

    trainer = made(settings, mixture, tmp_path)
    assert type(trainer) is SFTTrainer
    assert trainer.args.max_length == 256
    assert not trainer.args.packing


def test_packed_rows_do_not_see_each_other(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    """The loss over all rows is the same, whether each has a sequence of its own or not."""
    import torch

    plain = made(settings, mixture, tmp_path / "plain", batch=8)
    packed = made(settings, mixture, tmp_path / "packed", batch=8, micro_batch=1, packing=True)
    assert len(packed.train_dataset) < len(plain.train_dataset)
    rows = plain.train_dataset.to_list()
    n = sum(sum(label != -100 for label in row["labels"]) for row in rows)
    losses = {}
    for name, trainer in (("plain", plain), ("packed", packed)):
        batches = [trainer.data_collator([row]) for row in trainer.train_dataset.to_list()]
        trainer.model.eval()
        with torch.no_grad():
            parts = [
                trainer.compute_loss(trainer.model, batch, num_items_in_batch=n)
                for batch in batches
            ]
        losses[name] = float(sum(parts))
    assert losses["packed"] == pytest.approx(losses["plain"], rel=1e-5)


def test_a_template_that_does_not_mark_the_assistant_is_refused(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    template = tmp_path / "plain.jinja"
    template.write_text(
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}", encoding="utf-8"
    )
    with pytest.raises(UserError, match=r"does not mark the assistant's turns with .*generation"):
        made(settings, mixture, tmp_path, chat_template=str(template))


def test_a_template_whose_turns_end_outside_what_is_learnt_is_refused(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    template = tmp_path / "endless.jinja"
    assistant = "{% generation %}{{ m['content'] }}{% endgeneration %}{{ eos_token }}"
    other = "{% else %}{{ m['content'] }}{% endif %}{% endfor %}"
    text = "{% for m in messages %}{% if m['role'] == 'assistant' %}" + assistant + other
    template.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="never learnt"):
        made(settings, mixture, tmp_path, chat_template=str(template))
