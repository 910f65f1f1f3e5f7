"""Languages: catalogues, and how amounts, days and quantities are written in each.

English is the source: a message id is the English sentence. What owners and staff read (pages) and
what customers read (documents, notices) are two catalogues for each language, because customers
speak more of them: `app/translations/<language>/LC_MESSAGES/messages.po` and `customers.po`. Where
friends are spoken to in other words than customers (German du), `customers_friendly.po` lies over
the latter and holds what differs, nothing else. They are read at first use; there is nothing to
compile. To add or change texts, write them in a template, with `_()` in Python, or as `Said` where
something is refused or goes wrong (`app/said.py`), then, for `messages` with `babel.cfg` and for
`customers` with `babel_customers.cfg`:

    .venv/bin/pybabel extract -F babel.cfg -k Said -o messages.pot --no-location --omit-header .
    .venv/bin/pybabel update -i messages.pot -d app/translations -D messages --no-wrap \\
        --omit-header --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
    rm messages.pot

and fill in what is empty; `tests/test_i18n.py` names what is missing. A further language is a new
folder below `app/translations/` (`pybabel init -D customers`) and its tag in `CUSTOMER_LANGUAGES`
and in `domain/language.py`, with pages too (`-D messages`) in `LANGUAGES`.

A *tag* is what a shop or browser calls a language: `de`, `de-AT`, `pt_BR`, `de_DE_formal`.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.numbers import format_percent as babel_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined

LANGUAGES = ("en", "de", "fr", "ja")
"""Of the pages that owners and staff read."""
CUSTOMER_LANGUAGES = (
    *LANGUAGES,
    *("ar", "cs", "da", "es", "he", "it", "ko", "nl", "pl", "pt", "sv", "zh", "zh_Hant"),
)
"""Of what customers read; `domain/language.py` knows the same."""
PAGES, CUSTOMERS = "messages", "customers"
"""The two catalogues of a language."""
FRIENDLY_WORDS = "customers_friendly"
"""What a friendly voice says otherwise than `CUSTOMERS`."""
FORMAL, FRIENDLY = "formal", "friendly"
"""The voices in which customers are spoken to."""
SOURCE = "en"
FOLDER = Path(__file__).parent / "translations"

SHORT_DAY = {"ja": "y年M月d日"}
FULL_DAY = {"ja": "y年M月d日(EEE)"}
"""Where CLDR's form is not what people write to customers."""
WIDE_SIGNS = {"\uffe5": "¥", "\uffe6": "₩"}
"""Full-width signs tear a column of figures apart."""
TRADITIONAL = ("TW", "HK", "MO")
"""Where Chinese is written in traditional characters."""


@lru_cache(maxsize=500)
def best_language(tag: str, available: tuple[str, ...] = LANGUAGES, default: str = SOURCE) -> str:
    """The one of `available` that a reader of `tag` reads best; `default` where there is none.

    `de-AT` and `de_DE_formal` give `de`. Never raises, whatever the tag.
    """
    known = {"_".join(_parts(name)): name for name in available}
    parts = _parts(tag)
    while parts:
        if found := known.get("_".join(parts)):
            return found
        parts.pop()
    return default


@lru_cache(maxsize=500)
def written_tag(tag: str, available: tuple[str, ...] = CUSTOMER_LANGUAGES) -> str:
    """`tag` where its language has a catalogue, else English: words and dates of one language."""
    language = best_language(tag, available)
    return tag if locale_of(tag).language == locale_of(language).language else language


@cache
def translations(language: str, domain: str = PAGES) -> gettext.NullTranslations:
    """A catalogue of one of `CUSTOMER_LANGUAGES`; where there is none, the English sentences."""
    path = FOLDER / language / "LC_MESSAGES" / f"{domain}.po"
    if language not in CUSTOMER_LANGUAGES or language == SOURCE or not path.is_file():
        return gettext.NullTranslations()
    return _read(path, language)


