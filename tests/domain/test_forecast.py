"""Early warnings: curves that are curves, chances that are chances, and how good they were."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.forecast import (
    LONGEST,
    Life,
    Model,
    arrives_by,
    chance_late,
    choose_threshold,
    fit,
    from_rows,
    to_rows,
)

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 23)
DAYS = st.integers(0, 40)


def lived(handling: int, transit: int, ago: int = 50, levels: tuple[str, ...] = ()) -> Life:
    begun = TODAY - timedelta(days=ago)
    shipped = begun + timedelta(days=handling)
    delivered = shipped + timedelta(days=transit)
    return Life(begun, shipped, delivered, levels=levels)


LIVES = st.lists(st.builds(lived, DAYS, DAYS, st.integers(1, 80)), min_size=1, max_size=60)


@given(LIVES)
def test_what_is_open_only_ever_ends(lives: list[Life]) -> None:
    clocks = fit(lives, TODAY).clocks_of(("anywhere",))
    for curve in (clocks.handling, clocks.transit):
        assert all(0.0 <= one <= 1.0 for one in curve.still_open)
        assert list(curve.still_open) == sorted(curve.still_open, reverse=True)


@given(LIVES, DAYS, DAYS, st.booleans())
def test_a_chance_is_one_and_grows_while_nothing_happens(
    lives: list[Life], ago: int, ahead: int, shipped: bool
) -> None:
    clocks = fit(lives, TODAY).clocks_of(())
    begun, promised = TODAY - timedelta(days=ago), TODAY + timedelta(days=ahead)
    left = begun if shipped else None
    chances = [
        chance_late(clocks, begun, left, promised, TODAY + timedelta(days=wait))
        for wait in range(ahead + 2)
    ]
    assert all(0.0 <= one <= 1.0 for one in chances)
    assert chances[-1] == 1.0
    if shipped:
        assert all(a <= b + 1e-9 for a, b in pairwise(chances))


def test_a_parcel_that_always_takes_three_days_is_late_from_the_day_it_cannot_come() -> None:
    clocks = fit([lived(1, 3) for _ in range(50)], TODAY).clocks_of(())
    shipped, promised = TODAY, TODAY + timedelta(days=3)
    assert chance_late(clocks, TODAY, shipped, promised, TODAY) == pytest.approx(0)
    early = promised - timedelta(days=1)
    assert chance_late(clocks, TODAY, shipped, early, TODAY) == pytest.approx(1)
    assert arrives_by(clocks, TODAY, shipped, TODAY, 0.9) == promised


def test_what_is_still_open_counts_as_open() -> None:
    """Ten parcels came after 2 days, ten are out for 20: half are slow, not none."""
    stuck = [Life(TODAY - timedelta(days=21), TODAY - timedelta(days=20), None)] * 10
    clocks = fit([lived(1, 2) for _ in range(10)] + stuck, TODAY).clocks_of(())
    assert clocks.transit.after(2) == pytest.approx(0.5)


def test_nothing_is_learnt_from_what_had_not_happened_yet() -> None:
    known = [lived(1, 2, ago=30) for _ in range(20)]
    later = Life(TODAY - timedelta(days=5), TODAY + timedelta(days=1), TODAY + timedelta(days=9))
    open_now = Life(TODAY - timedelta(days=5), None, None)
    assert fit([*known, later], TODAY) == fit([*known, open_now], TODAY)


def test_a_lane_counts_more_the_more_it_has_seen() -> None:
    quick = [lived(1, 2, levels=("DE",)) for _ in range(300)]
    few = [lived(1, 9, levels=("JP",)) for _ in range(5)]
    many = [lived(1, 9, levels=("JP",)) for _ in range(300)]
    with_few = fit(quick + few, TODAY).clocks_of(("JP",)).transit.after(5)
    with_many = fit(quick + many, TODAY).clocks_of(("JP",)).transit.after(5)
    assert with_few < 0.5 < with_many
    assert fit(quick, TODAY).clocks_of(("US",)) == fit(quick, TODAY).clocks_of(())


def test_the_threshold_keeps_most_warnings_true() -> None:
    past = [(0.9, True)] * 30 + [(0.7, True)] * 10 + [(0.7, False)] * 20 + [(0.3, False)] * 500
    assert choose_threshold(past) == 0.7
    assert choose_threshold(past, right_share=0.7) == 0.9
    assert choose_threshold(past[:10]) is None
    assert choose_threshold([(0.9, False)] * 100) is None


def test_a_model_is_the_same_after_it_was_kept() -> None:
    model = fit([lived(n % 4, n % 9, levels=("DE", "dhl")) for n in range(100)], TODAY)
    kept = from_rows(json.loads(json.dumps(to_rows(model))), model.outcomes)
    for levels in ((), ("DE",), ("DE", "dhl")):
        for mine, theirs in zip(
            kept.clocks_of(levels).transit.still_open,
            model.clocks_of(levels).transit.still_open,
            strict=True,
        ):
            assert mine == pytest.approx(theirs, abs=1e-5)
    assert isinstance(kept, Model) and len(kept.clocks_of(()).handling.still_open) == LONGEST + 1


def test_on_real_histories_most_warnings_are_true_and_come_days_before() -> None:
    """The whole benchmark: thresholds from the past alone, judged on six months after it."""
    command = [sys.executable, "benchmarks/alerts.py", "--orders"]
    done = subprocess.run(
        [*command, "tests/histories/olist_orders.csv.gz"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    rule = found["rule_at_same_number"]
    assert found["precision"] >= 0.55 and found["alerts_per_100"] <= 12.7
    assert found["mean_lead_days"] > rule["mean_lead_days"] + 0.5
    assert rule["alerts_per_100"] >= found["alerts_per_100"] - 1.5
