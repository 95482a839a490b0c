"""Many judged prompts at once: verifiers judge, ratings become pairs, pairs become rows.

    done = settled(rows, spec, seed)
    done.results        # a row for each, or why there is none
    done.lines          # answers, ratings, comparisons: lines of the audit

Verifiers run in worker processes with a time limit; what they cannot judge is missing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.make.maker import BadInput, Item, Row, Settled
from curate.make.prefer.binarise import TOO_FEW, binarise
from curate.make.prefer.read import Comparison, Rating
from curate.make.prefer.rubrics import VERIFIED
from curate.make.prefer.spec import Spec
from curate.make.prefer.tables import ANSWERS, COMPARISONS, RATINGS, table
from curate.make.prefer.words import words_in
from curate.verify import answer_part
from curate.verify.batch import judge_rows

_SECONDS = 30.0
Candidate = Mapping[str, Any]
Judged = tuple[Item, Row]


def settled(rows: Sequence[Judged], spec: Spec, seed: int) -> Settled:
    """Decide on rows of which all is said that will be."""
    own = list({row.record["number"]: (item, row) for item, row in rows}.values())
    answers = table(ANSWERS, _answers(own))
    ratings = table(RATINGS, [*_said(own, Rating), *_verified(own, spec)])
    comparisons = table(COMPARISONS, _said(own, Comparison))
    sided = spec.on_policy is not None
    pairs = binarise(answers, ratings, comparisons, spec.pairs, seed, sided=sided)
    found = {pair["prompt"]: pair for pair in pairs.to_pylist()}
    results = [_result(item, row, found[row.record["number"]], spec) for item, row in rows]
    lines = {"answers": answers, "ratings": ratings, "comparisons": comparisons}
    return Settled(results, {name: _once(table, rows) for name, table in lines.items()})


def _once(lines: pa.Table, rows: Sequence[Judged]) -> pa.Table:
    """The lines of prompts whose first row is here: the second may be settled in another part."""
    numbers = [row.record["number"] for item, row in rows if not item.data.get("side")]
    return lines.filter(pc.is_in(lines["prompt"], pa.array(numbers, pa.int64())))


def _answers(rows: Sequence[Judged]) -> list[dict[str, Any]]:
    return [
        {**one, "prompt": row.record["number"]}
        | {"words": words_in(one["text"]), "characters": len(one["text"])}
        for _, row in rows
        for one in row.record["candidates"]
    ]


def _said(rows: Sequence[Judged], of: type) -> list[dict[str, Any]]:
    return [
        {"prompt": row.record["number"], **vars(said)}
        for _, row in rows
        for said in row.record["said"]
        if isinstance(said, of)
    ]


# ---- verifiers


def _verified(rows: Sequence[Judged], spec: Spec) -> list[dict[str, Any]]:
    """What the row's own verifier says of each answer, as a rating: 1 where it rejects it, 5 where
    it accepts it.
    """
    name = next((judge.name for judge in spec.judges if judge.verifier), None)
    if name is None:
        return []
    every = [
        (row.record["number"], one, {**item.data, "prompt": row.record["prompt"]})
        for item, row in rows
        for one in row.record["candidates"]
        if item.data.get("verifier") and one["outcome"] == "answered"
    ]
    asked = [_to_verify(one["text"], data) for _, one, data in every]
    verdicts = judge_rows(asked, os.cpu_count() or 1, _SECONDS, lambda n: None)
    return [
        {"prompt": number, "slot": one["slot"], "judge": name, "aspect": VERIFIED}
        | {"order": 0, "place": 0}
        | ({"missing": said.outcome} if said.score is None else {"rating": 1 + 4 * said.score})
        for (number, one, _), said in zip(every, verdicts, strict=True)
    ]


def _to_verify(text: str, data: Mapping[str, Any]) -> tuple[str, str, str, str | None]:
    prompt = data["prompt"][-1]["content"]
    return data["verifier"], answer_part(text, prompt), data["ground_truth"], prompt


# ---- rows


def _result(item: Item, row: Row, pair: Mapping[str, Any], spec: Spec) -> Row | BadInput:
    """The row that a prompt becomes, in the shape that is wanted."""
    shape, by_slot = spec.pairs.shape, {one["slot"]: one for one in row.record["candidates"]}
    chosen, rejected = by_slot.get(pair["chosen"]), by_slot.get(pair["rejected"])
    prompt = list(row.record["prompt"])
    if shape == "best" and chosen is not None and pair["reason"] != TOO_FEW:
        return Row({"messages": [*prompt, _turn(chosen)]}, _lineage(item, pair, chosen=chosen))
    if chosen is None or rejected is None:
        return BadInput(pair["reason"])
    lineage = _lineage(item, pair, chosen=chosen, rejected=rejected)
    if shape == "unpaired":
        good = item.data["side"] == 0
        said = _turn(chosen if good else rejected)
        return Row({"prompt": prompt, "completion": [said], "label": good}, lineage)
    sides = {"chosen": chosen, "rejected": rejected}
    record: dict[str, Any] = {"prompt": prompt}
    for name, side in sides.items():
        record |= {name: [_turn(side)], f"{name}_model": side["model"]}
        record |= {f"{name}_rating": pair[f"{name}_rating"]}
    return Row(record, lineage)


def _turn(candidate: Candidate) -> dict[str, str]:
    return {"role": "assistant", "content": candidate["text"]}


def _lineage(item: Item, pair: Mapping[str, Any], **sides: Candidate) -> dict[str, Any]:
    """What a row is made of: the prompt's id, and who wrote each side, with its rating."""
    told = {
        name: {key: value for key, value in side.items() if key not in ("text", "outcome")}
        | {"rating": pair[f"{name}_rating"]}
        for name, side in sides.items()
    }
    own = {key: item.data[key] for key in ("id", "prompts", "use") if item.data.get(key)}
    return {"prompt": own, **told}
