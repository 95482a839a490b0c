"""Which items of an evaluation the training data hits, by the audits of the folders it was built into.

A row hits an item if the audit says that it counts, and if the row was *kept*: what decontamination
removed was never trained on. Rows that hit a variant of an item alone are told apart. Items are
found by their text, so that a suite may call its benchmarks as it likes; one that an audit did not
look for, or could not have found, is unknown, never clean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Literal

import duckdb

from curate.audit.store import one_line, open_readonly
from curate.errors import UserError

State = Literal["clean", "touched", "variant", "unknown"]
STATES: tuple[State, ...] = ("clean", "touched", "variant", "unknown")
_VARIANTS = ("variant", "other question")
"""Labels of hits that may not count and say all the same that an item was nearly there."""
_HITS = """
SELECT i.text, bool_or(i.matchable),
    coalesce(list(DISTINCT k.source) FILTER (k.counts), []),
    coalesce(bool_or(k.hit AND list_contains(?, k.label) AND NOT k.counts), false)
FROM instances AS i LEFT JOIN (
    SELECT m.instance_id, m.source, m.counts, m.hit, m.label
    FROM matches AS m JOIN documents AS d ON d.id = m.doc_id
    WHERE d.fate = 'kept' AND (m.counts OR m.hit)
) AS k USING (instance_id)
GROUP BY i.text
"""


@dataclass(frozen=True)
class Touch:
    """What an item's text met in the training data, and in which sources."""

    state: State
    sources: tuple[str, ...] = ()


UNKNOWN = Touch("unknown")


def touches(folders: Sequence[Path]) -> dict[str, Touch]:
    """What became of every item that the audits of built folders looked for, by its text.

    Raises UserError for a folder whose audit did not look for benchmarks."""
    each = [_of(folder, len(folders) > 1) for folder in folders]
    texts = {text for one in each for text in one}
    return {text: reduce(_worse, (one.get(text, UNKNOWN) for one in each)) for text in texts}


def _of(folder: Path, named: bool) -> dict[str, Touch]:
    with open_readonly(folder) as con:
        try:
            rows = con.execute(_HITS, [list(_VARIANTS)]).fetchall()
        except duckdb.CatalogException as error:
            raise UserError(
                f"{folder}: this build did not look for benchmarks ({one_line(error)}); build it "
                "with `decontaminate`, policy report if no row should go"
            ) from None
    before = f"{folder.name}: " if named else ""
    return {
        text: Touch(_state(can, sources, near), tuple(before + name for name in sorted(sources)))
        for text, can, sources, near in rows
    }


def _state(matchable: bool, sources: Sequence[str], near: bool) -> State:
    if sources:
        return "touched"
    if near:
        return "variant"
    return "clean" if matchable else "unknown"


_ORDER: Mapping[State, int] = {"touched": 3, "variant": 2, "unknown": 1, "clean": 0}


def _worse(one: Touch, other: Touch) -> Touch:
    state = max(one.state, other.state, key=lambda state: _ORDER[state])
    return Touch(state, tuple(dict.fromkeys([*one.sources, *other.sources])))


def touch_of(texts: Sequence[str], found: Mapping[str, Touch]) -> Touch:
    """What an item met: its own text is the first, the others are further texts of it, such as that
    with its options.
    """
    further = [found[text] for text in texts[1:] if text in found]
    met = [one for one in further if one.state in ("touched", "variant")]
    return reduce(_worse, met, found.get(texts[0], UNKNOWN))
