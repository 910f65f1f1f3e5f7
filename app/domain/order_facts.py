"""What is known of an order and its customer, as values: the one thing that the page, the JSON,
the sidebars of help desks and the assistants' server show.

Amounts are `Decimal` (text in JSON) in the currency beside them; instants are UTC, days are the
shop's. Texts of customers and shops are plain: bounded, without markup and control characters.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from app.domain.address import is_cjk
from app.domain.coupon import CODE
from app.domain.said_facts import Words

LONGEST_FIRST_NAME = 30


class Facts(BaseModel):
    model_config = ConfigDict(frozen=True)


class PromiseFacts(Facts):
    """`expected_on`: the date that the customer was told last, where it is another."""

    ship_by_on: date
    promised_on: date
    expected_on: date | None


class ForecastFacts(Facts):
    """From the shop's own past. `chance` of being late, 0 to 1; by `p50_on` half, and by `p90_on`
    nine of ten such orders have arrived (or left, where arrivals are not known)."""

    chance: float
    p50_on: date
    p90_on: date
    is_warned: bool


class MoneyFacts(Facts):
    """`total` is what was charged, with tax; `refunded` went back; `left` is the difference."""

    currency: str
    total: Decimal
    tax: Decimal
    shipping: Decimal
    discount: Decimal
    refunded: Decimal
    left: Decimal


class RefundFacts(Facts):
    reason: str
    amount: Decimal


class LineFacts(Facts):
    """`left` and `delivered` of `quantity`; None where it is not known which lines have left."""

    name: str
    sku: str
    quantity: Decimal
    total: Decimal
    left: Decimal | None
    delivered: Decimal | None
    backordered: Decimal

    @property
    def waits(self) -> Decimal:
        """How many have not left, where that is known."""
        return Decimal(0) if self.left is None else max(self.quantity - self.left, Decimal(0))


class ParcelFacts(Facts):
    """`link` opens at a carrier that we know; `untrusted_link` is shown as text alone."""

    carrier: str
    carrier_key: str
    number: str
    link: str
    untrusted_link: str
    state: str
    shipped_on: date | None
    delivered_at: datetime | None
    estimated_on: date | None
    scan_at: datetime | None
    scan: str
    pieces: tuple[str, ...]


class DocumentFacts(Facts):
    """`is_taken_back`: an invoice that a credit note of its own took back."""

    id: int
    kind: str
    number: str
    issued_at: datetime
    total: Decimal
    currency: str
    is_taken_back: bool


class CouponFacts(Facts):
    """A coupon for the order's customer alone. `amount`: per cent, or in `currency` (the shop's;
    empty until it was asked). `state`: reserved (being made), made, or failed."""

    code: str
    kind: str
    amount: Decimal
    currency: str
    expires_on: date
    state: str
    given_by: str
    created_at: datetime
    used_at: datetime | None
    problem: Words


class RatingFacts(Facts):
    """Whether a word helped, says its customer. `words`: their own, perhaps none; `at`: when what
    stands here was said."""

    helped: bool
    words: str
    at: datetime


class ToldFacts(Facts):
    """One word to the customer: what was decided, and what became of it. `due_at`: when it leaves
    at the earliest, while it waits by itself; `held_by`: who holds it by hand. `rating`: None
    where its customer did not say whether it helped. One message may tell of several orders: each
    of them shows the same."""

    id: int
    kind: str
    decided_at: datetime
    message_id: int | None
    reference: str
    state: str
    fate: str
    sent_at: datetime | None
    language: str
    text: str
    mailer_said: Words
    problem: Words
    due_at: datetime | None
    can_be_held: bool
    held_by: str
    rating: RatingFacts | None


class TaskFacts(Facts):
    id: int
    kind: str
    words: Words
    created_at: datetime
    done_at: datetime | None
    done_by: str


class HappeningFacts(Facts):
    """One line of the timeline. `facts` depends on the kind: a status' `from` and `to`, a
    document's `kind` and `number`, who did something …"""

    at: datetime
    kind: str
    facts: dict[str, Any]


class SpentFacts(Facts):
    """What a customer paid in one currency, refunds and unpaid orders not counted."""

    currency: str
    amount: Decimal


