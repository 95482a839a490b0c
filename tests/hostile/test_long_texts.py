"""A megabyte of one thing, or of two, holds no verifier up: time grows with the text alone."""

from __future__ import annotations

import pytest

from curate.errors import UserError
from curate.verify.program import extract
from tests.hostile.long_texts import subjects, texts, within
from tests.soak import LONG

pytestmark = pytest.mark.slow

SUBJECTS = {**subjects(), "code": extract}
SECONDS = 10.0
"""A guard against what has no end; what is quadratic takes minutes."""


def fed(name: str, size: int, pairs: bool) -> None:
    judge = SUBJECTS[name]
    try:
        judge("warm up")
    except UserError as error:
        pytest.skip(str(error))
    for unit, text in texts(size, pairs):
        try:
            with within(SECONDS):
                judge(text)
        except Exception as error:
            raise AssertionError(f"{name}: {unit!r} × {size}") from error


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_megabyte_of_one_piece(name: str) -> None:
    fed(name, 1_000_000, pairs=False)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SUBJECTS)
def test_two_pieces(name: str) -> None:
    fed(name, LONG, pairs=True)
