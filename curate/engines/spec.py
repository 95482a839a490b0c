"""Engines as a recipe names them.

    engine: {kind: openai, model: gpt-4o-2024-08-06}                 # one
    engines:                                                         # several, by name
      writer: {kind: openai, base_url: "http://localhost:8000/v1", model: my-model}
      small:  {kind: transformers}

A key is never part of a recipe: `key_env` names the environment variable that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from curate.config import Strict, check
from curate.errors import UserError, unknown

OPENAI_URL = "https://api.openai.com/v1"
EMBEDDED = "embedded"
"""The model that needs no download where its package is installed: SmolLM2-135M-Instruct."""


def _variable(name: str) -> str:
    """Refuse what is no name of a variable, without repeating it: it may be a key."""
    if not name.isidentifier() or not name.isupper():
        raise ValueError("must be the name of an environment variable, such as OPENAI_API_KEY")
    return name


def _address(url: str) -> str:
    """Refuse an address that is none, or that holds a password, without repeating it."""
    try:
        parts = urlsplit(url)
        secret = bool(parts.username or parts.password or parts.query)
    except ValueError:
        raise ValueError("must be an address such as http://localhost:8000/v1") from None
    if secret:
        raise ValueError("must hold no name, password or query; give a key by key_env")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as http://localhost:8000/v1")
    return url.rstrip("/")


def _no_secret(options: dict[str, Any]) -> dict[str, Any]:
    """Refuse options that hold a secret, without repeating it: a store would keep them."""
    for name in options:
        if name.lower().endswith(("token", "key")):
            raise ValueError(
                f"'{name}' would be kept in the store; give HF_TOKEN in the environment"
            )
    return options


class Price(Strict):
    """US dollars for a million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)
    """Of input tokens that the provider had computed before; as `input` where it is left out."""


class OpenAI(Strict):
    """A server that speaks like OpenAI's, wherever it runs."""

    kind: Literal["openai"]
    model: str = Field(min_length=1)
    base_url: Annotated[str, AfterValidator(_address)] = OPENAI_URL
    key_env: Annotated[str, AfterValidator(_variable)] = "OPENAI_API_KEY"
    revision: str | None = None
    """What pins the model, where the server says nothing of it; then the address may change."""
    batch: bool = False
    """Ask by OpenAI's Batch API: answers come within a day, at half the price."""
    price: Price | None = None
    in_flight: int = Field(default=64, ge=1, le=4096)
    """Requests at once at most; fewer while the server says that they are too many."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds that one attempt may take."""
    attempts: int = Field(default=6, ge=1, le=100)


class Transformers(Strict):
    """A model that transformers runs in this process."""

    kind: Literal["transformers"]
    model: str = Field(default=EMBEDDED, min_length=1)
    """A folder, a name on the Hub, or `embedded`."""
    revision: str | None = None
    batch: int = Field(default=16, ge=1, le=4096)


class Vllm(Strict):
    """A model that vLLM runs in this process."""

    kind: Literal["vllm"]
    model: str = Field(default=EMBEDDED, min_length=1)
    """A folder, a name on the Hub, or `embedded`."""
    revision: str | None = None
    in_flight: int = Field(default=256, ge=1, le=4096)
    options: Annotated[dict[str, Any], AfterValidator(_no_secret)] = Field(default_factory=dict)
    """Further arguments of vLLM's AsyncEngineArgs, such as `dtype` or `max_model_len`."""


EngineSpec = OpenAI | Transformers | Vllm
KINDS: Mapping[str, type[EngineSpec]] = {
    "openai": OpenAI,
    "transformers": Transformers,
    "vllm": Vllm,
}


def engine_spec(data: Any, where: str = "engine") -> EngineSpec:
    """Check an engine given as plain data; everything wrong is a line of one UserError."""
    if isinstance(data, EngineSpec):
        return data
    if not isinstance(data, Mapping):
        raise UserError(f"{where}: must be a mapping such as {{kind: openai, model: …}}")
    kind = str(data.get("kind", ""))
    if kind not in KINDS:
        what = unknown("kind of engine", kind, KINDS) if kind else "the key 'kind' is missing"
        raise UserError(f"{where}: {what}")
    return check(KINDS[kind], data, where)


def _read(data: Any) -> EngineSpec:
    try:
        return engine_spec(data)
    except UserError as error:
        lines = str(error).splitlines()
        raise ValueError("; ".join(line.removeprefix("engine: ") for line in lines)) from None


OneEngine = Annotated[EngineSpec, BeforeValidator(_read)]
"""For a model of a recipe: the key `engine`."""
Engines = dict[Annotated[str, Field(pattern=r"^\w[\w-]*$")], OneEngine]
"""For a model of a recipe: the key `engines`."""


def named(engines: Mapping[str, EngineSpec], name: str) -> EngineSpec:
    """The engine of that name; raises UserError with the nearest where there is none."""
    if name not in engines:
        raise UserError(unknown("engine", name, engines))
    return engines[name]
