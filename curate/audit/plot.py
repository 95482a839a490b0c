"""Writes one of the pictures of a build to a file: SVG, or PNG where the extra `plot` is installed."""

from __future__ import annotations

from pathlib import Path

from curate.audit.pictures import alone, pictures
from curate.audit.store import open_readonly
from curate.errors import UserError, extra, unknown
from curate.shards import write_bytes, write_text

WIDE = 3
"""Dots of a PNG for a unit of a picture."""


def write_picture(out: Path, name: str, svg: Path | None, png: Path | None) -> list[Path]:
    """Write a picture of the built folder `out`, and give the paths; UserError where there is no such
    picture, nowhere to write it, or nothing to draw a PNG with.
    """
    if svg is None and png is None:
        raise UserError("give a file for the picture: --svg FILE or --png FILE")
    with open_readonly(out) as con:
        drawn = pictures(con)
    if name not in drawn:
        raise UserError(f"{out}: {unknown('picture', name, drawn)}")
    picture = alone(drawn[name])
    if svg is not None:
        write_text(_there(svg), picture)
    if png is not None:
        write_bytes(_there(png), _dots(picture))
    return [path for path in (svg, png) if path is not None]


def _there(path: Path) -> Path:
    if not path.absolute().parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.absolute().parent} to write it to")
    return path


def _dots(picture: str) -> bytes:
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise UserError(
            f"a PNG needs the package resvg-py: {extra('plot')}; or take --svg"
        ) from None
    return bytes(svg_to_bytes(svg_string=picture, zoom=WIDE / 2))
