"""Ship24's webhook: `{trackings: [{tracker, shipment, events, metadata}]}`.

After its API reference: an event has `statusMilestone`, `occurrenceDatetime` (local to its place),
where known `datetime` (UTC), `location` and `status` in words; a shipment has the other numbers
that its parcel goes by.
"""

from __future__ import annotations

from typing import Any

from app.domain.carrier_events.reading import Update, inner, rows, scan, scans
from app.domain.parcel import ParcelState, Scan
from app.domain.shipment_sources.reading import entries, words
from app.domain.shipping_date import read_day

STATES = {
    "info_received": ParcelState.ANNOUNCED,
    "in_transit": ParcelState.IN_TRANSIT,
    "out_for_delivery": ParcelState.OUT_FOR_DELIVERY,
    "available_for_pickup": ParcelState.OUT_FOR_DELIVERY,
    "failed_attempt": ParcelState.EXCEPTION,
    "exception": ParcelState.EXCEPTION,
    "delivered": ParcelState.DELIVERED,
}
"""`pending` says that nothing is known yet."""


def read_ship24(payload: dict[str, Any]) -> tuple[Update, ...]:
    """Every parcel of a payload."""
    return tuple(
        update
        for tracking in entries(payload.get("trackings"))
        if (update := _update(tracking)) is not None
    )


def _update(tracking: dict[str, Any]) -> Update | None:
    shipment, events = inner(tracking, "shipment"), rows(tracking.get("events"))
    others = [words(one.get("tn")) for one in entries(shipment.get("trackingNumbers"))]
    numbers = [words(inner(tracking, "tracker").get("trackingNumber")), *others]
    if not any(numbers):
        return None
    couriers = [words(event.get("courierCode")) for event in events]
    return Update(
        numbers=tuple(dict.fromkeys(number for number in numbers if number)),
        scans=scans([_scan(event) for event in events]),
        carrier=next((one for one in couriers if one), ""),
        estimated_on=read_day(inner(shipment, "delivery").get("estimatedDeliveryDate")),
    )


def _scan(event: dict[str, Any]) -> Scan | None:
    code = words(event.get("statusCode"))
    state = STATES.get(words(event.get("statusMilestone")))
    if "return" in code and state is ParcelState.EXCEPTION:
        state = ParcelState.RETURNED
    return scan(
        event.get("datetime") or event.get("occurrenceDatetime"),
        state,
        place=words(event.get("location"), limit=120),
        said=event.get("status"),
    )
