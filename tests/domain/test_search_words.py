"""What an order is found by, and what a person may have meant by what they typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.search_words import (
    LONGEST_WORD,
    MOST_TERMS,
    MOST_WORDS,
    Term,
    Word,
    WordKind,
    bounded,
    email_words,
    fold,
    is_one_edit_away,
    name_words,
    number_words,
    phone_words,
    read_query,
    shortened,
    spoken_words,
)


def texts(words: set[Word], *, backwards: bool = False) -> set[str]:
    return {word.text for word in words if word.backwards is backwards}


def test_case_accents_and_width_make_no_difference() -> None:
    assert fold("MÜLLER") == fold("müller") == "muller"
    assert fold("Straße") == "strasse"
    assert fold("１２３") == "123"
    assert fold("Łódź") == "lodz"


def test_a_name_is_found_without_its_umlauts_too() -> None:
    assert texts(name_words(("Jörg", "Müller", "Käse & Co"))) >= {
        "muller",
        "mueller",
        "jorg",
        "kase",
    }


def test_a_japanese_name_is_found_with_nothing_between_its_parts() -> None:
    assert texts(name_words(("太郎", "山田", ""))) == {"太郎", "山田", "山田太郎"}


def test_a_number_is_found_whole_in_parts_and_from_its_end() -> None:
    found = number_words(WordKind.NUMBER, "#TEA-2026-00017")
    assert texts(found) == {"tea202600017", "tea", "2026", "00017", "17"}
    assert "710006202aet" in texts(found, backwards=True)


@pytest.mark.parametrize("typed", ["+49 30 1234567", "0049-30/1234567", "030 1234567", "1234567"])
def test_a_phone_number_is_found_however_its_beginning_is_written(typed: str) -> None:
    kept = texts(phone_words("+49 (0)30 1234567"), backwards=True)
    (term,) = read_query(typed)
    assert any(word.startswith(term.ending) for word in kept)


def test_an_address_is_found_by_its_parts_and_its_domain() -> None:
    found = texts(email_words("Jo.Bloggs+tea@Mail.Example"))
    assert found == {
        "jo.bloggs+tea@mail.example",
        "jo",
        "bloggs",
        "tea",
        "jobloggstea",
        "mailexample",
    }


def test_a_tracking_number_with_blanks_is_one_number() -> None:
    assert read_query("1Z 999 AA1 01 2345 6784") == (
        Term("1z999aa10123456784", ending="48765432101aa999z1"),
    )


def test_words_are_looked_for_with_a_typing_error_and_numbers_are_not() -> None:
    assert read_query("Maria #1042") == (Term("maria", alike=True), Term("1042", ending="2401"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("muller", "mulller", True),
        ("muller", "mller", True),
        ("muller", "mullar", True),
        ("muller", "mulelr", True),
        ("muller", "muller", True),
        ("muller", "mullaar", False),
        ("abcd", "bcde", False),
        ("muller", "schmidt", False),
    ],
)
def test_one_edit(one: str, other: str, expected: bool) -> None:
    assert is_one_edit_away(one, other) is expected
    assert is_one_edit_away(other, one) is expected


@given(st.text("abcdeé", min_size=4, max_size=12), st.data())
def test_whatever_is_one_edit_away_shares_a_shortened_form(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    edits = [word[:at] + "x" + word[at:], word[:at] + "x" + word[at + 1 :]]
    if len(word) > 4:
        edits.append(word[:at] + word[at + 1 :])
    if at:
        edits.append(word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :])
    for edit in edits:
        assert is_one_edit_away(word, edit)
        assert shortened(word) & shortened(edit)


@given(st.text(max_size=3_000))
def test_anything_may_be_typed(typed: str) -> None:
    terms = read_query(typed)
    assert len(terms) <= MOST_TERMS
    assert all(0 < len(term.beginning) <= LONGEST_WORD for term in terms)


@pytest.mark.parametrize("typed", ["", "   ", "%", "'", "%%' --", "🎉", "…", "\x00", "@", "#"])
def test_signs_alone_look_for_nothing(typed: str) -> None:
    assert read_query(typed) == ()


def test_an_order_of_many_products_keeps_what_tells_it_from_others() -> None:
    products = spoken_words(WordKind.PRODUCT, *(f"thing{n}" for n in range(400)))
    kept = bounded(products | number_words(WordKind.NUMBER, "1042"))
    assert len(kept) == MOST_WORDS
    assert Word(WordKind.NUMBER, "1042") in kept
