"""Do the tests notice faults? Seeded mutants of `curate/mixture` and `curate/steps`, and how many
of them are killed.

    python -m benchmarks.mutants.run -n 200 --seed 1

Every mutant is put into a copy of the tree, never into the tree itself, and the tests that run the
lines it lies in are tried until one fails: those named like the module first, then the quick ones,
up to a minute's worth. Results go to out/mutants/SEED.jsonl as they come; what stands there is not
done again. Refused: a tree whose own tests fail."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import Queue
from time import perf_counter
from typing import Any, TypeVar

from benchmarks.learning.scores import wilson
from benchmarks.mutants.mutate import Mutant, mutants

MUTATED = ("curate/mixture", "curate/steps")
TESTS = ("mixture/", "steps/", "audit/", "compare/", "review/", "")
"""Folders of tests/ whose tests may run what is mutated."""
LEFT_OUT = frozenset({"tests/mixture/test_killed.py", "tests/review/test_walk.py"})
"""These wait for a moment to stop a process at: on a busy machine they fail without any mutant."""
AT_MOST = 60.0
"""Seconds of tests that a mutant gets: a mutant that they let through counts as survived."""
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow")

Reach = Mapping[str, Mapping[str, Any]]
Job = TypeVar("Job")
Result = TypeVar("Result")


def main() -> None:
    """Make the mutants that are missing, run them, and print what is known of all."""
    args = _arguments()
    out = Path("out/mutants")
    out.mkdir(parents=True, exist_ok=True)
    wanted = _sample(args.seed, args.n, args.only)
    results = out / f"{args.seed}.jsonl"
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees = [_copy(Path(folder) / f"tree-{worker}") for worker in range(args.workers)]
        reach = _reach(trees, out / "reach")
        _work(wanted, trees, reach, results, retry=args.retry)
    known = _read(results)
    print("\n".join(report([known[mutant.key] for mutant in wanted])))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How many seeded mutants do the tests kill?")
    parser.add_argument("-n", type=int, default=200, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="FILE", help="mutants of this file alone")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--retry", action="store_true", help="run those that survived once more")
    return parser.parse_args()


def _sample(seed: int, n: int, only: str | None) -> list[Mutant]:
    """The `n` mutants with the smallest keys."""
    files = [
        path
        for folder in MUTATED
        for path in Path(folder).rglob("*.py")
        if only in (None, str(path))
    ]
    found = [mutant for file in files for mutant in mutants(str(file), file.read_bytes(), seed)]
    return sorted(found, key=lambda mutant: mutant.key)[:n]


def _copy(tree: Path) -> Path:
    """A copy of the tree with its times and compiled kernels, so that nothing is compiled again."""
    left_out = shutil.ignore_patterns(".*", "out", "build", "dist", "*.egg-info")
    return Path(shutil.copytree(".", tree, ignore=left_out))


# ---- which tests concern a line


def _reach(trees: Sequence[Path], known: Path) -> dict[str, dict[str, Any]]:
    """Which lines each test runs; a file of tests is asked again where it or what is mutated has
    changed.
    """
    known.mkdir(exist_ok=True)
    names = {
        str(file)
        for name in TESTS
        for file in Path(f"tests/{name}").glob(f"{'**/' if name else ''}test_*.py")
    }
    told = _spread(sorted(names - LEFT_OUT), trees, lambda file, tree: _lines_of(file, tree, known))
    return {test: lines for own in told for test, lines in own.items()}


def _lines_of(name: str, tree: Path, known: Path) -> dict[str, Any]:
    seen = [
        tree / name,
        *(path for folder in MUTATED for path in sorted((tree / folder).rglob("*.py"))),
    ]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in seen)).hexdigest()
    told = known / f"{name.replace('/', '-')}-{digest[:12]}.json"
    if not told.exists():
        print(f"what {name} runs ...", file=sys.stderr, flush=True)
        command = [*PYTEST, "-p", "benchmarks.mutants.reach", name]
        environment = _environment(tree) | {"REACH": str(told.resolve())}
        done = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True)
        if done.returncode not in (0, 5):  # 5: all of its tests are slow ones
            told.unlink(missing_ok=True)
            raise SystemExit(
                f"{done.stdout}\n{name}: its tests fail without any mutant; mend that first"
            )
    lines: dict[str, Any] = json.loads(told.read_text("utf-8"))
    return lines


def concerned(mutant: Mutant, reach: Reach) -> list[str]:
    """The tests that run the mutant's statement, in the order in which they are tried, as many as
    AT_MOST allows.

    Where none is known to run it (it runs at import, or in another process), those that run any
    line of the file."""
    first, last = mutant.lines
    own = {test: told["lines"].get(mutant.file, ()) for test, told in reach.items()}
    tests = [test for test, lines in own.items() if any(first <= line <= last for line in lines)]
    tests = tests or [test for test, lines in own.items() if lines]
    near = Path(mutant.file).stem
    tests.sort(key=lambda test: (near not in test.partition("::")[0], reach[test]["seconds"]))
    return list(_within(tests or ["tests/mixture/test_build.py"], reach))


def _within(tests: Sequence[str], reach: Reach) -> Iterator[str]:
    total = 0.0
    for place, test in enumerate(tests):
        total += reach[test]["seconds"] if test in reach else 0
        if total > AT_MOST and place:
            return
        yield test


# ---- one mutant


def _work(
    wanted: Sequence[Mutant], trees: Sequence[Path], reach: Reach, results: Path, *, retry: bool
) -> None:
    known = _read(results)
    left = [
        m for m in wanted if m.key not in known or (retry and known[m.key]["outcome"] == "survived")
    ]
    counts = Counter(known[m.key]["outcome"] for m in wanted if m not in left)
    for result in _spread(
        left, trees, lambda mutant, tree: tried(mutant, tree, concerned(mutant, reach))
    ):
        counts[result["outcome"]] += 1
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        said = ", ".join(f"{n} {outcome}" for outcome, n in sorted(counts.items()))
        print(f"{counts.total()}/{len(wanted)}: {said}", file=sys.stderr, flush=True)


def _spread(
    jobs: Sequence[Job], trees: Sequence[Path], do: Callable[[Job, Path], Result]
) -> Iterator[Result]:
    """Do every job in a tree that is free, and give what came of it as it comes."""
    free: Queue[Path] = Queue()
    for tree in trees:
        free.put(tree)

    def one(job: Job) -> Result:
        tree = free.get()
        try:
            return do(job, tree)
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as pool:
        for done in as_completed([pool.submit(one, job) for job in jobs]):
            yield done.result()


def tried(mutant: Mutant, tree: Path, tests: Sequence[str]) -> dict[str, Any]:
    """Run the tests on the tree with the mutant in it."""
    path = tree / mutant.file
    source = path.read_bytes()
    kept = path.with_suffix(".kept")
    path.rename(kept)  # its time stays as it was, which compiled files go by
    path.write_bytes(mutant.applied(source))
    start = perf_counter()
    try:
        outcome, by = _outcome(tree, tests)
    finally:
        kept.replace(path)
    return {
        "key": mutant.key,
        "file": mutant.file,
        "line": mutant.line,
        "kind": mutant.kind,
        "diff": mutant.diff(source),
        "outcome": outcome,
        "by": by,
        "tests": len(tests),
        "seconds": round(perf_counter() - start, 1),
    }


def _outcome(tree: Path, tests: Sequence[str]) -> tuple[str, str | None]:
    process = subprocess.Popen(
        [*PYTEST, "-x", "--tb=no", *tests],
        cwd=tree,
        env=_environment(tree),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=120 + 4 * AT_MOST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "timeout", None
    if process.returncode == 0:
        return "survived", None
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
    if failed is None and "not found" in said:
        raise SystemExit(f"pytest did not run the tests it was given:\n{said}")
    return "killed", failed[1] if failed else said.strip()[-200:]


def _environment(tree: Path) -> dict[str, str]:
    """The copy comes first, no cache of the user's is read, and nothing compiled is left of a
    mutant.
    """
    paths = os.pathsep.join([str(tree), str(tree / "train")])
    cache = str(tree.parent / "cache")
    return os.environ | {
        "PYTHONPATH": paths,
        "XDG_CACHE_HOME": cache,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


# ---- what came of it


def _read(results: Path) -> dict[str, dict[str, Any]]:
    """The last result of each mutant."""
    lines = results.read_text("utf-8").splitlines() if results.exists() else []
    return {result["key"]: result for result in map(json.loads, lines)}


def report(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A table by file, the survivors, and the share that was killed; a mutant that ends no test
    counts as killed.
    """
    yield "| file | mutants | killed | survived |\n|---|--:|--:|--:|"
    for file in sorted({result["file"] for result in results}):
        own = [result for result in results if result["file"] == file]
        survived = sum(result["outcome"] == "survived" for result in own)
        yield f"| {file} | {len(own)} | {len(own) - survived} | {survived} |"
    left = [result for result in results if result["outcome"] == "survived"]
    for result in sorted(left, key=lambda result: (result["file"], result["line"])):
        yield "\n".join(
            [f"\n{result['file']}:{result['line']} ({result['kind']})", *result["diff"]]
        )
    killed, timeouts = (
        len(results) - len(left),
        sum(result["outcome"] == "timeout" for result in results),
    )
    low, high = wilson(killed, len(results))[1:]
    seconds = sum(result["seconds"] for result in results)
    yield (
        f"\nkilled {killed} of {len(results)} ({killed / len(results):.1%}, 95 % interval {low:.1%} to {high:.1%}), "
        f"{timeouts} of them by a time limit; {seconds / 60:.0f} minutes"
    )


if __name__ == "__main__":
    main()
