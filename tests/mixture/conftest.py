"""A corpus with one row of every fate, and what must become of it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import chat, sentence, write_csv, write_lines

Corpus = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A folder of three sources and a benchmark, with leaks, bad rows and repeated prompts, and
    their recipe.
    """
    folder, rng = tmp_path_factory.mktemp("corpus"), random.Random(5)
    items = [sentence(rng, 20) for _ in range(12)]
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    chats: list[Any] = [
        chat(sentence(rng, 12), sentence(rng, 9)) | {"level": i % 5, "id": f"up-{i}"}
        for i in range(60)
    ]
    chats[7] = chat(f"Please tell me: {items[0]} And why?", "No idea.") | {"level": 9}
    chats[20] = chat(items[1].upper(), "A.", items[2], "B.")
    chats[33] = b'{"messages": [{"role": "user", "content": "half'
    chats[34] = {"messages": [{"role": "user", "content": "no answer"}]}
    chats[35] = b'{"messages": "\xff"}'
    chats[40] = chats[41] = chats[42]
    write_lines(folder / "chats/b.jsonl.gz", chats[:40])
    write_lines(folder / "chats/a.jsonl", chats[40:])
    pairs = [{"question": sentence(rng, 10), "answer": sentence(rng, 5)} for _ in range(50)]
    pairs[3]["question"] = items[3].replace(" ", "\n")
    pairs[4]["question"] = str(
        chats[42]["messages"][0]["content"]
    )  # a prompt that stands in the other source too
    write_csv(folder / "pairs.csv", pairs)
    tasks = [
        {"instruction": sentence(rng, 9), "input": "", "output": sentence(rng, 4)}
        for _ in range(30)
    ]
    write_lines(folder / "tasks.jsonl", tasks)
    recipe = {
        "sources": [
            {"name": "chats", "from": "chats", "keep": ["level"], "licence": "MIT", "share": 1.5},
            {
                "name": "pairs",
                "from": "pairs.csv",
                "format": {"prompt": "question", "response": "answer"},
                "rows": 30,
            },
            {"name": "more/tasks", "from": "tasks.jsonl", "rows": 100, "licence": "CC-BY-4.0"},
        ],
        "decontaminate": {"suite": "evals.jsonl"},
        "output": {"validation": 9, "shards": 3},
    }
    return folder, recipe
