"""What is exported is opened by the other side's own code, as far as that is installed.

Only the files that read data are imported: the packages around them are stubs, so that nothing of
what they need to train is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.exports.test_export import JUDGED, PAIRS, RLVR, WITH_TOOLS, built, export

pytestmark = pytest.mark.slow
READERS = Path(sys.prefix, "readers")

STUBS = """
import importlib.util, json, sys, types

def stub(name, **has):
    made = types.ModuleType(name)
    made.__dict__.update(has)
    sys.modules[name] = made

def package(root, *names):
    (folder,) = importlib.util.find_spec(root).submodule_search_locations
    for name in (root, *names):
        stub(name, __path__=[folder + name.removeprefix(root).replace(".", "/")])

"""
LLAMA_FACTORY = """
package("llamafactory", "llamafactory.data", "llamafactory.extras")
import datasets
from types import SimpleNamespace
from llamafactory.data.converter import align_dataset
from llamafactory.data.parser import get_dataset_list
(attr,) = get_dataset_list(["mine_train"], sys.argv[1])
rows = datasets.load_dataset("json", data_files=f"{sys.argv[1]}/{attr.dataset_name}", split="train")
args = SimpleNamespace(streaming=True, media_dir="", overwrite_cache=True)
found = align_dataset(rows.to_iterable_dataset(), attr, args, None)
print(json.dumps(list(found)))
"""
VERL = """
package("verl", "verl.utils", "verl.utils.dataset")
stub("omegaconf", DictConfig=dict, ListConfig=list)
stub("verl.utils.import_utils", load_extern_object=None)
stub("verl.utils.tokenizer", build_multimodal_processor_inputs=None, normalize_token_ids=list)
stub("verl.utils.fs", copy_to_local=lambda src, **_: src)
from verl.utils.dataset.rl_dataset import RLHFDataset
config = {"filter_overlong_prompts": False, "cache_dir": sys.argv[1]}
found = RLHFDataset(f"{sys.argv[1]}/train.parquet", None, config)
rows = [found[n] for n in range(len(found))]
keys = ("data_source", "reward_model", "raw_prompt", "index")
print()
print(json.dumps([{key: row[key] for key in keys} for row in rows]))
"""


def read(package: str, code: str, folder: Path) -> list[dict[str, Any]]:
    """What a package's own code makes of a folder."""
    if not (READERS / package).is_dir():
        pytest.skip(f"{package} is not installed")
    command = [sys.executable, "-c", STUBS + code, str(folder)]
    paths = os.environ | {"PYTHONPATH": str(READERS)}
    done = subprocess.run(command, capture_output=True, text=True, env=paths)
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def exported(tmp_path: Path, kind: str, rows: list[Any], to: str) -> Path:
    done = export(built(tmp_path, kind, rows), to)
    assert done.code == 0, done.err
    return tmp_path / "exported"


def test_llama_factory_reads_a_conversation_with_tools(tmp_path: Path) -> None:
    folder = exported(tmp_path, "sft", [WITH_TOOLS], "llama-factory")
    (row,) = read("llamafactory", LLAMA_FACTORY, folder)
    roles = [turn["role"] for turn in [*row["_prompt"], *row["_response"]]]
    assert roles == ["user", "function", "observation", "assistant"]
    assert json.loads(row["_tools"]) == WITH_TOOLS["tools"]


def test_llama_factory_reads_pairs_and_judged_answers(tmp_path: Path) -> None:
    folder = exported(tmp_path, "preference", PAIRS, "llama-factory")
    found = read("llamafactory", LLAMA_FACTORY, folder)
    assert [[turn["content"] for turn in row["_response"]] for row in found] == [
        [f"Good {n}.", f"Bad {n}."] for n in range(3)
    ]
    assert {row["_system"] for row in found} == {"Be brief."}
    (tmp_path / "b").mkdir()
    folder = exported(tmp_path / "b", "unpaired", JUDGED, "llama-factory")
    found = read("llamafactory", LLAMA_FACTORY, folder)
    assert [[turn["content"] for turn in row["_response"]] for row in found] == [
        [f"A{n}.", ""] if n % 2 == 0 else ["", f"A{n}."] for n in range(4)
    ]


def test_verl_reads_prompts_and_labels(tmp_path: Path) -> None:
    folder = exported(tmp_path, "rlvr", RLVR, "verl")
    found = read("verl", VERL, folder)
    assert [row["index"] for row in found] == [0, 1, 2, 3, 4]
    assert [row["reward_model"]["ground_truth"] for row in found] == ["1", "2", "3", "4", "5"]
    assert {row["data_source"] for row in found} == {"gsm8k"}
    assert found[0]["raw_prompt"] == [{"role": "user", "content": "What is 0 + 1?"}]
