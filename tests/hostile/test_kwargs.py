"""Arguments of constraints that no honest label has: an error of the label, or a verdict, and soon."""

from __future__ import annotations

import json
from typing import Any

import pytest

from curate.errors import UserError
from curate.verify import find
from curate.verify.constraints.registry import CONSTRAINTS
from tests.hostile.long_texts import arguments, within

HOSTILE: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 10**30, -(10**30), 0.5, -0.0, 1e308, float("inf"), float("nan"),
    "", " ", "\n", "\0", "\ud800", "a", "é", "e\u0301", "\u200d", "\u202e", "A" * 100_000, "(a+)+$", "[", "\\", "\\1",
    "(?i:", "{}", "%s%n", "'\"", "</script>", "at least", "AT LEAST", "en", "xx",
    [], [[]], [None], [""], ["a"] * 10_000, ["(a|aa)+$", "\\"], {}, {"a": {}}, [{"a": 1}], [["a"]],
]  # fmt: skip
TEXTS = ["", "\0", "A b. C d!\n\n* e\ud800\n", "é(a+)+$" * 50, "a" * 2000 + "!"]


@pytest.mark.parametrize("id", CONSTRAINTS)
def test_any_argument_is_an_error_of_the_label_or_gives_a_verdict(id: str) -> None:
    usual = arguments()[id]
    for name in [*CONSTRAINTS[id].arguments, "unknown"]:
        for value in HOSTILE:
            label = json.dumps([{"id": id, "kwargs": {**usual, name: value}}])
            try:
                with within(2.0):
                    verdicts = [find("ifeval")(text, label) for text in TEXTS]
            except UserError as error:
                assert len(str(error)) < 1_000
            else:
                assert all(0 <= verdict.score <= 1 for verdict in verdicts)


LABELS = [
    "", "null", "0", "[]", "{}", "[[]]", '[{"id": null}]', '[{"id": 3}]', '[{"id": ["a"], "kwargs": 3}]',
    '[{"id": "punctuation:no_comma", "kwargs": []}]', '[{"id": "punctuation:no_comma", "kwargs": "{}"}]',
    '{"func_name": null}', '{"func_name": "verify_keywords", "N": {}}', "[" * 100_000, "(" * 100_000,
    "__import__('os')", "9" * 5000, '"\\ud800"', '{"instruction_id_list": ["a"], "kwargs": [null, null]}',
]  # fmt: skip


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_any_label_is_read_or_refused(label: str) -> None:
    with pytest.raises(UserError):
        find("ifeval")("a", label)
