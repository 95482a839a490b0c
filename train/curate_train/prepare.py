"""From opened data to what a trainer is made of: the tokenizer, and the rows that fit.

What does not reach the model as it stands in the data (rows that are cut or dropped, reasoning that
the chat template leaves out) is counted, said on standard error, and named one by one in
left_out.jsonl of the run."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curate.errors import UserError
from curate_train.config import RlvrConfig, TrainConfig
from curate_train.data import Data
from curate_train.few_shot import shots_for, with_shots
from curate_train.lengths import Fates, fates, measured, named, short_enough, shortest_prompt
from curate_train.model import check_template, load_tokenizer, model_path
from curate_train.rendering import Renderer
from curate_train.schedule import refuse_nothing

SHOWN = 8


@dataclass(frozen=True)
class Prepared:
    """What a stage makes its trainer of: where the model is, its tokenizer, the rows to learn from
    and to test on.
    """

    path: str
    tokenizer: Any
    train: Any
    validation: Any


@dataclass(frozen=True)
class Counted:
    """What becomes of the rows of both splits, and a line for each that is not used as it is."""

    limit: int
    train: Fates
    validation: Fates | None
    left_out: tuple[Mapping[str, Any], ...]


def limit_of(config: TrainConfig) -> int:
    """The tokens a row may have; of an rlvr row, its prompt."""
    room = config.max_completion if isinstance(config, RlvrConfig) else 0
    return config.max_length - room


def prepare(config: TrainConfig, opened: Data) -> tuple[Prepared, Counted]:
    """Load the tokenizer, measure the rows and leave out those that are too long; raises UserError
    where none is left.
    """
    path = model_path(config)
    tokenizer = load_tokenizer(config, path)
    if opened.kind == "sft":
        check_template(tokenizer, config.chat_template)
    more, limit = config.chat_template_kwargs, limit_of(config)
    renderer = Renderer(tokenizer, opened.kind, more)
    splits = {
        name: _as_asked(config, split)
        for name, split in (("train", opened.train), ("validation", opened.validation))
        if split
    }
    rows = {name: measured(found, renderer, limit) for name, found in splits.items()}
    counts = {name: fates(found, limit) for name, found in rows.items()}
    if not counts["train"].kept:
        raise UserError(_nothing_left(opened.name, rows["train"], limit))
    refuse_nothing(opened.name, config, counts["train"].kept)
    lines = [line for name, found in rows.items() for line in named(found, limit, name)]
    kept = {name: short_enough(found, limit) for name, found in rows.items() if counts[name].kept}
    return (
        Prepared(path, tokenizer, kept["train"], kept.get("validation")),
        Counted(limit, counts["train"], counts.get("validation"), tuple(lines)),
    )


def _as_asked(config: TrainConfig, rows: Any) -> Any:
    """The rows with examples before their prompts, and what the template is given beside them."""
    if isinstance(config, RlvrConfig):
        return with_shots(rows, shots_for(config.few_shot))
    if not config.chat_template_kwargs:
        return rows
    import datasets

    given = json.dumps(config.chat_template_kwargs)
    column = datasets.Value("string")
    rows = rows.add_column("chat_template_kwargs", [given] * len(rows), feature=column)
    return rows.cast_column("chat_template_kwargs", datasets.Json())


def _nothing_left(name: str, rows: Any, limit: int) -> str:
    return (
        f"{name}: nothing is left to learn from: before the first token that is learnt every row "
        f"has {shortest_prompt(rows):,} tokens or more, and the limit is {limit:,}; raise max_length"
    )


def say(name: str, lines: Sequence[Mapping[str, Any]]) -> None:
    """Tell on standard error what is not used as it is, by kind, with the first names."""
    for text in _summary(lines):
        sys.stderr.write(f"curate: {name}: {text}: left_out.jsonl names them\n")


def _summary(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for (split, what), n in Counter((line["split"], line["what"]) for line in lines).items():
        ids = [line["id"] for line in lines if (line["split"], line["what"]) == (split, what)]
        more = f" and {n - SHOWN:,} more" if n > SHOWN else ""
        yield f"{split} rows, {what}: {n:,} ({', '.join(ids[:SHOWN])}{more})"
