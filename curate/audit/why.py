"""Tells what became of one row, and why, in words: where it came from, what each step saw in it,
who decided what.

    print(why(Path("my-sft"), "flan-cot/4711"))

Everything is read from the audit alone. An id with `#2` at its end means that copy of a repeated
row. An id that was never read is refused with the nearest ids that were. Text from the data is
shortened, and its control characters are written as escapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from curate.audit.face import faces
from curate.audit.store import open_readonly, runs
from curate.audit.words import printable
from curate.errors import UserError

_COPY = re.compile(r"(.+)#(\d+)")


@dataclass(frozen=True)
class Document:
    """One line of the table `documents`, with the copy that was asked for."""

    id: str
    source: str
    file: str | None
    row: int
    origin_id: str | None
    n_tokens: int | None
    fate: str
    copies: int


def why(out: Path | str, doc_id: str) -> str:
    """Say in words what became of one row of the built folder `out`, and why: text to print.

    Raises UserError if no such row was read.
    """
    with open_readonly(out) as con:
        document, copy = _find(con, doc_id.strip())
        lines = [f"{document.id}: {_headline(document, copy)}", ""]
        lines += _section("Came from", _origin(con, document))
        for face in faces(con):
            for title, told in face.why(con, document.id) if face.why else ():
                lines += _section(title, told)
        lines += _section("Decisions", _decisions(con, document.id))
        lines += _section("Fate", _fate(con, document))
    return "\n".join(lines).rstrip() + "\n"


def _find(con: duckdb.DuckDBPyConnection, doc_id: str) -> tuple[Document, int]:
    """The document of an id, and which of its copies is meant (1 unless the id says so)."""
    document = _lookup(con, doc_id)
    if document is not None:
        return document, 1
    base = _COPY.fullmatch(doc_id)
    document = _lookup(con, base[1]) if base else None
    if base is None or document is None:
        raise UserError(
            f"no row '{printable(doc_id)}' was read; {_nearest(con, base[1] if base else doc_id)}"
        )
    copy = int(base[2])
    if not 2 <= copy <= document.copies:
        times = (
            f"was written {_times(document.copies)}" if document.copies else f"is {document.fate}"
        )
        raise UserError(
            f"no row '{doc_id}' was written: '{document.id}' {times}; ask for '{document.id}'"
        )
    return document, copy


def _lookup(con: duckdb.DuckDBPyConnection, doc_id: str) -> Document | None:
    found = con.execute(
        "SELECT id, source, file, row, origin_id, n_tokens, fate, copies FROM documents WHERE id = ?",
        [doc_id],
    ).fetchone()
    return None if found is None else Document(*found)


def _nearest(con: duckdb.DuckDBPyConnection, doc_id: str) -> str:
    """Name ids that do exist: the row with that upstream id, the nearest rows of the source, or the
    nearest source.
    """
    upstream = con.execute(
        "SELECT id FROM documents WHERE origin_id = ? ORDER BY row LIMIT 3", [doc_id]
    ).fetchall()
    if upstream:
        return f"it is the upstream id of {_quoted(upstream)}"
    source, _, row = doc_id.rpartition("/")
    name = con.execute(
        "SELECT name FROM sources ORDER BY jaro_winkler_similarity(name, ?) DESC, name LIMIT 1",
        [source or doc_id],
    ).fetchone()
    if name is None:
        return "this build read no source at all"
    wanted = int(row) if row.isascii() and row.isdigit() and len(row) < 18 else 0
    near = con.execute(
        "SELECT id FROM documents WHERE source = ? ORDER BY abs(row - ?), row LIMIT 3",
        [name[0], wanted],
    ).fetchall()
    (last,) = con.execute(
        "SELECT max(row) FROM documents WHERE source = ?", [name[0]]
    ).fetchone() or (None,)
    if last is None:
        return f"source '{name[0]}' has no rows"
    return f"nearest: {_quoted(near)} (source '{name[0]}' has rows 0 to {last})"


def _quoted(ids: list[Any]) -> str:
    return ", ".join(f"'{printable(doc_id)}'" for (doc_id,) in ids)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return [title, *(f"  {line}" for line in lines), ""]


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def _headline(document: Document, copy: int) -> str:
    if document.fate != "kept":
        return {"not-sampled": "not sampled"}.get(document.fate, document.fate)
    asked = f"; this is copy {copy} of it" if copy > 1 else ""
    return f"kept, written {_times(document.copies)}{asked}"


def _origin(con: duckdb.DuckDBPyConnection, document: Document) -> Iterator[str]:
    (first,) = con.execute(
        "SELECT min(row) FROM documents WHERE source = ? AND file IS NOT DISTINCT FROM ?",
        [document.source, document.file],
    ).fetchone() or (0,)
    yield f"file         {printable(document.file or 'not on record')}, row {document.row - first} (counted from 0)"
    yield f"source       {printable(document.source)}, row {document.row} of the source"
    found = con.execute(
        "SELECT from_, revision, format, licence FROM sources WHERE name = ?", [document.source]
    ).fetchone()
    if found is not None:
        origin, revision, fmt, licence = found
        yield f"read from    {printable(origin)}{f' at revision {revision}' if revision else ''}"
        yield f"format       {fmt or 'not on record'}; licence: {licence or 'not stated'}"
    yield f"upstream id  {'none' if document.origin_id is None else printable(document.origin_id)}"


def _decisions(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterator[str]:
    row = runs(con).get("steps") or []
    rows = con.execute(
        """SELECT step, action, reason, detail FROM decisions WHERE doc_id = ?
        ORDER BY coalesce(list_position(?::VARCHAR[], regexp_extract(step, '^[^.:]+')), 1000), rowid""",
        [doc_id, row],
    ).fetchall()
    shown = f" (steps: {', '.join(row)})" if row else ""
    if not rows:
        yield f"none: no step acted on it{shown}"
    for number, (step, action, reason, detail) in enumerate(rows, start=1):
        yield f"{number}. {step}: {action}{f', because {printable(reason)}' if reason else ''}"
        if detail:
            yield f"   {printable(detail[:400])}{'…' if len(detail) > 400 else ''}"


def _fate(con: duckdb.DuckDBPyConnection, document: Document) -> Iterator[str]:
    if document.fate == "kept":
        rows = (runs(con).get("recipe") or {}).get("rows", "records")
        if rows != "records":
            how = "with the columns of its input" if rows == "input" else "as in its file"
            yield f"kept: it is in data/ {_times(document.copies)}, {how}"
            return
        ids = [document.id, *(f"{document.id}#{copy}" for copy in range(2, document.copies + 1))]
        more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
        yield f"kept: it is in data/ {_times(document.copies)}, as {', '.join(ids[:5])}{more}"
        return
    found = con.execute(
        "SELECT step, reason FROM decisions WHERE doc_id = ? AND action = ? ORDER BY rowid DESC LIMIT 1",
        [document.id, document.fate],
    ).fetchone()
    at = f" at {found[0]}" if found else ""
    yield {
        "removed": f"removed{at}; the whole row is in removed/",
        "duplicate": f"dropped{at} as a duplicate; the whole row is in removed/",
        "quarantined": f"quarantined{at}; the raw row is in quarantine/",
        "not-sampled": f"not drawn: {printable(found[1])}"
        if found
        else "not drawn: the recipe asks for fewer rows than were left",
    }[document.fate]
