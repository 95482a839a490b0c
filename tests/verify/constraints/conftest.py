"""What tests of constraints share: nltk with its data, and langdetect, or the reason why they are
not here.
"""

from __future__ import annotations

import pytest

from curate.errors import UserError
from curate.verify.constraints import language, punkt
from tests.conftest import ROOT

NEEDS_PUNKT = {"length_constraints:number_sentences"}
NEEDS_NLTK = {"change_case:capital_word_frequency"} | NEEDS_PUNKT
NEEDS_LANGDETECT = {
    "language:response_language",
    "change_case:english_capital",
    "change_case:english_lowercase",
}


def need(id: str) -> None:
    """Skip where what a type needs is not installed."""
    if id in NEEDS_NLTK:
        nltk = pytest.importorskip("nltk", reason="the extra 'verify' (nltk) is not installed")
        folder = str(ROOT.parent / "shared" / "data" / "models" / "nltk")
        if folder not in nltk.data.path:
            nltk.data.path.append(folder)
    if id in NEEDS_LANGDETECT:
        pytest.importorskip("langdetect", reason="the extra 'verify' (langdetect) is not installed")
    try:
        if id in NEEDS_PUNKT:
            punkt.count_sentences("One. Two.", 9)
        if id in NEEDS_LANGDETECT:
            language.detect("One")
    except UserError as error:
        pytest.skip(str(error))
