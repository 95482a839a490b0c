"""The rule of the matcher `robust` in plain Python, from its words: seeds, stretches, diagonals,
weights, labels.

A record is the list of its scanned turns, an item the list of its fields; both are runs of words
here. Nothing is compiled, hashed or kept between records."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import log1p
from typing import NamedTuple

from curate.matching.robust import RobustSettings
from curate.text.numbers import SMALL, TENS
from curate.text.tokenise import DIGIT, lower, sort_of, words


class Word(NamedTuple):
    """A word, the turn or field it stands in, and its code points there."""

    text: str
    part: int
    start: int
    stop: int
    first: str


class Found(NamedTuple):
    """What the rule says of one record and one item."""

    score: float
    label: str
    record_spans: list[tuple[int, int, int]]
    item_spans: list[tuple[int, int]]


Event = tuple[int, int]  # word of the item, word of the record


def words_of(texts: Sequence[str]) -> list[Word]:
    """The words of all turns or fields, one after the other."""
    return [
        Word(w.text, part, w.start, w.stop, text[w.start])
        for part, text in enumerate(texts)
        for w in words(text)
    ]


class Rule:
    """The seeds and weights of a list of items."""

    def __init__(self, items: Sequence[Sequence[str]], settings: RobustSettings) -> None:
        self.settings, self.n, self.texts = settings, settings.seed, items
        self.items = [words_of(item) for item in items]
        holders: dict[str, set[int]] = defaultdict(set)
        grams: dict[tuple[str, ...], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, item in enumerate(self.items):
            for at, word in enumerate(item):
                holders[word.text].add(number)
                if at + self.n <= len(item):
                    grams[self.gram(item, at)][number].append(at)
        self.weight = {
            text: round(256 * log1p(len(items) / len(own))) for text, own in holders.items()
        }
        self.seeds = {
            gram: {
                number: places[:2]
                for number, places in own.items()
                if len(self.items[number]) >= settings.least
            }
            for gram, own in grams.items()
            if len(own) <= settings.shared
        }

    def gram(self, text: Sequence[Word], at: int) -> tuple[str, ...]:
        return tuple(word.text for word in text[at : at + self.n])

    def held(self, number: int, places: Sequence[int]) -> int:
        """The weight of the item's words that the seeds at these places hold."""
        inside = {i for at in places for i in range(at, at + self.n)}
        return sum(self.weight[self.items[number][i].text] for i in inside)

    def need(self, number: int) -> int:
        places = [at for own in self.seeds.values() for at in own.get(number, [])]
        return max(1, int(self.settings.need * self.held(number, places)))

    def chains(self, number: int, record: Sequence[Word]) -> list[list[Event]]:
        """The seeds of an item in a record, cut where the next one is further away than the item's
        reach.
        """
        events = [
            (at, word)
            for word in range(len(record) - self.n + 1)
            for at in self.seeds.get(self.gram(record, word), {}).get(number, [])
        ]
        reach = self.reach(number)
        cuts = [
            i + 1 for i, (left, right) in enumerate(pairwise(events)) if right[1] - left[1] > reach
        ]
        return [events[a:b] for a, b in pairwise([0, *cuts, len(events)])]

    def reach(self, number: int) -> int:
        return max(self.n, int(self.settings.reach * len(self.items[number])))

    def stretch(self, number: int, chain: Sequence[Event]) -> list[Event]:
        """The part of a chain within reach that holds most of the item, or nothing if that is too
        little.
        """
        best: tuple[int, list[Event]] = (-1, [])
        later_first = chain[::-1]
        for high, (_, word) in enumerate(later_first):
            part = [
                event for event in later_first[: high + 1] if event[1] - word <= self.reach(number)
            ]
            weight = self.held(number, [at for at, _ in part])
            if weight >= best[0]:
                best = weight, part
        return best[1] if best[0] >= self.need(number) else []

    def align(
        self, number: int, record: Sequence[Word], stretch: Sequence[Event]
    ) -> dict[int, int]:
        """Word of the item: word of the record, along the heaviest diagonals first."""
        item, partner = self.items[number], dict[int, int]()
        diagonals: dict[int, list[int]] = defaultdict(list)
        for at, word in stretch:
            diagonals[word - at].append(at)
        order = sorted(diagonals, key=lambda d: (self.held(number, diagonals[d]), d), reverse=True)
        for diagonal in order[: self.settings.chains]:
            seeds = diagonals[diagonal]

            def take(at: int, diagonal: int = diagonal) -> bool:
                word = at + diagonal
                free = at not in partner and word not in partner.values()
                if free and item[at].text == record[word].text:
                    partner[at] = word
                    return True
                return False

            at, missed = min(seeds) - 1, 0
            while min(at, at + diagonal) >= 0 and missed < self.settings.misses:
                missed = 0 if take(at) else missed + 1
                at -= 1
            at, missed = min(seeds), 0
            while at < len(item) and at + diagonal < len(record):
                if at > max(seeds) and missed >= self.settings.misses:
                    break
                missed = 0 if take(at) else missed + 1
                at += 1
        return partner

    def score(self, number: int, partner: dict[int, int]) -> float:
        item = self.items[number]
        shares = []
        for field in range(len(self.texts[number])):
            own = [i for i, word in enumerate(item) if word.part == field]
            whole = sum(self.weight[item[i].text] for i in own)
            if own:
                shares.append(sum(self.weight[item[i].text] for i in own if i in partner) / whole)
        return float((sum(shares) / len(shares)) ** max(1.0, self.settings.short / len(item)))

    def label(self, number: int, partner: dict[int, int], record: Sequence[Word]) -> str:
        item = self.items[number]
        numbers = [i for i, word in enumerate(item) if is_number(word)]
        plain = [
            i for i, word in enumerate(item) if i not in numbers and lower(word.first) == word.first
        ]
        agree = sum(i in partner for i in plain) >= self.settings.plain_agrees * len(plain)
        differ = sum(
            replaced(item[low:high], of_record(low, high, len(item), partner, record))
            for low, high in gaps(len(item), partner)
        )
        enough = differ >= self.settings.numbers_differ * len(numbers)
        return "variant" if agree and numbers and enough else "leak"

    def match(self, record: Sequence[str]) -> dict[int, Found]:
        """Every item that the record scores `floor` or more on."""
        found: dict[int, Found] = {}
        text = words_of(record)
        for number in range(len(self.items)):
            for chain in self.chains(number, text):
                if not chain or not (stretch := self.stretch(number, chain)):
                    continue
                partner = self.align(number, text, stretch)
                score = self.score(number, partner)
                if score >= self.settings.floor and (
                    number not in found or score > found[number].score + 1e-12
                ):
                    found[number] = Found(
                        score,
                        self.label(number, partner, text),
                        runs(text, sorted(partner.values())),
                        self.item_spans(number, sorted(partner)),
                    )
        return found

    def item_spans(self, number: int, places: list[int]) -> list[tuple[int, int]]:
        fields = self.texts[number]
        at = [sum(len(field) + 1 for field in fields[:i]) for i in range(len(fields))]
        return [
            (at[part] + start, at[part] + stop)
            for part, start, stop in runs(self.items[number], places)
        ]


