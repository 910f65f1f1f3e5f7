"""Series and numbers: by kind, by year, from where the owner wants to begin."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.domain.invoice import DocumentKind
from app.domain.numbering import first_of, is_series_of, number_of, series_of, start_of
from app.domain.store_settings import Numbering, read_settings
from app.errors import SettingsError

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YEAR = datetime(2027, 1, 1, 0, 30, tzinfo=BERLIN)
YEARLY = Numbering(format="R{year}-{number}", credit_format="G{year}-{number}", restart="yearly")


def test_a_year_begins_in_the_shops_own_time_zone() -> None:
    assert series_of(DocumentKind.INVOICE, YEARLY, NEW_YEAR) == "invoice:2027"
    assert number_of(DocumentKind.INVOICE, YEARLY, 1, NEW_YEAR) == "R2027-00001"
    assert series_of(DocumentKind.INVOICE, Numbering(), NEW_YEAR) == "invoice"


def test_credit_notes_have_numbers_of_their_own() -> None:
    numbering = Numbering(start=100, credit_start=7)
    assert number_of(DocumentKind.CREDIT_NOTE, numbering, 7, NEW_YEAR) == "CN-00007"
    assert first_of("credit_note", numbering) == 7
    assert first_of("invoice", numbering) == 100
    assert is_series_of("credit_note:2027", DocumentKind.CREDIT_NOTE)
    assert not is_series_of("credit_note", DocumentKind.INVOICE)


@pytest.mark.parametrize(
    "values",
    [
        {"format": "{number}", "credit_format": "{number}"},
        {"format": "{number}", "restart": "yearly"},
        {"format": "{year}-{number}", "restart": "yearly"},
    ],
)
def test_numbers_that_would_be_given_twice_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="numbering"):
        read_settings({"numbering": values})


def test_numbers_hold_no_sign_that_cannot_be_seen() -> None:
    with pytest.raises(SettingsError, match=r"numbering\.format.*cannot be seen"):
        read_settings({"numbering": {"format": "R\n{number}"}})


def test_a_new_series_begins_where_the_owner_said_or_above_what_this_year_has() -> None:
    assert start_of(100, [], issued_this_year=False) == 100
    assert start_of(1, [57], issued_this_year=True) == 57
    assert start_of(200, [57], issued_this_year=True) == 200
    assert start_of(200, [57], issued_this_year=False) == 1
