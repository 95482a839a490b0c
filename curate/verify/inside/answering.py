"""The sandbox that holds a program: defines what it defines, and answers what its tests ask.

It knows no test and no result that is wanted: it sees names, and what functions are called with.
Each test is answered by a fork, so that none sees what another left."""

from __future__ import annotations

import builtins
import io
import json
import operator
import os
import socket
import sys
import types
from os import getpid

from curate.verify.inside.wire import (
    CHANGED_IN_PLACE,
    Broken,
    Peer,
    decode,
    encode,
    end,
    run_as,
    said,
    silent,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_PRINTED = 65536
"""Bytes of what a call prints that are told to a test that looks at it."""


class Answering:
    """What a fork of the program answers to one test."""

    def __init__(self, channel: int, module: types.ModuleType, captures: bool) -> None:
        self.peer = Peer(channel, self.answer)
        self.module, self.captures, self.process = module, captures, getpid()
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}

    def forever(self) -> NoReturn:
        """Answer until the test is over."""
        while True:
            kind, number, *question = self.peer.hear()
            if kind != "ask":
                raise Broken("no question")
            reply = self.answer(*question)
            if getpid() != self.process:  # a fork that the program made: one answer counts
                os._exit(0)
            try:
                self.peer.tell(["answer", number, *reply])
            except ValueError as error:
                self.peer.tell(["answer", number, *self.failed(error)])

    def answer(self, what: str, *rest: Any) -> list[Any]:
        """The answer to one question, be it a value or an error."""
        before, written = sys.stdout, io.BytesIO()
        if self.captures:
            sys.stdout = io.TextIOWrapper(written, "utf-8", write_through=True)
        try:
            reply: list[Any] = getattr(self, "_" + what)(*rest)
        except BaseException as error:
            reply = self.failed(error)
        if self.captures:
            text = written.getvalue()[:_PRINTED].decode("utf-8", "replace")
            reply, sys.stdout = [*reply, text], before
        return reply

    def failed(self, error: BaseException) -> list[Any]:
        """An error as an answer: its classes, and what it is made of, has and says."""
        classes = [one.__name__ for one in type(error).__mro__]
        try:
            args = [self.sent(one) for one in error.args]
            has = {name: self.sent(one) for name, one in vars(error).items() if name[0] != "_"}
            return ["error", classes, [args, has, str(error)]]
        except BaseException:
            return ["error", classes, [[said(error)], {}, said(error)]]

    def sent(self, value: Any) -> Any:
        """A value as it goes over."""
        return encode(value, self.kept)

    def kept(self, value: Any) -> list[Any]:
        """An object that stays here, by its number."""
        if isinstance(value, Theirs):
            return ["yours", value.number]
        number = self.numbers.setdefault(id(value), len(self.objects))
        if number == len(self.objects):
            self.objects.append(value)
        return ["mine", number]

    def got(self, value: Any) -> Any:
        """A value that came over."""
        return decode(value, self._given)

    def _given(self, kind: str, parts: list[Any]) -> Any:
        if kind == "yours":
            return self.objects[parts[0]]
        if kind == "mine":
            return Theirs(self, parts[0])
        if kind == "import":
            value = __import__(parts[0], fromlist=["_"])
            for name in parts[1].split("."):
                value = getattr(value, name)
            return value
        raise Broken(f"no kind {kind!r}")

    def _name(self, name: str) -> list[Any]:
        """What a global name of the program is."""
        missing = object()
        value = self.module.__dict__.get(name, missing)
        if value is missing:
            return ["missing", None, None]
        if isinstance(value, types.ModuleType):
            return ["module", value.__name__, None]
        if isinstance(value, type) and issubclass(value, BaseException):
            return ["exception", [one.__name__ for one in value.__mro__], None]
        home = getattr(value, "__module__", None)
        if callable(value) and isinstance(home, str) and home != self.module.__name__:
            return ["import", home, self.kept(value)]
        return ["value", self.sent(value), None]

    def _call(self, target: Any, args: list[Any], named: dict[str, Any], whole: bool) -> list[Any]:
        """Call; the answer has what the call changed of its arguments, too."""
        function, own = self.got(target), [self.got(one) for one in args]
        own_named = {name: self.got(one) for name, one in named.items()}
        result = function(*own, **own_named)
        given: list[tuple[Any, Any]] = [*enumerate(own), *own_named.items()]
        sent: dict[Any, Any] = dict(enumerate(args)) | named
        changed = []
        for place, value in given:
            if type(value) in CHANGED_IN_PLACE:
                now = self.sent(value)
                if now != sent[place]:
                    changed.append([place, now])
        same = next((place for place, value in given
                     if result is value and type(value) in CHANGED_IN_PLACE), None)  # fmt: skip
        if same is not None:
            return ["same", same, changed]
        sent_back = self.kept(result) if whole and _is_special(result) else self.sent(result)
        return ["value", sent_back, changed]

    def _do(self, function: str, args: list[Any]) -> list[Any]:
        """Apply an operator or a built-in function to objects of the program."""
        known = getattr(operator, function, None) or getattr(builtins, function)
        return ["value", self.sent(known(*map(self.got, args))), None]

    def _get(self, target: Any, name: str) -> list[Any]:
        return ["value", self.sent(getattr(self.got(target), name)), None]

    def _set(self, target: Any, name: str, value: Any) -> list[Any]:
        setattr(self.got(target), name, self.got(value))
        return ["value", None, None]


def _is_special(value: Any) -> bool:
    """Whether a value is of a class that the program made of one of plain data, as of a list."""
    return type(value).__module__ == "solution" and not hasattr(value, "_fields")


class Theirs:
    """A function of the test's that it has given to the program."""

    def __init__(self, side: Answering, number: int) -> None:
        self.side, self.number = side, number

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Have it called."""
        sent = {name: self.side.sent(one) for name, one in named.items()}
        call = ["call", self.number, [*map(self.side.sent, args)], sent]
        kind, value, more = self.side.peer.ask(*call)
        if kind == "error":
            classes = (getattr(builtins, name, None) for name in value)
            raise next(filter(None, classes), RuntimeError)(*map(self.side.got, more))
        return self.side.got(value)


def main(code: str, captures: bool) -> NoReturn:
    """Define what the program defines, say so, and answer test after test."""
    number, output = silent()
    os.close(output)
    channel = socket.socket(fileno=number)
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment]
    module = types.ModuleType("solution")
    module.__dict__["__builtins__"] = builtins
    process = getpid()
    try:
        run_as(code, module, "solution.py")
    except BaseException as error:
        channel.sendall(
            json.dumps("the code fails before any test: " + said(error)).encode() + b"\n"
        )
        os._exit(1)
    if getpid() != process:
        os._exit(0)
    channel.sendall(b'""\n')
    child = None
    while True:
        data, files, _, _ = socket.recv_fds(channel, 1, 1)
        if child is not None:
            end(child)
        if not data:
            os._exit(0)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            try:
                Answering(files[0], module, captures).forever()
            finally:
                os._exit(0)
        os.close(files[0])
