"""The language of pages: the visitor's own, among those that have a catalogue."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask, has_request_context, request
from flask_login import current_user

from app.domain.text import plain
from app.i18n import LANGUAGES, best_language, format_day, install, is_rtl, translations


def page_language() -> str:
    """The signed-in person's language, else the browser's, else English."""
    if not has_request_context():
        return "en"
    chosen = getattr(current_user, "language", "")
    return best_language(chosen or request.accept_languages.best_match(LANGUAGES) or "en")


def gettext(text: str) -> str:
    """A text in the language of the page."""
    return translations(page_language()).gettext(text)


def speak(app: Flask) -> None:
    """Install catalogues and filters on the application's templates."""
    install(app.jinja_env, page_language)
    app.jinja_env.globals["page_language"] = page_language
    app.jinja_env.globals["page_is_rtl"] = lambda: is_rtl(page_language())
    app.jinja_env.filters["plain"] = plain
    app.jinja_env.filters["plain_lines"] = _plain_lines
    app.jinja_env.filters["local_day"] = _local_day


def _local_day(moment: datetime | None, zone: ZoneInfo) -> str:
    """An instant as its day in a shop's time zone."""
    return "" if moment is None else format_day(moment.astimezone(zone).date(), page_language())


def _plain_lines(note: str) -> str:
    """A note as text: its paragraphs stay, its markup goes."""
    return "\n\n".join(plain(part, 2_000) for part in note.split("\n\n"))