def _read(path: Path, language: str) -> gettext.NullTranslations:
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True)
class Spoken:
    """A language of pages, handed to what says something in it (`domain.story_words.Speech`)."""

    tag: str

    def gettext(self, message: str) -> str:
        return translations(self.tag).gettext(message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return translations(self.tag).ngettext(one, many, number)

    def day(self, day: date, style: str) -> str:
        return format_day(day, self.tag, style)


@cache
def customer_texts(tag: str, voice: str = FORMAL) -> gettext.NullTranslations:
    """The catalogue in which a customer of this tag is written to, in one of the two voices."""
    language = best_language(tag, CUSTOMER_LANGUAGES)
    formal = translations(language, CUSTOMERS)
    friendly = FOLDER / language / "LC_MESSAGES" / f"{FRIENDLY_WORDS}.po"
    if voice != FRIENDLY or not friendly.is_file():
        return formal
    texts = _read(friendly, language)
    texts.add_fallback(formal)
    return texts


@cache
def locale_of(tag: str) -> Locale:
    """The CLDR locale of a tag: with its territory where CLDR knows it, else the language alone.

    A tag that means nothing gives English. Never raises.
    """
    parts = _parts(tag)
    while parts:
        try:
            return Locale.parse("_".join(parts))
        except (UnknownLocaleError, ValueError, TypeError):
            parts.pop()
    return Locale.parse(SOURCE)


def is_rtl(tag: str) -> bool:
    """Whether the language is written from right to left."""
    return locale_of(tag).text_direction == "rtl"


def format_money(amount: Decimal, currency: str, tag: str, decimals: int | None = None) -> str:
    """`1.234,50 €`: with the currency's own decimals (JPY 0, EUR 2, KWD 3; unknown codes 2), or
    with as many as are asked for. Halves are rounded away from zero.

    A code that is no code stands before the number as it is.
    """
    code = currency.strip().upper()
    locale = locale_of(tag)
    if not re.fullmatch("[A-Z]{3}", code):
        plain = format_decimal(amount, format="#,##0.00", locale=locale)
        return f"{code} {plain}".strip()
    places = get_currency_precision(code) if decimals is None else decimals
    exact = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    form = _money_form(tag, code, places, exact.is_signed())
    if form is None:
        return _babel_money(exact, code, tag, places)
    before, group, point, after = form
    whole, _, fraction = f"{abs(exact):,f}".partition(".")
    return f"{before}{whole.replace(',', group)}{point if fraction else ''}{fraction}{after}"


def _babel_money(exact: Decimal, code: str, tag: str, places: int) -> str:
    pattern, locale = _money_pattern(tag, places), locale_of(tag)
    text: str = format_currency(exact, code, pattern, locale=locale, currency_digits=False)
    for wide, narrow in WIDE_SIGNS.items():
        text = text.replace(wide, narrow)
    return re.sub(rf"({code})(?=\d)", "\\1\u00a0", text)


@cache
def _money_form(
    tag: str, code: str, places: int, negative: bool
) -> tuple[str, str, str, str] | None:
    """What stands before the number, between its groups and parts, and after it: Babel asked once.

    Babel takes a fifth of a millisecond for each amount, and a long invoice holds hundreds. None
    where digits are not grouped by threes (India).
    """
    number = 1234567 + Decimal(places and 1).scaleb(-places)
    text = _babel_money(-number if negative else number, code, tag, places)
    found = re.fullmatch(r"(\D*)1(\D*)234(\D*)567(?:(\D+)0*1)?(\D*)", text)
    if found is None or found[2] != found[3]:
        return None
    return found[1], found[2], found[4] or "", found[5]


def format_day(day: date, tag: str, style: str = "short") -> str:
    """A day in words people use.

    `short`: `27 Nov 2026`, `27.11.2026`; `long`: `27. November 2026`, `2026年11月27日`; `full`:
    `Friday, 27 November 2026`, `2026年11月27日(金)`. Another style is a ValueError.
    """
    locale = locale_of(tag)
    forms = {
        "short": SHORT_DAY.get(locale.language, "medium"),
        "long": "long",
        "full": FULL_DAY.get(locale.language, "full"),
    }
    if style not in forms:
        raise ValueError(f"no such style of a day: {style}")
    # A reader of whom only "English" is known gets the order of days that most of the world reads.
    if tag == SOURCE:
        locale = Locale.parse("en_GB")
    return str(format_date(day, forms[style], locale=locale))


def format_percent(percent: Decimal, tag: str) -> str:
    """`19 %` from `Decimal(19)`, with as many decimals as the rate has (`7.7%`)."""
    return str(babel_percent(percent / 100, _percent_pattern(tag), locale=locale_of(tag)))


def format_quantity(quantity: Decimal, tag: str) -> str:
    """`2`, `1,5`, `1.000`: up to four decimals, none that say nothing."""
    return str(format_decimal(quantity, format="#,##0.####", locale=locale_of(tag)))


def install(
    environment: Environment,
    tag: str | Callable[[], str],
    domain: str = PAGES,
    voice: str = FORMAL,
) -> Environment:
    """Gives a Jinja2 environment `_`, `ngettext`, `pgettext` and the filters below; returns it.

    `tag` is a language, or a function that says the present one (a web request's); a language
    without a catalogue is served in English throughout, dates and amounts too. Placeholders
    are written `_("Page %(page)s", page=…)`; under autoescape their values are escaped.
    Filters: `money(currency, decimals)`, `day(style)`, `percent`, `quantity`.
    """
    wanted: Callable[[], str] = tag if callable(tag) else lambda: tag

    available = LANGUAGES if domain == PAGES else CUSTOMER_LANGUAGES

    def current() -> str:
        return written_tag(wanted(), available)

    def catalogue() -> gettext.NullTranslations:
        if domain == CUSTOMERS:
            return customer_texts(current(), voice)
        return translations(best_language(current(), available), domain)

    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: catalogue().gettext(text),
        lambda one, many, n: catalogue().ngettext(one, many, n),
        newstyle=True,
        pgettext=lambda context, text: catalogue().pgettext(context, text),
        npgettext=lambda context, one, many, n: catalogue().npgettext(context, one, many, n),
    )
    environment.filters.update(
        money=lambda amount, currency, decimals=None: format_money(
            amount, currency, current(), decimals
        ),
        day=lambda day, style="short": format_day(day, current(), style),
        percent=lambda value: format_percent(value, current()),
        quantity=lambda value: format_quantity(value, current()),
    )
    return environment


