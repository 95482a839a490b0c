"""The dataset card: what `datasets` and the Hub read from it, and what a person does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from curate.card import CardFacts, SourceFacts, SplitFacts, card, size_category

SPLITS = (
    SplitFacts("train", "data/train-*.parquet", 5, 1_250_000),
    SplitFacts("validation", "data/validation-*.parquet", 2, 4_000),
)
FACTS = CardFacts(
    name="my-sft",
    kind="sft",
    sources=(
        SourceFacts("chat", "MIT", 10, 5, 6, "./chat.jsonl"),
        SourceFacts("maths", None, 1_200, 1, 1, "org/maths", "0a1b", shortfall=3),
    ),
    splits=SPLITS,
    left_out=(
        ("validate", "quarantined", 1),
        ("phrase", "removed", 2),
        ("decontaminate", "removed", 1),
    ),
    sections=("## What a step tells\n\nThree things.\n",),
    lock_digest="ab" * 32,
)

LOADER = """
import json, sys
from datasets import load_dataset, get_dataset_config_names
folder = sys.argv[1]
found = {}
for name in get_dataset_config_names(folder):
    found[name] = {split: [row["id"] for row in rows] for split, rows in load_dataset(folder, name).items()}
found[""] = {split: rows.num_rows for split, rows in load_dataset(folder).items()}
print(json.dumps(found))
"""


def head(text: str) -> dict[str, Any]:
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert found is not None
    read = yaml.safe_load(found[1])
    assert isinstance(read, dict)
    return read


def write(path: Path, ids: list[str], **more: list[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    messages = [[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]] * len(
        ids
    )
    pq.write_table(pa.table({"id": ids, "messages": messages, **more}), path)


def loaded(folder: Path, home: Path) -> dict[str, Any]:
    """What the real `datasets` makes of a folder, in a process of its own, offline and with an
    empty cache.
    """
    env = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(home),
        "TQDM_DISABLE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOADER, str(folder)],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    found = yaml.safe_load(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_a_built_folder_loads_as_its_splits_and_no_more(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    write(out / "data/train-00000-of-00002.parquet", ["chat/0", "chat/1", "chat/2"])
    write(out / "data/train-00001-of-00002.parquet", ["chat/3", "chat/4"])
    write(out / "data/validation-00000-of-00001.parquet", ["maths/0", "chat/9"])
    write(
        out / "removed/part-0.parquet",
        ["chat/5"],
        step=["decontaminate"],
        reason=["it hits gsm8k/7"],
    )
    (out / "quarantine").mkdir()
    pq.write_table(
        pa.table({"file": ["a"], "row": [3], "reason": ["bad"], "raw": ["{"]}),
        out / "quarantine/part-0.parquet",
    )
    (out / "recipe.lock.json").write_text("{}")
    (out / "README.md").write_text(card(FACTS), encoding="utf-8")
    assert loaded(out, tmp_path / "home") == {
        "default": {"train": [f"chat/{n}" for n in range(5)], "validation": ["maths/0", "chat/9"]},
        "removed": {"removed": ["chat/5"]},
        "": {"train": 5, "validation": 2},
    }


def test_the_head_is_what_the_hub_reads() -> None:
    assert head(card(FACTS)) == {
        "pretty_name": "my-sft",
        "license": ["mit", "unknown"],
        "task_categories": ["text-generation"],
        "tags": ["sft", "instruction-tuning", "curate", "trl"],
        "size_categories": ["n<1K"],
        "configs": [
            {
                "config_name": "default",
                "default": True,
                "data_files": [
                    {"split": "train", "path": "data/train-*.parquet"},
                    {"split": "validation", "path": "data/validation-*.parquet"},
                ],
            },
            {
                "config_name": "removed",
                "data_files": [{"split": "removed", "path": "removed/*.parquet"}],
            },
        ],
    }


def test_the_hub_library_accepts_the_head() -> None:
    from huggingface_hub import DatasetCard

    read = vars(DatasetCard(card(FACTS)).data)
    assert read["license"] == ["mit", "unknown"]
    assert read["pretty_name"] == "my-sft"


def test_without_removed_rows_there_is_one_configuration() -> None:
    text = card(replace(FACTS, left_out=(("validate", "quarantined", 1),)))
    assert [config["config_name"] for config in head(text)["configs"]] == ["default"]
    assert '"removed"' not in text
    duplicates = head(card(replace(FACTS, left_out=(("dedup", "duplicate", 4),))))
    assert len(duplicates["configs"]) == 2


@pytest.mark.parametrize(
    ("licence", "hub"),
    [
        ("MIT", "mit"),
        ("Apache 2.0", "apache-2.0"),
        ("CC-BY-SA-4.0", "cc-by-sa-4.0"),
        ("ODC-BY-1.0", "odc-by"),
        ("GPL-3.0-or-later", "gpl-3.0"),
        ("research only", "other"),
        ("  ", "unknown"),
        (None, "unknown"),
    ],
)
def test_licences_get_the_names_of_the_hub(licence: str | None, hub: str) -> None:
    facts = replace(FACTS, sources=(SourceFacts("a", licence, 1, 1, 1),))
    assert head(card(facts))["license"] == hub


@pytest.mark.parametrize("kind", ["prompt", "sft", "preference", "unpaired", "rlvr"])
def test_every_kind_has_its_tags(kind: str) -> None:
    read = head(card(replace(FACTS, kind=kind)))
    assert "text-generation" in read["task_categories"]
    assert "trl" in read["tags"]


@given(st.integers(0, 10**14))
def test_the_class_of_size_holds_the_number(rows: int) -> None:
    units = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
    found = re.fullmatch(r"(?:(\d+[KMBT])<)?n([<>])(\d+[KMBT])", size_category(rows))
    assert found is not None
    low, sign, high = found.groups()
    bound = int(high[:-1]) * units[high[-1]]
    assert rows < bound if sign == "<" else rows >= bound
    assert low is None or int(low[:-1]) * units[low[-1]] <= rows


def test_the_tables_a_person_reads() -> None:
    text = card(FACTS)
    for line in (
        "Conversations for supervised fine-tuning: 5 train and 2 validation rows from 2 sources, 1.3 MB of Parquet.",
        "| chat | ./chat.jsonl | MIT | 10 | 5 | 6 |",
        "| maths | org/maths @ 0a1b | not stated | 1,200 | 1 | 1 |",
        "| phrase | removed | 2 | `removed/` |",
        "| validate | not readable, or not a valid record | 1 | `quarantine/` |",
        "| decontaminate | removed | 1 | `removed/` |",
        "## What a step tells\n\nThree things.\n",
        "> **Shortfall**: source maths had 3 fewer rows than the recipe requests.",
        "$ curate why path/to/this/folder chat/0",
        f"`recipe.lock.json` (sha256 `{'ab' * 32}`)",
    ):
        assert line in text
    assert (
        text.index("| phrase |")
        < text.index("| decontaminate |")
        < text.index("## What a step tells")
    )
    assert (
        "$ curate build path/to/this/folder/recipe.yaml --locked path/to/this/folder -o rebuilt\n"
        in text
    )


def test_a_build_with_nothing_to_tell() -> None:
    text = card(
        CardFacts(
            "plain",
            "prompt",
            (SourceFacts("a", "MIT", 1, 1, 1),),
            (SplitFacts("train", "data/t-*", 1),),
        )
    )
    assert "## Rows left out\n\nNone.\n" in text
    assert "> " not in text.split("---\n", 2)[2].split("## Sources")[0]
    assert "Prompts: 1 train rows from 1 source.\n" in text


def test_a_first_try_and_warnings_stand_at_the_top() -> None:
    text = card(replace(FACTS, limit=100, warnings=("gsm8k has 5 items, 1,319 were expected",)))
    top = text.split("## Sources")[0]
    assert "only the first 100 rows of each source were read" in top
    assert "> **Warning**: gsm8k has 5 items, 1,319 were expected\n" in top


ODD = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
) | st.sampled_from(
    [
        "a|b",
        "x\ny",
        "<script>",
        "---",
        "`rm`",
        "a: b",
        "[x](y)",
        "'",
        '"',
        "#1",
        "&lt;",
        "yes",
        "007",
    ]
)


@given(ODD, ODD, ODD)
def test_odd_names_break_neither_the_head_nor_a_table(name: str, source: str, licence: str) -> None:
    facts = replace(
        FACTS,
        name=name,
        sources=(SourceFacts(source, licence, 1, 1, 1, source), FACTS.sources[1]),
        left_out=((name, "removed", 1),),
        warnings=(name,),
    )
    text = card(facts)
    assert head(text)["pretty_name"] == name
    tables = [line for line in text.split("\n") if line.startswith("|")]
    assert len(tables) == 2 + 2 + 2 + 1
    for line in tables[:4]:
        assert len(re.findall(r"(?<!\\)\|", re.sub(r"\\\\", "", line))) == 7
    assert "<script" not in text.split("---\n", 2)[2].replace("\\<script", "")
