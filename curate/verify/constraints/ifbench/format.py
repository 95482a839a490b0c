"""How an answer is laid out: blanks, lines, bullets, capitals, templates, options."""

from __future__ import annotations

import re
import string
from itertools import pairwise

from curate.errors import UserError, extra
from curate.verify.constraints.registry import IFBENCH, constraint, text
from curate.verify.constraints.text import sentences, words

_MINOR = frozenset(
    "a an the and but or nor so yet for as at by if in of off on per to up via vs from into onto"
    " over with than".split()
)
_LETTERED = re.compile(r"\W*[aA]\W+[bB]\W+[cC]\b")
_TEMPLATE = re.compile(
    r"\s*My Answer:.*My Conclusion:.*Future Outlook:.*", re.DOTALL
)  # [answer] stands for any text


@constraint("format:no_whitespace", IFBENCH)
def no_whitespace(answer: str) -> bool:
    """There is no blank, no line break and no other white space."""
    return not any(char.isspace() for char in answer)


@constraint("format:newline", IFBENCH)
def word_on_line(answer: str) -> bool:
    """Every line that is not blank holds one piece without a blank in it."""
    return all(len(line.split()) < 2 for line in answer.split("\n"))


@constraint("format:line_indent", IFBENCH)
def stairs(answer: str) -> bool:
    """Each line, blank ones aside, is further indented than the one before; there are two or more."""
    lines = [line for line in answer.expandtabs(4).split("\n") if line.strip()]
    depths = [len(line) - len(line.lstrip(" ")) for line in lines]
    return len(depths) > 1 and all(one < other for one, other in pairwise(depths))


@constraint("format:list", IFBENCH, sep=text)
def marked_list(answer: str, sep: str) -> bool:
    """At least two lines begin with the mark."""
    return sum(line.lstrip().startswith(sep) for line in answer.split("\n")) >= 2


@constraint("format:sub-bullets", IFBENCH)
def sub_bullets(answer: str) -> bool:
    """Some lines begin with `*`, and each is followed by one that begins with `-` before the next."""
    marks = [line.lstrip()[:1] for line in answer.split("\n")]
    _, *groups = "".join(mark for mark in marks if mark in "*-").split("*")
    return bool(groups) and all(groups)


@constraint("format:no_bullets_bullets", IFBENCH)
def sentences_then_bullets(answer: str) -> bool:
    """Two or more sentences that end with a full stop come first, then two or more lines that begin
    with `*`.
    """
    lines = answer.split("\n")
    bullets = [place for place, line in enumerate(lines) if line.lstrip().startswith("*")]
    before = sentences("\n".join(lines[: bullets[0]])) if bullets else []
    return len(bullets) > 1 and sum(one.endswith(".") for one in before) > 1


@constraint("format:title_case", IFBENCH)
def title_case(answer: str) -> bool:
    """Every word but articles, conjunctions and short prepositions begins with a capital, and not
    all is in capitals.
    """
    major = [word for word in words(answer) if word.lower() not in _MINOR]
    return not answer.isupper() and not any(word[0].islower() for word in major)


@constraint("format:output_template", IFBENCH)
def template(answer: str) -> bool:
    """The answer has the form `My Answer: … My Conclusion: … Future Outlook: …`."""
    return _TEMPLATE.fullmatch(answer) is not None


@constraint("format:options", IFBENCH, options=text)
def one_option(answer: str, options: str) -> bool:
    """The answer is one of the options, which `/`, ` or ` or commas divide; case and punctuation
    around it do not count, unless the options are letters.
    """
    by = next((sign for sign in ("/", " or ") if sign in options), ",")
    known = [one.strip() for one in options.split(by)]
    if _LETTERED.match(options):
        return answer.strip() in known
    return _bare(answer) in map(_bare, known)


def _bare(option: str) -> str:
    return option.strip(string.punctuation + string.whitespace).lower()


@constraint("format:emoji", IFBENCH)
def emoji_at_ends(answer: str) -> bool:
    """Every sentence ends with an emoji, before or after its full stop."""
    found = sentences(answer)
    after = [*found[1:], ""]
    return bool(found) and all(map(_has_emoji, found, after))


def _has_emoji(sentence: str, after: str) -> bool:
    try:
        import emoji
    except ImportError:
        told = f"this constraint needs emoji, which is not installed: {extra('verify')}"
        raise UserError(told) from None
    body = sentence.rstrip(string.punctuation + string.whitespace + "…”’")
    own, next_one = emoji.emoji_list(body[-40:]), emoji.emoji_list(after[:40])
    ends = bool(own) and own[-1]["match_end"] == len(body[-40:])
    return ends or (bool(next_one) and next_one[0]["match_start"] == 0)
