"""Whether a folder lies on a disk of this machine: SQLite's shared memory works on no other."""

from __future__ import annotations

import re
from pathlib import Path

from curate.errors import UserError

MOUNTS = Path("/proc/self/mountinfo")
_SHARED = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph-fuse", "fuse.glusterfs", "fuse.juicefs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs",
    "nfs4", "ocfs2", "orangefs", "panfs", "smb3", "smbfs", "virtiofs", "wekafs",
}  # fmt: skip


def require_local(folder: Path) -> None:
    """Raise UserError where a folder lies on a network share."""
    kind = _kind_of(folder.resolve())
    if kind in _SHARED:
        raise UserError(
            f"{folder}: lies on a network share ({kind}), on which two machines could write the "
            "store at once and spoil it; name a folder on a disk of this machine (--store DIR)"
        )


def _kind_of(folder: Path) -> str:
    """The kind of file system that a folder lies on, or would lie on; empty where nothing tells."""
    try:
        lines = MOUNTS.read_text("utf-8").splitlines()
    except OSError:
        return ""
    kinds: dict[Path, str] = {}  # a later mount of the same place covers the earlier one
    for line in lines:
        place, _, kind = line.partition(" - ")
        kinds[Path(_unescaped(place.split()[4]))] = kind.split()[0]
    return next((kinds[place] for place in (folder, *folder.parents) if place in kinds), "")


def _unescaped(path: str) -> str:
    r"""A path as mountinfo writes it: a blank is `\040`."""
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), path)
