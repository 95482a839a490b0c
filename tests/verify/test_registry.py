"""The registry: names, aliases, other packages' verifiers, and what listing costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.errors import UserError
from curate.verify import ALIASES, VERIFIERS, Verdict, answer_part, find, load, names
from curate.verify.batch import verify_table
from curate.verify.rates import described, rates
from curate.verify.selfcheck import tried

NAMES = [
    *"gsm8k math multiple-choice string token-f1 regex json-schema max-length".split(),
    *"ifeval ifeval-loose code all-of weighted".split(),
]


def test_every_verifier_is_there_with_a_summary() -> None:
    assert set(NAMES) <= set(names())
    for name in NAMES:
        verifier = load(name)
        assert verifier.name == name
        assert verifier.summary.endswith(".")


@pytest.mark.parametrize("written", ["MATH", "math", "Math", "strict_math"])
def test_names_are_compared_without_case_and_underscores(written: str) -> None:
    assert find(written) is find("math")
    assert find("multiple_choice") is find("Multiple-Choice")


def test_an_alias_never_hides_a_verifier() -> None:
    assert not ALIASES.keys() & VERIFIERS.keys()
    assert find("string_matcher") is find("puzzle") is find("string")


def test_an_unknown_name_gets_the_nearest_known_one() -> None:
    with pytest.raises(UserError, match="unknown verifier 'gsm8'; did you mean 'gsm8k'?"):
        find("gsm8")


@pytest.mark.parametrize(
    ("completion", "left"),
    [
        ("18", "18"),
        ("<think>17</think> 18", " 18"),
        ("<think>a</think>b<think>c</think>d", "d"),
        ("a</think>", ""),
        ("<think>not closed 18", ""),
        ("<think>a</think>17<think>no, 18", ""),
        ("18 <think>", ""),
    ],
)
def test_thinking_is_cut_up_to_its_last_end(completion: str, left: str) -> None:
    assert answer_part(completion) == left


def test_thinking_that_the_prompt_opens_has_to_end_too() -> None:
    assert answer_part("18", "How many?\n<think>\n") == ""
    assert answer_part("17</think>18", "How many?<think>") == "18"
    assert answer_part("18", "What does <think> mean?") == "18"


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A distribution that registers verifiers, found through the path as an installed one would be."""
    (tmp_path / "their_verifiers.py").write_text(
        '"""Theirs."""\n'
        "from curate.verify import Verdict\n"
        "def shout(completion, ground_truth, prompt=None):\n"
        '    """The completion is in capitals."""\n'
        "    return Verdict(float(completion.isupper()), True, 'looked at its case')\n"
        "def judge(completion, ground_truth, prompt=None, *, engine):\n"
        '    """A model says so."""\n'
        "    return Verdict(engine(completion), True, 'asked')\n",
        "utf-8",
    )
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n", "utf-8")
    (tmp_path / "their_judge.py").write_text(
        '"""Theirs, with an engine of its own."""\n'
        "from curate.verify import Verdict\n"
        "def engine():\n"
        '    """Says 1 to every second text."""\n'
        "    return lambda text: float(len(text) % 2)\n"
        "def verify(completion, ground_truth, prompt=None, *, engine):\n"
        '    """A model of its own says so."""\n'
        "    return Verdict(engine(completion), True, 'asked')\n",
        "utf-8",
    )
    points = (
        "own = their_judge:verify\nShout = their_verifiers:shout\njudge = their_verifiers:judge\n"
        "gone = their_verifiers:gone\nmath = x:y\n"
    )
    (info / "entry_points.txt").write_text(f"[curate.verifiers]\n{points}", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    load.cache_clear()
    yield tmp_path
    load.cache_clear()
    for name in ("their_verifiers", "their_judge"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("other_package")
def test_other_packages_register_verifiers() -> None:
    assert {"shout", "judge", "gone"} <= set(names())
    assert find("SHOUT")("ABC", "") == Verdict(1.0, True, "looked at its case")
    assert described()["shout"]["summary"] == "The completion is in capitals."


@pytest.mark.usefixtures("other_package")
def test_a_verifier_that_asks_a_model_is_given_one() -> None:
    with pytest.raises(UserError, match="'judge' asks a language model; give it an engine"):
        find("judge")
    assert find("judge", engine=lambda text: 0.5)("x", "").score == 0.5


@pytest.mark.usefixtures("other_package")
def test_a_verifier_may_bring_its_engine() -> None:
    assert [find("own")(text, "").score for text in ("a", "ab")] == [1.0, 0.0]
    assert find("own", engine=lambda text: 0.5)("a", "").score == 0.5
    rows = {"completion": ["a", "ab"], "verifier": ["own"] * 2, "ground_truth": ["x"] * 2}
    assert verify_table(rows)["score"].to_pylist() == [1.0, 0.0]
    assert tried([("own", "x")]).only_read == {("own", "x"): ["own"]}


@pytest.mark.usefixtures("other_package")
def test_an_engine_reaches_every_verifier_that_asks() -> None:
    parts = json.dumps([{"verifier": name, "ground_truth": "5"} for name in ("judge", "gsm8k")])
    verifiers = ["judge", "gsm8k", "all-of", "all-of", "judge"]
    rows = {
        "completion": ["ab", "5", "5", "6", "abc"],
        "verifier": verifiers,
        "ground_truth": ["x", "5", parts, parts, "x"],
    }
    judged = verify_table(rows, workers=2, engine=lambda text: float(len(text) != 3))
    assert judged["score"].to_pylist() == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert tried([("judge", "x")], engine=lambda text: 0.0).faults == {}
    with pytest.raises(UserError, match="'judge' asks a language model; give it an engine"):
        verify_table(rows)


@pytest.mark.usefixtures("other_package")
def test_a_name_that_is_taken_or_cannot_be_imported_is_refused() -> None:
    with pytest.raises(UserError, match="'math' comes with curate; x:y must register another name"):
        find("math")
    with pytest.raises(UserError, match="'gone' cannot be imported from their_verifiers:gone"):
        find("gone")
    assert "cannot be imported" in described()["gone"]["summary"]


def test_names_are_listed_without_importing_a_verifier() -> None:
    code = (
        "import sys, curate.verify as v; assert 'math' in v.names(); "
        "print([name for name in sys.modules if name.startswith('curate.verify.')], 'pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("]")[0] == "['curate.verify.verdict'"
    assert "False" in done.stdout


def test_the_measured_rates_are_those_of_known_verifiers() -> None:
    measured = rates()
    assert set(NAMES) <= set(measured)
    for name, figures in measured.items():
        assert set(figures) == {"right", "wrong", "false_rejects", "false_accepts"}, name
        assert 0 <= figures["false_rejects"] <= figures["right"]
        assert 0 <= figures["false_accepts"] <= figures["wrong"]
