"""The curve of a threshold says what a fresh run with that threshold would take."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from curate.audit.face import faces
from curate.audit.store import open_readonly
from curate.mixture import Built
from curate.verdicts import Ruling, item_hash, save_verdicts
from tests.corpus import ask, build_in, chat, sentence, write_lines


def recipe(**matchers: Any) -> dict[str, Any]:
    return {
        "sources": [{"name": name, "from": f"{name}.jsonl"} for name in ("a", "b")],
        "decontaminate": {"suite": "suite.jsonl", "matchers": matchers, "policy": "drop-rows"},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of forty items with more and more of their words changed, in two sources."""
    folder = tmp_path_factory.mktemp("curve")
    rng = random.Random(5)
    items = [sentence(rng, rng.choice([12, 20, 40])) for _ in range(40)]
    write_lines(folder / "suite.jsonl", [{"question": item} for item in items])
    rows = []
    for number, item in enumerate(items):
        words = item.split()
        start = rng.randrange(len(words) // 3)
        words[start : start + len(words) * (number % 9) // 10] = [sentence(rng, 3)]
        rows.append(chat(" ".join(words), "Yes."))
    write_lines(folder / "a.jsonl", rows[:25])
    write_lines(folder / "b.jsonl", rows[25:])
    return folder


@pytest.fixture(scope="module")
def built(folder: Path) -> Built:
    return build_in(folder, recipe(minhash=True))


def going(out: Path) -> dict[str, int]:
    found = ask(
        out, "SELECT source, count(*) AS n FROM documents WHERE fate = 'removed' GROUP BY 1"
    )
    return {row["source"]: row["n"] for row in found}


@pytest.mark.parametrize(
    ("matcher", "threshold"),
    [("ngram", 0.25), ("ngram", 0.45), ("ngram", 0.8), ("minhash", 0.3), ("robust", 0.75)],
)
def test_a_build_with_that_threshold_takes_as_many(
    folder: Path, built: Built, matcher: str, threshold: float
) -> None:
    other = {"minhash": True} | {matcher: {"threshold": threshold}}
    again = build_in(folder, recipe(**other), f"again-{matcher}-{threshold}")
    rows = ask(
        built.folder,
        f"SELECT source, rows AS n, complete FROM sensitivity WHERE matcher = '{matcher}' AND threshold = {threshold}",
    )
    assert all(row["complete"] for row in rows)
    assert {row["source"]: row["n"] for row in rows} == going(again.folder)


def test_what_is_set_is_on_the_curve_and_it_falls(built: Built) -> None:
    set_to = (
        "SELECT matcher, sum(rows)::INT AS n FROM sensitivity WHERE threshold = 0.5 GROUP BY ALL"
    )
    total = sum(going(built.folder).values())
    assert {row["matcher"]: row["n"] for row in ask(built.folder, set_to)} == dict.fromkeys(
        ("ngram", "minhash", "robust"), total
    )
    curve = "SELECT list(rows ORDER BY threshold) AS n FROM sensitivity GROUP BY matcher, source"
    assert all(row["n"] == sorted(row["n"], reverse=True) for row in ask(built.folder, curve))
    below = "SELECT DISTINCT matcher FROM sensitivity WHERE NOT complete"
    assert ask(built.folder, below) == [{"matcher": "robust"}]
    assert len(ask(built.folder, "sensitivity")) > 20


def test_a_dry_run_shows_the_same_as_rows_left(built: Built) -> None:
    with open_readonly(built.folder) as con:
        (own,) = [face for face in faces(con) if face.retention]
        curves = list(own.retention(con) if own.retention else ())
    assert [(one.what, one.source, one.rows) for one in curves if one.what == "ngram"] == [
        ("ngram", None, 40), ("ngram", "a", 25), ("ngram", "b", 15),
    ]  # fmt: skip
    total = sum(going(built.folder).values())
    assert {dict(one.points)[one.set_to] for one in curves if one.source is None} == {40 - total}


def test_verdicts_go_before_all_thresholds(folder: Path, built: Built) -> None:
    """A pair that was cleared never comes back; one that was confirmed always goes."""
    pairs = ask(
        built.folder,
        """SELECT m.doc_id AS doc, m.instance_id AS item, replace(d.content_hash::VARCHAR, '-', '') AS hash, i.text,
            bool_or(m.counts) AS counts
        FROM matches AS m JOIN documents AS d ON d.id = m.doc_id JOIN instances AS i USING (instance_id)
        GROUP BY ALL ORDER BY ALL""",
    )
    cleared = next(pair for pair in pairs if pair["counts"])
    leak = next(pair for pair in pairs if not pair["counts"])
    said = [
        Ruling(pair["doc"], pair["item"], word, None, pair["hash"], item_hash(pair["text"]))
        for pair, word in ((cleared, "false-alarm"), (leak, "leak"))
    ]
    save_verdicts(folder / "verdicts.yaml", said)
    given = recipe(minhash=True)
    given["decontaminate"]["verdicts"] = "verdicts.yaml"
    out = build_in(folder, given, "judged").folder
    rows = "SELECT sum(rows)::INT AS n FROM sensitivity WHERE matcher = 'ngram' AND threshold = 0.5"
    assert ask(out, rows) == ask(built.folder, rows)
    assert sum(going(out).values()) == sum(going(built.folder).values())
