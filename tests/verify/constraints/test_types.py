"""Every type of constraint: answers made to satisfy it do, answers made to violate it do not, none
breaks it.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.verifiers.samples import MAKERS
from curate.verify.constraints import CONSTRAINTS, bind
from curate.verify.constraints.registry import IFBENCH, IFEVAL, IFTRAIN
from tests.soak import examples
from tests.verify.constraints.conftest import NEEDS_LANGDETECT, NEEDS_PUNKT, need

MARKDOWN = """# A title

Some *words*, some **bold** and `code`. [a link](https://example.com) – and “quotes”…

* one
* two
  - nested

1. first
2. second

| a | b |
|---|---|
| 1 | 2 |

```json
{"a": [1, 2]}
```

***

> Quoted.  Dr. Smith said: 3.5 of U.S. trees. <<x>> ****** P.S. ça va ? 漢字。

---
"""
ROWS = "aA.,;:!?*-<[`\"'( \n\t漢é#0…"


TRAINABLE = sorted(id for id, one in CONSTRAINTS.items() if one.origin != IFBENCH)


def test_the_sets_are_whole() -> None:
    sizes = {
        origin: sum(one.origin == origin for one in CONSTRAINTS.values())
        for origin in (IFEVAL, IFTRAIN, IFBENCH)
    }
    assert sizes == {IFEVAL: 25, IFTRAIN: 29, IFBENCH: 58}
    assert set(MAKERS) == set(TRAINABLE)
    assert all(one.meaning.endswith(".") for one in CONSTRAINTS.values())


@pytest.mark.parametrize("id", TRAINABLE)
def test_both_ways(id: str) -> None:
    need(id)

    @examples(20 if id in NEEDS_LANGDETECT else 40)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        sample = MAKERS[id](data.draw)
        holds = bind(id, sample.kwargs)
        assert holds(sample.good) is True, sample
        assert holds(sample.bad) is False, sample

    check()


def arguments_of(id: str) -> dict[str, object]:
    """Some arguments of a type, the same each time."""
    found: list[dict[str, object]] = []

    @settings(max_examples=1, database=None)
    @given(st.data())
    def take(data: st.DataObject) -> None:
        found.append(MAKERS[id](data.draw).kwargs)

    take()
    return found[0]


@pytest.mark.parametrize("id", TRAINABLE)
def test_no_answer_breaks_a_type(id: str) -> None:
    need(id)
    holds = bind(id, arguments_of(id))

    @examples(15)
    @given(st.text(max_size=80) | st.text(alphabet=ROWS, max_size=80))
    def check(answer: str) -> None:
        assert holds(answer) in (True, False)
        assert holds(answer) == holds(answer)

    check()
    for answer in (
        "",
        " ",
        "\n",
        "\x00",
        "\ud800" if id not in NEEDS_LANGDETECT | NEEDS_PUNKT else "",
        MARKDOWN,
    ):
        assert holds(answer) in (True, False)


@pytest.mark.parametrize("id", TRAINABLE)
def test_huge_answers_take_time_in_proportion(id: str) -> None:
    need(id)
    holds = bind(id, arguments_of(id))
    size = 20_000 if id in NEEDS_LANGDETECT | NEEDS_PUNKT else 200_000
    for piece in (
        *ROWS,
        "<<",
        "[a",
        "a. ",
        "*a",
        "Section 1 ",
        "The pen ",
        "\n\n",
        "-a",
        "***",
        "x.y",
        "!?",
        "p.s",
    ):
        start = time.process_time()
        assert holds(piece * (size // len(piece))) in (True, False)
        assert time.process_time() - start < 4, piece
    assert holds(MARKDOWN * (size // len(MARKDOWN))) in (True, False)
