"""Tokenizers from `tokenizer.json`: special tokens, and how many tokens a text has.

They need the package `tokenizers`, of the extra `filters`; transformers brings it too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.errors import UserError, extra
from curate.shards import sha256

FILE = "tokenizer.json"


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer file that was found."""

    path: Path
    digest: str
    """Its SHA-256."""


@cache
def read_tokenizer(name: str) -> Tokenizer:
    """Find a tokenizer: a `tokenizer.json`, or the folder that holds one; raises UserError where
    there is none.
    """
    path = Path(name) / FILE if Path(name).is_dir() else Path(name)
    if not path.is_file():
        raise UserError(f"tokenizer {name}: no such file; give a {FILE} or the folder that has one")
    try:
        json.loads(path.read_text(encoding="utf-8"))["model"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UserError(f"tokenizer {path}: not a {FILE} of the package tokenizers") from None
    _library()
    return Tokenizer(path, sha256(path))


@cache
def _loaded(name: str) -> Any:
    found = _library().Tokenizer.from_file(str(read_tokenizer(name).path))
    found.no_truncation()
    found.no_padding()
    return found


def _library() -> Any:
    try:
        import tokenizers
    except ImportError:
        raise UserError(f"a tokenizer needs the package tokenizers: {extra('filters')}") from None
    return tokenizers


def special_tokens_of(name: str) -> list[str]:
    """The special tokens of a tokenizer, as they are spelt."""
    added = _loaded(name).get_added_tokens_decoder().values()
    return sorted(token.content for token in added if token.special and token.content)


def token_counts(name: str, texts: pa.StringArray) -> np.ndarray:
    """How many tokens each text has, without those that a template would add: int64."""
    found = _loaded(name)
    size, counts = 4096, [np.empty(0, np.int64)]
    for start in range(0, len(texts), size):
        encoded = found.encode_batch_fast(
            texts.slice(start, size).to_pylist(), add_special_tokens=False
        )
        counts.append(np.array([len(one.ids) for one in encoded], np.int64))
    return np.concatenate(counts)
