"""Plain prose, words and phrases, written for this project: what witnesses are made of, and what
arguments are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

from curate.verify.constraints.text import words


@dataclass(frozen=True)
class Stock:
    """The file beside this one."""

    sentences: tuple[str, ...]
    clauses: tuple[str, ...]
    languages: dict[str, tuple[str, ...]]
    keywords: tuple[str, ...]
    endings: tuple[str, ...]
    postscripts: tuple[str, ...]
    titles: tuple[str, ...]
    palindromes: tuple[str, ...]
    phrases: tuple[str, ...]
    vocabulary: frozenset[str]
    """All words of sentences and clauses: those that an edit may drop."""


def contents() -> list[str]:
    """All that stands in the files, which rows depend on."""
    return [_read(name) for name in ("stock.yaml", "wordings.yaml")]


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


@lru_cache(maxsize=1)
def stock() -> Stock:
    """Read the file once."""
    read = yaml.safe_load(_read("stock.yaml"))
    languages = {code: tuple(texts) for code, texts in read.pop("languages").items()}
    keywords = tuple(read.pop("keywords").split())
    prose = [*read["sentences"], *read["clauses"], *sum(languages.values(), ())]
    vocabulary = frozenset(word for one in prose for word in words(one.lower()))
    lists = {name: tuple(values) for name, values in read.items()}
    return Stock(languages=languages, keywords=keywords, vocabulary=vocabulary, **lists)


@lru_cache(maxsize=1)
def wordings() -> dict[str, tuple[str, ...]]:
    """How each type is asked for, by id: sentences with places for its arguments."""
    return {id: tuple(lines) for id, lines in yaml.safe_load(_read("wordings.yaml")).items()}
