"""Constraints to ask for: drawn with a seed, put in words, and kept only where a text was found that
holds them all.

    found = sample(seed, 3, prompt="Name a tree.")
    asked("Name a tree.", found.constraints, seed)   # the prompt
    found.ground_truth                               # the label of the verifier `ifeval`

All 25 types of IFEval and all 29 that IFBench trains on can be asked for. Those of IFBench's test
set never are.
"""

from __future__ import annotations

from curate.make.constraints import (
    edit_sizes,
    edit_words,
    finish_form,
    finish_parts,
)
from curate.make.constraints.constraint import Constraint, ground_truth
from curate.make.constraints.kind import KINDS
from curate.make.constraints.phrase import asked, worded
from curate.make.constraints.relax import relax
from curate.make.constraints.sample import Combination, sample
from curate.make.constraints.witness import witness

FAMILIES = (edit_sizes, edit_words, finish_form, finish_parts)
"""The modules that fill the table of types."""

__all__ = [
    "KINDS",
    "Combination",
    "Constraint",
    "asked",
    "ground_truth",
    "relax",
    "sample",
    "witness",
    "worded",
]
