"""Languages: every text translated, every catalogue tidy, amounts and days as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from app.adapters.wording import TemplateWording
from app.domain.joining import MOST_ORDERS
from app.domain.language import CustomerLanguage
from app.domain.notice import NoticeKind
from app.domain.store_settings import ShopSettings
from app.i18n import (
    CUSTOMER_LANGUAGES,
    CUSTOMERS,
    FOLDER,
    FORMAL,
    FRIENDLY,
    FRIENDLY_WORDS,
    LANGUAGES,
    PAGES,
    SOURCE,
    _babel_money,
    best_language,
    customer_texts,
    environment,
    format_day,
    format_money,
    format_percent,
    format_quantity,
    is_rtl,
    locale_of,
    translations,
    written_tag,
)
from app.usecases.dress_mails import texts_in

ROOT = Path(__file__).parents[1]
SPOKEN = {PAGES: LANGUAGES, CUSTOMERS: CUSTOMER_LANGUAGES}
RULES = {PAGES: "babel.cfg", CUSTOMERS: "babel_customers.cfg"}
CATALOGUES = [
    (domain, language) for domain in SPOKEN for language in SPOKEN[domain] if language != SOURCE
]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]")

Key = tuple[str | None, object]


@cache
def used(domain: str) -> set[Key]:
    """Every (context, text) in app/ and templates/, by the rules of the domain's own file."""
    with (ROOT / RULES[domain]).open() as file:
        methods, options = parse_mapping_cfg(file)
    return {
        (context, message if isinstance(message, str) else tuple(message))
        for folder in ("app", "templates")
        for _, _, message, _, context in extract_from_dir(
            ROOT / folder,
            [
                (pattern.removeprefix(f"{folder}/"), method)
                for pattern, method in methods
                if pattern.startswith((f"{folder}/", ".venv"))
            ],
            {pattern.removeprefix(f"{folder}/"): value for pattern, value in options.items()},
            DEFAULT_KEYWORDS | {"Said": None},
        )
    }


def entries(domain: str, language: str) -> Iterator[tuple[Key, object, bool]]:
    """(context, text), its translation, and whether that is fuzzy."""
    with (FOLDER / language / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    for message in catalogue:
        if message.id:
            text = message.id if isinstance(message.id, str) else tuple(message.id)
            yield (message.context, text), message.string, message.fuzzy


def _all(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(form) for form in value]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("domain", "language"), CATALOGUES)
def test_every_text_is_translated_and_nothing_else(domain: str, language: str) -> None:
    known = {key for key, _, _ in entries(domain, language)}
    assert used(domain) - known == set(), "missing: run the commands in app/i18n.py"
    assert known - used(domain) == set(), "no longer used"


@pytest.mark.parametrize(("domain", "language"), CATALOGUES)
def test_translations_are_whole_and_keep_their_placeholders(domain: str, language: str) -> None:
    for (context, text), translated, fuzzy in entries(domain, language):
        assert not fuzzy and all(_all(translated)), f"{language}: {context} {text}"
        for form in _all(translated):
            wanted = set(PLACEHOLDER.findall(_all(text)[-1]))
            assert set(PLACEHOLDER.findall(form)) == wanted, f"{language}: {form}"


def test_there_are_the_catalogues_of_each_language_and_no_other() -> None:
    there = {(path.stem, path.parts[-3]) for path in FOLDER.rglob("*.po")}
    friendly = {(FRIENDLY_WORDS, language) for language in SPEAKS_AS_TO_FRIENDS}
    assert there == {*CATALOGUES, *friendly}


def test_shops_may_choose_every_language_of_customers() -> None:
    assert get_args(CustomerLanguage) == CUSTOMER_LANGUAGES
    assert len(CUSTOMER_LANGUAGES) >= 14
    for language in CUSTOMER_LANGUAGES:
        chosen = ShopSettings(language=language, languages=(language,))
        assert (chosen.language, chosen.languages) == (language, (language,))


