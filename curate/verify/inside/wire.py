"""What a program and its tests, two processes that share nothing else, say to each other.

A message is a line of JSON. Text, small numbers, truth values and None stand as they are; everything
else is a list that begins with its kind: `["tuple", 1, 2]`. Nothing that is read makes anything but
plain data, so that a hostile other side can say something wrong and no more. What is no plain data
stays where it is, and its number goes over: `["mine", 3]` is an object of the side that speaks,
`["yours", 3]` one of the side that is spoken to."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import sys

TYPE_CHECKING = False  # a sandbox has no time to import what only types need
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    Other = Callable[..., Any]

LONGEST = 8 << 20
"""Bytes of a message at most."""
_SMALL = 1 << 53
_READ: dict[str, Any] = {
    "int": lambda text: int(text, 16),
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "complex": lambda real, imaginary: complex(float(real), float(imaginary)),
    "constant": lambda name: NotImplemented if name == "NotImplemented" else Ellipsis,
    "type": lambda name: TYPES[name],
}
_MANY: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "deque": collections.deque,
    "iterator": lambda values: iter(list(values)),
    "range": lambda values: range(*values),
    "keys": lambda values: dict.fromkeys(values).keys(),
    "items": lambda values: dict(values).items(),
}  # fmt: skip
_PAIRS: dict[str, Any] = {
    "dict": dict,
    "OrderedDict": collections.OrderedDict,
    "Counter": collections.Counter,
}
_VIEWS: dict[Any, str] = {
    type({}.keys()): "keys",
    type({}.values()): "list",
    type({}.items()): "items",
}
_KINDS: dict[Any, str] = {kind: name for name, kind in (_MANY | _PAIRS).items()} | _VIEWS
_AS_TEXT: dict[str, tuple[str, Any, Any]] = {
    "Decimal": ("decimal", str, lambda kind, text: kind(text)),
    "Fraction": ("fractions", str, lambda kind, text: kind(text)),
    "date": ("datetime", lambda day: day.isoformat(), lambda kind, text: kind.fromisoformat(text)),
    "datetime": ("datetime", lambda at: at.isoformat(), lambda kind, text: kind.fromisoformat(text)),
}  # fmt: skip
TYPES: dict[str, Any] = {
    one.__name__: one
    for one in (int, str, float, bool, complex, bytes, bytearray, list, tuple, dict, set, frozenset,
                object, type, type(None))
}  # fmt: skip
_BASES: dict[Any, Any] = {
    int: int.__int__, float: float.__float__, complex: complex.__complex__, str: str.__str__,
    bytes: bytes.__bytes__, list: list.__iter__, tuple: tuple.__iter__, set: set.__iter__,
    frozenset: frozenset.__iter__, dict: dict.items,
}  # fmt: skip
CHANGED_IN_PLACE = (list, dict, set, bytearray, collections.deque)


class Broken(Exception):
    """The other side has left, or says what it must not."""


def silent() -> tuple[int, int]:
    """Take standard input, output and error away: the channel, which was the input, and a file that
    was the output.
    """
    channel, output = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return channel, output


def said(error: BaseException) -> str:
    """What an error says, in one short text."""
    try:
        return f"{type(error).__name__}: {error}"[:200]
    except BaseException:
        return type(error).__name__


def encode(value: Any, other: Other) -> Any:
    """A value as JSON can hold it; `other` is asked for what is no plain data."""
    if value is None or isinstance(value, bool):
        return value
    kind: type[Any] = type(value)
    if kind in (str, float):
        return value
    if kind is int:
        return value if -_SMALL < value < _SMALL else ["int", hex(value)]
    if kind in _KINDS:
        name = _KINDS[kind]
        if name not in _PAIRS:
            return [name, *(encode(one, other) for one in value)]
        return [name, *([encode(key, other), encode(one, other)] for key, one in value.items())]
    if kind in (bytes, bytearray):
        return [kind.__name__, value.hex()]
    if kind is complex:
        return ["complex", value.real, value.imag]
    if kind is range:
        return ["range", *(encode(part, other) for part in (value.start, value.stop, value.step))]
    if value is Ellipsis or value is NotImplemented:
        return ["constant", repr(value)]
    if kind is type and TYPES.get(getattr(value, "__name__", "")) is value:
        return ["type", getattr(value, "__name__", "")]
    if kind.__name__ in _AS_TEXT and kind.__module__ == _AS_TEXT[kind.__name__][0]:
        return [kind.__name__, _AS_TEXT[kind.__name__][1](value)]
    return _as_base(value, kind, other)


def _as_base(value: Any, kind: Any, other: Other) -> Any:
    """A named tuple, or what is a kind of plain data, as that; else what `other` makes of it."""
    if kind is collections.defaultdict and value.default_factory in TYPES.values():
        return ["defaultdict", value.default_factory.__name__, encode(dict(value), other)]
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return ["named", kind.__name__, list(kind._fields), *(encode(one, other) for one in value)]
    for base, plain in _BASES.items():
        if isinstance(value, base):
            return encode(base(plain(value)), other)
    return other(value)


def decode(value: Any, other: Other) -> Any:
    """The value that JSON stands for; `other` gives what a kind that is no plain data means."""
    if value is None or type(value) in (bool, str, float, int):
        return value
    if not isinstance(value, list) or not value:
        raise Broken("a message is no list")
    kind, *parts = value
    if kind in _MANY:
        return _MANY[kind](decode(one, other) for one in parts)
    if kind in _PAIRS:
        return _PAIRS[kind]({decode(key, other): decode(one, other) for key, one in parts})
    if kind == "defaultdict":
        return collections.defaultdict(TYPES[parts[0]], decode(parts[1], other))
    if kind == "named":
        name, fields, *parts = parts
        return collections.namedtuple(name, fields)(*(decode(one, other) for one in parts))
    if kind in _READ:
        return _READ[kind](*parts)
    if kind in _AS_TEXT:
        module, _, read = _AS_TEXT[kind]
        return read(getattr(__import__(module), kind), parts[0])
    return other(kind, parts)


class Peer:
    """One end of a channel. Questions are numbered, and the one answer to a question is the next
    thing that is said, apart from questions that come back meanwhile.
    """

    def __init__(self, channel: int, serve: Callable[..., list[Any]]) -> None:
        self.channel, self.serve, self.number, self.rest = channel, serve, 0, b""

    def tell(self, message: list[Any]) -> None:
        """Say something."""
        data = json.dumps(message).encode() + b"\n"
        if len(data) > LONGEST:
            raise ValueError(f"more than {LONGEST >> 20} MiB of data")
        while data:
            data = data[os.write(self.channel, data) :]

    def hear(self) -> list[Any]:
        """What is said next: its kind, its number and the rest."""
        pieces, size = [self.rest], len(self.rest)
        while b"\n" not in pieces[-1]:
            piece = os.read(self.channel, 1 << 16)
            size += len(piece)
            if not piece or size > LONGEST:
                raise Broken("the program left before the end of the test")
            pieces.append(piece)
        line, _, self.rest = b"".join(pieces).partition(b"\n")
        message = json.loads(line)
        if not isinstance(message, list) or len(message) < 3:
            raise Broken("a message is no list")
        return message

    def ask(self, *question: Any) -> list[Any]:
        """The answer to a question."""
        self.number += 1
        mine = self.number
        self.tell(["ask", mine, *question])
        while True:
            kind, number, *rest = self.hear()
            if kind == "ask":
                self.tell(["answer", number, *self.serve(*rest)])
            elif kind == "answer" and number == mine:
                return rest
            else:
                raise Broken("an answer to what was not asked")


def end(child: int) -> None:
    """End a child that was forked, with its group."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(child, 9)
    os.waitpid(child, 0)


def run_as(code: str, module: ModuleType, name: str) -> None:
    """Run code in a module, which programs may import by its name."""
    sys.modules[module.__name__] = module
    exec(compile(code, name, "exec"), module.__dict__)
