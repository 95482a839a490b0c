"""Connections to a server that speaks like OpenAI's: the key, the proxy, how long to wait."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from curate.engines.answer import reason
from curate.engines.retry import Failed, failed
from curate.engines.spec import OPENAI_URL, OpenAI
from curate.errors import UserError, extra

if TYPE_CHECKING:
    from aiohttp import ClientSession

_CONNECT, _KEEP_ALIVE = 10.0, 60.0
"""Seconds."""
_NEVER_MENDS = (401, 403, 404)
"""Codes that no request of a run could escape: the key, the address or the model is wrong. But some
providers say 403 of one prompt that they will not take: once something was answered, it is that."""
WITHHELD = "content_filter"
"""The error code of a provider that will not take a prompt."""


class Connection:
    """A server, and the key to it; opened at the first request."""

    def __init__(self, spec: OpenAI) -> None:
        self.spec = spec
        self._key = _key_in_environment(spec)
        self._replied = False
        self._session: ClientSession | None = None

    async def reply(self, method: str, path: str, **sent: Any) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of a reply to one request, for which aiohttp takes what is `sent`.

        Raises Failed, or UserError where no request could have a reply.
        """
        self._session = self._session or _session(self.spec, self._key)
        url = f"{self.spec.base_url}/{path}"
        with _as_failures(self.spec):
            async with self._session.request(method, url, allow_redirects=False, **sent) as reply:
                status, headers, raw = reply.status, reply.headers, await reply.read()
        # A server that repeats the key must not bring it into a store or a message.
        raw = raw.replace(self._key.encode(), b"***") if self._key else raw
        if status != HTTPStatus.OK:
            raise _refused(self.spec, status, raw, headers, self._replied)
        self._replied = True
        return headers, raw

    async def close(self) -> None:
        """Close it, if it was opened."""
        if self._session is not None:
            await self._session.close()


def _session(spec: OpenAI, key: str) -> ClientSession:
    """A connection for each request in flight, kept open."""
    try:
        import aiohttp
    except ImportError:
        raise UserError(
            f"an engine of kind openai needs the package aiohttp: {extra('engines')}"
        ) from None
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=spec.in_flight, keepalive_timeout=_KEEP_ALIVE),
        timeout=aiohttp.ClientTimeout(total=spec.timeout, sock_connect=_CONNECT),
        headers={"Authorization": f"Bearer {key}"} if key else {},
        proxy=proxy(spec.base_url),
    )


def _key_in_environment(spec: OpenAI) -> str:
    """The key in the environment; a server of one's own rarely asks for one."""
    key = os.environ.get(spec.key_env, "")
    if not key and spec.base_url == OPENAI_URL:
        raise UserError(f"{spec.base_url} needs a key: set the environment variable {spec.key_env}")
    return key


def proxy(url: str) -> str | None:
    """The proxy that the environment names for an address; aiohttp would look for it at each request."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


@contextmanager
def _as_failures(spec: OpenAI) -> Iterator[None]:
    """Errors of the connection as failed attempts."""
    import aiohttp

    try:
        yield
    except aiohttp.ConnectionTimeoutError:
        raise Failed(f"no connection within {_CONNECT:g} s", overloaded=True) from None
    except TimeoutError:
        told = f"no reply within {spec.timeout:g} s"
        raise Failed(told, overloaded=True, may_cost=True) from None
    except (aiohttp.ClientError, OSError) as error:
        told = reason(f"the connection broke: {type(error).__name__} {error}")
        reached = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.InvalidURL)
        raise Failed(told, may_cost=reached) from None


def _refused(
    spec: OpenAI, status: int, raw: bytes, headers: Mapping[str, str], replied: bool
) -> Failed:
    """What another code than 200 means; raises UserError where it holds for all requests."""
    code = None
    try:
        fault = json.loads(raw)["error"]
        told, code = str(fault["message"]), fault.get("code")
    except (ValueError, LookupError, TypeError, AttributeError):
        told = raw.decode(errors="replace")
    told = reason(told)
    if status in _NEVER_MENDS and not (status == HTTPStatus.FORBIDDEN and replied):
        raise UserError(_wrong(spec, status, told))
    made = failed(status, told, headers)
    if status == HTTPStatus.BAD_REQUEST and code == WITHHELD:
        made.outcome = "refused"
    return made


def _wrong(spec: OpenAI, status: int, told: str) -> str:
    hint = {
        401: f"is the key in {spec.key_env} right?",
        403: f"may the key in {spec.key_env} use it?",
        404: "is there such a model at that address? Most addresses end in /v1",
    }
    return f"{spec.base_url}, model {spec.model}: HTTP {status} {told}; {hint[status]}"
