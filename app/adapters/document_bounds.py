"""What may be printed: every text clean, short, and kept to its own direction.

Contents are frozen and were stored by anyone's version of the rules, so they are bounded anew each
time, before anything is laid out.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

from app.domain.invoice import DocumentContent
from app.domain.text import clean

MAX_LINES = 3_000
MAX_ITEMS = 40
"""Of everything else that repeats: rows, taxes, address lines, details."""
MAX_CHARACTERS = 300_000
"""Of all lines together (100 for each of 3,000 lines). What is beyond is cut evenly."""
LIMIT = 300
"""Characters of one text. 5,000 emoji in a product's name took 10 s to draw."""
_CODES = {
    *("kind", "language", "currency", "country", "template_version", "category", "key"),
    *("accent", "page", "logo", "template", "iban", "bic"),
}
"""Fields that are looked up or taken apart, not read."""
_FSI, _PDI = "\u2068", "\u2069"
_FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
UNDRAWABLE = "□"
_FONTS = Path(__file__).parents[2] / "templates" / "documents" / "fonts"


def bounded(content: DocumentContent, *, rtl: bool) -> DocumentContent:
    """The content with every text clean and short enough, whatever was stored, and each text of a
    script from right to left kept to itself."""
    values = content.model_dump()
    square = values.pop("qr")
    lines = [_bound(line, rtl=rtl) for line in values.pop("lines")]
    written = sum(len(text) for line in lines for text in (line["name"], *line["details"]))
    if written > MAX_CHARACTERS:
        limit = max(40, LIMIT * MAX_CHARACTERS // written)
        lines = [
            {
                **_bound(line, rtl=rtl, limit=limit),
                "details": _bound(line["details"][:2], rtl=rtl, limit=limit),
            }
            for line in lines
        ]
    whole = {**_bound(values, rtl=rtl), "lines": lines, "qr": square}
    return DocumentContent.model_validate(whole)


def _bound(value: Any, *, rtl: bool, limit: int = LIMIT, key: str = "") -> Any:
    if isinstance(value, str):
        text = drawable(clean(value, limit))
        return text if key in _CODES else _isolated(text, rtl)
    if isinstance(value, dict):
        return {name: _bound(one, rtl=rtl, limit=limit, key=name) for name, one in value.items()}
    if key == "tax_ids":
        return [
            (clean(label, limit), _bound(number, rtl=rtl, limit=limit))
            for label, number in value[:MAX_ITEMS]
        ]
    if isinstance(value, list | tuple):
        return [_bound(one, rtl=rtl, limit=limit, key=key) for one in value[:MAX_ITEMS]]
    return value


def drawable(text: str) -> str:
    """The text with a □ for each character that no shipped font has, and without marks that none
    has: a glyph that is not there is no PDF/A (ISO 19005-3, 6.2.11.8), and some are no XML."""
    if text.isascii():
        return text
    return "".join(_drawn(character) for character in text)


def _drawn(character: str) -> str:
    if character.isascii() or character in _has_glyph() or _is_invisible(character):
        return character
    return "" if unicodedata.combining(character) else UNDRAWABLE


def _is_invisible(character: str) -> bool:
    """Joiners, marks of direction, variation selectors: nothing is drawn for them."""
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


@cache
def _has_glyph() -> frozenset[str]:
    found: set[str] = set()
    for file in _FONTS.glob("*.?tf"):
        with TTFont(file, lazy=True) as font:
            found.update(map(chr, font.getBestCmap()))
    return frozenset(found)


def _isolated(text: str, rtl: bool) -> str:
    """The text as an island of its own direction (UAX 9, FSI … PDI), where scripts can meet.

    `clean` has taken out what others put in. Without it `2026-000134` reads `000134-2026` after an
    Arabic word, and an Arabic name turns the figures around it.
    """
    if not text or not (rtl or _FROM_RIGHT.search(text)):
        return text
    return f"{_FSI}{bare(text)}{_PDI}"


def bare(text: str) -> str:
    return text.replace(_FSI, "").replace(_PDI, "")
