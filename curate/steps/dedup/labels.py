"""What a row holds beside its turns that a trainer learns from: the ground truth of an rlvr row, the
label of an unpaired one. Where two duplicates have different ones, one of the two may be wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.kernels.hashing import hash_rows
from curate.records import one_array, stretches
from curate.steps.step import Records

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "rlvr": ("verifier", "ground_truth"),
    "unpaired": ("label",),
}
"""The columns of a label, by kind."""
WIDTH = 400
"""Code points of a label that the audit keeps."""


def hashed(records: Records) -> np.ndarray | None:
    """A number for the label of each row, never 0: uint64; None for kinds that have none."""
    texts = _texts(records)
    if texts is None:
        return None
    bounds, data = stretches(texts)
    rows = np.arange(records.n, dtype=np.int32)
    tags = np.zeros(records.n, np.int8)
    found: np.ndarray = hash_rows(data, bounds[:-1], bounds[1:], tags, rows, records.n)
    return found[:, 0] | np.uint64(1)


def labels(records: Records) -> list[str]:
    """The label of each row as people read it; empty texts for kinds that have none."""
    texts = _texts(records)
    if texts is None:
        return [""] * records.n
    return [text.replace("\0", ": ")[:WIDTH] for text in texts.to_pylist()]


def _texts(records: Records) -> pa.StringArray | None:
    names = COLUMNS.get(records.kind)
    if names is None:
        return None
    columns = [one_array(records.table.column(name)).cast(pa.string()) for name in names]
    trimmed = [pc.utf8_trim_whitespace(pc.fill_null(column, "")) for column in columns]
    return pc.binary_join_element_wise(*trimmed, "\0")
