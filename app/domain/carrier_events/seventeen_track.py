"""17TRACK's push: `{event: "TRACKING_UPDATED", data: {number, carrier, track_info}}`, from v2 on.

`track_info` has `latest_status`, `latest_event`, `tracking.providers[]` with their `events`, and
`time_metrics.estimated_delivery_date`. An event's main status stands before the `_` of its
`sub_status` (`InTransit_PickedUp`, `Exception_Returned`), else in `stage`.
"""

from __future__ import annotations

from typing import Any

from app.domain.carrier_events.reading import Update, inner, place, rows, scan, scans
from app.domain.parcel import ParcelState, Scan
from app.domain.shipment_sources.reading import entries, words
from app.domain.shipping_date import read_day

STATES = {
    "InfoReceived": ParcelState.ANNOUNCED,
    "InTransit": ParcelState.IN_TRANSIT,
    "PickedUp": ParcelState.IN_TRANSIT,
    "Departure": ParcelState.IN_TRANSIT,
    "Arrival": ParcelState.IN_TRANSIT,
    "AvailableForPickup": ParcelState.OUT_FOR_DELIVERY,
    "OutForDelivery": ParcelState.OUT_FOR_DELIVERY,
    "DeliveryFailure": ParcelState.EXCEPTION,
    "Exception": ParcelState.EXCEPTION,
    "Delivered": ParcelState.DELIVERED,
    "Returning": ParcelState.RETURNED,
    "Returned": ParcelState.RETURNED,
}
"""`NotFound` and `Expired` say that nothing is known (any more)."""


def read_seventeen_track(payload: dict[str, Any]) -> tuple[Update, ...]:
    """The one parcel of a payload; none for `TRACKING_STOPPED` and what is about no parcel."""
    data = inner(payload, "data")
    number, info = words(data.get("number")), inner(data, "track_info")
    if not number or payload.get("event") != "TRACKING_UPDATED":
        return ()
    providers = entries(inner(info, "tracking").get("providers"))
    events = [event for provider in providers for event in rows(provider.get("events"))]
    named = [words(inner(provider, "provider").get("name")) for provider in providers]
    expected = inner(info, "time_metrics", "estimated_delivery_date")
    return (
        Update(
            numbers=(number,),
            scans=scans([_scan(event) for event in [*events, _latest(info)]]),
            carrier=next((name for name in named if name), ""),
            estimated_on=read_day(expected.get("to") or expected.get("from")),
        ),
    )


def _latest(info: dict[str, Any]) -> dict[str, Any]:
    """The latest event, with the status of the whole where it has none of its own."""
    status = inner(info, "latest_status")
    said = words(status.get("sub_status"), status.get("status"))
    return {"sub_status": said} | inner(info, "latest_event")


def _scan(event: dict[str, Any]) -> Scan | None:
    main, _, more = words(event.get("sub_status")).partition("_")
    is_back = more.startswith(("Returning", "Returned"))
    state = ParcelState.RETURNED if is_back else STATES.get(main or words(event.get("stage")))
    return scan(
        event.get("time_utc") or event.get("time_iso"),
        state,
        place=words(event.get("location"), limit=120) or place(inner(event, "address")),
        said=event.get("description"),
    )
