"""How likely is late? Learnt from a shop's own past, with two clocks.

    past lives -> how long handling and transit took (Kaplan-Meier: what is still open counts as
    open) -> curves for all, for each destination, for each lane, each drawn towards the one above
    open order -> P(late | still open now) -> warn where it reaches the threshold

The threshold is the lowest at which enough of the warnings of the past year were right: it comes
from what had happened before, never from what it is judged on. Days are calendar days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

LONGEST = 100
"""Days. What takes longer counts as so long."""
WINDOW = timedelta(days=90)
"""How far back curves look: shops and carriers change."""
PRIOR_WEIGHT = 80.0
"""How many outcomes a curve needs before it counts as much as the one above it."""
LEAST_OUTCOMES = 200
"""Below, a shop's past says nothing reliable, and its rules alone count."""
RIGHT_SHARE = 0.55
"""So many of all warnings should come true. A count of warnings would be a worse limit: it takes
them away in the bad months, when most are true (docs/decisions/0013)."""
LEAST_WARNINGS = 30
YEAR = timedelta(days=365)
"""Delays come in seasons, so the threshold looks at a whole year."""

Levels = tuple[str, ...]
"""Where an order belongs, from the general to the particular: destination, lane."""


@dataclass(frozen=True, slots=True)
class Curve:
    """`still_open[k]`: the share that takes more than k days."""

    still_open: tuple[float, ...]

    def after(self, days: int) -> float:
        """The share that is still open when `days` days are over; before the first all are."""
        return 1.0 if days < 0 else self.still_open[min(days, LONGEST)]

    def ends_on(self, days: int) -> float:
        """The share that takes exactly so many days."""
        return self.after(days - 1) - self.after(days)


@dataclass(frozen=True, slots=True)
class Clocks:
    """`handling`: from the payment until the carrier has it; `transit`: from there on."""

    handling: Curve
    transit: Curve


@dataclass(frozen=True, slots=True)
class Life:
    """What had happened to an order so far. `gone`: cancelled, so nothing is to be learnt of it."""

    begun_on: date
    shipped_on: date | None
    delivered_on: date | None
    promised_on: date | None = None
    levels: Levels = ()
    gone: bool = False


@dataclass
class _Count:
    """What a curve is made from: how often a span of so many days ended, or was seen open."""

    ended: list[int] = field(default_factory=lambda: [0] * (LONGEST + 1))
    seen_open: list[int] = field(default_factory=lambda: [0] * (LONGEST + 1))

    def add(self, days: int, *, ended: bool) -> None:
        place = min(max(days, 0), LONGEST)
        (self.ended if ended else self.seen_open)[place] += 1


def curve_of(count: _Count, above: Curve | None = None) -> Curve:
    """The Kaplan-Meier curve, its hazards drawn towards those of the curve above."""
    at_risk = float(sum(count.ended) + sum(count.seen_open))
    share, made = 1.0, []
    for days in range(LONGEST + 1):
        at_risk -= count.seen_open[days]  # seen open at this age: at risk only before it
        ended, risk = float(count.ended[days]), at_risk
        if above is not None:
            ended += PRIOR_WEIGHT * _hazard(above, days)
            risk += PRIOR_WEIGHT
        share *= 1.0 - (min(1.0, ended / risk) if risk > 0 else 0.0)
        at_risk -= count.ended[days]
        made.append(share)
    return Curve(tuple(made))


def _hazard(curve: Curve, days: int) -> float:
    before = curve.after(days - 1)
    return curve.ends_on(days) / before if before > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Model:
    """Curves by the levels they are for; `()` is for all. `outcomes`: ends that they rest on."""

    clocks: Mapping[Levels, Clocks]
    outcomes: int

    def clocks_of(self, levels: Levels) -> Clocks:
        """The most particular curves that there are."""
        for length in range(len(levels), 0, -1):
            if found := self.clocks.get(levels[:length]):
                return found
        return self.clocks[()]


