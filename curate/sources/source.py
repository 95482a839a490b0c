"""What a source is, whatever its rows come from, and what is true of the files of any.

What is read is what the digests say: `verify_read` is called when the last block has been worked
on. It refuses a source of which a file is not the one that was opened (inode, size, times of
change), and one of whose text files other bytes streamed past than were digested. Where the stamp
of a file proves nothing, because the file was changed less than two seconds before it was opened,
the file is read once more. A reader compares the stamp too, after each row group of Parquet and
after the last block of any other file. So a file that is cut off, added to, edited in place,
replaced or removed between its opening and the end of the scan stops the build. One thing goes
unseen: what is written through a memory map, whose times the system brings up to date later, to a
file that does not stream past to its end (Parquet, Arrow, or text with a limit).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Protocol

from curate.errors import UserError
from curate.files import BLOCK_BYTES, Block, SourceFile

Digest = tuple[str, str, int]
"""Name of a file relative to the source's root, SHA-256 in hex, bytes."""


class Source(Protocol):
    """Rows under one name, in an order that never changes; it pickles."""

    @property
    def name(self) -> str:
        """First part of the ids of its rows."""

    @property
    def from_(self) -> str:
        """Where the rows come from, as it was given."""

    @property
    def origin(self) -> str:
        """What kind of source it is: `files`, `built` (a folder that curate built) or `hub`."""

    @property
    def revision(self) -> str | None:
        """What pins the rows where files do not: the commit of a data set of the Hub."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth saying about how its files were found and will be read."""

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that the rows are read from, in their order; none for the Hub."""

    def blocks(
        self,
        limit: int | None = None,
        *,
        block_bytes: int = BLOCK_BYTES,
        hashes: MutableMapping[str, str] | None = None,
    ) -> Iterator[Block]:
        """All blocks in order, or those of the first `limit` rows; may be called again.

        Where `hashes` is given, the SHA-256 of every file that streamed past to its end is put in
        under its name. Raises UserError if there is no row at all.
        """

    def estimated_bytes(self) -> int:
        """About how many bytes the blocks hold; for progress and for cutting work into parts."""


def some(source: Source, blocks: Iterable[Block], limit: int | None) -> Iterator[Block]:
    """The blocks of the first `limit` rows; raises UserError if there is no row at all."""
    n_rows = 0
    for block in blocks:
        if limit is not None and n_rows + block.n_rows >= limit:
            yield block.head(limit - n_rows)
            return
        n_rows += block.n_rows
        yield block
    if n_rows == 0:
        raise UserError(f"source '{source.name}' ({source.from_}) holds no rows")


def content_digests(source: Source, hashes: Mapping[str, str] | None = None) -> list[Digest]:
    """The digest of every file; nothing for the Hub, where the revision says it.

    Files whose SHA-256 is in `hashes`, since they were read to the end, are not read again.
    """
    known = hashes or {}
    return [
        (file.name, known.get(file.name) or file.sha256(), file.stamp.size) for file in source.files
    ]


def verify_read(
    source: Source, digests: Sequence[Digest], hashes: Mapping[str, str] | None = None
) -> None:
    """Raise UserError if what was read is not what `digests` say; `blocks` filled `hashes` in.

    The module says what is guaranteed.
    """
    wanted = {name: sha256 for name, sha256, _ in digests}
    for file in source.files:
        file.verify()
        streamed = (hashes or {}).get(file.name)
        again = file.sha256() if streamed is None and file.young else None
        if {streamed, again} - {None, wanted[file.name]}:
            raise file.changed()


def estimated_bytes(source: Source) -> int:
    """The same as `source.estimated_bytes()`."""
    return source.estimated_bytes()
