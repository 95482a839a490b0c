"""In which precision a run computes: the one that is asked for or, for `auto`, the one its device
is fast in.

That is bf16 where matrix products of 16 bits have instructions of their own. A processor without
them imitates every product, and takes many times as long as in fp32. A processor tells its
instructions in /proc/cpuinfo; where there is no such file (macOS), it counts as one without them.
Nothing is refused: bf16 that is asked for is taken, with a warning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CPUINFO = Path("/proc/cpuinfo")
_INSTRUCTIONS = frozenset({"amx_bf16", "avx512_bf16", "bf16"})
"""As Linux calls them: two of x86, one of arm64."""


@dataclass(frozen=True)
class Device:
    """What a run computes on, and whether it has instructions for bf16."""

    name: str
    bf16: bool


@dataclass(frozen=True)
class Taken:
    """The precision of a run, and why it is that one; `slow` where fp32 would be much faster."""

    precision: Literal["bf16", "fp32"]
    why: str
    slow: bool = False

    def __str__(self) -> str:
        """As the run says it."""
        advice = "; fp32 is many times faster here: set precision: auto" if self.slow else ""
        return f"precision {self.precision}: {self.why}{advice}"


def device() -> Device:
    """What this process trains on: a GPU where torch sees one, else the processor."""
    import torch

    if torch.cuda.is_available():
        return Device(
            torch.cuda.get_device_name(), torch.cuda.is_bf16_supported(including_emulation=False)
        )
    return processor(CPUINFO.read_text(encoding="utf-8") if CPUINFO.is_file() else "")


def processor(cpuinfo: str) -> Device:
    """The processor that a text like /proc/cpuinfo describes."""
    lines = [line.partition(":") for line in cpuinfo.splitlines()]
    flags = [value for key, _, value in lines if key.strip() in ("flags", "Features")]  # x86, arm64
    return Device("the processor", bool(_INSTRUCTIONS & set(" ".join(flags).split())))


def taken(asked: Literal["auto", "bf16", "fp32"], on: Device) -> Taken:
    """The precision of a run on a device."""
    found = f"{on.name} has {'' if on.bf16 else 'no '}bf16 instructions"
    if asked == "auto":
        return Taken("bf16" if on.bf16 else "fp32", found)
    slow = asked == "bf16" and not on.bf16
    return Taken(asked, f"as asked, though {found}" if slow else "as asked", slow)
