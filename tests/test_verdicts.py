"""The verdict file: what is written is read again, one order, one line for each mistake, and
nothing half-written.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.verdicts import (
    DUPLICATES,
    WORDS,
    Ruling,
    item_hash,
    load_verdicts,
    save_verdicts,
)

A, B = "0" * 31 + "a", "1" * 32

# A digest of digits alone, or one such as 12e3…, would be a number in YAML.
HASHES = st.sampled_from([A, B, "12e" + "3" * 29, "0" * 32]) | st.binary(
    min_size=16, max_size=16
).map(bytes.hex)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VERDICTS = st.lists(
    st.builds(
        Ruling, TEXT, TEXT, st.sampled_from(WORDS), st.none() | TEXT.filter(bool), HASHES, HASHES
    ),
    unique_by=lambda verdict: verdict.texts,
    max_size=6,
)


@given(VERDICTS, st.randoms())
def test_what_is_saved_is_read_again_whatever_its_order(
    tmp_path_factory: pytest.TempPathFactory, verdicts: list[Ruling], random: object
) -> None:
    folder = tmp_path_factory.mktemp("verdicts")
    save_verdicts(folder / "a.yaml", verdicts)
    assert set(load_verdicts(folder / "a.yaml")) == set(verdicts)
    save_verdicts(folder / "b.yaml", sorted(verdicts, key=lambda v: hash((v, str(random)))))
    assert (folder / "a.yaml").read_bytes() == (folder / "b.yaml").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["a.yaml", "b.yaml"]


def test_the_file_is_readable_in_a_diff(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.yaml"
    save_verdicts(
        path,
        [
            Ruling("chat/1", "gsm8k/0", "leak", None, A, B),
            Ruling("é", "bbh/3", "allowed", "so", B, A),
        ],
    )
    assert path.read_text("utf-8").splitlines()[1:] == [
        "verdicts:",
        *[
            "- verdict: allowed",
            "  doc: é",
            "  item: bbh/3",
            "  note: so",
            f"  doc_hash: '{B}'",
            f"  item_hash: {A}",
        ],
        *[
            "- verdict: leak",
            "  doc: chat/1",
            "  item: gsm8k/0",
            f"  doc_hash: {A}",
            f"  item_hash: '{B}'",
        ],
    ]
    assert path.read_text("utf-8").startswith(
        "# Verdicts on training rows that match benchmark items"
    )


def test_plain_yaml_reads_it(tmp_path: Path) -> None:
    save_verdicts(tmp_path / "v.yaml", [Ruling("\x1b[2J\n", "b/0", "leak", "a: b # c", A, B)])
    assert (
        yaml.safe_load((tmp_path / "v.yaml").read_text("utf-8"))["verdicts"][0]["doc"]
        == "\x1b[2J\n"
    )
    assert "\x1b" not in (tmp_path / "v.yaml").read_text("utf-8")


def test_a_file_that_cannot_be_replaced_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "verdicts.yaml"
    save_verdicts(path, [Ruling("a/0", "b/0", "leak", None, A, B)])
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_verdicts(path, [])
    assert path.read_bytes() == before


GOOD = f"- {{verdict: leak, doc: a/0, item: b/0, doc_hash: '{A}', item_hash: '{B}'}}\n"


@pytest.mark.parametrize("text", ["verdicts: []\n", "verdicts:\n"])
def test_no_verdict_is_a_file_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.yaml").write_text(text, "utf-8")
    assert load_verdicts(tmp_path / "v.yaml") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "v.yaml: the top level must be a mapping"),
        ("verdict: []\n", "v.yaml: unknown key 'verdict'; did you mean 'verdicts'?"),
        ("verdicts: 3\n", "v.yaml: 'verdicts' must be a list"),
        (
            "verdicts:\n- leak\n",
            "v.yaml: verdict 1: must be a mapping with the keys verdict, doc, item, note",
        ),
        (
            "verdicts:\n" + GOOD + GOOD,
            "verdicts 1 and 2 are on the same two texts (a/0 and b/0); keep one",
        ),
        (
            "verdicts:\n" + GOOD.replace("doc:", "dco:"),
            "verdict 1: unknown key 'dco'; did you mean 'doc'?",
        ),
        (
            "verdicts:\n" + GOOD.replace("leak", "false-alram"),
            "unknown verdict 'false-alram'; did you mean 'false-alarm'?",
        ),
        (
            "verdicts:\n" + GOOD.replace("leak", "no"),
            "verdict 1: 'verdict' must be text, not False; put it in quotes",
        ),
        ("verdicts:\n" + GOOD.replace(f"'{B}'", B), "'item_hash' must be text, not 1111"),
        (
            "verdicts:\n" + GOOD.replace(A, A[1:]),
            "'doc_hash' must be 32 hex digits in lower case, not",
        ),
        ("verdicts:\n" + GOOD.replace("item: b/0, ", ""), "verdict 1: the key 'item' is missing"),
        (
            "verdicts:\n" + GOOD.replace("doc:", "item:"),
            "v.yaml:2: not valid YAML (the key 'item' is given twice)",
        ),
        ("verdicts: [\n", "not valid YAML"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "v.yaml").write_text(text, "utf-8")
    with pytest.raises(UserError) as refused:
        load_verdicts(tmp_path / "v.yaml")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_example_of_the_documentation_is_as_it_would_be_written(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[1] / "docs/audit.md").read_text("utf-8")
    (example,) = re.findall(r"```yml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "v.yaml").write_text(example, "utf-8")
    save_verdicts(tmp_path / "again.yaml", load_verdicts(tmp_path / "v.yaml"))
    assert (tmp_path / "again.yaml").read_text("utf-8") == example


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_verdicts(tmp_path / "v.yaml")


def test_the_hash_of_an_item_is_blake2b_of_its_utf8() -> None:
    text = "Wie viele Bäume? 😀"
    assert item_hash(text) == hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    assert item_hash(text) != item_hash(text + " ")


def test_duplicates_stand_in_the_same_file_and_neither_part_disturbs_the_other(
    tmp_path: Path,
) -> None:
    match = Ruling("chat/1", "gsm8k/0", "leak", None, A, B)
    twins = [
        Ruling("a/1", "b/2", "not-a-duplicate", "other names", A, B),
        Ruling("a/3", "b/2", "duplicate", None, B, B),
    ]
    save_verdicts(tmp_path / "v.yaml", [match], twins)
    assert load_verdicts(tmp_path / "v.yaml") == [match]
    assert load_verdicts(tmp_path / "v.yaml", DUPLICATES) == twins
    assert "- verdict: not-a-duplicate\n  row: a/1\n  stays: b/2\n" in (
        tmp_path / "v.yaml"
    ).read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("not-a-duplicate", "leak"), "duplicate 1: unknown verdict 'leak'"),
        (("row:", "doc:"), "duplicate 1: unknown key 'doc'"),
        (("duplicates:", "duplicate:"), "unknown key 'duplicate'; did you mean 'duplicates'?"),
    ],
)
def test_a_mistake_among_duplicates_is_one_line(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    save_verdicts(tmp_path / "v.yaml", [], [Ruling("a/1", "b/2", "not-a-duplicate", None, A, B)])
    text = (tmp_path / "v.yaml").read_text("utf-8")
    (tmp_path / "v.yaml").write_text(text.replace(*change), "utf-8")
    with pytest.raises(UserError, match=re.escape(message)):
        load_verdicts(tmp_path / "v.yaml", DUPLICATES)


def test_two_verdicts_on_two_rows_are_one_too_many_whichever_stays(tmp_path: Path) -> None:
    both = [Ruling("a/1", "b/2", "duplicate", None, A, B)]
    save_verdicts(tmp_path / "v.yaml", [], [*both, Ruling("b/2", "a/1", "duplicate", None, B, A)])
    with pytest.raises(UserError, match="duplicates 1 and 2 are on the same two texts"):
        load_verdicts(tmp_path / "v.yaml", DUPLICATES)
