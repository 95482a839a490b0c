"""`croissant.json`: every file with its digest, every column, every source with its licence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curate.lock import load as load_lock
from curate.shards import sha256
from tests.command import call


def exported(built: Path, folder: Path) -> dict[str, Any]:
    done = call("export", built, "--to", "croissant", "-o", folder, cwd=folder.parent)
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads((folder / "croissant.json").read_text("utf-8"))
    return told


def test_files_columns_and_sources(built: Path, tmp_path: Path) -> None:
    told = exported(built, tmp_path / "meta")
    assert (told["name"], told["license"]) == ("small", ["MIT"])
    rows = [name for name in load_lock(built)["outputs"] if not name.startswith("quarantine/")]
    digests = {one["contentUrl"]: one["sha256"] for one in told["distribution"]}
    assert digests == {name: sha256(built / name) for name in rows}
    train, *_ = told["recordSet"]
    assert train["@id"] == "default/train"
    (path,) = (name for name in rows if name.startswith("data/train"))
    assert [one["name"] for one in train["field"]] == pq.read_schema(built / path).names
    (messages,) = (one for one in train["field"] if one["name"] == "messages")
    assert [one["name"] for one in messages["subField"]] == ["role", "content"]
    (source,) = told["prov:wasDerivedFrom"]
    (part,) = source["hasPart"]
    assert (source["name"], source["license"]) == ("rows", "MIT")
    assert part["sha256"] == sha256(built.parent / "rows.jsonl")


def test_the_same_folder_gives_the_same_text(built: Path, tmp_path: Path) -> None:
    exported(built, tmp_path / "one")
    exported(built, tmp_path / "other")
    one, other = ((tmp_path / name / "croissant.json").read_bytes() for name in ("one", "other"))
    assert one == other


@pytest.mark.slow
def test_the_reference_reads_it_without_a_complaint(built: Path, tmp_path: Path) -> None:
    readers = Path(sys.prefix, "readers")
    if not (readers / "mlcroissant").is_dir():
        pytest.skip("mlcroissant is not installed")
    meta = exported(built, tmp_path / "meta")
    for one in meta["distribution"]:
        one["contentUrl"] = str(built / one["contentUrl"])
    (tmp_path / "croissant.json").write_text(json.dumps(meta), "utf-8")
    code = """
import mlcroissant, sys
found = mlcroissant.Dataset(jsonld=sys.argv[1])
issues = found.metadata.ctx.issues
print(len(issues.errors), *[one.split('"')[1].rpartition("/")[2] for one in sorted(issues.warnings)])
rows = list(found.records("default/train"))
print(len(rows), rows[0]["default/train/id"].decode(), list(rows[0]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "croissant.json")],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(readers)},
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "0 citeAs datePublished", done.stderr  # nobody has said either
    assert second.startswith("17 rows/")
