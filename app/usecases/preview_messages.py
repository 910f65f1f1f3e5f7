"""What each message would say for a real order, before any is due. Nothing is kept or sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.db.notices import Notice
from app.db.orders import Order
from app.db.stores import Store
from app.domain.calendar import BusinessCalendar, calendar_of
from app.domain.language import customer_language
from app.domain.notice import ABOUT_DELAY, NoticeKind
from app.domain.order import read_order
from app.domain.store_settings import Policy, ShopSettings, policy_of
from app.usecases.offer_coupon import would_be_offered
from app.usecases.ports import Links, Wording
from app.usecases.stores import settings_of
from app.usecases.word_message import compose

REFERENCE = "KK-22222222"
"""No message has it: the alphabet's first letter alone."""
ENDS = ("shipped", "delivered", "cancelled")
KINDS = (NoticeKind.AT_RISK, NoticeKind.DELAYED, NoticeKind.DELAYED_AGAIN, NoticeKind.CLOSED)


@dataclass(frozen=True, slots=True)
class Preview:
    """One message as its customer would read it. `ending`: for closing words, how it ended."""

    kind: NoticeKind
    text: str
    language: str
    policy: Policy
    ending: str = ""


def preview_messages(
    session: Session, wording: Wording, links: Links, store: Store, order: Order, now: datetime
) -> list[Preview]:
    """Every message about a delay of an order, with dates as they would be if it were late now.

    Raises:
        PayloadUnusable: what is stored of the order cannot be read.
    """
    settings, snapshot = settings_of(session, store.id), read_order(order.payload)
    language = customer_language(snapshot, settings.languages, settings.language)
    found = []
    for kind in KINDS:
        for ending in ENDS if kind is NoticeKind.CLOSED else ("",):
            facts = _facts(kind, order, settings, now) | ({"reason": ending} if ending else {})
            notice = Notice(kind=kind.value, facts=facts)
            text = compose(
                wording,
                links,
                store,
                settings,
                notice,
                snapshot,
                language=language,
                reference=REFERENCE,
                coupon=would_be_offered(session, store, settings, order, notice, now),
            )
            found.append(Preview(kind, text, language, policy_of(settings, [kind]), ending))
    return found


def _facts(
    kind: NoticeKind, order: Order, settings: ShopSettings, now: datetime
) -> dict[str, object]:
    calendar = calendar_of(settings)
    promised = order.promised_on or calendar.day_of(now)
    if kind not in ABOUT_DELAY:
        return {}
    return {
        "reason": "not_handed_over",
        "promised_on": promised.isoformat(),
        "expected_on": _expected(calendar, settings, now),
    }


def _expected(calendar: BusinessCalendar, settings: ShopSettings, now: datetime) -> str:
    """The day that would be said if the parcel were made ready from now on."""
    rules = settings.promise
    left = calendar.add(calendar.start_of_work(now), rules.handling_days)
    arrives = calendar.add(left, rules.default_transit_days)
    return max(arrives, calendar.first_open(calendar.day_of(now) + timedelta(days=1))).isoformat()
