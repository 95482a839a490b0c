"""How a recipe says where rows come from and what shape they have."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from curate.config import IS_PATH, Strict
from curate.files.encoding import Encoding


class ReadSpec(Strict):
    """Rows to be read: where they are, and how."""

    name: str = Field(default="rows", pattern=r"^\w[\w./-]*$")
    from_: Annotated[str, IS_PATH] = Field(alias="from", min_length=1)
    """A file, glob, folder, or `org/name[:subset][@revision]` on the Hub; paths are relative to the
    recipe's folder.
    """
    split: str | None = None
    format: str | dict[str, Any] | None = None
    """A registered format, or a mapping of record fields to columns; found out when left out, and
    said.
    """
    columns: tuple[str, ...] | None = None
    """Column names of a CSV or TSV file without a header."""
    encoding: Encoding | None = None
    """Of files of text that are no UTF-8."""
    field: str | None = None
    """The key of the list that holds the rows where a JSON file is one object."""
    keep: tuple[str, ...] = ()
    """Further columns to carry into the output."""
    licence: str | None = None
