"""An rlvr run that goes on: at the end of a round, with the losses of one that was not stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from curate_train.config import RlvrConfig, SftConfig

from curate.errors import UserError

pytest.importorskip("trl", reason="needs the extra 'train'")
pytestmark = pytest.mark.filterwarnings("ignore:.*will be removed in v6:FutureWarning")

Mixture = Callable[[str], Path]
ROUNDS = {
    "prompts": 16,
    "generations": 2,
    "minibatches": 2,
    "max_completion": 8,
    "no_eos_reward": None,
    "beta": 0.05,
    "epochs": 3.0,
    "keep_zero_variance": True,
}


def losses(folder: Path) -> dict[int, float]:
    from curate_train.curves import read_metrics

    return dict(zip(*read_metrics(folder)["loss"], strict=True))


def stop_at(wanted: int) -> Any:
    """What presses Ctrl-C in the middle of a step."""
    from curate_train import watch

    step = watch.Watch.on_step_end

    def on_step_end(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == wanted:
            self.stop()
        step(self, args, state, control, **kwargs)

    return on_step_end


@pytest.mark.slow
@pytest.mark.parametrize(("pressed", "saved"), [(1, 2), (5, 6), (8, 8)])
def test_it_stops_at_the_end_of_a_round_and_has_the_same_losses(
    pressed: int, saved: int, settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    """Four steps a pass: of the later ones, the second pass begins anew or is under way."""
    from curate_train import rlvr, watch

    config = RlvrConfig(**settings | ROUNDS)
    data = str(mixture("rlvr"))
    rlvr.train(config, data, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(watch.Watch, "on_step_end", stop_at(pressed))
        rlvr.train(config, data, tmp_path / "stopped")
    names = [path.name for path in (tmp_path / "stopped/checkpoints").glob("checkpoint-*")]
    assert names == [f"checkpoint-{saved}"]
    rlvr.train(config, data, tmp_path / "stopped", resume=True)
    whole = losses(tmp_path / "whole")
    assert len(whole) == 12
    assert losses(tmp_path / "stopped") == pytest.approx(whole, rel=1e-5, abs=1e-9)


def test_a_checkpoint_within_a_round_is_not_used(tmp_path: Path) -> None:
    from curate_train.folder import last_checkpoint

    for step in (4, 6, 7):
        folder = tmp_path / "checkpoints" / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        (folder / "complete").touch()
    assert last_checkpoint(tmp_path, 2) == tmp_path / "checkpoints" / "checkpoint-6"
    assert last_checkpoint(tmp_path, 4) == tmp_path / "checkpoints" / "checkpoint-4"
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoints" / "checkpoint-7"


def test_checkpoints_have_to_lie_between_rounds() -> None:
    more = {"model": "m", "learning_rate": 1e-6, "minibatches": 2, "iterations": 3}
    assert RlvrConfig(**more, save_every=12).round_steps == 6
    with pytest.raises(ValueError, match=r"save_every \(8\) is no multiple .* \(6\)"):
        RlvrConfig(**more, save_every=8)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"log_every": 1}, {"log_every": 7}, None),
        ({"report_to": ["tensorboard"]}, {"report_to": []}, None),
        ({}, {"save_every": 20}, None),
        ({"sample_every": 5}, {"sample_every": None, "samples": 2}, None),
        ({"steps": 30}, {"steps": 60}, None),
        ({"steps": 30}, {"steps": 29}, "steps was 30, not 29"),
        ({}, {"steps": 30}, "steps was None, not 30"),
        ({"batch": 8}, {"batch": 16}, "batch was 8, not 16"),
        ({"lora": {"rank": 4}}, {"lora": {"rank": 8}}, "lora was"),
    ],
)
def test_only_what_changes_what_is_learnt_refuses(
    before: dict[str, Any], now: dict[str, Any], said: str | None, tmp_path: Path
) -> None:
    from curate_train.folder import CONFIG, begin, refuse

    first, then = (SftConfig(model="m", learning_rate=1e-5, **more) for more in (before, now))
    begin(tmp_path, "sft", first, "data")
    if said:
        with pytest.raises(UserError, match=said):
            refuse(tmp_path, "sft", then, "data", resume=True, overwrite=False)
        return
    refuse(tmp_path, "sft", then, "data", resume=True, overwrite=False)
    begin(tmp_path, "sft", then, "data", resume=True)
    written = yaml.safe_load((tmp_path / CONFIG).read_text("utf-8"))
    assert SftConfig(**written) == then, "what holds now is what is on record"


def test_a_run_goes_on_with_its_own_data_alone(tmp_path: Path) -> None:
    from curate_train.folder import begin

    config = SftConfig(model="m", learning_rate=1e-5)
    begin(tmp_path, "sft", config, "data", "one digest")
    begin(tmp_path, "sft", config, "data", "one digest", resume=True)
    with pytest.raises(UserError, match="is not what the run in .* began with"):
        begin(tmp_path, "sft", config, "data", "another", resume=True)


def test_lines_are_cut_where_they_end_and_nowhere_else(tmp_path: Path) -> None:
    from curate_train.folder import SAMPLES, last_checkpoint

    lines = [{"step": 0, "completion": "a\u2028b\x85c"}, {"step": 9, "completion": "d"}]
    for step in (0, 4):
        (tmp_path / f"checkpoints/checkpoint-{step}").mkdir(parents=True)
    (tmp_path / "checkpoints/checkpoint-4/complete").touch()
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (tmp_path / SAMPLES).write_text(text, "utf-8")
    assert last_checkpoint(tmp_path, clear=True) is not None
    assert json.loads((tmp_path / SAMPLES).read_text("utf-8")) == lines[0]


def test_a_run_of_an_older_version_goes_on(tmp_path: Path) -> None:
    """Keys that it did not know are at their defaults."""
    from curate_train.folder import CONFIG, begin, refuse

    config = SftConfig(model="m", learning_rate=1e-5)
    begin(tmp_path, "sft", config, "data")
    old = yaml.safe_load((tmp_path / CONFIG).read_text("utf-8"))
    del old["length_grouped"]
    (tmp_path / CONFIG).write_text(yaml.safe_dump(old), "utf-8")
    refuse(tmp_path, "sft", config, "data", resume=True, overwrite=False)


@pytest.mark.slow
def test_more_steps_and_other_logging_go_on(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import sft, watch

    def config(**more: Any) -> SftConfig:
        return SftConfig(**settings | {"batch": 8, "schedule": "constant", "warmup": 0.0} | more)

    data, out = str(mixture("sft")), tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(watch.Watch, "on_step_end", stop_at(2))
        sft.train(config(steps=4), data, out)
    sft.train(config(steps=8, log_every=3, save_every=4), data, out, resume=True)
    sft.train(config(steps=8), data, tmp_path / "whole")
    steps = [step for step in losses(out) if step > 2]
    assert steps == [3, 6], "as often as is asked for now"
    assert {path.name for path in (out / "checkpoints").glob("checkpoint-*")} == {
        "checkpoint-4",
        "checkpoint-8",
    }
    from safetensors.torch import load_file

    one, other = (load_file(tmp_path / run / "model/model.safetensors") for run in ("run", "whole"))
    assert all(one[name].equal(other[name]) for name in one)
