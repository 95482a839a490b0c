"""Filters that look for phrases: who made the model, until when it knows, refusals, special tokens.

The value is how often something was found; a row stays where that is nothing. Everything is found
by RE2 on Arrow's buffers: case is ignored but for special tokens, and a word boundary is one between
ASCII letters, digits and `_` and everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.config import IS_PATH
from curate.steps.filters.filter import Bounds, Filter, Names, Values
from curate.steps.filters.roles import EVERYBODY, OfTurns, Roles
from curate.steps.filters.view import Picked, View, quote
from curate.tokenizers import read_tokenizer, special_tokens_of

TULU3 = (
    "OpenAI", "Open AI", "ChatGPT", "Chat GPT", "GPT-3", "GPT3", "GPT 3", "GPT-4", "GPT4", "GPT 4",
    "GPT-3.5", "GPT3.5", "GPT 3.5", "BingChat", "Bing Chat", "LAION", "Open Assistant",
    "OpenAssistant",
)  # fmt: skip
"""The names that open-instruct's converters of the Tülu 3 data look for."""
SELF = ("As an AI language model", "As a large language model", "I am an AI language model")
OLMO3 = (
    "OpenAI", "Open AI", "Claude", "Gemini", "Qwen", "DeepSeek", "Anthropic", "Meta AI", "Meta's",
    "ChatGPT", "Cohere", "Mistral AI", "Mistral's", "xAI", "Perplexity",
)  # fmt: skip
"""The providers that open-instruct's later filter by keywords, that of Olmo 3, looks for."""


class Found(Bounds, OfTurns):
    """Phrases are counted: none may be there unless the recipe says otherwise."""

    unit: ClassVar[str] = "time"
    usual: ClassVar[float | None] = 0

    def told(self, value: float, what: str | None) -> str:
        """What was found first, and how much more there is."""
        more = f" and {value - 1:,.0f} more" if value > 1 else ""
        return f"{what}{more}" if what else super().told(value, what)


def found(picked: Picked, pattern: str) -> Values:
    """How often a pattern of RE2 occurs in the turns of each record, and what was found first."""
    at = np.flatnonzero(pc.match_substring_regex(picked.texts, pattern))
    docs = picked.stretches.docs[at]
    texts = picked.texts.take(pa.array(at))
    times = np.bincount(docs, pc.count_substring_regex(texts, pattern).to_numpy(), picked.n)
    what = np.full(picked.n, None, np.object_)
    # From the last turn to the first, so that the first one stands.
    for doc, text in zip(docs[::-1].tolist(), _first(texts, pattern)[::-1], strict=True):
        what[doc] = quote(text)
    return Values(times, pa.array(what, pa.string()))


def _first(texts: pa.StringArray, pattern: str) -> list[str]:
    matches = pc.extract_regex(texts, f"(?P<found>{pattern})")
    return [match["found"] for match in matches.to_pylist()]


def any_of(phrases: Sequence[str]) -> str:
    """A pattern for any of some phrases, as words where they begin and end with a letter or a
    digit.
    """
    parts = []
    for phrase in sorted(phrases, key=lambda one: (-len(one), one)):  # the longest is tried first
        before = r"\b" if re.match(r"\w", phrase, re.ASCII) else ""
        after = r"\b" if re.search(r"\w\Z", phrase, re.ASCII) else ""
        parts.append(f"{before}{re.escape(phrase)}{after}")
    return f"(?:{'|'.join(parts)})"


class ProviderIdentity(Found):
    """Names of models and their makers."""

    keywords: Names = (*TULU3, *SELF)
    speaking_of_itself: bool = False
    """Only where the sentence says who speaks, or who made it."""


def provider_identity(view: View, args: ProviderIdentity) -> Values:
    """How often a turn names another model or its maker.

    The default is the list of open-instruct's converters for Tülu 3 (arXiv 2411.15124, §3), with the
    phrase by which chat models give themselves away. Preset `olmo3` is the rule of its later script
    for Olmo 3: makers where a turn says who it is or who made it, in one sentence, and any mention
    of DeepSeek, Qwen or Alibaba Cloud.
    """
    pattern = any_of(args.keywords)
    if args.speaking_of_itself:
        speaks = (
            r"\b(?:I'?m|I am|I am called|as an? (?:AI|language model|assistant|chatbot|model)"
            r"|(?:trained|developed|created|made) by|against)\b"
        )
        policy = f"{pattern}(?:'s)? (?:policy|policies|guidelines|terms|use-case)\\b"
        pattern = f"(?:{speaks}[^.!?]{{0,100}}{pattern}|{policy})"
    return found(view.turns(args), f"(?i){pattern}")


