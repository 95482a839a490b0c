"""The walk: keys to verdicts, each saved at once; and the whole command in a real terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curate.audit.store import DATABASE, open_readonly
from curate.review.cases import Case, Selection, cases
from curate.review.walk import Verdicts, walk
from curate.verdicts import Ruling, load_verdicts, save_verdicts
from tests.audit import conftest as rows
from tests.command import ROOT, call, environment, run
from tests.review.conftest import judgeable

Made = Callable[[Path, dict[str, rows.Rows], int], Path]


@pytest.fixture
def out(tmp_path: Path, made: Made) -> Path:
    (tmp_path / "built").mkdir()
    return made(tmp_path / "built", judgeable(), 5)


@pytest.fixture
def found(out: Path) -> list[Case]:
    with open_readonly(out) as con:
        return cases(con, Selection())


def walked(
    found: list[Case], keys: str, notes: str = "", before: Verdicts | None = None
) -> tuple[Verdicts, list[int], int]:
    """The verdicts after these keys, the places that were shown, and how often was saved; commas
    part notes.
    """
    verdicts, shown, saved = dict(before or {}), [], []
    pressed, lines = iter(keys), iter(notes.split(","))
    walk(
        found,
        verdicts,
        lambda at, verdict, note: shown.append(at),
        lambda: next(pressed, ""),
        lambda: next(lines),
        lambda: saved.append(len(verdicts)),
    )
    return verdicts, shown, len(saved)


def words(found: list[Case], verdicts: Verdicts) -> list[str | None]:
    return [verdicts[case.texts].verdict if case.texts in verdicts else None for case in found]


@pytest.mark.parametrize(
    ("keys", "expected", "shown"),
    [
        ("lfa", ["leak", "false-alarm", "allowed"], [0, 1, 2]),
        ("LsA", ["leak", None, "allowed"], [0, 1, 2]),
        ("lq", ["leak", None, None], [0, 1]),
        ("", [None, None, None], [0]),
        ("lbfq", ["false-alarm", None, None], [0, 1, 0, 1]),
        ("bbxl", ["leak", None, None], [0, 0, 0, 0, 1]),
        ("sss", [None, None, None], [0, 1, 2]),
    ],
)
def test_keys(found: list[Case], keys: str, expected: list[str | None], shown: list[int]) -> None:
    verdicts, places, saved = walked(found, keys.lower())
    assert words(found, verdicts) == expected
    assert places == shown
    assert saved == sum(key in "lfa" for key in keys.lower())


def test_a_note_goes_with_the_verdict_and_stays_when_it_changes(found: list[Case]) -> None:
    verdicts, _, _ = walked(found, "nlbf", "well known")
    first = verdicts[found[0].texts]
    assert (first.verdict, first.note) == ("false-alarm", "well known")
    assert (first.doc, first.item) == ("chat/1", "gsm8k/0")
    # A note on what is judged already is saved at once; an empty line changes nothing.
    verdicts, _, saved = walked(found, "nnq", "better,", verdicts)
    assert (verdicts[found[0].texts].note, saved) == ("better", 1)


def test_a_note_waits_for_its_verdict_wherever_one_goes(found: list[Case]) -> None:
    """Typed at the second case, then one back, one on again, and to the third and back."""
    verdicts, _, saved = walked(found, "snblsbfq", "seen in two books")
    told = [(one.verdict, one.note) for one in verdicts.values()]
    assert (told, saved) == ([("leak", None), ("false-alarm", "seen in two books")], 2)


def test_a_note_does_not_wander_to_the_next_case(found: list[Case]) -> None:
    verdicts, _, _ = walked(found, "nsl", "mine")
    assert [verdict.note for verdict in verdicts.values()] == [None]


def test_without_a_terminal_it_says_what_to_do(out: Path) -> None:
    done = call("review", out, cwd=out)
    assert (done.code, done.error) == (
        2,
        "curate: curate review needs a terminal; --list or --json print what would be reviewed",
    )


def test_the_list_and_the_object(out: Path) -> None:
    listed = call("review", out, "--list", "--all", cwd=out)
    assert listed.code == 0
    assert listed.out.splitlines() == [
        "100.0 %  -                chat/1 ↔ gsm8k/0  exact:leak ngram:leak robust:none",
        " 70.0 %  -                chat/2 ↔ gsm8k/0  robust:variant",
        " 99.0 %  -                chat/0 ↔ mine/0  semantic:suspect",
        " 30.0 %  -                math/2 ↔ mine/0  ngram:none",
        "4 to review, 0 judged, 4 left",
    ]
    told = json.loads(call("review", out, "--json", "--label", "variant", cwd=out).out)
    assert told["verdicts"] == str(out.parent / "verdicts.yaml")
    case = told["cases"][0]
    save_verdicts(
        out.parent / "verdicts.yaml",
        [Ruling("x", "y", "allowed", None, case["doc_hash"], case["item_hash"])],
    )
    assert (
        call("review", out, "--list", cwd=out)
        .out.splitlines()[-2]
        .startswith(" 70.0 %  allowed          chat/2")
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--benchmark", "gsmk8"], "unknown benchmark 'gsmk8'; did you mean 'gsm8k'?"),
        (["--verdicts", "nowhere/v.yaml"], "there is no folder"),
        (["--verdicts", "bad.yaml"], "bad.yaml: unknown key 'verdict'"),
    ],
)
def test_mistakes_are_one_line(out: Path, options: list[str], message: str) -> None:
    (out / "bad.yaml").write_text("verdict: []\n", "utf-8")
    done = call("review", out, "--list", *options, cwd=out)
    assert done.code == 2
    assert message in done.error


def test_a_folder_without_an_audit(tmp_path: Path) -> None:
    done = run("review", tmp_path, "--list", cwd=tmp_path)
    assert (done.code, "no audit.duckdb there" in done.error) == (2, True)


class Terminal:
    """`curate` in a pseudo-terminal of 100 columns and 30 lines, as a person has it."""

    def __init__(self, *arguments: object, cwd: Path) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            size = {"COLUMNS": "100", "LINES": "30", "TERM": "xterm-256color"}
            os.execve(
                sys.executable,
                [sys.executable, "-m", "curate", *map(str, arguments)],
                environment() | size,
            )
        self.seen = ""

    def expect(self, words: str, seconds: float = 60) -> str:
        """Read until the words come; give what came before them, and go on after them."""
        end = time.monotonic() + seconds
        while words not in self.seen:
            assert time.monotonic() < end, f"{words!r} did not come: {self.seen!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                self.seen += self._read()
        before, _, self.seen = self.seen.partition(words)
        return before

    def _read(self) -> str:
        try:
            return os.read(self.fd, 1 << 16).decode("utf-8", "replace")
        except OSError:  # how Linux says that the other side is closed
            return ""

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def end(self) -> int:
        """Wait for the end, and give the exit code."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                self.seen += self._read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f"it does not end: {self.seen!r}")