@cache
def environment(folder: Path, tag: str, voice: str = FORMAL) -> Environment:
    """A Jinja2 environment over `folder` in a customer's language, kept for the process: do not
    change it.

    Autoescape is on for every template, whatever its name; an undefined name is an error.
    """
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return install(made, tag, CUSTOMERS, voice)


def _parts(tag: str) -> list[str]:
    """`de-at.UTF-8` → `["de", "AT"]`, `zh-TW` → `["zh", "Hant", "TW"]`, in CLDR's cases."""
    words = tag.split(".")[0].split("@")[0].replace("-", "_").split("_")
    if not words[0].isascii() or not words[0].isalpha() or len(tag) > 40:
        return []
    cased = [words[0].lower()]
    for word in words[1:]:
        cased.append(word.title() if len(word) == 4 else word.upper())
    if cased[0] == "zh" and cased[1:2] and cased[1] in TRADITIONAL:
        cased.insert(1, "Hant")
    return cased


@cache
def _money_pattern(tag: str, decimals: int) -> str:
    """The locale's own form (`#,##0.00 ¤`, `¤#,##,##0.00`) with another number of decimals."""
    pattern = str(locale_of(tag).currency_formats["standard"].pattern)
    return re.sub(r"0\.0+", "0." + "0" * decimals if decimals else "0", pattern)


@cache
def _percent_pattern(tag: str) -> str:
    """The locale's own form (`19 %`, `19%`), opened to three decimals."""
    pattern = locale_of(tag).percent_formats[None].pattern
    return str(pattern).replace("#,##0", "#,##0.###")
