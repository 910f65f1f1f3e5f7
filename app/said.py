"""Sentences for people that can be said again in another language.

Whoever refuses something says so in English, where the reason is known: `Said("order %(number)s
waits", number=order.number)`. Command line, API, logs and database read it as the text that it is;
a page says it in its reader's language, because it remembers of which text and values it was made.
The texts stand in the catalogue of pages (`app/i18n.py` tells how they get there).
"""

from __future__ import annotations

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
