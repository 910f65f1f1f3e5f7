"""Shipment Tracking and Advanced Shipment Tracking: `_wc_shipment_tracking_items`, recorded.

A list of entries, one for each number that someone entered: entering it means that the parcel
left. TrackShip, which follows those parcels, writes `ts_shipment_status` beside it: a list in the
same order with `status`, `status_date` and `est_delivery_date` (its plug-in's source).
"""

from __future__ import annotations

from typing import Any

from app.domain.order import OrderSnapshot
from app.domain.parcel import Parcel, ParcelState, Scan, Source
from app.domain.shipment_sources.reading import entries, parcel, words
from app.domain.shipping_date import believed, read_day, read_moment

TRACKSHIP_STATES = {
    "pre_transit": ParcelState.ANNOUNCED,
    "label_created": ParcelState.ANNOUNCED,
    "in_transit": ParcelState.IN_TRANSIT,
    "out_for_delivery": ParcelState.OUT_FOR_DELIVERY,
    "available_for_pickup": ParcelState.OUT_FOR_DELIVERY,
    "delivered": ParcelState.DELIVERED,
    "return_to_sender": ParcelState.RETURNED,
    "failure": ParcelState.EXCEPTION,
    "exception": ParcelState.EXCEPTION,
    "on_hold": ParcelState.EXCEPTION,
}
"""The others (`pending_trackship`, `carrier_unsupported`, `unknown` …) say nothing of a parcel."""


def read_tracking_items(order: OrderSnapshot) -> tuple[Parcel, ...]:
    """The parcels of Shipment Tracking and AST, with TrackShip's word for each."""
    items = entries(order.meta("_wc_shipment_tracking_items"))
    followed = entries(order.meta("ts_shipment_status"))
    return tuple(
        _parcel(item, followed[place] if place < len(followed) else {}, order)
        for place, item in enumerate(items)
    )


def is_part_of_order(order: OrderSnapshot) -> bool:
    """Whether AST's last entry says that it holds a part only: `status_shipped` 2 asks for the
    status "partially shipped", 1 for "shipped"."""
    items = entries(order.meta("_wc_shipment_tracking_items"))
    return bool(items) and words(items[-1].get("status_shipped")) == "2"


def _parcel(item: dict[str, Any], trackship: dict[str, Any], order: OrderSnapshot) -> Parcel:
    made = parcel(
        Source.SHIPMENT_TRACKING,
        carrier=words(item.get("tracking_provider"), item.get("custom_tracking_provider")),
        number=words(item.get("tracking_number")),
        link=words(item.get("custom_tracking_link"), limit=500),
        shipped_at=believed(read_moment(item.get("date_shipped")), order),
        ref=words(item.get("tracking_id"), item.get("tracking_number")),
        estimated_on=read_day(trackship.get("est_delivery_date")),
    )
    state = TRACKSHIP_STATES.get(words(trackship.get("status")))
    at = read_moment(trackship.get("status_date"))
    if state is None:
        return made
    arrived = at if state is ParcelState.DELIVERED else None
    scan = Scan(at=at, state=state) if at else None
    return made.model_copy(update={"state": state, "delivered_at": arrived, "last_scan": scan})
