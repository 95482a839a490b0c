"""A server of chat completions that answers at once: what a client takes, with nothing else beside.

python -m benchmarks.speed.instant     # prints its port; ends with its standard input"""

from __future__ import annotations

import asyncio
import json
import sys

_REPLY = {
    "id": "instant",
    "object": "chat.completion",
    "model": "instant",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "An answer of a few words. " * 8},
        }
    ],
    "usage": {"prompt_tokens": 60, "completion_tokens": 50, "total_tokens": 110},
}
_BODY = json.dumps(_REPLY).encode()
_HEAD = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(_BODY)}\r\n\r\n"
_LENGTH = b"content-length:"


class Instant(asyncio.Protocol):
    """One connection; requests are counted by their ends, and not read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport, self.waiting = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head = self.waiting[:end].lower()
            length = int(head[head.index(_LENGTH) + len(_LENGTH) :].split(b"\r\n", 1)[0])
            if len(self.waiting) < end + 4 + length:
                return
            self.waiting = self.waiting[end + 4 + length :]
            self.transport.write(_HEAD.encode() + _BODY)  # type: ignore[attr-defined]


async def main() -> None:
    """Serve until nobody listens any more."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Instant, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
