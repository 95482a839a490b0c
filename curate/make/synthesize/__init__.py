"""Prompts and answers written for personas, domain by domain; every row has what it was made of.

    - name: sums
      synthesize: {domain: math-grade-school, engine: writer, samples: 5, accepted: 200}

A domain is data (`domain`), so is a persona (`personas`); `writing` is the maker. Refused: a domain
or an engine that nobody knows, and kinds of record that the domain cannot give."""

from __future__ import annotations

from collections.abc import Iterator

from curate.errors import UserError
from curate.make.maker import Ask, Given
from curate.make.synthesize.domain import load_domain
from curate.make.synthesize.personas import PersonaSpec, read_personas
from curate.make.synthesize.spec import Spec
from curate.make.synthesize.writing import Synthesize

__all__ = ["Spec", "foreseen", "make"]

_KINDS = ("prompt", "sft", "rlvr")


def make(spec: Spec, given: Given) -> Synthesize:
    """Read the domain and the personas; raises UserError for what is wrong with either."""
    return _made(spec, given, spec.personas)


def foreseen(spec: Spec, given: Given) -> Iterator[list[Ask]]:
    """What items ask if all goes well, told with the shipped personas: those of the recipe may not
    be on this machine.
    """
    maker = _made(spec, given, None)
    return (maker.foreseen(item) for item in maker.items())


def _made(spec: Spec, given: Given, personas: PersonaSpec | None) -> Synthesize:
    where = f"source '{given.source}': synthesize"
    if spec.items is None and spec.accepted is None:
        raise UserError(f"{where}: say how many: items (tried) or accepted (left)")
    name, domain = load_domain(spec.domain, given.base)
    if given.kind not in _KINDS or (given.kind == "rlvr" and domain.verifier is None):
        known = _KINDS if domain.verifier else _KINDS[:2]
        raise UserError(
            f"{where}: domain '{name}' gives rows of kind {' or '.join(known)}, not {given.kind}"
        )
    return Synthesize(spec, given, name, domain, read_personas(personas, given.base))