NAMED = (
    {word: value for value, word in enumerate(SMALL)}
    | {word: 20 + 10 * i for i, word in enumerate(TENS)}
    | {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
)


def is_number(word: Word) -> bool:
    """A numeral, or a word that names a number; `one` is none."""
    return sort_of(word.first) == DIGIT or (word.text in NAMED and word.text != "one")


def gaps(n: int, partner: dict[int, int]) -> list[tuple[int, int]]:
    """The runs of an item's words that have no partner."""
    ends = [-1, *sorted(partner), n]
    return [(low + 1, high) for low, high in pairwise(ends) if high > low + 1]


def of_record(
    low: int, high: int, n: int, partner: dict[int, int], record: Sequence[Word]
) -> Sequence[Word]:
    """The words of the record between the partners of a gap's neighbours; as many as the gap has
    where there is one neighbour; nothing where they are too many.
    """
    size = high - low
    if low > 0:
        start = partner[low - 1] + 1
        stop = partner[high] if high < n else min(start + size, len(record))
    else:
        stop = partner[high]
        start = max(stop - size, 0)
    return record[start:stop] if stop - start <= 2 * size + 6 else []


def replaced(gap: Sequence[Word], others: Sequence[Word]) -> int:
    """How many words of a gap are numbers that are others in the record."""
    (n, values, digits), (m, their_values, their_digits) = named(gap), named(others)
    return n if n and m and values != their_values and digits != their_digits else 0


def named(text: Sequence[Word]) -> tuple[int, list[int | str], str]:
    """How many words belong to numbers, the numbers, and their digits one after the other."""
    n, values, digits, at = 0, list[int | str](), "", 0
    while at < len(text):
        word = text[at]
        if sort_of(word.first) == DIGIT:
            found = re.match("[0-9]*", word.text)
            assert found
            n, values, digits = n + 1, [*values, int(found[0] or -1)], digits + found[0]
            at += 1
            if not found[0] or len(found[0]) > 18:
                values[-1] = word.text
            continue
        taken = spelt(text[at:])
        if taken:
            value, size, count = taken
            n, values, digits = n + count, [*values, value], digits + str(value)
            at += size
        else:
            at += 1
    return (
        (0 if n == 1 and [w.text for w in text if w.text in NAMED] == ["one"] else n),
        values,
        digits,
    )


def spelt(text: Sequence[Word]) -> tuple[int, int, int] | None:
    """The number in letters at the beginning of a text: its value, how many words it takes, and how
    many of them are no `and`.
    """
    total = part = count = size = 0
    last = ""
    for at, word in enumerate(text):
        if word.text == "and" and last:
            continue
        value = NAMED.get(word.text)
        if value is None:
            break
        sort = (
            "scale"
            if value >= 1000
            else "hundred"
            if value == 100
            else "tens"
            if value >= 20
            else "small"
        )
        fits = value >= 100 or last in ("hundred", "scale") or (last == "tens" and 0 < value < 10)
        if last and not fits:
            break
        if value >= 1000:
            total, part = total + max(part, 1) * value, 0
        elif value == 100:
            part = max(part, 1) * value
        else:
            part += value
        last, count, size = sort, count + 1, at + 1
    return (total + part, size, count) if last else None


def runs(text: Sequence[Word], places: Sequence[int]) -> list[tuple[int, int, int]]:
    """Runs of neighbouring words of one turn or field as (turn or field, start, stop)."""
    spans: list[tuple[int, int, int]] = []
    for i, place in enumerate(places):
        word = text[place]
        if i and places[i - 1] == place - 1 and text[place - 1].part == word.part:
            spans[-1] = (word.part, spans[-1][1], word.stop)
        else:
            spans.append((word.part, word.start, word.stop))
    return spans
