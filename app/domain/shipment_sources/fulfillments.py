"""WooCommerce's own fulfilments, as `GET orders/{id}/fulfillments` gives them (recordings, 22).

The order itself shows only the meta `_fulfillment_status`. Recorded are `_shipment_provider`
(some versions write `_shipping_provider`), `_tracking_number`, `_tracking_url`, `_items` and
`_date_fulfilled`; when read, `is_fulfilled` is "1" or "", and one that was deleted has
`date_deleted`.
"""

from __future__ import annotations

from typing import Any

from app.domain.order import OrderSnapshot, objects
from app.domain.parcel import Parcel, ParcelState, Source
from app.domain.shipment_sources.reading import entries, parcel, pieces, words
from app.domain.shipping_date import believed, read_moment

FULFILLED, PARTLY = "fulfilled", "partially_fulfilled"


def fulfillment_status(order: OrderSnapshot) -> str:
    """`fulfilled`, `partially_fulfilled`, `unfulfilled` …; "" where the shop has none."""
    return words(order.meta("_fulfillment_status"))


def read_fulfillments(order: OrderSnapshot, answer: object) -> tuple[Parcel, ...]:
    """The parcels of an order's fulfilments. A draft is one that has not left."""
    return tuple(
        _parcel(row, order) for row in entries(answer) if not words(row.get("date_deleted"))
    )


def _parcel(row: dict[str, Any], order: OrderSnapshot) -> Parcel:
    meta = {words(entry.get("key")): entry.get("value") for entry in objects(row.get("meta_data"))}
    left = words(row.get("is_fulfilled")) == "1" or row.get("is_fulfilled") is True
    when = read_moment(meta.get("_date_fulfilled") or row.get("date_updated"))
    return parcel(
        Source.FULFILLMENTS,
        carrier=words(meta.get("_shipment_provider"), meta.get("_shipping_provider")),
        number=words(meta.get("_tracking_number")),
        link=words(meta.get("_tracking_url"), limit=500),
        state=ParcelState.IN_TRANSIT if left else ParcelState.ANNOUNCED,
        shipped_at=believed(when, order) if left else None,
        ref=words(row.get("id")),
        pieces=pieces((one.get("item_id"), one.get("qty")) for one in entries(meta.get("_items"))),
    )
