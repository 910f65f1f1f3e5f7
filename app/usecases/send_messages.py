"""Tell customers what was decided, through their shop, at most once.

    claim -> fence -> order read again: still true? -> notes read: said already?
          -> words and the try kept -> note posted with its reference -> notes read back -> done

A note has no idempotency key, and a shop can act after we have given up waiting. So every message
carries a reference of its own, and the order's notes are read before every try, the first one
too: what is there already is adopted, never said again. That a note is not there proves nothing
while the shop may still be working on the last try, whose worker may have died: the next one
waits until a lease's time has passed since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.db import notices, work
from app.db.customers import has_opted_out
from app.db.engine import Database
from app.db.notices import DROPPED, HELD, WITHHELD, Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.db.tasks import add_task
from app.domain.leaving import GO, LATER, Leave, Standing, may_leave
from app.domain.local_hours import zones_of
from app.domain.mailer import MailState, find_note, mailer_result
from app.domain.notice import NoticeKind
from app.domain.order import OrderSnapshot, became_paid_at, read_order
from app.domain.store_mode import Mode, message_verdict
from app.domain.store_settings import ShopSettings, policy_of
from app.errors import KikubariError, ShopMissing
from app.usecases.guard_numbers import Gate
from app.usecases.offer_coupon import (
    CouponFacts,
    Occasion,
    offer_coupon,
    words_of_withheld,
)
from app.usecases.ports import Clock, CodeOf, Fence, Links, Shop, Shops, Wording
from app.usecases.stores import settings_of, standing_of
from app.usecases.word_message import compose
from app.usecases.work_off import Turn, work_due

MAILER_RESTS = timedelta(minutes=15)
"""So long a mailer that failed is left alone before the one more try."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What sending needs from outside."""

    shops: Shops
    wording: Wording
    fence: Fence
    links: Links
    clock: Clock
    gate: Gate
    code_of: CodeOf


@dataclass(frozen=True, slots=True)
class _Letter:
    """One message with all that it is about."""

    message: Message
    notices: list[Notice]
    order: Order
    store: Store
    settings: ShopSettings
    opted_out: bool

    def occasion(self, snapshot: OrderSnapshot) -> Occasion:
        """What a coupon may be offered for."""
        first = self.notices[0]
        return Occasion(self.store, self.settings, self.order, self.message, first, snapshot)


def send_due(db: Database, outside: Outside, turn: Turn) -> int:
    """Claim messages and send them; how many were claimed. None while the gate is shut."""
    if outside.gate.halt() is not None:
        return 0
    return work_due(
        db,
        Message,
        turn,
        outside.clock,
        lambda row_id: send_message(
            db, outside, row_id, owner=turn.owner, settle_seconds=turn.lease_seconds
        ),
    )


def send_message(
    db: Database, outside: Outside, row_id: int, *, owner: str, settle_seconds: float
) -> None:
    """Send one message that `owner` has claimed.

    `settle_seconds`: how long a shop may still act on a note that it did not answer for.

    Raises:
        ShopError: the shop did not answer; the note may be there all the same.
        KikubariError: someone else is sending it now, or its link would open for nobody.
        LeaseLost: someone else owns the row now.
    """
    with outside.fence(f"message-{row_id}") as held:
        if not held:
            raise KikubariError("another worker is sending this message", retry=5.0)
        letter = _open(db, row_id)
        shop = outside.shops(letter.store)
        try:
            snapshot = read_order(shop.order(letter.order.remote_id))
        except ShopMissing:
            _end(db, letter, owner, outside.clock(), DROPPED, "the shop deleted the order")
            return
        leave = _leave(letter, snapshot, outside.clock())
        if leave.state == LATER:
            _put_off(db, letter, owner, leave)
            return
        if leave.state != GO:
            if leave.state in (WITHHELD, HELD) and "link_id" not in letter.notices[0].facts:
                coupon = words_of_withheld(db, letter.occasion(snapshot), outside.clock())
                _keep(db, letter, owner, text=_words(outside, letter, snapshot, coupon))
            _end(db, letter, owner, outside.clock(), leave.state, leave.why or "")
            return
        text = letter.message.text if letter.message.posted_at else None
        if text is None:  # what was kept before showed a coupon that was not made yet
            occasion = letter.occasion(snapshot)
            coupon = offer_coupon(db, outside, shop, occasion, settle_seconds=settle_seconds)
            text = _words(outside, letter, snapshot, coupon)
        _post(db, outside, shop, letter, text, owner, settle_seconds)


def _open(db: Database, row_id: int) -> _Letter:
    with db.read() as session:
        message = session.get_one(Message, row_id)
        store = session.get_one(Store, message.store_id)
        order = session.get_one(Order, message.order_id)
        return _Letter(
            message,
            notices.notices_in(session, row_id),
            order,
            store,
            settings_of(session, store.id),
            has_opted_out(session, store.id, order.email),
        )


