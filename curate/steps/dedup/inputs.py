"""What dedup reads beside the rows, for `curate plan`: nothing of it is read here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curate.errors import UserError
from curate.sources import is_away, is_path, open_source
from curate.steps.dedup.spec import DedupSpec
from curate.steps.step import Given


def given(spec: DedupSpec, *, base: Path) -> Iterator[Given]:
    """The data sets under `against`."""
    for path in spec.against:
        try:
            if is_path(path, base):
                open_source("against", path, base=base, split="train")
            yield Given("against", path, not is_away(path, base))
        except UserError as error:
            yield Given("against", path, True, problem=str(error))
