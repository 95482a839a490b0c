"""The other ways to look for benchmark items in training text, each as one pass that can be timed.

    python benchmarks/speed/peers.py NAME FOLDER

waits for lines on standard input and answers each with one JSON object: the seconds of one pass
over FOLDER/NAME.jsonl (a JSON list of user turns a line), reading excluded, and how many rows were
flagged. FOLDER/items.jsonl holds the benchmark items. Only the standard library is needed to import
this file: it runs in an environment of its own, which has datatrove and tantivy but not curate.

    open-r1          any 8-gram of normalised words that a benchmark holds: one set, one boolean a row
    datatrove        its own NGramsDecontFilter: 12-grams of answers, and of question and answer where they meet
    datatrove-query  the same with the n-grams of questions
    tantivy          an index of the training text, a phrase query for each 8-gram of each item, coverage of the best
                     row: what the published Tülu 3 code asks of Elasticsearch, without a server between
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

Pass = Callable[[], dict[str, float]]
"""One timed pass: `seconds`, `flagged`, and what else is worth knowing."""

N = 8
THRESHOLD = 0.5
SEARCH_SIZE = 100
"""Hits asked for a query, the default of the published code."""
QUERIES = 20_000
"""Phrase queries sent in a pass; those of the other items are taken to last as long."""
TOKEN = r'[^ ,.?!:;()"\-\n\\]+'


@dataclass(frozen=True)
class Item:
    """A benchmark item: the texts a model is shown, and the answer where the benchmark has one."""

    benchmark: str
    fields: tuple[str, ...]
    label: str


def read_items(folder: Path) -> list[Item]:
    """The benchmark items."""
    with (folder / "items.jsonl").open(encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    return [Item(line["benchmark"], tuple(line["fields"]), line["label"]) for line in read]


def read_rows(folder: Path, name: str) -> list[list[str]]:
    """The user turns of every row."""
    with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def word_ngrams(text: str, n: int = N) -> Iterator[str]:
    """Every n words of a text in a row, lower-cased, with single spaces."""
    words = text.lower().split()
    return (" ".join(words[i : i + n]) for i in range(len(words) - n + 1))


def open_r1_set(items: Sequence[Item]) -> set[str]:
    """The n-grams of all benchmarks in one set; the public script keeps one a benchmark and reads
    each row again.
    """
    return {ngram for item in items for field in item.fields for ngram in word_ngrams(field)}


def open_r1_flags(turns: Sequence[str], known: set[str]) -> bool:
    """Whether the row shares an n-gram with a benchmark."""
    return any(ngram in known for ngram in set(word_ngrams("\n".join(turns))))


def open_r1(folder: Path) -> Pass:
    """Make the pass of open-r1's rule."""
    rows, known = read_rows(folder, "open-r1"), open_r1_set(read_items(folder))

    def run() -> dict[str, float]:
        start = perf_counter()
        flagged = sum(open_r1_flags(turns, known) for turns in rows)
        return {"seconds": perf_counter() - start, "flagged": flagged}

    return run


def datatrove_filter(items: Sequence[Item], query_ngrams: bool) -> Any:
    """datatrove's filter, loaded with the hashes that its own indexer computes.

    The indexer refuses to be made without lighteval, which is only needed to download tasks; so it
    is made without its constructor."""
    from datatrove.pipeline.decont import (
        NGramsDecontConfig,
        NGramsDecontFilter,
        NGramsDecontIndexer,
    )
    from datatrove.utils.hashing import create_hash_func
    from datatrove.utils.word_tokenizers import load_word_tokenizer

    config = NGramsDecontConfig(find_query_ngrams=query_ngrams)
    indexer = object.__new__(NGramsDecontIndexer)
    indexer.config, indexer.tokenizer = config, load_word_tokenizer("en")
    indexer.hash_func = create_hash_func(config.hash_config)
    with tempfile.TemporaryDirectory() as empty:
        decontaminate = NGramsDecontFilter(empty, config, language="en")
    hashes = decontaminate._index_hashes = {}
    for item in items:
        for value in indexer.compute_hashes(item.label, "\n".join(item.fields)):
            hashes[value] = item.benchmark
    return decontaminate


