"""What a hit rests on: the words of an item that few other items of its benchmark have. What most of
them have is their template, and says little."""

from __future__ import annotations

import re
from collections import Counter

import duckdb

SIBLINGS = 400
"""Items of a benchmark that are counted, chosen by a hash of their ids."""
LEAST = 5
"""With fewer of them nothing can be said."""
RARE = 0.05
"""A word of an item is its own if at most this share of the others have it."""
_WORD = re.compile(r"\w+")


class OwnWords:
    """The words of single items, by the counts of each benchmark: these are made once."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._counted: dict[str, tuple[Counter[str], dict[str, set[str]]]] = {}

    def of(self, benchmark: str, item: str, text: str) -> list[str]:
        """The words of an item that are its own, in their order; none where it has too few
        siblings.
        """
        if benchmark not in self._counted:
            self._counted[benchmark] = self._count(benchmark)
        counts, texts = self._counted[benchmark]
        mine = texts.get(item, set())
        others = len(texts) - (item in texts)
        words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
        if others < LEAST:
            return []
        return [word for word in words if counts[word] - (word in mine) <= RARE * others]

    def _count(self, benchmark: str) -> tuple[Counter[str], dict[str, set[str]]]:
        rows = self._con.execute(
            """SELECT instance_id, text FROM instances WHERE benchmark = ?
            ORDER BY md5(instance_id), instance_id LIMIT ?""",
            [benchmark, SIBLINGS],
        ).fetchall()
        texts = {item: {word.lower() for word in _WORD.findall(text)} for item, text in rows}
        return Counter(word for words in texts.values() for word in words), texts
