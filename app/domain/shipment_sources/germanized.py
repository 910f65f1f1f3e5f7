"""Germanized for WooCommerce: `shipments`, in the order and at `GET wc/v3/shipments?order_id=`.

After its maker's documentation of the REST API (vendidero, "Orders" and "Shipments"): the orders
endpoint has a list of shipments of its own, each with `status` (draft, processing, shipped,
delivered, requested; its database writes them with `gzd-` before), `tracking_id`,
`tracking_url`, `shipping_provider`, `date_sent_gmt`, `est_delivery_date`, `type` (simple or
return) and `items` with `order_item_id` and `quantity`. A return is the customer's parcel.
"""

from __future__ import annotations

from typing import Any

from app.domain.order import OrderSnapshot
from app.domain.parcel import Parcel, ParcelState, Source
from app.domain.shipment_sources.reading import entries, parcel, pieces, words
from app.domain.shipping_date import believed, read_day, read_moment

STATES = {
    "draft": ParcelState.ANNOUNCED,
    "processing": ParcelState.ANNOUNCED,
    "ready-for-shipping": ParcelState.ANNOUNCED,
    "shipped": ParcelState.IN_TRANSIT,
    "delivered": ParcelState.DELIVERED,
}
PREFIX = "gzd-"


def was_seen(order: OrderSnapshot) -> bool:
    """Whether the shop has Germanized and its order has shipments."""
    return bool(order.shipments)


def read_germanized(order: OrderSnapshot, answer: object) -> tuple[Parcel, ...]:
    """The parcels that go to the customer; one of an unknown status is announced."""
    return tuple(
        _parcel(row, order) for row in entries(answer) if words(row.get("type")) != "return"
    )


def _parcel(row: dict[str, Any], order: OrderSnapshot) -> Parcel:
    status = words(row.get("status")).removeprefix(PREFIX)
    state = STATES.get(status, ParcelState.ANNOUNCED)
    sent = read_moment(row.get("date_sent_gmt") or row.get("date_sent"))
    return parcel(
        Source.GERMANIZED,
        carrier=words(row.get("shipping_provider")),
        number=words(row.get("tracking_id")),
        link=words(row.get("tracking_url"), limit=500),
        state=state,
        shipped_at=believed(sent, order) if state is not ParcelState.ANNOUNCED else None,
        estimated_on=read_day(row.get("est_delivery_date") or row.get("est_delivery_date_gmt")),
        ref=words(row.get("id")),
        pieces=pieces(
            (one.get("order_item_id"), one.get("quantity")) for one in entries(row.get("items"))
        ),
    )
