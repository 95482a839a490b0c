"""Makes mutants of a Python file: small faults, put into the text where they stand, so that all
else keeps its shape.

    for mutant in mutants("curate/mixture/runs.py", source, seed=1):    # in an order that the seed alone decides
        broken = mutant.applied(source)

A comparison, a sign, a constant or a bound is changed, arguments are swapped, a statement is left
out. What no test should look at is passed over: docstrings, annotations, decorators, imports,
`__all__`, errors' texts, f-strings, sentences, and `strict=` of zip, which guards against faults of
the programmer alone."""

from __future__ import annotations

import ast
import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "//"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
}
"""Operators, as they are written, and what takes their place."""

_PASSED_OVER = frozenset({"annotation", "returns", "decorator_list", "bases"})
_PROSE = re.compile(r"(?!.*\bfrom\b)[\w,.;:'()-]+( [\w,.;:'()-]+){3,}")
"""Four words or more, and no SQL: a text for people."""
_GUARDS = frozenset({"strict", "help"})

Span = tuple[int, int]
Edit = tuple[str, int, int, str]  # kind, the bytes from and to, what takes their place


@dataclass(frozen=True)
class Mutant:
    """One fault: bytes `start` to `stop` of a file become `text`."""

    key: str
    """A digest of the seed and of the change and its surroundings: edits elsewhere in the file
    leave it as it is.
    """
    file: str
    function: str
    """The function or method it lies in, as Python names it; empty for what is run when the module
    is imported.
    """
    line: int
    lines: Span
    """First and last line of the statement it lies in, or of that statement's head."""
    kind: str
    start: int
    stop: int
    text: str

    def applied(self, source: bytes) -> bytes:
        """The file with the fault in it."""
        return source[: self.start] + self.text.encode() + source[self.stop :]

    def diff(self, source: bytes) -> list[str]:
        """The lines that go and those that come."""
        before, after = (text.decode().splitlines() for text in (source, self.applied(source)))
        lines = difflib.unified_diff(before, after, n=0, lineterm="")
        return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def mutants(file: str, source: bytes, seed: int) -> list[Mutant]:
    """All mutants of a file; those with the smallest keys are a sample."""
    text, tree = _Text(source), ast.parse(source)
    plain, lines = ast.dump(tree), source.decode().splitlines()
    seen: Counter[str] = Counter()
    found = []
    for node, function, statement in _nodes(tree, "", (1, 1)):
        for kind, start, stop, new in _edits(node, text):
            line = source.count(b"\n", 0, start) + 1
            about = "\0".join(
                [str(seed), file, function, kind, lines[line - 1].strip(), text[start, stop], new]
            )
            seen[about] += 1
            key = hashlib.blake2b(f"{about}\0{seen[about]}".encode(), digest_size=8).hexdigest()
            mutant = Mutant(key, file, function, line, statement, kind, start, stop, new)
            if _is_another(mutant.applied(source), plain):
                found.append(mutant)
    return sorted(found, key=lambda mutant: mutant.key)


def _is_another(source: bytes, plain: str) -> bool:
    try:
        return ast.dump(ast.parse(source)) != plain
    except SyntaxError:
        return False