def datatrove(folder: Path, *, query_ngrams: bool) -> Pass:
    """Make the pass of datatrove's filter."""
    decontaminate = datatrove_filter(read_items(folder), query_ngrams)
    from datatrove.data import Document

    rows = [
        "\n".join(turns)
        for turns in read_rows(folder, "datatrove-query" if query_ngrams else "datatrove")
    ]

    def run() -> dict[str, float]:
        documents = [Document(text=text, id=str(i)) for i, text in enumerate(rows)]
        start = perf_counter()
        flagged = sum(decontaminate.filter(document) is not True for document in documents)
        return {"seconds": perf_counter() - start, "flagged": flagged}

    return run


def item_ngrams(field: str) -> tuple[int, dict[tuple[str, ...], list[int]]]:
    """The number of tokens of a field, and for each distinct n-gram the tokens that the published
    code lets it cover: those of its last occurrence.
    """
    words = [word.lower() for word in re.findall(TOKEN, field)]
    return len(words), {
        tuple(words[i : i + N]): list(range(i, i + N)) for i in range(len(words) - N + 1)
    }


def phrase_index(rows: Sequence[Sequence[str]]) -> Any:
    """A tantivy index in memory of every user turn, with the token rule of the published analyser;
    one thread.
    """
    import tantivy

    tokens = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(TOKEN))
        .filter(tantivy.Filter.lowercase())
        .build()
    )
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", stored=False, tokenizer_name="tulu", index_option="position")
    schema.add_integer_field("row", stored=True)
    index = tantivy.Index(schema.build())
    index.register_tokenizer("tulu", tokens)
    writer = index.writer(256_000_000, 1)
    for row, turns in enumerate(rows):
        for turn in turns:
            writer.add_document(tantivy.Document(text=turn, row=row))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


def best_row(index: Any, searcher: Any, item: Item) -> tuple[float, int]:
    """The highest score of any row, the mean over the item's fields of the share of tokens covered,
    and the number of queries sent.
    """
    import tantivy

    scores: dict[int, float] = defaultdict(float)
    queries = 0
    for field in item.fields:
        size, ngrams = item_ngrams(field)
        covered: dict[int, set[int]] = defaultdict(set)
        for ngram, places in ngrams.items():
            query = tantivy.Query.phrase_query(index.schema, "text", list(ngram))
            # Without a score to compute, as the filter of the published code.
            for _, address in searcher.search(
                tantivy.Query.const_score_query(query, 1.0), limit=SEARCH_SIZE
            ).hits:
                covered[searcher.doc(address)["row"][0]].update(places)
        for row, places_of_row in covered.items():
            scores[row] += len(places_of_row) / size / len(item.fields)
        queries += len(ngrams)
    return max(scores.values(), default=0.0), queries


def tantivy_phrases(folder: Path) -> Pass:
    """Make the pass of the phrase queries: index everything, ask for the n-grams of every k-th
    item.
    """
    import tantivy  # noqa: F401 - say at once if it is missing

    rows, items = read_rows(folder, "tantivy"), read_items(folder)
    total = sum(len(item_ngrams(field)[1]) for item in items for field in item.fields)
    asked = items[:: -(-total // QUERIES)]

    def run() -> dict[str, float]:
        start = perf_counter()
        index = phrase_index(rows)
        indexed = perf_counter()
        found = [best_row(index, index.searcher(), item) for item in asked]
        done = perf_counter()
        queries = sum(n for _, n in found)
        return {
            "seconds": indexed - start + (done - indexed) * total / queries,
            "index_seconds": indexed - start,
            "microseconds_a_query": (done - indexed) / queries * 1e6,
            "queries": total,
            "queries_sent": queries,
            "items_asked": len(asked),
            "items_hit": sum(score > THRESHOLD for score, _ in found),
        }

    return run


PEERS: dict[str, Callable[[Path], Pass]] = {
    "open-r1": open_r1,
    "datatrove": lambda folder: datatrove(folder, query_ngrams=False),
    "datatrove-query": lambda folder: datatrove(folder, query_ngrams=True),
    "tantivy": tantivy_phrases,
}


def serve(make: Callable[[], Pass]) -> None:
    """Say `{}` when ready, or what is missing; then answer each line with one pass."""
    try:
        run = make()
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    print("{}", flush=True)
    for _ in sys.stdin:
        print(json.dumps(run()), flush=True)


if __name__ == "__main__":
    serve(lambda: PEERS[sys.argv[1]](Path(sys.argv[2])))
