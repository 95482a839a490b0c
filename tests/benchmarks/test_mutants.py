"""Mutants are what they say: one small fault, where tests should look, in a sample that edits
elsewhere don't shift.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from benchmarks.mutants import run
from benchmarks.mutants.mutate import Mutant, mutants

SOURCE = b'''"""A docstring is 1 text."""

from typing import TYPE_CHECKING

__all__ = ["share"]

if TYPE_CHECKING:
    N = 1


def share(a: int, b: int = 3) -> "float":
    """Another one."""
    total = [a, b][:b]
    if not a < b and a not in total:
        raise ValueError("a + b")
    total.append(len(f"{a + b}"))
    a += 1
    return divmod(a, b)[0] / len(total) if a == b else float("nan")
'''


def changes(source: bytes) -> set[tuple[str, str]]:
    """What goes and what comes."""
    return {(source[m.start : m.stop].decode(), m.text) for m in mutants("f.py", source, 1)}


def test_each_kind_of_fault_is_made_and_no_other() -> None:
    assert changes(SOURCE) == {
        ("<", "<="),
        ("==", "!="),
        ("not in", "in"),
        ("and", "or"),
        ("not ", ""),
        ("/", "*"),
        ("+", "-"),
        ("3", "4"),
        ("1", "2"),
        ("0", "1"),
        ("b", "(b) - 1"),
        ('"nan"', "'nanx'"),
        ("a, b", "b, a"),
        ('divmod(a, b)[0] / len(total) if a == b else float("nan")', "None"),
        ('raise ValueError("a + b")', "pass"),
        ('total.append(len(f"{a + b}"))', "pass"),
        ("a += 1", "pass"),
    }


@pytest.mark.parametrize(
    "path", ["curate/mixture/stages.py", "curate/steps/decontaminate/policy.py"]
)
def test_every_mutant_parses_differs_and_names_its_place(root: Path, path: str) -> None:
    source = (root / path).read_bytes()
    plain = ast.dump(ast.parse(source))
    found = mutants(path, source, 1)
    assert len({mutant.key for mutant in found}) == len(found) > 50
    for mutant in found:
        assert ast.dump(ast.parse(mutant.applied(source))) != plain
        diff = mutant.diff(source)
        assert diff and {line[0] for line in diff} == {"-", "+"}
        assert source.splitlines()[mutant.line - 1].decode() in {line[1:] for line in diff}


def test_functions_are_named_as_python_names_them() -> None:
    source = b"class A:\n    n = 1\n    def f(self):\n        def g():\n            return 2\n        return g\n"
    assert {mutant.function for mutant in mutants("f.py", source, 1)} == {"", "A.f"}


def test_bytes_beside_a_change_may_be_of_any_script() -> None:
    source = "x = {'né': '日本'} | {'ß': 1 < 2}\n".encode()
    texts = {mutant.applied(source).decode() for mutant in mutants("f.py", source, 1)}
    assert "x = {'né': '日本'} & {'ß': 1 < 2}\n" in texts
    assert "x = {'né': '日本'} | {'ß': 1 <= 2}\n" in texts


def test_an_edit_elsewhere_leaves_the_sample_as_it_is() -> None:
    def keys(found: list[Mutant]) -> set[str]:
        return {mutant.key for mutant in found}

    before, after = mutants("f.py", SOURCE, 1), mutants("f.py", SOURCE + b"\n\nz = 1\n", 1)
    assert keys(before) < keys(after)
    assert len(keys(after) - keys(before)) == 1
    assert not keys(before) & keys(mutants("f.py", SOURCE, 2))


def test_the_lines_of_a_mutant_are_those_of_its_statement() -> None:
    head = b"def f(\n    a: int,\n    b: int = 3,\n) -> int:\n"
    source = head + b"    if (\n        a\n        < b\n    ):\n        return 4\n    return a\n"
    lines = {mutant.text: mutant.lines for mutant in mutants("f.py", source, 1)}
    assert lines["4"] == (1, 4)
    assert lines["<="] == (5, 8)
    assert lines["5"] == (9, 9)


@pytest.mark.parametrize(("looked_at", "outcome"), [("2", "killed"), ("10", "survived")])
def test_a_mutant_is_killed_where_a_test_looks_and_the_tree_stays_as_it_was(
    tmp_path: Path, looked_at: str, outcome: str
) -> None:
    source = b"def less(n):\n    return n < 2\n"
    write(tmp_path / "less.py", source.decode())
    write(
        tmp_path / "test_less.py",
        f"from less import less\n\ndef test_less():\n    assert not less({looked_at})\n",
    )
    mutant = next(mutant for mutant in mutants("less.py", source, 1) if mutant.text == "<=")
    result = run.tried(mutant, tmp_path, ["test_less.py"])
    assert (result["outcome"], result["line"]) == (outcome, 2)
    assert result["diff"] == ["-    return n < 2", "+    return n <= 2"]
    assert result["by"] == ("test_less.py::test_less" if outcome == "killed" else None)
    assert (tmp_path / "less.py").read_bytes() == source
    assert not list(tmp_path.glob("*.kept"))


def test_a_broken_import_kills(tmp_path: Path) -> None:
    source = b"x = {1: 2}[1]\n"
    write(tmp_path / "some.py", source.decode())
    write(tmp_path / "test_some.py", "import some\n\ndef test_some():\n    assert some.x\n")
    mutant = next(
        mutant
        for mutant in mutants("some.py", source, 1)
        if "[2]" in mutant.applied(source).decode()
    )
    assert run.tried(mutant, tmp_path, ["test_some.py"])["outcome"] == "killed"


def test_the_tests_of_a_line_come_near_ones_first_then_quick_ones_up_to_a_minute() -> None:
    mutant = mutants("curate/mixture/runs.py", b"def f():\n    return 1\n", 1)[0]
    reach = {
        "tests/a.py::slow": {"seconds": 50.0, "lines": {mutant.file: [2]}},
        "tests/a.py::slower": {"seconds": 51.0, "lines": {mutant.file: [2]}},
        "tests/a.py::quick": {"seconds": 1.0, "lines": {mutant.file: [1, 2]}},
        "tests/a.py::elsewhere": {
            "seconds": 0.1,
            "lines": {mutant.file: [9], "curate/mixture/run.py": [2]},
        },
        "tests/mixture/test_runs.py::near": {"seconds": 5.0, "lines": {mutant.file: [1, 2]}},
    }
    assert mutant.lines == (2, 2)
    assert run.concerned(mutant, reach) == [
        "tests/mixture/test_runs.py::near",
        "tests/a.py::quick",
        "tests/a.py::slow",
    ]
    beside = {"tests/a.py::elsewhere": reach["tests/a.py::elsewhere"]}
    assert run.concerned(mutant, beside) == ["tests/a.py::elsewhere"]
    assert run.concerned(mutant, {}) == ["tests/mixture/test_build.py"]


def test_the_report_counts_every_mutant_once() -> None:
    result = {"file": "a.py", "line": 3, "kind": "constant", "diff": ["-1", "+2"], "seconds": 30}
    results = [
        result | {"outcome": outcome} for outcome in ("killed", "killed", "survived", "timeout")
    ]
    text = "\n".join(run.report(results))
    assert "| a.py | 4 | 3 | 1 |" in text
    assert text.count("a.py:3 (constant)\n-1\n+2") == 1
    assert (
        "killed 3 of 4 (75.0%, 95 % interval 30.1% to 95.4%), 1 of them by a time limit; 2 minutes"
        in text
    )


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
