"""Walks through the cases of a build, one key each, and keeps every verdict at once.

    review(Path("my-sft"), None, Selection(label="variant"), "walk")

The walk itself is a function of keys, so that it can be tried without a terminal. Ctrl-C ends it
anywhere: whatever was judged before is in the file. Refused: a walk where there is no terminal."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console

from curate.audit.store import open_readonly
from curate.audit.words import printable
from curate.errors import UserError
from curate.review.cases import Case, Selection, as_object, cases, in_order, texts
from curate.review.screen import draw
from curate.review.twins import Twin, twin_as_object, twin_texts, twins
from curate.verdicts import DUPLICATES, MATCHES, Ruling, load_verdicts, pair_of, save_verdicts

FILE = "verdicts.yaml"

Verdicts = dict[tuple[str, str], Ruling]
"""By the hashes of the two texts; a row and an item never have those of two rows."""
Show = Callable[[int, Ruling | None, str | None], None]
"""Shows a case by its place, with its verdict and a note that waits for one."""


def review(out: Path, path: Path | None, wanted: Selection, how: str) -> str:
    """Review the build `out`: `walk` through it, or only give what there is as a `list` or as
    `json`.
    """
    if how == "walk" and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(
            "curate review needs a terminal; --list or --json print what would be reviewed"
        )
    file = path or out.absolute().parent / FILE
    if not file.absolute().parent.is_dir():
        raise UserError(
            f"{file}: there is no folder {file.absolute().parent} to keep the verdicts in"
        )
    verdicts = _loaded(file)
    with open_readonly(out) as con:
        found = _to_review(con, wanted, verdicts)
        if how == "json":
            return _as_json(file, found, verdicts)
        if how == "list":
            lines = [_line(case, verdicts.get(case.texts)) for case in found]
            return "\n".join([*lines, _counted(found, verdicts)])
        console = Console(highlight=False)

        def show(at: int, verdict: Ruling | None, note: str | None) -> None:
            place = f"{at + 1:,} of {len(found):,} · {_judged(found, verdicts):,} judged · {file}"
            case = found[at]
            sides = twin_texts(con, case) if isinstance(case, Twin) else texts(con, case)
            draw(console, case, sides, place, verdict, note)

        with _single_keys(sys.stdin.fileno()) as (key, line):
            walk(found, verdicts, show, key, line, lambda: _save(file, verdicts))
    return f"\n{_counted(found, verdicts)}: {file}"


def _loaded(file: Path) -> Verdicts:
    parts = (MATCHES, DUPLICATES) if file.exists() else ()
    return {pair_of(one, part): one for part in parts for one in load_verdicts(file, part)}


def _save(file: Path, verdicts: Verdicts) -> None:
    matches, duplicates = (
        [one for one in verdicts.values() if one.verdict in part.words]
        for part in (MATCHES, DUPLICATES)
    )
    save_verdicts(file, matches, duplicates)


def _to_review(
    con: duckdb.DuckDBPyConnection, wanted: Selection, verdicts: Verdicts
) -> list[Case | Twin]:
    """What is to be judged: matches, then duplicates where nothing of matches is asked for; those
    without a verdict first.
    """
    found: list[Case | Twin] = [*cases(con, wanted)]
    if wanted == Selection(near=wanted.near):
        found += twins(con, wanted.near)
    return in_order(found, verdicts)


def _as_json(file: Path, found: Sequence[Case | Twin], verdicts: Verdicts) -> str:
    def objects(of: type[Case | Twin], describe: Callable[..., Any]) -> list[Any]:
        own = (case for case in found if isinstance(case, of))
        return [describe(case, verdicts.get(case.texts)) for case in own]

    told = {"cases": objects(Case, as_object), "duplicates": objects(Twin, twin_as_object)}
    return json.dumps({"verdicts": str(file), **told}, ensure_ascii=False)


def walk(
    found: Sequence[Case | Twin],
    verdicts: Verdicts,
    show: Show,
    key: Callable[[], str],
    line: Callable[[], str],
    save: Callable[[], None],
) -> None:
    """Show case after case, and put what the keys say into `verdicts`, saving each time.

    `key` gives one key, an empty one at the end of the input; `line` gives a line of text for a
    note. A note that was typed before the verdict waits for it, wherever one goes meanwhile."""
    at = 0
    notes: dict[tuple[str, str], str] = {}
    while at < len(found):
        case = found[at]
        note = notes.get(case.texts)
        show(at, verdicts.get(case.texts), note)
        pressed = key()
        if pressed in ("q", ""):
            return
        if pressed in case.keys:
            _judge(verdicts, case, case.keys[pressed], notes.pop(case.texts, None), save)
        elif pressed == "n":
            note = line().strip() or note
            if note and case.texts in verdicts:
                _judge(verdicts, case, verdicts[case.texts].verdict, note, save)
            elif note:
                notes[case.texts] = note
            continue
        elif pressed not in ("s", "b"):
            continue
        at = max(0, at - 1) if pressed == "b" else at + 1


def _judge(
    verdicts: Verdicts, case: Case | Twin, word: str, note: str | None, save: Callable[[], None]
) -> None:
    """Give a case its verdict; a note it had stays unless there is a new one."""
    before = verdicts.get(case.texts)
    kept = note or (before.note if before else None)
    hashes = case.doc_hash, case.item_hash
    verdicts[case.texts] = Ruling(case.doc, case.item, word, kept, *hashes)
    save()


def _judged(found: Sequence[Case | Twin], verdicts: Verdicts) -> int:
    return sum(case.texts in verdicts for case in found)


def _counted(found: Sequence[Case | Twin], verdicts: Verdicts) -> str:
    judged = _judged(found, verdicts)
    return f"{len(found):,} to review, {judged:,} judged, {len(found) - judged:,} left"


def _line(case: Case | Twin, verdict: Ruling | None) -> str:
    said = f"{verdict.verdict if verdict else '-':15}  "
    return f"{case.shown}  {said}" + printable(f"{case.doc} ↔ {case.item}  {case.said}")


@contextmanager
def _single_keys(fd: int) -> Iterator[tuple[Callable[[], str], Callable[[], str]]]:
    """Give a function that reads one key, without Enter or echo, and one that reads a line as
    terminals do.
    """
    import termios  # not on every system; the rest of curate does without
    import tty

    before = termios.tcgetattr(fd)
    # Not flushing: what was typed ahead is a key like any other. Ctrl-C still interrupts.
    tty.setcbreak(fd, termios.TCSADRAIN)
    single = termios.tcgetattr(fd)

    def line() -> str:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
        try:
            return input("\nnote: ")
        except EOFError:
            return ""
        finally:
            termios.tcsetattr(fd, termios.TCSADRAIN, single)

    try:
        yield lambda: _key(fd), line
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _key(fd: int) -> str:
    """One key; the bytes of a longer one, such as an arrow, are read together and mean nothing."""
    read = os.read(fd, 1)
    if read in (b"", b"\x04"):
        return ""
    if read == b"\x1b":
        while select.select([fd], [], [], 0.02)[0]:
            read += os.read(fd, 1)
        return "\x1b"
    return read.decode("latin-1").lower()
