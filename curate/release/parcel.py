"""What of a built folder goes out: the files of its lock, the lock, recipe, audit and report, a card
whose head is written whole, and `croissant.json`.

A folder that is not what its lock says does not go out. What else somebody put into it stays where
it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.audit.store import DATABASE
from curate.check_lock import compare, read_lock
from curate.errors import CurateError, UserError
from curate.lock import LOCK
from curate.release.croissant import CROISSANT, croissant_text
from curate.release.head import configs_of, with_head
from curate.shards import sha256

CARD = "README.md"
_BESIDE = (LOCK, "recipe.yaml", DATABASE, "report.html")
FOLDERS = ("data/", "removed/", "quarantine/")
"""Where rows lie; a file there that the lock does not name would be one of them."""


@dataclass(frozen=True)
class Piece:
    """One file that goes out: its path from the folder's root, bytes, and SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Parcel:
    """What goes out of a folder; `written` are the texts that are made for it."""

    folder: Path
    pieces: tuple[Piece, ...]
    written: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(piece.size for piece in self.pieces)

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        files = [asdict(piece) for piece in self.pieces]
        return {"folder": str(self.folder), "bytes": self.size, "files": files}

    def content(self, piece: Piece) -> Path | bytes:
        """The file that a piece is, or its text."""
        text = self.written.get(piece.path)
        return self.folder / piece.path if text is None else text.encode()


def parcel(folder: Path) -> Parcel:
    """What goes out of a built folder.

    Raises UserError where there is no lock or no card to read, CurateError where the folder is not
    what its lock says."""
    lock = read_lock(folder)
    held = compare(folder)
    if held.faults:
        name, detail = held.faults[0]
        more = f" (and {len(held.faults) - 1} more)" if len(held.faults) > 1 else ""
        raise CurateError(
            f"{folder}: is not what its lock says: {name}: {detail}{more}; "
            f"curate check {folder} --lock shows all"
        )
    outputs: Mapping[str, str] = lock["outputs"]
    pieces = [_piece(folder, name, digest) for name, digest in sorted(outputs.items())]
    pieces += [_piece(folder, name) for name in _BESIDE if (folder / name).is_file()]
    written = _written(folder, lock, pieces)
    made = [_text_piece(name, text) for name, text in written.items()]
    return Parcel(folder, (*made, *pieces), written)


def _written(folder: Path, lock: Mapping[str, Any], pieces: list[Piece]) -> dict[str, str]:
    try:
        card = (folder / CARD).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{folder / CARD}: the card cannot be read ({error.strerror}); build again, or write one"
        ) from None
    configs = configs_of(folder, lock, card)
    files = {piece.path: (piece.size, piece.sha256) for piece in pieces}
    return {
        CARD: with_head(card, folder, configs),
        CROISSANT: croissant_text(folder, lock, configs, files),
    }


def _piece(folder: Path, name: str, digest: str | None = None) -> Piece:
    path = folder / name
    return Piece(name, path.stat().st_size, digest or sha256(path))


def _text_piece(name: str, text: str) -> Piece:
    raw = text.encode()
    return Piece(name, len(raw), hashlib.sha256(raw).hexdigest())
