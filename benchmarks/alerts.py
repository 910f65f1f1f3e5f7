"""How good are the warnings? On real histories, with what was known at each moment alone.

    .venv/bin/python benchmarks/alerts.py --orders tests/histories/olist_orders.csv.gz

Reads a CSV (gzip) with the columns order_id, order_status, p, a, c, d, e: purchased, payment
approved, handed to carrier, delivered, promised. At each 09:00 tick of the months judged, every
open order is looked at; the model is fitted anew each week on the 90 days before, and the
threshold is the lowest at which 55 % of the warnings of the year before were right. A warning
counts once, on its first day; it is right when the order was then delivered on a later day than
promised. Lead: whole days from warning to promise, 0 where there was none, over all late orders.

Also printed: the curve over thresholds (which looks at the months it is judged on, and is no
claim), and the rule "still open k days before the promise". The last line is JSON.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from common import finish

from app.domain.forecast import (
    RIGHT_SHARE,
    YEAR,
    Life,
    Model,
    chance_late,
    choose_threshold,
    fit,
)

TICK = time(9)
LONG_OPEN = timedelta(days=120)
PROMISE_BINS = (10, 16, 22, 28)
"""Days from purchase to promise. They stand in for lanes, which this data does not name."""
GONE = {"canceled", "unavailable"}


@dataclass(frozen=True, slots=True)
class Row:
    """One order with the moments that are known in the end."""

    bought_at: datetime
    approved_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    promised_on: date
    status: str

    @property
    def was_late(self) -> bool:
        return self.delivered_at is not None and self.delivered_at.date() > self.promised_on

    @property
    def lane(self) -> str:
        return str(bisect(PROMISE_BINS, (self.promised_on - self.bought_at.date()).days))

    def life(self, now: datetime) -> Life:
        """What was known of it at a moment. The data does not say when an order was cancelled, so
        such orders count as open here: nobody could have known."""

        def known(at: datetime | None) -> date | None:
            return at.date() if at is not None and at < now else None

        begun = self.approved_at if known(self.approved_at) else self.bought_at
        return Life(
            begun_on=(begun or self.bought_at).date(),
            shipped_on=known(self.shipped_at),
            delivered_on=known(self.delivered_at),
            promised_on=self.promised_on,
            levels=(self.lane,),
        )


def read(path: Path) -> list[Row]:
    """Orders with a purchase and a promise, by purchase."""

    def moment(text: str) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    found = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            bought, promised = moment(line["p"]), moment(line["e"])
            if bought and promised:
                rest = (moment(line["a"]), moment(line["c"]), moment(line["d"]))
                found.append(Row(bought, *rest, promised.date(), line["order_status"]))
    return sorted(found, key=lambda row: row.bought_at)


@dataclass
class Replay:
    """What the watch saw: by order, the chance on each day that it was open."""

    seen: dict[int, list[tuple[date, float]]]

    def peaks_before(self, rows: Sequence[Row], day: date) -> list[tuple[float, bool]]:
        """The highest chance of each order that ended within the year before a day."""
        found = []
        for number, days in self.seen.items():
            last = days[-1][0]
            if day - YEAR <= last < day - timedelta(days=1):
                peak = max(chance for on, chance in days if on < day)
                found.append((peak, rows[number].was_late))
        return found


def replay(rows: Sequence[Row], until: date) -> Replay:
    """Every tick from the first order on, in the order of time."""
    seen: dict[int, list[tuple[date, float]]] = defaultdict(list)
    day = rows[0].bought_at.date() + timedelta(days=1)
    model: Model | None = None
    while day < until:
        now = datetime.combine(day, TICK)
        if model is None or day.weekday() == 0:
            known = (row.life(now) for row in rows if row.bought_at < now)
            model = fit(known, day)
        for number, row in enumerate(rows):
            if row.bought_at >= now:
                break
            if is_watched(row, now):
                life = row.life(now)
                clocks = model.clocks_of(life.levels)
                chance = chance_late(clocks, life.begun_on, life.shipped_on, row.promised_on, day)
                seen[number].append((day, chance))
        day += timedelta(days=1)
        if day.day == 1:
            print(f"replayed until {day}", file=sys.stderr)
    return Replay(dict(seen))


def is_watched(row: Row, now: datetime) -> bool:
    """Open at a moment, and the promise not long gone."""
    if row.status in GONE or (row.delivered_at is not None and row.delivered_at < now):
        return False
    if row.bought_at < now - LONG_OPEN:
        return False
    return now.date() <= row.promised_on + timedelta(days=3)


def thresholds(rows: Sequence[Row], seen: Replay, first: date, until: date) -> dict[date, float]:
    """For each day judged: the threshold that the year before it gives, chosen anew each week."""
    found: dict[date, float] = {}
    day, present = first, 1.0
    while day < until:
        if (day - first).days % 7 == 0:
            present = choose_threshold(seen.peaks_before(rows, day)) or 1.0
        found[day] = present
        day += timedelta(days=1)
    return found


def warned(
    seen: Replay, limits: Mapping[date, float] | float, judged: Iterable[int], default: float = 1.0
) -> dict[int, date]:
    """The day of the first warning of each order."""
    found: dict[int, date] = {}
    for number in judged:
        for day, chance in seen.seen.get(number, []):
            limit = limits if isinstance(limits, float) else limits.get(day, default)
            if chance >= limit:
                found[number] = day
                break
    return found


def open_before(
    rows: Sequence[Row], seen: Replay, judged: Iterable[int], days: int
) -> dict[int, date]:
    """The rule "still open so many days before the promise"."""
    found: dict[int, date] = {}
    for number in judged:
        for day, _ in seen.seen.get(number, []):
            if (rows[number].promised_on - day).days <= days:
                found[number] = day
                break
    return found


def score(rows: Sequence[Row], judged: Sequence[int], told: Mapping[int, date]) -> dict[str, float]:
    late = [number for number in judged if rows[number].was_late]
    right = [number for number in told if rows[number].was_late]
    lead = sum(max(0, (rows[number].promised_on - told[number]).days) for number in right)
    return {
        "alerts_per_100": round(100 * len(told) / len(judged), 2),
        "precision": round(len(right) / len(told), 3) if told else 0.0,
        "recall": round(len(right) / len(late), 3) if late else 0.0,
        "mean_lead_days": round(lead / len(late), 2) if late else 0.0,
    }


def calibration_error(rows: Sequence[Row], seen: Replay, judged: Iterable[int]) -> float:
    """Expected calibration error over all looks, in ten bins of the chance."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for number in judged:
        for day, chance in seen.seen.get(number, []):
            if day <= rows[number].promised_on:
                bins[min(int(chance * 10), 9)].append((chance, rows[number].was_late))
    total = sum(len(one) for one in bins.values())
    off = 0.0
    for one in bins.values():
        mean = sum(chance for chance, _ in one) / len(one)
        true = sum(late for _, late in one) / len(one)
        off += len(one) / total * abs(mean - true)
    return round(off, 3)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=Path, required=True, help="the CSV, gzipped")
    parser.add_argument("--first", type=date.fromisoformat, default=date(2018, 3, 1))
    parser.add_argument("--until", type=date.fromisoformat, default=date(2018, 9, 1))
    asked = parser.parse_args()
    rows = read(asked.orders)
    judged = [
        number
        for number, row in enumerate(rows)
        if asked.first <= row.bought_at.date() < asked.until
        and row.status == "delivered"
        and row.delivered_at is not None
    ]
    seen = replay(rows, asked.until + timedelta(days=60))
    limits = thresholds(rows, seen, asked.first, asked.until)
    ours = score(rows, judged, warned(seen, limits, judged, default=limits[max(limits)]))
    print(
        f"thresholds chosen from the past: {min(limits.values()):.3f} to {max(limits.values()):.3f}"
    )
    print("the curve (looks at the months judged; no claim):")
    for percent in (50, 55, 60, 65, 70, 75, 80, 90):
        print(f"  at {percent} %: {score(rows, judged, warned(seen, percent / 100, judged))}")
    rules = {k: score(rows, judged, open_before(rows, seen, judged, k)) for k in (1, 2, 3, 4)}
    for days, found in rules.items():
        print(f"rule: still open {days} days before the promise: {found}")
    near = min(rules, key=lambda k: abs(rules[k]["alerts_per_100"] - ours["alerts_per_100"]))
    result = {"orders": len(judged)} | ours
    result |= {"calibration_error": calibration_error(rows, seen, judged)}
    result |= {"rule_at_same_number": {"days": near} | rules[near]}
    good = ours["precision"] >= RIGHT_SHARE and ours["mean_lead_days"] >= 2.6
    return finish(result, good=good and ours["alerts_per_100"] <= 12.7)


if __name__ == "__main__":
    raise SystemExit(main())
