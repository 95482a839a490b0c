"""The precision of a run follows its device, is said, and stays what it was when the run goes on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from curate_train.precision import CPUINFO, Device, processor, taken

X86 = "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu sse2 avx avx2 {}\nbugs\t\t: none\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd sve {}\nCPU part\t: 0xd40\n"


@pytest.mark.parametrize(
    ("cpuinfo", "bf16"),
    [
        (X86.format("avx512f avx512_bf16 fsrm"), True),
        (X86.format("avx512f amx_bf16 amx_tile"), True),
        (X86.format(""), False),
        (X86.format("avx512f avx512_vnni"), False),
        (X86.format("amx_tile amx_int8"), False),
        (X86.format("").replace("Some CPU", "avx512_bf16"), False),
        (ARM.format("i8mm bf16 dgh"), True),
        (ARM.format("i8mm svebf16"), False),
        (X86.format("") + "\n" + X86.format("avx512_bf16"), True),
        ("", False),
    ],
)
def test_a_processor_is_told_by_its_instructions(cpuinfo: str, bf16: bool) -> None:
    assert processor(cpuinfo).bf16 is bf16


@pytest.mark.parametrize(
    ("asked", "has", "said"),
    [
        ("auto", True, "precision bf16: the device has bf16 instructions"),
        ("auto", False, "precision fp32: the device has no bf16 instructions"),
        ("fp32", True, "precision fp32: as asked"),
        ("fp32", False, "precision fp32: as asked"),
        ("bf16", True, "precision bf16: as asked"),
        (
            "bf16",
            False,
            "precision bf16: as asked, though the device has no bf16 instructions; "
            "fp32 is many times faster here: set precision: auto",
        ),
    ],
)
def test_the_precision_follows_the_device_unless_one_is_asked_for(
    asked: Any, has: bool, said: str
) -> None:
    assert str(taken(asked, Device("the device", has))) == said


@pytest.mark.slow
def test_a_run_says_what_it_took_and_goes_on_in_nothing_else(
    settings: dict[str, Any], mixture: Callable[[str], Path], tmp_path: Path
) -> None:
    """On whatever these tests run on: torch is the oracle for a GPU, the words of /proc/cpuinfo for
    a processor.
    """
    torch = pytest.importorskip("torch")
    from tests.train.test_run import command

    words = CPUINFO.read_text("utf-8").split() if CPUINFO.exists() else []
    has = bool({"avx512_bf16", "amx_bf16", "bf16"} & set(words))
    if torch.cuda.is_available():
        has = torch.cuda.get_device_capability() >= (8, 0)
    ours, other = ("bf16", "fp32") if has else ("fp32", "bf16")
    out = tmp_path / "run"
    call = command(settings | {"precision": "auto"}, mixture, out, steps=1)
    done = subprocess.run([*call, "--json"], capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("curate: precision")]
    assert line.startswith(f"curate: precision {ours}: ")
    assert line.endswith(f" has {'' if has else 'no '}bf16 instructions")
    why = line.removeprefix("curate: precision ")
    assert json.loads(done.stdout)["precision"] == why
    assert yaml.safe_load((out / "config.yaml").read_text("utf-8"))["precision"] == ours
    assert f"| precision | {why} |" in (out / "model" / "README.md").read_text("utf-8")

    state = json.loads((out / "run.json").read_text("utf-8"))
    (out / "run.json").write_text(json.dumps(state | {"finished": False}), encoding="utf-8")
    before = yaml.safe_load((out / "config.yaml").read_text("utf-8"))
    (out / "config.yaml").write_text(
        yaml.safe_dump(before | {"precision": other}), encoding="utf-8"
    )
    again = subprocess.run([*call, "--resume"], capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert f"precision was '{other}', not '{ours}'; set it as it was" in again.stderr
