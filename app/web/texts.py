"""The language of pages: the visitor's own, among those that have a catalogue."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_time
from flask import Flask, g, has_request_context, request
from flask_login import current_user

from app.domain.carrier import carrier_name
from app.domain.order import status_words
from app.domain.shipping_date import day_in
from app.domain.story_words import known_words
from app.domain.text import clean, plain
from app.i18n import (
    LANGUAGES,
    Spoken,
    best_language,
    format_day,
    install,
    is_rtl,
    locale_of,
    translations,
)
from app.said import said_again
from app.web.state import services

UTC_ZONE = ZoneInfo("UTC")
"""Of what belongs to no shop."""


def page_language() -> str:
    """The signed-in person's language, else the browser's, else English. A view that knows better
    says so in `g.language`."""
    if not has_request_context():
        return "en"
    chosen = g.get("language", "") or getattr(current_user, "language", "")
    return best_language(chosen or request.accept_languages.best_match(LANGUAGES) or "en")


def gettext(text: str) -> str:
    """A text in the language of the page."""
    return translations(page_language()).gettext(text)


def said(text: str) -> str:
    """A sentence of ours in the language of the page; what is none, as it is."""
    return str(said_again(text, gettext))


def speak(app: Flask) -> None:
    """Install catalogues and filters on the application's templates."""
    install(app.jinja_env, page_language)
    app.jinja_env.globals["page_language"] = page_language
    app.jinja_env.globals["page_is_rtl"] = lambda: is_rtl(page_language())
    app.jinja_env.filters.update(
        clean=clean,
        plain=plain,
        plain_lines=_plain_lines,
        local_day=_local_day,
        local_time=_local_time,
        exact=_exact,
        clock=_clock,
        iso_day=_iso_day,
        status=lambda status: said(status_words(status)),
        known=lambda story: known_words(story, Spoken(page_language())),
        said=said,
        language=_language_name,
        utc_day=lambda moment: _local_day(moment, UTC_ZONE),
        utc_time=lambda moment: _local_time(moment, UTC_ZONE),
        carrier_name=carrier_name,
        parcel_day=day_in,
        seen=lambda finding: said(finding.seen()),
        why=lambda finding: said(finding.why()),
        mend=lambda finding: said(finding.mend()),
    )


def _local_day(moment: datetime | None, zone: ZoneInfo, style: str = "short") -> str:
    """An instant as its day in a shop's time zone."""
    if moment is None:
        return ""
    return format_day(moment.astimezone(zone).date(), page_language(), style)


def _local_time(moment: datetime, zone: ZoneInfo) -> str:
    """An instant as day and time in a shop's time zone: `today, 08:00`, `27 Nov 2026, 14:30`."""
    local, language = moment.astimezone(zone), page_language()
    locale = locale_of("en-GB" if language == "en" else language)
    time = format_time(local.time(), "short", locale=locale)
    today = services().clock().astimezone(zone).date()
    if local.date() == today:
        return gettext("today, %(time)s") % {"time": time}
    if local.date() == today - timedelta(days=1):
        return gettext("yesterday, %(time)s") % {"time": time}
    day = format_day(local.date(), language)
    return gettext("%(day)s, %(time)s") % {"day": day, "time": time}


def _iso_day(text: str) -> str:
    """A day that is kept as text."""
    return format_day(date.fromisoformat(text), page_language())


def _clock(moment: datetime) -> str:
    """The time of day of a moment, in the zone that it carries."""
    language = page_language()
    locale = locale_of("en-GB" if language == "en" else language)
    return format_time(moment.time(), "short", locale=locale)


def _language_name(tag: str) -> str:
    """A language's name in the language of the page: `de-AT` → German (Austria)."""
    return str(locale_of(tag).get_display_name(locale_of(page_language())) or tag)


def _exact(moment: datetime) -> str:
    """The exact instant, for those who compare with logs."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _plain_lines(note: str) -> str:
    """A note as text: its paragraphs and lines stay, its markup goes."""
    return "\n".join(plain(line, 2_000) for line in note.split("\n"))
