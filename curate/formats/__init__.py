"""How foreign columns become records: a registry of formats, detection, and the parser of blocks.

    fmt = detect(block, "sft")                  # or one's own: {"prompt": "question", "response": "answer"}
    check_format(fmt, "sft", keep=["level"])
    parsed = parse(block, fmt, "sft", keep=["level"])

A new format is one `Format` in one file and one entry in `FORMATS`. A format refuses kinds it
cannot make. A row that cannot become a record is quarantined with its reason, never repaired by
guessing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from curate.errors import UserError, unknown
from curate.files import ArrowBlock, Block, hint
from curate.formats.base import OF_MESSAGES, Format
from curate.formats.chat import MESSAGES, SHAREGPT
from curate.formats.detection import choose, columns_of, no_format, sample_of
from curate.formats.keep import conform, unify_kept
from curate.formats.mapping import check_mapping, mapping_columns, mapping_format
from curate.formats.pairs import ALPACA, GSM8K, TEXT
from curate.formats.parsing import ID, Parsed, Quarantined, parse_block
from curate.formats.preference import PREFERENCE
from curate.formats.rlvr import TULU3_RLVR, VERL
from curate.formats.unpaired import UNPAIRED
from curate.records import body_schema

__all__ = [
    "FORMATS",
    "Format",
    "Parsed",
    "Quarantined",
    "as_words",
    "check_columns",
    "check_format",
    "check_kept",
    "columns_of",
    "conform",
    "detect",
    "needed",
    "parse",
    "unify_kept",
]

# In the order in which detection tries them: the first that makes the kind and fits is taken.
FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        TULU3_RLVR,
        VERL,
        MESSAGES,
        SHAREGPT,
        PREFERENCE,
        UNPAIRED,
        ALPACA,
        GSM8K,
        TEXT,
    )
}


def detect(block: Block, kind: str) -> str | dict[str, Any]:
    """The format of a source by the columns of its first block: a registered name, or a mapping of
    well-known columns.

    Raises UserError, with the columns found, where nothing fits.
    """
    body_schema(kind)
    sample = sample_of(block)
    found = choose(sample, FORMATS, kind)
    if found is None:
        raise no_format(block.file, sample, kind, _makers(kind), hint(block))
    return found


def _makers(kind: str) -> list[str]:
    return sorted(name for name, form in FORMATS.items() if kind in form.kinds)


def check_format(fmt: str | Mapping[str, Any], kind: str, keep: Sequence[str] = ()) -> None:
    """Raise UserError for an unknown format, one that cannot make this kind, or a kept column that
    a record has.
    """
    columns = {"id", "source", *body_schema(kind).names}
    if isinstance(fmt, str):
        if fmt not in FORMATS:
            raise UserError(unknown("format", fmt, FORMATS))
        if kind not in FORMATS[fmt].kinds:
            able = ", ".join(_makers(kind))
            raise UserError(
                f"format '{fmt}' makes no records of kind '{kind}' (formats that do: {able}, or a mapping)"
            )
    else:
        check_mapping(fmt, kind)
    for name in keep:
        if name in columns:
            raise UserError(f"keep: '{name}' is a column of every record of kind '{kind}' already")


def check_columns(block: Block, fmt: str | Mapping[str, Any]) -> None:
    """Raise UserError where a mapping reads a column that none of the first rows of a source's
    first block has.
    """
    if isinstance(fmt, str):
        return
    sample = sample_of(block)
    for key, column in mapping_columns(fmt).items():
        if column not in sample:
            raise UserError(
                f"{block.file}: format: '{key}': {unknown('column', column, sample)}{hint(block)}"
            )


def check_kept(blocks: Iterable[Block], keep: Sequence[str], key: str = "keep") -> None:
    """Raise UserError where no row of a source has a column that is to be kept, or that another
    `key` of the recipe names; looks no further than where all were met. Where every row is bad,
    nothing is said of columns.
    """
    found: set[str] = set()
    file = ""
    for block in blocks if keep else ():
        file = file or block.file
        for part in (block.head(1), block):  # most often the first row has them all
            found |= columns_of(part)
            if found >= set(keep):
                return
    for name in keep:
        if found and name not in found:
            raise UserError(f"{file}: {key}: {unknown('column', name, found)}")


def parse(
    block: Block,
    fmt: str | Mapping[str, Any],
    kind: str,
    keep: Sequence[str] = (),
    columns: Callable[[], pa.Table | None] | None = None,
) -> Parsed:
    """Records, quarantined rows and dropped columns of a block; pure, and meant to be called from
    many threads.

    `columns` is asked in place of `block.table`, by those who need that table themselves."""
    return parse_block(block, _format(fmt), kind, keep, columns=columns or block.table)


def needed(
    block: Block, fmt: str | Mapping[str, Any], keep: Sequence[str]
) -> tuple[Block, frozenset[str]]:
    """The block with only the columns that a format and `keep` use decoded, where it has columns
    that can be left alone, and the names of those.
    """
    if not isinstance(block, ArrowBlock):
        return block, frozenset()
    kept = {name.partition(OF_MESSAGES)[0] for name in keep}
    return block.of_columns(_format(fmt).columns | kept | {*keep, ID})


def _format(fmt: str | Mapping[str, Any]) -> Format:
    return FORMATS[fmt] if isinstance(fmt, str) else mapping_format(fmt)


def as_words(fmt: str | dict[str, Any]) -> str:
    """A format as people write it: its name, or the mapping on one line."""
    return (
        fmt
        if isinstance(fmt, str)
        else "{" + ", ".join(f"{key}: {value}" for key, value in fmt.items()) + "}"
    )
