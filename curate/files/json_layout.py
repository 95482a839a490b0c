"""How the rows of a JSON file are laid out, and where they are in a document.

    array        [{...}, {...}]
    lines        one object to a line; `comma lines` where each ends with a comma
    document     {"rows": [{...}, {...}], "more": ...}: one object that holds the rows in a list
    objects      objects over several lines each, one behind the other

The first 64 KiB tell, but for one thing: whether an object that goes on beyond them is a document
or the first of several. That is known once it has been read to its end (`first_value`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from curate.errors import UserError
from curate.kernels.lines import array_cuts

Layout = Literal["array", "lines", "comma lines", "one or several", "neither"]
HEAD_BYTES = 1 << 16
SPACE = b" \t\r\n"
_KEY = re.compile(rb'\s*("(?:[^"\\]|\\.)*")\s*:\s*', re.DOTALL)


def layout_of(head: bytes, *, whole: bool, json_file: bool) -> Layout:
    """The layout of a file that begins with `head`, or is that, whole.

    `json_file`: by its name the file may be one document. Then it is `neither` if it is no JSON and
    its second line is no row.
    """
    text = head.lstrip(SPACE)
    if not text.startswith(b"{"):
        return "array" if text.startswith(b"[") else "lines"
    line, newline, rest = text.partition(b"\n")
    if not newline and not whole:
        return "one or several" if json_file else "lines"
    if _is_object(line):
        alone = json_file and whole and not rest.strip(SPACE)
        return "one or several" if alone else "lines"
    if _is_object(without_comma(line)):
        return "comma lines"
    if _goes_on(text, whole):
        return "one or several"
    return (
        "neither" if json_file and not _is_object(rest.lstrip(SPACE).split(b"\n")[0]) else "lines"
    )


def without_comma(row: bytes) -> bytes:
    """A row without the comma that it ends with."""
    return row.rstrip(SPACE).removesuffix(b",")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _goes_on(text: bytes, whole: bool) -> bool:
    """Whether text begins with an object that ends on a later line, or is cut by the end of it."""
    shown = text.decode("utf-8", "replace")
    try:
        _, end = json.JSONDecoder().raw_decode(shown)
    except json.JSONDecodeError as error:
        at_end = error.pos >= len(shown) - 8 or error.msg.startswith("Unterminated string")
        return at_end and not whole
    except (ValueError, RecursionError):
        return False
    return "\n" in shown[:end]


def first_value(path: Path, pieces: Iterator[bytes]) -> tuple[bytes, bytes, Iterator[bytes]]:
    """The object that a text begins with, what follows of its piece, and the pieces after that.

    Raises UserError where it is never closed.
    """
    state = np.array([1, 0, 0, 0], np.int64)
    held: list[bytes] = []
    for piece in pieces:
        own = piece if held else piece.lstrip(SPACE)
        if not own:
            continue
        opening = not held  # its first byte is the bracket that `state` counts already
        cuts = array_cuts(np.frombuffer(own[opening:], np.uint8), state)
        if state[3]:
            end = int(cuts[-1]) + opening + 1
            return b"".join([*held, own[:end]]), own[end:], pieces
        held.append(own)
    raise UserError(f"{path}: the object that the file begins with is never closed; it is cut off")


def is_document(rest: bytes, pieces: Iterator[bytes]) -> tuple[bool, Iterator[bytes]]:
    """Whether nothing follows a first value, and all that follows."""
    while not rest.strip(SPACE) and (piece := next(pieces, None)) is not None:
        rest += piece
    return not rest.strip(SPACE), chain([rest], pieces)


def list_in(name: str, document: bytes, key: str | None) -> tuple[str, bytes]:
    """The key, and the text from behind its opening bracket, of the list that holds the rows.

    It is the one under `key`, else the only list of objects. Raises UserError where there is none.
    """
    cuts = array_cuts(np.frombuffer(document[1:], np.uint8), np.array([1, 0, 0, 0], np.int64)) + 1
    found: dict[str, bytes] = {}
    for start, end in pairwise([0, *cuts.tolist()]):
        if match := _KEY.match(document, start + 1, end):
            found[str(json.loads(match[1]))] = document[match.end() : end]
    if key is not None:
        if not found.get(key, b"").startswith(b"["):
            listed = ", ".join(found)
            raise UserError(f"{name}: no list of rows under '{key}' (found: {listed})")
        return key, found[key][1:]
    lists = [one for one, value in found.items() if re.match(rb"\[\s*\{", value)]
    if len(lists) != 1:
        several = f"; of its keys {', '.join(lists)} hold lists of objects" if lists else ""
        raise UserError(
            f"{name}: the file is one JSON object{several}; rows are an array of objects, or one "
            "object to a line, or a list whose key is named: `field` of a source, `rows` of a "
            "benchmark"
        )
    return lists[0], found[lists[0]][1:]
