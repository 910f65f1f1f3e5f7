"""What cannot be the address of a shop is refused by its text, in a clear sentence."""

from __future__ import annotations

import re

import pytest

from app.domain.shop_address import shop_address
from app.errors import SettingsError


@pytest.mark.parametrize(
    "address",
    [
        "https://tea.example",
        "http://tea.example:8080/shop",
        "https://tee-käse.example",
        "https://[2001:db8::1]:8443/de",
    ],
)
def test_an_address_of_a_shop_is_taken_without_what_stands_around_it(address: str) -> None:
    assert shop_address(f"  {address}/ ") == address


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("file:///etc/passwd", "not by file"),
        ("ftp://tea.example", "not by ftp"),
        ("tea.example", "not by nothing"),
        ("javascript:alert(1)", "not by javascript"),
        ("https://", "names no host"),
        ("https:///wp-json", "names no host"),
        ("https://tea.example:0", "names no host"),
        ("https://tea.example:99999", "port cannot be read"),
        ("https://tea.example:x", "port cannot be read"),
        ("https://[::1", "cannot be read"),
        ("https://owner:secret@tea.example", "name or password"),
        ("https://tea.example@evil.example", "name or password"),
        ("https://tea.example/?a=b", "from ? or # on"),
        ("https://tea.example/#a", "from ? or # on"),
        ("https://tea.example\\@evil.example", "not the address of a shop"),
        ("https://tea .example", "not the address of a shop"),
        ("https://tea.example/\r\nHost: evil", "not the address of a shop"),
        ("", "not the address of a shop"),
        ("https://tea.example/" + "a" * 300, "not the address of a shop"),
    ],
)
def test_what_cannot_be_a_shop_is_refused_and_says_why(address: str, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)) as caught:
        shop_address(address)
    assert words in str(caught.value) and "https://shop.example" in caught.value.mend
    assert "secret@" not in caught.value.sentence()
