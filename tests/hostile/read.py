"""Reads damaged files, in a process that may die of one: `python -m tests.hostile.read KIND FIRST
STOP FOLDER`. The number of each file is written before it is read.
"""

from __future__ import annotations

import resource
import sys
import traceback
from pathlib import Path

from curate.errors import UserError
from curate.files import SourceFile, read_file
from curate.formats import parse
from tests.hostile.mutate import made

_MOST = 6 << 30


def read(path: Path) -> int:
    """The rows of a file, read as columns, as rows and as records."""
    n = 0
    for block in read_file(SourceFile.of(path, path.name), block_bytes=1 << 20):
        if block.n_rows > 100_000:  # damage can promise any number of rows of nothing
            block = block.head(1000)
        parsed = parse(block, "text", "prompt", ["some", "coded"])
        assert len(parsed.rows) + len(parsed.quarantine) == block.n_rows
        n += sum(1 for _ in block.rows())
        block.raw(block.n_rows - 1)
        if n > 100_000:
            break
    return n


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(kind: str, first: int, stop: int, folder: Path) -> None:
    """Read all files of a range; a fault ends the process with its number on the last line."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST, _MOST))
    path = folder / f"{first}.{kind}"
    sound = 0
    for number in range(first, stop):
        path.write_bytes(made(kind, number))
        _say(str(number))
        try:
            read(path)
            sound += 1
        except UserError:
            pass
        except BaseException:
            traceback.print_exc(file=sys.stdout)
            raise SystemExit(3) from None
    _say(f"read: {sound} of {stop - first}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
