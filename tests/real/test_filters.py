"""Filters on real answers, against plain Python."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from curate.steps.filters.phrases import SELF, TULU3
from tests.steps.filters.looking import answers, numbers_of
from tests.steps.filters.test_repetition import LINES, consecutive, cut, duplicate, top


@pytest.fixture(scope="module")
def texts(shared_data: Path) -> list[str]:
    """Answers of two instruction sets."""
    folder = shared_data / "sft/gpteacher"
    rows = [
        row["response"]
        for name in ("codegen-instruct", "toolformer-similarity-0.9-dataset")
        for row in json.loads((folder / f"{name}.json").read_text("utf-8"))
    ]
    return rows[::20]


def test_the_names_of_providers(texts: list[str]) -> None:
    names = sorted([*TULU3, *SELF], key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.ASCII | re.IGNORECASE)
    wanted = [len(pattern.findall(text)) for text in texts]
    assert numbers_of("provider_identity", answers(*texts)) == wanted


def test_what_is_repeated(texts: list[str]) -> None:
    records = answers(*texts)
    few = [text for text in texts if len(text) < 1500]
    assert numbers_of("repetition", answers(*few)) == [consecutive(text, 13) for text in few]
    for measure, rule in (("top_ngram", top), ("duplicate_ngrams", duplicate)):
        entry = {"repetition": {"measure": measure, "n": 5, "at_most": 1}}
        assert numbers_of(entry, records) == pytest.approx([rule(text, 5) for text in texts])
    entry = {"repetition": {"measure": "duplicate_lines"}}
    pieces = [cut(text, LINES) for text in texts]
    wanted = [(len(own) - len(set(own))) / max(1, len(own)) for own in pieces]
    assert numbers_of(entry, records) == pytest.approx(wanted)
    assert max(wanted) > 0
