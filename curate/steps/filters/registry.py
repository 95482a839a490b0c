"""The filters that a recipe can name: those of the house, and other people's by the entry-point
group `curate.filters`, which are imported only where a recipe names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from curate.errors import UserError, unknown
from curate.steps.filters.columns import COLUMN, LICENCE
from curate.steps.filters.filter import Filter
from curate.steps.filters.language import CJK, LANGUAGE
from curate.steps.filters.phrases import CUTOFF_DATES, PROVIDER_IDENTITY, REFUSAL, SPECIAL_TOKENS
from curate.steps.filters.pii import PII
from curate.steps.filters.repetition import REPETITION
from curate.steps.filters.sizes import EMPTY_TURNS, LENGTH, TURNS
from curate.steps.filters.toxicity import TOXICITY

GROUP = "curate.filters"

HOUSE: Mapping[str, Filter] = {
    "cjk": CJK,
    "column": COLUMN,
    "cutoff_dates": CUTOFF_DATES,
    "empty_turns": EMPTY_TURNS,
    "language": LANGUAGE,
    "length": LENGTH,
    "licence": LICENCE,
    "pii": PII,
    "provider_identity": PROVIDER_IDENTITY,
    "refusal": REFUSAL,
    "repetition": REPETITION,
    "special_tokens": SPECIAL_TOKENS,
    "toxicity": TOXICITY,
    "turns": TURNS,
}


@cache
def others() -> Mapping[str, EntryPoint]:
    """The filters of other packages that are installed."""
    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in HOUSE}


@cache
def load(name: str) -> Filter:
    """A filter by its name; raises UserError where there is none, or where it can't be imported."""
    if name in HOUSE:
        return HOUSE[name]
    if name not in others():
        raise UserError(unknown("filter", name, [*HOUSE, *others()]))
    entry = others()[name]
    try:
        found = entry.load()
    except Exception as error:  # other people's code: whatever it raises, the message names it
        raise UserError(f"filter '{name}': {entry.value} can't be imported ({error})") from error
    if not isinstance(found, Filter):
        raise UserError(f"filter '{name}': {entry.value} is no curate.steps.filters.filter.Filter")
    return found
