"""When a customer may be written to: between 09:00 and 20:00 where they are.

country and state -> the zones they may live in -> the next moment that is decent in all of them

Zones come from CLDR (through Babel); in countries that span several, the state says more. Where
nothing is known the shop's own zone counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel.core import get_global

FIRST, LAST = time(9), time(20)
"""Local time; `LAST` itself is too late."""
STEP = timedelta(minutes=15)
"""Every zone's offset is a multiple of it."""
AHEAD = timedelta(days=2)

_US = {
    "America/New_York": "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO ID MT NM UT WY",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
}
_CA = {
    "America/St_Johns": "NL",
    "America/Halifax": "NS NB PE",
    "America/Toronto": "ON QC",
    "America/Winnipeg": "MB",
    "America/Regina": "SK",
    "America/Edmonton": "AB NT",
    "America/Vancouver": "BC",
    "America/Whitehorse": "YT",
}
_AU = {
    "Australia/Sydney": "ACT NSW",
    "Australia/Melbourne": "VIC",
    "Australia/Hobart": "TAS",
    "Australia/Brisbane": "QLD",
    "Australia/Adelaide": "SA",
    "Australia/Darwin": "NT",
    "Australia/Perth": "WA",
}
_BR = {
    "America/Sao_Paulo": "AL AP BA CE DF ES GO MA MG PA PB PE PI PR RJ RN RS SC SE SP TO",
    "America/Manaus": "AM MT MS RO RR",
    "America/Rio_Branco": "AC",
}
_ES = {"Atlantic/Canary": "GC TF", "Europe/Madrid": ""}
_STATES = {
    country: {state: zone for zone, states in table.items() for state in states.split()}
    for country, table in {"US": _US, "CA": _CA, "AU": _AU, "BR": _BR, "ES": _ES}.items()
}
"""WooCommerce's codes of states. A state with two zones is given the one where most people live."""
_ELSEWHERE = {"ES": "Europe/Madrid"}
"""Where every state that is not named above keeps one time."""


def zones_of(country: str, state: str, shop: ZoneInfo) -> tuple[ZoneInfo, ...]:
    """The zones a customer may live in; the shop's where the country says nothing."""
    country, state = country.strip().upper(), state.strip().upper()
    states = _STATES.get(country, {})
    name = states.get(state) or (_ELSEWHERE.get(country, "") if state else "")
    found = (name,) if name else _zones_of_country(country)
    return tuple(ZoneInfo(one) for one in found) or (shop,)


@cache
def _zones_of_country(country: str) -> tuple[str, ...]:
    known = get_global("territory_zones").get(country, ()) if len(country) == 2 else ()
    return tuple(sorted(one for one in known if not one.startswith("Antarctica/")))


def is_decent(moment: datetime, zones: Sequence[ZoneInfo]) -> bool:
    """Whether it is day in all of these zones."""
    return all(FIRST <= moment.astimezone(zone).time() < LAST for zone in zones)


def next_decent(moment: datetime, zones: Sequence[ZoneInfo], shop: ZoneInfo) -> datetime:
    """The first moment from `moment` on at which it is day in all zones; where there is none (a
    country around half of the globe), in the shop's."""
    for wanted in (zones, (shop,)):
        if is_decent(moment, wanted):
            return moment
        begin = moment - timedelta(
            minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond
        )
        steps = int(AHEAD / STEP)
        for step in range(1, steps + 1):
            if is_decent(begin + step * STEP, wanted):
                return begin + step * STEP
    raise AssertionError("every zone has a day")
