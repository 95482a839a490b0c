"""The matcher `robust`: benchmark items that were edited, re-ordered, split or put into a template.

A record is the words of all its scanned turns, an item the words of its fields (`tokenise.words`).
A seed is a run of `seed` words of an item that stands in at most `shared` items. Where a record
holds seeds of one item that weigh enough and lie close together, the two are aligned word by word
(`kernels.align`). The score is the share of the item's words that were found. Whether that is the
item itself, and not its template or usual language, is said by their weights (`matching.weights`):
the label is `template` where they do not suffice.

Bound: a stretch of a record that is held against an item is never longer than four times the item,
so a long record does not collect a hit from all its parts, and the work grows with the length of
the text alone. An item that no copy could hit, because it is too short or has no words of its own,
is not `matchable`, and `undecided` says why; it is never passed over in silence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from curate.kernels import ahead
from curate.kernels.align import CELLS, MORE, WINDOW
from curate.kernels.items import UNIT, Items, Rule, Signs
from curate.kernels.numbers import AND, number_words
from curate.kernels.seek import scan
from curate.kernels.signs import signs_of_all
from curate.kernels.texts import Stretches, Tokens
from curate.kernels.weigh import weigh
from curate.kernels.windows import fill_slots
from curate.kernels.words import NUMBER, word_kinds, words_of_all
from curate.matching import weights as worth
from curate.matching.background import background
from curate.matching.index import (
    distinct,
    field_offsets,
    make_bloom,
    power_of_two,
    token_points,
    window_hashes,
)
from curate.matching.ngram import Matches
from curate.matching.settings import Bits, Count, Factor, MatcherSettings, Share, Window
from curate.text.buffer import lay_out
from curate.text.tokenise import ALONE, LETTER, sort_of

_SEED_BITS = 8
_REPEATS = 2
"""Places of one seed within one item that are kept."""
_MATCH = 0.5
"""Bits that every word brings to an alignment, beside its own."""
_MOST_NEED = 1 << 30
"""The kernels add the weights of seeds in 32 bits."""
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])|\n+")
UNDECIDED = (
    None,
    "too few words",
    "no run of words of its own",
    "its words are those of the other items",
    "its words are those of any text",
    "too long for words that are all said so often",
)
"""Why an item cannot be told from others."""
MERELY_UNSEEN = (1, 2, 5)
"""Places in UNDECIDED of items that are not proposed, and could be told if they were."""


class RobustSettings(MatcherSettings):
    """Every number of the rule."""

    threshold: Share = 0.5
    """A record hits an item if the share of its words that were found is higher."""
    seed: Window = 3
    """Words of a seed."""
    shared: Count = 32
    """A seed stands in no more items than this; what more of them share is a phrase or a template.
    """
    need: Share = 0.25
    """Seeds that hold this share, by weight, of the words that any seed of the item holds lead to
    an alignment ...
    """
    need_bits: Bits = 18
    """... if they hold so many bits."""
    reach: Factor = 2.0
    """How many times the item's length a stretch of a record may span."""
    least: Count = 4
    """An item of fewer words is not matchable."""
    gap: Bits = 0.3
    """What an alignment loses by a word of the record that is not the item's."""
    moved: int = Field(default=3, ge=0, le=100)
    """How often what is left of both texts is aligned again."""
    moved_bits: Bits = 8
    """Bits that such an alignment needs ..."""
    moved_words: Count = 3
    """... and words."""
    rarity: Bits = 18
    """Bits against the other items of the benchmark that a hit needs, to be no `template` ..."""
    surprise: Bits = 20
    """... and against usual language."""
    lost: float = Field(default=1.0, ge=0, le=100)
    """How many times the bits of the words that are not there are taken off ..."""
    run: Bits = 2
    """... and the bits for each time that the record goes on elsewhere."""
    cut_words: Count = 8
    """Or the record has the words with which the item begins, so many or more without a gap, and no
    other word of it, and they have ...
    """
    cut_rarity: Bits = 25
    """... so many bits against the other items ..."""
    cut_surprise: Bits = 35
    """... and against usual language: then what comes after may be cut off."""
    signs: Bits = 30
    """Bits of words and symbols that an item without words of its own needs."""
    sign_gap: Bits = 0.6
    """What their alignment loses by one of the record's."""
    plain_agrees: Share = 0.8
    """A hit is a variant if this share of the words that are neither numbers nor capitalised agrees
    ...
    """
    numbers_differ: Share = 0.5
    """... and other numbers have taken the place of this share of the numbers."""
    asked: Share = 0.5
    """A hit is another question if less than this share of the bits of the item's last sentence was
    found ...
    """
    told: Share = 0.7
    """... and this share of those before it; or ..."""
    each_field: Share = 0.5
    """... if less than this share of the bits of one of several fields was."""
    floor: Share = 0.4
    """Pairs that score less are not kept."""

    def rule(self) -> Rule:
        """What the kernels need of it."""
        return Rule(
            floor=self.floor,
            rarity=_units(self.rarity),
            surprise=_units(self.surprise),
            signs=_units(self.signs),
            lost=float(self.lost),
            run=_units(self.run),
            cut_words=self.cut_words,
            cut_rarity=_units(self.cut_rarity),
            cut_surprise=_units(self.cut_surprise),
            gap=_units(self.gap),
            sign_gap=_units(self.sign_gap),
            moved=self.moved,
            moved_bits=_units(self.moved_bits),
            moved_words=self.moved_words,
            plain_agrees=float(self.plain_agrees),
            numbers_differ=float(self.numbers_differ),
            asked=float(self.asked),
            told=float(self.told),
            each_field=float(self.each_field),
        )


