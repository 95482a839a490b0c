"""Which of several rows that are alike stays: a total order, so that the answer depends on nothing
else.

    rank = ranks(("licence", "longest"), rows)     # the smallest of some rows is the one that stays

Rows of `against` come before all others. Where all rules agree the name of the source decides, then
the row, so that the order of the sources in a recipe counts only where `source` is a rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_BOUND = ("nc", "noncommercial", "nd")
_ALIKE = ("sa", "gpl", "lgpl", "agpl", "odbl", "sharealike")
_FREE = ("cc0", "public", "unlicense", "pddl")
_NAMED = ("mit", "bsd", "apache", "isc", "odc", "by")


@dataclass(frozen=True)
class Ranked:
    """What rules go by, for all rows of all sources one after the other."""

    source: np.ndarray  # int32: place of the source; rows of `against` have the smallest ones
    n_against: int  # how many of the places are those
    names: Sequence[str]  # of the sources, by place
    licences: Sequence[str | None]  # by place
    length: np.ndarray  # int64: bytes that are compared
    columns: Mapping[str, np.ndarray]  # float64: NaN where there is no number


def ranks(rules: Sequence[str], rows: Ranked) -> np.ndarray:
    """The place of every row in the order in which rows are to stay: int64."""
    against = rows.source >= rows.n_against
    by_name = np.argsort(np.argsort(np.array(rows.names, np.str_), kind="stable"))
    keys = [against, *(_key(rule, rows) for rule in rules), by_name[rows.source]]
    order = np.lexsort(keys[::-1])  # stable: rows of one source are in their order
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _key(rule: str, rows: Ranked) -> np.ndarray:
    name, _, column = rule.partition(":")
    if name == "source":
        return rows.source
    if name == "licence":
        free: np.ndarray = np.array([freedom(licence) for licence in rows.licences])[rows.source]
        return free
    values = rows.columns[column] if column else rows.length
    downwards = name in ("longest", "largest")
    key: np.ndarray = np.nan_to_num(-values if downwards else values, nan=np.inf)
    return key


def freedom(licence: str | None) -> int:
    """How free a licence leaves whoever uses the row, 0 the freest: public domain, to be named,
    under the same terms, not known, not for everything (NC, ND).
    """
    words = re.findall("[a-z]+0?", (licence or "").lower().replace("non-c", "nonc"))
    for place, known in ((4, _BOUND), (2, _ALIKE), (0, _FREE), (1, _NAMED)):
        if any(word.removesuffix("v") in known for word in words):
            return place
    return 3