_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_CUTOFF = (
    r"(?i)\b(?:as (?:of )?(?:my )?(?:last|latest) (?:update|knowledge)(?: update)?(?: was)? in"
    r"|knowledge cut-?off(?: date)?(?: of| is| was)?(?: in)?|last updated? in)"
    rf"\s+(?:{_MONTH},?\s+)?\d{{4}}\b"
)


class CutoffDates(Found):
    """Dates until which a model knows."""

    roles: Roles = EVERYBODY


def cutoff_dates(view: View, args: CutoffDates) -> Values:
    """How often a turn says until when its author knows: "as of my last update in April 2023".

    The phrases are those of open-instruct's script of cutoff dates, which Olmo 2 and Olmo 3 used: a
    phrase, then a year with or without its month, whoever says it. Beyond them "cut-off", "cutoff
    date" and "cutoff is" are known.
    """
    return found(view.turns(args), _CUTOFF)


_REFUSAL = (
    r"(?i)\A[\s\"'*]*(?:(?:I(?:'|’)?m|I am) (?:very |so |really |truly )?sorry|sorry|apologies"
    r"|I (?:must |do )?apologi[sz]e|unfortunately|as an? (?:AI|language|large)\b"
    r"|I (?:can(?:'|’)?t|cannot|can not|won(?:'|’)?t|will not)"
    r"|(?:I(?:'|’)?m|I am) (?:unable|not able|not allowed))"
    r"[^.!?\n]{0,120}\b(?:can(?:'|’)?t|cannot|can not|won(?:'|’)?t|will not|unable|not able"
    r"|not allowed|do(?: not|n(?:'|’)?t) (?:have|feel)|assist|help|comply|fulfil+|provide)\b"
)


def refusal(view: View, args: Found) -> Values:
    """How many turns open with a refusal: an apology or "as an AI", and in the same sentence what
    the speaker can't do.

    There is no published list that everybody uses; the "unfiltered" editions of ShareGPT dropped
    rows by phrases like these.
    """
    return found(view.turns(args), _REFUSAL)


SPECIAL = (
    "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|endoftext|>", "<|endofprompt|>",
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    "<|eom_id|>", "<|python_tag|>", "<|finetune_right_pad_id|>", "<|system|>", "<|user|>",
    "<|assistant|>", "<|tool|>", "<|end|>", "<|start|>", "<|channel|>", "<|message|>", "<|return|>",
    "<|pad|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<fim_prefix>", "<fim_middle>",
    "<fim_suffix>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "<start_of_turn>",
    "<end_of_turn>", "<bos>", "<eos>", "<s>", "</s>", "<unk>", "<pad>",
    "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>",
)  # fmt: skip
"""Tokens that steer a model, as tokenizers in wide use spell them."""


class SpecialTokens(Found):
    """Special tokens that are typed in a text."""

    roles: Roles = EVERYBODY
    tokens: Names = SPECIAL
    tokenizer: Annotated[str | None, IS_PATH] = None
    """A tokenizer whose special tokens are looked for too: a `tokenizer.json` or its folder."""

    def depends(self) -> Mapping[str, Any]:
        """The digest of the tokenizer."""
        return {"tokenizer": read_tokenizer(self.tokenizer).digest} if self.tokenizer else {}


def special_tokens(view: View, args: SpecialTokens) -> Values:
    """How often a turn holds the text of a special token, which a tokenizer may take for the token.

    The built-in list is that of the chat templates in wide use (ChatML, Llama 2 and 3, Mistral,
    Gemma, DeepSeek, GPT-2, the plain tags of Tülu, fill in the middle).
    """
    tokens = {*args.tokens, *(special_tokens_of(args.tokenizer) if args.tokenizer else ())}
    longest = sorted(tokens, key=lambda one: (-len(one), one))
    return found(view.turns(args), f"(?:{'|'.join(map(re.escape, longest))})")


_OLMO3_PROVIDERS = {"keywords": OLMO3, "speaking_of_itself": True}
_OLMO3_NEVER = {"keywords": ("DeepSeek", "Qwen", "Alibaba Cloud")}
PROVIDER_IDENTITY = Filter(
    ProviderIdentity,
    provider_identity,
    presets={"tulu3": [{"keywords": TULU3}], "olmo3": [_OLMO3_PROVIDERS, _OLMO3_NEVER]},
)
CUTOFF_DATES = Filter(CutoffDates, cutoff_dates)
REFUSAL = Filter(Found, refusal)
SPECIAL_TOKENS = Filter(SpecialTokens, special_tokens)
