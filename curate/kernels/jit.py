"""How functions are compiled, and what numba alone does not say: bits of 64 bytes at once, and
tables made when needed.

    jit       called from Python (an entry), and by other kernels: compiled once, cached on disk
    inner     called by kernels alone: compiled into each entry that calls it (`curate.kernels.parts`)

The cache of numba goes by the file and the name of an entry and does not see a change in what it
calls. So entries are named by a digest of everything that is compiled: this folder, and the rules of
`curate.text` that it follows.

Where nothing can be written, neither beside the package nor in the user's cache folder, every
process compiles anew. Whoever watches (`curate.progress`) is told when compiling begins and ends."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, event, types
from numba.extending import intrinsic

from curate.kernels.parts import Compiler
from curate.progress import compiling

_F = TypeVar("_F", bound=Callable[..., Any])


RULES = ("blanks", "escapes", "lookalikes", "normalise", "tokenise")
"""What kernels are compiled from beside this folder: rules in plain Python."""


def _digest_of_kernels() -> str:
    folder = Path(__file__).resolve().parent
    rules = [folder.parent / "text" / f"{name}.py" for name in RULES]
    files = [*sorted(folder.glob("*.py")), *rules]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


DIGEST = _digest_of_kernels()
"""Of everything that is compiled."""


class _Told(event.Listener):  # type: ignore[misc]
    """Hands on when numba begins and ends to compile; what comes from the cache is no compiling."""

    def on_start(self, event: Any) -> None:
        compiling(True)

    def on_end(self, event: Any) -> None:
        compiling(False)


event.register("numba:compile", _Told())


def jit(function: _F) -> _F:
    """Compile an entry: no GIL, cached on disk, integer wrap-around as in C."""
    function.__qualname__ += f"_{DIGEST}"
    options = {"nogil": True, "no_cfunc_wrapper": True, "pipeline_class": Compiler}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no folder that it may write to
        return numba.njit(**options)(function)


def inner(function: _F) -> _F:
    """Let entries call a function: it is compiled as a part of each. From Python it runs as it
    stands.
    """
    part = numba.njit(
        nogil=True, no_cfunc_wrapper=True, no_cpython_wrapper=True, pipeline_class=Compiler
    )(function)
    # numba takes it for the compiled one, which that type does not keep alive.
    vars(function).update(_numba_type_=types.Dispatcher(part), _part=part)
    return function


def _pointer(context: Any, builder: Any, sig: Any, args: Any, kind: Any) -> Any:
    """Where `array[offset]` lies, as a pointer to `kind`; array and offset are the first two
    arguments.
    """
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    place = builder.gep(data, [context.cast(builder, args[1], sig.args[1], types.intp)])
    return builder.bitcast(place, kind.as_pointer())


@intrinsic
def _load8(typing_context: Any, array: Any, offset: Any) -> Any:
    """Eight bytes of a uint8 array from any offset, as one little-endian uint64."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_pointer(context, builder, sig, args, ir.IntType(64)), align=1)

    return types.uint64(array, types.intp), codegen


def byte_bits(
    holds: Callable[[Any, Any, Callable[[int], Any]], Any],
) -> Callable[[np.ndarray, int], np.uint64]:
    """Make a compiled function that gives one bit for each of 64 bytes of a uint8 array from any
    offset.

    `holds(builder, bytes, constant)` builds the vector of truth values out of the vector of bytes;
    `constant(value)` is 64 times one byte."""

    def bits(typing_context: Any, array: Any, offset: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            vector = ir.VectorType(ir.IntType(8), 64)
            text = builder.load(_pointer(context, builder, sig, args, vector), align=1)
            found = holds(builder, text, lambda value: ir.Constant(vector, [value] * 64))
            return builder.bitcast(found, ir.IntType(64))

        return types.uint64(array, types.intp), codegen

    made: Callable[[np.ndarray, int], np.uint64] = intrinsic(bits)
    return made


def any_of(chars: str) -> Callable[[np.ndarray, int], np.uint64]:
    """The bits of the bytes that are one of some ASCII characters."""

    def holds(builder: Any, text: Any, constant: Callable[[int], Any]) -> Any:
        same = [builder.icmp_unsigned("==", text, constant(ord(char))) for char in chars]
        return reduce(builder.or_, same)

    return byte_bits(holds)


@intrinsic
def _lowest_bit(typing_context: Any, word: Any) -> Any:
    """The place of the lowest bit that is set; the word must not be 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), codegen


load8: Callable[[np.ndarray, int], np.uint64] = _load8
lowest_bit: Callable[[np.uint64], np.uint64] = _lowest_bit


def table(make: Callable[[], np.ndarray]) -> Callable[[int], int]:
    """A look-up by code point that is made when it is compiled in: what comes from the cache needs
    no table.

    `make` gives a whole number for each code point up to some multiple of 256. Of its pages of 256
    equal ones are held once: Unicode's would take half a megabyte in every kernel."""

    def find(typing_context: Any, code: Any) -> Any:
        pages, which = np.unique(make().reshape(-1, 256), axis=0, return_inverse=True)
        kind = numba.from_dtype(pages.dtype)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            place = builder.trunc(args[0], ir.IntType(32))
            page = _constant(
                builder, which.astype(np.uint16), builder.lshr(place, ir.Constant(place.type, 8))
            )
            start = builder.shl(builder.zext(page, place.type), ir.Constant(place.type, 8))
            within = builder.and_(place, ir.Constant(place.type, 255))
            return _constant(builder, pages.ravel(), builder.or_(start, within))

        return kind(types.int64), codegen

    made: Callable[[int], int] = intrinsic(find)
    return made


def _constant(builder: Any, values: np.ndarray, place: Any) -> Any:
    """An element of constant values."""
    kind = ir.IntType(8 * values.itemsize)
    held = ir.Constant(ir.ArrayType(kind, len(values)), values.tolist())
    start = cgutils.global_constant(builder, "table", held)
    return builder.load(builder.gep(start, [ir.Constant(place.type, 0), place], inbounds=True))
