"""A model that transformers runs in this process, by default the embedded one.

Requests that wait are answered together, those of like length in one batch. Each draws its tokens
with a generator of its own, begun with its seed, so that what is drawn for a request depends on no
other; logits may differ in their last bits with the size of the batch, which is why what is
repeatable is what the store holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from curate.engines.answer import Answer, reason
from curate.engines.engine import Further, uncounted
from curate.engines.outcome import judged, labelled
from curate.engines.pace import Pace
from curate.engines.prices import price_of
from curate.engines.request import Identity, Request
from curate.engines.spec import Transformers
from curate.engines.structured import with_schema
from curate.engines.weights import weights
from curate.errors import UserError, extra

if TYPE_CHECKING:
    import torch

_GATHER = 0.05
"""Seconds in which the requests of a first batch come together."""


class TransformersEngine:
    """The engine of kind `transformers`."""

    def __init__(self, spec: Transformers) -> None:
        self.spec = spec
        self.price = price_of(spec)
        self.pace = Pace(2 * spec.batch)  # one batch is computed while the next comes together
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._runner: asyncio.Task[None] | None = None

    @cached_property
    def identity(self) -> Identity:
        """The model, known by its weights."""
        _, revision = weights(self.spec.model, self.spec.revision)
        return Identity("transformers", self.spec.model, revision)

    def order(self, requests: Sequence[Request]) -> list[int]:
        """The longest first: what needs the most memory shows at once."""
        sizes = [(_size(request), request.sampling.max_tokens) for request in requests]
        return sorted(range(len(requests)), key=lambda place: sizes[place], reverse=True)

    async def answer(self, request: Request, further: Further = uncounted) -> Answer:
        """Answer a request; see Engine."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await future

    async def close(self) -> None:
        """Let go of the model."""
        vars(self).pop("_loaded", None)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        return _load(str(weights(self.spec.model, self.spec.revision)[0]))

    async def _run(self) -> None:
        """Answer what waits, batch after batch; each of one sort."""
        await asyncio.sleep(_GATHER)
        while self._waiting:
            sort = _sort(self._waiting[0][0])
            batch = [one for one in self._waiting if _sort(one[0]) == sort][: self.spec.batch]
            self._waiting = [one for one in self._waiting if one not in batch]
            requests = [request for request, _ in batch]
            try:
                answers = await asyncio.to_thread(self._answered, requests)
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    def _answered(self, requests: Sequence[Request]) -> list[Answer]:
        model, tokenizer = self._loaded
        began = time.monotonic()
        answers = answered(model, tokenizer, requests)
        seconds = time.monotonic() - began
        return [Answer(**{**vars(answer), "seconds": seconds}) for answer in answers]


def _sort(request: Request) -> tuple[bool, bool, bool]:
    """What requests of one batch have in common: what is wanted, and how the prompt is read."""
    return bool(request.labels), bool(request.continuations), request.chat


def _size(request: Request) -> int:
    return sum(len(message["content"]) for message in request.messages)


def _load(folder: str) -> tuple[Any, Any]:
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging
    except ImportError as error:
        raise UserError(
            f"an engine of kind transformers needs {error.name}: {extra('train')}"
        ) from None
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto", trust_remote_code=False)
    except Exception as error:  # safetensors, the tokeniser, the model's own configuration
        raise UserError(f"model {folder}: cannot be loaded ({reason(error)})") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval(), tokenizer


def answered(model: Any, tokenizer: Any, requests: Sequence[Request]) -> list[Answer]:
    """Answer requests of one sort as one batch: all of them for texts, for labels, or for
    continuations. One that cannot be put to the model is failed, and the others are answered.
    """
    window = getattr(model.config, "max_position_embeddings", None)
    prompts = [_prompt(request, tokenizer, window) for request in requests]
    pairs = zip(requests, prompts, strict=True)
    sound = [(request, prompt) for request, prompt in pairs if isinstance(prompt, str)]
    given = iter(_said(model, tokenizer, sound) if sound else ())
    return [prompt if isinstance(prompt, Answer) else next(given) for prompt in prompts]


