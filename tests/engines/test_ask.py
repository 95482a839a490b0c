"""Asking: nothing is lost, nothing answered is asked again, and the order is that of the requests."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curate.engines.answer import Answer
from curate.engines.ask import ask, open_engine
from curate.engines.budget import Budget, BudgetEnded, TooManyFailures, estimate
from curate.engines.engine import Further, Replay, uncounted
from curate.engines.prices import most, prompt_tokens
from curate.engines.request import Identity, Request, key_of
from curate.engines.spec import Price
from curate.engines.store import DATABASE, open_store
from curate.engines.told import Told
from curate.errors import UserError
from curate.progress import silent
from tests.command import ROOT, environment
from tests.engines.asking import asked, at
from tests.engines.server import Behaviour, Reply, Server, completion, echo, serving


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.engines.retry._FIRST", 0.01)


def question(body: Mapping[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def test_answers_come_in_the_order_of_requests_and_a_double_is_asked_once(tmp_path: Path) -> None:
    def slow_first(body: Mapping[str, Any], nth: int) -> Reply:
        late = 0.05 if question(body) < "Question 3" else 0.0
        return Reply(completion(question(body)), after=late)

    requests = asked(20)
    with (
        serving(slow_first) as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url)) as engine,
    ):
        answers = ask([*requests, *reversed(requests)], engine, store)
    wanted = [f"Question {n}?" for n in range(20)]
    assert [answer.text for answer in answers] == [*wanted, *reversed(wanted)]
    assert len(server.bodies) == 20


def test_no_more_requests_are_under_way_than_the_engine_says(tmp_path: Path) -> None:
    def slow(body: Mapping[str, Any], nth: int) -> Reply:
        return Reply(completion("yes"), after=0.02)

    with (
        serving(slow) as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url, in_flight=7)) as engine,
    ):
        ask(asked(60), engine, store)
    assert server.most_under_way == 7
    assert server.connections == 7


def faulty(share: float, seed: int = 1) -> Behaviour:
    """A server in which a share of calls fails, each in a way of its own; refusals are for good."""

    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        rng = random.Random(f"{seed} {question(body)} {nth}")
        if rng.random() >= share:
            return echo(body, nth)
        return rng.choice(
            [
                Reply({"error": {"message": "slow"}}, 429, {"retry-after-ms": "5"}),
                Reply("oops", 500),
                Reply(completion("late"), after=2.0),
                Reply('{"choices": [{"me'),
                Reply({"answer": "yes"}),
                Reply(completion("cut off in the middle of it"), cut=True),
                Reply(completion(None, refusal="No.")),
                Reply(completion("half of", "length")),
            ]
        )

    return behaviour


def test_a_run_against_a_server_that_fails_in_a_third_of_calls_ends_complete(
    tmp_path: Path,
) -> None:
    with (
        serving(faulty(0.3)) as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url, timeout=0.4, attempts=3, in_flight=64)) as engine,
    ):
        answers = ask(asked(300), engine, store)
        outcomes = Counter(answer.outcome for answer in answers)
        assert sum(outcomes.values()) == 300
        assert outcomes["answered"] > 200
        assert outcomes["refused"] and outcomes["truncated"]
        for number, answer in enumerate(answers):
            assert (answer.text == f"You said: Question {number}?") is (
                answer.outcome == "answered"
            )
            assert bool(answer.reason) is (answer.outcome != "answered")
            assert len(answer.attempts) == 3 or answer.outcome != "failed"
        # The next run asks those that failed, and those alone.
        before = len(server.bodies)
        server.behaviour = echo
        again = ask(asked(300), engine, store)
        assert len(server.bodies) - before == outcomes["failed"]
        assert [a for a, b in zip(again, answers, strict=True) if b.outcome != "failed"] == [
            b for b in answers if b.outcome != "failed"
        ]


# ---- killed


def started(
    server: Server, store: Path, n: int, stderr: int | None = None
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.engines.asking", server.url, str(store), str(n)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=stderr, text=True
    )


def lost(store: Path) -> Counter[str]:
    """The questions of requests of which nothing is known, as the store names them."""
    database = sqlite3.connect(store / DATABASE)
    rows = database.execute(
        "SELECT request ->> '$.messages[0].content' FROM unknown JOIN requests USING (key)"
    ).fetchall()
    database.close()
    return Counter(text for (text,) in rows)


def killed(folder: Path, n: int, kills: int) -> None:
    """Kill a run at random moments and let it go on; then look at what was asked twice."""

    def slow(body: Mapping[str, Any], nth: int) -> Reply:
        late = random.Random(question(body)).random() * 0.05
        return Reply(completion(question(body)), after=late)

    rng = random.Random(3)
    with serving(slow) as server:
        for kill in range(kills):
            before, step = len(server.bodies), n // (kills + 2)
            process = started(server, folder, n)
            until = time.monotonic() + 60
            while len(server.bodies) - before < rng.randint(1, step) and time.monotonic() < until:
                time.sleep(0.002)
            time.sleep(rng.random() * 0.03)
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            assert sum(lost(folder).values()) <= 16 * (kill + 1)  # those in flight at each kill
        process = started(server, folder, n)
        out, _ = process.communicate(timeout=120)
        answers = json.loads(out)
        received = Counter(map(question, server.bodies))
    assert [answer["said"] for answer in answers] == [f"Question {i}?" for i in range(n)]
    repeated = {text: times - 1 for text, times in received.items() if times > 1}
    named = lost(folder)
    assert sum(repeated.values()) <= 16 * kills
    # Each repeat is a line that a killed process left, and no answered request was asked again.
    assert all(times <= named[text] for text, times in repeated.items()), (repeated, named)


def test_a_killed_run_goes_on_and_what_it_had_in_flight_is_known_by_name(tmp_path: Path) -> None:
    killed(tmp_path, 120, 2)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_of_500_requests_killed_ten_times(tmp_path: Path) -> None:
    killed(tmp_path, 500, int(os.environ.get("CURATE_KILLS", "10")))


def test_two_processes_share_a_store_and_ask_nothing_twice(tmp_path: Path) -> None:
    def slow(body: Mapping[str, Any], nth: int) -> Reply:
        return Reply(completion(f"{question(body)} {random.random()}"), after=0.05)

    with serving(slow) as server:
        both = [started(server, tmp_path, 150) for _ in range(2)]
        said = [process.communicate(timeout=120)[0] for process in both]
    one, other = map(json.loads, said)
    assert one == other
    assert Counter(map(question, server.bodies)) == {f"Question {i}?": 1 for i in range(150)}


def test_with_all_answers_in_the_store_nothing_of_a_run_matters(tmp_path: Path) -> None:
    requests = asked(50)
    with serving(faulty(0.3)) as server, open_store(tmp_path) as store:
        with open_engine(at(server.url, revision="1", timeout=0.4)) as engine:
            first = ask(requests, engine, store)
            assert {answer.outcome for answer in first} <= {"answered", "refused", "truncated"}
        sent = len(server.bodies)
        with open_engine(at("http://other:1/v1", revision="1", in_flight=1)) as engine:
            assert ask(requests[::-1], engine, store) == first[::-1]
        assert len(server.bodies) == sent


class Broken(Replay):
    """An engine that cannot put one question to its model, whose template raises."""

    async def answer(self, request: Request, further: Further = uncounted) -> Answer:
        if request.messages[-1]["content"] == "Question 3?":
            raise LookupError("a template\nwithout a role")
        return Answer("answered", said="yes")


def test_an_error_of_one_request_that_nobody_foresaw_ends_no_other(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        answers = ask(asked(6), Broken(Identity("openai", "m", "r")), store)
    assert [answer.outcome for answer in answers].count("answered") == 5
    assert (answers[3].outcome, answers[3].reason) == (
        "failed",
        "LookupError: a template without a role",
    )


class Endless(Replay):
    """An engine that never answers."""

    async def answer(self, request: Request, further: Further = uncounted) -> Answer:
        await asyncio.sleep(60)
        raise AssertionError


def test_what_was_being_asked_at_an_interruption_is_asked_by_another_store_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = Identity("openai", "m", "r")
    with open_store(tmp_path) as store, open_store(tmp_path) as other:
        with monkeypatch.context() as patched:
            module = sys.modules["curate.engines.ask"]  # the package has a function of that name
            patched.setattr(module, "run", lambda work: asyncio.run(asyncio.wait_for(work, 0.2)))
            with pytest.raises(TimeoutError):
                ask(asked(1), Endless(identity), store)
        until = time.monotonic() + 10
        while lost(tmp_path) and time.monotonic() < until:  # it is written in a thread
            time.sleep(0.01)
        assert lost(tmp_path) == {}
        (answer,) = ask(asked(1), Broken(identity), other)
    assert answer.text == "yes"


def test_two_threads_with_one_store_ask_nothing_twice(tmp_path: Path) -> None:
    def slow(body: Mapping[str, Any], nth: int) -> Reply:
        return Reply(completion(question(body)), after=0.05)

    def work(_: int) -> list[Answer]:
        with open_engine(at(server.url, in_flight=8)) as engine:
            return ask(asked(40), engine, store)

    with serving(slow) as server, open_store(tmp_path) as store, ThreadPoolExecutor(2) as threads:
        one, other = threads.map(work, range(2))
    assert one == other
    assert Counter(map(question, server.bodies)) == {f"Question {i}?": 1 for i in range(40)}


# ---- budgets


def test_a_budget_of_requests_ends_the_run_and_the_next_goes_on(tmp_path: Path) -> None:
    with (
        serving() as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url, in_flight=4)) as engine,
    ):
        with pytest.raises(
            BudgetEnded, match=r"the budget of 10 requests is used up.*max_requests"
        ):
            ask(asked(30), engine, store, Budget(max_requests=10))
        assert len(server.bodies) == 10
        ask(asked(30), engine, store, Budget(max_requests=20))
        assert len(server.bodies) == 30
        ask(asked(30), engine, store, Budget(max_requests=0))


def test_a_budget_of_cost_is_never_exceeded(tmp_path: Path) -> None:
    price = {"input": 0.0, "output": 10_000.0}  # 50 tokens at most: $0.50; 5 tokens: $0.05
    with (
        serving() as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url, in_flight=8, price=price)) as engine,
    ):
        budget = Budget(max_cost=1.0)
        with pytest.raises(BudgetEnded, match=r"\$1.00 \(spent: \$0\.\d\d\).*max_cost"):
            ask(asked(100), engine, store, budget)
        assert budget.spent == pytest.approx(0.05 * len(server.bodies))
        assert 0.45 < budget.spent <= 1.0


def test_every_attempt_counts_as_a_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.engines.retry._FIRST", 0.01)
    with (
        serving(lambda body, nth: Reply("", 500)) as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url, in_flight=2, attempts=3)) as engine,
    ):
        budget = Budget(max_requests=7)
        with pytest.raises(BudgetEnded, match="7 requests"):
            ask(asked(30), engine, store, budget)
        assert budget.sent == len(server.bodies) == 7


def test_questions_of_an_engine_s_own_count_as_requests(tmp_path: Path) -> None:
    def no_schema(body: Mapping[str, Any], nth: int) -> Reply:
        """Take no schema, but JSON."""
        if body.get("response_format", {}).get("type") == "json_schema":
            return Reply({"error": {"message": "unknown"}}, 400)
        return Reply(completion('{"word": "yes"}'))

    requests = asked(5, schema={"type": "object"})
    for limit, answered in ((1, 0), (2, 0), (4, 2), (7, 5)):
        with (
            serving(no_schema) as server,
            open_store(tmp_path / str(limit)) as store,
            open_engine(at(server.url, in_flight=1)) as engine,
        ):
            budget = Budget(max_requests=limit)
            with pytest.raises(BudgetEnded) if answered < 5 else nullcontext():
                ask(requests, engine, store, budget)
            assert len(server.bodies) <= limit
            assert budget.sent >= len(server.bodies)
            found = store.found([key_of(one, engine.identity) for one in requests])
            assert sum(one.outcome == "answered" for one in found.values()) == answered


def test_what_may_have_been_answered_may_have_to_be_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curate.engines.retry._FIRST", 0.01)
    price = {"input": 0.0, "output": 10_000.0}  # 50 tokens at most: $0.50

    def spent(behaviour: Behaviour, **more: Any) -> float:
        with (
            serving(behaviour) as server,
            open_store(tmp_path / str(behaviour)) as store,
            open_engine(at(server.url, price=price, **more)) as engine,
        ):
            budget = Budget()
            ask(asked(1), engine, store, budget)
            return budget.spent

    def second(first: Reply) -> Behaviour:
        return lambda body, nth: first if nth == 1 else echo(body, nth)

    assert spent(second(Reply("no JSON"))) == pytest.approx(0.55)
    assert spent(second(Reply("{}", cut=True))) == pytest.approx(0.55)
    assert spent(second(Reply("", 503))) == pytest.approx(0.05)
    assert spent(lambda body, nth: Reply("no JSON"), attempts=2) == pytest.approx(1.0)
    late = second(Reply(completion("late"), after=0.5))
    assert spent(late, timeout=0.2) == pytest.approx(0.55)


def test_what_a_request_costs_at_most_counts_its_schema_and_languages_of_short_tokens() -> None:
    price = Price(input=1e6, output=0.0)  # a dollar for a token
    (plain,) = asked(1)
    schema = {"type": "object", "description": "x" * 2000}
    assert most(replace(plain, schema=schema), price) - most(plain, price) >= 1000
    thai = replace(plain, messages=[{"role": "user", "content": "ก" * 600}])
    assert most(thai, price) >= 900  # of 1,800 bytes
    assert prompt_tokens(thai) < 500


def test_a_limit_of_cost_needs_a_price(tmp_path: Path) -> None:
    with (
        serving() as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url)) as engine,
        pytest.raises(UserError, match="the price of the engine is not known: add price"),
    ):
        ask(asked(1), engine, store, Budget(max_cost=1.0))
    assert server.bodies == []


def test_a_run_in_which_nearly_everything_fails_ends_and_shows_what(tmp_path: Path) -> None:
    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        early = int(question(body)[9:-1]) < 30
        return echo(body, nth) if early else Reply({"error": {"message": "no such field"}}, 400)

    with (
        serving(behaviour) as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url, in_flight=4)) as engine,
        pytest.raises(TooManyFailures) as caught,
    ):
        ask(asked(500), engine, store, Budget(window=20))
    assert len(server.bodies) <= 30 + 11 + 4
    assert "11 of the last 20 requests failed" in str(caught.value)
    assert 'HTTP 400: no such field, after 1 attempts at "Question ' in str(caught.value)


def test_an_estimate_counts_what_would_be_sent(tmp_path: Path) -> None:
    price = {"input": 1.0, "output": 10.0}
    with (
        serving() as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url, price=price)) as engine,
    ):
        before = estimate(asked(10), engine, store)
        assert (before.requests, before.kept, before.seconds) == (10, 0, None)
        ask(asked(4), engine, store)
        after = estimate([*asked(10), *asked(10)], engine, store)
    assert (after.requests, after.kept, after.completion_tokens) == (6, 4, 300)
    assert after.cost == pytest.approx((after.prompt_tokens * 1 + 300 * 10) / 1e6)
    assert after.seconds is not None and after.seconds > 0
    assert len(server.bodies) == 4


def test_what_is_shown_while_a_model_is_asked(tmp_path: Path) -> None:
    seen: list[tuple[int, float, str]] = []

    def report(step: str, rows: int, size: int, part: float, figures: str = "") -> None:
        seen.append((rows, part, figures))

    with (
        serving() as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url, price={"input": 0, "output": 1e6})) as engine,
    ):
        ask(asked(12), engine, store, progress=report)
    assert sum(rows for rows, _, _ in seen) == 12
    assert sum(part for _, part, _ in seen) == pytest.approx(1)
    assert "12 of 12 requests" in seen[-1][2]
    assert "$60.00" in seen[-1][2]


def test_the_words_of_what_is_shown() -> None:
    told = Told(silent, 5000)
    for outcome in ("answered", "failed"):
        for _ in range(500):
            told.answered(Answer(outcome, prompt_tokens=60, completion_tokens=40, cost=0.01))
    assert told.words(100.0) == (
        "1,000 of 5,000 requests, 10.0 requests/s, 1,000 tokens/s, $10.00, 500 failed, 6 min 40 s left"
    )


def test_an_interruption_ends_a_run_and_loses_nothing(tmp_path: Path) -> None:
    def slow(body: Mapping[str, Any], nth: int) -> Reply:
        return Reply(completion("yes"), after=0.2)

    with serving(slow) as server:
        process = started(server, tmp_path, 200, stderr=subprocess.PIPE)
        while len(server.bodies) < 40:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert told.strip().endswith("KeyboardInterrupt")
        first = len(server.bodies)
        out, _ = started(server, tmp_path, 200).communicate(timeout=60)
        assert len(json.loads(out)) == 200
        assert first < 200 <= len(server.bodies) <= 200 + 16
