"""Addresses as their own country writes them, and nothing lost or invented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.address import Address, address_lines, full_name, is_company
from app.domain.text import clean, plain

RECORDINGS = Path(__file__).parents[1] / "recordings"

TOKYO = {
    "first_name": "花子",
    "last_name": "山田",
    "company": "株式会社サンプル",
    "address_1": "千代田1-1",
    "address_2": "皇居ビル 2F",
    "city": "千代田区",
    "state": "JP13",
    "postcode": "100-0001",
    "country": "JP",
}


def lines(home: str = "DE", **fields: Any) -> tuple[str, ...]:
    return address_lines(Address.model_validate(fields), home_country=home)


def place(
    country: str, city: str, postcode: str = "", state: str = "", street: str = "1 Road"
) -> str:
    """The lines without a name, as the country itself sees them."""
    found = lines(
        country, address_1=street, city=city, postcode=postcode, state=state, country=country
    )
    return " / ".join(found)


def test_a_japanese_address_goes_from_the_large_to_the_small() -> None:
    assert lines("JP", **TOKYO) == (
        "〒100-0001",
        "東京都千代田区千代田1-1",
        "皇居ビル 2F",
        "株式会社サンプル",
        "山田 花子",
    )


def test_a_japanese_address_in_latin_letters_goes_the_other_way() -> None:
    latin = lines(
        "JP",
        first_name="Hanako",
        last_name="Yamada",
        address_1="1-1 Chiyoda",
        city="Chiyoda-ku",
        state="JP13",
        postcode="〒100-0001",
        country="JP",
    )
    assert latin == ("Hanako Yamada", "1-1 Chiyoda", "Chiyoda-ku", "Tokyo 100-0001")


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        (("DE", "Berlin", "10623", "DE-BE"), "1 Road / 10623 Berlin"),
        (("US", "Beverly Hills", "90210", "CA"), "1 Road / BEVERLY HILLS, CA 90210"),
        (("US", "Beverly Hills", "90210", ""), "1 Road / BEVERLY HILLS 90210"),
        (("BR", "São Paulo", "01310-200", "SP"), "1 Road / SÃO PAULO-SP / 01310-200"),
        (("FR", "Orléans", "45000", ""), "1 Road / 45000 ORLÉANS"),
        (("GB", "Margate", "ct9 1aa", "Kent"), "1 Road / MARGATE / Kent / CT9 1AA"),
        (("HU", "Budapest", "1011", "BU"), "BUDAPEST / 1 Road / 1011"),
        (("IE", "Swords", "K67", "D"), "1 Road / Swords / Co. Dublin / K67"),
        (("IT", "Roma", "00100", "RM"), "1 Road / 00100 ROMA RM"),
        (("CN", "Beijing", "100000", "CN2"), "1 Road / Beijing / Beijing Shi, 100000"),
        (("SG", "Singapore", "238823", ""), "1 Road / SINGAPORE 238823"),
        (("AE", "Dubai", "", ""), "1 Road / Dubai"),
        (("KW", "Kuwait City", "13001", ""), "1 Road / 13001 Kuwait City"),
        (("LT", "Vilnius", "", ""), "1 Road / Vilnius"),
    ],
)
def test_each_country_prints_its_own_form(written: tuple[str, ...], printed: str) -> None:
    assert place(*written) == printed


def test_the_country_is_named_abroad_alone_in_the_sellers_language() -> None:
    berlin = {"address_1": "Weg 1", "city": "Berlin", "country": "DE"}
    assert lines("DE", **berlin)[-1] == "Berlin"
    assert lines("AT", **berlin)[-1] == "DEUTSCHLAND"
    assert lines("FR", **berlin)[-1] == "ALLEMAGNE"
    assert lines("JP", **berlin)[-1] == "ドイツ"
    english = address_lines(Address(**berlin), home_country="FR", language="en")
    assert english[-1] == "GERMANY"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"first_name": "Erika", "last_name": "Muster", "country": "DE"}, "Erika Muster"),
        ({"first_name": "花子", "last_name": "山田", "country": "JP"}, "山田 花子"),
        ({"first_name": "小明", "last_name": "王", "country": "DE"}, "王小明"),
        ({"first_name": "철수", "last_name": "김", "country": "KR"}, "김철수"),
        ({"first_name": "János", "last_name": "Nagy", "country": "HU"}, "Nagy János"),
        ({"last_name": "Muster", "company": "GmbH"}, "Muster"),
        ({"company": "Weiß & Söhne GmbH"}, "Weiß & Söhne GmbH"),
        ({}, ""),
    ],
)
def test_names_stand_in_their_own_order(fields: dict[str, str], name: str) -> None:
    address = Address(**fields)
    assert full_name(address) == name
    assert is_company(address) == (name == "Weiß & Söhne GmbH")


def test_without_a_name_the_company_is_the_name() -> None:
    address = Address(company="Laden GmbH", address_1="Weg 1", city="Köln", country="DE")
    assert address_lines(address, home_country="DE") == ("Laden GmbH", "Weg 1", "Köln")
    assert address_lines(address, home_country="DE", with_name=False) == ("Weg 1", "Köln")


def test_null_and_numbers_are_no_surprise() -> None:
    address = Address.model_validate({"company": None, "postcode": 10623, "city": [], "x": 1})
    assert (address.company, address.postcode, address.city) == ("", "10623", "")


def recorded_addresses() -> list[dict[str, Any]]:
    """Every address in the recorded REST answers."""
    found: dict[str, dict[str, Any]] = {}
    pending = [json.loads(file.read_text()) for file in sorted(RECORDINGS.glob("rest/*.json"))]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("address_1"), str):
                found[json.dumps(value, sort_keys=True)] = value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return list(found.values())


def test_recorded_addresses_keep_every_word() -> None:
    addresses = recorded_addresses()
    for fields in addresses:
        address = Address.model_validate(fields)
        printed = "\n".join(address_lines(address, home_country="DE")).casefold()
        for name in ("first_name", "last_name", "company", "address_1", "address_2", "city"):
            assert getattr(address, name).casefold() in printed
        assert address.postcode.casefold() in printed
    assert len(addresses) > 5


COUNTRIES = (
    "AE AT AU BR CA CH CN DE ES FR GB HK HU IE IN IT JP KR KW MX NL NO PL SE SG TW US ZA XX".split()  # noqa: SIM905
)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), max_size=20)


@settings(deadline=None)
@given(
    st.fixed_dictionaries({name: WORDS for name in Address.model_fields if name != "country"}),
    st.sampled_from(COUNTRIES) | WORDS,
    WORDS,
)
def test_odd_input_never_raises_and_loses_nothing(
    fields: dict[str, str], country: str, home: str
) -> None:
    address = Address(**fields, country=country)
    printed = "".join("".join(address_lines(address, home_country=home)).upper().split())
    for name in ("first_name", "last_name", "company", "address_1", "address_2", "city"):
        assert "".join(getattr(address, name).upper().split()) in printed


def test_text_is_cleaned_of_what_cannot_be_seen() -> None:
    assert clean("a\x00b\r\n\tc\x85d") == "a b c d"
    assert clean("\u202eABC\u2066\u200b\ufeff") == "ABC"
    assert clean("half \ud800 pair") == "half \ufffd pair"
    assert clean("e\u0301") == "é"
    assert clean("  many   spaces ") == "many spaces"
    assert clean(None) == ""
    assert clean("می\u200cخواهم") == "می\u200cخواهم"  # Persian needs its joiners


@given(st.text(), st.integers(2, 50))
def test_text_keeps_to_its_room(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit and "\n" not in cleaned
    assert clean(cleaned, limit) == cleaned


def test_markup_in_names_becomes_plain_text() -> None:
    assert plain("K&auml;se <i>bio</i>") == "Käse bio"
    assert plain("Tee<br>Kanne") == "Tee Kanne"
    assert plain("5 < 6 & 7 > 3") == "5 < 6 & 7 > 3"
    assert plain("&lt;b&gt;") == "<b>"
    assert plain("<script>alert(1)</script>Tee") == "Tee"
    assert plain("a<!-- secret -->b") == "ab"
