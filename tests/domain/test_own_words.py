"""A person's own words are kept, or refused with what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.own_words import MOST_WORDS, tidy, why_no_words, why_not_to_customers

RIGHT_TO_LEFT = "\u202e\u2066"


def test_lines_and_paragraphs_stay_as_they_were_written() -> None:
    assert tidy("Guten Tag,\r\n\r\n\r\n\r\nZeile 1\r\nZeile 2  \n") == (
        "Guten Tag,\n\nZeile 1\nZeile 2"
    )


def test_what_turns_text_round_is_taken_out_and_scripts_of_the_world_are_not() -> None:
    assert tidy(f"EUR{RIGHT_TO_LEFT} 12") == "EUR 12"
    assert tidy("مرحبا، طلبك في الطريق") == "مرحبا، طلبك في الطريق"


@pytest.mark.parametrize(
    "words",
    [
        "See https://evil.example/pay",
        "see www.evil.example",
        "HTTP://EVIL.EXAMPLE",
        "evil.example/pay",
        "Pay at evil.example now",
        "javascript://evil",
        "read http:/evil.example",
        "https://evil.example/@ann",
        "https://evil.example/a@tea.example",
        "https://evil.example?a@tea.example",
        "http://ann@evil.example/",
        "evil.example/pay?ann@tea.example",
        "www.evil.example/@now",
        "www.ann@evil.example",
        "ann@evil.example/pay",
        "ann@evil.example:8080/pay",
        "ann@tea.example@evil.example",
    ],
)
def test_no_address_of_a_page_is_sent(words: str) -> None:
    assert why_not_to_customers(tidy(words))
    assert why_no_words(tidy(words)) is None, "the shop's own people may keep it"


@pytest.mark.parametrize(
    "words",
    [
        "Write to hallo@tea.example, please.",
        "(ann.o'neil+shop@tea.co.uk) or ann@tea.example: whom you like. ann@tea.example.",
        "Haben Sie ann@tea.example?",
        "メールはhelp@tea.exampleまで。",
        "It leaves on 27.11. at noon, z.B. with DHL.",
        "<b>& so on</b>",
        "5.5 kg",
        "Ja. Gern.",
    ],
)
def test_what_people_write_is_taken(words: str) -> None:
    assert why_not_to_customers(words) is None


def test_a_dot_that_would_make_a_link_is_named() -> None:
    assert "morgen.Wir" in (why_not_to_customers("bis morgen.Wir melden uns") or "")


def test_nothing_and_too_much_are_refused_and_nothing_is_cut() -> None:
    assert why_no_words(tidy(" \n ")) == "nothing was written"
    long = "a" * (MOST_WORDS + 1)
    assert str(len(long)) in (why_no_words(tidy(long)) or "")
    assert why_no_words("a" * MOST_WORDS) is None


@given(st.text(max_size=400))
def test_tidying_twice_changes_nothing(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    why_not_to_customers(once)
