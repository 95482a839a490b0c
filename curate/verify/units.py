"""Units and currencies that may stand beside a number, in one spelling.

`unit` gives `km/h` for `\\text{ kilometers per hour}`, `cm^2` for `sq cm`, `$` for `USD`; "" for words
that are no known unit, which are taken for decoration. Nothing is converted."""

from __future__ import annotations

import re
from functools import lru_cache

_SPELLINGS = (
    "mm millimeter millimetre 毫米", "cm centimeter centimetre 厘米", "dm decimeter decimetre 分米",
    "m meter metre 米", "km kilometer kilometre 千米 公里", "in inch inches", "ft foot feet",
    "yd yard", "mi mile", "mg milligram 毫克", "g gram gramme 克", "kg kilogram kilo 千克 公斤",
    "lb lbs pound", "oz ounce", "t ton tonne 吨", "ms millisecond", "s sec second 秒",
    "min minute 分钟", "h hr hour 小时", "day 天", "week 周 星期", "month 月", "year yr 年",
    "ml mL milliliter millilitre 毫升", "l L liter litre 升", "gallon gal", "quart", "pint", "cup",
    "km/h kph kmh kmph", "mi/h mph", "° degree deg 度", "rad radian 弧度", "% percent",
    "$ dollar USD US$ buck 美元", "cent ¢", "€ euro EUR 欧元", "£ GBP sterling",
    "¥ yuan RMB CNY yen JPY 元 人民币 円", "₹ Rs Rs. INR rupee", "₩ won KRW", "N newton", "J joule",
    "W watt", "V volt", "Hz hertz", "K kelvin", "mol mole",
)  # fmt: skip
_UNITS = {
    form: names.split()[0]
    for names in _SPELLINGS
    for name in names.split()
    for form in (name, f"{name}s", name.capitalize())
}
_BEFORE = {"square": "^2", "cubic": "^3", "sq": "^2", "cu": "^3", "平方": "^2", "立方": "^3"}
_AFTER = {"^2": "^2", "^3": "^3", "squared": "^2", "cubed": "^3"}
_SCALES = {"celsius": "°C", "c": "°C", "fahrenheit": "°F", "f": "°F"}
_LETTER_UNITS = frozenset("t N J W V K".split())
"""Also letters of formulas: units only inside `\\text{...}`."""
MONEY = r"(?:US)?\$|€|£|¥|₹|₩|Rs\.? ?|(?:\\text\{)?(?:USD|EUR|GBP|RMB|CNY|INR)\}? ?"
"""A currency before a number."""

_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_WORD = re.compile(r"[A-Za-z]{4}|[^\x00-\x7f]")
_PLAIN = re.compile(r"[^\W\d_](?:[^\W\d_]|[.,'/-])*|[.,/]")
_CHINESE = re.compile(r"(平方|立方)(?=\S)")


@lru_cache(maxsize=8192)
def unit(rest: str) -> str | None:
    """The unit in what follows a number, "" for none or mere decoration; None where that is
    mathematics.
    """
    if not rest:
        return ""
    if rest in ("%", "\\text{%}"):
        return "%"
    wrapped = _CHINESE.sub(r" \1 ", _TEXT.sub(r" \1 ", rest.replace("^\\circ", " ° ")))
    words = wrapped.replace("{", "").replace("}", "").replace("^", " ^").split()
    if not words or "\\" in wrapped or not all(_is_plain(word) for word in words):
        return None
    known = [part for word in words for part in _split(word) if part in _UNITS]
    if words[0] in ("^2", "^3") or (not known and ("^2" in words or "^3" in words)):
        return None  # a power of the number, not of a unit
    bare = rest[0] != "\\" and rest[0] != "^" and not _WORD.search(rest)
    if bare and (not known or len(words[0]) < 2) and words[0] not in "€£¥₹₩¢$":
        return None
    if bare and words[0] in _LETTER_UNITS:
        return None
    return _joined([part for word in words for part in _split(word)])


def currency(before: str) -> str:
    """The unit of a currency sign or code before a number."""
    return _UNITS[before.replace("\\text{", "").replace("}", "").strip()] if before else ""


def same_unit(one: str, other: str) -> bool:
    """Whether two units are one, a missing one being any; degrees may leave out their scale."""
    if not one or not other or one == other:
        return True
    return "°" in (one, other) and one[0] == other[0]


def _is_plain(word: str) -> bool:
    return word in _UNITS or word in ("°", "^2", "^3", "/") or bool(_PLAIN.fullmatch(word))


def _split(word: str) -> list[str]:
    """`m/s` is three words, `km/h` one."""
    if word in _UNITS or "/" not in word:
        return [word]
    return [part for part in re.split(r"(/)", word) if part]


def _joined(words: list[str]) -> str:
    """Known units of a phrase put together, as `cm^2` or `m/s`."""
    found, power, over = "", "", False
    for word in words:
        plain = word.strip(".,").lower()
        if word in _BEFORE or plain in _BEFORE:
            power = _BEFORE.get(word) or _BEFORE[plain]
        elif plain in _AFTER and found:
            found += _AFTER[plain]
        elif plain in ("per", "/"):
            over = bool(found)
        elif found == "°" and plain in _SCALES:
            found = _SCALES[plain]
        else:
            name = _UNITS.get(word) or _UNITS.get(word.strip(".,"))
            if name is None:
                continue
            if found and not over:
                return found
            found, power, over = f"{found}{'/' if over else ''}{name}{power}", "", False
    return found
