"""An owner is asked once about each other address, and about nothing that is known."""

from __future__ import annotations

from app.domain.copies import Question, questions

SHOP = "https://tea.example"
STAGING, NEW = "https://staging.tea.example", "https://new-tea.example"


def test_each_other_address_is_one_question_the_busiest_first() -> None:
    sources = {f"{STAGING}/": 2, NEW: 5, "http://www.staging.tea.example": 1, f"{SHOP}/": 9}
    assert questions(SHOP, SHOP, sources, []) == [Question(NEW, 5), Question(STAGING, 2)]


def test_what_was_answered_is_not_asked_again() -> None:
    assert questions(SHOP, "", {STAGING: 2}, [STAGING]) == []
    assert questions(SHOP, NEW, {}, [NEW]) == []


def test_an_address_in_the_shops_own_answers_is_a_question_too() -> None:
    assert questions(SHOP, NEW, {}, []) == [Question(NEW, in_answers=True)]
    assert questions(SHOP, NEW, {NEW: 1}, []) == [Question(NEW, 1, in_answers=True)]
    assert questions(SHOP, "http://tea.example/", {}, []) == []
