"""The engine of kind openai by the Batch API, against a server of batches over real sockets."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from curate.engines import batch as batches
from curate.engines.answer import Answer
from curate.engines.ask import ask, open_engine
from curate.engines.budget import Budget, BudgetEnded
from curate.engines.prices import price_of
from curate.engines.request import Request, key_of
from curate.engines.spec import OPENAI_URL, engine_spec
from curate.engines.store import open_store
from curate.errors import CurateError, UserError
from tests.engines.asking import asked, at
from tests.engines.server import completion, echo, serving

web = pytest.importorskip("aiohttp.web", reason="the extra 'engines' is not installed")

Judge = Callable[[Mapping[str, Any]], tuple[int, Any]]
"""The code and the body for a request's body."""


def said(body: Mapping[str, Any]) -> tuple[int, Any]:
    return 200, completion(f"You said: {body['messages'][-1]['content']}")


@dataclass
class Provider:
    """A server of batches: each is over once it was looked at so many times."""

    judge: Judge = said
    looks: int = 2
    ends: str = "completed"
    port: int = 0
    files: dict[str, str] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    down: int = 0
    """Calls that fail first."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def handle(self, request: Any) -> Any:
        """Every call."""
        if self.down:
            self.down -= 1
            return web.json_response({"error": {"message": "down"}}, status=503)
        what, *rest = request.path.removeprefix("/v1/").split("/")
        if request.method == "POST" and what == "files":
            form = await request.post()
            assert form["purpose"] == "batch"
            name = f"file-{len(self.files)}"
            self.files[name] = form["file"].file.read().decode()
            return web.json_response({"id": name})
        if request.method == "POST":
            return web.json_response(self._made(await request.json()))
        if what == "files":
            return web.Response(text=self.files[rest[0]])
        if rest:
            return web.json_response(self._looked_at(self.batches[rest[0]]))
        return web.json_response(self._page(request.query.get("after")))

    def _made(self, plain: dict[str, Any]) -> dict[str, Any]:
        assert plain["endpoint"] == "/v1/chat/completions"
        made: dict[str, Any] = {
            "id": f"batch-{len(self.batches)}",
            "status": "validating",
            "looks": 0,
        } | plain
        self.batches[made["id"]] = made
        return made

    def _page(self, after: str | None) -> dict[str, Any]:
        """Two batches at a time, the newest first."""
        names = list(self.batches)[::-1]
        start = names.index(after) + 1 if after else 0
        data = [self.batches[name] for name in names[start : start + 2]]
        return {"data": data, "has_more": start + 2 < len(names)}

    def _looked_at(self, batch: dict[str, Any]) -> dict[str, Any]:
        batch["looks"] += 1
        if batch["looks"] < self.looks or batch["status"] == self.ends:
            return batch | {"status": "in_progress"} if batch["looks"] < self.looks else batch
        batch["status"] = self.ends
        if self.ends == "failed":
            return batch | {"errors": {"data": [{"message": "line 1 is wrong"}]}}
        good: list[str] = []
        bad: list[str] = []
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        for line in lines[::-1][: len(lines) if self.ends == "completed" else 1]:
            status, body = self.judge(line["body"])
            told = {"custom_id": line["custom_id"], "error": None}
            told["response"] = {"status_code": status, "body": body}
            (good if status == 200 else bad).append(json.dumps(told))
        for name, found in (("output_file_id", good), ("error_file_id", bad)):
            if found:
                self.files[f"{batch['id']}-{name}"] = "\n".join(found) + "\n"
                batch[name] = f"{batch['id']}-{name}"
        return batch


@contextmanager
def providing(provider: Provider) -> Iterator[Provider]:
    """The server, on a free port of this machine."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def start() -> Any:
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/v1/{what:.*}", provider.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        provider.port = runner.addresses[0][1]
        ready.set()
        return runner

    task = loop.create_task(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    assert ready.wait(10)
    try:
        yield provider
    finally:
        asyncio.run_coroutine_threadsafe(task.result().cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that do not last."""
    monkeypatch.setattr("curate.engines.retry._FIRST", 0.01)
    monkeypatch.setattr(batches, "_SETTLED", 0.05)
    monkeypatch.setattr(batches, "_FIRST_LOOK", 0.02)


def answers(
    folder: Path,
    provider: Provider,
    requests: list[Request],
    budget: Budget | None = None,
    **more: Any,
) -> list[Answer]:
    spec = at(provider.url, batch=True, **more)
    with open_store(folder / "store") as store, open_engine(spec) as engine:
        return ask(requests, engine, store, budget)


def test_a_batch_gives_each_request_its_answer_and_is_asked_once(tmp_path: Path) -> None:
    with providing(Provider()) as provider:
        found = answers(tmp_path, provider, asked(9))
        assert [one.text for one in found] == [f"You said: Question {i}?" for i in range(9)]
        assert answers(tmp_path, provider, asked(9)) == found
        assert len(provider.batches) == 1
        lines = provider.files["file-0"].splitlines()
    assert len(lines) == 9
    assert all(one.seconds > 0 and one.attempts[0].status == 200 for one in found)
    sent = json.loads(lines[0])
    assert (sent["method"], sent["url"]) == ("POST", "/v1/chat/completions")
    assert sent["body"]["max_tokens"] == 50


def test_it_has_the_answers_of_the_engine_that_asks_one_by_one(tmp_path: Path) -> None:
    with (
        serving(echo) as server,
        open_store(tmp_path / "store") as store,
        open_engine(at(server.url, revision="r")) as engine,
    ):
        found = ask(asked(3), engine, store)
    with providing(Provider()) as provider:
        assert answers(tmp_path, provider, asked(3), revision="r") == found
        assert not provider.batches


def test_what_a_killed_run_handed_in_is_waited_for_and_not_asked_again(tmp_path: Path) -> None:
    with providing(Provider(looks=10**9)) as provider:
        spec = at(provider.url, batch=True)

        async def killed() -> None:
            with open_engine(spec) as engine:
                tasks = [asyncio.create_task(engine.answer(one)) for one in asked(4)]
                while not provider.batches:
                    await asyncio.sleep(0.01)
                await engine.close()
                await asyncio.gather(*tasks, return_exceptions=True)
                assert all(task.cancelled() for task in tasks)

        asyncio.run(killed())
        for _ in range(3):  # others of the account are none of its own
            provider._made({"endpoint": "/v1/chat/completions", "input_file_id": "x"})
        provider.looks = 1
        found = answers(tmp_path, provider, asked(6))
        assert [one.text for one in found] == [f"You said: Question {i}?" for i in range(6)]
        assert len(provider.batches) == 5
        second = provider.files[provider.batches["batch-4"]["input_file_id"]]
        assert second.count("Question") == 2


def test_who_waits_when_the_engine_is_closed_waits_no_longer() -> None:
    async def closed() -> None:
        engine = batches.BatchEngine(at("http://127.0.0.1:9/v1", batch=True))  # type: ignore[arg-type]
        task = asyncio.create_task(engine.answer(asked(1)[0]))
        await asyncio.sleep(0)  # its work has not begun
        await engine.close()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(closed())


def test_errors_of_requests_are_named(tmp_path: Path) -> None:
    def judge(body: Mapping[str, Any]) -> tuple[int, Any]:
        number = int(body["messages"][-1]["content"].split()[1].rstrip("?"))
        if number == 0:
            return 400, {"error": {"message": "no such thing", "code": "x"}}
        if number == 1:
            return 400, {"error": {"message": "withheld", "code": "content_filter"}}
        if number == 2:
            return 200, {"odd": 1}
        return 200, completion("And on", finish="length") if number == 3 else completion("Yes")

    with providing(Provider(judge)) as provider:
        found = answers(tmp_path, provider, asked(5))
    assert [one.outcome for one in found] == [
        "failed", "refused", "failed", "truncated", "answered",
    ]  # fmt: skip
    assert found[0].reason == "no such thing"
    assert "no chat completion" in found[2].reason


@pytest.mark.parametrize(
    ("ends", "told", "n"), [("failed", "line 1 is wrong", 0), ("expired", "batch is expired", 1)]
)
def test_a_batch_that_ends_otherwise_leaves_failed_requests_for_the_next_run(
    tmp_path: Path, ends: str, told: str, n: int
) -> None:
    with providing(Provider(ends=ends)) as provider:
        found = answers(tmp_path, provider, asked(4))
        assert sum(one.outcome == "answered" for one in found) == n
        assert sum(told in one.reason for one in found) == 4 - n
        provider.ends = "completed"
        assert all(one.text for one in answers(tmp_path, provider, asked(4)))


def test_requests_are_cut_into_batches_of_the_size_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_LINES", 4)
    with providing(Provider()) as provider:
        with monkeypatch.context() as more:
            more.setattr(batches, "_MOST_BYTES", 1200)
            found = answers(tmp_path, provider, asked(9))
        sizes = [
            text.count("custom_id") for name, text in provider.files.items() if "-out" not in name
        ]
    assert all(one.text for one in found)
    assert sum(sizes) == 9
    assert max(sizes) <= 4


def test_a_provider_that_is_down_is_tried_again_and_then_told(tmp_path: Path) -> None:
    with providing(Provider(down=3)) as provider:
        assert all(one.text for one in answers(tmp_path, provider, asked(2)))
        provider.down = 10**6
        with pytest.raises(CurateError, match="HTTP 503: down; batches that were handed in go on"):
            answers(tmp_path, provider, asked(3), attempts=2)
        provider.down = 0
        assert all(one.text for one in answers(tmp_path, provider, asked(3)))


def test_a_budget_holds_for_batches(tmp_path: Path) -> None:
    with providing(Provider()) as provider:
        with pytest.raises(BudgetEnded):
            answers(tmp_path, provider, asked(9), Budget(max_requests=5))
        assert sum(text.count("custom_id") for text in provider.files.values()) == 10


def test_a_wrong_key_ends_the_run(tmp_path: Path) -> None:
    provider = Provider()

    async def refuse(request: Any) -> Any:
        return web.json_response({"error": {"message": "bad key"}}, status=401)

    provider.handle = refuse  # type: ignore[method-assign]
    with providing(provider), pytest.raises(UserError, match="is the key in CURATE_TEST_KEY right"):
        answers(tmp_path, provider, asked(2))


def test_a_batch_costs_half_of_what_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"kind": "openai", "model": "gpt-4o-2024-08-06", "base_url": OPENAI_URL}
    whole, half = (price_of(engine_spec(given | {"batch": batch})) for batch in (False, True))
    assert whole is not None
    assert half is not None
    assert (half.input, half.output) == (whole.input / 2, whole.output / 2)
    own = given | {"batch": True, "price": {"input": 1, "output": 2}}
    assert price_of(engine_spec(own)).input == 1  # type: ignore[union-attr]


def test_keys_are_those_of_the_store(tmp_path: Path) -> None:
    with providing(Provider()) as provider:
        answers(tmp_path, provider, asked(2))
        with open_engine(at(provider.url, batch=True)) as engine:
            keys = {key_of(one, engine.identity) for one in asked(2)}
        lines = provider.files["file-0"].splitlines()
    assert {json.loads(line)["custom_id"] for line in lines} == keys
