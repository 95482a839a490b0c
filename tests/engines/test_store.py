"""The store: what is durable, who may ask, and what is thrown away."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curate.engines import local, stock
from curate.engines.answer import Answer, Attempt
from curate.engines.ask import ask
from curate.engines.engine import Replay
from curate.engines.request import Identity, key_of
from curate.engines.store import DATABASE, Claim, Store, open_store
from curate.errors import CurateError, UserError
from tests.command import call
from tests.engines.asking import asked

ENGINE = Identity("openai", "m", "r")
ANSWER = Answer(
    "answered", said="Elm “ü”", cost=0.25, attempts=(Attempt(1.0, "x", 500), Attempt(2.0))
)


def claim(store: Store, number: int = 0) -> Claim | Answer | None:
    request = asked(number + 1)[number]
    return asyncio.run(store.claim(key_of(request, ENGINE), request, ENGINE))


def keep(store: Store, answer: Answer, number: int = 0) -> str:
    found = claim(store, number)
    assert isinstance(found, Claim)
    asyncio.run(store.keep(found, answer))
    return found.key


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """What another program sees."""
    database = sqlite3.connect(folder / DATABASE)
    found = database.execute(sql).fetchall()
    database.close()
    return found


def test_an_answer_is_found_again_whole(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        key = keep(store, ANSWER)
        assert store.found([key, "other"]) == {key: ANSWER}
        assert claim(store) == ANSWER
    with open_store(tmp_path) as store:
        assert store.found([key]) == {key: ANSWER}


def test_more_keys_than_one_query_takes(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        key = keep(store, ANSWER)
        many = [f"{n:064}" for n in range(1200)]
        assert store.found([*many, key, *many]) == {key: ANSWER}


def test_what_is_claimed_is_on_the_disk_before_it_is_sent(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        found = claim(store)
        assert isinstance(found, Claim)
        assert rows(tmp_path, "SELECT n, key, run FROM unknown") == [
            (found.line, found.key, store.run)
        ]
        (text,) = rows(tmp_path, "SELECT request ->> '$.messages[0].content' FROM requests")
        assert text == ("Question 0?",)
        # FULL: a commit returns when it is on the disk.
        assert store._reading.execute("PRAGMA synchronous").fetchone() == (2,)
        assert store._reading.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_failed_request_is_kept_with_its_attempts_and_asked_again(tmp_path: Path) -> None:
    failed = replace(ANSWER, outcome="failed", reason="HTTP 500")
    with open_store(tmp_path) as store:
        key = keep(store, failed)
        assert store.found([key]) == {}
        assert isinstance(claim(store), Claim)
    (text,) = rows(tmp_path, "SELECT failed FROM asked WHERE failed IS NOT NULL")
    assert json.loads(str(text[0]))["attempts"][0]["status"] == 500


def hold(folder: str, ready: object, release: object) -> None:
    with open_store(Path(folder)) as store:
        assert isinstance(claim(store), Claim)
        ready.set()  # type: ignore[attr-defined]
        release.wait(60)  # type: ignore[attr-defined]


def test_what_a_living_process_asks_is_left_to_it_and_taken_when_it_is_killed(
    tmp_path: Path,
) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready, release = spawn.Event(), spawn.Event()
    other = spawn.Process(target=hold, args=(str(tmp_path), ready, release))
    other.start()
    assert ready.wait(60)
    with open_store(tmp_path) as store:
        assert claim(store) is None
        assert isinstance(claim(store, 1), Claim)
        assert stock.stats(tmp_path)["under_way"] == 2
        other.kill()
        other.join()
        assert isinstance(claim(store), Claim)
        told = stock.stats(tmp_path)
        assert (told["under_way"], told["lost"]) == (2, 1)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "lustre"])
def test_a_network_share_is_refused_and_why(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a share"
    mounts = tmp_path / "mountinfo"
    escaped = str(place).replace(" ", "\\040")
    mounts.write_text(
        "22 1 0:20 / / rw - ext4 /dev/sda rw\n"
        f"40 22 0:41 / {escaped} rw shared:1 - {kind} host:/x rw\n"
    )
    monkeypatch.setattr(local, "MOUNTS", mounts)
    told = pytest.raises(UserError, match=f"lies on a network share \\({kind}\\)")
    with told, open_store(place / "deep" / "store"):
        pass
    assert not place.exists()
    with open_store(tmp_path / "here"):
        pass


def test_a_place_where_no_store_can_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UserError, match="no store can be kept there"),
        open_store(tmp_path / "file"),
    ):
        pass
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / DATABASE).write_text("no database, but long enough to be one" * 100)
    with (
        pytest.raises(UserError, match="cannot be opened as a store"),
        open_store(tmp_path / "store"),
    ):
        pass


def test_what_an_interruption_leaves_is_free_for_others(tmp_path: Path) -> None:
    async def interrupted(store: Store) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                request = asked(1)[0]
                await store.claim(key_of(request, ENGINE), request, ENGINE)
        for _ in range(2):  # the claim is written, and then let go
            await store._written(lambda database: None)

    with open_store(tmp_path) as store, open_store(tmp_path) as other:
        found = claim(store, 1)
        assert isinstance(found, Claim)
        assert claim(store, 1) is claim(other, 1) is None

        async def let_go() -> None:
            store.let_go(found)
            await store._written(lambda database: None)

        asyncio.run(let_go())
        assert isinstance(claim(other, 1), Claim)
        asyncio.run(interrupted(store))  # before anybody knew whether it was claimed
        assert isinstance(claim(other), Claim)
        told = rows(tmp_path, "SELECT failed ->> 'reason' FROM asked WHERE failed IS NOT NULL")
        assert told == [("interrupted",), ("interrupted",)]


def test_a_disk_that_is_full_ends_the_run_in_one_line(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:

        def full(database: sqlite3.Connection) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        with pytest.raises(
            CurateError, match="the store cannot be written: database or disk is full"
        ):
            asyncio.run(store._written(full))
        assert isinstance(claim(store), Claim)


def test_half_of_a_surrogate_pair_is_kept_and_exported(tmp_path: Path) -> None:
    half = replace(ANSWER, said="Elm \ud83d “ü”")
    request = replace(asked(1)[0], messages=[{"role": "user", "content": "\udc00?"}])
    key = key_of(request, ENGINE)
    with open_store(tmp_path / "a") as store:
        found = asyncio.run(store.claim(key, request, ENGINE))
        assert isinstance(found, Claim)
        asyncio.run(store.keep(found, half))
        assert store.found([key]) == {key: half}
    assert stock.export(tmp_path / "a", tmp_path / "a.parquet") == 1
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (row["prompt"], row["said"]) == ("\\udc00?", "Elm \\ud83d “ü”")
    stock.add(tmp_path / "b", tmp_path / "a.parquet")
    with open_store(tmp_path / "b") as store:
        assert store.found([key]) == {key: half}


def test_a_write_that_fails_takes_no_other_with_it(tmp_path: Path) -> None:
    def spoilt(database: sqlite3.Connection) -> None:
        database.execute("INSERT INTO asked (key, run, at) VALUES ('half', 'r', 0)")
        raise UnicodeError("no")

    async def together(store: Store) -> Sequence[object]:
        gate = threading.Event()  # the writer waits here while the three come together
        first = asyncio.create_task(store._written(lambda database: gate.wait(10)))
        await asyncio.sleep(0.05)
        request = asked(1)[0]
        three = asyncio.gather(
            store.claim(key_of(request, ENGINE), request, ENGINE),
            store._written(spoilt),
            store._written(lambda database: 3),
            return_exceptions=True,
        )
        await asyncio.sleep(0.05)
        gate.set()
        await first
        return await three

    with open_store(tmp_path) as store:
        good, bad, other = asyncio.run(together(store))
        assert isinstance(good, Claim)
        assert other == 3
        assert str(bad) == "the store cannot be written: no"
        assert rows(tmp_path, "SELECT key FROM asked") == [(good.key,)]


# ---- files of answers


def test_what_is_exported_gives_the_same_answers_to_another_store(tmp_path: Path) -> None:
    requests = asked(30)
    with open_store(tmp_path / "a") as store:
        for number in reversed(range(30)):
            keep(store, replace(ANSWER, said=f"{number}"), number)
    assert stock.export(tmp_path / "a", tmp_path / "answers.parquet") == 30
    assert stock.add(tmp_path_b := tmp_path / "b", tmp_path / "answers.parquet") == 30
    assert stock.add(tmp_path_b, tmp_path / "answers.parquet") == 0
    (identity,) = stock.identities(tmp_path / "answers.parquet")
    with open_store(tmp_path / "b") as store:
        answers = ask(requests, Replay(identity), store)
        assert [answer.said for answer in answers] == [f"{number}" for number in range(30)]
        with pytest.raises(CurateError, match=r"is not in the store.*'Question 30\?'"):
            ask(asked(31), Replay(identity), store)
    stock.export(tmp_path / "b", tmp_path / "again.parquet")
    again = (tmp_path / "again.parquet").read_bytes()
    assert again == (tmp_path / "answers.parquet").read_bytes()


def test_some_keys_are_exported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        first, _ = keep(store, ANSWER, 0), keep(store, ANSWER, 1)
    assert stock.export(tmp_path, tmp_path / "a.parquet", [first, "other"]) == 1
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (row["key"], row["prompt"], row["said"]) == (first, "Question 0?", ANSWER.said)


def test_the_verb_counts_exports_and_prunes(tmp_path: Path) -> None:
    with open_store(tmp_path / "s") as store:
        keep(store, ANSWER, 0)
        keep(store, replace(ANSWER, outcome="failed"), 1)
        busy = call("store", "prune", "--days", "0", "--store", "s", cwd=tmp_path)
        assert (busy.code, "in use by the run" in busy.error) == (2, True)
    told = json.loads(call("store", "--store", "s", "--json", cwd=tmp_path).out)
    assert [(row["outcome"], row["requests"]) for row in told["engines"]] == [
        ("answered", 1),
        ("failed", 1),
    ]
    shown = call("store", "stats", "--store", "s", cwd=tmp_path)
    assert "$0.25" in shown.out
    done = call("store", "export", "a.parquet", "--store", "s", cwd=tmp_path)
    assert done.out == "exported 1 answers\n"
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 1
    assert (
        call("store", "prune", "--store", "s", "--days", "1", cwd=tmp_path).out[:9] == "removed 0"
    )
    assert (
        call("store", "prune", "--store", "s", "--days", "0", cwd=tmp_path).out[:9] == "removed 1"
    )
    assert rows(tmp_path / "s", "SELECT count(*) FROM requests") == [(0,)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["stat"], "did you mean 'stats'"),
        (["export"], "names one file"),
        (["prune"], "say how old they may be"),
        (["stats"], "no store is there"),
    ],
)
def test_a_mistake_with_the_verb_is_one_line(tmp_path: Path, words: list[str], told: str) -> None:
    done = call("store", *words, "--store", "none", cwd=tmp_path)
    assert (done.code, told in done.error) == (2, True)
