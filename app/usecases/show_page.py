"""The page of an order as its customer sees it, from our own copy: it opens when the shop is down.

Reading changes nothing: mail scanners open links too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db import documents
from app.db.customers import has_opted_out, page_by_nonce
from app.db.notices import DELAYS
from app.db.orders import Order
from app.db.stores import Store
from app.db.tasks import Task, tasks_of
from app.domain.customer_page import PageStory, ToldDelay, open_choices, page_story
from app.domain.helping import ToldWord, word_to_rate
from app.domain.language import customer_language
from app.domain.notice import day_among
from app.domain.order import was_erased
from app.domain.store_settings import CHOICES
from app.domain.text import clean, plain
from app.usecases.order_context import OrderContext, order_context
from app.usecases.ports import Links

MOST_LINES = 50
FOR_CUSTOMERS = ("invoice", "credit_note")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline. `said`: a document's number; `to`: the date that was told."""

    kind: str
    on: date
    said: str = ""
    to: date | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What the customer asked for, and whether our team has seen to it."""

    choice: str
    on: date
    is_done: bool


@dataclass(frozen=True, slots=True)
class SentParcel:
    carrier: str
    number: str
    sent_on: date | None


@dataclass(frozen=True, slots=True)
class AskedWord:
    """The word of which the page asks whether it helped, by its reference. `helped`: what the
    customer answered; None while they have not."""

    message_id: int
    reference: str
    helped: bool | None


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Everything that the page shows. `tag`: the customer's language and country."""

    order_id: int
    nonce: str
    tag: str
    voice: str
    shop: str
    contact: str
    number: str
    total: Decimal
    currency: str
    story: PageStory
    lines: tuple[tuple[str, Decimal], ...]
    parcels: tuple[SentParcel, ...]
    steps: tuple[Step, ...]
    papers: tuple[tuple[str, str, str], ...]
    """Kind, number and address of each document."""
    choices: tuple[str, ...]
    taken: tuple[Taken, ...]
    asked: AskedWord | None
    """None: they were told of no delay, or the order was erased and nothing is kept of it."""
    is_muted: bool | None
    """Whether they asked to be told of no delay; None: there is no address to tell."""
    as_of: date


def show_page(session: Session, links: Links, nonce: str, now: datetime) -> CustomerPage | None:
    """The page that a link opens; None where it opens none: unknown, expired, revoked."""
    link = page_by_nonce(session, nonce)
    if link is None or link.revoked_at is not None or link.expires_at <= now:
        return None
    order = session.get_one(Order, link.order_id)
    store = session.get_one(Store, order.store_id)
    found = order_context(session, store.name, order.remote_id)
    return None if found is None else _page(session, links, found, nonce, now)


def cause_of(order: Order) -> str:
    """What a choice is filed under: it can be made once for each date that was promised."""
    return f"page:{order.promise_version}"


def _page(
    session: Session, links: Links, found: OrderContext, nonce: str, now: datetime
) -> CustomerPage:
    order, settings, snapshot = found.order, found.settings, found.snapshot
    told = tuple(_told(found))
    story = page_story(
        found.story(now),
        told,
        delivered=order.status == "delivered",
        today=now.astimezone(settings.zone).date(),
    )
    made = [one for one in tasks_of(session, order.id) if one.kind in CHOICES]
    taken = [one.kind for one in made if one.cause == cause_of(order)]
    wanted = settings.languages
    return CustomerPage(
        order_id=order.id,
        nonce=nonce,
        tag=customer_language(snapshot, wanted, settings.language) if snapshot else "en",
        voice=settings.voice,
        shop=clean(settings.seller.name or found.store.name),
        contact=clean(settings.contact or settings.seller.email),
        number=clean(order.number, 60),
        total=order.total,
        currency=order.currency,
        story=story,
        lines=tuple(
            (plain(line.name), line.quantity)
            for line in (snapshot.line_items[:MOST_LINES] if snapshot else ())
        ),
        parcels=tuple(_parcels(found)),
        steps=tuple(sorted(_steps(found, told), key=lambda step: step.on)),
        papers=tuple(_papers(session, links, found, now)),
        choices=open_choices(story, settings.choices, taken),
        taken=tuple(_taken(made, found)),
        asked=None if was_erased(order.status, snapshot) else _asked(found),
        is_muted=has_opted_out(session, order.store_id, order.email) if order.email else None,
        as_of=order.read_at.astimezone(settings.zone).date(),
    )


def _told(found: OrderContext) -> Iterator[ToldDelay]:
    for notice, message in found.told:
        if notice.kind not in DELAYS or message is None or message.sent_at is None:
            continue
        expected, promised = (
            day_among(notice.facts, f"{it}_on") for it in ("expected", "promised")
        )
        told_on = message.sent_at.astimezone(found.settings.zone).date()
        yield ToldDelay(notice.kind, told_on, expected, promised)


def _asked(found: OrderContext) -> AskedWord | None:
    sent = {message.id: (notice, message) for notice, message in found.told if message is not None}
    latest = word_to_rate(
        ToldWord(message.id, notice.kind, message.fate, message.sent_at)
        for notice, message in sent.values()
    )
    if latest is None:
        return None
    rating = found.ratings.get(latest)
    return AskedWord(latest, sent[latest][1].reference, rating.helped if rating else None)


def _steps(found: OrderContext, told: tuple[ToldDelay, ...]) -> Iterator[Step]:
    order, zone = found.order, found.settings.zone
    moments = (("ordered", order.created_at), ("paid", order.paid_at), ("sent", order.shipped_at))
    for kind, at in moments:
        if at is not None:
            yield Step(kind, at.astimezone(zone).date())
    for one in found.documents:
        if one.kind in FOR_CUSTOMERS:
            yield Step(one.kind, one.issued_at.astimezone(zone).date(), said=one.number)
    for word in told:
        yield Step("delay", word.told_on, to=word.expected_on)


def _parcels(found: OrderContext) -> Iterator[SentParcel]:
    for parcel in found.parcels[:20]:
        sent_at = parcel.shipped_at
        sent_on = sent_at.astimezone(found.settings.zone).date() if sent_at else None
        yield SentParcel(clean(parcel.carrier, 60), clean(parcel.tracking_number, 60), sent_on)


def _papers(
    session: Session, links: Links, found: OrderContext, now: datetime
) -> Iterator[tuple[str, str, str]]:
    """Documents whose link the customer was given: none is made here."""
    for one in found.documents:
        link = documents.open_link_of(session, one.id, now) if one.kind in FOR_CUSTOMERS else None
        if link is not None:
            yield one.kind, one.number, links.document(link.id, link.nonce)


def _taken(made: list[Task], found: OrderContext) -> Iterator[Taken]:
    for one in made:
        on = one.created_at.astimezone(found.settings.zone).date()
        yield Taken(one.kind, on, one.done_at is not None)
