"""Say everything about an order as facts: for the page, the JSON, sidebars and assistants alike.

order_context (rows, from our own copy) -> OrderFacts (values, in words where a person reads)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.db import documents
from app.db.coupons import MADE, Coupon
from app.db.notices import Message
from app.db.ratings import Rating
from app.db.tasks import Task
from app.db.work import DUE, PARKED
from app.domain.calendar import calendar_of
from app.domain.order import LineItem, OrderSnapshot
from app.domain.order_facts import (
    CouponFacts,
    DocumentFacts,
    ForecastFacts,
    HappeningFacts,
    LineFacts,
    MoneyFacts,
    OrderFacts,
    ParcelFacts,
    PromiseFacts,
    RatingFacts,
    RefundFacts,
    TaskFacts,
    ToldFacts,
)
from app.domain.order_story import OrderStory, Place
from app.domain.parcel import Parcel
from app.domain.shipping_date import day_in
from app.domain.story_words import Speech, answer
from app.domain.text import clean, plain
from app.usecases.describe_customer import customer_of_order
from app.usecases.learn_forecast import foretell
from app.usecases.order_context import Happening, OrderContext, Telling
from app.usecases.ports import Wording

MOST_LINES = 200
MOST_HAPPENINGS = 100
MOST_TOLD = 20
LONGEST_TEXT = 2_000


def describe_order(
    session: Session,
    wording: Wording,
    found: OrderContext,
    speech: Speech,
    now: datetime,
    *,
    before: datetime | None = None,
    told_before: int | None = None,
) -> OrderFacts:
    """An order's facts at a moment, said in the language of `speech`. `before`: only what happened
    earlier stands in the timeline, which has `MOST_HAPPENINGS` lines, and all of the last one's
    moment. `found` was read with the same `before`. `told_before`: the same for what the customer
    was told, by the id of a word; there are `MOST_TOLD`."""
    order, story = found.order, found.story(now)
    shown, goes_on = _page(found.timeline, before)
    told, told_goes_on = _told(found.told, told_before)
    customer = customer_of_order(session, found, now)
    facts = OrderFacts(
        store=found.store.name,
        id=order.remote_id,
        number=order.number,
        status=order.status,
        place=story.place.value,
        answer=answer(story, speech),
        answer_language=speech.tag,
        needs_a_word=story.needs_a_word,
        days_late=story.days_late,
        ordered_at=order.created_at,
        paid_at=order.paid_at,
        shipped_at=order.shipped_at,
        delivered_at=found.delivered_at,
        read_at=order.read_at,
        is_readable=found.snapshot is not None,
        erased_at=order.erased_at,
        kept_until=documents.kept_until(session, order.id) if order.erased_at else None,
        promise=_promise(story),
        forecast=_forecast(session, found, now),
        money=_money(found),
        extent=found.progress.extent.value if found.progress else "",
        lines=tuple(_lines(found)),
        parcels=tuple(_parcel(one, found, now) for one in found.parcels),
        documents=document_facts(found),
        coupons=tuple(_coupon(one) for one in found.coupons),
        told=tuple(told_facts(one, found.ratings) for one in told),
        told_goes_on=told_goes_on,
        tasks=tuple(task_facts(one) for one in found.tasks),
        timeline=tuple(_happening(one) for one in shown),
        timeline_goes_on=goes_on,
        customer=customer,
        suggested_reply_language=customer.language,
        **_paid_with(found.snapshot),
    )
    words, voice = _reply_facts(facts, story), found.settings.voice
    reply = wording.reply(words, language=customer.language, voice=voice)
    return facts.model_copy(update={"suggested_reply": reply})


def _paid_with(snapshot: OrderSnapshot | None) -> dict[str, Any]:
    """How it was paid, what went back, and which coupons were used."""
    if snapshot is None:
        return {"payment": "", "refunds": (), "coupons_used": ()}
    return {
        "payment": plain(snapshot.payment_method_title, 60),
        "refunds": tuple(
            RefundFacts(reason=plain(one.reason, 80), amount=-one.total)
            for one in snapshot.refunds[:20]
        ),
        "coupons_used": tuple(plain(one.code, 40) for one in snapshot.coupon_lines[:20]),
    }


def task_facts(task: Task) -> TaskFacts:
    """Something to do about an order."""
    return TaskFacts(
        id=task.id,
        kind=task.kind,
        words=task.words,
        created_at=task.created_at,
        done_at=task.done_at,
        done_by=task.done_by or "",
    )


def _page(timeline: list[Happening], before: datetime | None) -> tuple[list[Happening], bool]:
    """The newest lines before a moment, and whether there are older ones. What happened at one
    moment is not parted: the moment is where the next page begins."""
    happened = [one for one in reversed(timeline) if before is None or one.at < before]
    if len(happened) <= MOST_HAPPENINGS:
        return happened, False
    last = happened[MOST_HAPPENINGS - 1].at
    shown = [one for one in happened if one.at >= last]
    return shown, len(shown) < len(happened)


def _told(found: list[Telling], before: int | None) -> tuple[list[Telling], bool]:
    """The newest words before a word, the oldest first, and whether there are older ones."""
    earlier = [one for one in found if before is None or one[0].id < before]
    return earlier[-MOST_TOLD:], len(earlier) > MOST_TOLD


def _happening(one: Happening) -> HappeningFacts:
    return HappeningFacts(at=one.at, kind=one.kind, facts=one.facts)


def _promise(story: OrderStory) -> PromiseFacts | None:
    if story.ship_by_on is None or story.promised_on is None:
        return None
    return PromiseFacts(
        ship_by_on=story.ship_by_on,
        promised_on=story.promised_on,
        expected_on=story.said.expected_on if story.is_late and story.said else None,
    )


def _forecast(session: Session, found: OrderContext, now: datetime) -> ForecastFacts | None:
    """What the shop's past says of an order that is still watched."""
    if found.snapshot is None or found.order.next_check_at is None:
        return None
    calendar = calendar_of(found.settings)
    outlook = foretell(session, found.order, found.snapshot, calendar, now)
    if outlook is None:
        return None
    return ForecastFacts(
        chance=round(outlook.chance, 3),
        p50_on=outlook.likely_on,
        p90_on=outlook.latest_on,
        is_warned=outlook.is_warned,
    )


