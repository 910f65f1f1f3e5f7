"""EasyPost's event: `{description: "tracker.updated", result: <Tracker>}`.

After its documentation of events and trackers: a Tracker has `tracking_code`, `carrier`, `status`,
`est_delivery_date` and `tracking_details`, each with `status`, `datetime`, `message` and
`tracking_location`.
"""

from __future__ import annotations

from typing import Any

from app.domain.carrier_events.reading import Update, inner, place, rows, scan, scans
from app.domain.parcel import ParcelState
from app.domain.shipment_sources.reading import words
from app.domain.shipping_date import read_day

STATES = {
    "pre_transit": ParcelState.ANNOUNCED,
    "in_transit": ParcelState.IN_TRANSIT,
    "out_for_delivery": ParcelState.OUT_FOR_DELIVERY,
    "available_for_pickup": ParcelState.OUT_FOR_DELIVERY,
    "delivered": ParcelState.DELIVERED,
    "return_to_sender": ParcelState.RETURNED,
    "failure": ParcelState.EXCEPTION,
}
"""`unknown`, `cancelled` and `error` say nothing of where the parcel is."""


def read_easypost(payload: dict[str, Any]) -> tuple[Update, ...]:
    """The tracker of an event; none for events about other things."""
    tracker = inner(payload, "result")
    number = words(tracker.get("tracking_code"))
    if not number or not words(payload.get("description")).startswith("tracker."):
        return ()
    found = [
        scan(
            detail.get("datetime"),
            STATES.get(words(detail.get("status"))),
            place=place(inner(detail, "tracking_location")),
            said=detail.get("message"),
        )
        for detail in rows(tracker.get("tracking_details"))
    ]
    if not any(found):
        found = [scan(tracker.get("updated_at"), STATES.get(words(tracker.get("status"))))]
    return (
        Update(
            numbers=(number,),
            scans=scans(found),
            carrier=words(tracker.get("carrier")),
            estimated_on=read_day(tracker.get("est_delivery_date")),
        ),
    )
