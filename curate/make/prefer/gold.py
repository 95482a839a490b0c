"""Gold pairs: two answers to a prompt, and which of them people hold to be better.

    pairs = read_gold(Path("LLMBar_Natural.json"), n=200, seed=42)

Files of three shapes are known by their columns: LLMBar (`output_1`, `output_2`, `label`), PandaLM
(`response1`, `response2`, three annotators, whose majority counts), and pairs in any format of
preferences. Of chosen and rejected a digest says which comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.engines.request import Message, digest
from curate.errors import UserError
from curate.formats.preference import PREFERENCE
from curate.records import BadRow
from curate.sources.rows import read_rows

_RESULTS = {0: "tie", 1: "first", 2: "second"}


@dataclass(frozen=True)
class Gold:
    """Two answers to a prompt and people's result: `first`, `second` or `tie`."""

    prompt: Sequence[Message]
    first: str
    second: str
    result: str
    first_model: str | None = None
    second_model: str | None = None


def read_gold(paths: Sequence[str], *, base: Path, n: int, seed: int) -> list[Gold]:
    """At most `n` pairs of all files together, drawn by a digest over the seed and their place.

    Raises UserError for a file that holds none, and for a row that is no pair.
    """
    found = [
        (digest(["gold", seed, Path(path).name, row]), gold)
        for path in paths
        for row, gold in _read(path, base)
    ]
    return [gold for _, gold in sorted(found, key=lambda one: one[0])[:n]]


def _read(path: str, base: Path) -> list[tuple[int, Gold]]:
    pairs = []
    for file, place, row in read_rows(path, base=base):
        try:
            gold = _shape(row)(row)
        except (BadRow, KeyError, TypeError, ValueError) as error:
            why = error.reason if isinstance(error, BadRow) else f"no gold pair ({error!r})"
            raise UserError(f"{path}: {file}: row {place}: {why}") from None
        pairs += [(place, gold)] if gold is not None else []
    if not pairs:
        raise UserError(f"{path}: holds no gold pair")
    return pairs


def _shape(row: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Gold | None]:
    if {"output_1", "output_2", "label"} <= row.keys():
        return _llmbar
    if {"response1", "response2", "annotator1"} <= row.keys():
        return _pandalm
    return _preference


def _llmbar(row: Mapping[str, Any]) -> Gold:
    prompt = [{"role": "user", "content": row["input"]}]
    return Gold(prompt, row["output_1"], row["output_2"], _RESULTS[int(row["label"])])


def _pandalm(row: Mapping[str, Any]) -> Gold | None:
    """By the majority of the three; None where all differ."""
    said = Counter(int(row[f"annotator{n}"]) for n in (1, 2, 3))
    result, times = said.most_common(1)[0]
    if times < 2:
        return None
    asked = "\n\n".join(text for text in (row["instruction"], row.get("input")) if text)
    first, _, second = str(row.get("cmp_key", "")).partition("_")
    return Gold(
        [{"role": "user", "content": asked}],
        row["response1"],
        row["response2"],
        _RESULTS[result],
        first or None,
        second or None,
    )


def _preference(row: Mapping[str, Any]) -> Gold:
    body = PREFERENCE.convert(dict(row), "preference")
    prompt, sides = _turns(body["prompt"]), [_text(body[name]) for name in ("chosen", "rejected")]
    models = [row.get(f"{name}_model") for name in ("chosen", "rejected")]
    if int(digest(["first", prompt, sorted(sides)])[0], 16) % 2:
        return Gold(prompt, sides[1], sides[0], "second", models[1], models[0])
    return Gold(prompt, sides[0], sides[1], "first", models[0], models[1])


def _turns(turns: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"role": turn["role"], "content": turn["content"] or ""} for turn in turns]


def _text(turns: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join(turn["content"] or "" for turn in turns)
