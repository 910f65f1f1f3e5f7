"""Where the next page of a list begins, as a text that means nothing to others."""

from __future__ import annotations

import base64
import binascii
import re

LONGEST_CURSOR = 60
_NUMBERS = re.compile(r"[0-9]{1,18}(-[0-9]{1,18})*")
"""Each fits in 64 bits."""


def write_cursor(after: tuple[int, ...] | None) -> str | None:
    """The numbers of the last thing on a page as a cursor; None at the end."""
    if after is None:
        return None
    text = "-".join(str(number) for number in after)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, count: int) -> tuple[int, ...] | None:
    """As many numbers as `write_cursor` wrote; None for anything else."""
    if not text or len(text) > LONGEST_CURSOR:
        return None
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        words = found.decode("ascii")
    except (binascii.Error, ValueError):
        return None
    numbers = tuple(int(part) for part in words.split("-")) if _NUMBERS.fullmatch(words) else ()
    return numbers if len(numbers) == count else None
