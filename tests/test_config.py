"""YAML into models: what is wrong is told in one line, with the place and the nearest key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from curate.config import Strict, check, load_yaml, without_usual_nulls, yaml_value
from curate.errors import UserError


class Part(Strict):
    from_: str = Field(alias="from")
    size: int = Field(default=1, ge=1)
    share: float | None = Field(default=None, ge=0, le=1)
    rows: int = Field(default=1, ge=1, le=2**63 - 1)


class Whole(Strict):
    name: str
    parts: list[Part] = Field(min_length=1)
    extra: Part | None = None


def message(data: dict[str, Any]) -> str:
    with pytest.raises(UserError) as caught:
        check(Whole, data, "f.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


PARTS = [{"from": "x"}]


def test_what_is_right_is_read_by_its_alias() -> None:
    whole = check(Whole, {"name": "n", "parts": [{"from": "x", "size": 3}]}, "f.yaml")
    assert (whole.parts[0].from_, whole.parts[0].size) == ("x", 3)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"nmae": "n", "parts": PARTS}, ": unknown key 'nmae'; did you mean 'name'?"),
        (
            {"name": "n", "parts": [{"form": "x"}]},
            ": part 1: unknown key 'form'; did you mean 'from'? (known: from, ",
        ),
        (
            {"name": "n", "parts": PARTS, "extra": {"from": "x", "sise": 1}},
            ": extra: unknown key 'sise'; did you mean 'size'?",
        ),
        ({"name": "n", "parts": [{}]}, ": part 1: the key 'from' is missing"),
        (
            {"name": "n", "parts": [{"from": "x", "size": 0}]},
            ": part 1: size: must be at least 1, not 0",
        ),
        (
            {"name": "n", "parts": [{"from": "x", "share": 1.5}]},
            ": part 1: share: must be from 0 to 1, not 1.5",
        ),
        (
            {"name": "n", "parts": PARTS, "extra": {"from": "x", "share": -1}},
            ": extra: share: must be from 0 to 1, not -1",
        ),
        ({"name": None, "parts": PARTS}, ": name: must be text"),
        ({"name": "n", "parts": []}, ": parts: must not be empty"),
        ({"name": ["n"], "parts": PARTS}, ": name: must be text"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(data: dict[str, Any], told: str) -> None:
    assert message(data).startswith(f"f.yaml{told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: [1", "f.yaml:1: not valid YAML"),
        (b"- a\n- b\n", "the top level must be a mapping"),
        (b"", "the top level must be a mapping"),
        (b"a: \xff", "cannot be read"),
        (b"a: \x00", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_mapping_is_told_with_its_name(
    tmp_path: Path, text: bytes, told: str
) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(text)
    with pytest.raises(UserError) as caught:
        load_yaml(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_yaml(tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    "text, told",
    [
        ("a: " + "[" * 5000 + "]" * 5000, "not valid YAML (nested too deep)"),
        ("a: " + "[" * 150 + "]" * 150, "f.yaml:1: not valid YAML (nested more than 100 deep)"),
        ("a: 1\nseed: " + "9" * 5000, "not valid YAML (Exceeds the limit"),
        ("a: 2026-13-45", "not valid YAML (month must be in 1..12"),
        (
            "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
            + "".join(
                f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n"
                for a, b in zip("abcdefg", "bcdefgh", strict=True)
            ),
            "not valid YAML (its aliases make more than 1,000,000 values)",
        ),
        ("? [a]\n: 1", "not valid YAML"),
    ],
)
def test_yaml_that_is_made_to_hurt_is_one_short_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(text)
    for read in (lambda: load_yaml(path), lambda: yaml_value("--format", text)):
        with pytest.raises(UserError) as caught:
            read()
        said = str(caught.value)
        assert told.removeprefix("f.yaml:1: ") in said
        assert "\n" not in said and len(said) < 800
    with pytest.raises(UserError, match=r"f.yaml(:\d+)?: "):
        load_yaml(path)


def test_aliases_and_merges_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: *a\n")
    assert load_yaml(path) == {"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 1}}


class _Part(Strict):
    limit: float | None = 0.8
    note: str | None = None
    rules: tuple[str, ...] = ("source",)


class _Whole(Strict):
    part: _Part = _Part()
    parts: tuple[_Part, ...] = ()
    other: int | None = Field(default=None, alias="from")


@pytest.mark.parametrize(
    "given",
    [
        {"part": {"limit": None, "rules": []}},
        {"parts": [{"limit": None}, {"note": "x"}], "from": 3},
        {},
    ],
)
def test_a_null_goes_only_where_it_is_the_default(given: dict[str, Any]) -> None:
    whole = check(_Whole, given, "it")
    plain = whole.model_dump(mode="json", by_alias=True)
    terse = without_usual_nulls(plain, whole)
    assert check(_Whole, terse, "it") == whole
    assert "note" not in terse["part"]
    assert ("from" in terse) == ("from" in given)