def _units(bits: float) -> int:
    return round(UNIT * bits)


@dataclass(frozen=True)
class RobustIndex:
    """A built index: `items` and `signs` for the kernels, the rest per item for people."""

    items: Items
    signs: Signs
    settings: RobustSettings
    n_words: np.ndarray  # int32 [items]
    undecided: np.ndarray  # int8 [items]: place in UNDECIDED

    @property
    def matchable(self) -> np.ndarray:
        """Of every item, whether a verbatim copy is a hit that is no template."""
        found: np.ndarray = self.undecided == 0
        return found

    @property
    def n_items(self) -> int:
        """How many items the index holds."""
        return len(self.n_words)


def _holders(
    values: np.ndarray, owners: np.ndarray, n_owners: int
) -> tuple[np.ndarray, np.ndarray]:
    """The number of each value among the distinct ones, and how many owners each distinct one has."""
    found, numbers = np.unique(values, return_inverse=True)
    pairs = distinct(numbers.astype(np.int64) * n_owners + owners)
    return numbers, np.bincount(pairs // n_owners, minlength=len(found))


def _seeds(
    hashes: np.ndarray, word_item: np.ndarray, n_words: np.ndarray, settings: RobustSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The hashes of the seeds, and their postings: positions sorted by seed, and where those of
    each begin.
    """
    windows, positions = window_hashes(hashes, word_item, settings.seed)
    numbers, holders = _holders(windows, word_item[positions], max(1, len(n_words)))
    rare = (holders[numbers] <= settings.shared) & (n_words[word_item[positions]] >= settings.least)
    windows, positions = windows[rare], positions[rare]
    order = np.lexsort((positions, windows))
    windows, positions = windows[order], positions[order]
    far = np.ones(len(windows), np.bool_)  # the first places of a seed within an item
    far[_REPEATS:] = (windows[_REPEATS:] != windows[:-_REPEATS]) | (
        word_item[positions[_REPEATS:]] != word_item[positions[:-_REPEATS]]
    )
    seeds, first = np.unique(windows[far], return_index=True)
    return (
        seeds,
        np.append(first, np.count_nonzero(far)).astype(np.int64),
        positions[far].astype(np.int32),
    )


@dataclass(frozen=True)
class _Worth:
    """The weights of all words in bits, and the signs of the items that have no words of their
    own."""

    rarity: np.ndarray
    surprise: np.ndarray
    weights: np.ndarray
    signs: Signs


def _weigh_all(
    items: Sequence[Sequence[str]], group: np.ndarray, data: np.ndarray, words: Tokens,
    first: np.ndarray, signs: Tokens, sign_first: np.ndarray,
) -> _Worth:  # fmt: skip
    usual = background()
    texts = worth.texts_of(words.hashes, first, group, usual.hashes)
    same = worth.alone(texts)
    held, others = worth.holders(texts.ids, texts, same)
    share = usual.share(words.hashes)
    rarity = worth.rarity(held, others[texts.owner], share)
    surprise = worth.surprise(texts, same, usual)
    bare = ~worth.has_own(held, others, _wordlike(data, words), texts)
    sign_texts = worth.texts_of(signs.hashes, sign_first, group, usual.hashes)
    same = worth.alone(sign_texts)
    held, others = worth.holders(sign_texts.ids, sign_texts, same)
    sign_share = np.where(sign_texts.ids < usual.n_words, usual.share(signs.hashes), 0.5)
    bits = np.maximum(1.0, worth.rarity(held, others[sign_texts.owner], sign_share))
    kept = bare[sign_texts.owner]
    n_signs = np.where(bare, np.diff(sign_first), 0)
    return _Worth(
        _in_units(rarity),
        _in_units(surprise),
        _in_units(np.minimum(rarity, -np.log2(share)) + _MATCH),
        Signs(
            signs.begins[kept],
            signs.ends[kept],
            signs.hashes[kept],
            _in_units(bits[kept]),
            np.concatenate([[0], np.cumsum(n_signs)]).astype(np.int64),
            group,
        ),
    )


def _sums(bits: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Of the words of every item together."""
    found: np.ndarray = np.diff(np.append(0, np.cumsum(bits))[first])
    return found


def _in_units(bits: np.ndarray) -> np.ndarray:
    return np.round(UNIT * bits).astype(np.int64)


def _wordlike(data: np.ndarray, words: Tokens) -> np.ndarray:
    """Which words begin with a letter and are longer, or are one where a letter is a word."""
    _, firsts, which = np.unique(words.hashes, return_index=True, return_inverse=True)
    like = np.empty(len(firsts), np.bool_)
    for i, at in enumerate(firsts.tolist()):
        text = data[words.begins[at] : words.ends[at]].tobytes().decode()
        sort = sort_of(text[0])
        like[i] = sort == ALONE or (sort == LETTER and len(text) > 1)
    return like[which]


def _asked(items: Sequence[Sequence[str]], points: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The first word of the last sentence of every item."""
    found = np.empty(len(items), np.int64)
    for i, item in enumerate(items):
        text = "\n".join(item).rstrip()
        ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() < len(text)]
        own = points[first[i] : first[i + 1], 0]
        found[i] = first[i] + np.searchsorted(own, ends[-1]) if ends else first[i]
    return found


def _undecided(
    n_words: np.ndarray, reachable: np.ndarray, word_item: np.ndarray, hashes: np.ndarray,
    own: _Worth, settings: RobustSettings,
) -> np.ndarray:  # fmt: skip
    """Why a verbatim copy of an item would be no hit, or would be called a template."""
    n = len(n_words)
    bare = np.diff(own.signs.first) > 0
    sign_item = np.repeat(np.arange(n), np.diff(own.signs.first))
    sums = [np.bincount(word_item, bits, n) / UNIT for bits in (own.rarity, own.surprise)]
    signs = np.bincount(sign_item, own.signs.weights, n) / UNIT
    few = [
        n_words < settings.least,
        reachable <= 0,
        np.where(bare, signs < settings.signs, sums[0] < settings.rarity),
        ~bare & (sums[1] < settings.surprise),
        _crowded(hashes, n_words),
    ]
    return np.select(few, [1, 2, 3, 4, 5], 0).astype(np.int8)


def _crowded(hashes: np.ndarray, n_words: np.ndarray) -> np.ndarray:
    """Which items say each of their words too often for the alignment to begin anywhere."""
    found, ends = np.zeros(len(n_words), np.bool_), np.cumsum(n_words, dtype=np.int64)
    stretch = 2 * (WINDOW * n_words.astype(np.int64) + MORE)
    for i in np.flatnonzero(n_words * stretch > CELLS).tolist():
        times = np.unique(hashes[ends[i] - n_words[i] : ends[i]], return_counts=True)[1]
        found[i] = times.min() > CELLS // stretch[i]
    return found


def build_robust(
    items: Sequence[Sequence[str]],
    settings: RobustSettings | None = None,
    group: np.ndarray | None = None,
) -> RobustIndex:
    """Index items, each given as the texts of its fields; an item's text is its fields joined by
    one newline. `group` is the number of each item's benchmark; without it all are of one.
    """
    settings = settings or RobustSettings()
    group = np.zeros(len(items), np.int64) if group is None else group.astype(np.int64)
    data, starts, stops = lay_out(field for item in items for field in item)
    words = words_of_all(data, starts, stops)
    signs = signs_of_all(data, starts, stops)
    item_fields = np.concatenate(
        [[0], np.cumsum([len(item) for item in items], dtype=np.int64)]
    ).astype(np.int64)
    first = words.first[item_fields]
    n_words = np.diff(first).astype(np.int32)
    word_item = np.repeat(np.arange(len(items), dtype=np.int32), n_words)
    own = _weigh_all(items, group, data, words, first, signs, signs.first[item_fields])
    seeds, postings_first, postings = _seeds(words.hashes, word_item, n_words, settings)
    around = np.concatenate([[0], np.cumsum(own.weights)])
    held = np.zeros(len(own.weights), np.bool_)
    for j in range(settings.seed):
        held[postings + j] = True
    reachable = np.bincount(word_item, own.weights * held, len(items))
    leaders = postings[postings_first[:-1]]
    slots = np.zeros((power_of_two(2 * len(seeds)), 2), np.uint64)
    fill_slots(slots, seeds, leaders)
    number_hashes, number_values = number_words()
    kinds = word_kinds(data, words.begins)
    kinds[np.isin(words.hashes, number_hashes[~np.isin(number_values, (AND, 1))])] = NUMBER
    points = token_points(data, starts, words, field_offsets(items))
    needs = np.maximum(settings.need * reachable, np.minimum(reachable, UNIT * settings.need_bits))
    table = Items(
        n=settings.seed,
        data=data,
        begins=words.begins,
        ends=words.ends,
        hashes=words.hashes,
        points=points,
        weights=own.weights,
        rarity=own.rarity,
        surprise=own.surprise,
        kinds=kinds,
        number_hashes=number_hashes,
        number_values=number_values,
        first=first,
        field_first=words.first,
        item_fields=item_fields,
        asked=_asked(items, points, first),
        rarity_sum=_sums(own.rarity, first),
        surprise_sum=_sums(own.surprise, first),
        needs=np.clip(needs, 1, _MOST_NEED).astype(np.int64),
        reaches=np.maximum(settings.seed, settings.reach * n_words).astype(np.int64),
        bloom=make_bloom(seeds, _SEED_BITS),
        slots=slots,
        seeds=np.stack(
            [
                postings_first[:-1],
                postings_first[1:],
                around[leaders + settings.seed] - around[leaders],
            ],
            axis=1,
        ).astype(np.int32),
        postings=np.stack([postings, word_item[postings]], axis=1),
    )
    undecided = _undecided(n_words, reachable, word_item, words.hashes, own, settings)
    return RobustIndex(table, own.signs, settings, n_words, undecided)


def match_robust(turns: Stretches, index: RobustIndex) -> list[Matches]:
    """Match a run of records against an index; the pairs from the floor on, by record, then by
    item.
    """
    ahead.wait()
    out, scores, doc_spans, item_spans = scan(
        turns, index.items, index.signs, index.settings.rule()
    )
    docs, items = out[:, 0].astype(np.int32), out[:, 1].astype(np.int32)
    doc_first, item_first = (np.concatenate([[0], out[:, column]]) for column in (3, 4))
    return [
        Matches(
            docs,
            items,
            scores,
            doc_first,
            doc_spans,
            item_first,
            item_spans,
            out[:, 2].astype(np.int8),
        )
    ]


def labels_of(turns: Stretches, pairs: Matches, index: RobustIndex) -> np.ndarray:
    """What pairs that another matcher found are by the rule of `robust`: places in LABELS, 0 where
    the item is too long to be judged.
    """
    if not len(pairs.docs):
        return pairs.labels
    found: np.ndarray = weigh(
        turns, pairs.docs, pairs.items, pairs.doc_first, pairs.doc_spans, index.items, index.signs,
        index.settings.rule(),
    )  # fmt: skip
    return found
