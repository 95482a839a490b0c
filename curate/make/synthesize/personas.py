"""Personas: short descriptions of people, any column of text of any data set.

    pool = read_personas(spec, base)
    pool.drawn(seed, "math", 7)        # the persona of item 7

Without a `from` they are the 200 that come with the package. Near-equal ones are dropped: of two
that share most of their words the first stays. Every persona is drawn once before any is drawn
again, in an order that the seed decides."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field

from curate.errors import UserError, unknown
from curate.files import BadInput
from curate.sources import Source, content_digests, open_read
from curate.sources.spec import ReadSpec
from curate.text.hashing import sampling_keys

SHIPPED = Path(__file__).parent / "personas.jsonl"
COLUMNS = ("persona", "input persona", "input_persona", "professional_persona", "text")
"""Where personas stand in published sets, the first that is there."""
LICENCES = {"nvidia/nemotron-personas": "CC-BY-4.0", "proj-persona/personahub": "CC-BY-NC-SA-4.0"}
"""Of published sets, by how their names begin."""
OWN = "Apache-2.0"
"""Of the personas that come with the package."""


class PersonaSpec(ReadSpec):
    """Where personas are."""

    column: str | None = None
    """The column that holds them; left out, `persona` or what published sets call it."""
    pool: int | None = Field(default=None, ge=1)
    """The first so many rows are read."""
    distinct: float | None = Field(default=0.8, gt=0, le=1)
    """Of two personas that share this part of their words the first stays; null keeps all."""

    def stated(self) -> str | None:
        """Their licence: as given, or as it is known of published sets."""
        begun = (one for name, one in LICENCES.items() if self.from_.lower().startswith(name))
        return self.licence or next(begun, None)


class Persona(NamedTuple):
    """A persona: the id of its row, and its text."""

    id: str
    text: str


@dataclass(frozen=True)
class Pool:
    """The personas to draw from."""

    personas: Sequence[Persona]
    read: int
    """How many there were before near-equal ones were dropped."""
    inputs: dict[str, Any]
    """What pins them, for the lock."""

    def drawn(self, seed: int, name: str, number: int) -> Persona:
        """The persona of an item."""
        turn, place = divmod(number, len(self.personas))
        return self.personas[int(_order(seed, name, len(self.personas), turn)[place])]


@lru_cache(maxsize=64)
def _order(seed: int, name: str, n: int, turn: int) -> np.ndarray:
    keys = sampling_keys(seed, f"{name}/personas/{turn}", np.arange(n), 0)
    return np.argsort(keys, kind="stable")


def read_personas(spec: PersonaSpec | None, base: Path) -> Pool:
    """Read a pool; raises UserError where there is none to be read."""
    spec = spec or PersonaSpec.model_validate({"from": str(SHIPPED)})
    source = open_read(spec, base)
    read = list(islice(_personas(source, spec), spec.pool))
    if not read:
        raise UserError(f"personas: {spec.from_}: no row holds one")
    left = read if spec.distinct is None else _apart(read, spec.distinct)
    files = {name: {"sha256": sha, "bytes": n} for name, sha, n in content_digests(source)}
    inputs = {"revision": source.revision, "files": files, "read": len(read), "pool": len(left)}
    return Pool(left, len(read), inputs)


def _personas(source: Source, spec: PersonaSpec) -> Iterator[Persona]:
    column = spec.column
    for block in source.blocks():
        for place, row in block.rows():
            if isinstance(row, BadInput):
                continue
            column = column or _column(row, spec.from_)
            if column not in row:
                raise UserError(f"personas: {spec.from_}: {unknown('column', column, row)}")
            text = row[column]
            if isinstance(text, str) and text.strip():
                yield Persona(f"{source.name}/{place}", " ".join(text.split()))


def _column(row: dict[str, Any], where: str) -> str:
    found = next((name for name in COLUMNS if name in row), None)
    if found is None:
        raise UserError(
            f"personas: {where}: which column holds them? Give `column`; there are: {', '.join(row)}"
        )
    return found


def _apart(personas: Sequence[Persona], share: float) -> list[Persona]:
    """Those of which no earlier one has the same words up to a Jaccard value of `share`.

    Two such sets share a word among the rarest of each (prefix filtering), so only those that do
    are compared, and none is missed."""
    sets = [frozenset(one.text.lower().split()) for one in personas]
    counts = Counter(word for words in sets for word in words)
    seen: dict[str, list[int]] = defaultdict(list)
    left = []
    for number, words in enumerate(sets):
        rare = sorted(words, key=lambda word: (counts[word], word))
        rare = rare[: len(rare) - math.ceil(share * len(rare) - 1e-9) + 1]
        others = {other for word in rare for other in seen[word]}
        if any(len(words & sets[one]) >= share * len(words | sets[one]) - 1e-9 for one in others):
            continue
        for word in rare:
            seen[word].append(number)
        left.append(personas[number])
    return left