def _prompt(request: Request, tokenizer: Any, window: int | None) -> str | Answer:
    """What the model reads of a request, or why it cannot."""
    if not request.chat:
        return _within(request, request.messages[0]["content"], tokenizer, window)
    try:
        prompt: str = tokenizer.apply_chat_template(
            messages_of(request), tokenize=False, add_generation_prompt=True
        )
    except Exception as error:  # the model's own template: one without a turn of the system, say
        return Answer("failed", reason=reason(f"the model's chat template refuses it: {error}"))
    return _within(request, prompt, tokenizer, window)


def _within(request: Request, prompt: str, tokenizer: Any, window: int | None) -> str | Answer:
    """The prompt, or that it is too long for the model."""
    size = len(tokenizer(prompt, add_special_tokens=not request.chat).input_ids)
    more = 1 if request.labels else request.sampling.max_tokens
    if request.continuations:
        longest = max(request.continuations, key=len)
        more = len(tokenizer(longest, add_special_tokens=False).input_ids)
    if window is not None and size + more > window:
        told = (
            f"a prompt of {size} tokens and max_tokens of {more} pass the model's {window} tokens"
        )
        return Answer("failed", reason=told)
    return prompt


def _said(model: Any, tokenizer: Any, sound: Sequence[tuple[Request, str]]) -> list[Answer]:
    """The answers to requests with their prompts."""
    import torch

    requests, prompts = [request for request, _ in sound], [prompt for _, prompt in sound]
    if requests[0].continuations:
        from curate.engines.continuations import log_probabilities

        pairs = list(zip(prompts, (request.continuations for request in requests), strict=True))
        with torch.inference_mode():
            found = log_probabilities(model, tokenizer, pairs, special=not requests[0].chat)
        return [_likely(sums, n) for sums, n in found]
    inputs = tokenizer(
        prompts,
        return_tensors="pt",
        padding=True,
        padding_side="left",
        add_special_tokens=not requests[0].chat,
    ).to(model.device)
    with torch.inference_mode():
        if requests[0].labels:
            return _labels(model, tokenizer, requests, inputs)
        return _texts(model, tokenizer, requests, inputs)


def _likely(sums: tuple[float, ...], prompt: int) -> Answer:
    return Answer(
        "answered",
        logprobs=sums,
        finish="continuations",
        prompt_tokens=prompt,
        served_by=_version(),
    )


def messages_of(request: Request) -> list[dict[str, str]]:
    """The messages, with the schema in words where there is one."""
    if request.schema is not None:
        return with_schema(request.messages, request.schema)
    return [dict(message) for message in request.messages]


# ---- texts


def _texts(model: Any, tokenizer: Any, requests: Sequence[Request], inputs: Any) -> list[Answer]:
    from transformers import GenerationConfig

    start = inputs.input_ids.shape[1]
    ends = _ends(model, tokenizer)
    config = GenerationConfig(
        do_sample=False,  # what is drawn is drawn by `_drawn`
        max_new_tokens=max(request.sampling.max_tokens for request in requests),
        eos_token_id=sorted(ends),
        pad_token_id=tokenizer.pad_token_id,
    )
    tokens = model.generate(
        **inputs,
        generation_config=config,
        logits_processor=[_drawn(requests, start)],
        stopping_criteria=[_ended(requests, tokenizer, start)],
    )
    sizes = inputs.attention_mask.sum(1).tolist()
    return [
        _text(row[start:].tolist(), request, tokenizer, ends, size)
        for row, request, size in zip(tokens, requests, sizes, strict=True)
    ]


def _ends(model: Any, tokenizer: Any) -> set[int]:
    """The tokens that end a turn."""
    told = model.generation_config.eos_token_id
    found = set(told if isinstance(told, list) else [told]) | {tokenizer.eos_token_id}
    return {int(token) for token in found if token is not None}


