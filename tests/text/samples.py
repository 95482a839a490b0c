"""Texts of the characters and stretches that normalising is about."""

from __future__ import annotations

from hypothesis import strategies as st

STRETCHES = [
    "&amp;", "&lt;", "&nbsp;", "&#65;", "&#x41;", "&unknown;", "&amp;amp;", "<b>", "</b>", "<p class='x'>", "</p>",
    "<br/>", "<BR>", "<sup>", "</sup>", "<x>", "%20", "%2520", "%C3%A9", "%FF", "%41", "-\n", "-\r\n", "- \n ",
    "\u2010\n",
]  # fmt: skip
CHARS = (
    "abzAZ019 .,-\n\t\r&;%<>/'’“”—…\u00a0\u00ad\u200b\ufe0f\u0300\u0301\u0323\u0336éñßıİǅ²³½™ﬁﬀ𝐀𝟏①Ａ１＆；ﾊﾞ中あがกำ"
    "аеорсухНОВСбйё αονσςΑ ЬԁℓΩЂאָבּعَ ﷺहिन्दी 가각ᄀ\u1161\u11a8ㄱ\u3164👍🏽🅰\U000e0041\U000e0101\u2044\u2212"
    "≠=∉∤<\u0338\u0305₂₁₊ₐ"
)

AT_LINE_ENDS = "-\u2010\n\r abKа9²ᵃªﬁ\u0301\u0336\u0338\u05b8¨◌\u00ad\u200b\u2060ﹰ가中"
"""What may stand where a hyphen ends a line."""


def texts() -> st.SearchStrategy[str]:
    """Such texts, and any others."""
    piece = st.one_of(
        st.sampled_from(STRETCHES),
        st.text(st.sampled_from(CHARS), max_size=6),
        st.characters(exclude_categories=["Cs"]),
    )
    return st.lists(piece, max_size=12).map("".join)
