from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.command import call
from tests.corpus import chat, write_lines


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built folder of 20 rows in two splits, with a row removed and one in quarantine."""
    folder = tmp_path_factory.mktemp("built")
    rows: list[object] = [chat(f"Question {n}?", f"Answer {n}.") for n in range(21)]
    rows += [chat("Question 3?", "Answer 3."), b"no json"]
    write_lines(folder / "rows.jsonl", rows)
    spec = {
        "name": "small",
        "kind": "sft",
        "sources": [{"name": "rows", "from": "rows.jsonl", "licence": "MIT"}],
        "dedup": {},
        "output": {"validation": 4},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    done = call("build", "recipe.yaml", "-o", "out", cwd=folder)
    assert done.code == 0, done.err
    return folder / "out"
