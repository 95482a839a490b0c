"""Speed of the matcher on one core beside other ways to do it, then of the whole command on two.

    python -m benchmarks.speed.decontaminate --data ../shared/data --mb 1000 --sizes 0.2,1,3

Every contestant is a process of its own, bound to one core, that has its text and its benchmarks in
memory before the clock starts; they take turns, `--rounds` times, and the medians are shown. `wc
-w` counts the words of the same text, the least anybody could do who looks at every word. The slow
ones work on a slice of the corpus, every k-th row. Peers come from an environment of their own
(`--peers`, see README.md); one that is missing is named and left out."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.speed import build, peers
from benchmarks.speed.inputs import (
    Text,
    corpus,
    write_items,
    write_slices,
    write_suite,
    write_texts,
)
from benchmarks.speed.measure import (
    ROOT,
    Failed,
    environment,
    machine,
    middle,
    save,
    table,
    use_cores,
)
from curate.errors import UserError

SLICES = {"open-r1": 10.0, "datatrove": 1.0, "datatrove-query": 1.0, "tantivy": 100.0}
"""MB of text for those that would take minutes or hours over all of it."""

TITLES = {
    "wc": "`LC_ALL=C wc -w`",
    "curate": "curate: n-grams, verified, scored, with spans",
    "open-r1": "open-r1's rule: one set of 8-grams, a boolean",
    "datatrove": "datatrove NGramsDecontFilter, as it comes",
    "datatrove-query": "datatrove NGramsDecontFilter, with query n-grams",
    "tantivy": "tantivy, a phrase query per n-gram",
}


def fast_folder() -> Path | None:
    """A folder in memory, where there is one."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and os.access(folder, os.W_OK) else None


def count_words(folder: Path) -> dict[str, float]:
    """One pass of wc."""
    start = perf_counter()
    command = ["wc", "-w", str(folder / "text.txt")]
    done = subprocess.run(
        command, env=os.environ | {"LC_ALL": "C"}, check=True, capture_output=True
    )
    return {"seconds": perf_counter() - start, "words": int(done.stdout.split()[0])}


@contextmanager
def contestant(command: list[str]) -> Iterator[Callable[[], dict[str, float]] | str]:
    """A process that has everything in memory: a function that has it do one pass, or the reason
    why it cannot.
    """
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None

        def answer() -> dict[str, Any]:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise Failed(f"{' '.join(command)} ended with {process.wait()}")
            answered: dict[str, Any] = json.loads(line)
            return answered

        def once() -> dict[str, float]:
            print(file=process.stdin, flush=True)
            return answer()

        try:
            yield answer().get("missing") or once
        finally:
            process.stdin.close()


def commands(folder: Path, python: Path) -> dict[str, list[str]]:
    """How each contestant is started; open-r1's rule needs nothing and runs in our own Python."""
    script = str(Path(peers.__file__))
    own = {"open-r1"}
    return {"curate": [sys.executable, "-m", "benchmarks.speed.kernel", str(folder)]} | {
        name: [sys.executable if name in own else str(python), script, name, str(folder)]
        for name in peers.PEERS
    }


def take_turns(
    folder: Path, python: Path, rounds: int
) -> tuple[dict[str, list[dict[str, float]]], dict[str, str]]:
    """Have every contestant do `rounds` passes in turn; gives the passes, and what was left out and
    why.
    """
    passes: dict[str, Callable[[], dict[str, float]]] = {"wc": partial(count_words, folder)}
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        for name, command in commands(folder, python).items():
            if not Path(command[0]).exists():
                missing[name] = f"no {command[0]}"
                continue
            ready = stack.enter_context(contestant(command))
            if isinstance(ready, str):
                missing[name] = ready
            else:
                passes[name] = ready
        for name, reason in missing.items():
            print(
                f"left out: {name} ({reason}); benchmarks/speed/README.md says how to install it",
                flush=True,
            )
        done: dict[str, list[dict[str, float]]] = {name: [] for name in passes}
        for turn in range(rounds):
            for name, once in passes.items():
                done[name].append(once())
            seconds = ", ".join(
                f"{name} {runs[-1]['seconds']:.2f} s" for name, runs in done.items()
            )
            print(f"round {turn + 1}/{rounds}: {seconds}", flush=True)
    return done, missing


def medians(
    done: Mapping[str, list[dict[str, float]]], texts: Mapping[str, Text]
) -> dict[str, dict[str, float]]:
    """The median of every figure of every contestant, and its speed."""
    found = {}
    for name, runs in done.items():
        figures = {key: middle([run[key] for run in runs]) for key in runs[0]}
        size = texts[name].size
        found[name] = figures | {"mb": size / 1e6, "mb_a_second": size / 1e6 / figures["seconds"]}
        if "flagged" in figures:
            found[name]["flagged_share"] = figures["flagged"] / texts[name].rows
    return found


def show(found: Mapping[str, Mapping[str, float]]) -> str:
    """The table of the contestants."""
    head = ["one core", "text, MB", "seconds", "MB/s", "× wc -w", "curate is", "rows flagged, %"]
    ours, least = found["curate"]["mb_a_second"], found["wc"]["mb_a_second"]
    rows = []
    for name, figures in found.items():
        speed = figures["mb_a_second"]
        flagged = f"{100 * figures['flagged_share']:.2f}" if "flagged_share" in figures else ""
        faster = "" if name == "curate" else f"{ours / speed:,.{0 if ours > 10 * speed else 1}f} ×"
        rows.append(
            (
                TITLES[name],
                figures["mb"],
                figures["seconds"],
                speed,
                f"{speed / least:.3g}",
                faster,
                flagged,
            )
        )
    return table(head, rows)


def compare(work: Path, data: Path, mb: float, python: Path, rounds: int) -> dict[str, Any]:
    """Measure the matcher and everything it is compared with."""
    parquet = corpus(work, data, mb, "parquet")
    with tempfile.TemporaryDirectory(prefix="curate-speed-", dir=fast_folder()) as name:
        folder = Path(name)
        whole = write_texts(parquet, folder)
        items = write_items(write_suite(work, data), folder)
        texts = write_slices(folder, whole, SLICES) | {"wc": whole, "curate": whole}
        print(
            f"{whole.size / 1e6:.0f} MB in {whole.turns:,} user turns against {items:,} benchmark items",
            flush=True,
        )
        use_cores(1)
        done, missing = take_turns(folder, python, rounds)
    return {
        "corpus": {
            "mb": whole.size / 1e6,
            "rows": whole.rows,
            "turns": whole.turns,
            "items": items,
        },
        "medians": medians(done, texts),
        "missing": missing,
        "rounds": done,
    }


def main() -> None:
    """Measure the matcher, then the whole command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    build.add_arguments(parser)
    parser.add_argument(
        "--peers",
        type=Path,
        default=Path("out/speed/peers/bin/python"),
        help="Python with the peers",
    )
    parser.add_argument("--kernel-only", action="store_true", help="leave the whole command out")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {"machine": machine()}
    try:
        result |= compare(given.work, given.data, given.mb, given.peers.absolute(), given.rounds)
        print(f"\n{show(result['medians'])}\n", flush=True)
        if not given.kernel_only:
            result["command"] = build.whole_command(
                given.work, given.data, given.mb, given.rounds, given.sizes
            )
            print(f"\n{build.show(result['command'])}")
    except (Failed, UserError) as error:
        raise SystemExit(str(error)) from None
    save(given.work / "decontaminate.json", result)


if __name__ == "__main__":
    main()
