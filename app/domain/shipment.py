"""Whether and how an order was shipped, read from the sources that shops really write.

Formats are listed in tests/recordings/README.md; fulfilment and carrier details follow later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.domain.money import to_decimal
from app.domain.order import OrderSnapshot

SHIPPED_STATUSES = frozenset({"completed", "shipped", "delivered", "partial-shipped"})
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel. `shipped_at` is None where the source gives no usable date."""

    carrier: str
    tracking_number: str
    shipped_at: datetime | None
    source: str


def parcels_of(order: OrderSnapshot) -> tuple[Parcel, ...]:
    """Parcels named in the order's own meta (Shipment Tracking and AST write a list)."""
    items = order.meta("_wc_shipment_tracking_items")
    if not isinstance(items, list):
        return ()
    return tuple(_parcel(item) for item in items if isinstance(item, dict))[:100]


def shipped_at(order: OrderSnapshot) -> datetime | None:
    """When the order left, as far as the shop says; None: it has not been shipped.

    A tracking number without a date, or a fulfilment that only the meta shows, counts from the
    order's last change.
    """
    known = order.modified_at or order.created_at
    moments = [parcel.shipped_at or known for parcel in parcels_of(order)]
    if order.status in SHIPPED_STATUSES:
        moments.append(order.completed_at or known)
    if order.meta("_fulfillment_status") == "fulfilled":
        moments.append(known)
    return min((moment for moment in moments if moment is not None), default=None)


def _parcel(item: dict[str, Any]) -> Parcel:
    carrier = item.get("tracking_provider") or item.get("custom_tracking_provider") or ""
    return Parcel(
        carrier=str(carrier)[:100],
        tracking_number=str(item.get("tracking_number") or "")[:100],
        shipped_at=_unix_instant(item.get("date_shipped")),
        source="shipment tracking",
    )


def _unix_instant(value: object) -> datetime | None:
    """Unix seconds, often as text; None where they make no sense as a shipping date."""
    seconds = int(to_decimal(value))
    try:
        moment = datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment if moment >= EARLIEST else None
