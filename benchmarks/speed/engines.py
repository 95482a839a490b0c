"""What asking costs beside the model: requests a second, memory, and tokens a second beside vLLM's own.

    python -m benchmarks.speed.engines --requests 20000                  # against a server that answers at once
    .venv-vllm/bin/python -m benchmarks.speed.engines --vllm --requests 64   # in the environment of vLLM

The server is a process of its own. Everything is as in a run: each request is made durable before it
is sent and each answer before it is seen, in a new store on the disk of `--work`. For vLLM the same
requests are answered by its AsyncLLM directly and by `ask`, in turns, `--rounds` times."""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.speed.measure import ROOT, save, table
from curate.engines import (
    Request,
    Sampling,
    Store,
    ask,
    engine_spec,
    open_engine,
    open_store,
    seed_of,
)
from curate.engines.background import run
from curate.engines.spec import Vllm
from curate.engines.vllm import VllmEngine, parameters

TEXT = "Write one sentence about the number {n}, for a reader who has never heard of it. " * 3


def requests(n: int, tokens: int = 64) -> list[Request]:
    """So many requests of about 60 tokens."""
    return [
        Request(
            messages=[{"role": "user", "content": TEXT.format(n=number)}],
            seed=seed_of(1, number),
            sampling=Sampling(max_tokens=tokens),
        )
        for number in range(n)
    ]


@contextmanager
def instant() -> Iterator[str]:
    """The address of a server that answers at once."""
    command = [sys.executable, "-m", "benchmarks.speed.instant"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None and server.stdin is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        server.stdin.close()


def against_instant(n: int, in_flight: int, work: Path) -> dict[str, float]:
    """One run of n requests: its rate, the processor's time of this process, and its peak memory."""
    asked = requests(n)
    with instant() as url, tempfile.TemporaryDirectory(dir=work) as folder:
        given = {"kind": "openai", "model": "m", "base_url": url, "in_flight": in_flight}
        with open_store(Path(folder)) as store, open_engine(engine_spec(given)) as engine:
            began, used = time.perf_counter(), time.process_time()
            answers = ask(asked, engine, store)
            seconds, cpu = time.perf_counter() - began, time.process_time() - used
    assert {answer.outcome for answer in answers} == {"answered"}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "requests": n,
        "in_flight": in_flight,
        "requests_a_second": n / seconds,
        "requests_a_cpu_second": n / cpu,
        "peak_mb": peak,
    }


def beside_vllm(n: int, rounds: int, work: Path) -> dict[str, float]:
    """Tokens a second of vLLM alone and through `ask`, on the embedded model."""
    asked = requests(n)
    options = {"max_model_len": 1024, "enforce_eager": True, "enable_prefix_caching": False}
    engine = VllmEngine(Vllm(kind="vllm", options=options))
    direct, through = [], []
    try:
        run(_direct(engine, asked[:1]))  # starts it
        for _ in range(rounds):
            direct.append(_rate(lambda: run(_direct(engine, asked))))
            with tempfile.TemporaryDirectory(dir=work) as folder, open_store(Path(folder)) as store:
                through.append(_rate(partial(_through, engine, asked, store)))
    finally:
        run(engine.close())
    return {
        "requests": n,
        "direct_tokens_a_second": median(direct),
        "tokens_a_second": median(through),
        "ratio": median(through) / median(direct),
    }


async def _direct(engine: VllmEngine, asked: Sequence[Request]) -> int:
    """What somebody writes who needs no store: all requests given to AsyncLLM at once; the tokens."""
    llm, tokenizer = await engine.started()

    async def one(request: Request) -> int:
        prompt = tokenizer.apply_chat_template(
            list(request.messages), tokenize=False, add_generation_prompt=True
        )
        tokens = {"prompt_token_ids": tokenizer.encode(prompt, add_special_tokens=False)}
        outputs = llm.generate(tokens, parameters(request, tokenizer), uuid.uuid4().hex)
        return [len(output.outputs[0].token_ids) async for output in outputs][-1]

    return sum(await asyncio.gather(*map(one, asked)))


def _through(engine: VllmEngine, asked: Sequence[Request], store: Store) -> int:
    return sum(answer.completion_tokens for answer in ask(asked, engine, store))


def _rate(work: Callable[[], int]) -> float:
    """Tokens a second."""
    began = time.perf_counter()
    return work() / (time.perf_counter() - began)


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--vllm", action="store_true")
    parser.add_argument("--work", type=Path, default=Path("out/speed"))
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    if given.vllm:
        found = [beside_vllm(given.requests, given.rounds, given.work)]
    else:
        found = [
            against_instant(given.requests, given.in_flight, given.work)
            for _ in range(given.rounds)
        ]
    save(given.work / f"engines{'-vllm' if given.vllm else ''}.json", {"runs": found})
    print(table(list(found[0]), [[f"{value:,.4g}" for value in row.values()] for row in found]))


if __name__ == "__main__":
    main()
