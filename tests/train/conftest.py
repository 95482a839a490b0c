"""A model small enough to train in a second, of the architecture of the embedded one, and mixtures
to train it on.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from curate.mixture import build_recipe_file

ROOMS = ("kitchen", "garden", "attic", "cellar", "hall", "workshop")
THINGS = ("lamp", "ladder", "kettle", "basket", "broom", "clock", "blanket", "bucket")


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _rows(kind: str, n: int) -> list[dict[str, Any]]:
    draw = random.Random(kind)
    rows: list[dict[str, Any]] = []
    for i in range(n):
        room, thing = draw.choice(ROOMS), draw.choice(THINGS)
        ask = [_turn("user", f"Question {i}: where is the {thing}?")]
        answer = [
            _turn(
                "assistant", f"The {thing} is in the {room}." + " It is there." * draw.randrange(6)
            )
        ]
        if kind == "sft":
            rows.append({"messages": [*ask, *answer]})
        elif kind == "preference":
            rows.append(
                {
                    "prompt": ask,
                    "chosen": answer,
                    "rejected": [_turn("assistant", f"No {thing}." * (1 + i % 4))],
                }
            )
        else:
            label = '[{"id": "punctuation:no_comma", "kwargs": {}}]'
            verifier, truth = (("ifeval", label), ("string", room))[i % 2]
            ask = [_turn("user", ask[0]["content"] + " Please say." * (i % 4))]
            rows.append({"prompt": ask, "verifier": verifier, "ground_truth": truth})
    return rows


@pytest.fixture(scope="session")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A built mixture of a kind: 32 rows to train on (rlvr: 32), 8 held out."""
    made: dict[str, Path] = {}

    def build(kind: str) -> Path:
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            lines = "".join(json.dumps(row) + "\n" for row in _rows(kind, 40))
            (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
            source: dict[str, Any] = {"name": "rows", "from": "rows.jsonl"}
            if kind == "rlvr":
                source["format"] = {
                    "prompt": "prompt",
                    "verifier": "verifier",
                    "ground_truth": "ground_truth",
                }
            recipe = {
                "name": f"rooms-{kind}",
                "kind": kind,
                "sources": [source],
                "output": {"validation": 8},
            }
            (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
            build_recipe_file(folder / "recipe.yaml", folder / "built")
            made[kind] = folder / "built"
        return made[kind]

    return build


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of two layers and a tokenizer of a few hundred tokens, as a folder that
    transformers opens.
    """
    torch = pytest.importorskip("torch")
    pytest.importorskip("trl", reason="needs the extra 'train'")
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    trained = ByteLevelBPETokenizer()
    texts = [json.dumps(row) for kind in ("sft", "preference", "rlvr") for row in _rows(kind, 40)]
    trained.train_from_iterator(
        texts, vocab_size=500, special_tokens=["<end>", "<pad>"], show_progress=False
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, eos_token="<end>", pad_token="<pad>"
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def settings(tiny: Path) -> dict[str, Any]:
    """What all configurations of the tiny model have."""
    return {
        "model": str(tiny),
        "learning_rate": 1e-2,
        "precision": "fp32",
        "max_length": 256,
        "micro_batch": 8,
        "gradient_checkpointing": False,
        "log_every": 1,
        "report_to": [],
    }
