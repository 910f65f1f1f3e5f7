"""What the readers of carriers' events share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.domain.parcel import ParcelState, Scan
from app.domain.shipment_sources.reading import entries, words
from app.domain.shipping_date import read_moment

MOST_SCANS, MOST_READ = 200, 5000
PLACE, WORDS = 120, 200


@dataclass(frozen=True, slots=True)
class Update:
    """What one payload says of one parcel. `numbers`: all that the parcel goes by."""

    numbers: tuple[str, ...]
    scans: tuple[Scan, ...]
    carrier: str = ""
    estimated_on: date | None = None


def scan(
    at: object, state: ParcelState | None, *, place: str = "", said: object = ""
) -> Scan | None:
    """A scan, or None where its moment is not readable: it could not be put in order."""
    moment = read_moment(at)
    if moment is None:
        return None
    where, what = words(place, limit=PLACE), words(said, limit=WORDS)
    return Scan(at=moment, state=state, place=where, words=what)


def scans(found: list[Scan | None]) -> tuple[Scan, ...]:
    """Those that could be read, each once, the newest of a long list."""
    kept = {one.key: one for one in found if one is not None}
    return tuple(sorted(kept.values(), key=lambda one: one.at)[-MOST_SCANS:])


def rows(value: object) -> list[dict[str, Any]]:
    """The scans of a payload, before the newest of them are kept."""
    return entries(value, MOST_READ)


def place(value: Mapping[str, Any]) -> str:
    """City, state and country of an object that has them."""
    parts = [words(value.get(name)) for name in ("city", "state", "country")]
    return ", ".join(part for part in parts if part)


def inner(value: object, *names: str) -> dict[str, Any]:
    """The object behind these names; empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
