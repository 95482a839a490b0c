"""vLLM in this process and as a server: the same requests, the same outcomes. Needs an environment of
its own: `make test-vllm`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from curate.embedded import embedded_model
from curate.engines import (
    Answer,
    Engine,
    Request,
    Sampling,
    Store,
    ask,
    engine_spec,
    open_engine,
    open_store,
)

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900), pytest.mark.filterwarnings("default")]
MODEL_LENGTH = 1024
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}},
    "required": ["city"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip where vLLM is not installed; a small cache is enough."""
    pytest.importorskip("vllm")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")


def chat(text: str, **more: Any) -> Request:
    return Request([{"role": "user", "content": text}], 3, **more)


REQUESTS = [
    chat("What is the capital of Italy? One short sentence.", sampling=Sampling(temperature=0)),
    chat("Tell me a very long story of a fox.", sampling=Sampling(max_tokens=12)),
    chat("The capital of Italy, as JSON?", schema=SCHEMA, sampling=Sampling(max_tokens=60)),
    chat("Is Rome in Italy? Answer Yes or No.", labels=("Yes", "No")),
]


def sound(answers: list[Answer]) -> None:
    city, story, value, label = answers
    assert "Rome" in (city.text or "")
    assert (story.outcome, story.text, story.completion_tokens) == ("truncated", None, 12)
    assert (value.outcome, value.tier) == ("answered", "json_schema")
    assert set(value.value) == {"city"}
    assert label.probabilities is not None
    assert sum(label.probabilities.values()) == pytest.approx(1)


def asked_twice(engine: Engine, store: Store, requests: list[Request]) -> list[Answer]:
    """The answers, which a second call finds."""
    answers = ask(requests, engine, store)
    assert ask(requests, engine, store) == answers
    return answers


def test_in_process(tmp_path: Path) -> None:
    options = {"max_model_len": MODEL_LENGTH, "enforce_eager": True}
    spec = engine_spec({"kind": "vllm", "options": options})
    long = chat("a b c " * MODEL_LENGTH)
    with open_store(tmp_path) as store, open_engine(spec) as engine:
        sound(asked_twice(engine, store, REQUESTS))
        (too_long,) = ask([long], engine, store)
    assert too_long.outcome == "failed"
    assert too_long.reason


@contextmanager
def served() -> Iterator[str]:
    """The address of `vllm serve` with the embedded model."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Not `vllm serve`: that asks for the version of a package `vllm`, which the CPU build is not called.
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(embedded_model()),
        "--port", str(port), "--max-model-len", str(MODEL_LENGTH), "--enforce-eager",
        "--served-model-name", "small",
    ]  # fmt: skip
    process = subprocess.Popen(command, start_new_session=True)
    try:
        for _ in range(600):
            assert process.poll() is None, "vllm serve ended"
            try:
                with urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    break
            except (URLError, OSError):
                time.sleep(1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def test_as_a_server(tmp_path: Path) -> None:
    with served() as url, open_store(tmp_path) as store:
        spec = engine_spec({"kind": "openai", "base_url": url, "model": "small"})
        with open_engine(spec) as engine:
            sound(asked_twice(engine, store, REQUESTS))
