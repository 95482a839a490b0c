"""The 58 types of IFBench's test set (arXiv 2507.02833): verifiers to evaluate with.

They are what a model is tested on after it was trained on other types, so no prompt of a training
set may ask for them: `curate.make.constraints` never draws one.
"""

from __future__ import annotations

from curate.verify.constraints.ifbench import (
    custom,
    format,
    markup,
    numbers,
    repeat,
    sentences,
    tables,
    words,
)

FAMILIES = (numbers, words, sentences, format, markup, repeat, custom, tables)
"""The modules that fill the registry."""
