"""The demonstration: three domains written by the embedded model, without a network."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from curate import shipped
from curate.verify import find
from tests.command import call
from tests.corpus import ask, read, reconcile


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_each_domain_has_at_least_five_accepted_rows(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    folder = tmp_path / "quickstart"
    shutil.copytree(shipped.folder("mixtures") / "quickstart", folder)
    out = tmp_path / "out"
    given = ("synthesize", folder / "personas.yaml", "-o", out, "--store", tmp_path / "store")
    done = call(*given, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "written by models" in done.out
    reconcile(out)
    accepted = {one["source"]: one["accepted"] for one in ask(out, "FROM acceptance")}
    assert set(accepted) == {"sums", "short-answers", "questions"}
    assert min(accepted.values()) >= 5
    for row in read(out, "data/*.parquet"):
        if row["source"] != "questions":
            answer = row["messages"][-1]["content"]
            assert find(row["verifier"])(answer, row["ground_truth"]).passed
