"""What each source puts into the train split, in rows and tokens, and what it was to put there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from curate.mixture.record import SourceResult


@dataclass(frozen=True)
class Share:
    """What one source gives; tokens are None where no tokenizer is named, and `target` (rows or
    tokens) where sources are not weighed.
    """

    source: str
    rows: int
    tokens: int | None
    target: int | None
    passes: int
    """How often the row stands there that is repeated most."""
    capped: int
    """Rows that a cap left out."""


def shares_of(results: Sequence[SourceResult], counted: bool) -> tuple[Share, ...]:
    """The shares of all sources; `counted` says whether tokens are."""
    return tuple(_share(result, counted) for result in results)


def _share(result: SourceResult, counted: bool) -> Share:
    choice, tokens = result.choice, result.rows.tokens
    copies = np.add.reduce(choice.train, axis=0, dtype=np.int64)
    return Share(
        source=result.rows.name,
        rows=int(copies.sum()),
        tokens=int(copies @ tokens[result.kept].astype(np.int64)) if counted else None,
        target=choice.target,
        passes=int(copies.max(initial=0)),
        capped=sum(len(rows) for _, rows in result.capped),
    )


def as_plain(shares: Sequence[Share]) -> list[dict[str, Any]]:
    """As plain data, without what is not known."""
    return [
        {key: value for key, value in asdict(share).items() if value is not None}
        for share in shares
    ]
