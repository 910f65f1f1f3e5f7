"""Find what a help desk's sidebar shows of a customer: the order that matters most, and a few more.

addresses -> their newest orders in the stores that are seen -> late ones first -> facts
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.db import orders, stores
from app.db.orders import Order
from app.domain.order_facts import OrderFacts
from app.domain.order_story import OrderStory
from app.domain.scope import Scope
from app.domain.story_words import Speech
from app.usecases.describe_order import describe_order
from app.usecases.order_context import order_context, stories_of
from app.usecases.ports import Wording

MOST_LOOKED_AT = 20
"""The newest orders, among which the most urgent is looked for."""
MOST_OTHERS = 4


@dataclass(frozen=True, slots=True)
class Other:
    """Another order of the same customer, as a line."""

    store: str
    order: Order
    story: OrderStory


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a customer. `order` is described; `goes_on`: there are more than `others`
    hold."""

    order: OrderFacts
    order_id: int
    store_id: int
    zone: ZoneInfo
    others: tuple[Other, ...]
    goes_on: bool


def look_up_customer(
    session: Session,
    wording: Wording,
    scope: Scope,
    emails: Sequence[str],
    speech: Speech,
    now: datetime,
) -> Known | None:
    """What is known of whoever has one of these addresses (lower case); None: they ordered nothing
    in the stores that are seen."""
    seen = {store.id: store.name for store in stores.all_stores(session, scope)}
    if not emails or not seen:
        return None
    found = orders.newest_of_emails(session, list(seen), emails, MOST_LOOKED_AT + 1)
    if not found:
        return None
    shown = found[:MOST_LOOKED_AT]
    stories = stories_of(session, shown, now)
    ranked = sorted(shown, key=lambda one: _urgency(stories[one.id]))  # stable: else the newest
    first, others = ranked[0], ranked[1:]
    context = order_context(session, seen[first.store_id], first.remote_id, scope)
    assert context is not None
    return Known(
        order=describe_order(session, wording, context, speech, now),
        order_id=first.id,
        store_id=first.store_id,
        zone=context.settings.zone,
        others=tuple(
            Other(seen[one.store_id], one, stories[one.id]) for one in others[:MOST_OTHERS]
        ),
        goes_on=len(found) > 1 + MOST_OTHERS,
    )


def _urgency(story: OrderStory) -> tuple[bool, bool, int]:
    """Late orders first; those whose customers know nothing before the others, then the latest."""
    return not story.is_late, not story.needs_a_word, -story.days_late
