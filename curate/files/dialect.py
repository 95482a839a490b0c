"""What parts the fields of a CSV or TSV file, and whether quotes mean anything.

What parts them is what the extension says, a comma or a tab, unless a semicolon, a comma or a tab
parts more of the first rows into as many fields as the header has, at least two.

Text parted by tabs has two dialects in the wild: quotes as in CSV, or quotes that are plain
characters. Quotes count as CSV's only where the first MiB of the file proves it: every field that
opens with a quote is a well-formed quoted field, and at least one of them holds a tab, a newline
or a doubled quote, which nothing but quoting explains.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal

_FIRST_BYTES = 1 << 18
_FIRST_ROWS = 50
_QUOTED = re.compile(r'(?:^|(?<=[\t\n]))"((?:[^"]|"")*)"(?=\t|\r?\n|$)')
_OPENING = re.compile(r'(?:^|(?<=[\t\n]))"')


@dataclass(frozen=True)
class Dialect:
    """What parts the fields of a row, and whether quotes mean anything."""

    delimiter: str
    quotes: bool


def find_dialect(kind: str | None, sample: bytes, columns: int | None = None) -> Dialect:
    """What parts the fields of a CSV or TSV file that begins with `sample`; the number of its
    columns is that of the header, or given: see the module's rule.
    """
    usual = "\t" if kind == "tsv" else ","
    quotes = (usual == "\t" or b"\t" in sample) and quotes_count(sample)
    first = sample[:_FIRST_BYTES]
    if len(first) < len(sample):
        first = first[: first.rfind(b"\n") + 1]
    text = first.decode("utf-8", "replace")
    others = ",;\t".replace(usual, "")
    dialects = [Dialect(part, part != "\t" or quotes) for part in (usual, *others)]
    shares = [_agreeing(text, dialect, columns) for dialect in dialects]
    best = shares.index(max(shares))  # the usual one, where another is no better
    return dialects[best] if shares[best] > 0.5 else dialects[0]


def _agreeing(text: str, dialect: Dialect, columns: int | None) -> float:
    """The share of the first rows with as many fields, at least two, as the first one or as given."""
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quotes else csv.QUOTE_NONE
    csv.field_size_limit(2**31 - 1)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter, quoting=quoting)
    agree = n_rows = 0
    try:
        for row in islice((row for row in rows if row), _FIRST_ROWS):
            columns = len(row) if columns is None else columns
            agree, n_rows = agree + (len(row) == columns > 1), n_rows + 1
    except csv.Error:
        pass
    return agree / max(1, n_rows)


def quotes_count(sample: bytes) -> bool:
    """Whether quotes in a TSV are CSV's: see the module's rule."""
    text = sample[: sample.rfind(b"\n") + 1 or None].decode("utf-8", "replace")
    if '"' not in text:
        return False
    fields = _QUOTED.findall(text)
    needed = any(mark in field for field in fields for mark in ("\t", "\n", '""'))
    return needed and not _OPENING.search(_QUOTED.sub("", text))
