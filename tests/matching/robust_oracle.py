"""The rule of the matcher `robust` in plain Python, from its words: seeds, stretches, chains,
weights, labels.

A record is the list of its scanned turns, an item the list of its fields; both are runs of words
here. Nothing is compiled, hashed or kept between records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import log2
from typing import NamedTuple

from curate.matching.robust import RobustSettings
from curate.text.tokenise import ALONE, LETTER, lower, sort_of, words
from tests.matching.named_oracle import Word, gaps, is_number, of_record, replaced
from tests.matching.weights_oracle import rarity_of, sign_share, surprise_of, usual_share


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

    def __init__(
        self,
        items: Sequence[Sequence[str]],
        settings: RobustSettings,
        group: Sequence[int] | None = None,
    ) -> None:
        self.settings, self.n, self.texts = settings, settings.seed, items
        self.items = [words_of(item) for item in items]
        self.group = list(group or [0] * len(items))
        plain = [tuple(word.text for word in item) for item in self.items]
        self.rarity: list[list[int]] = []
        self.surprise: list[list[int]] = []
        self.weight: list[list[int]] = []
        for number, own in enumerate(plain):
            others = self.others(plain, number)
            rarity = [rarity_of(word, others, usual_share(word)) for word in own]
            for kept, bits in (
                (self.rarity, rarity),
                (self.surprise, surprise_of(own, others)),
            ):
                kept.append([round(256 * b) for b in bits])
            self.weight.append(
                [
                    round(256 * (min(bits, -log2(usual_share(word))) + 0.5))
                    for bits, word in zip(rarity, own, strict=True)
                ]
            )
        self.signs = self.signs_of_items(plain)
        grams: dict[tuple[str, ...], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, item in enumerate(self.items):
            for at in range(len(item) - self.n + 1):
                grams[self.gram(item, at)][number].append(at)
        self.seeds = {
            gram: {
                number: places[:2]
                for number, places in own.items()
                if len(self.items[number]) >= settings.least
            }
            for gram, own in grams.items()
            if len(own) <= settings.shared
        }

    def others(self, plain: Sequence[tuple[str, ...]], number: int) -> list[tuple[str, ...]]:
        """The other texts of an item's benchmark, each once."""
        same = {
            text
            for text, group in zip(plain, self.group, strict=True)
            if group == self.group[number]
        }
        return sorted(same - {plain[number]})

    def signs_of_items(self, plain: Sequence[tuple[str, ...]]) -> list[list[tuple[str, int]]]:
        """The signs, with their weights, of the items that have no word of their own."""
        every = [tuple(sign for field in item for sign in signs(field)) for item in self.texts]
        found: list[list[tuple[str, int]]] = []
        for number, own in enumerate(plain):
            others = self.others(plain, number)
            few = max(3, len(others) / 100)
            if any(
                is_wordlike(word) and sum(word in other for other in others) <= few for word in own
            ):
                found.append([])
                continue
            rest = self.others(every, number)
            found.append(
                [
                    (sign, round(256 * max(1.0, rarity_of(sign, rest, sign_share(sign)))))
                    for sign in every[number]
                ]
            )
        return found

    def gram(self, text: Sequence[Word], at: int) -> tuple[str, ...]:
        return tuple(word.text for word in text[at : at + self.n])

    def held(self, number: int, places: Sequence[int]) -> int:
        """The weight of the item's words that the seeds at these places hold."""
        inside = {i for at in places for i in range(at, at + self.n)}
        return sum(self.weight[number][i] for i in inside)

    def need(self, number: int) -> int:
        places = [at for own in self.seeds.values() for at in own.get(number, [])]
        whole = self.held(number, places)
        return max(
            1, int(max(self.settings.need * whole, min(whole, 256 * self.settings.need_bits)))
        )

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

    def align(self, number: int, record: Sequence[Word], low: int, high: int) -> dict[int, int]:
        """Word of the item: word of the record, chain by chain, in the window that holds most."""
        item, partner, rule = self.items[number], dict[int, int](), self.settings
        for time in range(rule.moved + 1):
            weights = [
                0 if i in partner else weight for i, weight in enumerate(self.weight[number])
            ]
            best, chain = best_chain(
                [word.text for word in item],
                weights,
                [
                    (word, record[word].text)
                    for word in range(low, high)
                    if word not in partner.values()
                ],
                round(256 * rule.gap),
            )
            least = rule.moved_words if time else 1
            if best < 256 * rule.moved_bits or len(chain) < least:
                break
            partner |= dict(chain)
        span = 2 * len(item) + 4
        starts = sorted(partner.values())
        inside = {
            start: [i for i, word in partner.items() if start <= word < start + span]
            for start in starts
        }
        kept = max(
            inside.values(), key=lambda own: sum(self.weight[number][i] for i in own), default=[]
        )
        return {i: partner[i] for i in kept}

    def score(self, number: int, partner: dict[int, int]) -> float:
        shares = []
        for field in range(len(self.texts[number])):
            own = [i for i, word in enumerate(self.items[number]) if word.part == field]
            if own:
                shares.append(sum(i in partner for i in own) / len(own))
        return sum(shares) / len(shares)

    def gain(self, bits: Sequence[int], partner: dict[int, int]) -> int:
        """The bits of what is there, less those of what is not, less those of broken runs."""
        there = sum(bits[i] for i in partner)
        words = [partner[i] for i in sorted(partner)]
        broken = sum(right != left + 1 for left, right in pairwise(words))
        lost = int(self.settings.lost * (sum(bits) - there))
        return there - lost - round(256 * self.settings.run) * broken

    def of_signs(
        self, number: int, record: Sequence[str], text: Sequence[Word], low: int, high: int
    ) -> tuple[int, float]:
        """The gain of an item's words and symbols around the words `low:high`, and their share."""
        own = self.signs[number]
        around = list(enumerate(signs_around(record, text, low, high)))
        _, chain = best_chain(
            [sign for sign, _ in own],
            [bits for _, bits in own],
            around,
            round(256 * self.settings.sign_gap),
        )
        return self.gain([bits for _, bits in own], dict(chain)), len(chain) / len(own)

    def judged(
        self, number: int, partner: dict[int, int], text: Sequence[Word], bits: int | None
    ) -> str:
        """The label of a pair, or nothing where it is not worth keeping."""
        rule = self.settings
        gained = [self.gain(own[number], partner) for own in (self.rarity, self.surprise)]
        limits = [round(256 * rule.rarity), round(256 * rule.surprise)]
        if bits is not None:
            gained, limits = [bits], [round(256 * rule.signs)]
        if bits is None and self.begins(number, partner):
            return self.label(number, partner, text)
        if any(own < limit // 2 for own, limit in zip(gained, limits, strict=True)):
            return ""
        if any(own < limit for own, limit in zip(gained, limits, strict=True)):
            return "template"
        return self.label(number, partner, text)

    def begins(self, number: int, partner: dict[int, int]) -> bool:
        """Whether all that the record has of an item is its beginning, and that proves enough."""
        rule, n = self.settings, len(partner)
        if n < rule.cut_words or any(partner.get(i) != partner.get(0, 0) + i for i in range(n)):
            return False
        rarity, surprise = (sum(own[number][:n]) for own in (self.rarity, self.surprise))
        return rarity >= round(256 * rule.cut_rarity) and surprise >= round(256 * rule.cut_surprise)

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
        if agree and numbers and enough:
            return "variant"
        return "other question" if self.asks_otherwise(number, partner, record) else "leak"

    def asks_otherwise(self, number: int, partner: dict[int, int], record: Sequence[Word]) -> bool:
        """Whether the last sentence is not there, and the rest is, and the record goes on; or one
        of several fields is not.
        """
        rule, bits = self.settings, self.surprise[number]

        def there(places: Sequence[int]) -> tuple[int, int]:
            return sum(bits[i] for i in places if i in partner), sum(bits[i] for i in places)

        asked = self.last_sentence(number)
        (told, text), (found, whole) = there(range(asked)), there(range(asked, len(bits)))
        behind = max((word + 1 for i, word in partner.items() if i < asked), default=0)
        goes_on = len(record) - behind >= 3
        if goes_on and text and found < rule.asked * whole and told >= rule.told * text:
            return True
        fields = [
            there([i for i, word in enumerate(self.items[number]) if word.part == field])
            for field in range(len(self.texts[number]))
        ]
        return len(fields) > 1 and any(own < rule.each_field * all_ for own, all_ in fields)

    def last_sentence(self, number: int) -> int:
        """The first word of the last sentence of an item; a field ends one."""
        text = "\n".join(self.texts[number]).rstrip()
        ends = [
            at
            for at in range(1, len(text))
            if text[at - 1] in "。！？\n" or (text[at - 1].isspace() and ended(text[:at]))
        ]
        start = max(
            (at for at in ends if not text[at:].isspace() and not text[at].isspace()), default=0
        )
        offsets = [
            sum(len(field) + 1 for field in self.texts[number][:i])
            for i in range(len(self.texts[number]))
        ]
        return sum(offsets[word.part] + word.start < start for word in self.items[number])

    def match(self, record: Sequence[str]) -> dict[int, Found]:
        """Every item that the record scores `floor` or more on."""
        found: dict[int, Found] = {}
        shares: dict[int, float] = {}
        text = words_of(record)
        for number in range(len(self.items)):
            for chain in self.chains(number, text):
                if not chain or not (stretch := self.stretch(number, chain)):
                    continue
                span = 2 * len(self.items[number]) + 4
                begin, end = stretch[-1][1], stretch[0][1] + self.n
                low, high = max(0, min(begin, end - span)), min(len(text), max(end, begin + span))
                bits, share = None, 0.0
                if self.signs[number]:
                    bits, share = self.of_signs(number, record, text, low, high)
                partner = self.align(number, text, low, high)
                score = self.score(number, partner)
                label = self.judged(number, partner, text, bits)
                if (
                    label
                    and score >= self.settings.floor
                    and (number not in found or score > found[number].score + 1e-12)
                ):
                    shares[number] = share
                    found[number] = Found(
                        score,
                        label,
                        runs(text, sorted(partner.values())),
                        self.item_spans(number, sorted(partner)),
                    )
        for number, share in shares.items():
            if share and any(
                other > share and self.group[i] == self.group[number] for i, other in shares.items()
            ):
                found[number] = found[number]._replace(label="template")
        return found

    def item_spans(self, number: int, places: list[int]) -> list[tuple[int, int]]:
        fields = self.texts[number]
        at = [sum(len(field) + 1 for field in fields[:i]) for i in range(len(fields))]
        return [
            (at[part] + start, at[part] + stop)
            for part, start, stop in runs(self.items[number], places)
        ]


def best_chain(
    item: Sequence[str], weights: Sequence[int], record: Sequence[tuple[int, str]], gap: int
) -> tuple[int, list[Event]]:
    """The heaviest chain of equal words in the order of both texts, and its weight; a word of the
    item without weight is taken already. Of equal ones the one that ends first in the item.
    """
    cells: list[tuple[int, list[Event]]] = []
    for word, text in record:
        new = []
        for i in reversed(range(len(item))):
            if item[i] != text or not weights[i]:
                continue
            best, before = 0, list[Event]()
            for value, chain in cells:
                last_i, last_word = chain[-1]
                passed = value - gap * (word - last_word - 1)
                if last_i < i and passed > best:
                    best, before = passed, chain
            new.append((best + weights[i], [*before, (i, word)]))
        cells += new
    return max(reversed(cells), key=lambda cell: cell[0], default=(0, []))


def signs(text: str) -> list[str]:
    """The words of a text, and every other code point that is no blank."""
    found = {word.start: word.text for word in words(text)}
    inside = {i for word in words(text) for i in range(word.start, word.stop)}
    return [
        found.get(i, char)
        for i, char in enumerate(text)
        if i in found or (i not in inside and not is_blank(char))
    ]


def is_blank(char: str) -> bool:
    """White space and control characters."""
    return char.isspace() or ord(char) <= 0x20 or 0x7F <= ord(char) <= 0xA0 or char in ZERO


ZERO = "\u200b\u200c\u200d\u200e\u200f"


def signs_around(record: Sequence[str], text: Sequence[Word], low: int, high: int) -> list[str]:
    """The signs of a record from behind the word before `low` up to the word at `high`."""
    found = []
    for turn, said in enumerate(record):
        inside = [word for word in text[low:high] if word.part == turn]
        if not inside and text:
            continue
        start = text[low - 1].stop if low and text[low - 1].part == turn else 0
        end = text[high].start if high < len(text) and text[high].part == turn else len(said)
        found += signs(said[start:end])
    return found


def is_wordlike(word: str) -> bool:
    """Begins with a letter and is longer, or is one where a letter is a word."""
    return sort_of(word[0]) == ALONE or (sort_of(word[0]) == LETTER and len(word) > 1)


def ended(text: str) -> bool:
    """Whether a text ends with the end of a sentence and blanks."""
    return text.rstrip()[-1:] in (*".!?",) and text != text.rstrip()


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
