"""Stages: what was found out about each block, kept so that a killed build continues and a changed
one looks no twice.

    with open_stages(root, keys, workspace) as stages:     # one for each source
        scanned = stages[0].load(7) or stages[0].keep(scan_block(...))

A stage is a folder named by a digest of everything that a look depends on: the content of the
source's files, how they are read, what each step depends on when it looks, the seed, the code, and
the versions of the libraries. A changed threshold, policy or sampling finds the same stages;
anything else looks again. What is written for a block counts only once its receipt is there, which
is written last and holds size and checksum of every file.

A receipt is kept only if the source's file is, after it was read, still the one whose digest names
the stage. Where a file is so young that this can't be told (`SourceFile.young`), receipts count
once the whole source was read and compared with its digest. A stage that is damaged, or a cache
that can't be written, costs time and no more."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
from isal import isal_zlib

from curate.digests import code_digest
from curate.files import SourceFile
from curate.mixture.runs import Staged
from curate.mixture.scan import Scanned, staged_path
from curate.shards import write_bytes

LIMIT = 20 << 30
"""Bytes of stages that are kept; the ones not used for the longest time go first."""
_LOCK = ".lock"


def default_root() -> Path:
    """The folder of stages in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "curate" / "stages"


def key_of(facts: Mapping[str, Any]) -> str:
    """The name of a stage: a digest of plain data that says all its content depends on, and of the
    code.
    """
    text = json.dumps(
        [facts, code_digest("curate")], sort_keys=True, ensure_ascii=False, default=str
    )
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


@dataclass(frozen=True)
class Stage:
    """Where the blocks of one source are kept."""

    folder: Path
    files: Mapping[str, SourceFile]
    lasting: bool
    """Whether the next build may find it: a stage within OUT goes with the build."""

    def load(self, number: int) -> Scanned | None:
        """What is known of a block, or None where that is not, or no longer, on disk whole."""
        if not self.lasting:
            return None
        try:
            content = io.BytesIO((self.folder / f"block-{number}.npz").read_bytes())
            with np.load(content, allow_pickle=False) as found:
                arrays = dict(found)
            head = json.loads(arrays.pop("head").tobytes())
            if any(
                _sum_of(self.folder / name) != tuple(told) for name, told in head["files"].items()
            ):
                return None
            return _scanned(self.folder, number, head, arrays)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, pa.ArrowException):
            return None

    def keep(self, scanned: Scanned, files: Iterable[str]) -> Scanned:
        """Write the receipt of a block of some files, if they are still those whose digests name the
        stage.
        """
        known = (self.files.get(file) for file in dict.fromkeys(files))
        of = [file for file in known if file]  # none for the Hub, where a revision never changes
        if self.lasting and all(file.unchanged() for file in of):
            names = [path.name for path in _files_of(scanned)]
            head = _head(scanned) | {"files": {name: _sum_of(self.folder / name) for name in names}}
            arrays = {
                "head": np.frombuffer(json.dumps(head).encode(), np.uint8),
                **_arrays(scanned),
            }
            content = io.BytesIO()
            np.savez(content, **cast(Any, arrays))
            kind = "young" if any(file.young for file in of) else "block"
            write_bytes(self.folder / f"{kind}-{scanned.number}.npz", content.getvalue())
        return scanned

    def whole(self) -> int | None:
        """How many blocks the source has, if all were read."""
        try:
            return int((self.folder / "blocks").read_text()) if self.lasting else None
        except (OSError, ValueError):
            return None

    def finish(self, n_blocks: int) -> None:
        """Note that all blocks were read, and that what was read is what was digested."""
        if not self.lasting:
            return
        for path in self.folder.glob("young-*.npz"):
            path.rename(self.folder / path.name.replace("young", "block"))
        write_bytes(self.folder / "blocks", str(n_blocks).encode())


@contextmanager
def open_stages(
    root: Path | None, keys: Sequence[str], files: Sequence[Mapping[str, SourceFile]], within: Path
) -> Iterator[list[Stage]]:
    """The stages of the sources of a build, held against pruning; below `within` where nothing is
    to be kept.

    A cache that can't be written is no reason to fail.
    """
    with ExitStack() as held:
        stages = []
        for number, (key, own) in enumerate(zip(keys, files, strict=True)):
            folder = within / str(number)
            if root is not None:
                try:
                    folder = _claimed(root / key, held)
                except OSError:
                    root = None
            folder.mkdir(parents=True, exist_ok=True)
            stages.append(Stage(folder, own, root is not None))
        yield stages
    if root is not None:
        prune(root, LIMIT)