def test_every_text_is_for_owners_or_for_customers() -> None:
    assert "Carried forward: %(amount)s" in {text for _, text in used(CUSTOMERS)}
    assert "Saved. It counts from now on; documents that were issued stay as they are." in {
        text for _, text in used(PAGES)
    }


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("de_DE_formal", "de"),
        ("fr_CA.UTF-8", "fr"),
        ("JA", "ja"),
        ("pt_BR", "en"),
        ("", "en"),
        ("../../etc", "en"),
    ],
)
def test_the_best_language_for_a_tag(tag: str, language: str) -> None:
    assert best_language(tag) == language


def test_the_best_language_among_others() -> None:
    assert best_language("pt_BR", ("en", "pt-BR")) == "pt-BR"
    assert best_language("zh-Hant-TW", ("zh-Hant", "zh")) == "zh-Hant"
    assert best_language("xx", ("de",), "de") == "de"


def test_words_and_dates_are_of_one_language() -> None:
    assert written_tag("de-AT") == "de-AT"
    assert written_tag("hr-HR") == "en"
    assert written_tag("zh-TW") == "zh-TW"
    assert written_tag("he-IL") == "he-IL"
    assert written_tag("he-IL", LANGUAGES) == "en"


def test_amounts_have_their_currencys_decimals() -> None:
    amount = Decimal("1234.5")
    assert format_money(amount, "EUR", "de-DE") == "1.234,50\xa0€"
    assert format_money(amount, "JPY", "ja") == "¥1,235"
    assert format_money(amount, "KWD", "en-GB") == "KWD\xa01,234.500"
    assert format_money(-amount, "EUR", "fr") == "-1\u202f234,50\xa0€"
    assert format_money(Decimal("0.005"), "EUR", "en") == "€0.01"
    assert format_money(Decimal("0.1234"), "EUR", "en", 4) == "€0.1234"
    assert format_money(Decimal("9.5"), "JPY", "en", 2) == "¥9.50"


@given(
    st.sampled_from(("en", "de", "de-CH", "fr", "ja", "ar", "ar-EG", "he", "pl", "hi", "es", "nl")),
    st.sampled_from(("EUR", "JPY", "KWD", "CHF", "XQZ")),
    st.decimals(-(10**12), 10**12, places=3),
    st.integers(0, 4),
)
def test_amounts_are_as_babel_writes_them(
    tag: str, code: str, amount: Decimal, places: int
) -> None:
    exact = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    assert format_money(amount, code, tag, places) == _babel_money(exact, code, tag, places)


def test_unknown_currencies_are_shown_as_they_are() -> None:
    assert format_money(Decimal("5"), "XQZ", "en") == "XQZ\xa05.00"
    assert format_money(Decimal("5"), "", "de") == "5,00"


def test_days_read_as_people_write_them() -> None:
    day = date(2026, 11, 27)
    assert format_day(day, "en", "full") == "Friday, 27 November 2026"
    assert format_day(day, "en-US", "full") == "Friday, November 27, 2026"
    assert format_day(day, "de") == "27.11.2026"
    assert format_day(day, "de-AT", "long") == "27. November 2026"
    assert format_day(day, "fr", "full") == "vendredi 27 novembre 2026"
    assert format_day(day, "ja", "full") == "2026年11月27日(金)"
    with pytest.raises(ValueError, match="style"):
        format_day(day, "en", "loud")


def test_rates_and_quantities() -> None:
    assert format_percent(Decimal("19.0000"), "de") == "19\xa0%"
    assert format_percent(Decimal("9.975"), "fr-CA") == "9,975\xa0%"
    assert format_quantity(Decimal("1.500"), "de") == "1,5"
    assert format_quantity(Decimal("1000"), "en") == "1,000"


def test_writing_direction() -> None:
    assert is_rtl("ar") and is_rtl("he-IL")
    assert not is_rtl("ja") and not is_rtl("nonsense")


@given(st.text(), st.decimals(-(10**12), 10**12, allow_nan=False))
def test_no_tag_and_no_currency_raises(word: str, amount: Decimal) -> None:
    assert locale_of(word)
    assert best_language(word) in LANGUAGES
    assert format_money(amount, word, word)


