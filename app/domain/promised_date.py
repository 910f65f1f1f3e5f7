"""The delivery day that a plug-in let the customer choose, as it wrote it into the order.

| meta | plug-in | written as |
| --- | --- | --- |
| `_orddd_timestamp`, `_orddd_lite_timestamp` | Order Delivery Date (Tyche) | Unix seconds |
| `jckwds_date_ymd` | WooCommerce Delivery Slots (Iconic) | `20261127` |
| `ywcdd_order_delivery_date` | YITH Delivery Date | `2026-11-27` |
| `_delivery_date` | several | a day or a moment |

A day before the order, or more than a year after it, is none: it was a slip, or a leftover of a
copied order.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.domain.order import OrderSnapshot
from app.domain.shipping_date import day_in, read_moment

KEYS = (
    "_orddd_timestamp",
    "_orddd_lite_timestamp",
    "jckwds_date_ymd",
    "ywcdd_order_delivery_date",
    "_delivery_date",
)
LONGEST = timedelta(days=366)


def promised_on(order: OrderSnapshot, zone: ZoneInfo) -> date | None:
    """The first promised day, in the shop's zone, that makes sense; None where there is none."""
    ordered_at = order.created_at or order.modified_at
    for key in KEYS:
        day = _day(order.meta(key), zone)
        if day is not None and (ordered_at is None or _fits(day, ordered_at, zone)):
            return day
    return None


def _day(value: object, zone: ZoneInfo) -> date | None:
    """A day is a day in every zone; a moment is one in the shop's. Order Delivery Date writes the
    day's midnight as if the shop were in UTC."""
    moment = read_moment(value)
    return day_in(moment, zone) if moment else None


def _fits(day: date, ordered_at: datetime, zone: ZoneInfo) -> bool:
    ordered_on = ordered_at.astimezone(zone).date()
    return ordered_on <= day <= ordered_on + LONGEST
