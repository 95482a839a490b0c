"""The head of a card that goes out, of every shape of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from curate.errors import UserError
from curate.release import parcel
from tests.command import call
from tests.corpus import chat, write_lines


def built(folder: Path, rows: str, **names: list[Any]) -> Path:
    """A folder of some sources, a file each, whose rows are written in a shape."""
    for name, given in names.items():
        write_lines(folder / f"{name}.jsonl", given)
    spec = {
        "name": "shapes",
        "kind": "sft",
        "sources": [{"name": name, "from": f"{name}.jsonl"} for name in names],
        "dedup": {},
        "output": {"order": "source", "rows": rows, "validation": 1},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    done = call("build", "recipe.yaml", "-o", "out", cwd=folder)
    assert done.code == 0, done.err
    return folder / "out"


def head(out: Path) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(parcel(out).written["README.md"].split("---\n", 2)[1])
    return told


CHATS = [chat(f"Q{n}?", f"A{n}.") for n in range(5)]
ALPACA = [{"instruction": f"Do {n}.", "output": f"Done {n}."} for n in range(5)]


def test_lines_are_opened_as_the_card_of_the_build_says(tmp_path: Path) -> None:
    out = built(tmp_path, "lines", chats=[*CHATS, CHATS[0]], tasks=ALPACA)
    card = yaml.safe_load((out / "README.md").read_text("utf-8").split("---\n", 2)[1])
    told = head(out)
    assert told["configs"] == card["configs"]
    assert {one["config_name"] for one in told["configs"]} == {"chats", "tasks"}
    assert "dataset_info" not in told  # what columns lines have only their rows say


def test_a_card_that_makes_removed_rows_data_is_refused(tmp_path: Path) -> None:
    out = built(tmp_path, "lines", chats=[*CHATS, CHATS[0]])
    card = out / "README.md"
    text = card.read_text("utf-8")
    card.write_text(text.replace("path: data/chats.jsonl", "path: removed/*.parquet"), "utf-8")
    with pytest.raises(UserError, match=r"'default' names removed/\*.parquet, which is no file of"):
        parcel(out)


@pytest.mark.parametrize("files", ["data/chats.jsonl", ["data/chats.jsonl"]])
def test_the_short_forms_of_the_hub_are_read(files: Any, tmp_path: Path) -> None:
    out = built(tmp_path, "lines", chats=CHATS)
    card = f"---\n{yaml.safe_dump({'configs': [{'config_name': 'own', 'data_files': files}]})}---\n"
    (out / "README.md").write_text(card, "utf-8")
    [config] = head(out)["configs"]
    assert config["config_name"] == "own"
    assert config["data_files"] == [{"split": "train", "path": "data/chats.jsonl"}]


@pytest.mark.parametrize(
    ("configs", "said"),
    [
        ([{"data_files": "data/*"}], "has no config_name"),
        ([{"config_name": "own", "data_files": [{"path": "data/*"}]}], "has no split or no path"),
    ],
)
def test_configs_that_say_too_little_are_refused(
    configs: list[Any], said: str, tmp_path: Path
) -> None:
    out = built(tmp_path, "lines", chats=CHATS)
    (out / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': configs})}---\n", "utf-8")
    with pytest.raises(UserError, match=said):
        parcel(out)


def test_rows_with_their_own_columns(tmp_path: Path) -> None:
    told = head(built(tmp_path, "input", chats=[*CHATS, CHATS[0]]))
    assert [one["config_name"] for one in told["configs"]] == ["default", "removed"]
    default, _ = told["dataset_info"]
    assert [one["name"] for one in default["features"]] == ["messages"]


def test_a_head_that_cannot_be_read(tmp_path: Path) -> None:
    out = built(tmp_path, "records", chats=CHATS)
    (out / "README.md").write_text("---\na: [\n---\n", "utf-8")
    with pytest.raises(UserError, match=r"README.md: its head is no YAML"):
        parcel(out)
    (out / "README.md").write_text("A card without a head.\n", "utf-8")
    text = parcel(out).written["README.md"]
    assert text.startswith("---\nconfigs:\n") and text.endswith("---\nA card without a head.\n")
    (out / "README.md").unlink()
    with pytest.raises(UserError, match="the card cannot be read"):
        parcel(out)
