"""Which code of a completion is its program.

The code is the last fenced block marked as Python, else the last that is marked as nothing, else
the whole text if it looks like code. A block that defines nothing and uses what one before it
defines shows how to use it, and is left out. Where the prompt has opened a fence, the completion
goes on in it. No pattern here reads a line more than once, so that time grows with the text alone."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 100_000
"""Characters of code that is parsed to see what it defines."""
_BLOCKS = 100
"""Blocks, from the last, among which the one that defines something is looked for."""

_FENCE = re.compile(r"^[ \t]*+(```+|~~~+)[ \t]*+([\w+-]*+)([^\n]*+)(\n?)", re.MULTILINE)
_PYTHON = ("python", "py", "python3")
_LOOKS_LIKE_CODE = re.compile(
    r"^[^\S\n]*+(?:(?:async )?def \w|class \w|import \w|from [\w.]++ import |@\w|for .+:|while .+:"
    r"|print\s*+\(|\w++ *+= *+\S)",
    re.MULTILINE,
)


class _Block(NamedTuple):
    """A fenced block: what it is marked as, and what stands in it."""

    language: str
    text: str


def extract(completion: str, prompt: str | None = None) -> str | None:
    """The code of a completion, or None (see the module for which block)."""
    if _goes_on(completion, prompt):
        completion = f"```python\n{completion}"
    blocks = list(_blocks(completion))
    for languages in (_PYTHON, ("",)):
        found = [one.text for one in blocks if one.language in languages and one.text.strip()]
        if found:
            return _without_usage(found)
    return completion if not blocks and _LOOKS_LIKE_CODE.search(completion) else None


def fenced(program: str) -> str:
    """A program as a completion has it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", program)), default=0))
    return f"{fence}python\n{program}\n{fence}"


def _blocks(text: str) -> Iterator[_Block]:
    """The fenced blocks of a text; one that is never closed ends with it."""
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence if fence[4] else None
        elif _closes(fence, opened[1]):
            yield _Block(opened[2].lower(), text[opened.end() : fence.start()])
            opened = None
    if opened is not None:
        yield _Block(opened[2].lower(), text[opened.end() :])


def _closes(fence: re.Match[str], mark: str) -> bool:
    """Whether a line closes a block that was opened with a mark: it is that mark, or a longer one."""
    rest = fence.string[fence.end(1) : fence.end(3)].rstrip(" \t")
    return fence[1].startswith(mark) and not rest.strip("`~")


def _goes_on(completion: str, prompt: str | None) -> bool:
    """Whether a completion begins inside a fence: the last one of the prompt is open, or Python
    stands before a first fence that closes one.
    """
    if prompt is not None and _open_fence(prompt) in (*_PYTHON, ""):
        first = _FENCE.match(completion.lstrip("\n"))
        return first is None or not first[4]
    first = _FENCE.search(completion)
    if first is None or first[2]:
        return False
    before = completion[: first.start()]
    return bool(_LOOKS_LIKE_CODE.search(before)) and _parsed(before) is not None


def _open_fence(text: str) -> str | None:
    """The language of a fence that is opened and not closed; None where there is none."""
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and not fence[2]:
            opened = None
    return opened[2].lower() if opened is not None else None


def _without_usage(blocks: list[str]) -> str:
    """The last block, or, where that only uses what an earlier one defines, the last that defines
    something.
    """
    last = _parsed(blocks[-1])
    if last is None or _defined(last):
        return blocks[-1]
    used = {node.id for node in ast.walk(last) if isinstance(node, ast.Name)}
    for block in blocks[-2 : -2 - _BLOCKS : -1]:
        tree = _parsed(block)
        if tree is not None and _defined(tree) & used:
            return block
    return blocks[-1]


def _defined(tree: ast.Module) -> set[str]:
    """The functions and classes that a program defines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def _parsed(text: str) -> ast.Module | None:
    """The tree of a program; None where the text is none, or is too long or deep to be read."""
    if len(text) > LONGEST:
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
