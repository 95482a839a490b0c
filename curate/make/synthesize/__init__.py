"""Prompts and answers written for personas, domain by domain; every row has what it was made of.

    - name: sums
      synthesize: {domain: math-grade-school, engine: writer, samples: 5, accepted: 200}

A domain is data (`domain`), so is a persona (`personas`); `writing` is the maker. Refused: a domain
or an engine that nobody knows, and kinds of record that the domain cannot give."""

from __future__ import annotations

from curate.errors import UserError
from curate.make.maker import Given
from curate.make.synthesize.domain import load_domain
from curate.make.synthesize.personas import read_personas
from curate.make.synthesize.spec import Spec
from curate.make.synthesize.writing import Synthesize

__all__ = ["Spec", "make"]

_KINDS = ("prompt", "sft", "rlvr")


def make(spec: Spec, given: Given) -> Synthesize:
    """Read the domain and the personas; raises UserError for what is wrong with either."""
    where = f"source '{given.source}': synthesize"
    if spec.items is None and spec.accepted is None:
        raise UserError(f"{where}: say how many: items (tried) or accepted (left)")
    name, domain = load_domain(spec.domain, given.base)
    if given.kind not in _KINDS or (given.kind == "rlvr" and domain.verifier is None):
        known = _KINDS if domain.verifier else _KINDS[:2]
        raise UserError(
            f"{where}: domain '{name}' gives rows of kind {' or '.join(known)}, not {given.kind}"
        )
    return Synthesize(spec, given, name, domain, read_personas(spec.personas, given.base))
