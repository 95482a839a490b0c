"""Values as text: labels, answers that are numbers, tools, kept columns."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any


def number_text(value: object) -> str | None:
    """A number as people write it; None for what is no number, and for NaN and infinity."""
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return json.dumps(value)


def json_text(value: object) -> str:
    """A value as JSON, keys in their order, other characters than ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> Any:
    """What JSON has no type for: decimals as numbers where no digit is lost, the rest as text."""
    if isinstance(value, Decimal) and value.is_finite():
        number = int(value) if value == value.to_integral_value() else float(value)
        return number if Decimal(str(number)) == value else format(value, "f")
    return value_text(value)


def value_text(value: object) -> str:
    """A value as text: text, decimals and dates without quotation marks, bytes as UTF-8, the rest
    as JSON.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if value is None or isinstance(value, bool | int | float | list | dict | tuple):
        return json_text(value)
    return number_text(value) or str(value)


def json_or_text(value: object) -> str | None:
    """Text as it is, anything else as JSON; None for what is missing or empty (null, "", [], {}),
    and for what is not a number (NaN).
    """
    if isinstance(value, float | Decimal) and math.isnan(value):
        return None
    if value is None or value == "" or value == [] or value == {}:
        return None
    return value_text(value)


def tools_text(value: object) -> str | None:
    """Tools, or calls of tools, as JSON; None where there are none. A list may hold each as JSON
    text of its own.
    """
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        try:
            read = [json.loads(one) for one in value]
        except (ValueError, RecursionError):
            return json_text(value)
        value = read if all(isinstance(one, dict) for one in read) else value
    return json_or_text(value)
