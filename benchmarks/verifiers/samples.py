"""For every type of constraint: how to draw arguments with an answer made to satisfy it and one made to violate it.

Tests draw from these, and so does the benchmark. Answers are built from words of several scripts, in which none of the
letters z and q occurs: keywords are made of those and so occur where they are put and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Sample(NamedTuple):
    """Arguments, an answer that keeps to the constraint, and one that does not."""

    kwargs: dict[str, Any]
    good: str
    bad: str


Maker = Callable[[Draw], Sample]
MAKERS: dict[str, Maker] = {}

WORD = st.text(alphabet="abcdefghijklmnoprstuvwxyéüñждλ漢字", min_size=1, max_size=9).filter(
    lambda word: word not in ("vs", "cf")
)
WORDS = st.lists(WORD, min_size=3, max_size=25)
KEYWORD = st.text(alphabet="zq", min_size=3, max_size=6)
SMALL = st.integers(1, 6)


def of(*ids: str) -> Callable[[Maker], Maker]:
    """Enter a function as the maker of samples for types."""

    def enter(maker: Maker) -> Maker:
        MAKERS.update(dict.fromkeys(ids, maker))
        return maker

    return enter


def body(draw: Draw) -> str:
    """Words between blanks."""
    return " ".join(draw(WORDS))


def with_times(draw: Draw, keyword: str, times: int) -> str:
    """A text in which a keyword stands so many times, in any case, between other words."""
    words = draw(WORDS)
    for _ in range(times):
        shown = draw(st.sampled_from([keyword, keyword.upper(), f"({keyword})", f"{keyword},"]))
        words.insert(draw(st.integers(0, len(words))), shown)
    return " ".join(words)


def related(draw: Draw, n: int) -> tuple[str, int, int]:
    """A relation, a count in that relation to n, and a count that is not."""
    relation = draw(st.sampled_from(["at least", "less than", "at most", "more than", "exactly", "around"]))
    counts = {
        "at least": (n, n - 1), "less than": (n - 1, n), "at most": (n, n + 1), "more than": (n + 1, n),
        "exactly": (n, n + 1), "around": (n + 1, n + 2),
    }  # fmt: skip
    return relation, *counts[relation]


@of("keywords:existence")
def _(draw: Draw) -> Sample:
    one, other = "zqz", draw(KEYWORD.filter(lambda word: word not in "zqz" and "zqz" not in word))
    good = with_times(draw, one, 1) + " " + with_times(draw, "a" + other, 1)
    return Sample({"keywords": [one, other]}, good, with_times(draw, one, 2))


@of("keywords:frequency")
def _(draw: Draw) -> Sample:
    n, keyword = draw(SMALL), draw(KEYWORD)
    relation, good, bad = related(draw, n)
    kwargs = {"keyword": keyword, "frequency": n, "relation": relation}
    return Sample(kwargs, with_times(draw, keyword, good), with_times(draw, keyword, bad))


@of("keywords:forbidden_words")
def _(draw: Draw) -> Sample:
    good = body(draw) + " zzzqqqx"  # inside another word it is no word
    return Sample({"forbidden_words": ["zzzqqq", "qzq"]}, good, with_times(draw, "qzq", 1))


@of("keywords:letter_frequency", "letters:letter_counting2")
def _(draw: Draw) -> Sample:
    n, letter = draw(SMALL), draw(st.sampled_from("zqZQ#!"))
    relation, good, bad = related(draw, n)
    kwargs = {"letter": letter, "let_frequency": n, "let_relation": relation}
    return Sample(kwargs, body(draw) + " " + letter.upper() * good, body(draw) + " " + letter.lower() * bad)


@of("keywords:word_once")
def _(draw: Draw) -> Sample:
    keyword = draw(KEYWORD)
    bad = with_times(draw, keyword, draw(st.sampled_from([0, 2])))
    return Sample({"keyword": keyword}, with_times(draw, keyword, 1) + f" a{keyword}", bad)


@of("keywords:word_count_different_numbers")
def _(draw: Draw) -> Sample:
    n, keyword, relation = draw(SMALL), draw(KEYWORD), draw(st.sampled_from([None, "at least", "less than"]))
    kwargs = {"keyword": keyword, "frequency": n, "relation": relation}
    return Sample(kwargs, with_times(draw, keyword, n), with_times(draw, keyword, n + draw(st.sampled_from([-1, 1]))))


@of("keywords:exclude_word_harder")
def _(draw: Draw) -> Sample:
    return Sample({"keyword": "zqz", "instruction": "Say zqz."}, body(draw) + " zqza", body(draw) + " Zqz.")


@of("count:count_increment_word")
def _(draw: Draw) -> Sample:
    good = with_times(draw, "zqz", 1) + " " + with_times(draw, "qqz", 2)
    bad = with_times(draw, "zqz", draw(SMALL)) + " " + with_times(draw, "qqz", draw(st.sampled_from([0, 1, 3])))
    return Sample({"keyword1": "zqz", "keyword2": "qqz"}, good, bad)


@of("keywords:no_adjacent_consecutive")
def _(draw: Draw) -> Sample:
    ends = draw(WORDS)
    good = " ".join("aceg"[place % 4] + word for place, word in enumerate(ends))
    return Sample({}, good + ' 1 2 "Z', f"{good} mu Nu")


@of("keywords:palindrome")
def _(draw: Draw) -> Sample:
    half = draw(st.text(alphabet="aeéж", min_size=1, max_size=4))
    plain = " ".join(f"qz{word}" for word in draw(WORDS))
    return Sample({}, f"{plain} {half}X{half[::-1]}, {plain}", f"a I 1 .. {plain}")


@of("keywords:keyword_specific_position")
def _(draw: Draw) -> Sample:
    n, m, keyword = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(KEYWORD)
    sentences = [[f"{word}x" for word in draw(st.lists(WORD, min_size=5, max_size=7))] for _ in range(n)]
    bad = ". ".join(" ".join(words) for words in sentences) + "."
    sentences[-1][m - 1] = keyword
    good = ". ".join(" ".join(words) for words in sentences) + "."
    return Sample({"keyword": keyword, "n": n, "m": m}, good, bad)


@of("letters:letter_counting")
def _(draw: Draw) -> Sample:
    n = draw(st.integers(2, 40))
    relation, good, bad = related(draw, n) if n > 20 else ("at least", n, n - 1)
    good, bad = (good, bad) if relation != "around" else (n, 2 * n)
    texts = (
        " ".join(draw(st.text(alphabet="abéж漢", min_size=count, max_size=count))) + " 12!" for count in (good, bad)
    )
    return Sample({"N": n, "relation": relation}, *texts)


@of("count:lowercase_counting")
def _(draw: Draw) -> Sample:
    n, words = draw(SMALL), draw(WORDS)
    shouted = " ".join(f"X{word}" for word in words)
    return Sample({"N": n}, f"{shouted} {'low ' * n}", f"{'low ' * (n + 1)}{shouted}")


@of("count:count_unique")
def _(draw: Draw) -> Sample:
    words = list(dict.fromkeys(word.lower() for word in draw(WORDS)))
    return Sample({}, ". ".join(words) + ".", f"{words[0]} " + " ".join(words).upper())


@of("length_constraints:number_words")
def _(draw: Draw) -> Sample:
    n = draw(SMALL)
    relation, good, bad = related(draw, n)
    texts = (" ".join(draw(st.lists(WORD, min_size=count, max_size=count))) or "..." for count in (good, bad))
    return Sample({"num_words": n, "relation": relation}, *texts)


@of("length_constraints:number_sentences")
def _(draw: Draw) -> Sample:
    n = draw(st.integers(2, 12))
    relation = draw(st.sampled_from(["at least", "less than"]))
    good, bad = (n, n - 1) if relation == "at least" else (n - 1, n)
    texts = (" ".join(["The water was cold again today."] * count) for count in (good, bad))
    return Sample({"num_sentences": n, "relation": relation}, *texts)


@of("length_constraints:number_paragraphs")
def _(draw: Draw) -> Sample:
    n = draw(SMALL)
    divider = draw(st.sampled_from([" *** ", "\n***\n", "\n\n* * *\n\n"]))
    good = divider.join(body(draw) for _ in range(n))
    bad = divider.join(body(draw) for _ in range(n + 1))
    return Sample({"num_paragraphs": n}, draw(st.sampled_from([good, good + "\n***"])), bad)


@of("length_constraints:nth_paragraph_first_word")
def _(draw: Draw) -> Sample:
    n = draw(SMALL)
    nth, word = draw(st.integers(1, n)), draw(KEYWORD)
    found = [body(draw) for _ in range(n)]
    bad = "\n\n".join(found)
    found[nth - 1] = draw(st.sampled_from([word, word.upper(), f"'{word}'", f"{word},"])) + " " + found[nth - 1]
    return Sample({"num_paragraphs": n, "nth_paragraph": nth, "first_word": word}, "\n\n".join(found), bad)


@of("paragraphs:paragraphs")
def _(draw: Draw) -> Sample:
    return Sample({}, f"{body(draw)}\n***\n{body(draw)}", draw(st.sampled_from(["a", "a *** b *** c", "a\n\nb"])))


@of("paragraphs:paragraphs2")
def _(draw: Draw) -> Sample:
    gap = draw(st.sampled_from(["\n\n", "\n \n", "\n\n\n\n"]))
    return Sample({}, f"\n{body(draw)}{gap}{body(draw)}\n", f"{body(draw)}{gap}{body(draw)}{gap}c\n")


@of("count:counting_composition")
def _(draw: Draw) -> Sample:
    sentences, words = draw(st.integers(1, 3)), draw(st.integers(1, 4))

    def part(length: int) -> str:
        return " ".join(" ".join(["Wordy"] * length) + draw(st.sampled_from(".!?")) for _ in range(sentences))

    divider = draw(st.sampled_from(["\n***\n", "\n* * *\n"]))
    good = divider.join(part(words) for _ in range(3))
    bad = draw(
        st.sampled_from([divider.join([part(words)] * 2), divider.join([part(words), part(words + 1), part(words)])])
    )
    return Sample({"n_sent": sentences, "n_words": words}, good, bad)


@of("detectable_format:number_bullet_lists")
def _(draw: Draw) -> Sample:
    n = draw(SMALL)
    marks = [draw(st.sampled_from(["* ", "- ", "  * ", "\t- "])) for _ in range(n + 1)]
    lines = [mark + body(draw) for mark in marks]
    return Sample({"num_bullets": n}, "** Bold **\n" + "\n".join(lines[:n]), "\n".join(lines))


@of("detectable_format:number_highlighted_sections")
def _(draw: Draw) -> Sample:
    n = draw(SMALL)
    return Sample({"num_highlights": n}, f"*{body(draw)}* a " * n, f"*{body(draw)}* a " * (n - 1) + "* ** * **")


@of("detectable_format:multiple_sections")
def _(draw: Draw) -> Sample:
    n, splitter = draw(SMALL), draw(st.sampled_from(["Section", "PART", "§", "Day (x)"]))
    parts = [f"{splitter} {number}\n{body(draw)}" for number in range(n)]
    return Sample({"section_spliter": splitter, "num_sections": n}, "\n".join(parts), "\n".join(parts[1:]) + splitter)


@of("detectable_format:json_format")
def _(draw: Draw) -> Sample:
    values = st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=4,
    )
    text = json.dumps(draw(values), ensure_ascii=draw(st.booleans()))
    return Sample({}, draw(st.sampled_from([text, f"```json\n{text}\n```", f"```\n{text}\n```"])), f"Here: {text}")


@of("detectable_format:title")
def _(draw: Draw) -> Sample:
    return Sample({}, f"<<{body(draw)}>>\n{body(draw)}", f"<{body(draw)}> << >> <<\n{body(draw)}>>")


@of("detectable_format:constrained_response")
def _(draw: Draw) -> Sample:
    if draw(st.booleans()):
        return Sample({}, f"{body(draw)} My answer is maybe. {body(draw)}", f"{body(draw)} My answer is perhaps.")
    return Sample(
        {"options": ["A", "(B)", "yes"]}, f"I say {draw(st.sampled_from(['A.', '(B)', 'yes']))}", "Apple, B, YES"
    )


@of("detectable_content:number_placeholders")
def _(draw: Draw) -> Sample:
    n = draw(SMALL)
    return Sample({"num_placeholders": n}, f"[{body(draw)}] " * n, f"[{body(draw)}] " * (n - 1) + "[\n]")


@of("detectable_content:postscript")
def _(draw: Draw) -> Sample:
    marker, shown = draw(st.sampled_from([("P.S.", "p. s."), ("P.P.S", "P. P.S"), ("N.B.", "n.b."), ("P.S.", "P.S.")]))
    return Sample({"postscript_marker": marker}, f"{body(draw)}\n\n{shown} {body(draw)}", body(draw))


@of("punctuation:no_comma")
def _(draw: Draw) -> Sample:
    return Sample({}, body(draw) + ".", body(draw) + "," + body(draw))


@of("punctuation:punctuation_dot")
def _(draw: Draw) -> Sample:
    return Sample({}, body(draw) + "!", body(draw) + "." + body(draw))


@of("punctuation:punctuation_exclamation")
def _(draw: Draw) -> Sample:
    return Sample({}, body(draw) + ".", body(draw) + "!")


@of("detectable_format:square_brackets")
def _(draw: Draw) -> Sample:
    words = draw(WORDS)
    end = draw(st.sampled_from(["", ".", "!?"]))
    bad = draw(st.sampled_from([" ".join(words), f"[{' '.join(words)}]", f"[{words[0]}] []", f"[{words[0]}] b"]))
    return Sample({}, " ".join(f"[{word}]" for word in words) + end, bad)


@of("detectable_format:bigram_wrapping")
def _(draw: Draw) -> Sample:
    words = draw(WORDS.filter(lambda words: len(words) % 2 == 0))
    pairs = [f"<<{one} {other}>>" for one, other in zip(words[::2], words[1::2], strict=True)]
    good = " ".join(pairs) + draw(st.sampled_from(["", " end.", "."]))
    return Sample(
        {}, good, draw(st.sampled_from([" ".join(words), f"so {good} so", f"{good} <<", f"<<{' '.join(pairs)}>>"]))
    )


@of("detectable_format:sentence_hyphens")
def _(draw: Draw) -> Sample:
    ends = [draw(st.sampled_from([".", "!", "?", '."'])) for _ in range(3)]
    sentences = [body(draw) + end for end in ends]
    joint = draw(st.sampled_from([" ", "- ", " -", "\n"]))
    return Sample({}, "-".join(sentences) + "-It is 3.5 well-known km.", joint.join(sentences))


@of("startend:end_checker")
def _(draw: Draw) -> Sample:
    phrase = draw(st.sampled_from(["Any other questions?", "Das war's.", "fin"]))
    good = f"{body(draw)} {phrase}{draw(st.sampled_from(['', chr(34), chr(10)]))}"
    return Sample({"end_phrase": phrase}, draw(st.sampled_from([good, good.upper()])), f"{phrase} {body(draw)}")


@of("startend:quotation")
def _(draw: Draw) -> Sample:
    return Sample(
        {}, f'"{body(draw)}"\n', draw(st.sampled_from([f'"{body(draw)}', f'{body(draw)}"', '"', f"“{body(draw)}”"]))
    )


@of("keywords:start_end")
def _(draw: Draw) -> Sample:
    word = draw(KEYWORD)
    return Sample(
        {}, f"{word.upper()}, {body(draw)} {word}", f"{word} {body(draw)} {draw(st.sampled_from([word + '.', 'x']))}"
    )


@of("first_word:first_word_answer")
def _(draw: Draw) -> Sample:
    word = draw(KEYWORD)
    return Sample({"first_word": word}, f"**{word.upper()}**, {body(draw)}", f"{body(draw)} {word}")


@of("first_word:first_word_sent")
def _(draw: Draw) -> Sample:
    sentences = [f"Zqz {body(draw)}" for _ in range(3)]
    return Sample({"first_word": ["zqz"]}, ". ".join(sentences) + "!", ". ".join([*sentences, body(draw)]))


@of("last_word:last_word_answer")
def _(draw: Draw) -> Sample:
    word = draw(KEYWORD)
    return Sample({"last_word": word}, f"{body(draw)} {word}!", f"{word} {body(draw)}")


@of("last_word:last_word_sent")
def _(draw: Draw) -> Sample:
    sentences = [f"{body(draw)} Zqz" for _ in range(3)]
    return Sample({"last_word": "zqz"}, ". ".join(sentences) + "?!", ". ".join([*sentences, body(draw)]) + ".")


@of("combination:two_responses")
def _(draw: Draw) -> Sample:
    one, other = body(draw), body(draw) + " other"
    bad = draw(st.sampled_from([one, f"{one}******{one}", f"{one}******{other}******c", f"{one}******\n******{other}"]))
    return Sample({}, draw(st.sampled_from([f"{one}\n******\n{other}", f"******{one}******{other}******"])), bad)


@of("combination:repeat_prompt")
def _(draw: Draw) -> Sample:
    prompt = body(draw)
    return Sample({"prompt_to_repeat": f" {prompt} "}, f"\n{prompt.upper()}\n{body(draw)}", f"Well, {prompt}")


@of("copy:copy", "copy:copying_simple")
def _(draw: Draw) -> Sample:
    prompt = body(draw)
    return Sample({"prompt_to_repeat": prompt}, f" {prompt}\n", f"{prompt} {body(draw)}")


@of("copy:copying_multiple")
def _(draw: Draw) -> Sample:
    prompt, n = body(draw), draw(st.integers(2, 4))
    bad = draw(st.sampled_from(["******".join([prompt] * (n + 1)), "***".join([prompt] * n)]))
    return Sample({"prompt_to_repeat": prompt, "N": n}, "\n******\n".join([prompt] * n), bad)


@of("new:copy_span_idx")
def _(draw: Draw) -> Sample:
    prompt = body(draw)
    start = draw(st.integers(0, len(prompt) - 2).filter(lambda place: prompt[place] != " "))
    end = draw(st.integers(start + 1, len(prompt) - 1).filter(lambda place: prompt[place] != " "))
    kwargs = {"prompt_to_repeat": prompt, "n_start": start, "n_end": end}
    return Sample(kwargs, prompt[start : end + 1], draw(st.sampled_from([prompt[start:end], prompt + "!"])))


@of("copy:repeat_phrase")
def _(draw: Draw) -> Sample:
    n, phrase = draw(st.integers(1, 3)), "The pen is mightier than sword"
    changed = [phrase.replace("mightier", f"zq{word}") for word in draw(st.lists(WORD, min_size=n, max_size=n))]
    good = ", and ".join(changed)
    bad = draw(st.sampled_from([f"{good} {phrase}", ". ".join(changed[1:]), good.replace("is", "was")]))
    return Sample({"phrase": phrase, "small_n": n}, good, bad)


TEXTS = {
    "en": "The old mill by the river has been standing there for two hundred years, and nobody knows who built it.",
    "de": "Die alte Mühle am Fluss steht dort seit mehr als zweihundert Jahren, und niemand weiß, wer sie gebaut hat.",
    "fr": "Le vieux moulin au bord de la rivière est là depuis deux cents ans, et personne ne sait qui l'a bâti.",
    "ru": "Старая мельница у реки стоит там уже больше двухсот лет, и никто не знает, кто её построил.",
    "hi": "नदी के किनारे की पुरानी चक्की दो सौ से अधिक वर्षों से वहाँ खड़ी है और कोई नहीं जानता कि इसे किसने बनाया।",
    "zh": "河边的老磨坊已经在那里矗立了两百多年，没有人知道是谁建造的。",
}


@of("language:response_language")
def _(draw: Draw) -> Sample:
    one, other = draw(st.permutations(list(TEXTS)))[:2]
    return Sample({"language": one}, TEXTS[one], draw(st.sampled_from([TEXTS[other], "123", "?!"])))


@of("change_case:english_capital")
def _(draw: Draw) -> Sample:
    return Sample(
        {}, TEXTS["en"].upper(), draw(st.sampled_from([TEXTS["en"], TEXTS["de"].upper(), TEXTS["en"].lower(), "12"]))
    )


@of("change_case:english_lowercase")
def _(draw: Draw) -> Sample:
    return Sample(
        {}, TEXTS["en"].lower(), draw(st.sampled_from([TEXTS["en"], TEXTS["fr"].lower(), TEXTS["en"].upper(), "12"]))
    )


@of("change_case:capital_word_frequency")
def _(draw: Draw) -> Sample:
    n = draw(SMALL)
    relation, good, bad = related(draw, n)
    shouted = draw(st.sampled_from(["LOUD", "U.S.A.", "ÉTÉ-X", "I", '"NO,"']))
    texts = (f"{body(draw)} {' '.join([shouted] * count)} Then" for count in (good, bad))
    return Sample({"capital_frequency": n, "capital_relation": relation}, *texts)
