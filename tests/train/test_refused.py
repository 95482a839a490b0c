"""What a run is refused for before it begins, each in one line."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from curate_train import needs
from curate_train.config import RlvrConfig, SftConfig, TrainConfig

from curate.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore:.*will be removed in v6:FutureWarning")

Mixture = Callable[[str], Path]
BASE = {"model": "embedded", "learning_rate": 1e-5}


@pytest.mark.parametrize(
    ("of", "more", "said"),
    [
        (SftConfig, {"report_to": ["tensorboard", "wandb"]}, "report_to: wandb: .*install wandb"),
        (SftConfig, {"kernels": "liger"}, "kernels: liger: .*pip install liger-kernel"),
        (SftConfig, {"kernels": "hub"}, "kernels: hub: needs the package kernels"),
        (SftConfig, {"attn_implementation": "owner/attn"}, "attn_implementation: .* kernels"),
        (SftConfig, {"lora": {"base": "4bit"}}, "lora.base: 4bit: .* bitsandbytes"),
        (RlvrConfig, {"vllm": {}}, "vllm: needs the package vllm, .* leave vllm out"),
    ],
)
def test_a_package_that_is_missing(
    of: type[TrainConfig], more: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: "tensorboard" if name[0] == "t" else None)
    with pytest.raises(UserError, match=said) as error:
        needs.refuse_missing(of(**BASE | more))
    assert "\n" not in str(error.value)


def test_what_is_not_asked_for_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    needs.refuse_missing(SftConfig(**BASE, report_to=(), attn_implementation="sdpa"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"model": "runs/none/model"}, "model runs/none/model: .*there is no such folder"),
        ({"lora": {"targets": ["attic"]}}, "cannot be set up: Target modules .*attic"),
        ({"router_aux_loss_coef": 0.1}, "cannot be set up: .*Mixture-of-Experts"),
        ({"attn_implementation": "slowly"}, "cannot be set up: .*slowly"),
        ({"model": "without weights"}, "cannot be set up: .*no file named"),
    ],
)
def test_a_model_or_a_setting_that_will_not_do(
    more: dict[str, Any], said: str, settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    pytest.importorskip("trl", reason="needs the extra 'train'")
    from curate_train import sft

    if more.get("model") == "without weights":
        more = {"model": str(shutil.copytree(settings["model"], tmp_path / "empty"))}
        (tmp_path / "empty/model.safetensors").unlink()
    with pytest.raises(UserError, match=said) as error:
        sft.train(
            SftConfig(**settings | {"batch": 8} | more), str(mixture("sft")), tmp_path / "run"
        )
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("notebook", [False, True])
def test_the_first_interrupt_waits_and_the_second_does_not(
    notebook: bool, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers", reason="needs the extra 'train'")
    from curate_train import watch

    class Ended(BaseException):
        pass

    def end(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr("curate_train.watch.os._exit", end)
    if notebook:
        monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    before = signal.getsignal(signal.SIGINT)
    watching = watch.Watch(Path("run"), None, None, every=4)
    with (
        pytest.raises(KeyboardInterrupt if notebook else Ended),
        watch.interruptible(watching),
    ):
        signal.raise_signal(signal.SIGINT)
        assert watching.stopped
        assert capfd.readouterr().err == "curate: ends after this round; again, to end at once\n"
        signal.raise_signal(signal.SIGINT)
        pytest.fail("went on after a second interrupt")
    assert "earlier checkpoints are whole" in capfd.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before
