"""The shape of what is written where rows are not written as records: whose columns, in which files.

`rows: input` puts the rows of all sources into one table, so they must have the same columns.
`rows: lines` writes a file a source: text is copied, what has columns goes to Parquet with them.
What can't be is refused before work starts, or as soon as the types of JSON's values are known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pyarrow as pa

from curate.errors import UserError
from curate.files import SourceFile, kind_of
from curate.files.as_read import OTHERWISE, file_columns, joined
from curate.files.notes import not_in_lines
from curate.files.stream import COMPRESSIONS
from curate.mixture.scan import Scanned
from curate.recipe import OutputSpec, Recipe, SourceSpec
from curate.sources import Source
from curate.sources.built import file_stem

_TEXT = ("json lines", "json", "csv", "tsv")
_LINES = "rows: lines (--like-input) writes one file for each source"


def is_read_as_it_is(output: OutputSpec, source: Source) -> bool:
    """Whether the rows of a source are staged with their own columns, to be written with them."""
    return output.rows == "input" or (output.rows == "lines" and not is_text(source))


def is_text(source: Source) -> bool:
    """Whether the rows of a source stand in text files."""
    return bool(source.files) and kind_of(source.files[0].path.name) in _TEXT


def source_file(source: Source) -> str:
    """The name of the file for the rows of a source: its own, with the extension of its input."""
    return file_stem(source.name) + (_extension(source.files[0]) if is_text(source) else ".parquet")


def _extension(file: SourceFile) -> str:
    suffixes = file.path.suffixes
    return "".join(suffixes[-2:] if suffixes[-1].lower() in COMPRESSIONS else suffixes[-1:])


def check_shape(recipe: Recipe, sources: Sequence[Source]) -> None:
    """Raise UserError where sources, as far as is known before they are read, can't be written in
    the shape that the recipe asks for.
    """
    if recipe.output.rows == "records":
        return
    columns = [
        _columns_of(source, spec) for source, spec in zip(sources, recipe.sources, strict=True)
    ]
    if recipe.output.rows == "input":
        known = [pair for pair in zip(sources, columns, strict=True) if pair[1] is not None]
        for one, other in pairwise(known):
            _same_columns(*one, *other)
        return
    for source, spec in zip(sources, recipe.sources, strict=True):
        _one_kind(source)
        _in_lines(source, spec)
        if spec.columns:
            raise UserError(
                f"source '{source.name}': its files have no header, so a copy of their lines would "
                "not name the columns; write rows: input or rows: records"
            )
    _names_apart(sources)


def _columns_of(source: Source, spec: SourceSpec) -> pa.Schema | None:
    """The columns that the files of a source have; None where only their rows tell."""
    first: tuple[SourceFile, pa.Schema] | None = None
    for file in source.files:
        columns = file_columns(file, spec.columns, spec.encoding)
        if columns is None:
            continue
        if first is not None and not columns.equals(first[1]):
            differing = _differing(first[1], columns) or "their order"
            raise UserError(
                f"source '{source.name}': {first[0].path} and {file.path} have different columns "
                f"({differing}); make them two sources, or write rows: records (--records)"
            )
        first = first or (file, columns)
    return first[1] if first else None


def _one_kind(source: Source) -> None:
    """Files that become one must be of one kind."""
    for one, other in pairwise(source.files if is_text(source) else ()):
        if _extension(one).lower() != _extension(other).lower():
            raise UserError(
                f"source '{source.name}': {one.path} and {other.path} are files of two kinds, whose "
                "lines can't be copied into one; make them two sources"
            )


def _in_lines(source: Source, spec: SourceSpec) -> None:
    """Text is copied as it stands: its rows must be lines of UTF-8, or elements of an array."""
    for file in source.files if is_text(source) else ():
        told = f"its text is {spec.encoding}" if spec.encoding else None
        told = told or (f"its rows are the list under '{spec.field}'" if spec.field else None)
        told = told or not_in_lines(file)
        if told:
            raise UserError(
                f"source '{source.name}': {file.path}: {told}; its lines can't be copied "
                "unchanged; write rows: input or rows: records (--records)"
            )


def _names_apart(sources: Sequence[Source]) -> None:
    names: dict[str, str] = {}
    for source in sources:
        other = names.setdefault(source_file(source), source.name)
        if other != source.name:
            raise UserError(
                f"sources '{other}' and '{source.name}' would both be written to "
                f"data/{source_file(source)}; name one of them differently"
            )


def own_schema(sources: Sequence[Source], blocks: Sequence[Sequence[Scanned]]) -> pa.Schema:
    """The columns in which the rows of some sources are written as they were read.

    Raises UserError where they have different ones, where no one type holds their values, and where
    Parquet can't hold them."""
    known = []
    for source, own in zip(sources, blocks, strict=True):
        schemas = [block.own for block in own if block.own is not None]
        try:
            known.append((source, joined(schemas)))
        except UserError as error:
            raise UserError(f"source '{source.name}': {error}") from None
    for one, other in pairwise(known):
        _same_columns(*one, *other)
    whole = joined([schema for _, schema in known])
    for field in whole:
        if _holds_nothing(field.type):
            told = f"column '{field.name}' holds objects without a key, which Parquet can't hold"
            raise UserError(f"{told}; {OTHERWISE}")
    return whole


def _same_columns(one: Source, columns: pa.Schema, other: Source, others: pa.Schema) -> None:
    differing = _differing(columns, others)
    if is_text(one) and is_text(other) and not set(columns.names) ^ set(others.names):
        differing = _not_joined(columns, others)  # a column may be null, or whole, in one alone
    if differing:
        raise UserError(
            f"sources '{one.name}' and '{other.name}' have different columns ({differing}), which "
            f"can't be in one file; {_LINES}, rows: records (--records) writes records"
        )


def _differing(one: pa.Schema, other: pa.Schema) -> str:
    """The columns that only one of two schemas has, or that have two types."""
    first, second = ({field.name: field.type for field in schema} for schema in (one, other))
    return ", ".join(name for name in first | second if first.get(name) != second.get(name))


def _not_joined(one: pa.Schema, other: pa.Schema) -> str:
    try:
        joined([one, other])
    except UserError:
        return _differing(one, other)
    return ""


def _holds_nothing(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return _holds_nothing(kind.value_type)
    if pa.types.is_struct(kind):
        return kind.num_fields == 0 or any(_holds_nothing(field.type) for field in kind)
    return False
