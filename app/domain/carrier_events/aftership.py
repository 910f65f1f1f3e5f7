"""AfterShip's webhook: `{event, event_id, ts, msg: {tracking_number, slug, tag, checkpoints …}}`.

After its "Webhook Specifications" and its delivery statuses; a checkpoint's time is local to its
place and may lack a zone.
"""

from __future__ import annotations

from typing import Any

from app.domain.carrier_events.reading import Update, place, rows, scan, scans
from app.domain.parcel import ParcelState
from app.domain.shipment_sources.reading import words
from app.domain.shipping_date import read_day

STATES = {
    "InfoReceived": ParcelState.ANNOUNCED,
    "InTransit": ParcelState.IN_TRANSIT,
    "OutForDelivery": ParcelState.OUT_FOR_DELIVERY,
    "AvailableForPickup": ParcelState.OUT_FOR_DELIVERY,
    "AttemptFail": ParcelState.EXCEPTION,
    "Exception": ParcelState.EXCEPTION,
    "Delivered": ParcelState.DELIVERED,
}
"""`Pending` and `Expired` say that AfterShip knows nothing (any more)."""
RETURNED = frozenset({"Exception_010", "Exception_011"})
"""Subtags: on its way back to the sender, and there."""


def read_aftership(payload: dict[str, Any]) -> tuple[Update, ...]:
    """The one parcel of a payload; none where it is about something else."""
    said = payload.get("msg")
    if not isinstance(said, dict) or not words(said.get("tracking_number")):
        return ()
    points = [
        scan(
            point.get("checkpoint_time"),
            _state(point),
            place=words(point.get("location"), limit=120) or place(point),
            said=point.get("message"),
        )
        for point in rows(said.get("checkpoints"))
    ]
    if not any(points):
        points = [scan(payload.get("ts") or said.get("updated_at"), _state(said))]
    expected = said.get("courier_estimated_delivery_date")
    day = expected.get("estimated_delivery_date") if isinstance(expected, dict) else None
    return (
        Update(
            numbers=(words(said.get("tracking_number")),),
            scans=scans(points),
            carrier=words(said.get("slug")),
            estimated_on=read_day(day or said.get("expected_delivery")),
        ),
    )


def _state(value: dict[str, Any]) -> ParcelState | None:
    if words(value.get("subtag")) in RETURNED:
        return ParcelState.RETURNED
    return STATES.get(words(value.get("tag")))
