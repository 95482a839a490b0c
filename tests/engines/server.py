"""A server of chat completions in a thread of the test, over real sockets, that fails as it is told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What the server does with a call."""

    body: Any = None
    """Plain data, sent as JSON; text is sent as it is."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0
    """Seconds before it is sent."""
    cut: bool = False
    """The connection is closed in the middle of the body."""


def completion(text: str | None, finish: str = "stop", **more: Any) -> dict[str, Any]:
    """A chat completion that says a text; `more` goes into its message."""
    return {
        "id": "c",
        "object": "chat.completion",
        "model": "served-model",
        "system_fingerprint": "fp1",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": text} | more,
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def echo(body: Mapping[str, Any], nth: int) -> Reply:
    """Say the last message back."""
    return Reply(completion(f"You said: {body['messages'][-1]['content']}"))


Behaviour = Callable[[Mapping[str, Any], int], Reply]
"""Of a body and how often that very body was received, from 1 on."""


@dataclass
class Server:
    """A running server, and all that it received."""

    behaviour: Behaviour
    port: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    """How often the whole of a reply with code 200 was sent."""
    under_way: int = 0
    most_under_way: int = 0
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection."""
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._call(reader, writer):
                    pass
        finally:
            writer.close()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        body = json.loads(raw)
        name = raw.decode()
        self.bodies.append(body)
        self.headers.append(headers)
        self.counts[name] += 1
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        reply = self.behaviour(body, self.counts[name])
        if reply.after:
            await asyncio.sleep(reply.after)
        self.under_way -= 1
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        content = text.encode()
        lines = [f"HTTP/1.1 {reply.status} X", f"content-length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        writer.write(content[: len(content) // 2] if reply.cut else content)
        await writer.drain()
        self.answered[name] += reply.status == 200 and not reply.cut
        return not reply.cut


@contextmanager
def serving(behaviour: Behaviour = echo) -> Iterator[Server]:
    """A server on a free port of this machine."""
    server, loop, ready = Server(behaviour), asyncio.new_event_loop(), threading.Event()
    listening: asyncio.Server

    async def start() -> None:
        nonlocal listening
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()

    async def stop() -> None:
        listening.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # connections are closed by what is called next
        loop.call_soon(loop.stop)

    def run() -> None:
        loop.create_task(start())
        loop.run_forever()
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop)
        thread.join(10)
