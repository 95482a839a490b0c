"""Embeddings of texts, from a model at hand or from a server, kept on disk so that no text is
embedded twice.

    embed = embedder("sentence-transformers/all-MiniLM-L6-v2", cache=Path("~/.cache/curate").expanduser())
    embed = embedder("text-embedding-3-small", server="https://api.openai.com/v1")
    embed(["one text", "another"])   # float32 [2, dimensions], every row of length 1

A model is loaded by sentence-transformers (a folder, or a name on the Hub or in its cache); a
server is anything that answers like OpenAI's `/embeddings`, with the key in OPENAI_API_KEY. Both
are the extra `semantic` and are imported only here, when they are used. A model reads no more of a
text than its own limit (all-MiniLM-L6-v2: 256 word pieces).

The cache holds one file for every run of texts, named by the model's weights (of a server: its
address and the model's name) and the texts; it is written whole or not at all, so a killed run
loses what it was embedding and nothing else."""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from curate.errors import CurateError, UserError, extra

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts, none of them empty, to unit vectors: float32 [texts, dimensions]."""

CHUNK = 512
"""Texts in one file of the cache."""
_EXTRA = f"install the extra: {extra('semantic')}"
_RETRIES = 5


def embedder(
    model: str, *, server: str | None = None, batch: int = 64, cache: Path | None = None
) -> Embed:
    """Make the function that embeds texts; threads may share it.

    Raises UserError where the extra is missing or the model cannot be loaded. What it returns
    raises CurateError where the server cannot be reached, refuses, or answers nonsense."""
    embed, key = _of_server(server, model, batch) if server else _of_model(model, batch)
    return embed if cache is None else _kept(embed, key, cache)


def _of_model(name: str, batch: int) -> tuple[Embed, str]:
    """A sentence-transformers model, and the digest of its weights."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise UserError(f"embeddings need sentence-transformers; {_EXTRA}") from None
    try:
        model: Any = SentenceTransformer(name, trust_remote_code=False)
    except (
        Exception
    ) as error:  # the Hub, safetensors, the model's own configuration: dozens of types
        line = " ".join(str(error).split())[:300]
        hint = "give a folder that holds a sentence-transformers model, or its name on the Hub"
        raise UserError(f"embedding model {name}: cannot be loaded ({line}); {hint}") from error
    digest = hashlib.blake2b(digest_size=16)
    for tensor in model.state_dict().values():
        digest.update(tensor.contiguous().numpy(force=True).tobytes())
    lock = Lock()  # its tokeniser keeps state between calls

    def embed(texts: Sequence[str]) -> np.ndarray:
        with lock:
            found = model.encode(
                list(texts), batch_size=batch, convert_to_numpy=True, show_progress_bar=False
            )
        return _unit(np.asarray(found))

    return embed, digest.hexdigest()


def _of_server(url: str, model: str, batch: int) -> tuple[Embed, str]:
    """An OpenAI-compatible server."""
    try:
        import openai
    except ImportError:
        raise UserError(f"an embedding server needs the package openai; {_EXTRA}") from None
    key = os.environ.get("OPENAI_API_KEY") or "none"  # servers of one's own rarely ask for one
    client = openai.OpenAI(base_url=url, api_key=key, max_retries=_RETRIES, timeout=120)

    def embed(texts: Sequence[str]) -> np.ndarray:
        parts = [texts[at : at + batch] for at in range(0, len(texts), batch)]
        return _unit(np.concatenate([ask(part) for part in parts]))

    def ask(texts: Sequence[str]) -> np.ndarray:
        try:
            answer = client.embeddings.create(
                model=model, input=list(texts), encoding_format="float"
            )
            rows = sorted(answer.data, key=lambda row: row.index)
            found = np.array([row.embedding for row in rows], np.float32)
        except openai.OpenAIError as error:
            line = " ".join(str(error).split())[:300]
            raise CurateError(
                f"embedding server {url}, model {model}: {line}; tried {_RETRIES + 1} times"
            ) from error
        except (TypeError, ValueError, AttributeError) as error:  # an answer of another shape
            raise CurateError(
                f"embedding server {url}, model {model}: the answer holds no embeddings"
            ) from error
        if found.ndim != 2 or len(found) != len(texts) or not np.isfinite(found).all():
            raise CurateError(
                f"embedding server {url}, model {model}: {len(texts)} texts, but embeddings of shape {found.shape}"
            )
        return found

    return embed, f"{url}\0{model}"


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)


def _kept(embed: Embed, key: str, folder: Path) -> Embed:
    """The same function, which looks into the cache first."""
    folder.mkdir(parents=True, exist_ok=True)

    def one(texts: Sequence[str]) -> np.ndarray:
        digest = hashlib.blake2b(key.encode(), digest_size=20)
        for text in texts:
            raw = text.encode()
            digest.update(len(raw).to_bytes(8, "little") + raw)
        path = folder / f"{digest.hexdigest()}.npy"
        if path.exists():
            return np.asarray(np.load(path))
        vectors = embed(texts)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".tmp", delete=False) as stream:
            np.save(stream, vectors)
            stream.flush()
            os.fsync(stream.fileno())
        Path(stream.name).replace(path)
        return vectors

    def kept(texts: Sequence[str]) -> np.ndarray:
        chunks = math.ceil(len(texts) / CHUNK)
        return np.concatenate([one(texts[i * CHUNK : (i + 1) * CHUNK]) for i in range(chunks)])

    return kept
