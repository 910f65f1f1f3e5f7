"""Whether words about delays helped: which word is asked about, and what is said of the answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.helping import FEWEST, Delay, ToldWord, helping, word_to_rate

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 30)
SHIP_BY, PROMISED = date(2026, 11, 20), date(2026, 11, 24)


def said(message_id: int, kind: str, fate: str | None = "mailed", hours: int = 0) -> ToldWord:
    return ToldWord(message_id, kind, fate, AT + timedelta(hours=hours))


def late(**facts: object) -> Delay:
    known: dict[str, object] = {
        "kinds": frozenset({"delayed"}),
        "ship_by_on": SHIP_BY,
        "promised_on": PROMISED,
    }
    return Delay(**(known | facts))  # type: ignore[arg-type]


def test_the_latest_word_about_a_delay_is_asked_about() -> None:
    told = [said(1, "delayed"), said(2, "closed", hours=5), said(3, "delayed_again", hours=2)]
    assert word_to_rate(told) == 2
    assert word_to_rate([said(4, "at_risk", "accepted")]) == 4


@pytest.mark.parametrize("kind", ["invoice", "credit_note", "coupon", "invoice_again", "written"])
def test_no_other_word_is_asked_about(kind: str) -> None:
    assert word_to_rate([said(1, kind)]) is None
    assert word_to_rate([said(1, "delayed"), said(2, kind, hours=1)]) == 1


@pytest.mark.parametrize("fate", [None, "failed", "unknown"])
def test_a_word_that_may_not_have_come_is_not_asked_about(fate: str | None) -> None:
    assert word_to_rate([said(1, "delayed", fate)]) is None
    assert word_to_rate([ToldWord(1, "delayed", "mailed", None)]) is None
    assert word_to_rate([]) is None


def test_of_few_ratings_no_share_is_said() -> None:
    few = helping([True] * (FEWEST - 1) + [None] * 40, [], TODAY)
    assert (few.told, few.rated, few.helped, few.share) == (44, 4, 4, None)
    enough = helping([True, True, True, False, None, False], [], TODAY)
    assert (enough.told, enough.rated, enough.helped, enough.share) == (6, 5, 3, 0.6)
    assert helping([False] * FEWEST, [], TODAY).share == 0
    assert helping([], [], TODAY).share is None


def test_late_orders_are_parted_by_whether_their_customers_were_told_in_time() -> None:
    found = helping(
        [],
        [
            late(told_on=PROMISED - timedelta(days=3)),
            late(told_on=PROMISED - timedelta(days=2), asked=frozenset({"wait"})),
            late(told_on=PROMISED, asked=frozenset({"cancel", "address"}), opted_out=True),
            late(told_on=PROMISED + timedelta(days=1), asked=frozenset({"cancel"})),
            late(),
        ],
        TODAY,
    )
    in_time, after = found.in_time, found.too_late
    assert (in_time.orders, in_time.asked, in_time.cancels, in_time.opted_out) == (3, 2, 1, 1)
    assert (after.orders, after.asked, after.cancels, after.opted_out) == (1, 1, 1, 0)
    assert (found.untold, found.spared, found.late, found.days_early) == (1, 0, 5, 2.0)


def test_where_nobody_was_told_in_time_no_lead_is_said() -> None:
    found = helping([], [late(told_on=PROMISED + timedelta(days=1))], TODAY)
    assert found.days_early is None and found.in_time.orders == 0


@pytest.mark.parametrize(
    ("facts", "was_late"),
    [
        ({"shipped_on": SHIP_BY}, False),
        ({"shipped_on": SHIP_BY + timedelta(days=1)}, True),
        ({"is_open": True}, True),
        ({"is_open": False}, False),
        ({"kinds": frozenset({"at_risk", "delayed_again"})}, True),
        ({"kinds": frozenset({"delayed"}), "shipped_on": SHIP_BY}, False),
    ],
)
def test_an_order_is_late_by_the_day_on_which_it_left_and_not_by_a_warning(
    facts: dict[str, object], was_late: bool
) -> None:
    one = late(**({"kinds": frozenset({"at_risk"}), "told_on": SHIP_BY} | facts))
    assert one.was_late(TODAY) is was_late
    found = helping([], [one], TODAY)
    assert (found.in_time.orders, found.spared) == ((1, 0) if was_late else (0, 1))


def test_one_that_is_open_is_late_only_after_its_day() -> None:
    one = late(kinds=frozenset({"at_risk"}), is_open=True)
    assert not one.was_late(SHIP_BY) and one.was_late(SHIP_BY + timedelta(days=1))


def test_one_that_was_warned_of_and_still_waits_was_not_spared() -> None:
    one = late(kinds=frozenset({"at_risk"}), is_open=True, told_on=SHIP_BY)
    found = helping([], [one], SHIP_BY)
    assert (found.late, found.spared) == (0, 0)
