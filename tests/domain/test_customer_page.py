"""What the page of an order says, and what may be asked for there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.domain.customer_page import PageState, PageStory, ToldDelay, open_choices, page_story
from app.domain.order_story import OrderStory, Place

TODAY = date(2026, 11, 23)
PROMISED, NEW = date(2026, 11, 25), date(2026, 11, 30)
RISK = ToldDelay("at_risk", TODAY, NEW)
DELAY = ToldDelay("delayed", TODAY, NEW)


def page(place: Place, *told: ToldDelay, delivered: bool = False) -> PageStory:
    story = OrderStory(place, promised_on=PROMISED, shipped_on=TODAY)
    return page_story(story, told, delivered=delivered, today=TODAY)


@pytest.mark.parametrize(
    ("place", "told", "state"),
    [
        (Place.NOT_PAID, (), PageState.UNPAID),
        (Place.PAID, (), PageState.PREPARED),
        (Place.WAITING, (), PageState.PREPARED),
        (Place.WAITING, (RISK,), PageState.AT_RISK),
        (Place.WAITING, (RISK, DELAY), PageState.LATE),
        (Place.LATE, (), PageState.LATE),
        (Place.LATE, (RISK,), PageState.LATE),
        (Place.SHIPPED, (DELAY,), PageState.SENT),
        (Place.CANCELLED, (DELAY,), PageState.CANCELLED),
        (Place.DELETED, (), PageState.CANCELLED),
        (Place.REFUNDED, (DELAY,), PageState.REFUNDED),
    ],
)
def test_an_order_stands_in_one_state(
    place: Place, told: tuple[ToldDelay, ...], state: PageState
) -> None:
    assert page(place, *told).state is state


def test_what_the_carrier_delivered_has_arrived() -> None:
    assert page(Place.SHIPPED, delivered=True).state is PageState.ARRIVED
    assert page(Place.CANCELLED, delivered=True).state is PageState.CANCELLED


def test_the_newest_date_that_was_told_counts_and_the_first_is_kept() -> None:
    again = ToldDelay("delayed_again", TODAY, NEW + timedelta(days=3))
    found = page(Place.LATE, DELAY, again)
    assert (found.first_on, found.expected_on) == (PROMISED, NEW + timedelta(days=3))
    assert page(Place.WAITING).expected_on == PROMISED


def test_a_date_that_has_passed_is_no_date_any_more() -> None:
    assert page(Place.LATE, ToldDelay("delayed", TODAY, TODAY)).expected_on == TODAY
    gone = ToldDelay("delayed", TODAY, TODAY - timedelta(days=1))
    assert page(Place.LATE, gone).expected_on is None
    assert page(Place.SHIPPED, DELAY).expected_on is None, "it does not wait any more"


def test_only_a_late_order_offers_what_the_owner_allows_and_was_not_chosen() -> None:
    allowed = ("wait", "cancel")
    assert open_choices(page(Place.LATE), allowed, []) == ("wait", "cancel")
    assert open_choices(page(Place.WAITING, RISK), allowed, ["wait"]) == ("cancel",)
    assert open_choices(page(Place.LATE), (), []) == ()
    for place in (Place.WAITING, Place.PAID, Place.SHIPPED, Place.CANCELLED, Place.NOT_PAID):
        assert open_choices(page(place), allowed, []) == ()
