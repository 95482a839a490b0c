"""One use of a filter, with its settings, as the step and the audit see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curate.steps.filters.filter import Args, Filter, Values
from curate.steps.step import Seen


@dataclass(frozen=True)
class Ready:
    """One use of a filter, made ready."""

    label: str
    name: str
    filter: Filter
    args: Args
    given: Mapping[str, Any]
    """The settings and what they depend on, as plain data without paths."""
    key: str
    """A digest of what the values depend on: their column in what is staged."""

    def text_of(self, source: Seen) -> str | None:
        """The value that all rows of a source have, where the filter is one of sources."""
        return self.filter.of_source(source, self.args) if self.filter.of_source else None

    def of(self, table: pa.Table, source: str | None) -> Values:
        """The values of a block: those that were staged, or the one of its source."""
        if self.filter.value is None:
            return Values(pa.array([source] * table.num_rows, pa.string()))
        value = table.column(self.key).combine_chunks()
        what = f"{self.key}.what"
        found = table.column(what).combine_chunks() if what in table.column_names else None
        return Values(value.to_numpy() if self.args.numeric else value, found)
