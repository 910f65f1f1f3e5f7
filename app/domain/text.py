"""Text that others wrote, made fit to print: no controls, no tricks, no more than there is room.

It takes nothing from what a person can read, and it does not escape: that is the template's work.
"""

from __future__ import annotations

import html
import re
import unicodedata

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Bidi overrides and isolates (they can turn `EUR 12` round), zero-width padding, tag characters.
The joiners U+200C and U+200D stay: Persian and Indian scripts and emoji are written with them."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]"
_MARKS = re.compile(rf"({_MARK}{{4}}){_MARK}+")
_DROPPED = re.compile(r"<(script|style)\b[^>]*>.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?(?:-->|$)", re.DOTALL)
_BREAK = re.compile(r"<(br|/p|/div|/li)\b[^<>]*>", re.IGNORECASE)
_ROOM = 20
"""A text is cut to this many times its limit before it is looked at, so that nothing can make the
looking slow."""


def clean(text: object, limit: int = 200) -> str:
    """One line of at most `limit` characters, in NFC, with single spaces; None gives "".

    Control characters become spaces, bidi controls and zero-width padding vanish, broken
    surrogates become U+FFFD, towers of combining marks are cut to four. What is too long ends
    in "…".
    """
    line = "" if text is None else str(text)[: limit * _ROOM]
    line = _SURROGATES.sub("\ufffd", line)
    line = _INVISIBLE.sub("", _CONTROLS.sub(" ", line))
    line = _MARKS.sub(r"\1", unicodedata.normalize("NFC", line))
    line = " ".join(line.split())
    return line if len(line) <= limit else _cut(line, limit)


def plain(markup: object, limit: int = 200) -> str:
    """`clean` text from a field that holds HTML: tags gone, entities turned into characters.

    WooCommerce's line-item names are such (recordings, 18: `K&auml;se <i>bio</i>` → `Käse bio`).
    A `<` that opens no tag stays.
    """
    text = "" if markup is None else str(markup)[: limit * _ROOM]
    text = _TAG.sub("", _BREAK.sub(" ", _DROPPED.sub("", text)))
    return clean(html.unescape(text), limit)


def _cut(line: str, limit: int) -> str:
    """Cut before a combining mark or joiner, never after one, so no letter loses its accent."""
    end = limit - 1
    while end > 0 and (unicodedata.combining(line[end]) or line[end] in "\u200d\ufe0f"):
        end -= 1
    return line[:end].rstrip(" \u200d") + "…"
