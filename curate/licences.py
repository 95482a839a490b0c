"""What a licence allows, by its name as a recipe states it."""

from __future__ import annotations

NON_COMMERCIAL, UNKNOWN = "non-commercial", "unknown"


def commercial(licence: str | None) -> bool | None:
    """Whether a licence allows commercial use; None where that is not known."""
    found = licence_class(licence)
    return None if found == UNKNOWN else found != NON_COMMERCIAL


def licence_class(licence: str | None) -> str:
    """`unknown` where none is stated, `non-commercial` where one forbids commercial use, else the
    licence in lower case.
    """
    name = (licence or "").strip().lower()
    words = set(name.replace("_", "-").replace(" ", "-").split("-"))
    if name in ("", "unknown", "other", "none", "n/a", "unclear"):
        return UNKNOWN
    named = "non-commercial" in name or "noncommercial" in name or "research only" in name
    return NON_COMMERCIAL if named or "nc" in words else name
