"""What code a result depends on, as a digest: an edit gives another one."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def code_digest(package: str) -> str:
    """A digest of every Python and SQL file of an installed package or module."""
    spec = find_spec(package)
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()] if spec else []
    files = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".py", ".sql", ".json")
    ]
    if spec and spec.origin:
        files.append(Path(spec.origin))
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(set(files)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
