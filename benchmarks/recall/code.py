"""What each matcher finds of the problems of HumanEval when their code is changed as people change code.

    python -m benchmarks.recall.code --data ../shared/data

Every problem is planted in a row of its own, in each of the ways below; counted are the rows that would go
for their own item, with the items of all benchmarks in the index. Prints a Markdown table."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.recall.run import items_of
from benchmarks.speed.measure import table
from curate.items import item_text
from curate.matching.matchers import Matchers, build_matchers, match_all
from curate.matching.profile import profile, with_matchers
from curate.steps.decontaminate.found import hits_of, judge_all
from curate.steps.decontaminate.selftest import hit_own, turns_of

_DOC = re.compile(r'("""|\'\'\')(.*?)\1', re.DOTALL)
_HEAD = re.compile(r"def (\w+)\((.*?)\)(?:\s*->\s*[^:]+)?:", re.DOTALL)
_TYPES = re.compile(r":\s*[\w\[\], .]+(?=[,)=])")


def _doc(text: str) -> str:
    return "\n".join(one[2].strip() for one in _DOC.finditer(text))


def _parts(text: str) -> tuple[str, list[str], str]:
    """The last function's name, its parameters, and all docstrings."""
    *_, head = _HEAD.finditer(text)
    names = re.findall(r"(\w+)\s*(?::[^,]*)?(?:,|$)", _TYPES.sub("", head[2] + ","))
    return head[1], names, _doc(text)


def renamed(text: str) -> str:
    """Functions and parameters called otherwise, wherever they are named."""
    names = dict.fromkeys(name for head in _HEAD.finditer(text) for name in [head[1], *re.findall(r"(\w+)\s*:", head[2])])  # fmt: skip  # noqa: E501
    for number, name in enumerate(names):
        text = re.sub(rf"\b{name}\b", f"item_{number}", text)
    return text


def set_anew(text: str) -> str:
    """Half the indentation, other quotation marks, and no blank lines."""
    lines = (re.sub(r"^ +", lambda one: one[0][::2], line) for line in text.split("\n"))
    return "\n".join(line for line in lines if line.strip()).replace('"""', "'''")


def without_types(text: str) -> str:
    """No type hints, no imports."""
    text = re.sub(
        r"\s*->\s*[^:]+:", ":", re.sub(r"^(from|import) .*\n", "", text, flags=re.MULTILINE)
    )
    return _HEAD.sub(lambda head: f"def {head[1]}({_TYPES.sub('', head[2] + ')')[:-1]}):", text)


def comments_moved(text: str) -> str:
    """The docstrings as comments above the code."""
    said = "\n".join(f"# {line.strip()}" for line in _doc(text).split("\n"))
    return f"{said}\n{_DOC.sub('', text)}"


def without_examples(text: str) -> str:
    """No doctests: neither calls nor what they give."""
    return re.sub(r"^\s*>>>.*\n(?:(?!\s*(?:>>>|\"\"\"|''')).*\n)?", "", text, flags=re.MULTILINE)


def javascript(text: str) -> str:
    """A function of JavaScript with the docstring in front."""
    name, names, doc = _parts(text)
    said = "\n".join(f" * {line.strip()}" for line in doc.split("\n"))
    return f"/**\n{said}\n */\nfunction {name}({', '.join(names)}) {{\n}}"


def java(text: str) -> str:
    """A method of Java in camel case, with the docstring in front."""
    name, names, doc = _parts(text)
    camel = re.sub(r"_(\w)", lambda one: one[1].upper(), name)
    said = "\n".join(f"     * {line.strip()}" for line in doc.split("\n"))
    given = ", ".join(f"Object {one}" for one in names)
    return f"class Solution {{\n    /**\n{said}\n     */\n    public Object {camel}({given}) {{\n    }}\n}}"


def asked(text: str) -> str:
    """The docstring alone, as a task in words."""
    return f"Write a Python function. {_doc(text)}"


CHANGES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a fenced block, with a request": lambda text: f"Complete this:\n```python\n{text}\n```",
    "other indentation and quotation marks": set_anew,
    "without type hints and imports": without_types,
    "identifiers renamed": renamed,
    "docstring as comments above": comments_moved,
    "without examples": without_examples,
    "identifiers renamed, without examples": lambda text: renamed(without_examples(text)),
    "the docstring alone": asked,
    "JavaScript": javascript,
    "Java": java,
    "the code alone, no docstring": lambda text: _DOC.sub("", text),
}


def gone(rows: list[str], own: list[int], matchers: Matchers) -> dict[str, float]:
    """The share of rows that would go, in per cent, by matcher; by any of them under `all`."""
    found, _ = match_all(turns_of([[row] for row in rows]), matchers)
    judged = {name: judge_all({name: pairs}, matchers.thresholds) for name, pairs in found.items()}
    every = {"all": [one for own_ in judged.values() for one in own_]} | judged
    return {name: 100 * float(hit_own(hits_of(own_), own).mean()) for name, own_ in every.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with benchmarks/ and sft/")
    data = parser.parse_args().data.resolve()
    items = items_of(data)
    own = [i for i, item in enumerate(items) if item.benchmark == "humaneval"]
    tulu3 = build_matchers(items, profile("tulu3"))
    default = build_matchers(items, profile("default"))
    minhash = build_matchers(items, with_matchers(profile("default"), {"minhash": True}))
    lines = []
    for name, change in CHANGES.items():
        rows = [change(item_text(items[i])) for i in own]
        shares = [gone(rows, own, tulu3)["all"], *(gone(rows, own, default)[key] for key in ("ngram", "exact", "robust", "all")), gone(rows, own, minhash)["minhash"]]  # fmt: skip  # noqa: E501
        lines.append([name, *(f"{share:.0f}" for share in np.array(shares))])
    head = [
        "changed",
        "`tulu3`",
        "`ngram`, judged",
        "`exact`",
        "`robust`",
        "`default`",
        "`minhash`",
    ]
    print(table(head, lines))


if __name__ == "__main__":
    main()