def _money(found: OrderContext) -> MoneyFacts:
    order, snapshot = found.order, found.snapshot
    refunded = -sum((one.total for one in snapshot.refunds), Decimal(0)) if snapshot else Decimal(0)
    return MoneyFacts(
        currency=order.currency,
        total=order.total,
        tax=snapshot.total_tax if snapshot else Decimal(0),
        shipping=snapshot.shipping_total + snapshot.shipping_tax if snapshot else Decimal(0),
        discount=snapshot.discount_total + snapshot.discount_tax if snapshot else Decimal(0),
        refunded=refunded,
        left=order.total - refunded,
    )


def _lines(found: OrderContext) -> Iterator[LineFacts]:
    """What was bought, then shipping and fees, which never travel."""
    if found.snapshot is None:
        return
    progress = found.progress
    gone = {one.line_id: one for one in progress.lines} if progress else {}
    for line in found.snapshot.line_items[:MOST_LINES]:
        one = gone.get(line.id)
        yield _line(line).model_copy(
            update={
                "sku": clean(line.sku, 40),
                "quantity": line.quantity,
                "left": one.left if one else None,
                "delivered": one.delivered if one else None,
                "backordered": one.backordered if one else Decimal(0),
            }
        )
    yield from _other_lines(found.snapshot)


def _other_lines(snapshot: OrderSnapshot) -> Iterator[LineFacts]:
    for shipping in snapshot.shipping_lines[:20]:
        total = shipping.total + shipping.total_tax
        yield _bare(plain(shipping.method_title), total)
    for fee in snapshot.fee_lines[:20]:
        yield _bare(plain(fee.name), fee.total + fee.total_tax)


def _line(line: LineItem) -> LineFacts:
    return _bare(plain(line.name), line.total + line.total_tax)


