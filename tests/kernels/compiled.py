"""What kernels alone call, made callable from Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """A kernel that calls a function and does nothing else."""
    entry: F = numba.njit(lambda *args: function(*args))
    return entry
