"""`open-instruct`: the data sets of AllenAI's training code.

It reads `messages` (sft), `chosen` and `rejected` as whole conversations (preference), and
`messages`, `ground_truth` and `dataset`, which names the verifier (rlvr). Its templates are given
roles and texts alone."""

from __future__ import annotations

from collections.abc import Sequence

from curate.exports.target import Record, Row, Target, Turn, Unfit, one_answer, said

# The verifiers that it registers, by the names of ours or as published sets write them.
_VERIFIERS = {
    "gsm8k": "gsm8k",
    "math": "math",
    "strict-math": "strict_math",
    "ifeval": "ifeval",
    "ifeval-old": "ifeval_old",
    "flan": "flan",
    "puzzle": "puzzle",
    "string": "string_matcher",
    "string-matcher": "string_matcher",
    "string-f1": "string_f1",
    "token-f1": "string_f1",
    "up-to-max-length": "up_to_max_length",
    "max-length": "max_length",
    "code": "code",
    "code-stdio": "code_stdio",
}


def _sft(record: Record) -> Row:
    return {"id": record["id"], "messages": _plain(record["messages"])}


def _preference(record: Record) -> Row:
    sides = {
        side: _plain([*record["prompt"], one_answer(record, side)])
        for side in ("chosen", "rejected")
    }
    return {"id": record["id"], **sides}


def _rlvr(record: Record) -> Row:
    plain = record["verifier"].lower().replace("_", "-")
    if plain not in _VERIFIERS:
        known = ", ".join(sorted(set(_VERIFIERS.values())))
        raise Unfit(f"verifier '{record['verifier']}' is none of its own ({known})")
    return {
        "id": record["id"],
        "messages": _plain(record["prompt"]),
        "ground_truth": record["ground_truth"],
        "dataset": _VERIFIERS[plain],
    }


def _plain(turns: Sequence[Turn]) -> list[Turn]:
    return [said(turn) for turn in turns]


OPEN_INSTRUCT = Target(
    "open-instruct", {"sft": _sft, "preference": _preference, "rlvr": _rlvr}, frozenset()
)
