"""Rows of lists, as values: for the JSON and the assistants' server. See `order_facts`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from app.domain.order_facts import (
    CustomerFacts,
    Facts,
    TaskFacts,
    ToldFacts,
    first_name,
    masked_email,
)


class StoreFacts(Facts):
    """A shop. `mode`: shadow, test or live."""

    name: str
    url: str
    mode: str
    is_connected: bool


class BriefFacts(Facts):
    """An order in a list. `fits`: which of its words fit what was looked for."""

    store: str
    id: int
    number: str
    status: str
    place: str
    days_late: int
    needs_a_word: bool
    buyer: str
    email: str
    total: Decimal
    currency: str
    ordered_at: datetime | None
    fits: tuple[str, ...]


class CustomerStory(Facts):
    """A customer with a page of their orders, the newest first."""

    customer: CustomerFacts
    orders: tuple[BriefFacts, ...]


class NoticeFacts(Facts):
    """One word to a customer, and the order that it is about."""

    store: str
    order_id: int
    order_number: str
    told: ToldFacts


class OpenTaskFacts(Facts):
    """One thing to do, and the order that it is about."""

    store: str
    order_id: int
    order_number: str
    task: TaskFacts


def minimised_brief(brief: BriefFacts) -> BriefFacts:
    """The same with the buyer's first name and the beginning of the address alone."""
    less = {"buyer": first_name(brief.buyer), "email": masked_email(brief.email)}
    return brief.model_copy(update=less)