def _claimed(folder: Path, held: ExitStack) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lock = held.enter_context((folder / _LOCK).open("w"))
    fcntl.flock(lock, fcntl.LOCK_SH)
    os.utime(folder / _LOCK)
    return folder


def prune(root: Path, limit: int) -> tuple[int, int]:
    """Remove the stages that were not used for the longest time until `limit` bytes are left: how
    many went, and bytes.

    Those that a build is using stay.
    """
    found = []
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            size = sum(path.stat().st_size for path in folder.iterdir())
            found.append(((folder / _LOCK).stat().st_mtime_ns, folder, size))
        except OSError:
            continue  # another process is removing it
    total, gone, freed = sum(size for *_, size in found), 0, 0
    for _, folder, size in sorted(found):
        if total - freed <= limit:
            break
        if _removed(folder):
            gone, freed = gone + 1, freed + size
    return gone, freed


def kept(root: Path) -> tuple[int, int]:
    """How many stages a folder holds, and their bytes."""
    folders = [folder for folder in root.iterdir() if folder.is_dir()] if root.is_dir() else []
    return len(folders), sum(path.stat().st_size for folder in folders for path in folder.iterdir())


def _removed(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    except OSError:
        return False
    return True


# ---- receipts


def _sum_of(path: Path) -> tuple[int, int]:
    """Size and CRC-32 of a file."""
    with pa.memory_map(str(path)) as file:
        return file.size(), isal_zlib.crc32(file.read_buffer()) if file.size() else 0


def _files_of(scanned: Scanned) -> list[Path]:
    tables = [staged_path(scanned.folder, what, scanned.number) for what in sorted(scanned.staged)]
    return [*tables, *(run.path for run in scanned.runs)]


def _head(scanned: Scanned) -> dict[str, Any]:
    """What is no array."""
    plain = {name: getattr(scanned, name) for name in ("n", "first_reason", "nbytes")}
    sets = {
        name: sorted(getattr(scanned, name)) for name in ("extras", "dropped_columns", "staged")
    }
    more = {
        "lines": sorted(map(list, scanned.lines)),
        "steps": list(scanned.kept),
        "runs": [run.path.name for run in scanned.runs],
    }
    return plain | sets | more


def _arrays(scanned: Scanned) -> dict[str, np.ndarray]:
    kept = {
        f"kept/{step}/{name}": array
        for step, own in scanned.kept.items()
        for name, array in own.items()
    }
    runs = {f"offsets/{place}": run.offsets for place, run in enumerate(scanned.runs)}
    schemas = {"schema": scanned.schema}
    schemas |= {"run_schema": scanned.runs[0].schema} if scanned.runs else {}
    schemas |= {} if scanned.own is None else {"own": scanned.own}
    return {
        "bad": scanned.bad,
        "groups": scanned.groups,
        "sizes": scanned.sizes,
        "tokens": scanned.tokens,
        **{f"cap/{name}": values for name, values in scanned.caps.items()},
        **{name: np.frombuffer(schema.serialize(), np.uint8) for name, schema in schemas.items()},
        **kept,
        **runs,
    }


def _scanned(
    folder: Path, number: int, head: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> Scanned:
    schemas = {
        name: pa.ipc.read_schema(pa.py_buffer(arrays[name].tobytes()))
        for name in ("schema", "run_schema", "own")
        if name in arrays
    }
    kept: dict[str, dict[str, np.ndarray]] = {step: {} for step in head["steps"]}
    for name, array in arrays.items():
        if name.startswith("kept/"):
            _, step, own = name.split("/", 2)
            kept[step][own] = array
    return Scanned(
        folder=folder,
        number=number,
        n=head["n"],
        bad=arrays["bad"],
        runs=[
            Staged(folder / name, schemas["run_schema"], arrays[f"offsets/{place}"])
            for place, name in enumerate(head["runs"])
        ],
        groups=arrays["groups"],
        sizes=arrays["sizes"],
        tokens=arrays["tokens"],
        caps={
            name.removeprefix("cap/"): array
            for name, array in arrays.items()
            if name.startswith("cap/")
        },
        kept=kept,
        lines=frozenset((step, table) for step, table in head["lines"]),
        staged=frozenset(head["staged"]),
        first_reason=head["first_reason"],
        nbytes=head["nbytes"],
        schema=schemas["schema"],
        own=schemas.get("own"),
        extras=frozenset(head["extras"]),
        dropped_columns=frozenset(head["dropped_columns"]),
    )
