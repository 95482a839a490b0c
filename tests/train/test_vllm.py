"""What TRL is told of vLLM: every setting, and a seed that is the run's."""

from __future__ import annotations

from typing import Any

import pytest
from curate_train.config import RlvrConfig, Vllm
from curate_train.vllm import correction, seeded, vllm_arguments


def config(**vllm: Any) -> RlvrConfig:
    return RlvrConfig(model="m", learning_rate=1e-6, seed=7, vllm=Vllm(**vllm))


def test_a_server_is_asked_for_with_its_address() -> None:
    said = vllm_arguments(config(mode="server", url="http://h:8000", timeout=9, group_port=5123))
    assert (
        said
        | {
            "use_vllm": True,
            "vllm_mode": "server",
            "vllm_server_base_url": "http://h:8000",
            "vllm_server_timeout": 9,
            "vllm_group_port": 5123,
            "vllm_max_model_length": 4096,
        }
        == said
    )
    assert vllm_arguments(RlvrConfig(model="m", learning_rate=1e-6)) == {"use_vllm": False}


def test_the_correction_is_said_outright_and_can_be_switched_off() -> None:
    prefix = "vllm_importance_sampling_"
    assert correction(
        config(correction="token_truncate", correction_max=2, correction_min=0.5)
    ) == {
        f"{prefix}correction": True,
        f"{prefix}mode": "token_truncate",
        f"{prefix}clip_max": 2.0,
        f"{prefix}clip_min": 0.5,
    }
    assert correction(config(correction=None))[f"{prefix}correction"] is False


@pytest.mark.slow
def test_trl_takes_every_argument() -> None:
    trl = pytest.importorskip("trl", reason="needs the extra 'train'")
    known = trl.GRPOConfig.__dataclass_fields__
    assert {*vllm_arguments(config()), *correction(config())} <= set(known)
    assert set(vllm_arguments(config())) <= set(trl.RLOOConfig.__dataclass_fields__)


@pytest.mark.slow
@pytest.mark.parametrize(("own", "seeds"), [(None, [7, 9]), (30, [30, 32])])
def test_devices_count_from_the_seed(
    own: int | None, seeds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("trl", reason="needs the extra 'train'")
    from trl.generation import vllm_generation

    begun: list[int] = []
    monkeypatch.setattr(
        vllm_generation, "LLM", lambda **given: begun.append(given["seed"]), raising=False
    )
    plain = vllm_generation.LLM
    with seeded(config(seed=own)):
        for device in (0, 2):
            vllm_generation.LLM(model="m", seed=device)
    assert begun == seeds
    assert vllm_generation.LLM is plain
    with seeded(config(mode="server", url="http://h:8000")):
        assert vllm_generation.LLM is plain
