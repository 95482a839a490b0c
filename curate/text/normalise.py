"""One text for all the ways in which it may be written, and where each part of it came from.

    >>> normalise("Ｔｈｅ\\u00ad ﬁrst&nbsp;сafé — x²")
    'The first cafe - x 2'

What is written as something else is read (`curate.text.escapes`). Then, code point by code point:

- *Forms.* Full-width, mathematical, circled and other forms of a character are that character, and
  ligatures their letters (Unicode's compatibility decomposition). Hangul is put together.
- *Blanks.* Every blank and control character is a space, but for the line feed.
- *What is not seen.* Format characters, soft hyphens, zero-width characters, variation selectors go.
- *Punctuation.* Dashes, quotation marks and the fraction slash are those of ASCII.
- *Marks.* Kept are those on letters of other alphabets, the first eight, in canonical order: they
  are vowels there. So is the stroke that makes `≠` of `=`. Others go: an accent on a Latin letter,
  a line through a digit. `accents=True` keeps those on everything.
- *Raised digits.* A blank stands before a superscript or a fraction that follows a letter or digit,
  and before a subscript digit that follows a digit: `10₂` is `10 2`.
- *Hyphens at line ends.* A letter, a hyphen, a line end and a lower-case letter are one word,
  whatever marks and blanks stand between them.
- *Look-alikes.* Letters of other alphabets that look like Latin ones (`curate.text.lookalikes`)
  are those, in words that become all Latin: those with a Latin letter of their own, and longer ones
  all of whose letters look Latin in lower case too. So Russian stays Russian.

What is encoded several times is read up to four times. `curate.kernels.normalise` gives the same
texts at the speed of the machine; where parts came from is asked here, of those that were found."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from unicodedata import category, combining, decomposition, name, normalize

from curate.text import escapes
from curate.text.lookalikes import LOOKALIKES, steady

ROUNDS = 4
"""How often what is encoded is read."""
MARKS = 8
"""So many marks on a letter are kept."""
STROKE = "\u0338"
"""The mark that negates a sign."""
_PLAIN = re.compile("[ -,./-~\n]+")
_PUNCTUATION = (
    {char: "'" for char in "‘’‚‛′ʼ´‹›"} | dict.fromkeys("“”„‟«»", '"') | {"⁄": "/", "−": "-"}
)
_UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)


class Normal(NamedTuple):
    """A normalised text and, of each code point of it, what part of the original it stands for."""

    text: str
    begins: list[int]
    ends: list[int]

    def origin(self, start: int, stop: int) -> tuple[int, int]:
        """Where `text[start:stop]`, which is not empty, stands in the original."""
        return self.begins[start], self.ends[stop - 1]


def normalise(text: str) -> str:
    """The text that all ways to write it have in common."""
    return origins(text).text


def origins(text: str) -> Normal:
    """The same, with where each part of it came from."""
    done = Normal(text, list(range(len(text))), list(range(1, len(text) + 1)))
    for again in range(ROUNDS):
        found = escapes.pieces(done.text)
        if again and not found:
            break
        done = _composed(done, _read(done.text, found))
        done = _composed(done, folded(done.text))
    return done


def _composed(first: Normal, second: Normal) -> Normal:
    """What two steps one after the other come to; what a step put in comes from where it stands."""
    end = first.ends[-1] if first.ends else 0
    starts = [*first.begins, end]
    begins = [starts[at] for at in second.begins]
    stops = zip(second.begins, second.ends, begins, strict=True)
    ends = [first.ends[stop - 1] if stop > at else begin for at, stop, begin in stops]
    return Normal(second.text, begins, ends)


def _read(text: str, found: list[escapes.Piece]) -> Normal:
    parts, begins, ends, at = list[str](), list[int](), list[int](), 0
    for start, stop, instead in [*found, (len(text), len(text), "")]:
        parts += [text[at:start], instead]
        begins += [*range(at, start), *[start] * len(instead)]
        ends += [*range(at + 1, start + 1), *[stop] * len(instead)]
        at = stop
    return Normal("".join(parts), begins, ends)


def folded(text: str, accents: bool = False) -> Normal:
    """The part of it that looks at code points alone: nothing that is encoded is read."""
    out = _Out([], [], [], accents)
    at, raised = 0, ""
    while at < len(text):
        if plain := _PLAIN.match(text, at):
            out.copy(plain.group(), at)
            at, raised = plain.end(), ""
            continue
        instead = replaced(text[at])
        if instead == "-" and (after := _same_word(out, text, at)):
            at = after
            continue
        if instead:
            how = raised_as(text[at])
            goes_on = how == raised and how != "<fraction>"
            if how and not goes_on and out.ends_in("N" if how == "<sub>" else "LMN"):
                out.put(" ", at, at)
            raised = how
        for char in instead:
            out.add(char, at, at + 1)
        at += 1
    return _unmasked(out)


@cache
def replaced(char: str) -> str:
    """What stands for a code point, its marks behind it."""
    kind = category(char)
    if char in _UNSEEN or kind == "Cf":
        return ""
    if char in _PUNCTUATION or kind == "Pd":
        return _PUNCTUATION.get(char, "-")
    if char == "\n" or "가" <= char <= "힣":
        return char
    if kind == "Cc" or kind[0] == "Z":
        return " "
    parts = normalize("NFKD", char)
    return char if parts == char else "".join(map(replaced, parts))


@cache
def raised_as(char: str) -> str:
    """`<super>`, `<fraction>`, `<sub>` of a digit, or nothing."""
    how = decomposition(char).partition(" ")[0]
    digit = how == "<sub>" and replaced(char).isdecimal()
    return how if digit or how in ("<super>", "<fraction>") else ""


@cache
def is_negated(char: str) -> bool:
    """Whether a sign has a negation that is a sign of its own, as `=` has `≠`."""
    return len(normalize("NFC", char + STROKE)) == 1


@cache
def is_latin(char: str) -> bool:
    """Whether a letter is one of the Latin alphabet."""
    return name(char, "").startswith("LATIN ")


def _same_word(out: _Out, text: str, at: int) -> int:
    """Where a word goes on that a hyphen at `at` divides at the end of a line; 0 where none does."""
    if not out.ends_in("LM"):
        return 0
    lines = 0
    for after in range(at + 1, len(text)):
        for char in replaced(text[after]):
            if char not in " \n" and category(char)[0] != "M":
                return after if lines == 1 and category(char) == "Ll" else 0
            lines += char == "\n"
    return 0


class _Out(NamedTuple):
    """A text as it is put together."""

    chars: list[str]
    begins: list[int]
    ends: list[int]
    accents: bool

    def copy(self, text: str, at: int) -> None:
        self.chars.extend(text)
        self.begins.extend(range(at, at + len(text)))
        self.ends.extend(range(at + 1, at + len(text) + 1))

    def put(self, char: str, begin: int, end: int) -> None:
        self.chars.append(char)
        self.begins.append(begin)
        self.ends.append(end)

    def ends_in(self, kinds: str) -> bool:
        return bool(self.chars) and category(self.chars[-1])[0] in kinds

    def add(self, char: str, begin: int, end: int) -> None:
        if category(char)[0] == "M":
            self._mark(char, begin, end)
        elif self.chars and (syllable := _syllable(self.chars[-1], char)):
            self.chars[-1], self.ends[-1] = syllable, end
        else:
            self.put(char, begin, end)

    def _mark(self, mark: str, begin: int, end: int) -> None:
        base = len(self.chars)
        while base and len(self.chars) - base <= MARKS and category(self.chars[base - 1])[0] == "M":
            base -= 1
        n = len(self.chars) - base
        if n < MARKS and base and (self.accents or _is_kept(mark, self.chars[base - 1])):
            at = len(self.chars)
            while at > base and combining(self.chars[at - 1]) > combining(mark) > 0:
                at -= 1
            self.chars.insert(at, mark)
            self.begins[base:] = [min([*self.begins[base:], begin])] * (n + 1)
            self.ends[base:] = [end] * (n + 1)
        elif self.chars:
            self.ends[-1] = end


def _is_kept(mark: str, base: str) -> bool:
    """Whether a mark is more than an accent or a line through its base."""
    letter = category(base)[0] == "L" and not is_latin(base)
    return letter or (mark == STROKE and is_negated(base))


def _syllable(before: str, char: str) -> str:
    """The syllable of Hangul that two code points make, if they do."""
    first, second = ord(before), ord(char)
    if 0x1100 <= first < 0x1113 and 0x1161 <= second < 0x1176:
        return chr(0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28)
    if 0xAC00 <= first < 0xD7A4 and (first - 0xAC00) % 28 == 0 and 0x11A8 <= second < 0x11C3:
        return chr(first + second - 0x11A7)
    return ""


def _unmasked(out: _Out) -> Normal:
    """The text with the look-alikes of its words."""
    if LOOKALIKES.keys().isdisjoint(out.chars):
        return Normal("".join(out.chars), out.begins, out.ends)
    done = _Out([], [], [], out.accents)
    divides = [i for i, char in enumerate(out.chars) if category(char)[0] not in "LMN"]
    for before, after in pairwise([-1, *divides, len(out.chars)]):
        word = out.chars[before + 1 : after]
        masked, begun = _is_masked(word), False
        for at, char in enumerate(word, before + 1):
            begun = begun or category(char)[0] != "M"  # before that they are those of a sign
            if masked and begun and category(char)[0] == "M" and not out.accents:
                done.ends[-1] = out.ends[at]
            else:
                letter = LOOKALIKES.get(char, char) if masked else char
                done.put(letter, out.begins[at], out.ends[at])
        if after < len(out.chars):
            done.put(out.chars[after], out.begins[after], out.ends[after])
    return Normal("".join(done.chars), done.begins, done.ends)


def _is_masked(word: list[str]) -> bool:
    """Whether a word becomes all Latin if its look-alikes do."""
    letters = [char for char in word if category(char)[0] == "L"]
    others = [char for char in letters if char in LOOKALIKES]
    if not others or not all(char in LOOKALIKES or is_latin(char) for char in letters):
        return False
    return len(others) < len(letters) or (len(letters) > 1 and all(map(steady, others)))
