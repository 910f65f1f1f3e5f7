"""A service's payload as what it says of parcels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.domain.carrier_events.aftership import read_aftership
from app.domain.carrier_events.easypost import read_easypost
from app.domain.carrier_events.reading import Update
from app.domain.carrier_events.seventeen_track import read_seventeen_track
from app.domain.carrier_events.ship24 import read_ship24
from app.domain.carrier_events.signature import Service

READERS: dict[Service, Callable[[dict[str, Any]], tuple[Update, ...]]] = {
    Service.AFTERSHIP: read_aftership,
    Service.SEVENTEEN_TRACK: read_seventeen_track,
    Service.EASYPOST: read_easypost,
    Service.SHIP24: read_ship24,
}


def read_updates(service: Service, payload: dict[str, Any]) -> tuple[Update, ...]:
    """What a payload says; nothing where it is about something else or not readable."""
    return READERS[service](payload)
