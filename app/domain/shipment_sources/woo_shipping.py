"""WooCommerce Shipping: `_wcshipping-shipments`, `_wcshipping_shipment_dates`, `wcshipping_labels`.

After the plug-in's published source: the shipments are an object of lists, `{"0": [{"id": 131}]}`
(line ids; a line that was split has `subItems`, one for each piece); the dates are
`{"shipment_0": {"shipping_date": …, "estimated_delivery_date": …}}`; a label has the shipment's
`id`, `tracking`, `carrier_id`, `service_name`, `status`, and `refund` once it was given back. A
label alone is announced: it left on the day that the shop gave for shipping.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.domain.order import OrderSnapshot
from app.domain.parcel import Parcel, ParcelState, Piece, Source
from app.domain.shipment_sources.reading import entries, parcel, pieces, words
from app.domain.shipping_date import believed, read_day, read_moment

NO_LABEL = frozenset({"PURCHASE_ERROR", "PURCHASE_IN_PROGRESS"})


def read_woo_shipping(order: OrderSnapshot) -> tuple[Parcel, ...]:
    """The parcels for which labels were bought, and shipments that were only packed."""
    lists = _by_name(order.meta("_wcshipping-shipments"))
    dates = _by_name(order.meta("_wcshipping_shipment_dates"))
    labels = [
        label
        for label in entries(order.meta("wcshipping_labels"))
        if not label.get("refund") and words(label.get("status")) not in NO_LABEL
    ]
    newest = {words(label.get("id")) or "0": label for label in labels}
    names = [*lists, *(name for name in newest if name not in lists)]
    return tuple(
        _parcel(name, newest.get(name, {}), _by_name(dates.get(f"shipment_{name}")), lists, order)
        for name in names
        if name in newest or f"shipment_{name}" in dates
    )


def _parcel(
    name: str,
    label: dict[str, Any],
    dates: dict[str, Any],
    lists: dict[str, Any],
    order: OrderSnapshot,
) -> Parcel:
    left = believed(read_moment(dates.get("shipping_date")), order) if label else None
    return parcel(
        Source.WOOCOMMERCE_SHIPPING,
        carrier=words(label.get("carrier_id"), label.get("service_name")),
        number=words(label.get("tracking")),
        state=ParcelState.IN_TRANSIT if left else ParcelState.ANNOUNCED,
        shipped_at=left,
        estimated_on=read_day(dates.get("estimated_delivery_date")),
        ref=name,
        pieces=_pieces(entries(lists.get(name)), order),
    )


def _pieces(rows: list[dict[str, Any]], order: OrderSnapshot) -> tuple[Piece, ...]:
    """A line that was split counts its pieces; a whole one has the quantity that was ordered."""
    ordered = {line.id: line.quantity for line in order.line_items}
    found = []
    for row in rows:
        parts, line = row.get("subItems"), row.get("id")
        whole = ordered.get(line, Decimal(1)) if isinstance(line, int) else Decimal(1)
        found.append((line, len(parts) if isinstance(parts, list) and parts else str(whole)))
    return pieces(found)


def _by_name(value: object) -> dict[str, Any]:
    """An object by name; PHP sends one whose names are 0, 1, 2 … as a list."""
    if isinstance(value, list):
        return {str(place): one for place, one in enumerate(value[:100])}
    return {str(name): one for name, one in value.items()} if isinstance(value, dict) else {}