@pytest.fixture
def terminal(out: Path) -> Iterator[Terminal]:
    yield Terminal("review", out, cwd=ROOT)


def test_one_key_a_verdict_in_a_real_terminal(terminal: Terminal, out: Path) -> None:
    file, before = out.parent / "verdicts.yaml", (out / DATABASE).read_bytes()
    screen = terminal.expect("quit")
    assert "1 of 3 · 0 judged" in screen and "chat/1" in screen
    terminal.press("l")  # no Enter
    terminal.expect("2 of 3 · 1 judged")
    terminal.expect("quit")
    assert [(v.doc, v.verdict) for v in load_verdicts(file)] == [("chat/1", "leak")]
    terminal.press("\x1b[Ax")  # an arrow and a key without a meaning: the case stays
    terminal.expect("2 of 3")
    terminal.press("n")
    terminal.expect("note: ")
    terminal.press("nur 72 geändert\n")
    terminal.expect("kept with the verdict")
    terminal.press("a")
    terminal.expect("3 of 3 · 2 judged")
    terminal.press("b")
    terminal.expect("nur 72 geändert")
    terminal.press("sf")  # typed ahead
    assert terminal.end() == 0
    assert "3 to review, 3 judged, 0 left" in terminal.seen
    assert {v.doc: (v.verdict, v.note) for v in load_verdicts(file)} == {
        "chat/1": ("leak", None),
        "chat/2": ("allowed", "nur 72 geändert"),
        "chat/0": ("false-alarm", None),
    }
    assert (out / DATABASE).read_bytes() == before


def test_an_interrupt_loses_nothing(terminal: Terminal, out: Path) -> None:
    terminal.expect("quit")
    terminal.press("f")
    terminal.expect("2 of 3")
    terminal.expect("quit")
    terminal.press("\x03")
    assert terminal.end() == 130
    assert "interrupted" in terminal.seen and "Traceback" not in terminal.seen
    assert [v.verdict for v in load_verdicts(out.parent / "verdicts.yaml")] == ["false-alarm"]


def test_texts_cannot_steer_a_real_terminal(tmp_path: Path, made: Made) -> None:
    tables = judgeable()
    for turn in tables["texts"]:
        turn["text"] += "\x1b]0;evil\x07\x1b[6n\x9b6n"
    (tmp_path / "built").mkdir()
    terminal = Terminal("review", made(tmp_path / "built", tables, 5), cwd=ROOT)
    screen = terminal.expect("quit")
    terminal.press("q")
    assert terminal.end() == 0
    sent = re.sub(r"\x1b\[[0-9;]*[mHJ]", "", screen)
    assert "evil" in sent
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", sent)