def _text(
    tokens: list[int], request: Request, tokenizer: Any, ends: set[int], prompt: int
) -> Answer:
    """What a row of tokens says, up to its end or its limit."""
    tokens = tokens[: request.sampling.max_tokens]
    end = next((place for place, token in enumerate(tokens) if token in ends), None)
    said = tokenizer.decode(tokens[:end], skip_special_tokens=True)
    stops = [said.find(stop) for stop in request.sampling.stop if stop in said]
    if stops:
        said = said[: min(stops)]
    made = Answer(
        "answered",
        said=said,
        finish="stop" if stops or end is not None else "length",
        prompt_tokens=prompt,
        completion_tokens=len(tokens) if end is None else end + 1,
        served_by=_version(),
        tier="text" if request.schema is not None else "",
    )
    return judged(made, request)


def _version() -> str:
    import transformers

    return f"transformers {transformers.__version__}"


def _drawn(requests: Sequence[Request], start: int) -> Callable[[Any, Any], Any]:
    """A processor of logits that leaves one token of each row: the one that its request draws."""
    import torch

    uniform = [
        torch.rand(
            request.sampling.max_tokens,
            generator=torch.Generator().manual_seed(request.seed),
            dtype=torch.float64,
        )
        for request in requests
    ]

    def process(tokens: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        step = tokens.shape[1] - start
        for row, request in enumerate(requests):
            if request.sampling.temperature > 0 and step < request.sampling.max_tokens:
                token = _token(scores[row : row + 1], request, float(uniform[row][step]))
                scores[row] = float("-inf")
                scores[row, token] = 0.0
        return scores

    return process


def _token(scores: torch.Tensor, request: Request, uniform: float) -> int:
    """The token at a place between 0 and 1 of the probabilities put end to end."""
    from transformers import TopKLogitsWarper, TopPLogitsWarper

    sampling = request.sampling
    scores = scores.float() / sampling.temperature
    if sampling.top_k:
        scores = TopKLogitsWarper(sampling.top_k)(None, scores)
    if sampling.top_p < 1:
        scores = TopPLogitsWarper(sampling.top_p)(None, scores)
    total = scores.double().softmax(-1)[0].cumsum(0)
    place = (total <= uniform * total[-1]).sum()
    return int(place.clamp(max=len(total) - 1))


def _ended(requests: Sequence[Request], tokenizer: Any, start: int) -> Callable[..., Any]:
    """A criterion that stops each row at its own limit or stop text."""
    import torch

    def criterion(tokens: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        new = tokens.shape[1] - start
        done = [
            new >= request.sampling.max_tokens or _stopped(tokens[row, start:], request, tokenizer)
            for row, request in enumerate(requests)
        ]
        return torch.tensor(done, device=tokens.device)

    return criterion


def _stopped(tokens: torch.Tensor, request: Request, tokenizer: Any) -> bool:
    """Whether a stop text is among the last tokens; a token has at least one byte."""
    stops = request.sampling.stop
    if not stops:
        return False
    longest = max(len(stop.encode()) for stop in stops)
    tail = tokenizer.decode(tokens[-longest - 1 :], skip_special_tokens=True)
    return any(stop in tail for stop in stops)


# ---- labels


def _labels(model: Any, tokenizer: Any, requests: Sequence[Request], inputs: Any) -> list[Answer]:
    places = (inputs.attention_mask.cumsum(-1) - 1).clamp(min=0)
    logits = model(**inputs, position_ids=places, logits_to_keep=1).logits[:, -1]
    logprobs = logits.float().log_softmax(-1)
    answers = []
    for row, request in enumerate(requests):
        tokens = first_tokens(tokenizer, request.labels)
        likely = [(tokenizer.decode([token]), float(logprobs[row, token])) for token in tokens]
        prompt = int(inputs.attention_mask[row].sum())
        made = Answer("answered", finish="labels", prompt_tokens=prompt, served_by=_version())
        answers.append(labelled(made, request.labels, likely))
    return answers


def first_tokens(tokenizer: Any, labels: Sequence[str]) -> list[int]:
    """The tokens with which labels begin, with a blank before them or not."""
    texts = [blank + label for label in labels for blank in ("", " ")]
    return sorted({tokenizer.encode(text, add_special_tokens=False)[0] for text in texts})
