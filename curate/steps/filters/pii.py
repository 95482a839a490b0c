"""The filter of what identifies people or lets somebody in: addresses, numbers, keys.

A reason says what sort was found, and never what it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from curate.audit.words import counted
from curate.config import one_of
from curate.steps.filters.filter import Bounds, Filter, Values
from curate.steps.filters.roles import EVERYBODY, OfTurns, Roles
from curate.steps.filters.view import View

KINDS = {
    "email": r"\b[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}\b",
    "phone": r"(?:\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){5,12}"
    r"|\(\d{3}\) ?\d{3}[ .-]\d{4}|\b\d{3}[.-]\d{3}[.-]\d{4})\b",
    "key": r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}"
    r"|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|AIza[0-9A-Za-z_-]{35})\b|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "card": r"\b\d(?:[ -]?\d){12,18}\b",
    "ip": r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
}
"""What is looked for, as patterns of RE2 and of Python alike."""
NAMES = {
    "email": "e-mail address",
    "phone": "phone number",
    "key": "key",
    "card": "credit card number",
    "ip": "IP address",
}
_MANY = {"email": "e-mail addresses", "ip": "IP addresses"}

Kind = Annotated[str, one_of("kind of pii", KINDS)]


class Pii(Bounds, OfTurns):
    """What is looked for."""

    unit: ClassVar[str] = "time"
    usual: ClassVar[float | None] = 0
    roles: Roles = EVERYBODY
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = tuple(KINDS)

    def told(self, value: float, what: str | None) -> str:
        """What sorts were found, each with its number."""
        return what or "nothing"


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return digits[0] in "3456" and len(set(digits)) > 1 and luhn(digits)


def _address(text: str) -> bool:
    parts = [int(part) for part in text.split(".")]
    return all(part < 256 for part in parts) and parts[0] not in (0, 127)


_CHECKS: dict[str, Callable[[str], bool]] = {"card": _card, "ip": _address}


def pii(view: View, args: Pii) -> Values:
    """How often a row holds an e-mail address, a phone number (with `+` and country code, or grouped
    as in North America), a key (AWS, GitHub, OpenAI, Anthropic, Hugging Face, Slack, Google, PEM), a
    credit card number whose Luhn digit is right, or an IPv4 address (loopback is none).

    Patterns of the house, as narrow as is of use; Dolma and others replace e-mail addresses, phone
    and IP numbers by similar ones (arXiv 2402.00159, §3.1).
    """
    picked = view.turns(args)
    at = np.flatnonzero(
        pc.match_substring_regex(picked.texts, "|".join(KINDS[kind] for kind in args.kinds))
    )
    patterns = {kind: re.compile(KINDS[kind], re.ASCII) for kind in args.kinds}
    rows: dict[int, Counter[str]] = {}
    texts = picked.texts.take(pa.array(at)).to_pylist()
    for doc, text in zip(picked.stretches.docs[at].tolist(), texts, strict=True):
        for kind, pattern in patterns.items():
            good = _CHECKS.get(kind, bool)
            times = sum(good(match[0]) for match in pattern.finditer(text))
            if times:
                rows.setdefault(doc, Counter())[kind] += times
    value, what = np.zeros(picked.n), np.full(picked.n, None, np.object_)
    for doc, counts in rows.items():
        value[doc] = counts.total()
        what[doc] = ", ".join(
            counted(n, NAMES[kind], _MANY.get(kind)) for kind, n in counts.items()
        )
    return Values(value, pa.array(what, pa.string()))


PII = Filter(Pii, pii)
