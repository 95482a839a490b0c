"""The sandbox that holds the tests: runs each in a fork, against stand-ins for what the program
defines, which is in another sandbox.

Plain data is compared here. An object of the program's stays there, and a stand-in asks for its
attributes and items. What a test compares it with is never sent to it: such an object is unequal to
all plain data, and does not add, order or contain any. Only of instances of classes, which the text
of the test alone tells, the program is asked that, too, and the outcome says so."""

from __future__ import annotations

import builtins
import contextlib
import itertools
import json
import os
import select
import socket
import sys
import types

from curate.verify.inside.whole import run_whole
from curate.verify.inside.wire import (
    CHANGED_IN_PLACE,
    Broken,
    Peer,
    decode,
    encode,
    end,
    said,
    silent,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn


_MOST = 100_000
"""Values of an iterator that is handed over."""
_MODULES = frozenset(
    "math cmath collections itertools functools operator re string random statistics fractions "
    "decimal datetime heapq bisect copy typing json time".split()
)
"""Whose functions a test may mean that it does not import itself."""
_ALONE = ("len", "iter", "next", "repr", "str", "bool", "hash", "getitem", "setitem", "delitem",
          "abs", "neg", "pos", "invert", "int", "float", "index", "reversed", "isinstance", "round",
          "format")  # fmt: skip
_SAME_KIND = ("abs", "neg", "pos", "invert", "round")
_TOGETHER = (
    "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift lt le gt ge eq ne "
    "contains iadd isub imul".split()
)


class Unsendable(Exception):
    """A test hands over what is neither plain data nor a function: it needs the weaker way."""


class Asking:
    """One test's side of the channel."""

    def __init__(self, channel: int, classes: Sequence[str]) -> None:
        self.peer = Peer(channel, self.answer)
        self.classes = classes
        self.things: dict[int, Thing] = {}
        self.lent: list[Callable[..., Any]] = []
        self.data: dict[str, tuple[Any, Sequence[dict[str, Any]]]] = {}
        """The program's global names that are plain data: what each is, and where the test has it."""
        self.broken = self.weaker = self.trusted = False

    def ask(self, *question: Any) -> tuple[str, Any, Any]:
        """An answer: its kind, its value and more; raises the error that it is."""
        try:
            kind, value, more, *printed = self.peer.ask(*question)
        except Exception:
            self.broken = True
            raise
        if printed:
            sys.stdout.write(str(printed[0]))
        if kind == "error":
            args, has, says = more
            own = {str(name): self.got(one) for name, one in has.items()}
            raise _error(value, [self.got(one) for one in args], own, str(says))
        return kind, value, more

    def sent(self, value: Any) -> Any:
        """A value as it goes over."""
        return encode(value, self._other)

    def _other(self, value: Any) -> Any:
        if isinstance(value, Thing):
            return ["yours", value._number]
        if callable(value):
            return _importable(value) or self._lent(value)
        if hasattr(value, "__next__") and not hasattr(value, "read"):
            return ["iterator", *map(self.sent, itertools.islice(value, _MOST))]
        self.weaker = True
        raise Unsendable(f"a test hands over a {type(value).__name__}")

    def _lent(self, value: Callable[..., Any]) -> list[Any]:
        self.lent.append(value)
        return ["mine", len(self.lent) - 1]

    def got(self, value: Any, instance: bool = False) -> Any:
        """A value that came over."""

        def given(kind: str, parts: list[Any]) -> Any:
            if kind == "mine" and type(parts[0]) is int:
                thing = self.things.setdefault(parts[0], Thing(self, parts[0], ""))
                if instance:
                    object.__setattr__(thing, "_instance", True)
                return thing
            if kind == "yours":
                return self.lent[parts[0]]
            raise Broken(f"no kind {kind!r}")

        return decode(value, given)

    def answer(self, what: str, number: int, args: list[Any], named: dict[str, Any]) -> list[Any]:
        """Call a function of the test's that the program was given: nothing else can be asked."""
        if what != "call":
            raise Broken("a question that is none")
        try:
            values = [self.got(one) for one in args]
            named = {str(name): self.got(one) for name, one in named.items()}
            return ["value", self.sent(self.lent[number](*values, **named)), None]
        except (Broken, Unsendable):
            raise
        except Exception as error:
            return ["error", [one.__name__ for one in type(error).__mro__], [str(error)]]

    def call(self, target: Any, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call a function or a class of the program's, and change its arguments as it did."""
        whole = name in self.classes
        sent = {key: self.sent(one) for key, one in named.items()}
        kind, value, changed = self.ask("call", target, [*map(self.sent, args)], sent, whole)
        given = dict(enumerate(args)) | named
        for place, now in changed:
            if type(given[place]) in CHANGED_IN_PLACE:
                _become(given[place], self.got(now))
        for known in list(self.data):
            self._follow(known)
        return given[value] if kind == "same" else self.got(value, whole)

    def bind(self, name: str, scopes: Sequence[dict[str, Any]]) -> None:
        """Give the test what the program has under a name, if it has anything."""
        try:
            value = self.named(name)
        except LookupError:
            if self.broken:
                raise
            return
        if not callable(value) and not isinstance(value, types.ModuleType):
            self.data[name] = value, scopes
        for scope in scopes:
            scope[name] = value

    def _follow(self, name: str) -> None:
        """Have a global name of plain data be what the program has made of it meanwhile."""
        kind, value, _ = self.ask("name", name)
        before, scopes = self.data[name]
        if kind != "value":
            return
        now = self.got(value)
        if type(before) is type(now) and type(now) in CHANGED_IN_PLACE:
            _become(before, now)
            return
        self.data[name] = now, scopes
        for scope in scopes:
            if scope.get(name) is before:
                scope[name] = now

    def named(self, name: str) -> Any:
        """What the program has under a name; raises LookupError where that is nothing."""
        kind, value, more = self.ask("name", name)
        if kind == "module":
            if value in sys.stdlib_module_names and value != "unittest":
                return __import__(value)
        elif kind == "exception":
            return _exception(value)
        elif kind == "import":
            home = value.lstrip("_")
            own = getattr(__import__(home), name, None) if home in _MODULES else None
            return self._function(more, name) if own is None else own
        elif kind == "value":
            return self._function(value, name)
        raise LookupError(name)

    def _function(self, value: Any, name: str) -> Any:
        found = self.got(value)
        if isinstance(found, Thing):
            object.__setattr__(found, "_name", name)
        return found


class Thing:  # noqa: D101
    # A stand-in for an object, a function or a class of the program's.
    __doc__ = property(lambda self: self.__getattr__("__doc__"))
    __slots__ = ("_instance", "_name", "_number", "_side")
    _instance: bool
    _name: str
    _number: int
    _side: Asking

    def __init__(self, side: Asking, number: int, name: str) -> None:
        for key, value in (("side", side), ("number", number), ("name", name), ("instance", False)):
            object.__setattr__(self, "_" + key, value)

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call it, there."""
        return self._side.call(["yours", self._number], self._name, args, named)

    def __getattr__(self, name: str) -> Any:
        _, value, _ = self._side.ask("get", ["yours", self._number], name)
        return self._side.got(value)

    def __setattr__(self, name: str, value: Any) -> None:
        self._side.ask("set", ["yours", self._number], name, self._side.sent(value))

    def __instancecheck__(self, value: object) -> bool:
        return type(value) is Thing and bool(_alone("isinstance")(value, self))

    def __enter__(self) -> Any:
        return self.__getattr__("__enter__")()

    def __exit__(self, *error: object) -> bool:
        return bool(self.__getattr__("__exit__")(None, None, None))


def _alone(name: str) -> Callable[..., Any]:
    """What only the program's object decides: what it is told of is no result that is wanted."""

    def method(self: Thing, *others: Any) -> Any:
        sent = [self._side.sent(one) for one in (self, *others)]
        _, value, _ = self._side.ask("do", name, sent)
        return self._side.got(value, self._instance and name in _SAME_KIND)

    return method


def _together(name: str, turned: bool = False) -> Callable[..., Any]:
    """What two operands decide: refused where one of them is plain, but for instances."""

    def method(self: Thing, other: Any) -> Any:
        if self is other and name in ("eq", "ne"):
            return name == "eq"
        if not isinstance(other, Thing):
            if not self._instance:
                if name in ("eq", "ne"):
                    return name == "ne"
                raise TypeError("an object of the program's is no plain data")
            self._side.trusted = True
        pair = (other, self) if turned else (self, other)
        sent = [self._side.sent(one) for one in pair]
        _, value, _ = self._side.ask("do", name, sent)
        return self._side.got(value, self._instance)

    return method


for _name in _ALONE:
    setattr(Thing, f"__{_name}__", _alone(_name))
for _name in _TOGETHER:
    setattr(Thing, f"__{_name.rstrip('_')}__", _together(_name))
    if _name not in ("lt", "le", "gt", "ge", "eq", "ne", "contains") and _name[0] != "i":
        setattr(Thing, f"__r{_name.rstrip('_')}__", _together(_name, turned=True))


def _importable(value: Any) -> list[Any] | None:
    """A function of the standard library by its name; None for any other."""
    home = getattr(value, "__module__", None) or getattr(
        getattr(value, "__objclass__", None), "__module__", None
    )
    name = getattr(value, "__qualname__", "<>")
    known = home in sys.stdlib_module_names or home == "builtins"
    return ["import", home, name] if known and "<" not in name else None


def _become(own: Any, now: Any) -> None:
    """Give a mutable argument the content that the program left in its copy."""
    if type(own) is not type(now):
        raise Broken("an argument became another kind of thing")
    own.clear()
    getattr(own, "update" if isinstance(own, (dict, set)) else "extend")(now)


_EXCEPTIONS: dict[str, type[BaseException]] = {}


def _exception(classes: list[str]) -> type[BaseException]:
    """A class of the program's that tests may catch, below the built-in one that it is a kind of."""
    known = [one for one in map(_built_in, classes) if one is not None]
    if not known or not isinstance(classes[0], str):
        raise Broken("no exception")
    if _built_in(classes[0]) is not None:
        return known[0]
    if classes[0] not in _EXCEPTIONS:
        base = _exception(classes[1:])
        says = {"__str__": lambda self: vars(self).get("_said", base.__str__(self))}
        _EXCEPTIONS[classes[0]] = type(classes[0], (base,), says)
    return _EXCEPTIONS[classes[0]]


def _built_in(name: str) -> type[BaseException] | None:
    found = getattr(builtins, str(name), None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _error(classes: list[str], args: list[Any], has: dict[str, Any], says: str) -> BaseException:
    """The error that a call of the program's raised, with the attributes that it has there."""
    kind = _exception(classes)
    if not issubclass(kind, (Exception, SystemExit)):
        kind = RuntimeError
    try:
        error = kind(*args)
    except TypeError:
        error = RuntimeError(*args)
    for name, value in (has | {"_said": says}).items():
        with contextlib.suppress(AttributeError, TypeError):
            setattr(error, name, value)
    return error


def _attempt(test: dict[str, Any], channel: int, answer: int) -> NoReturn:
    """Run a test, and write how it went."""
    side = Asking(channel, test["classes"])
    module = types.ModuleType("__main__")
    solution = sys.modules["solution"] = types.ModuleType("solution")
    sys.argv = ["test.py"]
    told = "the program left before the end of the test"
    try:
        for name in test["names"]:
            also = [] if name in test["of_module"] else [module.__dict__]
            side.bind(name, [solution.__dict__, *also])
        run_whole(test, module)
        told = ""
    except BaseException as error:
        told = str(error)[:200] if isinstance(error, Broken) else said(error)
    if side.broken and not told:
        told = "the program left before the end of the test, or disturbed it"
    outcome = [told, "weaker" if side.weaker else "trusted" if side.trusted else ""]
    os.write(answer, json.dumps(outcome).encode())
    os._exit(0)


def _outcome(test: dict[str, Any], channel: socket.socket, seconds: float) -> list[str]:
    """How one test went, in a fork of its own, with a channel of its own to the program."""
    mine, theirs = socket.socketpair()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(reading)
        channel.close()
        theirs.close()
        _attempt(test, mine.fileno(), writing)
    os.close(writing)
    mine.close()
    with contextlib.suppress(OSError):
        socket.send_fds(channel, [b"+"], [theirs.fileno()])
    theirs.close()
    answer, text = b"", f"no end after {seconds:g} s"
    if select.select([reading], [], [], seconds)[0]:
        answer, text = os.read(reading, 65536), "the test ended its process"
    end(child)
    os.close(reading)
    return json.loads(answer) if answer else [text, ""]


def main(tests: list[dict[str, Any]], seconds: float) -> NoReturn:
    """Wait for the program, then run test after test; a line for each, and one before them."""
    number, output = silent()
    channel, results = socket.socket(fileno=number), os.fdopen(output, "w")
    line = b""
    while not line.endswith(b"\n") and len(line) < 4096 and (piece := channel.recv(1)):
        line += piece
    try:
        before = str(json.loads(line))
    except ValueError:
        before = "it left before any test"
    print(json.dumps(before), file=results, flush=True)
    for test in tests if not before else ():
        print(json.dumps(_outcome(test, channel, seconds)), file=results, flush=True)
    os._exit(0)
