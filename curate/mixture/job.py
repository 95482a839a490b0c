"""What a job is: a function at the top of a module and what it is given. What many jobs share comes
first: threads have it, a cluster is sent it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Job(Generic[T]):
    """`do(*shared, *own)`, which may run twice: what it writes gets its name when it is whole."""

    do: Callable[..., T]
    shared: tuple[Any, ...]
    own: tuple[Any, ...] = ()

    def __call__(self) -> T:
        """Do it here."""
        return self.do(*self.shared, *self.own)
