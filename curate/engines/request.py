"""What a language model is asked, and the key under which its answer is kept.

    request = Request(messages=[{"role": "user", "content": "Name a tree."}], seed=seed_of(42, "trees", 0))
    key_of(request, engine.identity)

Everything that an answer depends on is in the key: the engine's kind, the model with its revision
or the digest of its weights, the messages, the parameters, the seed and the number of the sample,
and the template that the messages were made with. Where a server is, how many requests it gets at
once and how often they are tried again is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations
from typing import Any

VERSION = 2
"""Of what is asked and of the key: another one finds no answer that was kept before."""

Message = Mapping[str, str]
"""A turn: `role` and `content`."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn. Every engine understands all of it, but for `top_k`, which OpenAI's own
    servers refuse.
    """

    max_tokens: int = 1024
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    """0: all tokens."""
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """One question, and at most one of: a JSON schema that the answer must fit, labels of which the
    probabilities are wanted instead of a text, or continuations whose log-probabilities are.
    """

    messages: Sequence[Message]
    seed: int
    """From 0 to 2**31 - 1: the range that every engine takes."""
    sampling: Sampling = Sampling()
    sample: int = 0
    """Tells apart samples of the same question; give each a seed of its own."""
    schema: Mapping[str, Any] | None = None
    labels: tuple[str, ...] = ()
    template: str = ""
    """A digest of the template that the messages were made with."""
    continuations: tuple[str, ...] = ()
    """Texts whose log-probabilities after the prompt are wanted, one by one."""
    chat: bool = True
    """False: the only message is the text that the model goes on with, without a chat template."""

    def __post_init__(self) -> None:
        """Refuse what no engine could answer."""
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"a seed is from 0 to 2147483647, not {self.seed}")
        if not self.messages:
            raise ValueError("a request needs a message")
        if sum(map(bool, (self.schema is not None, self.labels, self.continuations))) > 1:
            raise ValueError("a request has a schema, labels or continuations: one of them")
        if not self.chat and len(self.messages) > 1:
            raise ValueError("a request without a chat template has one message")
        if len(set(self.labels)) != len(self.labels) or not all(map(str.strip, self.labels)):
            raise ValueError(f"labels must differ and not be blank: {', '.join(self.labels)}")
        for one, other in permutations(self.labels, 2):
            if other.startswith(one):  # told apart by their first token
                raise ValueError(f"no label may begin another, as '{one}' begins '{other}'")

    @cached_property
    def text(self) -> str:
        """The request as JSON: what the store holds, and what the key is made of. The schema is in
        it as a text: the order of its properties is that in which a model writes them.
        """
        sampling = self.sampling
        numbers = {"temperature": float(sampling.temperature), "top_p": float(sampling.top_p)}
        schema = None if self.schema is None else json.dumps(self.schema, ensure_ascii=False)
        # Only where they are used: the keys of all other requests stay what they were.
        more = {"continuations": self.continuations} if self.continuations else {}
        return _json(
            more
            | ({} if self.chat else {"chat": False})
            | {
                "messages": [dict(message) for message in self.messages],
                "sampling": vars(sampling) | numbers,
                "schema": schema,
                "labels": self.labels,
                "seed": self.seed,
                "sample": self.sample,
                "template": self.template,
            }
        )


@dataclass(frozen=True)
class Identity:
    """What of an engine its answers depend on."""

    kind: str
    model: str
    revision: str
    """A commit, the digest of local weights, or, of a server for which none is stated, its address."""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The identity as JSON."""
        names = ("kind", "model", "revision", "settings")
        return _json({name: getattr(self, name) for name in names})


def key_of(request: Request, identity: Identity) -> str:
    """The key of a request to an engine: SHA-256, in hex."""
    return _sha256(f"{VERSION}\n{identity.text}\n{request.text}")


def seed_of(*parts: int | str) -> int:
    """A seed that depends on all parts, such as the recipe's seed, an item's number, a sample's."""
    return int(digest(list(parts))[:8], 16) >> 1


def digest(plain: Any) -> str:
    """SHA-256 over plain data, in hex; the order of keys makes no difference."""
    return _sha256(_json(plain))


def _json(plain: Any) -> str:
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