def test_an_environment_escapes_translates_and_tolerates_no_gaps(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        '{{ _("Paid on %(day)s.", day=day|day("long")) }} {{ name }} {{ sum|money("EUR") }}'
    )
    (tmp_path / "b.html").write_text("{{ unknown }}")
    german = environment(tmp_path, "de")
    said = german.get_template("a.txt").render(day=date(2026, 1, 2), name="<b>", sum=Decimal(5))
    assert said == "Bezahlt am 2. Januar 2026. &lt;b&gt; 5,00\xa0€"
    with pytest.raises(UndefinedError):
        german.get_template("b.html").render()


def test_a_language_without_catalogue_speaks_english() -> None:
    assert translations("xx", CUSTOMERS).gettext("Total") == "Total"
    assert translations("ar", PAGES).gettext("Total") == "Total"
    assert customer_texts("hr-HR").gettext("Total") == "Total"
    assert customer_texts("de-AT").gettext("Total") == "Gesamtbetrag"


@pytest.mark.parametrize(
    ("tag", "total"),
    [("zh", "总计"), ("zh-CN", "总计"), ("zh-TW", "總計"), ("zh_HK", "總計"), ("zh-Hant", "總計")],
)
def test_chinese_is_written_as_in_its_country(tag: str, total: str) -> None:
    assert customer_texts(tag).gettext("Total") == total


# du and Sie

SPEAKS_AS_TO_FRIENDS = {
    "cs": r"\bV(aše|aši|aší|áš|ám|ás)\b|jste\b",
    "de": r"\bIh(nen|re?[rnms]?)\b",
    "es": r"\b([Ss]us?|[Ll]e|usted)\b",
    "fr": r"\b[Vv](ous|otre|os)\b",
    "it": r"\b(Su[oa]|Le|Lei)\b|\bci scriva",
    "nl": r"\b[Uu]w?\b",
    "pl": r"Państw",
    "zh": "您",
    "zh_Hant": "您",
}
"""The languages with a friendly overlay, and what only customers who are strangers read."""


def friendly_entries(language: str) -> dict[Key, object]:
    path = FOLDER / language / "LC_MESSAGES" / f"{FRIENDLY_WORDS}.po"
    with path.open("rb") as file:
        return {(one.context, one.id): one.string for one in read_po(file) if one.id}


@pytest.mark.parametrize("language", SPEAKS_AS_TO_FRIENDS)
def test_a_friendly_voice_says_only_what_it_says_otherwise(language: str) -> None:
    formal = {key: text for key, text, _ in entries(CUSTOMERS, language)}
    for key, text in friendly_entries(language).items():
        assert key in formal and text and text != formal[key], key
        assert set(PLACEHOLDER.findall(str(text))) == set(PLACEHOLDER.findall(str(key[1]))), text


@pytest.mark.parametrize("language", SPEAKS_AS_TO_FRIENDS)
def test_friends_are_not_spoken_to_as_strangers(language: str) -> None:
    said = {voice: everything_told(language, voice) for voice in (FORMAL, FRIENDLY)}
    assert re.search(SPEAKS_AS_TO_FRIENDS[language], said[FORMAL])
    assert not re.search(SPEAKS_AS_TO_FRIENDS[language], said[FRIENDLY])


def everything_told(language: str, voice: str) -> str:
    """Every notice, with and without a contact, and the mail around it."""
    parts = [
        TemplateWording().compose(
            kind,
            FACTS | {"contact": contact, "reason": reason, "coupon": coupon},
            language=language,
            reference="KK-7F3QX2MP",
            voice=voice,
        )
        for kind in NoticeKind
        for contact in ("", "a-person@kikubari.example")
        for reason in ("shipped", "delivered", "cancelled")
        for coupon in (None, COUPON, COUPON | {"minimum": ""})
    ]
    parts += [about_several(language, voice, kind, 2, None) for kind in UNASKED]
    parts += [about_several(language, voice, kind, 2, COUPON) for kind in UNASKED]
    return "\n".join([*parts, *texts_in(language, voice).values()])


@pytest.mark.parametrize("language", SPEAKS_AS_TO_FRIENDS)
def test_no_text_of_the_page_or_of_a_notice_slips_into_the_other_voice(language: str) -> None:
    texts = customer_texts(language, FRIENDLY)
    for folder in ("customer", "notices"):
        for key in used_in(f"templates/{folder}"):
            said = texts.gettext(key)
            assert not re.search(SPEAKS_AS_TO_FRIENDS[language], said), said


