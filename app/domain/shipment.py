"""Whether, when and how far an order was shipped, by all that its shop says about it.

Each format has its reader in `shipment_sources/`; here they meet. What only REST tells (core
fulfilments) and what carriers and staff say is kept with the order (`usecases.record_shipments`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.order import OrderSnapshot
from app.domain.parcel import Parcel, ParcelState, merged
from app.domain.shipment_sources.aftership_items import read_aftership_items
from app.domain.shipment_sources.fulfillments import FULFILLED, PARTLY, fulfillment_status
from app.domain.shipment_sources.germanized import read_germanized
from app.domain.shipment_sources.order_status import (
    DELIVERED_STATUSES,
    SHIPPED_STATUSES,
    read_order_status,
)
from app.domain.shipment_sources.tracking_items import read_tracking_items
from app.domain.shipment_sources.woo_shipping import read_woo_shipping

__all__ = [
    "Parcel",
    "all_delivered_at",
    "as_status_says",
    "delivered_at",
    "parcels_of",
    "shipped_at",
    "told_by_order",
]


def parcels_of(order: OrderSnapshot) -> tuple[Parcel, ...]:
    """The parcels that plug-ins name in the order itself; each once, whoever names it."""
    return merged(
        [
            *read_germanized(order, order.shipments),
            *read_tracking_items(order),
            *read_aftership_items(order),
            *read_woo_shipping(order),
        ]
    )


def told_by_order(order: OrderSnapshot) -> tuple[Parcel, ...]:
    """All parcels that the order tells of: where no plug-in names one, its status may."""
    parcels = parcels_of(order) or read_order_status(order)
    return tuple(as_status_says(parcel, order) for parcel in parcels)


def as_status_says(parcel: Parcel, order: OrderSnapshot) -> Parcel:
    """An order that is delivered has delivered parcels, whatever their plug-in says of them; one
    that went back did not arrive all the same."""
    ended = (ParcelState.DELIVERED, ParcelState.RETURNED)
    if order.status not in DELIVERED_STATUSES or parcel.state in ended:
        return parcel
    known = order.modified_at or order.created_at
    arrived = {"state": ParcelState.DELIVERED, "delivered_at": known}
    return parcel.model_copy(update=arrived)


def shipped_at(order: OrderSnapshot) -> datetime | None:
    """When the first part of an order left, as far as the order says; None: nothing has left.

    A tracking number without a usable date, or a fulfilment that only the meta shows, counts
    from the order's last change.
    """
    known = order.modified_at or order.created_at
    moments = [one.shipped_at or known for one in parcels_of(order) if one.has_left]
    if order.status in SHIPPED_STATUSES:
        moments.append(order.completed_at or known)
    if fulfillment_status(order) in (FULFILLED, PARTLY):
        moments.append(known)
    return min((moment for moment in moments if moment is not None), default=None)


def delivered_at(order: OrderSnapshot) -> datetime | None:
    """When the last of an order's parcels arrived by its own word; None while one has not."""
    return all_delivered_at(told_by_order(order), order.modified_at or order.created_at)


def all_delivered_at(parcels: Sequence[Parcel], known: datetime | None) -> datetime | None:
    """When the last of these parcels arrived; None while one has not, or there is none.

    `known`: what counts for one whose moment is not known.
    """
    if any(one.state is not ParcelState.DELIVERED for one in parcels):
        return None
    return max((at for one in parcels if (at := one.delivered_at or known)), default=None)
