"""A run from outside: what it writes, how it goes on, what stops it, what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from curate_train.config import DpoConfig, Lora, SftConfig

from curate.errors import CurateError, UserError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:.*will be removed in v6:FutureWarning"
    ),  # TRL's own use of transformers
]
pytest.importorskip("trl", reason="needs the extra 'train'")

Mixture = Callable[[str], Path]


def sft(
    settings: dict[str, Any], mixture: Mixture, out: Path, resume: bool = False, **more: Any
) -> Any:
    """Train the tiny model on 32 rows."""
    from curate_train import sft as stage

    config = SftConfig(**settings | {"batch": 8, "epochs": 2.0} | more)
    return stage.train(config, str(mixture("sft")), out, resume=resume)


def curve(folder: Path, name: str = "loss") -> list[tuple[int, float]]:
    """A figure of the metrics, by step."""
    from curate_train.curves import read_metrics

    return list(zip(*read_metrics(folder)[name], strict=True))


def command(settings: dict[str, Any], mixture: Mixture, out: Path, **more: Any) -> list[str]:
    """The command line that trains the tiny model."""
    path = out.with_suffix(".yaml")
    path.write_text(yaml.safe_dump(settings | {"batch": 8} | more), encoding="utf-8")
    return [
        sys.executable,
        "-m",
        "curate",
        "train",
        "sft",
        str(path),
        "--data",
        str(mixture("sft")),
        "-o",
        str(out),
    ]


def test_a_run_learns_and_leaves_a_model_that_speaks(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out = tmp_path / "run"
    finished = sft(
        settings,
        mixture,
        out,
        epochs=6.0,
        sample_every=8,
        sample_tokens=24,
        report_to=["tensorboard"],
    )
    assert finished.held_out["loss"][1] < finished.held_out["loss"][0] - 1
    assert finished.training["loss"][1] < finished.training["loss"][0] - 1
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list((out / "tensorboard").glob("events*"))
    assert sorted(os.listdir(tmp_path)) == ["run"]
    model = AutoModelForCausalLM.from_pretrained(finished.model)
    tokenizer = AutoTokenizer.from_pretrained(finished.model)
    ask = [{"role": "user", "content": "Question 3: where is the lamp?"}]
    ids = tokenizer.apply_chat_template(
        ask, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    said = model.generate(**ids, max_new_tokens=40, do_sample=False)[0, ids["input_ids"].shape[1] :]
    assert tokenizer.decode(said).startswith("The")
    samples = [json.loads(line) for line in (out / "samples.jsonl").read_text("utf-8").splitlines()]
    assert sorted({row["step"] for row in samples}) == [0, 8, 16, 24]
    assert len({row["id"] for row in samples}) == 4
    card = (out / "model" / "README.md").read_text("utf-8")
    assert f"`{finished.digest}`" in card
    assert yaml.safe_load((out / "config.yaml").read_text("utf-8"))["learning_rate"] == 1e-2


def test_the_same_seed_gives_the_same_weights(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    runs = [sft(settings, mixture, tmp_path / name, steps=3) for name in ("one", "two")]
    one, two = ((run.model / "model.safetensors").read_bytes() for run in runs)
    assert one == two


@pytest.mark.parametrize("lora", [None, {"rank": 4}])
def test_a_run_that_goes_on_has_the_curve_of_one_that_was_not_stopped(
    lora: dict[str, Any] | None, settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import watch

    whole = sft(settings, mixture, tmp_path / "whole", lora=lora, save_every=3)
    stopped = tmp_path / "stopped"
    step = watch.Watch.on_step_end

    def stop_at_four(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 4:
            self.stop()
        step(self, args, state, control, **kwargs)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(watch.Watch, "on_step_end", stop_at_four)
        sft(settings, mixture, stopped, lora=lora, save_every=3)
    assert [step for step, _ in curve(stopped)] == [1, 2, 3, 4]
    again = sft(settings, mixture, stopped, resume=True, lora=lora, save_every=3)
    assert dict(curve(stopped)) == pytest.approx(dict(curve(tmp_path / "whole")))
    assert [path.name for path in sorted((stopped / "checkpoints").glob("checkpoint-*"))][
        -1
    ] == "checkpoint-8"
    assert (again.model / "model.safetensors").read_bytes() == (
        whole.model / "model.safetensors"
    ).read_bytes()


def test_a_checkpoint_that_was_not_finished_is_not_used(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train.folder import METRICS, last_checkpoint

    for step, whole in ((2, True), (4, False)):
        folder = tmp_path / "checkpoints" / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(b"half" if not whole else b"whole")
        if whole:
            (folder / "complete").touch()
    (tmp_path / METRICS).write_text(
        '{"step": 1}\n{"step": 2}\n{"step": 3}\n{"step": 4, "lo', encoding="utf-8"
    )
    assert last_checkpoint(tmp_path, clear=True) == tmp_path / "checkpoints" / "checkpoint-2"
    assert not (tmp_path / "checkpoints" / "checkpoint-4").exists()
    assert (tmp_path / METRICS).read_text("utf-8") == '{"step": 1}\n{"step": 2}\n'


def test_ctrl_c_saves_and_says_so_and_resume_finishes(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    call = command(settings, mixture, out, steps=400)
    process = subprocess.Popen(call, stderr=subprocess.PIPE, text=True)
    metrics = out / "metrics.jsonl"
    for _ in range(1200):
        if metrics.is_file() and len(metrics.read_text("utf-8").splitlines()) > 4:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "of 400; go on with --resume" in said
    (checkpoint,) = (out / "checkpoints").glob("checkpoint-*")
    done = int(checkpoint.name.rpartition("-")[2])
    assert 1 <= done < 400
    with pytest.raises(subprocess.CalledProcessError) as refused:
        subprocess.run(call, check=True, capture_output=True, text=True)
    assert refused.value.returncode == 2
    assert "--resume to go on" in refused.value.stderr
    other = subprocess.run(
        [*call, "--resume", "--steps", "5"], capture_output=True, text=True, check=False
    )
    assert other.returncode == 2
    assert "another configuration: steps was 400, not 5" in other.stderr


def test_a_full_disk_is_one_line_and_earlier_checkpoints_are_whole(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    """A limit on the size of files stands in for the disk: the optimiser's state is larger than the
    model.
    """
    out = tmp_path / "run"
    size = (Path(settings["model"]) / "model.safetensors").stat().st_size
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2); "
    limited += "sys.argv = sys.argv[2:]; runpy.run_module('curate', run_name='__main__')"
    call = command(settings, mixture, out, steps=4, save_every=2)
    call[call.index("--data") + 1] = str(
        mixture("sft").parent / "rows.jsonl"
    )  # a built one has an audit to write to
    call = [call[0], "-c", limited, str(size + 10_000), "curate", *call[3:]]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    precision, line = done.stderr.strip().splitlines()
    assert precision == "curate: precision fp32: as asked"
    assert "could not be written" in line
    assert not (out / "model").exists()
    assert not list((out / "checkpoints").glob("*/complete"))


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_rows(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    broken = tmp_path / "broken"
    model = AutoModelForCausalLM.from_pretrained(settings["model"])
    with torch.no_grad():
        model.model.norm.weight[0] = float("nan")
    model.save_pretrained(broken)
    AutoTokenizer.from_pretrained(settings["model"]).save_pretrained(broken)
    with pytest.raises(
        CurateError, match=r"step 1: the loss is nan.*Rows of the batch: rows/\d+"
    ) as error:
        sft(settings, mixture, tmp_path / "run", model=str(broken))
    assert (
        len({word.strip(",") for word in str(error.value).split() if word.startswith("rows/")}) == 8
    )


def test_adapters_are_merged_into_the_model(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    out = sft(
        settings, mixture, tmp_path / "run", lora=Lora(rank=4, alpha=8).model_dump(), epochs=4.0
    )
    assert out.held_out["loss"][1] < out.held_out["loss"][0]
    merged = AutoModelForCausalLM.from_pretrained(out.model)
    base = AutoModelForCausalLM.from_pretrained(settings["model"])
    ids = torch.arange(20)[None]
    before = base(input_ids=ids).logits
    adapted = PeftModel.from_pretrained(base, str(out.model / "adapter"))(input_ids=ids).logits
    torch.testing.assert_close(merged(input_ids=ids).logits, adapted, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(before, adapted, atol=1e-3)


def test_preferences_are_learnt(settings: dict[str, Any], mixture: Mixture, tmp_path: Path) -> None:
    from curate_train import dpo

    config = DpoConfig(**settings | {"batch": 8, "epochs": 4.0})
    finished = dpo.train(config, str(mixture("preference")), tmp_path / "run")
    assert finished.held_out["loss"][0] == pytest.approx(0.6931, abs=1e-3)
    assert finished.held_out["accuracy"][0] == 0.5
    assert finished.held_out["accuracy"][1] > 0.9
    assert finished.held_out["margin"][1] > 0
    assert finished.interval
    low, high = finished.interval
    assert 0.5 < low < finished.held_out["accuracy"][1] <= high


def test_rows_over_the_limit_are_counted(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    finished = sft(settings, mixture, tmp_path / "run", max_length=40, steps=1)
    assert 0 < finished.over < finished.rows == 32
    assert f"{finished.over} of 32 rows over 40 tokens were cut" in str(finished)


def test_a_set_that_was_not_built_here_is_checked_and_read(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import sft as stage

    (source,) = mixture("sft").parent.glob("rows.jsonl")
    finished = stage.train(
        SftConfig(**settings | {"batch": 8, "steps": 1}), str(source), tmp_path / "run"
    )
    assert (finished.rows, finished.digest) == (40, None)
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"messages": [{"role": "robot", "content": "Hello."}]}\n', encoding="utf-8")
    with pytest.raises(UserError, match="unknown role 'robot'"):
        stage.train(SftConfig(**settings), str(bad), tmp_path / "other")


def test_rows_that_changed_are_never_met_in_a_cache(tmp_path: Path) -> None:
    from curate_train.data import open_data

    def opened(question: str) -> tuple[str, str | None]:
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": "4"}]
        rows = tmp_path / "rows.jsonl"
        rows.write_text(json.dumps({"messages": turns}) + "\n", encoding="utf-8")
        data = open_data(str(rows), "sft", tmp_path / "cache")
        return data.train[0]["messages"][0]["content"], data.content

    first, before = opened("2 + 2?")
    second, after = opened("1 + 3?")
    assert (first, second) == ("2 + 2?", "1 + 3?") and before != after
    assert opened("2 + 2?") == (first, before)


def test_findings_that_stop_no_run_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from curate_train.data import open_data

    turns = [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]
    rows = tmp_path / "rows.jsonl"
    rows.write_text(2 * (json.dumps({"messages": turns}) + "\n"), encoding="utf-8")
    assert len(open_data(str(rows), "sft", tmp_path / "cache").train) == 2
    said = capsys.readouterr().err
    assert f"curate: {rows}: rows with findings: same-prompt 1: trained on as they are" in said
    assert f"curate check {rows} --for sft" in said


def test_a_mixture_of_another_kind_is_refused(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import dpo

    with pytest.raises(
        UserError, match="is a mixture of kind 'sft', and dpo trains on 'preference'"
    ):
        dpo.train(DpoConfig(**settings), str(mixture("sft")), tmp_path / "run")


def test_a_missing_verifier_stops_before_the_first_step(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    from curate_train import rlvr
    from curate_train.config import RlvrConfig

    rows = tmp_path / "rows.jsonl"
    row = {
        "messages": [{"role": "user", "content": "2 + 2?"}],
        "ground_truth": "4",
        "dataset": "gsm8",
    }
    rows.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="unknown-verifier.*gsm8k"):
        rlvr.train(RlvrConfig(**settings | {"max_completion": 16}), str(rows), tmp_path / "run")


def test_a_folder_of_somebody_else_is_not_touched(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train import sft as stage

    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="no training run left it so"):
            stage.train(SftConfig(**settings), str(mixture("sft")), tmp_path, overwrite=overwrite)
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_a_cache_of_somebody_else_is_not_touched(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    mine = tmp_path / "run.cache" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(
        UserError, match=r"run\.cache: is in the way, and no training run left it there"
    ):
        sft(settings, mixture, tmp_path / "run")
    assert sorted(os.listdir(tmp_path)) == ["run.cache"]
    assert mine.read_text("utf-8") == "mine"


def test_two_runs_do_not_share_a_folder(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    from curate_train.folder import held

    with held(tmp_path / "run"), pytest.raises(UserError, match="another run is under way"):
        sft(settings, mixture, tmp_path / "run")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("model", ["./nothing-here", "/nothing/here"])
def test_a_folder_without_a_model_is_refused(
    model: str, settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"is no folder with a model"):
        sft(settings, mixture, tmp_path / "run", model=model)


def test_two_processes_learn_what_one_does(
    settings: dict[str, Any], mixture: Mixture, tmp_path: Path
) -> None:
    """The same batches shared by two processes, started by accelerate: the same losses, one folder,
    one summary.
    """
    call = command(settings, mixture, tmp_path / "two", steps=3, micro_batch=4)[2:]
    launch = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--cpu",
        "--num_processes",
        "2",
        "--num_machines",
        "1",
    ]
    launch += ["--mixed_precision", "no", "--dynamo_backend", "no", "-m"]
    done = subprocess.run([*launch, *call, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert json.loads(line)["steps"] == 3
    sft(settings, mixture, tmp_path / "one", steps=3, micro_batch=4)
    assert dict(curve(tmp_path / "two")) == pytest.approx(dict(curve(tmp_path / "one")), rel=1e-4)
