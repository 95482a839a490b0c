"""What of a reply is the part that was asked for. A reply that does not hold it is refused with a
reason: it never becomes a row."""

from __future__ import annotations

import re

from pydantic import Field

from curate.config import Strict
from curate.make.maker import BadInput


class Parse(Strict):
    """Where the part is in a reply, and how long it may be. Without any key it is the whole reply."""

    after: str | None = None
    """It begins after the first of these words; a reply without them is refused."""
    until: tuple[str, ...] = ()
    """It ends before the first of these words, if they occur."""
    fence: str | None = None
    """It is the last fenced block with this mark (or with none): `python`."""
    at_least: int = Field(default=1, ge=1)
    """Characters."""
    at_most: int | None = Field(default=None, ge=1)
    without: tuple[str, ...] = ()
    """It is refused if it holds one of these words, in any case."""


def parsed(reply: str, parse: Parse) -> str | BadInput:
    """The part that was asked for, or why the reply does not hold it."""
    text = reply
    if parse.after is not None:
        _, there, text = text.partition(parse.after)
        if not there:
            return BadInput(f"the reply lacks {parse.after!r}")
    for words in parse.until:
        text = text.partition(words)[0]
    if parse.fence is not None:
        blocks = re.findall(rf"```(?:{re.escape(parse.fence)})?[ \t]*\n(.*?)```", text, re.DOTALL)
        if not blocks:
            return BadInput(f"the reply has no block of {parse.fence}")
        text = blocks[-1]
    text = text.strip()
    if len(text) < parse.at_least:
        return BadInput(f"the reply has {len(text)} characters, fewer than {parse.at_least}")
    if parse.at_most is not None and len(text) > parse.at_most:
        return BadInput(f"the reply has {len(text)} characters, more than {parse.at_most}")
    held = next((words for words in parse.without if words.lower() in text.lower()), None)
    return text if held is None else BadInput(f"the reply holds {held!r}")
