"""What one of our own notes says of an invoice: read back when the database has forgotten it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable

from app.domain.store_settings import Numbering
from app.domain.text import plain

LONGEST_NOTE = 5_000
_LINK = re.compile(r"/d/([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")


def numbers_in(text: str, numbering: Numbering) -> dict[int, str]:
    """Everything in a plain text that has the form of an invoice's number, by its number within
    the series. Other things can have that form as well (an order's number, a telephone's)."""
    found = re.finditer(rf"(?<![\w-]){_pattern(numbering)}(?![\w-])", text, re.ASCII)
    return {int(one[1]): one[0] for one in found}


def number_told(text: str, numbering: Numbering, sentences: Iterable[str]) -> int | None:
    """The number within its series of the invoice that a plain text tells of.

    `sentences`: how an invoice is told of in every language that notes are written in, with
    `%(number)s` and `%(total)s`.
    """
    for sentence in sentences:
        pattern = re.escape(plain(sentence, LONGEST_NOTE))
        pattern = pattern.replace(re.escape("%(number)s"), _pattern(numbering))
        pattern = pattern.replace(re.escape("%(total)s"), ".{1,40}?")
        if found := re.search(pattern, text, re.ASCII):
            return int(found[1])
    return None


def nonce_in(note: str) -> str | None:
    """The nonce of the link in a note. Its signature is looked at when somebody opens it."""
    for payload in _LINK.findall(note):
        try:
            _, nonce = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (ValueError, TypeError):
            continue
        if isinstance(nonce, str) and 16 <= len(nonce) <= 40:
            return nonce
    return None


def _pattern(numbering: Numbering) -> str:
    """What `number_of` makes, with the number within the series as the one group."""
    pattern = re.escape(numbering.format)
    pattern = pattern.replace(re.escape("{year}"), r"\d{4}")
    pattern = pattern.replace(re.escape("{month}"), r"\d{2}")
    return pattern.replace(re.escape("{number}"), rf"(\d{{{numbering.padding},12}})")