def used_in(folder: str) -> set[str]:
    options = {"**.html": {"newstyle_gettext": "true"}}
    found = extract_from_dir(ROOT / folder, [("**.html", "jinja2")], options)
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def test_one_voice_is_enough_where_both_are_the_same() -> None:
    for language in set(CUSTOMER_LANGUAGES) - set(SPEAKS_AS_TO_FRIENDS):
        assert everything_told(language, FRIENDLY) == everything_told(language, FORMAL)


# what customers are told

JAPANESE = r"[\u3040-\u30ff\u3400-\u9fff]"
FACTS = {
    "order_number": "104829",
    "promised_on": "2026-09-30",
    "expected_on": "2026-11-25",
    "number": "RE-2026-000128",
    "total": "12345.60",
    "currency": "EUR",
    "decimals": 2,
    "link": "https://kikubari.example/i/1.abcdefghijklmnopqrstuvwxyz",
    "reason": "shipped",
    "words": "Good morning,\n\nyour parcel leaves today.\nWe ring before it comes.",
}
"""What any kind of notice may say, each as long as it gets."""

COUPON = {
    "code": "TY-7F3Q-X2MP-9HTR",
    "kind": "fixed",
    "amount": "1234.50",
    "currency": "EUR",
    "minimum": "12345.60",
    "expires_on": "2026-09-30",
}


def words_in(text: str) -> float:
    """How much there is to read. Japanese writes no spaces: two kana or kanji count as a word, so
    110 words are 220 of them, which hold what 110 English words say; its figures are not counted.
    """
    said = re.sub(r"<[^>]*>", "", text)
    return len(re.findall(JAPANESE, said)) / 2 or len(said.split())


EMPTY_PHRASES = re.compile(
    r"[!！¡]|unfortunately|leider|malheureusement|残念|あいにく|desgraciad|lamentablemente|purtroppo"
    r"|helaas|infelizmente|niestety|tyvärr|desværre|bohužel|遗憾|遺憾|不幸|유감|아쉽게|للأسف|لسوء"
    r"|לצערנו|למרבה הצער",
    re.IGNORECASE,
)
APOLOGY = re.compile(
    r"sorry|apolog|leid|entschuldig|désolé|excus|申し訳|お詫び"
    r"|sentimos|disculp|perdón|lamentamos|scusi|dispiac|spijt|verontschuldig"
    r"|desculp|przeprasza|przykro|beklag|ursäkt|undskyld|omlouvá|omluv|mrzí"
    r"|歉|对不起|對不起|죄송|사과|نعتذر|آسف|מצטער|סליחה|מתנצל",
    re.IGNORECASE,
)
SORRY = {NoticeKind.AT_RISK, NoticeKind.DELAYED, NoticeKind.DELAYED_AGAIN, NoticeKind.COUPON}
OFFERS = SORRY
"""Kinds with which a coupon may be offered."""
UNASKED = (NoticeKind.AT_RISK, NoticeKind.DELAYED, NoticeKind.DELAYED_AGAIN, NoticeKind.CLOSED)
"""Kinds of which several orders are told in one message."""


def about_several(
    language: str,
    voice: str,
    kind: NoticeKind,
    orders: int,
    coupon: dict[str, str] | None = None,
) -> str:
    """One message about so many orders, each of a kind with the longest facts."""
    facts = FACTS | {"contact": "a-person@kikubari.example"}
    return TemplateWording().compose_several(
        [(kind, facts)] * orders,
        language=language,
        references=["KK-7F3QX2MP"] * orders,
        voice=voice,
        coupon=coupon,
    )


MORE_WORDS = 60
"""For each further order in one message."""


