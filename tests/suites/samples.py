"""Suites and their data as files, and the twenty sets of the paper by name."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from curate.suites import ReadSuite, load_suite, read_suite

TULU3 = (
    "mmlu humaneval gsm8k drop math ifeval popqa alpacaeval bbh truthfulqa wildguardtest wildjailbreak "
    "jailbreaktrigger harmbench do_anything_now mmlu_pro gpqa agieval_en bigcodebench deepmind_math"
).split()


def jsonl(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def suite_file(folder: Path, *benchmarks: dict[str, Any]) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"benchmarks": list(benchmarks)}), encoding="utf-8")
    return path


def read(folder: Path, *benchmarks: dict[str, Any], **options: Any) -> ReadSuite:
    return read_suite(
        load_suite(suite_file(folder, *benchmarks), base=folder), base=folder, **options
    )


def write_as(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows in the form that the extensions of `path` say."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.name.endswith(".jsonl"):
        path.write_text(text)
    elif path.name.endswith(".jsonl.gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif path.name.endswith(".jsonl.zst"):
        with pa.CompressedOutputStream(str(path), "zstd") as out:
            out.write(text.encode())
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(
                stream, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ","
            )
            writer.writeheader()
            writer.writerows(rows)
