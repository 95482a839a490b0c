"""Worked examples set before the prompts of a verifier, as Tülu 3 had them in RLVR: eight for GSM8K,
three for MATH, in the one turn of the user.

A file names them, and how one looks:

    shot: "Question: {question}\\nAnswer: {answer}"
    ask: "Question: {question}\\nAnswer:"        # what becomes of the prompt itself
    shots:
      - {question: ..., answer: ...}

Refused: an unknown verifier, a name that is neither of those that come with the package nor a file,
and a file that does not look like this."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import field_validator

from curate.config import Strict, check, load_yaml
from curate.errors import UserError, unknown
from curate.verify import load

FOLDER = Path(__file__).resolve().parent / "shots"


class Shot(Strict):
    """A question with its answer."""

    question: str
    answer: str


class Shots(Strict):
    """Examples, and how they and the prompt are written."""

    shot: str
    ask: str
    shots: tuple[Shot, ...]

    @field_validator("shot", "ask")
    @classmethod
    def _holds_question(cls, text: str) -> str:
        if "{question}" not in text:
            raise ValueError("needs a place for {question}")
        return text

    def before(self, question: str) -> str:
        """The examples, and behind them the question, a blank line between any two."""
        shown = [_filled(self.shot, one.question, one.answer) for one in self.shots]
        return "\n\n".join([*shown, _filled(self.ask, question, "")])


def shots_for(few_shot: Mapping[str, str] | None) -> dict[str, Shots]:
    """The examples of each verifier; raises UserError for a name or file that will not do."""
    return {load(verifier).name: _read(name) for verifier, name in (few_shot or {}).items()}


def with_shots(dataset: Any, shots: Mapping[str, Shots]) -> Any:
    """The rlvr rows with examples before the last turn of each prompt whose verifier has some."""
    if not shots:
        return dataset
    return dataset.map(_set_before, fn_kwargs={"shots": shots}, load_from_cache_file=False)


def _set_before(row: dict[str, Any], shots: Mapping[str, Shots]) -> dict[str, Any]:
    found = shots.get(load(row["verifier"]).name)
    if found is None:
        return {"prompt": row["prompt"]}
    *before, last = row["prompt"]
    return {"prompt": [*before, last | {"content": found.before(last["content"])}]}


def _filled(layout: str, question: str, answer: str) -> str:
    """Texts in their places; braces in them mean nothing."""
    head, *rest = layout.split("{question}")
    return question.join(part.replace("{answer}", answer) for part in (head, *rest))


def _read(name: str) -> Shots:
    known = {path.stem: path for path in FOLDER.glob("*.yaml")}
    path = Path(name).expanduser() if name.endswith((".yaml", ".yml")) else known.get(name)
    if path is None:
        raise UserError(f"few_shot: {unknown('examples', name, known)}; or give a .yaml file")
    return check(Shots, load_yaml(path), str(path))
