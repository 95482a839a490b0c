"""The test code of a label, read before anything runs: what it takes from the program, how it is
run, and whether it tests anything.

All of this follows from the text of the tests alone. A program cannot choose to be judged the
weaker way."""

from __future__ import annotations

import ast
import builtins
import symtable
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from curate.verify.verdict import BadGroundTruth

_PLAIN: tuple[Any, ...] = (
    0, 0.5, 0j, True, "", b"", bytearray(), [], (), {}, set(), frozenset(), range(0), None, print,
)  # fmt: skip
_ATTRIBUTES = frozenset(name for one in _PLAIN for name in dir(one))
"""What plain data, and functions, have."""
_HELPERS = frozenset(
    "abs all any bool bytes callable complex dict divmod enumerate filter float frozenset getattr "
    "hasattr hash id int isinstance issubclass iter len list map next object open print range repr "
    "reversed round set sorted str super tuple type vars zip".split()
)
"""Built-in functions that a test uses for itself, where it uses several."""
_REACH_IN = frozenset(
    "ast asyncio builtins concurrent contextvars ctypes dis faulthandler gc importlib inspect mock "
    "multiprocessing pickle signal subprocess sys threading types weakref".split()
)
"""Modules by which a test reaches into the process of the program."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of test code: `names` are the program's, of which `classes` make instances, and those
    `of_module` are taken from the module `solution` alone; of its own, `functions` are called by
    whoever runs it, and so are `cases` of unittest. `weaker` ones reach into the program's process,
    and are run there.
    """

    code: str
    names: tuple[str, ...]
    of_module: tuple[str, ...]
    classes: tuple[str, ...]
    functions: tuple[str, ...]
    cases: bool
    weaker: bool


def read(code: str, place: int) -> Piece:
    """A test as it is run; raises BadGroundTruth for one that is no Python or tests nothing."""
    tree, table = _parsed(code, place)
    taken, of_module = _taken(table, tree)
    cases = any(_is_case(node) for node in tree.body)
    functions = tuple(_uncalled(tree, place))
    if not functions and not cases and not any(map(_does, tree.body)):
        raise BadGroundTruth(_idle(tree, place))
    instances = tuple(sorted(_made(tree).intersection(taken)))
    return Piece(
        code, taken, of_module, instances, functions, cases, _reaches_in(tree, table, taken)
    )


def _parsed(code: str, place: int) -> tuple[ast.Module, symtable.SymbolTable]:
    """The tree of a test and the table of its names; raises BadGroundTruth for what is no Python."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(code)
            compile(tree, "test.py", "exec", dont_inherit=True)
            return tree, symtable.symtable(code, "test.py", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = str(error).partition("(")[0].strip()
        raise BadGroundTruth(f"test {place} is no Python ({said}): {code[:60]!r}") from None


def _taken(
    table: symtable.SymbolTable, tree: ast.Module
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The global names that a test uses and does not bind, and those that it takes from the module
    `solution`: all of them, and those that are the latter alone. Built-in functions are the
    program's only where a test uses no other name of it.
    """
    used = {
        symbol.get_name()
        for scope in _scopes(table)
        for symbol in scope.get_symbols()
        if symbol.is_referenced() and (scope is table or symbol.is_global())
    }
    bound = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    }
    known = set(dir(builtins))
    own = used - bound - known
    of_module = set(_of_module(tree)) - own
    modules = {name for name in own if name in sys.stdlib_module_names}
    if not own - modules and not of_module:
        called = {_called(node) for node in ast.walk(tree)} & known - bound
        own |= called if len(called) == 1 else called - _HELPERS - _exceptions()
    return tuple(sorted(own | of_module)), tuple(sorted(of_module))


def _of_module(tree: ast.Module) -> Iterator[str]:
    """The names that a test takes from the program as from a module: `import solution`, or from it."""
    called = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            called |= {one.asname or one.name for one in node.names if one.name == "solution"}
        elif isinstance(node, ast.ImportFrom) and node.module == "solution":
            yield from (alias.name for alias in node.names)
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    for one in attributes if called else ():
        if isinstance(one.value, ast.Name) and one.value.id in called:
            yield one.attr


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)


def _exceptions() -> set[str]:
    return {name for name in dir(builtins) if name[0].isupper()}


def _called(node: ast.AST) -> str:
    """The name of what is called; nothing where it has none."""
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.func.id if named else ""  # type: ignore[attr-defined]


def _made(tree: ast.Module) -> set[str]:
    """Names whose calls make instances: they begin with a capital letter, and what they give has an
    attribute that no plain data has.
    """
    holds: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (name := _called(node.value)):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    holds.setdefault(target.id, set()).add(name)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr not in _ATTRIBUTES:
            if name := _called(node.value):
                found.add(name)
            elif isinstance(node.value, ast.Name):
                found |= holds.get(node.value.id, set())
    return {name for name in found if name[0].isupper()}


def _uncalled(tree: ast.Module, place: int) -> Iterator[str]:
    """Test functions that the test defines and does not call."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name in used or node.decorator_list:
            continue
        if node.name.startswith("test"):
            if len(node.args.args) > len(node.args.defaults) or node.args.kwonlyargs:
                raise BadGroundTruth(
                    f"test {place}: nobody calls {node.name}(), which wants arguments"
                )
            yield node.name


def _is_case(node: ast.stmt) -> bool:
    """Whether a statement defines a case of unittest."""
    bases = [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
    return any(base.rpartition(".")[2].endswith("TestCase") for base in bases)


def _does(node: ast.stmt) -> bool:
    """Whether a statement does something, and does not only define, import or name."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Compare):
        return False  # it looks like a test, and asserts nothing
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr):
        return any(isinstance(one, ast.Call | ast.Await) for one in ast.walk(node))
    return True


def _idle(tree: ast.Module, place: int) -> str:
    """What is wrong with a test that does nothing."""
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if "check" in defined:
        return f"test {place} defines check(candidate) and never calls it; add 'check(NAME)'"
    return f"test {place} tests nothing: it only defines, imports, names or compares"


def _reaches_in(tree: ast.Module, table: symtable.SymbolTable, taken: Iterable[str]) -> bool:
    """Whether a test needs the program's own process: it changes a module or a built-in function,
    reads code or frames, or defines classes for the program.
    """
    symbols = table.get_symbols()
    modules = {one.get_name() for one in symbols if one.is_imported()} | {"solution", *taken}
    rebound = {one.get_name() for one in symbols if one.is_assigned()}
    calls = {_called(node) for node in ast.walk(tree)}
    if rebound & {"input", "print", "open"} or calls & {"setattr", "globals", "exec"}:
        return True
    return any(_reaches(node, modules) for node in ast.walk(tree))


def _reaches(node: ast.AST, modules: set[str]) -> bool:
    if isinstance(node, ast.Import):
        return any(map(_within, (alias.name for alias in node.names)))
    if isinstance(node, ast.ImportFrom):
        return any(_within(f"{node.module}.{alias.name}") for alias in node.names)
    if isinstance(node, ast.ClassDef):
        return not _is_case(node)
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return isinstance(node.value, ast.Name) and node.value.id in modules
    return isinstance(node, ast.Await | ast.AsyncFunctionDef)


def _within(name: str) -> bool:
    return name.partition(".")[0] in _REACH_IN or "mock" in name
