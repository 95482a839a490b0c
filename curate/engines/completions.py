"""The chat completions of OpenAI's API: what is sent, and what a reply says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.engines.answer import Answer
from curate.engines.outcome import ended, judged, labelled
from curate.engines.request import Request
from curate.engines.spec import OPENAI_URL, OpenAI
from curate.engines.structured import is_strict, with_schema

_TOP = 20
"""Likely tokens that a server names at most."""


def body_of(request: Request, spec: OpenAI, tier: str) -> dict[str, Any]:
    """What is sent for a request."""
    sampling = request.sampling
    # OpenAI's newer models refuse the name that every other server knows.
    limit = "max_completion_tokens" if spec.base_url == OPENAI_URL else "max_tokens"
    body: dict[str, Any] = {
        "model": spec.model,
        "messages": [dict(message) for message in request.messages],
        "seed": request.seed,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        limit: 1 if request.labels else sampling.max_tokens,
    }
    if sampling.top_k:
        body["top_k"] = sampling.top_k
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if request.labels:
        body |= {"logprobs": True, "top_logprobs": _TOP}
    if request.schema is not None:
        body |= _formatted(request, request.schema, tier)
    return body


def _formatted(request: Request, schema: Mapping[str, Any], tier: str) -> dict[str, Any]:
    if tier == "json_schema":
        named = {"name": "answer", "schema": schema, "strict": is_strict(schema)}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    told = {"messages": with_schema(request.messages, schema)}
    return told | ({"response_format": {"type": "json_object"}} if tier == "json_object" else {})


def answer_of(reply: Any, request: Request, tier: str) -> Answer:
    """What a reply says; raises LookupError, TypeError or ValueError where it has another shape."""
    choice = reply["choices"][0]
    message, finish = choice["message"], str(choice.get("finish_reason") or "")
    said = message.get("content") or ""
    if not isinstance(said, str):
        raise TypeError("the content is no text")
    usage = reply.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    made = Answer(
        "answered",
        said=said,
        finish=finish,
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        cached_tokens=int(details.get("cached_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
        served_by=" ".join(filter(None, [reply.get("model"), reply.get("system_fingerprint")])),
        tier=tier if request.schema is not None else "",
    )
    refusal = message.get("refusal")
    if refusal:
        return ended(made, "refused", str(refusal))
    if request.labels:
        likely = choice["logprobs"]["content"][0]["top_logprobs"]
        return labelled(made, request.labels, [(one["token"], one["logprob"]) for one in likely])
    return judged(made, request)
