"""Imports point one way, and `import curate` stays light.

The ranks below are the picture of docs/architecture.md: a module imports only from rows above its
own. Two modules of one row do not import each other; inside a package everything may import
everything. Imports under TYPE_CHECKING do not count. `curate_train` stands above them all: it
imports `curate`, never the other way round, and torch when it trains."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# One row a layer, from the bottom to the top. A new module of `curate` gets its name in one of
# them.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("shipped", "config", "digests", "intervals", "network", "progress", "text"),
    ("kernels",),
    ("records",),
    ("shards", "verify"),
    ("files", "embedded", "tokenizers"),
    ("formats", "engines"),
    ("sources",),
    ("items", "verdicts", "licences"),
    ("turns",),
    ("makers", "steps"),
    ("audit",),
    ("matching",),
    ("suites",),
    ("steps.decontaminate", "steps.dedup", "steps.filters"),
    ("steps.gates", "make"),
    ("recipe", "review"),
    ("lock", "card"),
    ("check_lock", "check_turns"),
    ("mixture", "check", "compare", "trainers"),
    ("release",),
    ("exports",),
    ("evaluation",),
    ("check_show",),
    ("arguments", "exits"),
    ("verbs",),
    ("cli",),
    ("__main__",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

# What `import curate` must not load; each costs between a tenth of a second and several seconds.
HEAVY = {
    "jinja2",
    "torch",
    "transformers",
    "trl",
    "aiohttp",
    "datasets",
    "numba",
    "pyarrow",
    "numpy",
    "pandas",
    "duckdb",
    "pydantic",
} | {
    "typer",
    "rich",
    "yaml",
}


TRAIN = ROOT / "train" / "curate_train"
TORCH = {
    "accelerate",
    "datasets",
    "matplotlib",
    "peft",
    "tensorboard",
    "torch",
    "transformers",
    "trl",
    "vllm",
}
# A callback has to be a class of transformers' own: these are imported by functions, once training
# is sure to begin.
CALLBACKS = ("kl", "pairs", "samples", "watch")


def module_of(path: Path) -> str:
    """Name the part of `curate` a file belongs to: its folder directly below curate/, or its stem;
    each step is one.
    """
    return part_of(path.relative_to(ROOT / "curate").with_suffix("").parts)


def part_of(parts: tuple[str, ...]) -> str:
    """The part that a dotted name, or a path, below `curate` belongs to."""
    own = (
        (ROOT / "curate" / "steps" / parts[1]).is_dir()
        if parts[0] == "steps" and len(parts) > 1
        else False
    )
    return f"steps.{parts[1]}" if own else parts[0]


def for_types_only(node: ast.stmt) -> bool:
    """Tell whether a statement is `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def statements(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Walk everything that runs, functions included, without the imports that only serve type
    checkers.
    """
    for node in body:
        if isinstance(node, ast.If) and for_types_only(node):
            yield from statements(node.orelse)
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.FunctionDef, ast.ClassDef)):
            for child in ast.iter_child_nodes(node):
                yield from statements([child]) if isinstance(child, ast.stmt) else ast.walk(child)
        else:
            yield from ast.walk(node)


def imported(node: ast.AST, package: str) -> Iterator[str]:
    """Give the full names a statement imports; relative imports are resolved against `package`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        stem = ".".join([*base, *([node.module] if node.module else [])])
        yield from (f"{stem}.{alias.name}" for alias in node.names)


def arrows(text: str, package: str = "curate") -> set[str]:
    """Give the parts of `curate` that a source text imports from when it runs."""
    names = {name for node in statements(ast.parse(text).body) for name in imported(node, package)}
    return {part_of(tuple(name.split(".")[1:])) for name in names if name.startswith("curate.")}


def files() -> list[Path]:
    return sorted(
        path for path in (ROOT / "curate").rglob("*.py") if path != ROOT / "curate" / "__init__.py"
    )


def test_every_module_has_a_rank() -> None:
    assert {module_of(path) for path in files()} <= set(RANK)


def test_imports_point_one_way() -> None:
    wrong = []
    for path in files():
        own = module_of(path)
        package = ".".join(path.relative_to(ROOT).parent.parts)
        for other in arrows(path.read_text(encoding="utf-8"), package) - {own, "__version__"}:
            if other not in RANK or RANK[other] >= RANK[own]:
                wrong.append(f"{path.relative_to(ROOT)} imports curate.{other}")
    assert not wrong


def test_the_core_never_imports_its_trainers() -> None:
    for path in [*files(), ROOT / "curate" / "__init__.py"]:
        names = {
            n
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for n in imported(node, "curate")
        }
        assert not [name for name in names if name.split(".")[0] in ("curate_train", "tests")], path


def test_torch_is_never_imported_at_module_level() -> None:
    for path in [*files(), ROOT / "curate" / "__init__.py"]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            heavy = {name.split(".")[0] for name in imported(node, "curate")} & {
                "torch",
                "transformers",
                "trl",
                "vllm",
            }
            assert not heavy, path


def test_import_curate_is_light() -> None:
    code = "import curate, sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    assert "curate" in loaded
    assert not loaded & HEAVY


def at_module_level(path: Path) -> set[str]:
    """Give the top-level packages that a file imports as soon as it is imported itself."""
    body = [
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ]
    return {
        name.split(".")[0] for node in statements(body) for name in imported(node, "curate_train")
    }


def test_trainers_import_torch_inside_functions() -> None:
    modules = sorted(TRAIN.glob("*.py"))
    assert {path.stem for path in modules} > {*CALLBACKS, "sft", "dpo", "rlvr"}
    for path in modules:
        allowed = {"transformers"} if path.stem in CALLBACKS else set()
        assert at_module_level(path) & TORCH <= allowed, path


def test_callbacks_are_imported_inside_functions_only() -> None:
    for path in TRAIN.glob("*.py"):
        body = [
            node
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if not for_types_only(node)
        ]
        names = {
            ".".join(name.split(".")[:2])
            for node in body
            for name in imported(node, "curate_train")
        }
        assert not names & {f"curate_train.{one}" for one in CALLBACKS}, path


def test_the_stages_are_imported_without_torch() -> None:
    """Also where it is not installed at all: presets and configurations are looked at without the
    extra.
    """
    code = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {TORCH!r}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from curate.trainers import configure, find
for stage in ("sft", "dpo", "rlvr"):
    found = find(stage)
    for preset in found.presets:
        configure(found, preset, ())
print(*sorted({{name.split(".")[0] for name in sys.modules}}))
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    assert "curate_train" in loaded
    assert not loaded & TORCH


def test_the_reader_of_imports_sees_what_it_should() -> None:
    text = """
from __future__ import annotations
from typing import TYPE_CHECKING
import json, curate.text.tokenise
from curate import errors
from curate.records import KINDS
from . import lock
if TYPE_CHECKING:
    from curate.cli import main
else:
    import curate.shards
def late() -> None:
    if True:
        from curate.mixture import run
    try:
        import curate.card
    finally:
        pass
"""
    assert arrows(text) == {"text", "errors", "records", "lock", "shards", "mixture", "card"}
    assert arrows("from . import b\nfrom .. import files", "curate.audit") == {"audit", "files"}


def imports_of(path: Path) -> set[str]:
    """Give the modules of this repository that a file imports, for types alone or when it runs."""
    package = ".".join(path.relative_to(base_of(path)).parent.parts)
    names = {
        name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in imported(node, package)
    }
    return {found for name in names if (found := as_module(name)) is not None}


def base_of(path: Path) -> Path:
    return TRAIN.parent if path.is_relative_to(TRAIN) else ROOT


def as_module(name: str) -> str | None:
    """Name the module that a full name means: `curate.shards.sha256` is one of `curate.shards`."""
    for whole in (name, name.rpartition(".")[0]):
        base = TRAIN.parent if whole.startswith("curate_train") else ROOT
        path = base.joinpath(*whole.split("."))
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return whole
    return None


def test_no_file_imports_itself_by_way_of_others() -> None:
    """Not even for types alone: two files that need each other's names are one, or lack a third."""
    graph = {}
    for path in [*files(), *TRAIN.rglob("*.py")]:
        parts = path.relative_to(base_of(path)).with_suffix("").parts
        graph[".".join(parts).removesuffix(".__init__")] = imports_of(path)
    assert graph["curate_train.saved"] >= {"curate_train.model", "curate.embedded"}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1][::-1]))


def test_the_package_shows_its_public_names_before_they_are_used() -> None:
    """Completion and `dir` find them, and asking loads nothing."""
    code = "import sys, curate; names = [n for n in dir(curate) if n[0] != '_']; "
    code += "print(names == curate.__all__, 'pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "True False\n", done.stderr
