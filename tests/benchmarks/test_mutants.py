"""Mutants are what they say: one small fault, where tests should look, in a sample that edits elsewhere don't shift."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("path", ["curate/mixture/stages.py", "curate/steps/decontaminate/policy.py"])
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
