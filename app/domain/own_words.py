"""A person's own words, to a customer or for the shop's people: kept as they were written, or
refused with what is wrong. Nothing is cut or changed in secret."""

from __future__ import annotations

import re

from app.domain.notice import DOMAIN_LIKE, URL_LIKE
from app.domain.text import clean
from app.said import Said

MOST_WORDS = 2_000
"""Characters."""
_ROOM = 20_000
_ADDRESS = re.compile(
    r"(?i)(?<![\w.+%/@=&?#-])(?!(?:www|ftp)\.)[\w.+'-]+@[\w-]+(?:\.[\w-]+)+(?![\w@/]|[.:?#&=-]\w)"
)
"""An e-mail address that stands for itself. One that is a piece of something longer is none:
`https://evil.example/@x`, `www.a@evil.example` and `a@evil.example/x` open pages."""


def tidy(text: str) -> str:
    """Lines and paragraphs as they were written, without controls and signs that turn text round;
    never longer than a page can hold."""
    lines = [clean(line, _ROOM) for line in text[:_ROOM].splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def why_no_words(words: str) -> Said | None:
    """Why tidied words are not taken at all; None: they are."""
    if not words:
        return Said("nothing was written")
    if len(words) > MOST_WORDS:
        return Said(
            "it is too long: %(length)s characters, and at most %(most_words)s are taken",
            length=len(words),
            most_words=MOST_WORDS,
        )
    return None


def why_not_to_customers(words: str) -> Said | None:
    """The same for words to a customer, which may hold no address of a page: the shop's mail and
    the reader's make links of them. E-mail addresses are no pages."""
    if why := why_no_words(words):
        return why
    rest = _ADDRESS.sub(" ", words)
    if found := URL_LIKE.search(rest):
        return Said(
            '"%(found)s" is the address of a page, and none is sent but our own',
            found=clean(found[0], 60),
        )
    if found := DOMAIN_LIKE.search(rest):
        around = rest[: found.start()].split()[-1] + rest[found.start() :].split()[0]
        return Said(
            '"%(found)s" would become a link: leave a space after the dot', found=clean(around, 60)
        )
    return None
