"""The words under which an order is found, and what a person may have meant by theirs.

    an order's texts -> words, each with its kind       (kept, and looked up by their beginnings)
    what was typed   -> terms, each with its readings   (a number's end, a name with a typing error)

A word is folded: no case, no accents. Numbers of every kind (order, phone, parcel, document) are
kept backwards too, because people read out their ends. A typing error is looked for as SymSpell
does it (W. Garbe, 2012): two words that are one edit apart share a word with one letter less.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

LONGEST_WORD = 60
LONGEST_QUERY = 200
MOST_TERMS = 6
MOST_WORDS = 150
"""Of one order; what it has beyond is not found."""
LEAST_END = 4
"""So many signs of a number's end are enough to look for it."""
PHONE_END = 8
"""So many last digits of a phone number tell it, however its beginning is written
(+49 30 …, 0049 30 …, 030 …)."""
MISTYPED = range(4, 25)
"""Lengths of words that are looked for with a typing error."""

_DIGRAPHS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"})
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i"})
_PARTS = re.compile(r"[^\W_]+")
_JOINED = re.compile(r"[\s./\\()_-]+")


class WordKind(StrEnum):
    """What a word is of. The order is that of the results."""

    NUMBER = "number"
    DOCUMENT = "document"
    TRACKING = "tracking"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    PRODUCT = "product"


SPOKEN = frozenset({WordKind.NAME, WordKind.PRODUCT})
"""Kinds that are looked for with a typing error."""


class Word(NamedTuple):
    """`text` is folded; `backwards`: it is written from its end."""

    kind: WordKind
    text: str
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One word that was typed. `beginning`: the words that begin so; `ending`: backwards, the
    numbers that end so; `alike`: whether words one edit away may be meant."""

    beginning: str
    ending: str = ""
    alike: bool = False


def fold(text: str) -> str:
    """Without case, accents and forms of width: `Müller` and `MULLER` are one."""
    if text.isascii():
        return text.lower()
    wide = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    bare = "".join(sign for sign in wide if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", bare)


def number_words(kind: WordKind, number: str) -> set[Word]:
    """A number as a whole, without its signs, and each of its parts without leading zeros."""
    whole = _JOINED.sub("", fold(number[:LONGEST_QUERY]).lstrip("#"))[:LONGEST_WORD]
    parts = {part for part in _PARTS.findall(fold(number[:LONGEST_QUERY])) if len(part) > 1}
    texts = {whole, *parts, *(part.lstrip("0") for part in parts if part.isdecimal())}
    found = {Word(kind, text[:LONGEST_WORD]) for text in texts if text}
    return found | {Word(kind, one.text[::-1], backwards=True) for one in found if one.text}


def phone_words(phone: str) -> set[Word]:
    """A phone number from both ends; what is no digit does not count."""
    digits = "".join(sign for sign in fold(phone[:LONGEST_QUERY]) if sign.isdecimal()).lstrip("0")
    if len(digits) < LEAST_END:
        return set()
    kept = digits[-20:]
    return {Word(WordKind.PHONE, kept), Word(WordKind.PHONE, kept[::-1], backwards=True)}


def email_words(email: str) -> set[Word]:
    """The address, the parts before its @, and, without their signs, its two halves."""
    folded = fold(email[:320])
    local, _, domain = folded.partition("@")
    texts = {folded, *_PARTS.findall(local), *("".join(_PARTS.findall(x)) for x in (local, domain))}
    return {Word(WordKind.EMAIL, text[:LONGEST_WORD]) for text in texts if len(text) > 1}


def spoken_words(kind: WordKind, *texts: str) -> set[Word]:
    """The words of names or products, also as they are written without umlauts (`mueller`)."""
    found: set[str] = set()
    for text in texts:
        lower = text[:LONGEST_QUERY].casefold()
        for form in {lower, lower.translate(_DIGRAPHS)}:
            found.update(_PARTS.findall(fold(form)))
    return {Word(kind, text[:LONGEST_WORD]) for text in found}


def name_words(*people: tuple[str, str, str]) -> set[Word]:
    """The words of (first name, last name, company). Both names joined are a word too: in Chinese
    and Japanese script nothing stands between them."""
    found: set[Word] = set()
    for first, last, company in people:
        found |= spoken_words(WordKind.NAME, first, last, company)
        if first and last and not (first + last).isascii():
            found |= spoken_words(WordKind.NAME, last + first)
    return found


def bounded(words: Iterable[Word]) -> frozenset[Word]:
    """At most `MOST_WORDS`: first what tells one order from another, products last."""
    found = frozenset(words)
    if len(found) <= MOST_WORDS:
        return found
    rank = list(WordKind)
    chosen = sorted(found, key=lambda one: (rank.index(one.kind), one.text, one.backwards))
    return frozenset(chosen[:MOST_WORDS])


def read_query(typed: str) -> tuple[Term, ...]:
    """What to look for; all terms must fit. Empty where nothing was typed that can be found.

    Digits with signs or blanks between them (`+49 30 123-45`, `1Z 999 AA1`) are one number.
    """
    text = " ".join(fold(typed[:LONGEST_QUERY]).split())
    digits = sum(sign.isdecimal() for sign in text)
    if digits >= LEAST_END and re.fullmatch(r"[\d\s+()./-]+", text):
        return (_number(_JOINED.sub("", text).lstrip("+").lstrip("0") or text),)
    joined = _JOINED.sub("", text.lstrip("#"))
    if digits * 2 > len(joined) and joined.isalnum() and joined.isascii() and " " in text:
        return (_number(joined),)
    terms = [_term(part) for part in text.split()[:MOST_TERMS]]
    return tuple(term for term in terms if term is not None)


def _number(joined: str) -> Term:
    short = joined[:LONGEST_WORD]
    end = short[-PHONE_END:] if short.isdecimal() and len(short) > PHONE_END else short
    return Term(short, ending=end[::-1] if len(short) >= LEAST_END else "")


def _term(part: str) -> Term | None:
    if "@" in part.strip("@"):
        return Term(part[:LONGEST_WORD])
    bare = _JOINED.sub("", part.strip("@#"))
    joined = "".join(_PARTS.findall(bare))
    if not joined:
        return None
    if any(sign.isdecimal() for sign in joined):
        return _number(joined)
    return Term(joined[:LONGEST_WORD], alike=len(joined) in MISTYPED)


def shortened(text: str) -> frozenset[str]:
    """The word itself and each form with one letter less; empty where it is too short or long."""
    if len(text) not in MISTYPED:
        return frozenset()
    return frozenset({text, *(text[:at] + text[at + 1 :] for at in range(len(text)))})


def is_one_edit_away(one: str, other: str) -> bool:
    """Whether one letter was left out, added, changed, or changed places with its neighbour."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    longest = min(len(one), len(other)) - start
    while end < longest and one[-1 - end] == other[-1 - end]:
        end += 1
    a, b = one[start : len(one) - end], other[start : len(other) - end]
    return max(len(a), len(b)) <= 1 or (len(a) == 2 and a == b[::-1])
