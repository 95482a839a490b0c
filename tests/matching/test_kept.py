"""Kept indexes: what is read back is what was built; what is damaged or out of date is built anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, cast

import numba
import numpy as np
import pytest
from hypothesis import given

from curate.items import Item
from curate.matching import kept
from curate.matching import matchers as matchers_module
from curate.matching.matchers import Matchers, build_matchers, match_all
from curate.matching.profile import PROFILES, Profile, with_matchers
from tests.matching import samples
from tests.matching.samples import lay_out, pairs_of
from tests.soak import examples

ALL = with_matchers(PROFILES["default"], {"ngram": {"n": 3}, "minhash": True})
ITEMS = [
    Item("ab"[n % 2], f"{n}", (f"Which of these {n} words is the longest one?", f"word {n}"))
    for n in range(40)
]
TURNS = lay_out([[item.fields[0]] for item in ITEMS[::3]])


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, in which small suites are kept too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept, "_WORTH", 1)
    return tmp_path / "curate" / "index"


def indexes(matchers: Matchers) -> dict[str, Any]:
    """The index of each matcher."""
    others = {name: cast(Any, one.match).keywords["index"] for name, one in matchers.others.items()}
    return {"ngram": matchers.index} | others


def parts(value: Any, path: str = "") -> dict[str, Any]:
    """All that an index holds, with the type by which a kernel is compiled for it."""
    if isinstance(value, np.ndarray):
        return {path: (value.tolist(), str(numba.typeof(value)))}
    if is_dataclass(value) or hasattr(value, "_fields"):
        names = value._fields if hasattr(value, "_fields") else list(value.__dataclass_fields__)
        return {
            key: part
            for name in names
            for key, part in parts(getattr(value, name), f"{path}.{name}").items()
        }
    return {path: (value, type(value))}


def answers(matchers: Matchers) -> dict[str, Any]:
    return {name: pairs_of(found) for name, found in match_all(TURNS, matchers)[0].items()}


def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the indexes that are built from now on."""
    names: list[str] = []

    def watch(name: str) -> None:
        make: Callable[..., Any] = getattr(matchers_module, name)

        def made(*given: Any) -> Any:
            names.append(name)
            return make(*given)

        monkeypatch.setattr(matchers_module, name, made)

    for name in ("build_index", "build_exact", "build_minhash", "build_robust"):
        watch(name)
    return names


def test_an_index_is_read_back_as_it_was_built(
    where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = built(monkeypatch)
    first = build_matchers(ITEMS, ALL)
    assert len(names) == len(list(where.iterdir())) == 4
    again = build_matchers(ITEMS, ALL)
    assert len(names) == 4, "nothing was built"
    for name, index in indexes(first).items():
        assert type(indexes(again)[name]) is type(index)
        assert parts(indexes(again)[name]) == parts(index), name
    assert answers(again) == answers(first)
    assert again.matchable.tolist() == first.matchable.tolist()


@examples(25)
@given(samples.samples())
def test_any_items_are_kept_whole(sample: tuple[list[samples.Record], list[samples.Item]]) -> None:
    """Empty ones, one without tokens, and none at all."""
    items = [Item("a", str(n), tuple(own)) for n, own in enumerate(sample[1])]
    for name, index in indexes(build_matchers(items, ALL)).items():
        arrays = dict(kept._flat(index))
        assert all(isinstance(array, np.ndarray) for array in arrays.values())
        assert parts(kept._whole(type(index), arrays)) == parts(index), name


@pytest.mark.parametrize(
    ("items", "profile"),
    [
        (ITEMS[:-1], ALL),
        (ITEMS[::-1], ALL),
        ([Item("a", item.instance_id, item.fields) for item in ITEMS], ALL),
        ([Item(one.benchmark, one.instance_id, ("\n".join(one.fields),)) for one in ITEMS], ALL),
        ([Item(one.benchmark, one.instance_id, one.fields[::-1]) for one in ITEMS], ALL),
        (ITEMS, with_matchers(ALL, {"ngram": {"common": 0.9}})),
        (ITEMS, with_matchers(ALL, {"ngram": {"singles": True}})),
        (
            ITEMS,
            with_matchers(
                ALL, {"robust": {"seed": 2}, "exact": {"min_tokens": 1}, "minhash": {"shingle": 2}}
            ),
        ),
    ],
)
def test_other_texts_and_settings_have_an_index_of_their_own(
    items: list[Item], profile: Profile, where: Path
) -> None:
    build_matchers(ITEMS, ALL)
    after = indexes(build_matchers(items, profile))
    for path in where.iterdir():
        path.unlink()
    fresh = indexes(build_matchers(items, profile))
    assert {name: parts(index) for name, index in after.items()} == {
        n: parts(index) for n, index in fresh.items()
    }


def test_where_one_field_ends_and_the_next_begins_is_part_of_the_name(where: Path) -> None:
    texts = [
        [["ab", "c"]],
        [["a", "bc"]],
        [["abc"]],
        [["ab"], ["c"]],
        [["ab", "c", ""]],
        [["", "ab", "c"]],
    ]
    assert len({kept.key_of(one) for one in texts}) == len(texts)
    assert kept.key_of(texts[0]) == kept.key_of(texts[0]) != kept.key_of(texts[0], 8)


def test_other_code_has_other_names(where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept.key_of([["abc"]])
    monkeypatch.setattr(kept, "_code", lambda: "edited")
    assert kept.key_of([["abc"]]) != before


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:-1],
        lambda raw: bytes(len(raw)),
        lambda raw: raw[:300] + bytes([raw[300] ^ 1]) + raw[301:],
        lambda raw: b"no index at all",
    ],
)
def test_a_damaged_file_is_built_anew(
    damage: Callable[[bytes], bytes], where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = answers(build_matchers(ITEMS, ALL))
    files = sorted(where.iterdir())
    for path in files:
        path.write_bytes(damage(path.read_bytes()))
    names = built(monkeypatch)
    assert answers(build_matchers(ITEMS, ALL)) == whole
    assert len(names) == 4
    assert sorted(where.iterdir()) == files
    assert answers(build_matchers(ITEMS, ALL)) == whole
    assert len(names) == 4, "the new files are whole"


def test_arrays_of_another_class_are_no_index(where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = answers(build_matchers(ITEMS, ALL))
    for path in where.iterdir():
        with path.open("wb") as file:
            np.savez(file, some=np.arange(3))
    assert answers(build_matchers(ITEMS, ALL)) == whole


def test_where_nothing_can_be_written_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_WORTH", 1)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert answers(build_matchers(ITEMS, ALL))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_small_suites_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    build_matchers(ITEMS, ALL)
    assert not list(tmp_path.iterdir())


def test_what_was_not_used_for_longest_goes_first(
    where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_matchers(ITEMS, PROFILES["tulu3"])
    build_matchers(ITEMS[:-1], PROFILES["tulu3"])
    (first, second) = sorted(where.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    (where / "left.part").write_bytes(bytes(1000))  # by a build that was killed
    for age, path in ((300, where / "left.part"), (200, first), (100, second)):
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    build_matchers(ITEMS, PROFILES["tulu3"])  # uses the first again
    monkeypatch.setattr(kept, "_ROOM", 2 * first.stat().st_size + 100)
    build_matchers(ITEMS[:-2], PROFILES["tulu3"])
    left = set(where.iterdir())
    assert first in left and second not in left and len(left) == 2


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_WORTH", 1)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    assert answers(build_matchers(ITEMS, ALL))
