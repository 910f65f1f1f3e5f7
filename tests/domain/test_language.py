"""In which language a customer is written to."""

from __future__ import annotations

import pytest

from app.domain.language import customer_language, language_of
from app.domain.order import read_order
from tests.domain.papers import rest_json


def tag(country: str, *wanted: str, default: str = "en", meta: str = "") -> str:
    payload = rest_json("orders_get_refund_partial_qty")
    payload["billing"] = {**payload["billing"], "country": country}
    payload["meta_data"] = [{"id": 1, "key": "wpml_language", "value": meta}] if meta else []
    return customer_language(read_order(payload), wanted, default)


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        *(("DE", "de-DE"), ("PL", "pl-PL"), ("BR", "pt-BR"), ("MX", "es-MX"), ("KR", "ko-KR")),
        *(("CN", "zh-CN"), ("TW", "zh-Hant-TW"), ("FI", "en-FI"), ("HR", "en-HR")),
        *(("CH", "de-CH"), ("BE", "nl-BE"), ("LU", "fr-LU"), ("ZZ", "en-ZZ"), ("", "en")),
    ],
)
def test_a_customer_reads_the_language_of_their_country(country: str, expected: str) -> None:
    assert tag(country) == expected


def test_a_plug_ins_word_counts_before_the_country() -> None:
    assert tag("DE", meta="nl_NL") == "nl-DE"
    assert tag("US", meta="zh-tw") == "zh-Hant-US"
    assert tag("DE", meta="tlh") == "de-DE"


def test_a_shop_speaks_only_the_languages_that_it_wants() -> None:
    assert tag("PL", "en", "de", default="de") == "de-PL"
    assert tag("NL", "fr", "en") == "en-NL"
    assert tag("NL", "fr", default="fr") == "fr-NL"
    assert tag("PL", "tlh") == "pl-PL", "none of ours is wanted, so all are"


def test_a_tag_has_one_language() -> None:
    said = [language_of(one) for one in ("de_AT", "zh_CN", "zh-Hant", "zh_HK", "")]
    assert said == ["de", "zh", "zh_Hant", "zh_Hant", ""]
