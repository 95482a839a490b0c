"""How fast filters look at text, on one core: each alone, all cheap ones together, and the others
beside the bare library that they call.

    python -m benchmarks.speed.filters --data ../shared/data --mb 50

The text is that of the training sets of a folder (`corpus.py`). MB are 10⁶ UTF-8 bytes of the turns
that a filter looks at; the figure is the best of some passes, in processor time. Filters that look at
all turns and those that look at the assistant's are both run over all turns here, so that figures can
be compared. A filter whose library is not installed is left out and named."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.speed.corpus import conversations
from benchmarks.speed.measure import table, use_cores
from curate.errors import UserError
from curate.records import EXTRAS, ROLES, body_schema
from curate.steps.filters.language import _identifier
from curate.steps.filters.pii import KINDS
from curate.steps.filters.spec import FilterSpec
from curate.steps.filters.step import Filters, make
from curate.steps.step import Records
from curate.turns import all_turns

CHEAP: Mapping[str, list[Any]] = {
    "provider_identity": [{"provider_identity": {}}],
    "empty_turns": ["empty_turns"],
    "cutoff_dates": ["cutoff_dates"],
    "refusal": ["refusal"],
    "special_tokens": ["special_tokens"],
    "repetition (consecutive)": [{"repetition": {}}],
    "repetition (olmo3)": [{"repetition": "olmo3"}],
    "cjk": ["cjk"],
    "length (characters)": [{"length": {"at_most": 1}}],
    "length (words)": [{"length": {"measure": "words", "at_most": 1}}],
    "turns": [{"turns": {"at_most": 1}}],
}
TOGETHER = [name for name in CHEAP if name != "repetition (olmo3)"]
BLOCK = 20_000
"""Records that are looked at in one go."""


def blocks(data: Path, mb: float) -> list[Records]:
    """Records of about so many megabytes."""
    rows, size, wanted = [], 0, mb * 1e6
    found = conversations(data.resolve())
    if not found:
        raise SystemExit(f"{data}: no training sets there")
    while size < wanted:
        for turns in found:
            size += sum(len(turn["content"].encode()) for turn in turns)
            rows.append([turn | dict.fromkeys(EXTRAS) for turn in turns])
            if size >= wanted:
                break
    return [_records(rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK)]


def _records(rows: list[Any]) -> Records:
    body = {"messages": rows, "tools": [None] * len(rows)}
    records = pa.table(body, schema=body_schema("sft"))
    turns = all_turns("sft", records)
    return Records("data", "sft", records, np.arange(len(rows)), turns, turns.content_hashes())


def everybody(entries: list[Any]) -> Filters:
    """Filters that look at the turns of all roles."""
    spec = FilterSpec.model_validate(entries)
    plain = [use.model_dump() for use in spec.root]
    for entry in plain:
        for settings in entry.values():
            if "roles" in settings:
                settings["roles"] = ROLES
    return make(FilterSpec.model_validate(plain), base=Path(), kind="sft", seed=0)


def best(passes: int, run: Callable[[], object]) -> float:
    """Seconds of processor time of the best pass."""
    run()  # compiles, loads
    taken = []
    for _ in range(passes):
        start = process_time()
        run()
        taken.append(process_time() - start)
    return min(taken)


def _look(step: Filters, records: list[Records]) -> None:
    for one in records:
        step.look(one)


def cheap(records: list[Records], passes: int) -> Iterator[tuple[str, float]]:
    """Each filter alone, then all of them together: description and seconds."""
    together = [entry for name in TOGETHER for entry in CHEAP[name]]
    for name, entries in {**CHEAP, f"{len(together)} of these together": together}.items():
        step = everybody(entries)
        yield name, best(passes, partial(_look, step, records))


def _identify(records: list[Records]) -> None:
    """What the language of every record costs without curate."""
    for one in records:
        docs, turns = one.turns.stretches.docs, one.turns.texts.to_pylist()
        cuts = np.flatnonzero(np.diff(docs)) + 1
        for places in np.split(np.arange(len(docs)), cuts):
            _identifier().classify("\n".join(turns[place] for place in places))


def _search(texts: list[list[str]]) -> None:
    """All patterns of personal data as one of Python's."""
    pattern = re.compile("|".join(KINDS.values()), re.ASCII)
    for own in texts:
        for text in own:
            for _ in pattern.finditer(text):
                pass


def _encode(texts: list[list[str]], path: Path) -> None:
    """The tokens of all texts."""
    from tokenizers import Tokenizer

    library = Tokenizer.from_file(str(path))
    for own in texts:
        for at in range(0, len(own), 4096):
            library.encode_batch_fast(own[at : at + 4096], add_special_tokens=False)


def beside_libraries(
    records: list[Records], passes: int, tokenizer: Path | None
) -> Iterator[tuple[str, float, float]]:
    """Filters that call a library: description, seconds, and those of the library alone."""
    texts = [one.turns.texts.to_pylist() for one in records]
    contestants: list[tuple[str, Any, Callable[[], None]]] = [
        ("language, py3langid", {"language": {"in": ["en"]}}, partial(_identify, records)),
        ("pii, Python's re", "pii", partial(_search, texts)),
    ]
    if tokenizer:
        settings = {"measure": "tokens", "tokenizer": str(tokenizer), "at_most": 1}
        encode = partial(_encode, texts, tokenizer)
        contestants.append(("length in tokens, tokenizers", {"length": settings}, encode))
    for name, entry, bare in contestants:
        try:
            step = everybody([entry])
        except UserError as error:
            print(f"left out: {error}")
            continue
        yield name, best(passes, partial(_look, step, records)), best(passes, bare)


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of training sets")
    parser.add_argument("--mb", type=float, default=50, help="how much text")
    parser.add_argument("--slow-mb", type=float, default=5, help="how much for slow libraries")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json, for length in tokens")
    given = parser.parse_args()
    use_cores(1)
    pa.set_cpu_count(1)
    records = blocks(given.data, given.mb)
    size = sum(pc.sum(pc.binary_length(one.turns.texts)).as_py() for one in records) / 1e6
    rows = [(name, f"{size / taken:,.0f}") for name, taken in cheap(records, given.passes)]
    print(table([f"filters, over {size:,.0f} MB", "MB/s"], rows))
    few = blocks(given.data, given.slow_mb)
    size = sum(pc.sum(pc.binary_length(one.turns.texts)).as_py() for one in few) / 1e6
    beside = [
        (name, f"{size / ours:,.1f}", f"{size / bare:,.1f}", f"{ours / bare:.2f}")
        for name, ours, bare in beside_libraries(few, given.passes, given.tokenizer)
    ]
    print(
        table([f"beside a library, over {size:,.0f} MB", "MB/s", "library", "× its time"], beside)
    )


if __name__ == "__main__":
    main()
