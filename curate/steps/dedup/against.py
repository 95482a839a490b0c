"""Other data whose rows stay: a folder that curate built, files, or a set of the Hub.

Their kind may be another one, so that prompts of one stage are kept out of the next. What is
compared of them lies in memory while the step decides; their texts are read again where they are
shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curate.formats import detect, parse
from curate.formats.kinds import guess_kind
from curate.sources import Digest, Source, content_digests, open_source, source_names, verify_read
from curate.steps.dedup.texts import refuse
from curate.steps.step import Records
from curate.turns import all_turns


@dataclass(frozen=True)
class Other:
    """One of them, opened."""

    source: Source
    kind: str
    format: str | dict[str, Any]
    digests: Sequence[Digest]

    @property
    def name(self) -> str:
        """The first part of the ids of its rows."""
        return self.source.name

    @property
    def inputs(self) -> dict[str, Any]:
        """What a lock says of it."""
        files = {name: {"sha256": digest, "bytes": size} for name, digest, size in self.digests}
        return {"revision": self.source.revision, "kind": self.kind, "files": files}

    def blocks(self) -> Iterator[Records]:
        """Its records, block by block; raises UserError where a file changed since it was opened."""
        for block in self.source.blocks():
            parsed = parse(block, self.format, self.kind)
            turns = all_turns(self.kind, parsed.records)
            hashes = np.empty((turns.n_docs, 0), np.uint64)
            yield Records(self.name, self.kind, parsed.records, parsed.rows, turns, hashes)
        verify_read(self.source, self.digests)


def open_others(paths: Sequence[str], base: Path, by: str) -> list[Other]:
    """Open the data sets at some paths; raises UserError for what cannot be read or compared."""
    found = []
    for name, path in zip(source_names(list(paths)), paths, strict=True):
        source = open_source(name, path, base=base, split="train")
        first = next(source.blocks())
        kind = guess_kind(first)
        refuse(by, kind)
        found.append(Other(source, kind, detect(first, kind), content_digests(source)))
    return found
