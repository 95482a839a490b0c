"""A language model as lm-evaluation-harness asks one, over an engine and its store.

Messages pass through the harness as JSON text: it hands a prompt on as a text, and the engine is
given messages. Greedy answers are asked with the same seed whatever the seed of the run, so that
they are found again; of a drawn answer the seed depends on run, task, item and sample."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from lm_eval.api.model import LM

from curate.engines import Answer, Budget, Engine, Request, Sampling, Store, ask, seed_of
from curate.errors import CurateError
from curate.progress import Report, silent

ID = "curate_item"
"""The key of a row that holds the id of its item."""
MOST_TOKENS = 1024
"""Of an answer, where a task does not say."""


class EngineLM(LM):  # type: ignore[misc]  # the harness has no types
    """An engine, asked about texts with the chat template or without."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        *,
        chat: bool,
        seed: int,
        budget: Budget | None = None,
        progress: Report = silent,
    ) -> None:
        super().__init__()
        self.engine, self.store, self.chat, self.seed = engine, store, chat, seed
        self.budget, self.progress = budget, progress

    @property
    def tokenizer_name(self) -> str:
        """What tells this model's prompts from another's."""
        return self.engine.identity.text

    def chat_template(self, chat_template: Any = False) -> str:
        """The engine's own."""
        return ""

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """Messages as the text that `messages_of` reads."""
        return json.dumps(chat_history, ensure_ascii=False)

    def generate_until(self, requests: Sequence[Any]) -> list[Answer]:
        """The answer to each request: the harness hands on what it gets."""
        return self._asked([self._question(one, n) for one, n in numbered(requests)])

    def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
        """The log-probability of each continuation; minus infinity where there is no answer."""
        items = [
            list(many) for _, many in groupby(requests, lambda one: (one.task_name, one.doc_id))
        ]
        answers = self._asked(
            [
                self._request(many[0].args[0], continuations=tuple(one.args[1] for one in many))
                for many in items
            ]
        )
        return [
            (answer.logprobs[place] if answer.logprobs else float("-inf"), False)
            for many, answer in zip(items, answers, strict=True)
            for place in range(len(many))
        ]

    def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
        """No task asks for it."""
        raise CurateError("perplexity of whole texts is not evaluated")

    def _asked(self, requests: Sequence[Request]) -> list[Answer]:
        return ask(requests, self.engine, self.store, self.budget, self.progress)

    def _question(self, one: Any, sample: int) -> Request:
        prompt, how = one.args[0], one.args[1]
        sampling = sampling_of(how)
        parts = self.seed, one.task_name, one.doc[ID], sample
        drawn = sampling.temperature > 0
        return self._request(
            prompt, sampling=sampling, seed=seed_of(*parts) if drawn else 0, sample=sample
        )

    def _request(self, prompt: str, seed: int = 0, **more: Any) -> Request:
        return Request(messages_of(prompt, self.chat), seed, chat=self.chat, **more)


def numbered(requests: Sequence[Any]) -> list[tuple[Any, int]]:
    """Requests with the number of their sample: the harness repeats a request that has several."""
    seen: Counter[int] = Counter()
    found = []
    for one in requests:
        found.append((one, seen[id(one)]))
        seen[id(one)] += 1
    return found


def messages_of(prompt: str, chat: bool) -> list[dict[str, str]]:
    """The messages that a prompt of the harness stands for."""
    messages: list[dict[str, str]] = (
        json.loads(prompt) if chat else [{"role": "user", "content": prompt}]
    )
    return messages


def sampling_of(how: dict[str, Any]) -> Sampling:
    """The harness's words for how tokens are drawn, in ours; greedy where nothing is said."""
    drawn = how.get("do_sample", False)
    stops = how.get("until") or []
    return Sampling(
        max_tokens=int(how.get("max_gen_toks", MOST_TOKENS)),
        temperature=float(how.get("temperature", 1.0)) if drawn else 0.0,
        top_p=float(how.get("top_p", 1.0)) if drawn else 1.0,
        stop=tuple([stops] if isinstance(stops, str) else stops),
    )
