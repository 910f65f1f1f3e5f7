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
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.db import notices, work
from app.db.engine import Database
from app.db.notices import WITHHELD, Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.domain.mailer import find_note, mailer_result
from app.domain.notice import NoticeKind, reference_of, safe_words, why_untrue
from app.domain.order import OrderSnapshot, became_paid_at, read_order
from app.domain.store_mode import Verdict, may_link, message_verdict
from app.domain.store_settings import ShopSettings
from app.errors import KikubariError, ShopMissing
from app.usecases.guard_numbers import Gate
from app.usecases.ports import Clock, Fence, Links, Shop, Shops, Wording
from app.usecases.stores import settings_of, standing_of
from app.usecases.work_off import Turn, work_due

DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Outside:
    """What sending needs from outside."""

    shops: Shops
    wording: Wording
    fence: Fence
    links: Links
    clock: Clock
    gate: Gate


@dataclass(frozen=True, slots=True)
class _Letter:
    """One message with all that it is about."""

    message: Message
    notices: list[Notice]
    order: Order
    store: Store
    settings: ShopSettings


def free_reference(session: Session, order: Order, kind: NoticeKind, version: int) -> str:
    """The reference of a notice that has no message yet."""
    key = session.get_one(Store, order.store_id).key
    made = (reference_of(key, order.remote_id, kind, version, attempt) for attempt in count())
    return next(one for one in made if not notices.is_used(session, order.store_id, one))


def decide(
    session: Session,
    order: Order,
    kind: NoticeKind,
    facts: dict[str, Any],
    *,
    language: str,
    now: datetime,
    version: int | None = None,
) -> int | None:
    """Decide to tell the customer something, and note the message that will say it.

    The unique key (store, order, kind, version) makes this happen once. `version`: the promise's,
    or which of an order's documents of a kind it is about, from 0. Returns the message's id, or
    None where it had been decided before.
    """
    if version is None:
        version = order.promise_version if kind is NoticeKind.DELAYED else 0
    notice_id = notices.decide_notice(
        session,
        {
            "store_id": order.store_id,
            "order_id": order.id,
            "kind": kind.value,
            "promise_version": version,
            "decided_at": now,
            "facts": facts,
        },
    )
    if notice_id is None:
        return None
    message = Message(
        store_id=order.store_id,
        order_id=order.id,
        reference=free_reference(session, order, kind, version),
        language=language,
        due_at=now,
    )
    session.add(message)
    session.flush()
    session.get_one(Notice, notice_id).message_id = message.id
    return message.id


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
        state, why = _may_leave(letter, snapshot)
        if why is not None:
            if state == WITHHELD and "link_id" not in letter.notices[0].facts:
                text = _words(outside, letter, snapshot)  # what would have gone out
                _keep(db, letter, owner, text=text)
            _end(db, letter, owner, outside.clock(), state, why)
            return
        text = letter.message.text or _words(outside, letter, snapshot)
        _post(db, outside, shop, letter, text, owner, settle_seconds)


def _open(db: Database, row_id: int) -> _Letter:
    with db.read() as session:
        message = session.get_one(Message, row_id)
        store = session.get_one(Store, message.store_id)
        return _Letter(
            message,
            notices.notices_in(session, row_id),
            session.get_one(Order, message.order_id),
            store,
            settings_of(session, store.id),
        )


def _may_leave(letter: _Letter, snapshot: OrderSnapshot) -> tuple[str, str | None]:
    """Decide again with the shop's fresh word: (state, why not), (`due`, None) if it may."""
    settings = letter.settings
    paid_at = became_paid_at(snapshot, cod_paid_when_completed=settings.cod_paid_when_completed)
    kinds = [NoticeKind(notice.kind) for notice in letter.notices]
    left = letter.order.shipped_at is not None  # by staff's word or its carrier's, perhaps
    untrue = [
        why_untrue(kind, snapshot, paid_at)
        or ("the parcel has left" if left and kind is NoticeKind.DELAYED else None)
        for kind in kinds
    ]
    if kinds and all(untrue):
        return DROPPED, untrue[0]
    verdict = message_verdict(standing_of(letter.store, settings), paid_at, snapshot.email)
    if verdict is Verdict.NOTHING:
        return WITHHELD, "the order was paid before the store began"
    if verdict is not Verdict.DO:
        return WITHHELD, f"the store is in {letter.store.mode} mode"
    if not snapshot.email:
        return WITHHELD, "the order has no e-mail address; tell the customer another way"
    return work.DUE, None


def _words(outside: Outside, letter: _Letter, snapshot: OrderSnapshot) -> str:
    return compose(
        outside,
        letter.store,
        letter.settings,
        letter.notices[0],
        snapshot,
        language=letter.message.language,
        reference=letter.message.reference,
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


def compose(
    outside: Outside,
    store: Store,
    settings: ShopSettings,
    notice: Notice,
    snapshot: OrderSnapshot,
    *,
    language: str,
    reference: str,
) -> str:
    """The words of a notice for its customer.

    Raises:
        KikubariError: the message needs a link and `PUBLIC_URL` would open for nobody.
    """
    facts = dict(notice.facts)
    if "link_id" in facts:
        if not may_link(standing_of(store, settings), outside.links.public_url):
            raise KikubariError(
                f"the link to the invoice would not open for customers: PUBLIC_URL is "
                f"{outside.links.public_url}",
                mend="set PUBLIC_URL to the public https address of this service, then retry",
            )
        facts["link"] = outside.links.document(facts.pop("link_id"), facts.pop("nonce"))
    facts |= {
        "order_number": safe_words(snapshot.number, 60),
        "first_name": safe_words(snapshot.billing.first_name),
        "last_name": safe_words(snapshot.billing.last_name),
        "shop_name": settings.seller.name,
        "contact": settings.contact or settings.seller.email,
    }
    return outside.wording.compose(
        NoticeKind(notice.kind), facts, language=language, reference=reference
    )


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


def _wait_for_last_try(posted_at: datetime | None, now: datetime, settle_seconds: float) -> None:
    """Raises KikubariError, to be tried again, while the shop may still act on the last try."""
    if posted_at is None:
        return
    left = settle_seconds - (now - posted_at).total_seconds()
    if left > 0:
        raise KikubariError("the shop may still be working on the last try", retry=left)


def _end(db: Database, letter: _Letter, owner: str, now: datetime, state: str, why: str) -> None:
    with db.write() as session:
        work.finish(
            session, Message, letter.message.id, owner=owner, now=now, state=state, problem=why
        )
        for notice in notices.notices_in(session, letter.message.id):
            notice.dropped = why[:200]
