"""Letters of other alphabets that look like a letter of ASCII: Latin, Greek, Cyrillic, Armenian, Coptic
and Cherokee ones.

Made from Unicode's list of confusable characters (confusables.txt, version 13.0.0): of its entries those whose
prototype is one letter of ASCII, in the letter's own case. These data are under the Unicode licence:

    COPYRIGHT AND PERMISSION NOTICE

    Copyright © 1991-2020 Unicode, Inc. All rights reserved. Distributed under the Terms of Use in
    https://www.unicode.org/copyright.html.

    Permission is hereby granted, free of charge, to any person obtaining a copy of the Unicode data files and any
    associated documentation (the "Data Files") or Unicode software and any associated documentation (the "Software")
    to deal in the Data Files or Software without restriction, including without limitation the rights to use, copy,
    modify, merge, publish, distribute, and/or sell copies of the Data Files or Software, and to permit persons to
    whom the Data Files or Software are furnished to do so, provided that either (a) this copyright and permission
    notice appear with all copies of the Data Files or Software, or (b) this copyright and permission notice appear
    in associated Documentation.

    THE DATA FILES AND SOFTWARE ARE PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING
    BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT OF
    THIRD PARTY RIGHTS. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR HOLDERS INCLUDED IN THIS NOTICE BE LIABLE FOR ANY
    CLAIM, OR ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES, OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE,
    DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN
    CONNECTION WITH THE USE OR PERFORMANCE OF THE DATA FILES OR SOFTWARE.

    Except as contained in this notice, the name of a copyright holder shall not be used in advertising or otherwise
    to promote the sale, use or other dealings in these Data Files or Software without prior written authorization of
    the copyright holder."""

from __future__ import annotations

_LETTERS = {
    "A": "ΑАᎪ",
    "B": "ƄΒВЬᏏᏴꞴ",
    "C": "СᏟⲤ",
    "D": "ᎠᏧ",
    "E": "ΕЕᎬ",
    "F": "ϜꞘ",
    "G": "ԌᏀᏳ",
    "H": "ΗНᎻᏂⲎ",
    "I": "ƖΙІӀᎥⲒ",
    "J": "ͿЈᎫꞲ",
    "K": "ΚКᏦⲔ",
    "L": "ᏞⳐ",
    "M": "ΜϺМᎷⲘ",
    "N": "ΝⲚ",
    "O": "ΟОՕⲞ",
    "P": "ΡРᏢⲢ",
    "R": "ƦᎡᏒ",
    "S": "ЅՏᏕᏚ",
    "T": "ΤТᎢⲦ",
    "U": "Ս",
    "V": "ѴᏙ",
    "W": "ԜᎳᏔ",
    "X": "ΧХⲬꞳ",
    "Y": "ΥУҮᎩᎽⲨ",
    "Z": "ΖᏃ",
    "a": "ɑαа",
    "c": "сᴄⲥꮯ",
    "d": "ԁ",
    "e": "еҽꬲ",
    "f": "քẝꞙꬵ",
    "g": "ƍɡցᶃ",
    "h": "һհ",
    "i": "ıɩɪιіӏꙇꭵ",
    "j": "ϳј",
    "n": "ոռ",
    "o": "οσоօᴏᴑⲟꬽ",
    "p": "ρрⲣ",
    "q": "ԛգզ",
    "r": "гᴦⲅꭇꭈꮁ",
    "s": "ƽѕꜱꮪ",
    "u": "ʋυսᴜꞟꭎꭒ",
    "v": "νѵᴠꮩ",
    "w": "ɯѡԝաᴡꮃ",
    "x": "х",
    "y": "ɣʏγуүᶌỿꭚ",
    "z": "ᴢꮓ",
}
LOOKALIKES = {char: letter for letter, chars in _LETTERS.items() for char in chars}
"""By each of them, the letter of ASCII that it looks like."""


def steady(char: str) -> bool:
    """Whether the lower case of one looks like the lower case of its letter: `А`, but not `Н`."""
    small = LOOKALIKES.get(char.lower())
    return small == LOOKALIKES[char].lower()
