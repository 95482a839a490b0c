"""Indexes that were built before, kept in the user's cache folder: most builds use a suite that an
earlier one used.

    index = kept(Index, key_of(texts), lambda: build_index(texts, 8, 0.5))

A file is named by a digest of everything it depends on: the texts, the settings, the code that
makes it, the version of numpy. So it is never out of date; one that is damaged is made anew, and
where nothing can be written nothing is kept. Files are arrays alone (`.npz`, with checksums, no
pickle) and appear whole or not at all. Those that were not used for longest go as soon as all of
them take more than a gigabyte. Small suites are not kept: they are built as quickly."""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np
from pydantic import BaseModel

from curate.kernels.jit import DIGEST

_T = TypeVar("_T")
_ROOM = 1 << 30
"""Bytes that all files together may take."""
_WORTH = 1 << 18
"""Bytes of text from which on reading an index is quicker than building it."""
_DAMAGED = (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error)


def key_of(texts: Sequence[Sequence[str]], *settings: object) -> str | None:
    """The name of the index of texts with some settings, whose `repr` says all; None if it is not
    worth keeping.
    """
    if sum(len(field) for text in texts for field in text) < _WORTH:
        return None
    key = blake2b(repr((_code(), np.__version__, settings)).encode(), digest_size=16)
    for text in texts:
        blobs = [field.encode() for field in text]
        key.update(repr([len(blob) for blob in blobs]).encode() + b"".join(blobs))
    return key.hexdigest()


@cache
def _code() -> str:
    """A digest of the code that an index depends on."""
    here = Path(__file__).resolve().parent
    files = [
        *sorted(here.rglob("*.py")),
        *sorted(here.rglob("*.npz")),
        here.parent / "text" / "buffer.py",
        here.parent / "text" / "minhash.py",
    ]
    return blake2b(
        DIGEST.encode() + b"".join(file.read_bytes() for file in files), digest_size=16
    ).hexdigest()


def kept(kind: type[_T], key: str | None, make: Callable[[], _T]) -> _T:
    """The index of that name, of a class made of arrays, numbers and other such classes; made if
    there is none.
    """
    found = None if key is None else _read(kind, key)
    if found is None:
        found = make()
        if key is not None:
            _keep(found, key)
    return found


def _read(kind: type[_T], key: str) -> _T | None:
    try:
        path = folder() / f"{key}.npz"
        with path.open("rb") as file, np.load(file) as arrays:
            found: _T = _whole(kind, arrays)
        os.utime(path)
    except _DAMAGED:
        return None
    return found


def folder() -> Path:
    """Where indexes lie; raises OSError where the user has no folder for them."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(given) if given else Path.home() / ".cache") / "curate" / "index"
    except RuntimeError as error:  # no home
        raise OSError(str(error)) from None


def _keep(index: object, key: str) -> None:
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder(), suffix=".part", delete=False) as file:
            try:
                np.savez(file, **dict(_flat(index)))  # type: ignore[arg-type]
                os.replace(file.name, folder() / f"{key}.npz")
            except BaseException:
                os.unlink(file.name)
                raise
        _make_room(folder())
    except (
        OSError
    ):  # a full disk, a folder of somebody else: then the next build takes as long as this one
        return


def _make_room(where: Path) -> None:
    """Remove the files that were not used for longest until the others have room; what a killed
    build left counts.
    """
    known = sorted(
        ((file.stat(), file) for file in where.iterdir()), key=lambda one: one[0].st_mtime
    )
    total = sum(stat.st_size for stat, _ in known)
    for stat, file in known:
        if total <= _ROOM:
            return
        file.unlink(missing_ok=True)
        total -= stat.st_size


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays and numbers of a value, by their path in it."""
    for name in _parts(type(value)):
        part = getattr(value, name)
        if isinstance(part, np.ndarray | int | float):
            yield prefix + name, np.asarray(part)
        else:
            yield from _flat(part, f"{prefix}{name}.")


def _parts(kind: Any) -> dict[str, Any]:
    """The types of a class's parts, by their names."""
    if issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    return get_type_hints(kind)


def _whole(kind: Any, arrays: Any, prefix: str = "") -> Any:
    """The value of a class whose parts are `arrays`."""
    parts = {}
    for name, hint in _parts(kind).items():
        if hint not in (np.ndarray, int, float):
            parts[name] = _whole(hint, arrays, f"{prefix}{name}.")
            continue
        parts[name] = arrays[prefix + name]
        if hint is not np.ndarray:
            parts[name] = parts[name].item()
        elif name == "data":
            parts[
                name
            ].flags.writeable = False  # as where it was made: numba compiles for each of the two
    return kind(**parts)
