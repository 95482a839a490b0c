"""What ships is found by name, from a checkout; tests/test_wheel.py does the same from a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate import shipped
from curate.config import load_yaml
from curate.errors import UserError
from curate.suites import load_suite


def test_both_folders_are_those_of_the_checkout(root: Path) -> None:
    assert shipped.folder("suites") == root / "benchmarks" / "suites"
    assert shipped.folder("mixtures") == root / "mixtures"
    assert (shipped.folder("mixtures") / "quickstart" / "recipe.yaml").is_file()


def test_every_shipped_suite_loads_under_its_name(tmp_path: Path) -> None:
    assert "tulu3" in shipped.suites()
    for name, path in shipped.suites().items():
        assert shipped.suite(name) == path
        assert load_suite(name, base=tmp_path).name == name
        assert set(load_yaml(path)) <= {"name", "extends", "without", "benchmarks"}


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'tulu3'"):
        shipped.suite("tulu-3")
