"""A model that vLLM runs in this process: each answer is there as soon as it ends.

Requests that begin alike are asked one after the other, so that vLLM computes what they share once.
JSON is held to its schema while it is written. A text that goes round in circles is stopped, with
an outcome of its own. vLLM needs an environment of its own (docs/engines.md); where it must share
one with a trainer, `vllm serve` and an engine of kind openai do the same over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from curate.engines.answer import Answer, reason
from curate.engines.engine import Further, uncounted
from curate.engines.outcome import judged, labelled
from curate.engines.pace import Pace
from curate.engines.prices import price_of
from curate.engines.request import Identity, Request
from curate.engines.spec import Vllm
from curate.engines.weights import weights
from curate.errors import CurateError, UserError, unknown

_CIRCLE = {"min_pattern_size": 4, "max_pattern_size": 64, "min_count": 8}
"""From 4 to 64 tokens, said eight times on end."""


class VllmEngine:
    """The engine of kind `vllm`."""

    def __init__(self, spec: Vllm) -> None:
        self.spec = spec
        self.price = price_of(spec)
        self.pace = Pace(spec.in_flight)
        self._numbers = itertools.count()
        self._starting = asyncio.Lock()
        self._running: tuple[Any, Any] | None = None

    @cached_property
    def identity(self) -> Identity:
        """The model, known by its weights."""
        _, revision = weights(self.spec.model, self.spec.revision)
        return Identity("vllm", self.spec.model, revision, self.spec.options)

    def order(self, requests: Sequence[Request]) -> list[int]:
        """Those that begin alike side by side."""
        begun = [
            [(one["role"], one["content"]) for one in request.messages] for request in requests
        ]
        return sorted(range(len(requests)), key=lambda place: begun[place])

    async def answer(self, request: Request, further: Further = uncounted) -> Answer:
        """Answer a request; see Engine."""
        engine, tokenizer = await self.started()
        began = time.monotonic()
        answer = await self._said(engine, tokenizer, request)
        return replace(answer, seconds=time.monotonic() - began)

    async def started(self) -> tuple[Any, Any]:
        """vLLM's own AsyncLLM and the tokeniser; the first call takes about a minute."""
        async with self._starting:
            if self._running is None:
                self._running = await asyncio.to_thread(_start, self.spec)
        return self._running

    async def close(self) -> None:
        """End vLLM's own process."""
        running, self._running = self._running, None
        if running is not None:
            await asyncio.to_thread(running[0].shutdown)

    async def _said(self, engine: Any, tokenizer: Any, request: Request) -> Answer:
        from vllm.v1.engine.exceptions import EngineDeadError

        prompt = tokenizer.apply_chat_template(
            [dict(message) for message in request.messages],
            tokenize=False,
            add_generation_prompt=True,
        )
        tokens = tokenizer.encode(prompt, add_special_tokens=False)
        try:
            rendered = await engine.renderer.render_cmpl_async([{"prompt_token_ids": tokens}])
            outputs = engine.generate(
                rendered[0],
                parameters(request, tokenizer),
                f"curate-{next(self._numbers)}",
            )
            output = [output async for output in outputs][-1]
        except EngineDeadError as error:
            raise CurateError(
                f"vLLM, model {self.spec.model}: its process ended: {error}"
            ) from None
        except ValueError as error:  # too long a prompt, a schema that it cannot hold a model to
            return Answer("failed", reason=reason(error))
        return _answer(output, request)


def _start(spec: Vllm) -> tuple[Any, Any]:
    """AsyncLLM and the tokeniser of a model."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    try:
        from transformers import AutoTokenizer
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM
    except ImportError as error:
        raise UserError(
            f"an engine of kind vllm needs vLLM ({error}), in an environment of its own: "
            "docs/engines.md; or let `vllm serve` answer an engine of kind openai"
        ) from None
    known = list(AsyncEngineArgs.__dataclass_fields__)
    for name in spec.options:
        if name not in known:
            raise UserError(f"engine of kind vllm, options: {unknown('option', name, known)}")
    folder = str(weights(spec.model, spec.revision)[0])
    try:
        arguments = AsyncEngineArgs(model=folder, **spec.options)
        trusted = bool(spec.options.get("trust_remote_code"))
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trusted)
        return AsyncLLM.from_engine_args(arguments), tokenizer
    except Exception as error:  # of torch, of the model's configuration, of the machine
        told = f"vLLM, model {spec.model}: cannot be started ({reason(error)})"
        raise UserError(told) from error


def parameters(request: Request, tokenizer: Any) -> Any:
    """What vLLM is told of a request."""
    from vllm.sampling_params import (
        RepetitionDetectionParams,
        RequestOutputKind,
        SamplingParams,
        StructuredOutputsParams,
    )

    from curate.engines.transformers import first_tokens

    if request.labels:
        tokens = first_tokens(tokenizer, request.labels)
        return SamplingParams(
            max_tokens=1,
            seed=request.seed,
            logprob_token_ids=tokens,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
    sampling = request.sampling
    held = None
    if request.schema is not None:
        held = StructuredOutputsParams(json=dict(request.schema))
    return SamplingParams(
        max_tokens=sampling.max_tokens,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        stop=list(sampling.stop),
        seed=request.seed,
        structured_outputs=held,
        repetition_detection=RepetitionDetectionParams(**_CIRCLE),
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _answer(output: Any, request: Request) -> Answer:
    import vllm

    (said,) = output.outputs
    made = Answer(
        "answered",
        said=said.text,
        finish=str(said.finish_reason or ""),
        prompt_tokens=len(output.prompt_token_ids),
        cached_tokens=output.num_cached_tokens or 0,
        completion_tokens=len(said.token_ids),
        served_by=f"vllm {vllm.__version__}",
        tier="json_schema" if request.schema is not None else "",
    )
    if request.labels:
        likely = [(one.decoded_token or "", one.logprob) for one in said.logprobs[0].values()]
        return labelled(made, request.labels, likely)
    return judged(made, request)
