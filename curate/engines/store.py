"""Every answer, durable before anyone sees it: a folder with an SQLite database.

    with open_store(folder) as store:
        claim = await store.claim(key, request, identity)   # durable before anything is sent
        await store.keep(claim, answer)                      # durable before it is handed on

A request is claimed by a line in `asked`. One that is answered gives its answer instead, and one
that a living process has claimed gives None: ask something else meanwhile. A process lives as long
as it holds the lock on its file in `runs/`, which the system lets go when it ends, however it ends.
So nothing answered is asked again, and what a killed process had in flight is known by name.

Each process has one thread that writes. It takes all that waits, writes it as one transaction and
brings it to the disk once, so that the disk's speed does not limit the number of requests. A failed
request is kept with its attempts, but is no answer: the next run asks again."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import queue
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from curate.engines.answer import Answer, answer_from
from curate.engines.local import require_local
from curate.engines.request import Identity, Request
from curate.errors import CurateError, UserError

DATABASE = "answers.sqlite"
SCHEMA = 1
"""Of the database, as its user_version."""
_WAIT = 60.0
"""Seconds that a process waits while another writes."""
_AT_ONCE = 500

Job = Callable[[sqlite3.Connection], Any]


@dataclass(frozen=True)
class Claim:
    """A request that this process may send: its key, and its line in `asked`."""

    key: str
    line: int


def default_store() -> Path:
    """The folder of answers in the user's cache."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "curate" / "answers"


@contextmanager
def open_store(folder: Path | None = None) -> Iterator[Store]:
    """The store in a folder, by default in the user's cache, made where it is not there.

    Raises UserError where none can be: on a network share, where nothing may be written.
    """
    folder = folder or default_store()
    require_local(folder)
    try:
        (folder / "runs").mkdir(parents=True, exist_ok=True)
        run, lock = _begin_run(folder / "runs")
    except OSError as error:
        raise UserError(f"{folder}: no store can be kept there ({error.strerror})") from None
    try:
        store = Store(folder, run)
        try:
            yield store
        finally:
            store.close()
    finally:
        (folder / "runs" / run).unlink(missing_ok=True)
        lock.close()


