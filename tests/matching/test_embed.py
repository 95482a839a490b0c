"""Embeddings from a server that answers like OpenAI's, over real HTTP, and the cache that remembers
them.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.errors import CurateError, UserError
from curate.matching import embed as module
from curate.matching.embed import _kept, embedder


def vector(text: str) -> list[float]:
    """Eight numbers that follow from the text."""
    return [byte - 127.5 for byte in hashlib.sha256(text.encode()).digest()[:8]]


def unit(texts: Sequence[str]) -> np.ndarray:
    rows = np.array([vector(text) for text in texts])
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class Server(ThreadingHTTPServer):
    """Answers `/v1/embeddings`; `failures` are the status codes of the next answers, `answer` bends
    a good one.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.failures: list[int] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.answer: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        self.server.keys.append(self.headers["Authorization"])
        status = self.server.failures.pop(0) if self.server.failures else 200
        if self.path != "/v1/embeddings":
            status = 404
        rows = [
            {"object": "embedding", "index": i, "embedding": vector(t)}
            for i, t in enumerate(body["input"])
        ]
        good = {
            "object": "list",
            "data": rows[::-1],  # any order: the index says whose it is
            "model": body["model"],
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        }
        answer = self.server.answer(good) if self.server.answer else good
        out = json.dumps(
            answer if status == 200 else {"error": {"message": "not now", "type": "x"}}
        ).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(out)))
        if status == 429:
            self.send_header("Retry-After", "0.01")
        self.end_headers()
        self.wfile.write(out)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    pytest.importorskip("openai", reason="the package openai is not installed")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as one:
        thread = threading.Thread(target=one.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def test_texts_go_out_in_batches_and_come_back_in_order(server: Server) -> None:
    texts = [f"text {n}" for n in range(10)]
    found = embedder("m", server=server.url, batch=4)(texts)
    assert found.dtype == np.float32
    assert np.allclose(found, unit(texts), atol=1e-6)
    assert [body["input"] for body in server.asked] == [texts[:4], texts[4:8], texts[8:]]
    assert {(body["model"], body["encoding_format"]) for body in server.asked} == {("m", "float")}


def test_the_key_of_the_environment_is_sent(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    embedder("m", server=server.url)(["a"])
    assert server.keys == ["Bearer secret"]


@pytest.mark.parametrize("failures", [[429, 429], [500], [503, 429]])
def test_a_server_that_is_busy_is_asked_again(server: Server, failures: list[int]) -> None:
    server.failures = list(failures)
    assert np.allclose(embedder("m", server=server.url)(["a"]), unit(["a"]), atol=1e-6)
    assert len(server.asked) == len(failures) + 1


def test_a_server_that_never_answers_well_is_one_line(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RETRIES", 1)
    server.failures = [429] * 9
    with pytest.raises(CurateError) as caught:
        embedder("m", server=server.url)(["a"])
    line = str(caught.value)
    assert line.startswith(f"embedding server {server.url}, model m: ")
    assert "not now" in line
    assert "tried 2 times" in line
    assert "\n" not in line


def test_a_mistake_is_not_asked_again(server: Server) -> None:
    server.failures = [400]
    with pytest.raises(CurateError, match="not now"):
        embedder("m", server=server.url)(["a"])
    assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_one_line(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RETRIES", 0)
    with pytest.raises(CurateError, match="Connection error"):
        embedder("m", server="http://127.0.0.1:9/v1")(["a"])


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        (lambda good: good | {"data": good["data"][:1]}, "2 texts, but embeddings of shape"),
        (lambda good: good | {"data": []}, "2 texts|no embedding"),
        (
            lambda good: (
                good | {"data": [row | {"embedding": [float("nan")]} for row in good["data"]]}
            ),
            "2 texts, but",
        ),
        (lambda good: {"unexpected": 1}, "no embedding"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(server: Server, bend: Any, said: str) -> None:
    server.answer = bend
    with pytest.raises(CurateError, match=said):
        embedder("m", server=server.url)(["a", "b"])


def test_a_killed_run_asks_only_for_what_is_missing(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 3)
    monkeypatch.setattr(module, "_RETRIES", 0)
    texts = [f"text {n}" for n in range(8)]
    embed = embedder("m", server=server.url, cache=tmp_path / "cache")
    server.failures = [200, 200, 400]
    with pytest.raises(CurateError):
        embed(texts)
    assert len(server.asked) == 3
    server.asked.clear()
    again = embedder("m", server=server.url, cache=tmp_path / "cache")
    assert np.allclose(again(texts), unit(texts), atol=1e-6)
    assert [body["input"] for body in server.asked] == [texts[6:]]
    server.asked.clear()
    assert np.allclose(again(texts), unit(texts), atol=1e-6)
    embedder("other", server=server.url, cache=tmp_path / "cache")(texts[:3])
    assert [body["model"] for body in server.asked] == ["other"]
    assert not list((tmp_path / "cache").glob("*.tmp"))


def test_the_cache_is_keyed_by_model_and_texts_as_they_are_cut(tmp_path: Path) -> None:
    calls: list[list[str]] = []

    def embed(texts: Sequence[str]) -> np.ndarray:
        calls.append(list(texts))
        return unit(texts)

    one, other = _kept(embed, "m", tmp_path), _kept(embed, "n", tmp_path)
    for function, texts in [
        (one, ["ab", "c"]),
        (one, ["a", "bc"]),
        (other, ["ab", "c"]),
        (one, ["ab", "c"]),
    ]:
        assert (function(texts) == unit(texts)).all()
    assert calls == [["ab", "c"], ["a", "bc"], ["ab", "c"]]


def test_half_a_file_is_never_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    kept = _kept(unit, "m", tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            kept(["a"])
    assert not list(tmp_path.glob("*.npy"))
    assert (kept(["a"]) == unit(["a"])).all()


@pytest.mark.parametrize(
    ("package", "server"), [("sentence_transformers", None), ("openai", "http://127.0.0.1:9")]
)
def test_a_missing_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, package: str, server: str | None
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=r"pip install -c constraints.txt '\.\[semantic\]'"):
        embedder("m", server=server)


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sentence_transformers", reason="the extra semantic is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError, match="cannot be loaded") as caught:
        embedder(str(tmp_path))
    assert "\n" not in str(caught.value)
