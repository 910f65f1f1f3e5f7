"""When a test delivery is given up, and what is then known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.first_delivery import (
    LONGEST_WAIT,
    LONGEST_WITHOUT_PING,
    OFTEN,
    SELDOM,
    Evidence,
    Verdict,
    is_patient,
    judge,
    next_look,
)

BEGUN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NOTHING = Evidence(BEGUN, has_order=True, pinged=False, delivered=False, elsewhere=False)


@pytest.mark.parametrize(
    ("came", "after", "verdict"),
    [
        ({"delivered": True}, timedelta(0), Verdict.ARRIVED),
        ({"delivered": True, "elsewhere": True}, timedelta(0), Verdict.ARRIVED),
        ({"elsewhere": True, "pinged": True}, timedelta(0), Verdict.ELSEWHERE),
        ({"pinged": True, "has_order": False}, timedelta(0), Verdict.REACHED),
        ({"pinged": True}, LONGEST_WAIT - timedelta(seconds=1), None),
        ({"pinged": True}, LONGEST_WAIT, Verdict.ASLEEP),
        ({}, LONGEST_WITHOUT_PING - timedelta(seconds=1), None),
        ({}, LONGEST_WITHOUT_PING, Verdict.NO_PING),
        ({"has_order": False}, LONGEST_WITHOUT_PING, Verdict.NO_PING),
    ],
)
def test_the_verdict(came: dict[str, bool], after: timedelta, verdict: Verdict | None) -> None:
    assert judge(replace(NOTHING, **came), BEGUN + after) == verdict


def test_it_looks_often_at_first_and_wakes_the_shop_only_when_it_takes_long() -> None:
    soon, later = BEGUN + timedelta(seconds=4), BEGUN + timedelta(seconds=20)
    assert (is_patient(NOTHING, soon), next_look(NOTHING, soon)) == (False, OFTEN)
    assert (is_patient(NOTHING, later), next_look(NOTHING, later)) == (True, SELDOM)
