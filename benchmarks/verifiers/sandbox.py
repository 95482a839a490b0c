"""How many short programs a second the sandbox runs, in one thread and in two.

    python -m benchmarks.verifiers.sandbox [--programs 100]

The time is wall time: run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

from curate.verify.jail import BARE, JAILS, missing
from curate.verify.sandbox import Limits, run_in


def main() -> None:
    """Print a line for each sandbox and number of threads."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", type=int, default=100)
    count = parser.parse_args().programs
    for jail in (*JAILS, BARE):
        if missing(jail):
            print(f"{jail.name}: {', '.join(missing(jail))} not installed")
            continue
        for threads in (1, 2):
            start = time.perf_counter()
            with ThreadPoolExecutor(threads) as pool:
                done = list(
                    pool.map(
                        lambda _, jail=jail: run_in(jail, "print(1)", "", Limits()), range(count)
                    )
                )
            good = sum(one.stdout == "1\n" for one in done)
            print(
                f"{jail.name}: {threads} threads, {good} of {count} ran, {count / (time.perf_counter() - start):.0f}/s"
            )


if __name__ == "__main__":
    main()
