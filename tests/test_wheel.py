"""The wheel alone is enough: installed in an empty environment, away from the checkout, it runs and
finds its data.
"""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

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
