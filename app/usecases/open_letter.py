"""Open a message with all that it is about: its order, or several orders of one customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.db import coupons, notices
from app.db.coupons import Coupon
from app.db.customers import has_opted_out
from app.db.engine import Database
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.db.work import DUE
from app.domain.leaving import DROPPED, Leave, Standing, may_leave
from app.domain.local_hours import zones_of
from app.domain.notice import NoticeKind
from app.domain.order import OrderSnapshot, became_paid_at, read_order
from app.domain.store_mode import Mode, message_verdict
from app.domain.store_settings import ShopSettings, policy_of
from app.errors import ShopMissing
from app.said import Said
from app.usecases.ports import Shop
from app.usecases.stores import settings_of, standing_of


@dataclass(frozen=True, slots=True)
class Part:
    """What one order's own message says. `snapshot`: the shop's fresh word; None: not asked yet,
    or the shop has no such order any more. `coupon`: what was made for its words, perhaps by a
    try that said nothing."""

    message: Message
    notices: tuple[Notice, ...]
    order: Order
    opted_out: bool
    coupon: Coupon | None
    snapshot: OrderSnapshot | None = None

    @property
    def kinds(self) -> list[NoticeKind]:
        return [NoticeKind(notice.kind) for notice in self.notices]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that is being sent. `lead` is the order whose message it is; `others` join."""

    store: Store
    settings: ShopSettings
    lead: Part
    others: tuple[Part, ...] = ()

    @property
    def message(self) -> Message:
        return self.lead.message

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.lead, *self.others)


def open_letter(db: Database, row_id: int, owner: str) -> Letter | None:
    """The message that `owner` holds; None: it joined another one meanwhile, or was taken."""
    with db.read() as session:
        message = session.get_one(Message, row_id)
        if message.state != DUE or message.lease_owner != owner:
            return None
        store = session.get_one(Store, message.store_id)
        carried = notices.carried_by(session, row_id)
        return Letter(
            store,
            settings_of(session, store.id),
            open_part(session, message, message.id),
            tuple(open_part(session, one, message.id) for one in carried),
        )


def open_part(session: Session, message: Message, said_by: int) -> Part:
    """`said_by`: the id of the message to which the order's notices point now."""
    order = session.get_one(Order, message.order_id)
    told = [one for one in notices.notices_in(session, said_by) if one.order_id == order.id]
    opted_out = has_opted_out(session, order.store_id, order.email)
    return Part(message, tuple(told), order, opted_out, coupons.of_message(session, message.id))


def read_part(shop: Shop, part: Part) -> Part:
    """The same with the shop's fresh word.

    Raises:
        ShopError: the shop did not say.
    """
    try:
        return replace(part, snapshot=read_order(shop.order(part.order.remote_id)))
    except ShopMissing:
        return part


def leave_of(letter: Letter, part: Part, now: datetime) -> Leave:
    """Decide about one order's words again, alone, with the shop's fresh word."""
    settings, store, snapshot = letter.settings, letter.store, part.snapshot
    if snapshot is None:
        return Leave(DROPPED, Said("the shop deleted the order"))
    paid_at = became_paid_at(snapshot, cod_paid_when_completed=settings.cod_paid_when_completed)
    since = paid_at or snapshot.paid_at or snapshot.modified_at
    address = snapshot.destination
    standing = Standing(
        mode=Mode(store.mode),
        verdict=message_verdict(standing_of(store, settings), since, snapshot.email),
        policy=policy_of(settings, part.kinds),
        approved=part.message.approved_at is not None,
        breaker_out=store.breaker is not None,
        opted_out=part.opted_out,
        has_left=part.order.shipped_at is not None,
        zones=zones_of(address.country, address.state, settings.zone),
        shop_zone=settings.zone,
    )
    return may_leave(part.kinds, snapshot, paid_at, standing, now)
