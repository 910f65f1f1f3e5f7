"""Whose parcel it is, and which links may be opened."""

from __future__ import annotations

import pytest

from app.domain.carrier import carrier_name, known_carrier, links, tracking_link, trusted_link
from app.domain.carrier_table import CARRIERS
from app.domain.tracking_number import carrier_of, normalised


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("DHL Paket", "dhl"),
        ("dhl-express", "dhl-express"),
        ("DPD", "dpd"),
        ("GLS", "gls"),
        ("Hermes", "hermes"),
        ("UPS", "ups"),
        ("FedEx", "fedex"),
        ("usps", "usps"),
        ("Royal Mail", "royal-mail"),
        ("La Poste / Colissimo", "la-poste"),
        ("Chronopost", "chronopost"),
        ("PostNL", "postnl"),
        ("bpost", "bpost"),
        ("Swiss Post", "swiss-post"),
        ("Österreichische Post", "austrian-post"),
        ("Poste Italiane", "poste-italiane"),
        ("Correos", "correos"),
        ("InPost", "inpost"),
        ("ヤマト運輸", "yamato"),
        ("佐川急便", "sagawa"),
        ("日本郵便", "japan-post"),
        ("ゆうパック", "japan-post"),
        ("Canada Post", "canada-post"),
        ("Australia Post", "australia-post"),
        ("aramex", "aramex"),
        ("Correios", "correios"),
        ("Fahrradkurier Ost", ""),
    ],
)
def test_a_carrier_is_known_by_what_shops_call_it(said: str, key: str) -> None:
    assert known_carrier(said) == key


def test_every_key_and_name_of_the_table_is_known_and_only_once() -> None:
    for carrier in CARRIERS:
        assert known_carrier(carrier.key) == known_carrier(carrier.name) == carrier.key
        assert carrier_name(carrier.key) == carrier.name
        assert carrier.address.startswith("https://") and carrier.address.count("{}") == 1


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("1Z999AA10123456784", "ups"),
        ("1Z 999 AA1 01 2345 6784", "ups"),
        ("1Z999AA10123456785", ""),  # its check digit is wrong
        ("RR473124829DE", "dhl"),
        ("RR473124828DE", ""),
        ("AB123456785GB", "royal-mail"),
        ("EA473124829XX", ""),  # no such country
        ("00340434161094015902", ""),  # DHL's, and by its form FedEx's too
        ("123456789012", ""),
        ("", ""),
    ],
)
def test_a_number_alone_names_a_carrier_only_by_its_check_digit(number: str, key: str) -> None:
    assert carrier_of(number) == known_carrier("", number) == key


def test_the_shops_own_word_comes_before_the_number() -> None:
    assert known_carrier("DPD", "1Z999AA10123456784") == "dpd"
    assert known_carrier("Fahrradkurier Ost", "1Z999AA10123456784") == ""


def test_numbers_are_the_same_whatever_their_blanks_and_width() -> None:
    assert normalised(" 0034-0434 ") == normalised("００３４０４３４") == "00340434"
    assert len(normalised("9" * 5000)) == 60


def test_a_number_cannot_leave_its_place_in_a_link() -> None:
    link = tracking_link("ups", "1Z&x=<script>/../é")
    assert link.startswith("https://www.ups.com/track?tracknum=1ZXSCRIPT")
    assert not set("<>&") & set(link)
    assert tracking_link("ups", "") == tracking_link("nobody", "1") == ""


@pytest.mark.parametrize(
    "link",
    [
        "https://www.dhl.de/track?id=1",
        "https://t.17track.net/en#nums=1",
        "https://tea.aftership.com/1",
        "https://dhl.com:443/x",
    ],
)
def test_links_to_carriers_and_tracking_services_open(link: str) -> None:
    assert trusted_link(link) == link


@pytest.mark.parametrize(
    "link",
    [
        "http://www.dhl.de/track",
        "https://www.dhl.test/track",
        "https://dhl.de.evil.example/",
        "https://evildhl.de/",
        "https://dhl.de@evil.example/",
        "https://user:word@dhl.de/",
        "https://dhl.de:8443/",
        "https://dhl.de\\@evil.example/",
        "javascript:alert(1)//dhl.de",
        "//dhl.de/",
        "https://[dhl.de/",
        "https://dhl.de/%2$s",
        "https://dhl.de/" + "a" * 400,
        "",
    ],
)
def test_every_other_link_is_only_shown(link: str) -> None:
    assert trusted_link(link) == ""
    opens, shown = links(link, "", "12")
    assert opens == "" and len(shown) <= 200


def test_the_number_takes_its_place_in_a_shops_link() -> None:
    assert trusted_link("https://www.dpd.com/%1$s", "01 23/45") == "https://www.dpd.com/012345"
