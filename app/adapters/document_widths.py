"""How wide texts are in the shipped fonts, near enough to give columns and figures their room.

A table whose columns are fixed beforehand is laid out in half the time. Kerning and shaping are
left out; both make texts narrower.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

_FONT = Path(__file__).parents[2] / "templates" / "documents" / "fonts" / "Inter-SemiBold.ttf"

GAP_PT = 16
TEXT_PT = 10
SMALL_PT = 8
HEADING_PT = 16
TOTAL_PT = 20
SUMS_PT = 264
"""Width of the table of sums (`.sum` in document.css)."""
HALF_PT = 320
"""The most that the document's title takes of the line it shares with the seller's name."""
FACT_PT = 96
"""Width of facts (`.fact` in document.css)."""
PAGE_PT = 480
FOOTER_PT = 7.5
FOOTER_ROWS = 14
CARRIED_PT = 24
"""Room for the carried sum between the lines and the footer."""


def ems(text: str) -> float:
    """A text's width in ems, rather too wide than too narrow."""
    known = _advances()
    return sum(known[c] if c in known else _guess(c) for c in text)


@cache
def _advances() -> dict[str, float]:
    """How wide each character of the bolder of our two Latin fonts is, in ems."""
    with TTFont(_FONT, lazy=True) as font:
        metrics, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return {chr(code): metrics[name][0] / em for code, name in font.getBestCmap().items()}


def _guess(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return 0.0 if unicodedata.combining(character) else 0.8


def heading_width(heading: str) -> int:
    return min(math.ceil(ems(heading) * HEADING_PT), HALF_PT)


def column_widths(heads: Sequence[str], figures: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Points for each column of figures: the widest of it and of its head, and a gap."""
    widths = []
    for index, head in enumerate(heads):
        different = {row[index] for row in figures}
        widest = max((ems(text) for text in different), default=0.0) * TEXT_PT
        widths.append(math.ceil(max(widest, ems(head) * SMALL_PT)) + GAP_PT)
    return tuple(widths)


def sums_width(total: str, size: int, amounts: Iterable[str]) -> int:
    """Points for the column of sums, in which the total is the largest."""
    widest = max((ems(amount) * TEXT_PT for amount in amounts), default=0.0)
    return math.ceil(max(widest, ems(total) * size)) + GAP_PT


def total_size(label: str, total: str) -> int:
    """Points of the total: the largest figure of the document, as large as there is room."""
    room = SUMS_PT - GAP_PT - ems(label) * TEXT_PT
    return max(TEXT_PT + 1, min(TOTAL_PT, int(room / max(ems(total), 1))))


def fact_rows(value: str) -> int:
    """How many lines a fact beside the addresses takes."""
    return math.ceil(max(ems(value), 1) * TEXT_PT / FACT_PT)


def footer_height(paragraphs: Iterable[str]) -> int:
    """The page's bottom margin in points, in steps of the grid: carried sum and footer."""
    rows = sum(math.ceil(max(ems(text), 1) * FOOTER_PT / PAGE_PT) for text in paragraphs)
    return 8 * math.ceil((min(rows, FOOTER_ROWS) * 12 + 8 + 32 + CARRIED_PT) / 8)


def readable(colour: str) -> bool:
    """Whether text of a colour (`#264B7A`) can be read on white: 4.5 to 1 (WCAG 2, 1.4.3)."""
    return 1.05 / (_luminance(colour) + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
