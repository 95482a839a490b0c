"""Content hashes tell records apart by roles, texts and turns; sampling keys are splitmix64 of
seed, source and row.
"""

from __future__ import annotations

import hashlib
from itertools import accumulate

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.hashing import hash_rows
from curate.records import ROLES, body_schema
from curate.text.hashing import as_uuids, sampling_keys
from curate.turns import all_turns
from tests.soak import examples

Turn = tuple[str, str]
TURNS = st.lists(
    st.tuples(st.sampled_from(ROLES), st.text("ab\0é", max_size=18)), min_size=1, max_size=4
)


def hashed(records: list[list[Turn]]) -> list[str]:
    """Hash records whose texts lie one after the other in a buffer."""
    turns = [
        (doc, role, text.encode()) for doc, record in enumerate(records) for role, text in record
    ]
    stops = np.array(list(accumulate(len(text) for *_, text in turns)), np.int64)
    starts = stops - np.array([len(text) for *_, text in turns], np.int64)
    data = np.frombuffer(b"".join(text for *_, text in turns) or b"\0", np.uint8)
    tags = np.array([ROLES.index(role) for _, role, _ in turns], np.int8)
    docs = np.array([doc for doc, *_ in turns], np.int32)
    return [
        found.hex
        for found in as_uuids(hash_rows(data, starts, stops, tags, docs, len(records))).to_pylist()
    ]


def differ(*records: list[Turn]) -> bool:
    """Whether all records have hashes of their own."""
    return len(set(hashed(list(records)))) == len(records)


# ---- content hashes


@examples(200)
@given(st.lists(TURNS, min_size=2, max_size=6))
def test_two_records_have_one_hash_iff_their_turns_are_equal(records: list[list[Turn]]) -> None:
    hashes = hashed(records)
    for i, left in enumerate(records):
        for j, right in enumerate(records):
            assert (hashes[i] == hashes[j]) == (left == right)


@given(TURNS, st.lists(TURNS, max_size=3), st.lists(TURNS, max_size=3))
def test_a_hash_does_not_depend_on_what_lies_around(
    record: list[Turn], before: list[list[Turn]], after: list[list[Turn]]
) -> None:
    assert hashed([*before, record, *after])[len(before)] == hashed([record])[0]


def test_roles_order_and_boundaries_of_turns_count() -> None:
    one, two = ("user", "one"), ("assistant", "two")
    assert differ(
        [one, two], [two, one], [("user", "onetwo")], [("assistant", "one"), ("user", "two")]
    )
    assert differ(
        [("user", "ab"), ("user", "c")],
        [("user", "a"), ("user", "bc")],
        [("user", "abc"), ("user", "")],
    )


def test_every_byte_counts_whatever_the_length() -> None:
    for length in range(1, 26):
        text = "x" * length
        changed = [text[:i] + "y" + text[i + 1 :] for i in range(length)]
        assert differ(
            *([("user", one)] for one in [text, *changed, text + "x", text + "\0", text[:-1]])
        )


def test_zeros_at_the_end_count() -> None:
    assert differ(*([("user", "\0" * n)] for n in range(20)))


def test_both_halves_of_a_hash_tell_records_apart() -> None:
    """128 bits are two hashes of 64: each must do its own work."""
    hashes = hashed([[("user", f"text {i}")] for i in range(2000)])
    assert (
        len({digest[:16] for digest in hashes}) == len({digest[16:] for digest in hashes}) == 2000
    )
    assert all(digest[:16] != digest[16:] for digest in hashes)


def test_hashes_of_an_arrow_table_are_those_of_its_texts() -> None:
    records = [[("user", "Häuser"), ("assistant", "ok")], [("user", "b"), ("assistant", "")]]
    rows = [
        {"messages": [{"role": role, "content": text} for role, text in record]}
        for record in records
    ]
    turns = all_turns("sft", pa.Table.from_pylist(rows, schema=body_schema("sft")))
    found = as_uuids(
        hash_rows(*turns.stretches[:3], turns.roles, turns.stretches.docs, turns.n_docs)
    )
    assert [digest.hex for digest in found.to_pylist()] == hashed(records)


def test_hashes_stay_what_they_are() -> None:
    """Databases keep them: a change here breaks every one that was written before."""
    assert hashed([[("user", "What is 2 + 2?"), ("assistant", "4")]]) == [
        "ca8f14bb1e0711e960909619bffa4340"
    ]


def test_a_hash_is_written_as_a_uuid_of_its_digits() -> None:
    hashes = np.array(
        [[0, 1], [0x0123456789ABCDEF, 0xFEDCBA9876543210], [2**64 - 1, 10]], np.uint64
    )
    digits = [f"{int(a):016x}{int(b):016x}" for a, b in hashes]
    assert [found.hex for found in as_uuids(hashes).to_pylist()] == digits
    assert [found and found.hex for found in as_uuids(hashes, 2).to_pylist()] == [
        *digits,
        None,
        None,
    ]
    assert as_uuids(np.empty((0, 2), np.uint64), 1).to_pylist() == [None]


# ---- sampling keys

MASK = 2**64 - 1


def splitmix64(x: int) -> int:
    """One step of splitmix64 from state `x` (Steele, Lea and Flood 2014), in whole numbers."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def key(seed: int, source: str, row: int, turn: int) -> int:
    """Give the key of one row, in whole numbers."""
    base = int(hashlib.blake2b(f"{seed}\0{source}".encode(), digest_size=8).hexdigest(), 16)
    return splitmix64(splitmix64(row ^ base) ^ turn)


def test_splitmix64_is_the_published_one() -> None:
    """The first outputs of the reference implementation for seed 0."""
    assert [splitmix64(i * 0x9E3779B97F4A7C15 & MASK) for i in range(3)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]


@given(
    st.integers(-(2**31), 2**63),
    st.text(max_size=8),
    st.lists(st.integers(0, 2**62), max_size=5),
    st.integers(0, 50),
)
def test_keys_equal_plain_whole_numbers(seed: int, source: str, rows: list[int], turn: int) -> None:
    keys = sampling_keys(seed, source, np.array(rows, np.int64), turn)
    assert keys.dtype == np.uint64
    assert keys.tolist() == [key(seed, source, row, turn) for row in rows]


def test_seed_source_row_and_pass_each_give_other_keys() -> None:
    rows = np.arange(1000)
    runs = [
        sampling_keys(*args, rows, turn)
        for args in ((1, "a"), (2, "a"), (1, "b"))
        for turn in (0, 1)
    ]
    assert len(np.unique(np.concatenate(runs))) == 6000


def test_a_seed_and_a_name_do_not_run_into_each_other() -> None:
    rows = np.arange(3)
    assert not np.array_equal(sampling_keys(1, "2a", rows, 0), sampling_keys(12, "a", rows, 0))


def test_keys_are_spread_evenly() -> None:
    """Neighbouring rows fall into 64 equal parts about equally often: chi-squared with 63 degrees
    of freedom.
    """
    keys = sampling_keys(42, "gsm8k", np.arange(64_000), 0)
    counts = np.bincount((keys >> np.uint64(58)).astype(np.int64), minlength=64)
    assert ((counts - 1000) ** 2 / 1000).sum() < 120