def _leave(letter: _Letter, snapshot: OrderSnapshot, now: datetime) -> Leave:
    """Decide again, with the shop's fresh word."""
    settings, store = letter.settings, letter.store
    paid_at = became_paid_at(snapshot, cod_paid_when_completed=settings.cod_paid_when_completed)
    since = paid_at or snapshot.paid_at or snapshot.modified_at
    kinds = [NoticeKind(notice.kind) for notice in letter.notices]
    address = snapshot.shipping if snapshot.shipping.country else snapshot.billing
    standing = Standing(
        mode=Mode(store.mode),
        verdict=message_verdict(standing_of(store, settings), since, snapshot.email),
        policy=policy_of(settings, kinds),
        approved=letter.message.approved_at is not None,
        breaker_out=store.breaker is not None,
        opted_out=letter.opted_out,
        has_left=letter.order.shipped_at is not None,
        zones=zones_of(address.country, address.state, settings.zone),
        shop_zone=settings.zone,
    )
    return may_leave(kinds, snapshot, paid_at, standing, now)


def _words(
    outside: Outside, letter: _Letter, snapshot: OrderSnapshot, coupon: CouponFacts | None
) -> str:
    return compose(
        outside.wording,
        outside.links,
        letter.store,
        letter.settings,
        letter.notices[0],
        snapshot,
        language=letter.message.language,
        reference=letter.message.reference,
        coupon=coupon,
    )


def _keep(
    db: Database, letter: _Letter, owner: str, *, text: str, posted_at: datetime | None = None
) -> None:
    """Keep the words before they are posted, so that every try says the same, and when they are."""
    with db.write() as session:
        message = session.get_one(Message, letter.message.id)
        if message.lease_owner != owner:
            raise work.LeaseLost(f"message {message.id} is no longer held by {owner}")
        message.text = text
        message.posted_at = posted_at or message.posted_at


def _post(
    db: Database,
    outside: Outside,
    shop: Shop,
    letter: _Letter,
    text: str,
    owner: str,
    settle_seconds: float,
) -> None:
    """Say it unless it is there already; then read back what the shop's mailer made of it."""
    remote_id, reference = letter.order.remote_id, letter.message.reference
    note_id = find_note(shop.notes(remote_id), reference)
    if note_id is None:
        _wait_for_last_try(letter.message.posted_at, outside.clock(), settle_seconds)
        _keep(db, letter, owner, text=text, posted_at=outside.clock())
        note_id = int(shop.add_customer_note(remote_id, text)["id"])
    delivery, said = mailer_result(shop.notes(remote_id), note_id)
    if delivery is MailState.FAILED and letter.message.retried_at is None:
        _try_once_more(db, outside, shop, letter, note_id, owner)
        return
    now = outside.clock()
    with db.write() as session:
        work.finish(
            session,
            Message,
            letter.message.id,
            owner=owner,
            now=now,
            text=text,
            note_id=note_id,
            delivery=delivery.value,
            mailer_said=said[:300],
            sent_at=now,
            problem=None,
        )
        if delivery is MailState.FAILED:
            _ask_staff(session, letter, "mailer_failed", said, now)


def _try_once_more(
    db: Database, outside: Outside, shop: Shop, letter: _Letter, note_id: int, owner: str
) -> None:
    """The mail did not leave. The note goes, so that it does not stand there twice, and is posted
    anew some time later; where it cannot be deleted it is found again, and counts as it is."""
    now = outside.clock()
    with db.write() as session:
        message = session.get_one(Message, letter.message.id)
        if message.lease_owner != owner:
            raise work.LeaseLost(f"message {message.id} is no longer held by {owner}")
        message.retried_at = now
    shop.delete_note(letter.order.remote_id, note_id)
    with db.write() as session:
        why = "the shop's mailer failed; it is tried once more"
        due_at = now + MAILER_RESTS
        work.again(session, Message, letter.message.id, owner=owner, due_at=due_at, problem=why)


def _ask_staff(session: Session, letter: _Letter, kind: str, words: str, now: datetime) -> None:
    """A person has to tell this customer another way."""
    add_task(
        session,
        store_id=letter.store.id,
        order_id=letter.order.id,
        kind=kind,
        cause=letter.message.reference,
        words=words,
        now=now,
    )


def _wait_for_last_try(posted_at: datetime | None, now: datetime, settle_seconds: float) -> None:
    """Raises KikubariError, to be tried again, while the shop may still act on the last try."""
    if posted_at is None:
        return
    left = settle_seconds - (now - posted_at).total_seconds()
    if left > 0:
        raise KikubariError("the shop may still be working on the last try", retry=left)


def _put_off(db: Database, letter: _Letter, owner: str, leave: Leave) -> None:
    """To the morning where the customer lives; that is no failed try."""
    with db.write() as session:
        due_at = leave.due_at or letter.message.due_at
        work.again(
            session, Message, letter.message.id, owner=owner, due_at=due_at, problem=leave.why
        )


def _end(db: Database, letter: _Letter, owner: str, now: datetime, state: str, why: str) -> None:
    with db.write() as session:
        work.finish(
            session, Message, letter.message.id, owner=owner, now=now, state=state, problem=why
        )
        if state == WITHHELD and not letter.order.email:
            _ask_staff(session, letter, "no_email", why, now)
        if state != HELD:
            for notice in notices.notices_in(session, letter.message.id):
                notice.dropped = why[:200]
