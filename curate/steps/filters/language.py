"""Filters by language: which one a row is in, and how much of it is Chinese characters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from curate.errors import UserError, extra
from curate.kernels.scripts import han_points
from curate.steps.filters.filter import SHARE, Bounds, Filter, Named, Values
from curate.steps.filters.roles import OfTurns
from curate.steps.filters.view import View


class Cjk(Bounds, OfTurns):
    """The share of CJK ideographs among all characters."""

    unit: ClassVar[str] = SHARE
    usual: ClassVar[float | None] = 0.05

    def told(self, value: float, what: str | None) -> str:
        """So many per cent."""
        return f"{super().told(value, what)} of the characters are CJK ideographs"


def cjk(view: View, args: Cjk) -> Values:
    """The share of CJK ideographs (Chinese characters) among the characters of the worst turn.

    Preset `olmo3` looks at the last turn of the assistant, as the script of open-instruct for Olmo 3
    does, which drops rows from 5 % on. It knows the main block alone; here the extensions and the
    compatibility ideographs count too.
    """
    picked = view.turns(args)
    found = han_points(*picked.stretches[:3])
    value, _ = picked.worst(found[:, 1] / np.maximum(1, found[:, 0]))
    return Values(value)


class Language(Named, OfTurns):
    """The language that the turns of a row are in together."""

    confidence: float = Field(default=0.5, ge=0, le=1)
    """A row whose language is less sure than this has no value."""

    def depends(self) -> Mapping[str, Any]:
        """The version of the package, which brings its model."""
        try:
            return {"py3langid": version("py3langid")}
        except PackageNotFoundError:
            raise _missing() from None

    def told(self, value: str, what: str | None) -> str:
        """The code of the language."""
        return f"is in {value!r}"


def language(view: View, args: Language) -> Values:
    """The language of the turns of a row together, as its ISO 639 code, by py3langid (BSD-3, Lui and
    Baldwin's langid.py), whose model comes with the package.
    """
    picked = view.turns(args)
    classify = _identifier().classify
    codes: list[str | None] = [None] * picked.n
    docs = picked.stretches.docs
    first = np.flatnonzero(np.diff(docs, prepend=-1))
    texts = picked.texts.to_pylist()
    for start, stop in pairwise([*first.tolist(), len(texts)]):
        code, sure = classify("\n".join(texts[start:stop]))
        if sure >= args.confidence:
            codes[docs[start]] = code
    return Values(pa.array(codes, pa.string()))


def _missing() -> UserError:
    return UserError(f"the filter language needs the package py3langid: {extra('filters')}")


@cache
def _identifier() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        raise _missing() from None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


CJK = Filter(Cjk, cjk, presets={"olmo3": [{"last": True}]})
LANGUAGE = Filter(Language, language)
