"""Walks through the cases of a build, one key each, and keeps every verdict at once.

    review(Path("my-sft"), None, Selection(label="variant"), "walk")

The walk itself is a function of keys, so that it can be tried without a terminal. Ctrl-C ends it
anywhere: whatever was judged before is in the file. Refused: a walk where there is no terminal."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from curate.audit.store import open_readonly
from curate.audit.words import printable
from curate.errors import UserError
from curate.review.cases import Case, Selection, as_object, cases, in_order, texts
from curate.review.screen import draw
from curate.steps.decontaminate.verdicts import Ruling, load_verdicts, save_verdicts

FILE = "verdicts.yaml"
WORDS = {"l": "leak", "f": "false-alarm", "a": "allowed"}

Verdicts = dict[tuple[str, str], Ruling]
"""By the hashes of the two texts."""
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
    verdicts = {
        verdict.texts: verdict for verdict in (load_verdicts(file) if file.exists() else [])
    }
    with open_readonly(out) as con:
        found = in_order(cases(con, wanted), verdicts.values())
        if how == "json":
            objects = [as_object(case, verdicts.get(case.texts)) for case in found]
            return json.dumps({"verdicts": str(file), "cases": objects}, ensure_ascii=False)
        if how == "list":
            lines = [_line(case, verdicts.get(case.texts)) for case in found]
            return "\n".join([*lines, _counted(found, verdicts)])
        console = Console(highlight=False)

        def show(at: int, verdict: Ruling | None, note: str | None) -> None:
            place = f"{at + 1:,} of {len(found):,} · {_judged(found, verdicts):,} judged · {file}"
            draw(console, found[at], texts(con, found[at]), place, verdict, note)

        with _single_keys(sys.stdin.fileno()) as (key, line):
            walk(found, verdicts, show, key, line, lambda: save_verdicts(file, verdicts.values()))
    return f"\n{_counted(found, verdicts)}: {file}"


def walk(
    found: list[Case],
    verdicts: Verdicts,
    show: Show,
    key: Callable[[], str],
    line: Callable[[], str],
    save: Callable[[], None],
) -> None:
    """Show case after case, and put what the keys say into `verdicts`, saving each time.

    `key` gives one key, an empty one at the end of the input; `line` gives a line of text for a
    note."""
    at, note = 0, None
    while at < len(found):
        case = found[at]
        show(at, verdicts.get(case.texts), note)
        pressed = key()
        if pressed in ("q", ""):
            return
        if pressed in WORDS:
            _judge(verdicts, case, WORDS[pressed], note, save)
        elif pressed == "n":
            note = line().strip() or note
            if note and case.texts in verdicts:
                _judge(verdicts, case, verdicts[case.texts].verdict, note, save)
                note = None
            continue
        elif pressed not in ("s", "b"):
            continue
        at, note = max(0, at - 1) if pressed == "b" else at + 1, None


def _judge(
    verdicts: Verdicts, case: Case, word: str, note: str | None, save: Callable[[], None]
) -> None:
    """Give a case its verdict; a note it had stays unless there is a new one."""
    before = verdicts.get(case.texts)
    kept = note or (before.note if before else None)
    verdicts[case.texts] = Ruling(case.doc, case.item, word, kept, *case.texts)
    save()


def _judged(found: list[Case], verdicts: Verdicts) -> int:
    return sum(case.texts in verdicts for case in found)


def _counted(found: list[Case], verdicts: Verdicts) -> str:
    judged = _judged(found, verdicts)
    return f"{len(found):,} to review, {judged:,} judged, {len(found) - judged:,} left"


def _line(case: Case, verdict: Ruling | None) -> str:
    said = " ".join(f"{found.matcher}:{found.label or 'none'}" for found in case.found)
    score = max(found.score for found in case.found)
    return f"{100 * score:5.1f} %  {verdict.verdict if verdict else '-':11}  " + printable(
        f"{case.doc} ↔ {case.item}  {said}"
    )


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
