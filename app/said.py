"""Sentences for people that can be said again in another language.

Whoever refuses something says so in English, where the reason is known: `Said("order %(number)s
waits", number=order.number)`. Command line, API and logs read it as the text that it is; a page
says it in its reader's language, because it remembers of which text and values it was made. It
remembers them also where it was kept as text meanwhile (`to_keep`, `as_kept`), in the database.
The texts stand in the catalogue of pages (`app/i18n.py` tells how they get there).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable


def N_(text: str) -> str:
    """Marks a text for the catalogues that is said elsewhere."""
    return text


class Said(str):
    """An English sentence made of `text` and its named values.

    Without values the text is taken as it is, so a per cent sign needs no second one. A value may
    be `Said` itself.
    """

    text: str
    values: dict[str, object]

    def __new__(cls, text: str, /, **values: object) -> Said:
        made = super().__new__(cls, text % values if values else text)
        made.text, made.values = text, values
        return made

    def again(self, translate: Callable[[str], str]) -> str:
        """The same sentence from the translation of its text, and of those of its values."""
        found = translate(self.text)
        if not self.values:
            return found
        return found % {name: said_again(one, translate) for name, one in self.values.items()}


class OnPages(Said):
    """What a page calls otherwise than the command line, for which its text is: an option there is
    a field here. It is never kept."""

    def __new__(cls, text: str, on_pages: str = "", /) -> OnPages:
        """`on_pages`: a text of the catalogue, marked with `N_`."""
        made = str.__new__(cls, text)
        made.text, made.values = on_pages, {}
        return made


def said_again(value: object, translate: Callable[[str], str]) -> object:
    """A value in another language, where it is a sentence of ours."""
    return value.again(translate) if isinstance(value, Said) else value


def with_mend(what: str, mend: str) -> str:
    """What happened and how to mend it, in one line."""
    if not mend:
        return what
    if what.endswith("."):
        return Said("%(what)s %(mend)s", what=what, mend=mend)
    return Said("%(what)s; %(mend)s", what=what, mend=mend)


MADE_OF = "\x1e"
"""Stands, where a sentence is kept, between its English and what it was made of."""
NOT_OURS = "null"
"""What others' words were made of, where that sign stands in them."""
WITHOUT_WIDTHS = re.compile(r"(?:[^%]|%%|%\(\w+\)s)*")
"""The text of a sentence with values. A width (`%(name)99999999s`) would ask for memory."""
DEEPEST = 20
"""So many sentences may stand within each other where one is kept."""
MOST_TIMES = 4
"""What a sentence was made of may take so many times as much room as is given to its English."""


def to_keep(text: str, most: int | None = None) -> str:
    """A text as it is kept: a sentence of ours with what it was made of, any other as it is.

    `most`: signs; what is longer is cut, and is no sentence of ours any more.
    """
    english = str(text) if most is None else str(text)[:most]
    if type(text) is Said and english == text:
        made_of = json.dumps(_parts(text), ensure_ascii=False, separators=(",", ":"))
        if most is None or len(made_of) <= MOST_TIMES * most:
            return f"{english}{MADE_OF}{made_of}"
    return f"{english}{MADE_OF}{NOT_OURS}" if MADE_OF in english else english


def as_kept(kept: str) -> str:
    """What `to_keep` was given; a text that was kept without it, as it stands there.

    A sentence is one of ours only if it still says what stands before it: whatever a shop writes,
    nobody reads something else on a page than in the database.
    """
    english, sign, made_of = kept.rpartition(MADE_OF)
    if not sign:
        return kept
    if made_of == NOT_OURS:
        return english
    try:
        said = _made(json.loads(made_of), len(kept))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return kept
    return said if said == english else kept


def _parts(said: Said) -> list[object]:
    """`[text, {name: value}]`, sentences among the values likewise."""
    return [said.text, {name: _part(value) for name, value in said.values.items()}]


def _part(value: object) -> object:
    if type(value) is Said:
        return _parts(value)
    return value if type(value) is int else str(value)


def _made(parts: list[object], room: int, depth: int = 0) -> Said:
    """A sentence from its parts, of at most `room` signs: whatever was written there by others or
    was damaged, reading it takes no more memory than it is worth.

    Raises:
        ValueError, TypeError, KeyError: it is none of ours.
    """
    text, values = parts
    if not isinstance(text, str) or not isinstance(values, dict):
        raise TypeError("no sentence")
    if depth > DEEPEST or (values and not WITHOUT_WIDTHS.fullmatch(text)):
        raise ValueError("to_keep writes none like it")
    said = Said(text, **{name: _value(one, room, depth) for name, one in values.items()})
    if len(said) > room:
        raise ValueError("it is longer than all that it was made of")
    return said


def _value(value: object, room: int, depth: int) -> object:
    return _made(value, room, depth + 1) if isinstance(value, list) else value