def _bare(name: str, total: Decimal) -> LineFacts:
    """A line that has a name and a price, and no quantity: that of shipping or a fee."""
    return LineFacts(
        name=name,
        sku="",
        quantity=Decimal(0),
        total=total,
        left=None,
        delivered=None,
        backordered=Decimal(0),
    )


def _parcel(parcel: Parcel, found: OrderContext, now: datetime) -> ParcelFacts:
    scan, zone = parcel.last_scan, found.settings.zone
    names = {one.id: one.name for one in found.snapshot.line_items} if found.snapshot else {}
    return ParcelFacts(
        carrier=clean(parcel.carrier, 60),
        carrier_key=parcel.carrier_key,
        number=clean(parcel.tracking_number, 60),
        link=parcel.link,
        untrusted_link=clean(parcel.untrusted_link, 200),
        state=parcel.state_at(now).value,
        shipped_on=day_in(parcel.shipped_at, zone) if parcel.shipped_at else None,
        delivered_at=parcel.delivered_at,
        estimated_on=parcel.estimated_on,
        scan_at=scan.at if scan else None,
        scan=clean(f"{scan.place} {scan.words}", 180) if scan else "",
        pieces=tuple(
            f"{piece.quantity.normalize():f} × {plain(names[piece.line_id], 60)}"
            for piece in parcel.pieces[:20]
            if piece.line_id in names
        ),
    )


def document_facts(found: OrderContext) -> tuple[DocumentFacts, ...]:
    """The documents of an order, in the order of their making."""
    gone = found.taken_back
    return tuple(
        DocumentFacts(
            id=one.id,
            kind=one.kind,
            number=one.number,
            issued_at=one.issued_at,
            total=one.total,
            currency=one.currency,
            is_taken_back=one.id in gone,
        )
        for one in found.documents
    )


def _coupon(one: Coupon) -> CouponFacts:
    return CouponFacts(
        code=one.code if one.state == MADE else "",
        kind=one.kind,
        amount=one.amount,
        currency=one.currency,
        expires_on=one.expires_on,
        state=one.state,
        given_by=one.given_by,
        created_at=one.created_at,
        used_at=one.used_at,
        problem=one.problem or "",
    )


def told_facts(telling: Telling, ratings: Mapping[int, Rating]) -> ToldFacts:
    """A word to a customer, and what became of it. `ratings`: by message."""
    notice, message = telling
    rating = ratings.get(message.id) if message else None
    text = message.text if message else None
    return ToldFacts(
        id=notice.id,
        kind=notice.kind,
        decided_at=notice.decided_at,
        message_id=message.id if message else None,
        reference=message.reference if message else "",
        state=message.state if message else "dropped",
        fate=(message.fate if message else None) or "",
        sent_at=message.sent_at if message else None,
        language=message.language if message else "",
        due_at=message.due_at if message and message.state == DUE else None,
        can_be_held=_can_be_held(message),
        held_by=(message.held_by if message else None) or "",
        text="\n".join(plain(line, LONGEST_TEXT) for line in (text or "").split("\n")),
        mailer_said=(message.mailer_said if message else None) or "",
        problem=notice.dropped or (message.problem if message else None) or "",
        rating=_rating(rating) if rating else None,
    )


def _rating(one: Rating) -> RatingFacts:
    return RatingFacts(helped=one.helped, words=one.words, at=one.said_at)


def _can_be_held(message: Message | None) -> bool:
    return message is not None and message.state in (DUE, PARKED) and message.posted_at is None


def _reply_facts(facts: OrderFacts, story: OrderStory) -> dict[str, Any]:
    """What the suggested reply says; days are dates, texts are plain."""
    promise = facts.promise
    expected: date | None = promise.expected_on if promise else None
    arrived = facts.delivered_at is not None or facts.status == "delivered"
    return {
        "place": "delivered" if arrived and facts.place == Place.SHIPPED else facts.place,
        "order": facts.number,
        "name": facts.customer.name,
        "shipped_on": story.shipped_on,
        "promised_on": promise.promised_on if promise else None,
        "expected_on": expected,
        "parcels": [(one.carrier, one.number) for one in facts.parcels if one.number][:5],
    }
