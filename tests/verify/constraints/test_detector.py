"""The compiled detector gives what langdetect gives, on every text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.verifiers.ifeval import responses
from curate.verify.constraints import detector
from curate.verify.constraints.language import LANGUAGES
from tests.soak import examples

pytest.importorskip("langdetect", reason="the extra 'verify' (langdetect) is not installed")

SENTENCES = (
    "The old mill stands by the river, and nobody has lived in it for years.",
    "DIE ALTE MÜHLE STEHT AM FLUSS",
    "Le vieux moulin se trouve près de la rivière.",
    "Старая мельница стоит у реки.",
    "古い水車小屋は川のそばにあります。",
    "오래된 방앗간은 강가에 있습니다.",
    "الطاحونة القديمة على ضفة النهر",
    "Cối xay cũ nằm bên bờ sông, đã lâu không ai ở.",
    "Moara veche stă lângă râu și țăranul doarme.",
    "see https://example.com/a?b=c or write to mill@example.com  now",
)


@examples(60)
@given(
    st.lists(st.sampled_from(" ".join(SENTENCES).split(" ")), max_size=30).map(" ".join)
    | st.text(max_size=60)
    | st.text(alphabet="aAbBeEzZéÉßñ ș țữ́漢かカ한ـی .-\n\u3000\u2003", max_size=60)
)
@example("")
@example("12 . !")
@example("a" * 11_000)
@example("ab " * 5_000)
@example("ABCD eFGH iJ K")
@example("http://a" + "b@c.de " * 40)
def test_the_result_is_langdetects(text: str) -> None:
    assert detector.detect(text) == detector.plainly(text)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentences_and_their_cases(sentence: str) -> None:
    for text in (sentence, sentence.upper(), sentence.lower(), sentence.title(), sentence * 200):
        found = detector.detect(text)
        assert found == detector.plainly(text)
        assert found in LANGUAGES


def test_where_the_numbers_drawn_do_not_suffice_langdetect_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = [detector.detect(sentence) for sentence in SENTENCES]
    few = detector.Tables(**{**vars(detector.tables()), "words": detector.tables().words[:40]})
    monkeypatch.setattr(detector, "tables", lambda: few)
    assert [detector.detect(sentence) for sentence in SENTENCES] == wanted


@pytest.mark.slow
def test_real_responses(shared_data: Path) -> None:
    for _, response in responses(shared_data):
        for text in (response, response.upper(), response[:40], response[-15:]):
            assert detector.detect(text) == detector.plainly(text)
