"""What is going on with an order, told from its facts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.domain.order_story import Known, OrderStory, Place, Saying, order_story

TODAY = date(2026, 11, 23)
PAID = {"status": "processing", "paid_on": date(2026, 11, 14)}
WATCHED = {**PAID, "ship_by_on": date(2026, 11, 18), "promised_on": date(2026, 11, 20)}


def tell(**facts: Any) -> OrderStory:
    return order_story(**{"today": TODAY, **facts})


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"status": "pending"}, Place.NOT_PAID),
        ({"status": "failed", "paid_on": TODAY}, Place.NOT_PAID),
        (PAID, Place.PAID),
        (WATCHED, Place.LATE),
        ({**WATCHED, "today": date(2026, 11, 18)}, Place.WAITING),
        ({**WATCHED, "status": "on-hold"}, Place.PAID),
        ({**WATCHED, "shipped_on": TODAY}, Place.SHIPPED),
        ({**WATCHED, "status": "cancelled"}, Place.CANCELLED),
        ({**WATCHED, "status": "refunded"}, Place.REFUNDED),
        ({**WATCHED, "status": "trash"}, Place.DELETED),
        ({**WATCHED, "status": "deleted", "shipped_on": TODAY}, Place.DELETED),
        ({**PAID, "status": "a-status-of-a-plugin"}, Place.PAID),
    ],
)
def test_an_order_stands_in_one_place(facts: dict[str, Any], place: Place) -> None:
    assert tell(**facts).place is place


def test_days_late_are_counted_from_the_day_it_should_have_left() -> None:
    assert tell(**WATCHED).days_late == 5
    assert tell(**{**WATCHED, "today": date(2026, 11, 19)}).days_late == 1
    assert tell(**{**WATCHED, "shipped_on": TODAY}).days_late == 0


def test_of_a_late_order_only_the_word_about_the_delay_counts() -> None:
    invoice = Saying("invoice", "done", "mailed", TODAY)
    assert tell(**WATCHED, said=[invoice]).known is Known.NOTHING
    assert tell(**WATCHED, said=[invoice]).needs_a_word
    delay = Saying("delayed", "done", "mailed", TODAY)
    told = tell(**WATCHED, said=[delay, invoice])
    assert (told.said, told.needs_a_word) == (delay, False)


def test_a_person_who_wrote_told_the_customer_too() -> None:
    failed = Saying("delayed", "done", "failed", TODAY, date(2026, 11, 27))
    wrote = Saying("written", "done", "mailed", TODAY)
    told = tell(**WATCHED, said=[failed, wrote])
    assert not told.needs_a_word and told.known is Known.MAILED
    assert told.said and told.said.expected_on == date(2026, 11, 27), "own words name no day"
    long_ago = Saying("written", "done", "mailed", date(2026, 11, 15))
    assert tell(**WATCHED, said=[long_ago]).needs_a_word, "that was about something else"
    for state, fate in (("dropped", None), ("done", "failed"), ("withheld", None)):
        lost = Saying("written", state, fate, TODAY)
        assert tell(**WATCHED, said=[lost]).needs_a_word
    mailed = Saying("delayed", "done", "mailed", TODAY)
    assert not tell(**WATCHED, said=[mailed, Saying("written", "dropped")]).needs_a_word


@pytest.mark.parametrize(
    ("state", "fate", "known", "needs"),
    [
        ("due", None, Known.ON_ITS_WAY, False),
        ("done", "mailed", Known.MAILED, False),
        ("done", "accepted", Known.ACCEPTED, False),
        ("done", "failed", Known.FAILED, True),
        ("parked", None, Known.PARKED, True),
        ("withheld", None, Known.HELD_BACK, True),
        ("dropped", None, Known.DROPPED, True),
    ],
)
def test_what_the_customer_knows(state: str, fate: str | None, known: Known, needs: bool) -> None:
    story = tell(**WATCHED, said=[Saying("delayed", state, fate)])
    assert (story.known, story.needs_a_word) == (known, needs)
