"""One parcel of an order: what is in it, who carries it, where it is, and who says so.

Several sources tell of the same parcel. It is one where the tracking number is one; `merged`
makes one of what they say, and `followed` adds what the carrier's scans tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from app.domain.tracking_number import normalised

MOST_PARCELS = 100
"""Of one order, from one source."""
RECYCLED_AFTER = timedelta(days=2)
"""Carriers give numbers out again (EasyPost's documentation of trackers: "carriers recycle codes
over time"): a scan this long before the order is another parcel's."""
CLOCKS_DIFFER = timedelta(hours=14)
"""A scan's local time without a zone is read as UTC and can so lie up to this far ahead."""


class ParcelState(StrEnum):
    """How far a parcel is, in the order of its way."""

    ANNOUNCED = "announced"
    """A label or number exists, and the carrier does not have it yet."""
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    """On the van, or waiting to be fetched."""
    EXCEPTION = "exception"
    """The carrier says that something is wrong: refused, damaged, not found, held."""
    DELIVERED = "delivered"
    RETURNED = "returned"
    """On its way back to the shop, or there."""


LEFT = frozenset(ParcelState) - {ParcelState.ANNOUNCED}
"""The states of a parcel that the shop has handed over."""


_ENDED = (ParcelState.DELIVERED, ParcelState.RETURNED)


class Source(StrEnum):
    """Who tells of a parcel."""

    ORDER_STATUS = "order_status"
    SHIPMENT_TRACKING = "shipment_tracking"
    FULFILLMENTS = "fulfillments"
    GERMANIZED = "germanized"
    AFTERSHIP = "aftership"
    WOOCOMMERCE_SHIPPING = "woocommerce_shipping"
    STAFF = "staff"
    CARRIER = "carrier"


class Fact(BaseModel):
    """What the values here share: they never change, and go to JSON and back."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Piece(Fact):
    """How many of an order's line are in a parcel. `line_id` is the shop's."""

    line_id: int
    quantity: Decimal


class Scan(Fact):
    """Something that happened to a parcel. `state` None: it says nothing of how far it is."""

    at: datetime
    state: ParcelState | None = None
    place: str = ""
    words: str = ""

    @property
    def key(self) -> str:
        """The same for the same scan, whoever passes it on and however often."""
        said = f"{self.at.isoformat()}|{self.state or ''}|{self.place.casefold()}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]


class Parcel(Fact):
    """One parcel, as far as its sources say.

    `carrier` is the shop's own word for it, `carrier_key` ours where we know it (domain.carrier).
    `link` opens; `untrusted_link` is a link of the shop's that is only shown as text.
    `shipped_at` is None where no source gives a usable date, although `state` may say that it
    left. `pieces` is empty where no source says what is in it. `ref` is the source's own id.
    """

    carrier: str = ""
    carrier_key: str = ""
    tracking_number: str = ""
    link: str = ""
    untrusted_link: str = ""
    state: ParcelState = ParcelState.IN_TRANSIT
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    estimated_on: date | None = None
    last_scan: Scan | None = None
    pieces: tuple[Piece, ...] = ()
    source: Source = Source.SHIPMENT_TRACKING
    ref: str = ""

    @property
    def key(self) -> str:
        """The same parcel has the same key within its order: its number, else where it is from."""
        return normalised(self.tracking_number) or f"{self.source}:{self.ref}"[:80]

    @property
    def has_left(self) -> bool:
        return self.state in LEFT

    def state_at(self, now: datetime) -> ParcelState:
        """The state at a moment: one that is to leave on a later day is announced until then."""
        waits = self.shipped_at is not None and self.shipped_at > now
        return (
            ParcelState.ANNOUNCED if waits and self.state is ParcelState.IN_TRANSIT else self.state
        )


def merged(parcels: Iterable[Parcel]) -> tuple[Parcel, ...]:
    """One parcel for each key, in the order of their first mention.

    What an earlier source says stands, and later ones fill what it leaves open; the furthest
    state counts, and the earliest moment of leaving and of arriving.
    """
    found: dict[str, Parcel] = {}
    for parcel in parcels:
        known = found.get(parcel.key)
        found[parcel.key] = parcel if known is None else _joined(known, parcel)
    return tuple(found.values())


def _joined(one: Parcel, other: Parcel) -> Parcel:
    named = one if one.carrier_key or not other.carrier_key else other
    return one.model_copy(
        update={
            "carrier": named.carrier or one.carrier or other.carrier,
            "carrier_key": named.carrier_key,
            "link": named.link or one.link or other.link,
            "untrusted_link": one.untrusted_link or other.untrusted_link,
            "state": max(one.state, other.state, key=rank),
            "shipped_at": _earliest(one.shipped_at, other.shipped_at),
            "delivered_at": _earliest(one.delivered_at, other.delivered_at),
            "estimated_on": one.estimated_on or other.estimated_on,
            "last_scan": one.last_scan or other.last_scan,
            "pieces": one.pieces or other.pieces,
        }
    )


def rank(state: ParcelState) -> int:
    """How far along its way a parcel of this state is."""
    return list(ParcelState).index(state)


def is_believable(scan: Scan, ordered_at: datetime | None, now: datetime) -> bool:
    """Whether a scan can belong to this order's parcel: not before the order, not after now."""
    too_early = ordered_at is not None and scan.at < ordered_at - RECYCLED_AFTER
    return not too_early and scan.at <= now + CLOCKS_DIFFER


def followed(parcel: Parcel, scans: Sequence[Scan]) -> Parcel:
    """The parcel with what its scans tell, whatever the order in which they came.

    The latest scan that names a state gives it; but what was delivered stays so, unless a later
    scan says that it goes back. What the shop or staff say they know to be delivered stands too.
    """
    ordered = sorted(scans, key=lambda scan: (scan.at, rank(scan.state) if scan.state else -1))
    telling = [scan for scan in ordered if scan.state is not None]
    if not ordered:
        return parcel
    delivered = [scan for scan in telling if scan.state is ParcelState.DELIVERED]
    moving = [scan for scan in telling if scan.state in LEFT]
    state = _state_of(parcel, telling, delivered)
    arrived = delivered[0].at if delivered and state is not ParcelState.RETURNED else None
    left = moving[0].at if moving else None
    return parcel.model_copy(
        update={
            "state": state,
            "last_scan": ordered[-1],
            "shipped_at": _earliest(parcel.shipped_at, left),
            "delivered_at": arrived or (parcel.delivered_at if state in _ENDED else None),
        }
    )


def _state_of(parcel: Parcel, telling: Sequence[Scan], delivered: Sequence[Scan]) -> ParcelState:
    if not telling:
        return parcel.state
    last = telling[-1].state or parcel.state
    if last is ParcelState.RETURNED:
        return last
    if delivered or parcel.state in _ENDED:
        return parcel.state if parcel.state in _ENDED else ParcelState.DELIVERED
    if last is ParcelState.ANNOUNCED and parcel.has_left:
        return parcel.state  # the shop says that it left, and the carrier has not scanned it yet
    return last


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
