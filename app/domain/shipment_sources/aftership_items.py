"""AfterShip's plug-in: `_aftership_tracking_items`, after the plug-in's published source.

A list of `{slug, tracking_number, tracking_id, additional_fields: {ship_date, …}, line_items:
[{id, quantity}], metrics: {created_at, updated_at}}`. `metrics` is the site's local time with a
`Z` behind it, so only its day is of use, and only where no shipping date is given.
"""

from __future__ import annotations

from typing import Any

from app.domain.order import OrderSnapshot
from app.domain.parcel import Parcel, Source
from app.domain.shipment_sources.reading import entries, parcel, pieces, words
from app.domain.shipping_date import believed, read_day, read_moment


def read_aftership_items(order: OrderSnapshot) -> tuple[Parcel, ...]:
    """The parcels whose numbers were entered for AfterShip: each has left."""
    return tuple(_parcel(item, order) for item in entries(order.meta("_aftership_tracking_items")))


def _parcel(item: dict[str, Any], order: OrderSnapshot) -> Parcel:
    more, metrics = _object(item.get("additional_fields")), _object(item.get("metrics"))
    entered = read_day(metrics.get("created_at"))
    day = read_moment(more.get("ship_date")) or read_moment(entered and entered.isoformat())
    return parcel(
        Source.AFTERSHIP,
        carrier=words(item.get("slug")),
        number=words(item.get("tracking_number")),
        shipped_at=believed(day, order),
        ref=words(item.get("tracking_id")),
        pieces=pieces(
            (one.get("id"), one.get("quantity")) for one in entries(item.get("line_items"))
        ),
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
