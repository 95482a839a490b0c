"""README and docs as tests read them: fences, sections, tables."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.command import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


class Fence(NamedTuple):
    """A fenced piece of a page: where it stands, its language, its text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def fences(*languages: str) -> list[Fence]:
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if match[1] in languages:
                found.append(
                    Fence(page.name, text[: match.start()].count("\n") + 1, match[1], match[2])
                )
    return found


def section(page: str, title: str) -> str:
    """What stands below a heading, up to the next one."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    (found,) = re.findall(
        rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return str(found)


def rows(text: str) -> list[list[str]]:
    """The rows of the first table of a text, without its header."""
    found = re.search(r"((?:^\|.*\n)+)", text, re.MULTILINE)
    assert found, "no table"
    lines = found[1].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
