"""The verdict file: what people said of single pairs of texts, in YAML for a repository. A pair is a
training row and a benchmark item (`verdicts`), or two training rows (`duplicates`).

    verdicts = load_verdicts(Path("verdicts.yaml"))
    save_verdicts(Path("verdicts.yaml"), [*verdicts, Ruling("chat/1", "gsm8k/0", "leak", None, doc_hash, item_hash)])
    duplicates = load_verdicts(Path("verdicts.yaml"), DUPLICATES)

A verdict belongs to two texts, by their hashes: it holds wherever they meet again, under any id,
and is void where one of them has changed. Ids are for people. Refused, each in one line: unknown
keys and words, hashes that are none, and two verdicts on one pair of texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml

from curate.config import load_yaml
from curate.errors import UserError, unknown
from curate.shards import write_text

WORDS = ("leak", "false-alarm", "allowed")
"""It counts whatever a matcher says; it is none; it is one and may stay."""
DUPLICATE, DIFFERENT = "duplicate", "not-a-duplicate"
"""The row may go for the other one; both stay."""


@dataclass(frozen=True)
class Part:
    """A part of the file: its key, its words, and what the fields of a `Ruling` are called in it."""

    key: str
    words: Sequence[str]
    names: Mapping[str, str]
    either_way: bool
    """Whether the two texts may change places."""


MATCHES = Part(
    "verdicts",
    WORDS,
    {name: name for name in ("verdict", "doc", "item", "note", "doc_hash", "item_hash")},
    False,
)
DUPLICATES = Part(
    "duplicates",
    (DUPLICATE, DIFFERENT),
    {
        "verdict": "verdict",
        "doc": "row",
        "item": "stays",
        "note": "note",
        "doc_hash": "row_hash",
        "item_hash": "stays_hash",
    },
    True,
)

_HEAD = (
    "# Verdicts on training rows that match benchmark items, as `curate review` writes them. "
    "Each holds for its two texts alone.\n"
)
_HEAD_OF_TWO = (
    "# Verdicts on training rows that match benchmark items or each other, as `curate review` "
    "writes them. Each holds for its two texts alone.\n"
)
_HASH = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Ruling:
    """One verdict: ids and note for people, `verdict` a word of its part, and the hashes of the two
    texts. Of duplicates the item is the row that stays.
    """

    doc: str
    item: str
    verdict: str
    note: str | None
    doc_hash: str  # documents.content_hash, or that of the text that dedup compares; 32 hex digits
    item_hash: str  # of instances.text, or as above

    @property
    def texts(self) -> tuple[str, str]:
        """What it belongs to."""
        return self.doc_hash, self.item_hash


def item_hash(text: str) -> str:
    """The hash of an item's text: BLAKE2b of its UTF-8 in 16 bytes, as 32 hex digits."""
    return blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def load_verdicts(path: Path, part: Part = MATCHES) -> list[Ruling]:
    """Read one part of a verdict file; UserError in one line if anything in it cannot be meant."""
    data = load_yaml(path)
    for key in data:
        if key not in (MATCHES.key, DUPLICATES.key):
            raise UserError(f"{path}: {unknown('key', str(key), [MATCHES.key, DUPLICATES.key])}")
    entries = data.get(part.key) or []
    if not isinstance(entries, list):
        raise UserError(f"{path}: '{part.key}' must be a list of verdicts")
    called = "verdict" if part is MATCHES else "duplicate"
    verdicts = [
        _verdict(entry, part, f"{path}: {called} {number}")
        for number, entry in enumerate(entries, start=1)
    ]
    _refuse_twins(verdicts, part, path)
    return verdicts


def save_verdicts(
    path: Path, verdicts: Iterable[Ruling], duplicates: Iterable[Ruling] = ()
) -> None:
    """Write a verdict file whole, or not at all; the order depends on the verdicts alone."""
    parts = {MATCHES.key: _lines(verdicts, MATCHES)}
    if twins := _lines(duplicates, DUPLICATES):
        parts[DUPLICATES.key] = twins
    text = yaml.dump(parts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=116)
    write_text(path, (_HEAD_OF_TWO if twins else _HEAD) + text)


def pair_of(verdict: Ruling, part: Part) -> tuple[str, str]:
    """The two texts that a verdict belongs to; where they may change places, in one order."""
    left, right = sorted(verdict.texts) if part.either_way else verdict.texts
    return left, right


def _lines(verdicts: Iterable[Ruling], part: Part) -> list[dict[str, str]]:
    ordered = sorted(verdicts, key=lambda v: (v.item, v.doc, v.texts))
    return [
        {part.names[name]: getattr(v, name) for name in _ORDER if name != "note" or v.note}
        for v in ordered
    ]


class _Dumper(yaml.SafeDumper):
    """Safe dumping that quotes whatever cannot be seen: PyYAML's plain style loses U+0085."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"'
    )


_Dumper.add_representer(str, _text)


_KEYS = [field.name for field in fields(Ruling)]
# In the file the word comes first and the hashes last.
_ORDER = ["verdict", *(name for name in _KEYS if name != "verdict")]


def _verdict(entry: Any, part: Part, where: str) -> Ruling:
    keys = [part.names[name] for name in _ORDER]
    if not isinstance(entry, dict):
        raise UserError(f"{where}: must be a mapping with the keys {', '.join(keys)}")
    for key in entry:
        if key not in keys:
            raise UserError(f"{where}: {unknown('key', str(key), keys)}")
    given: dict[str, Any] = {"note": None} | entry
    for key in keys:
        if key not in given:
            raise UserError(f"{where}: the key '{key}' is missing")
        if not isinstance(given[key], str) and (key != "note" or given[key] is not None):
            raise UserError(f"{where}: '{key}' must be text, not {given[key]!r}; put it in quotes")
    if given["verdict"] not in part.words:
        raise UserError(f"{where}: {unknown('verdict', given['verdict'], part.words)}")
    for key in (part.names["doc_hash"], part.names["item_hash"]):
        if not _HASH.fullmatch(given[key]):
            raise UserError(
                f"{where}: '{key}' must be 32 hex digits in lower case, not {given[key]!r}"
            )
    return Ruling(**{name: given[part.names[name]] for name in _KEYS})


def _refuse_twins(verdicts: list[Ruling], part: Part, path: Path) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, verdict in enumerate(verdicts, start=1):
        first = seen.setdefault(pair_of(verdict, part), number)
        if first != number:
            pair = f"{verdict.doc} and {verdict.item}"
            raise UserError(
                f"{path}: {part.key} {first} and {number} are on the same two texts ({pair}); keep one"
            )