class _Text:
    """The text of a file by bytes, and where the nodes of its tree lie."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.firsts = [0, *accumulate(len(line) for line in source.splitlines(keepends=True))]

    def __getitem__(self, span: Span) -> str:
        return self.source[span[0] : span[1]].decode()

    def span(self, node: ast.AST) -> Span:
        """Where a node begins and ends."""
        start = self.firsts[getattr(node, "lineno") - 1] + getattr(node, "col_offset")  # noqa: B009
        return start, self.firsts[getattr(node, "end_lineno") - 1] + getattr(node, "end_col_offset")  # noqa: B009

    def between(self, left: ast.AST, right: ast.AST) -> Span:
        """What lies between two nodes."""
        return self.span(left)[1], self.span(right)[0]


def _nodes(
    node: ast.AST, function: str, lines: Span, within: str = ""
) -> Iterator[tuple[ast.AST, str, Span]]:
    """Every node that may be mutated, with the outermost function and the lines of the statement it
    lies in.
    """
    if isinstance(node, ast.stmt):
        lines = _head(node)
    yield node, function, lines
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and not function:
        within = f"{within}.{node.name}" if within else node.name
        function = within if isinstance(node, ast.FunctionDef) else ""
    for name, value in ast.iter_fields(node):
        if name in _PASSED_OVER or isinstance(node, ast.Raise):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _passed_over(child):
                yield from _nodes(child, function, lines, within)


def _head(node: ast.stmt) -> Span:
    """First and last line of a statement without the statements in it."""
    first = min(one.lineno for one in [node, *getattr(node, "decorator_list", ())])
    body = getattr(node, "body", None)
    last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno
    return first, last or first


def _passed_over(node: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.JoinedStr() | ast.Expr(value=ast.Constant()):
            return True
        case (
            ast.If(test=ast.Name(id="TYPE_CHECKING"))
            | ast.Call(func=ast.Name(id="cast" | "TypeVar"))
        ):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.keyword(arg=str(name)):
            return name in _GUARDS
    return False


def _edits(node: ast.AST, text: _Text) -> Iterator[Edit]:
    """What can be changed at one node, without its children."""
    match node:
        case ast.Compare():
            for op, (left, right) in zip(
                node.ops, pairwise([node.left, *node.comparators]), strict=True
            ):
                yield from _operator("comparison", op, text.between(left, right), text)
        case ast.BoolOp():
            for left, right in pairwise(node.values):
                yield from _operator("boolean", node.op, text.between(left, right), text)
        case ast.BinOp():
            yield from _operator("arithmetic", node.op, text.between(node.left, node.right), text)
        case ast.UnaryOp():
            yield "sign", text.span(node)[0], text.span(node.operand)[0], ""
        case ast.Constant():
            yield from _constant(node.value, text.span(node))
        case ast.stmt():
            yield from _statement(node, text)
        case ast.Call(args=[first, second, *_]) if not {ast.Starred} & {type(first), type(second)}:
            start, stop = text.span(first)[0], text.span(second)[1]
            swapped = (
                text[text.span(second)] + text[text.between(first, second)] + text[text.span(first)]
            )
            yield "arguments", start, stop, swapped
        case ast.Slice():
            yield from _bounds(node, text)


def _statement(node: ast.stmt, text: _Text) -> Iterator[Edit]:
    """A statement left out, or nothing returned."""
    match node:
        case ast.AugAssign():
            yield from _operator("arithmetic", node.op, text.between(node.target, node.value), text)
            yield "statement", *text.span(node), "pass"
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield "statement", *text.span(node), "pass"
        case ast.Return(value=ast.expr() as value):
            yield "return", *text.span(value), "None"


def _operator(kind: str, op: ast.AST, gap: Span, text: _Text) -> Iterator[Edit]:
    """Another operator in the gap between its operands."""
    if type(op) in OPERATORS:
        old, new = OPERATORS[type(op)]
        pattern = r"\s+".join(map(re.escape, old.split()))
        found = re.search(pattern, text[gap])
        if found is not None:
            yield kind, gap[0] + found.start(), gap[0] + found.end(), new


def _constant(value: object, span: Span) -> Iterator[Edit]:
    match value:
        case bool():
            yield "constant", *span, str(not value)
        case int() | float():
            yield "constant", *span, repr(value + 1)
        case str() if not _PROSE.fullmatch(value):
            yield "constant", *span, repr(value + "x")


def _bounds(node: ast.Slice, text: _Text) -> Iterator[Edit]:
    """A bound moved by one; constants are changed as constants."""
    for bound, sign in ((node.lower, "+"), (node.upper, "-")):
        if bound is not None and not isinstance(bound, ast.Constant):
            start, stop = text.span(bound)
            yield "bound", start, stop, f"({text[start, stop]}) {sign} 1"