class CustomerFacts(Facts):
    """Who ordered. The numbers are over all of the customer's orders in this shop, told by their
    e-mail address; `counted` is False where there are too many to count them all. `words_helped`:
    how many words about delays helped, of the `words_rated` of which they said so or not."""

    name: str
    email: str
    phone: str
    ship_to: tuple[str, ...]
    language: str
    time_zone: str
    local_time: datetime
    note: str
    is_muted: bool
    orders: int
    first_order_at: datetime | None
    spent: tuple[SpentFacts, ...]
    refunds: int
    late_told: int
    words_rated: int
    words_helped: int
    counted: bool


class OrderFacts(Facts):
    """Everything about an order. `answer` says in one or two sentences what is going on;
    `read_at` is when the shop last told us, so its age is how old the rest may be."""

    store: str
    id: int
    number: str
    status: str
    place: str
    answer: str
    answer_language: str
    needs_a_word: bool
    days_late: int
    ordered_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime
    is_readable: bool
    erased_at: datetime | None
    """Since when we know that the shop erased who ordered: then nothing here says it either."""
    kept_until: date | None
    """Of such an order: until when the law wants its documents kept; None: there is none."""
    payment: str
    promise: PromiseFacts | None
    forecast: ForecastFacts | None
    money: MoneyFacts
    refunds: tuple[RefundFacts, ...]
    coupons_used: tuple[str, ...]
    """Codes that were redeemed with it."""
    coupons: tuple[CouponFacts, ...]
    """Those that its customer was given because of it."""
    extent: str
    """How much of it has left: `nothing`, `partly`, `all`, `delivered`; empty where unknown."""
    lines: tuple[LineFacts, ...]
    parcels: tuple[ParcelFacts, ...]
    documents: tuple[DocumentFacts, ...]
    told: tuple[ToldFacts, ...]
    """The newest of them, the oldest of these first."""
    told_goes_on: bool
    """Whether there are words from before the first one."""
    tasks: tuple[TaskFacts, ...]
    timeline: tuple[HappeningFacts, ...]
    """The newest first."""
    timeline_goes_on: bool
    customer: CustomerFacts
    suggested_reply_language: str
    suggested_reply: str = ""


OWN_WORDS = frozenset({"words", "why"})
"""Facts of the timeline that a person wrote: of staff for their own team, of a customer to it."""


def minimised(facts: OrderFacts) -> OrderFacts:
    """The same without what an assistant does not need to draft an answer: no full name, address,
    phone, words of the customer's own or coupon codes; the e-mail address with its beginning
    alone. In our own words to the customer, the first name stands for the whole. What staff noted
    for each other stays with them: of a note, that there is one."""
    customer, less = facts.customer, minimised_customer(facts.customer)

    def shortened(text: str) -> str:
        for whole, part in ((customer.name, less.name), (customer.email, less.email)):
            if whole:
                text = part.join(re.split(re.escape(whole), text, flags=re.IGNORECASE))
        return CODE.sub("…", text)

    told = (
        one.model_copy(
            update={
                "text": shortened(one.text),
                "mailer_said": shortened(one.mailer_said),
                "problem": "" if one.held_by else shortened(one.problem),
                "rating": one.rating.model_copy(update={"words": ""}) if one.rating else None,
            }
        )
        for one in facts.told
    )
    return facts.model_copy(
        update={
            "customer": less,
            "told": tuple(told),
            "suggested_reply": shortened(facts.suggested_reply),
            "coupons_used": (),
            "coupons": tuple(one.model_copy(update={"code": ""}) for one in facts.coupons),
            "tasks": tuple(one.model_copy(update={"words": ""}) for one in facts.tasks),
            "timeline": tuple(map(_without_notes, facts.timeline)),
        }
    )


def _without_notes(one: HappeningFacts) -> HappeningFacts:
    kept = {key: value for key, value in one.facts.items() if key not in OWN_WORDS}
    return one.model_copy(update={"facts": kept})


def minimised_customer(customer: CustomerFacts) -> CustomerFacts:
    """The same for a customer."""
    less = {"name": first_name(customer.name), "email": masked_email(customer.email), "phone": ""}
    return customer.model_copy(update={**less, "ship_to": (), "note": ""})


def first_name(name: str) -> str:
    """The first word of a name, and not much of one that is none; of a name in a script that has
    no words, its first sign."""
    first = name.split(" ")[0]
    if first == name and len(name) > 1 and is_cjk(name):
        return f"{name[0]}…"
    return first[:LONGEST_FIRST_NAME]


def masked_email(address: str) -> str:
    """`ann@shop.example` → `a…@shop.example`; "" for what is no address."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…@{domain}" if domain else ""
