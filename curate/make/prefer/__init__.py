"""Preferences: prompts are answered by a pool of models, answers are judged, ratings become pairs.

The key of a source is `prefer`; docs/preferences.md tells how it is used."""

from __future__ import annotations

from curate.make.prefer.figures import lines
from curate.make.prefer.maker import make
from curate.make.prefer.spec import Spec

__all__ = ["Spec", "lines", "make"]
