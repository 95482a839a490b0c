"""Which prompts are answered: seeded, in their shares, none more often than the recipe says.

    for item in items(spec, given): ...

Rows have passed the recipe's filters, dedup and decontamination before they come here. Their order
goes by a digest over the seed and the id of the row; shares are kept by taking of each source as
many as the scarcest one allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from curate.engines.request import digest
from curate.make.maker import Given, Item, turns
from curate.make.prefer.spec import Prompts, Spec

Data = dict[str, Any]
_PLAIN = {"role", "content"}


def items(spec: Spec, given: Given) -> Iterator[Item]:
    """The items in their order: a prompt with all that is known of it, once for each use."""
    seen: Counter[str] = Counter()
    sources = [_of(one, given, seen, spec.uses) for one in spec.prompts]
    chosen = [data for rows in _in_shares(spec.prompts, sources) for data in rows]
    chosen.sort(key=lambda data: digest(["prompt", given.seed, data["use_of"], data["id"]]))
    return (Item(number, data) for number, data in enumerate(chosen))


def _of(prompts: Prompts, given: Given, seen: Counter[str], uses: int) -> list[Data]:
    """All that may be asked of one source, each as often as it is still to be used."""
    rows = []
    for row in given.passed(prompts, prompts.kind):
        data = _READ[prompts.kind](row)
        key = digest(data["prompt"])
        left = 1 if prompts.kind == "preference" else uses - seen[key]
        seen[key] += max(left, 0)
        more = {"id": row["id"], "prompts": prompts.name, "use": prompts.use}
        more |= {"tools": row["tools"]} if row.get("tools") else {}
        more |= {"criteria": row.get(prompts.criteria)} if prompts.criteria else {}
        rows += [data | more | {"use_of": use} for use in range(left)]
    return rows


def _in_shares(prompts: Sequence[Prompts], sources: Sequence[list[Data]]) -> list[list[Data]]:
    """Of each source as many as its share of the most that all shares allow."""
    shares = [one.share for one in prompts]
    if any(share is None for share in shares):
        return list(sources)
    pairs = [(rows, float(share or 0)) for rows, share in zip(sources, shares, strict=True)]
    total = min(len(rows) / share for rows, share in pairs)
    return [
        sorted(rows, key=lambda data: digest(["share", data["use_of"], data["id"]]))[
            : round(total * share)
        ]
        for rows, share in pairs
    ]


def _prompt(row: Mapping[str, Any]) -> Data:
    return {"prompt": turns(row["prompt"])}


def _sft(row: Mapping[str, Any]) -> Data:
    """What stands before the last answer."""
    return {"prompt": turns(row["messages"])[:-1]}


def _rlvr(row: Mapping[str, Any]) -> Data:
    truth = {name: row[name] for name in ("verifier", "ground_truth")}
    return {"prompt": turns(row["prompt"])} | truth


def _pair(row: Mapping[str, Any]) -> Data:
    said = {side: turns(row[side]) for side in ("chosen", "rejected")}
    sides = [
        {"text": one[-1]["content"], "model": row[f"{side}_model"], "entry": side}
        for side, one in said.items()
    ]
    plain = all(len(one) == 1 and one[0].keys() == _PLAIN for one in said.values())
    return {"prompt": turns(row["prompt"]), "candidates": sides, "plain": plain}


_READ: Mapping[str, Callable[[Mapping[str, Any]], Data]] = {
    "prompt": _prompt,
    "sft": _sft,
    "rlvr": _rlvr,
    "preference": _pair,
}
