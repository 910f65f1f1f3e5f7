"""What a form is refused for, in the language of whoever sent it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from app.domain.connecting import FoundShop
from tests.web.site import (
    LATE,
    NORMAL,
    ON_HOLD,
    PEOPLE,
    PretendShop,
    Site,
    payloads_of_the_day,
    post,
)

FORMS: tuple[tuple[str, str, dict[str, str], dict[str, str]], ...] = (
    (
        "agent",
        f"/orders/tea/{LATE}/note",
        {"words": " ", "request": "1"},
        {
            "en": "nothing was written",
            "de": "Es wurde nichts geschrieben",
            "fr": "Rien n’a été écrit",
            "ja": "何も書かれていません",
        },
    ),
    (
        "agent",
        f"/orders/tea/{NORMAL}/hold",
        {"message": "999999", "reason": "wait"},
        {
            "en": f"order {NORMAL} has no such message",
            "de": f"Bestellung {NORMAL} hat keine solche Nachricht",
            "fr": f"La commande {NORMAL} n’a pas de tel message",
            "ja": f"注文 {NORMAL} にそのメッセージはありません",
        },
    ),
    (
        "owner",
        "/setup/shops/tea/resume",
        {},
        {
            "en": 'store "tea" is not paused; see store show',
            "de": "Shop „tea“ ist nicht angehalten. Siehe store show",
            "fr": "La boutique «\u00a0tea\u00a0» n’est pas suspendue\u202f; voyez store show",
            "ja": "ショップ「tea」は一時停止していません。store show をご覧ください",
        },
    ),
    (
        "owner",
        f"/orders/tea/{NORMAL}/documents",
        {"kind": "invoice"},
        {
            "en": f"order {NORMAL} has its invoice already; if it is wrong, take it back",
            "de": f"Bestellung {NORMAL} hat ihre Rechnung schon. Ist sie falsch, nehmen Sie sie",
            "fr": f"La commande {NORMAL} a déjà sa facture\u202f; si elle est fausse, annulez-la",
            "ja": f"注文 {NORMAL} にはすでに請求書があります。誤りがあれば取り消して",
        },
    ),
    (
        "owner",
        "/people",
        {"email": PEOPLE["agent"], "role": "agent", "sees": "all"},
        {
            "en": f"{PEOPLE['agent']} may sign in already",
            "de": f"{PEOPLE['agent']} darf sich schon anmelden",
            "fr": f"{PEOPLE['agent']} peut déjà se connecter",
            "ja": f"{PEOPLE['agent']} はすでにサインインできます",
        },
    ),
    (
        "owner",
        "/setup/shops/tea/settings",
        {"time_zone": "Atlantis"},
        {
            "en": "'Atlantis' is no time zone",
            "de": "„Atlantis“ ist keine Zeitzone",
            "fr": "«\u00a0Atlantis\u00a0» n’est pas un fuseau horaire",
            "ja": "「Atlantis」は",
        },
    ),
)


@pytest.mark.parametrize("language", ["en", "de", "fr", "ja"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[1].rpartition("/")[2])
def test_a_form_is_refused_in_the_language_of_its_reader(
    site: Site,
    form: tuple[str, str, dict[str, str], dict[str, str]],
    language: str,
) -> None:
    role, path, given, words = form
    client = site.client(role)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    answer = post(client, path, **given)
    page = client.get(answer.location) if answer.status_code == 302 else answer
    assert words[language] in unescape(re.sub(r"<[^>]+>", "", page.text))


def test_a_document_that_cannot_be_made_is_explained_in_the_language_of_the_page(
    site: Site,
) -> None:
    shop = PretendShop(payloads_of_the_day())
    site.services.shop = lambda store: shop  # type: ignore[assignment, method-assign, return-value]
    client = site.client("agent")
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    answer = post(client, f"/orders/tea/{ON_HOLD}/documents", kind="receipt")
    page = unescape(client.get(answer.location).text)
    assert "ist nicht bezahlt, und eine Quittung sagt, sie sei es. Warten Sie auf die" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Consumer key (ck_…) is empty"),
        ("de", "Consumer key (ck_…) ist leer"),
        ("fr", "Clé client (ck_…) est vide"),
        ("ja", "コンシューマーキー (ck_…) が空です"),
    ],
)
def test_what_a_form_lacks_is_named_as_its_field_and_no_option(
    site: Site, language: str, words: str
) -> None:
    site.services.finder = FoundShop  # type: ignore[assignment]
    client = site.client("owner")
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    given = {"address": "https://new.example", "name": "new", "consumer_secret": "cs_1"}
    answer = post(client, "/setup/by-hand", **given, consumer_key=" ")
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert words in page and "--consumer" not in page
