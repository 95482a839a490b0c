"""How far the checkers of instructions agree with lm-eval's, constraint by constraint, strict and
loose.

    python -m benchmarks.verifiers.ifeval --data ../shared/data

Needs the folder of public data (the 541 prompts of IFEval and 540 responses of GPT-4), nltk's
punkt_tab, and lm-eval, of which only the folder of its IFEval task is loaded: `pip install
--no-deps lm-eval immutabledict` is enough."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys
import time
import types
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from curate.verify.constraints import constraints_of, followed, ifeval

LANGUAGE = {
    "language:response_language",
    "change_case:english_capital",
    "change_case:english_lowercase",
}
"""The types that ask langdetect."""


class Pair(NamedTuple):
    """One constraint of one prompt, judged twice: the item's key, the rule, the type, its
    arguments, both verdicts.
    """

    key: int
    loose: bool
    id: str
    kwargs: dict[str, Any]
    reference: bool
    ours: bool


@lru_cache(maxsize=1)
def reference() -> Any:
    """lm-eval's module `tasks.ifeval.utils`, loaded without the rest of lm-eval; None where it is
    not installed.
    """
    found = importlib.util.find_spec("lm_eval")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0])
    for name in (
        "lm_eval",
        "lm_eval.tasks",
    ):  # bare parents: the real ones import half of the machine learning world
        if name not in sys.modules:
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__path__ = [str(folder.joinpath(*name.split(".")[1:]))]
    import langdetect

    langdetect.DetectorFactory.seed = 0  # the reference leaves it to chance
    rank = os.environ.get("LOCAL_RANK")
    os.environ["LOCAL_RANK"] = "1"  # rank 0 tries to fetch punkt_tab from the network
    try:
        return importlib.import_module("lm_eval.tasks.ifeval.utils")
    finally:
        os.environ.pop("LOCAL_RANK") if rank is None else os.environ.update(LOCAL_RANK=rank)


def responses(data: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """IFEval's items that have a response, each with it; none where there is no such folder."""
    folder = data / "benchmarks" / "ifeval"
    if not folder.is_dir():
        return
    lines = (
        (folder / "input_response_data_gpt4_20231107_145030.jsonl").read_text("utf-8").splitlines()
    )
    answers = {row["prompt"]: row["response"] for row in map(json.loads, lines)}
    for item in map(json.loads, (folder / "IFEval_541.jsonl").read_text("utf-8").splitlines()):
        if item["prompt"] in answers:
            yield item, answers[item["prompt"]]


def label(item: dict[str, Any]) -> str:
    """The ground truth of an item."""
    return json.dumps({name: item[name] for name in ("instruction_id_list", "kwargs")})


def compare(theirs: Any, item: dict[str, Any], response: str) -> Iterator[Pair]:
    """Judge one response by both, strictly and loosely."""
    example = theirs.InputExample(
        item["key"], item["instruction_id_list"], item["prompt"], item["kwargs"]
    )
    judges = (
        (False, theirs.test_instruction_following_strict),
        (True, theirs.test_instruction_following_loose),
    )
    for loose, judge in judges:
        verdicts = judge(example, response).follow_instruction_list
        ours = followed(response, label(item), loose=loose)
        for row in zip(item["instruction_id_list"], item["kwargs"], verdicts, ours, strict=True):
            yield Pair(item["key"], loose, *row)


def speed(items: list[tuple[dict[str, Any], str]]) -> dict[str, float]:
    """Checks a second of every type, on the responses it is about, in processor time of one core;
    slowest first.
    """
    spent: dict[str, float] = defaultdict(float)
    made: dict[str, int] = defaultdict(int)
    for warm in (False, True):  # the first pass loads what is loaded once
        for item, response in items:
            for one in constraints_of(label(item)):
                start = time.process_time()
                one.holds(response)
                spent[one.id] += (time.process_time() - start) * warm
                made[one.id] += warm
    return dict(sorted(((id, made[id] / spent[id]) for id in made), key=lambda row: row[1]))


def rate(items: list[tuple[dict[str, Any], str]]) -> float:
    """Completions a second that `ifeval` judges on one core: every item whose label asks for no
    language.
    """
    asked = [
        (response, label(item))
        for item, response in items
        if not LANGUAGE & set(item["instruction_id_list"])
    ]
    start = time.process_time()
    for response, ground_truth in asked:
        ifeval(response, ground_truth)
    return len(asked) / (time.process_time() - start)


def main() -> None:
    """Print the agreement, every difference, and the speed of each type."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    items, theirs = list(responses(data)), reference()
    if theirs is None:
        sys.exit("lm-eval is not installed: pip install --no-deps lm-eval immutabledict")
    pairs = [pair for item, response in items for pair in compare(theirs, item, response)]
    for loose in (False, True):
        mine = [pair for pair in pairs if pair.loose == loose]
        same = sum(pair.ours == pair.reference for pair in mine)
        print(
            f"{'loose' if loose else 'strict'}: {len(items)} responses, {len(mine)} constraints, {same} judged alike"
        )
    for pair in pairs:
        if pair.ours != pair.reference:
            print(f"  {pair.key} {'loose' if pair.loose else 'strict'} {pair.id} {pair.kwargs}: "
                  f"lm-eval {pair.reference}, curate {pair.ours}")  # fmt: skip
    print(f"{'type':<48}checks/s")
    for id, each in speed(items).items():
        print(f"{id:<48}{each:>8,.0f}")
    print(f"whole labels without a language: {rate(items):,.0f} completions/s")


if __name__ == "__main__":
    main()