def fit(lives: Iterable[Life], today: date, window: timedelta = WINDOW) -> Model:
    """What the past until the evening before `today` teaches."""
    handling: dict[Levels, _Count] = defaultdict(_Count)
    transit: dict[Levels, _Count] = defaultdict(_Count)
    since, outcomes = today - window, 0
    for life in lives:
        if life.gone or life.begun_on >= today:
            continue
        for counts, first, last in _spans(life):
            ended = last is not None and last < today
            if (last if ended and last is not None else first) < since:
                continue
            outcomes += ended
            days = ((last if ended and last is not None else today) - first).days
            table = handling if counts == "handling" else transit
            for length in range(len(life.levels) + 1):
                table[life.levels[:length]].add(days, ended=ended)
    return Model(_curves(handling, transit), outcomes)


def _spans(life: Life) -> list[tuple[str, date, date | None]]:
    spans: list[tuple[str, date, date | None]] = [("handling", life.begun_on, life.shipped_on)]
    if life.shipped_on is not None:
        spans.append(("transit", life.shipped_on, life.delivered_on))
    return spans


def _curves(
    handling: Mapping[Levels, _Count], transit: Mapping[Levels, _Count]
) -> dict[Levels, Clocks]:
    """From the general to the particular, each drawn towards the one above."""
    made: dict[Levels, Clocks] = {}
    for levels in sorted({(), *handling, *transit}, key=len):
        above = made.get(levels[:-1]) if levels else None
        made[levels] = Clocks(
            curve_of(handling.get(levels, _Count()), above.handling if above else None),
            curve_of(transit.get(levels, _Count()), above.transit if above else None),
        )
    return made


def chance_late(
    clocks: Clocks, begun_on: date, shipped_on: date | None, promised_on: date, today: date
) -> float:
    """How likely an order that is still open on the morning of `today` arrives after the day that
    was promised."""
    if today > promised_on:
        return 1.0
    if shipped_on is not None:
        left = clocks.transit.after((today - shipped_on).days - 1)
        late = clocks.transit.after((promised_on - shipped_on).days)
        return late / left if left > 0 else 1.0
    waited, until = (today - begun_on).days, (promised_on - begun_on).days
    left = clocks.handling.after(waited - 1)
    if left <= 0:
        return 1.0
    in_time = sum(
        clocks.handling.ends_on(days) * (1.0 - clocks.transit.after(until - days))
        for days in range(max(waited, 0), min(until, LONGEST) + 1)
    )
    return min(1.0, max(0.0, 1.0 - in_time / left))


def arrives_by(
    clocks: Clocks, begun_on: date, shipped_on: date | None, today: date, share: float
) -> date:
    """The day until which so large a share of orders like this one has arrived."""
    for ahead in range(LONGEST):
        day = today + timedelta(days=ahead)
        if chance_late(clocks, begun_on, shipped_on, day, today) <= 1.0 - share:
            return day
    return today + timedelta(days=LONGEST)


def choose_threshold(
    past: Iterable[tuple[float, bool]],
    right_share: float = RIGHT_SHARE,
    least: int = LEAST_WARNINGS,
) -> float | None:
    """The lowest chance at which to warn. `past`: the highest chance that was ever seen of each
    order whose end is known, and whether it was late; None where too little is known."""
    ranked = sorted(past, key=lambda one: -one[0])
    found, number, right = None, 0, 0
    for chance, together in groupby(ranked, key=lambda one: one[0]):
        ends = [was_late for _, was_late in together]
        number, right = number + len(ends), right + sum(ends)
        if number >= least and right / number >= right_share and chance > 0:
            found = chance
    return found


def to_rows(model: Model) -> dict[str, list[list[float]]]:
    """The curves as JSON holds them."""
    return {
        "\t".join(levels): [
            [round(one, 5) for one in clocks.handling.still_open],
            [round(one, 5) for one in clocks.transit.still_open],
        ]
        for levels, clocks in model.clocks.items()
    }


def from_rows(rows: Mapping[str, Sequence[Sequence[float]]], outcomes: int) -> Model:
    """What `to_rows` made."""
    return Model(
        {
            tuple(name.split("\t")) if name else (): Clocks(
                Curve(tuple(pair[0])), Curve(tuple(pair[1]))
            )
            for name, pair in rows.items()
        },
        outcomes,
    )
