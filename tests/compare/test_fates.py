"""Rows that met another fate, against a plain walk through both audits."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from curate.audit import store
from curate.compare import diff
from curate.compare.fates import FateChange, compare_fates
from curate.errors import UserError
from tests.corpus import ask, build_in, chat, sentence, write_lines

ORDER = ("kept", "removed", "duplicate", "not-sampled")


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two builds: a policy more, another sample of `b`, and `c` with rows put in and taken out."""
    folder, rng = tmp_path_factory.mktemp("builds"), random.Random(2)
    items = [sentence(rng, 20) for _ in range(4)]
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    write_lines(
        folder / "a.jsonl", [chat(text, "No.") for text in [*items, sentence(rng, 9)]] + [b"{"]
    )
    write_lines(folder / "b.jsonl", [chat(sentence(rng, 9), "Yes.") for _ in range(20)])
    rows: list[Any] = [chat(sentence(rng, 9), "Perhaps.") for _ in range(10)]
    rows[3] = rows[2]
    write_lines(folder / "c.jsonl", rows)
    sources = [{"name": name, "from": f"{name}.jsonl"} for name in "abc"]
    sources[1] |= {"rows": 12}  # type: ignore[dict-item]
    spec = {"suite": "evals.jsonl", "policy": "report"}
    one = build_in(folder, {"sources": sources, "decontaminate": spec}, "one").folder
    write_lines(folder / "c.jsonl", [chat(items[0], "No."), *rows[1:9], chat("new", "new")])
    sources[2] |= {"rows": 7}  # type: ignore[dict-item]
    spec |= {"policy": "drop-rows"}
    two = build_in(folder, {"sources": sources, "decontaminate": spec, "seed": 1}, "two").folder
    return one, two


def fates(out: Path, sources: str) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in ask(out, "FROM documents") if row["source"] in sources}


def best(out: Path, sources: str) -> dict[str, str]:
    """Content -> the best fate of its rows."""
    found: dict[str, str] = {}
    for row in fates(out, sources).values():
        known = found.setdefault(row["content_hash"], row["fate"])
        found[row["content_hash"]] = min(known, row["fate"], key=ORDER.index)
    return found


def totals(changes: list[FateChange]) -> Counter[tuple[str | None, str, str]]:
    return Counter({(one.source, one.a, one.b): one.rows for one in changes})


def test_by_id_where_the_source_is_the_same_and_else_by_content(builds: tuple[Path, Path]) -> None:
    one, two = builds
    changes = diff(one, two).fates
    assert changes is not None
    wanted: Counter[tuple[str | None, str, str]] = Counter()
    before, after = fates(one, "ab"), fates(two, "ab")
    for key, row in before.items():
        if row["fate"] != after[key]["fate"]:
            wanted[row["source"], row["fate"], after[key]["fate"]] += 1
    then, now = best(one, "c"), best(two, "c")
    for content in then.keys() | now.keys():
        pair = then.get(content, "not read"), now.get(content, "not read")
        if pair[0] != pair[1]:
            wanted[(None, *pair)] += 1
    assert totals(changes) == wanted
    assert wanted["a", "kept", "removed"] == 4
    assert wanted["b", "kept", "not-sampled"] == wanted["b", "not-sampled", "kept"] > 0
    assert wanted[None, "kept", "not read"] == 2 and wanted[None, "not read", "removed"] == 1


def test_examples_name_rows_and_reasons(builds: tuple[Path, Path]) -> None:
    one, two = builds
    changes = diff(one, two).fates or []
    (removed,) = [change for change in changes if change.source == "a"]
    told = [(row.id_a, row.id_b, row.reason_a, row.reason_b) for row in removed.examples]
    assert told == [(f"a/{n}", f"a/{n}", None, f"covers 100.0 % of evals/{n}") for n in range(4)]
    for change in changes:
        assert len(change.examples) == min(change.rows, 5)
        for row in change.examples:
            for out, key, fate in ((one, row.id_a, change.a), (two, row.id_b, change.b)):
                assert (fates(out, "abc")[key]["fate"] if key else "not read") == fate
    (new,) = [
        change
        for change in changes
        if (change.source, change.a, change.b) == (None, "not read", "removed")
    ]
    assert [(row.id_a, row.id_b, row.reason_b) for row in new.examples] == [
        (None, "c/0", "covers 100.0 % of evals/0")
    ]


def test_a_limit_reads_fewer_rows(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat(f"Question {n}?", "Yes.") for n in range(9)])
    recipe = {"sources": [{"name": "a", "from": "a.jsonl"}]}
    one = build_in(tmp_path, recipe, "one").folder
    two = build_in(tmp_path, recipe, "two", limit=5).folder
    changed = diff(one, two)
    assert totals(changed.fates or []) == {("a", "kept", "not read"): 4}
    assert [change.path for change in (changed.changes or {})["parameters"]] == ["limit"]
    assert diff(one, one).fates == []


def test_an_audit_that_does_not_open_is_named(builds: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / store.DATABASE).write_bytes(b"no database" * 1000)
    with pytest.raises(UserError, match="cannot be opened as an audit") as refused:
        compare_fates(builds[0], tmp_path, ["a"])
    assert str(tmp_path) in str(refused.value)