@pytest.mark.parametrize("voice", [FORMAL, FRIENDLY])
@pytest.mark.parametrize("language", CUSTOMER_LANGUAGES)
@pytest.mark.parametrize("kind", UNASKED)
@pytest.mark.parametrize("coupon", [None, COUPON])
def test_a_message_about_several_orders_is_no_longer_than_it_must_be(
    coupon: dict[str, str] | None, kind: NoticeKind, language: str, voice: str
) -> None:
    coupon = coupon if kind in OFFERS else None
    for orders in range(2, MOST_ORDERS + 1):
        said = about_several(language, voice, kind, orders, coupon)
        assert words_in(said) <= 110 + MORE_WORDS * (orders - 1)
        assert said.count("KK-7F3QX2MP") == orders
        assert said.count("href=") == len(re.findall(r"\w+://", said)) == orders
        assert said.count("104829") == orders * 2 and not EMPTY_PHRASES.search(said)
        assert len(APOLOGY.findall(said)) == (kind in SORRY)
        offers = [part for part in said.split("\n\n") if COUPON["code"] in part]
        assert len(offers) == (coupon is not None), "one sentence, whatever the number of orders"


@pytest.mark.parametrize("language", CUSTOMER_LANGUAGES)
def test_each_of_several_orders_is_told_with_its_dates_and_why(language: str) -> None:
    facts = FACTS | {"contact": ""}
    told = [
        (NoticeKind.DELAYED, facts | {"order_number": "101"}),
        (NoticeKind.AT_RISK, facts | {"order_number": "102", "expected_on": "2026-12-18"}),
        (NoticeKind.CLOSED, facts | {"order_number": "103", "reason": "cancelled", "link": ""}),
    ]
    said = TemplateWording().compose_several(
        told, language=language, references=["KK-AAAA2222", "KK-BBBB2222", "KK-CCCC2222"]
    )
    _, late, likely, closed, *_ = said.split("\n\n")
    assert "101" in late and "30" in late and "25" in late
    assert "102" in likely and "30" in likely and "18" in likely
    assert "103" in closed and "href" not in closed


@pytest.mark.parametrize("voice", [FORMAL, FRIENDLY])
@pytest.mark.parametrize("contact", ["", "a-person@kikubari.example"])
@pytest.mark.parametrize("language", CUSTOMER_LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("coupon", [None, COUPON])
def test_a_notice_is_short_and_calm_and_says_whom_to_ask(
    coupon: dict[str, str] | None, kind: NoticeKind, language: str, contact: str, voice: str
) -> None:
    facts = FACTS | {"contact": contact, "coupon": coupon}
    said = TemplateWording().compose(
        kind, facts, language=language, reference="KK-7F3QX2MP", voice=voice
    )
    assert words_in(said) <= 110
    assert said.count("KK-7F3QX2MP") == 1 and contact in said
    assert said.count("href=") == len(re.findall(r"\w+://", said)) <= 1
    assert not EMPTY_PHRASES.search(said)
    assert len(APOLOGY.findall(said)) == (kind in SORRY)
    assert said.count(COUPON["code"]) == (coupon is not None and kind in OFFERS)


@pytest.mark.parametrize("voice", [FORMAL, FRIENDLY])
@pytest.mark.parametrize("language", CUSTOMER_LANGUAGES)
@pytest.mark.parametrize("kind", sorted(OFFERS))
@pytest.mark.parametrize("worth", ["percent", "fixed"])
def test_a_coupon_is_offered_after_the_facts_in_one_sentence(
    worth: str, kind: NoticeKind, language: str, voice: str
) -> None:
    """What it is worth, its code, until when: and a delay's dates come before it."""
    tag, ten = language, Decimal(10)

    def parts(coupon: dict[str, str] | None) -> list[str]:
        facts = FACTS | {"contact": "", "coupon": coupon}
        reference = "KK-7F3QX2MP"
        said = TemplateWording().compose(
            kind, facts, language=tag, reference=reference, voice=voice
        )
        return said.split("\n\n")

    said = parts(COUPON | {"kind": worth, "amount": "10", "minimum": ""})
    (offer,) = (part for part in said if COUPON["code"] in part)
    amount = format_percent(ten, tag) if worth == "percent" else format_money(ten, "EUR", tag)
    assert amount in offer and format_day(date(2026, 9, 30), tag, "long") in offer
    if kind is not NoticeKind.COUPON:
        assert parts(None)[:2] == said[:2] and said.index(offer) >= 2


def test_words_are_counted_in_each_way_of_writing() -> None:
    assert words_in('Open <a href="https://a.example/b">the invoice</a>.') == 3
    assert words_in("請求書 2026-1 を、") == 2