class Store:
    """An open store. `claim` and `keep` belong to an event loop; the rest may be called anywhere."""

    def __init__(self, folder: Path, run: str) -> None:
        self.folder, self.run = folder, run
        self._under_way: set[str] = set()  # keys that are claimed or being claimed here
        self._reading = connect(folder)
        self._jobs: queue.SimpleQueue[tuple[Job, asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="curate-store", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._jobs.put(None)
        self._writer.join()
        self._reading.close()

    def found(self, keys: Sequence[str]) -> dict[str, Answer]:
        """The answers that are kept, by key."""
        answers = {}
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            rows = self._reading.execute(
                f"SELECT key, answer FROM answers WHERE key IN ({marks})", part
            )
            answers.update({key: answer_from(json.loads(text)) for key, text in rows})
        return answers

    def seconds(self, identity: Identity) -> float | None:
        """Seconds that the last requests to an engine took, on average; None where there were none."""
        (seconds,) = self._reading.execute(_SECONDS, (identity.text,)).fetchone()
        return seconds  # type: ignore[no-any-return]

    async def claim(self, key: str, request: Request, identity: Identity) -> Claim | Answer | None:
        """Claim a request: the answer if it has one, None if it is being asked, here or elsewhere."""
        if key in self._under_way:
            return None

        def job(database: sqlite3.Connection) -> Claim | Answer | None:
            row = database.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
            if row:
                return answer_from(json.loads(row[0]))
            runs = database.execute(_CLAIMED, (key, self.run)).fetchall()
            if any(lives(self.folder, run) for (run,) in runs):
                return None
            database.execute(_REQUEST, (key, escaped(identity.text), escaped(request.text)))
            line = database.execute(_ASKED, (key, self.run, time.time())).lastrowid
            return Claim(key, int(line or 0))

        self._under_way.add(key)
        writing = self._queued(job)
        try:
            claim = await asyncio.shield(writing)
        except asyncio.CancelledError:  # it is written all the same
            writing.add_done_callback(lambda done: self._unwanted(key, done))
            raise
        except CurateError:
            self._under_way.discard(key)
            raise
        if not isinstance(claim, Claim):
            self._under_way.discard(key)
        return claim  # type: ignore[no-any-return]

    def _unwanted(self, key: str, written: asyncio.Future[Any]) -> None:
        """Let go of what was claimed for a caller who is gone."""
        self._under_way.discard(key)
        if written.exception() is None and isinstance(written.result(), Claim):
            self.let_go(written.result())

    def let_go(self, claim: Claim) -> None:
        """End the claim of a request whose asking was interrupted: whoever wants it may ask it. Waits
        for nothing, so that an interruption ends at once.
        """
        text = json.dumps(Answer("failed", reason="interrupted").plain())
        self._queued(lambda database: database.execute(_FAILED, (text, claim.line)).rowcount)
        self._under_way.discard(claim.key)

    async def keep(self, claim: Claim, answer: Answer) -> None:
        """Keep the end of a request; returns when it is on the disk."""
        text = escaped(json.dumps(answer.plain(), ensure_ascii=False))

        def job(database: sqlite3.Connection) -> None:
            if answer.outcome == "failed":
                database.execute(_FAILED, (text, claim.line))
            else:
                row = (claim.key, claim.line, answer.outcome, text, time.time())
                database.execute(_ANSWER, row)

        try:
            await self._written(job)
        finally:
            self._under_way.discard(claim.key)

    async def _written(self, job: Job) -> Any:
        return await self._queued(job)

    def _queued(self, job: Job) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        self._jobs.put((job, future))
        return future

    def _write(self) -> None:
        database, going = connect(self.folder), True
        while going:
            batch = [self._jobs.get()]
            while not self._jobs.empty():
                batch.append(self._jobs.get())
            going = None not in batch
            _write_batch(database, [one for one in batch if one is not None])
        database.close()


_CLAIMED = (
    "SELECT run FROM asked LEFT JOIN answers ON answers.asked = asked.n "
    "WHERE asked.key = ? AND run <> ? AND failed IS NULL AND answers.key IS NULL"
)
_SECONDS = (
    "SELECT avg(seconds) FROM (SELECT answer ->> 'seconds' AS seconds FROM answers "
    "JOIN requests USING (key) WHERE engine = ? ORDER BY asked DESC LIMIT 200)"
)
_REQUEST = "INSERT OR IGNORE INTO requests (key, engine, request) VALUES (?, ?, ?)"
_ASKED = "INSERT INTO asked (key, run, at) VALUES (?, ?, ?)"
_FAILED = "UPDATE asked SET failed = ? WHERE n = ?"
_ANSWER = "INSERT OR IGNORE INTO answers (key, asked, outcome, answer, at) VALUES (?, ?, ?, ?, ?)"


def _write_batch(
    database: sqlite3.Connection, batch: Sequence[tuple[Job, asyncio.Future[Any]]]
) -> None:
    """Do jobs as one transaction, then tell those who wait. One that fails leaves nothing, and only
    its own caller is told; where the transaction fails, all are.
    """
    if not batch:
        return
    ended: list[tuple[asyncio.Future[Any], Any]]
    try:
        database.execute("BEGIN IMMEDIATE")
        ended = [(future, _done(database, job)) for job, future in batch]
        database.execute("COMMIT")
    except Exception as error:
        if database.in_transaction:
            database.execute("ROLLBACK")
        ended = [(future, _unwritten(error)) for _, future in batch]
    loops = {future.get_loop() for future, _ in ended}
    for loop in loops:
        own = [(future, value) for future, value in ended if future.get_loop() is loop]
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(_tell, own)


def _done(database: sqlite3.Connection, job: Job) -> Any:
    """What a job gives, or the error that undid it."""
    database.execute("SAVEPOINT job")
    try:
        value = job(database)
    except Exception as error:
        database.execute("ROLLBACK TO job")  # raises where SQLite gave up the whole transaction
        value = _unwritten(error)
    database.execute("RELEASE job")
    return value


def _unwritten(error: Exception) -> CurateError:
    return CurateError(f"the store cannot be written: {error}")


def _tell(ended: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, value in ended:
        if future.done():  # nobody waits any more
            continue
        if isinstance(value, CurateError):
            future.set_exception(value)
        else:
            future.set_result(value)


def escaped(text: str) -> str:
    """JSON in which half of a surrogate pair, which UTF-8 cannot hold, is written as its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def connect(folder: Path) -> sqlite3.Connection:
    """The database of a store, made where it is not there. A commit is on the disk when it returns."""
    path = folder / DATABASE
    try:
        database = sqlite3.connect(
            path, timeout=_WAIT, isolation_level=None, check_same_thread=False
        )
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA):
            raise UserError(f"{path}: made by another version of curate; name another --store")
        if version == 0:
            schema = Path(__file__).with_suffix(".sql").read_text("utf-8")
            database.executescript(f"BEGIN IMMEDIATE;{schema};PRAGMA user_version={SCHEMA};COMMIT;")
    except sqlite3.Error as error:
        raise UserError(f"{path}: cannot be opened as a store ({error})") from None
    return database


# ---- runs


def _begin_run(folder: Path) -> tuple[str, TextIO]:
    """A name for this run, and its file, locked for as long as the process lives."""
    run = f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    lock = (folder / run).open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return run, lock


def lives(folder: Path, run: str) -> bool:
    """Whether the process of a run is still there."""
    try:
        with (folder / "runs" / run).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
