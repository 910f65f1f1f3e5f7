"""What an order's status says of its parcels: `completed` means that it left, and AST's statuses
`shipped`, `partial-shipped` and `delivered` say so in words."""

from __future__ import annotations

from app.domain.order import OrderSnapshot, is_to_be_shipped
from app.domain.parcel import Parcel, ParcelState, Source

SHIPPED_STATUSES = frozenset({"completed", "shipped", "delivered", "partial-shipped"})
PARTLY_STATUSES = frozenset({"partial-shipped"})
DELIVERED_STATUSES = frozenset({"delivered"})


def read_order_status(order: OrderSnapshot) -> tuple[Parcel, ...]:
    """The one parcel, without a number, that a shop without any plug-in tells of."""
    if order.status not in SHIPPED_STATUSES or not is_to_be_shipped(order):
        return ()
    known = order.modified_at or order.created_at
    delivered = order.status in DELIVERED_STATUSES
    return (
        Parcel(
            state=ParcelState.DELIVERED if delivered else ParcelState.IN_TRANSIT,
            shipped_at=order.completed_at or known,
            delivered_at=known if delivered else None,
            source=Source.ORDER_STATUS,
        ),
    )
