"""What the desk sees first: who needs a word, what waits, what is late, and the newest orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.db import diagnoses, documents, notices, orders, stores
from app.db.documents import Document
from app.db.installation import installation
from app.db.orders import Order
from app.db.stores import Store
from app.domain.findings import Finding, Severity, from_rows
from app.domain.order_story import OrderStory
from app.domain.scope import EVERYTHING, Scope
from app.domain.witness import Halt
from app.usecases.guard_numbers import halt_of
from app.usecases.list_needs import Needy, list_needs
from app.usecases.list_parked import Parked, parked
from app.usecases.order_context import Telling, stories_of
from app.usecases.stores import settings_of


@dataclass(frozen=True, slots=True)
class Overview:
    """What an owner sees first."""

    stores: dict[int, Store]
    zones: dict[int, ZoneInfo]
    late: list[Order]
    """The longest late first."""
    orders: list[Order]
    """The newest of the others."""
    stories: dict[int, OrderStory]
    """By order id, as are the two below."""
    documents: dict[int, Document]
    told: dict[int, list[Telling]]
    parked: list[Parked]
    needs: list[Needy]
    """Who needs a person, the most pressing first."""
    broken: list[tuple[Store, Finding]]
    """What keeps a shop from working with us."""
    held: int
    """How many words to customers wait for a yes."""
    halt: Halt | None
    """Why issuing and sending stand still; None: they do not."""

    @property
    def is_anyone_untold(self) -> bool:
        """Whether no word has left yet about one of the late orders."""
        return any(
            not any(message and message.sent_at for _, message in self.told.get(order.id, []))
            for order in self.late
        )

    @property
    def breakers(self) -> list[Store]:
        """Shops whose owner has to say whether so many orders are late indeed."""
        return [one for one in self.stores.values() if one.breaker is not None]


def overview(
    session: Session, now: datetime, *, limit: int = 50, scope: Scope = EVERYTHING
) -> Overview:
    """The late orders, the newest others, and whatever waits for a person, of the stores that
    are seen."""
    known = {store.id: store for store in stores.all_stores(session, scope)}
    zones = {store_id: settings_of(session, store_id).zone for store_id in known}
    due = orders.late_orders(session, now, limit, scope)
    newest = orders.newest(session, store_id=None, limit=limit, scope=scope)
    by_id = {order.id: order for order in [*due, *newest]}
    told = notices.tellings_of(session, list(by_id))
    stories = stories_of(session, list(by_id.values()), now)
    late = [order for order in by_id.values() if stories[order.id].is_late]
    return Overview(
        stores=known,
        zones=zones,
        late=sorted(late, key=lambda order: -stories[order.id].days_late),
        orders=[order for order in by_id.values() if not stories[order.id].is_late],
        stories=stories,
        documents=documents.by_order(session, list(by_id)),
        told=told,
        parked=parked(session, known, limit=limit, scope=scope),
        needs=list_needs(session, due, now, limit=limit, scope=scope),
        broken=_broken(session, known),
        held=len(notices.held_messages(session, limit=limit, scope=scope)),
        halt=halt_of(installation(session)),
    )


def _broken(session: Session, known: dict[int, Store]) -> list[tuple[Store, Finding]]:
    found = diagnoses.findings_by_store(session)
    return [
        (store, finding)
        for store_id, store in known.items()
        for finding in from_rows(found.get(store_id, []))
        if finding.severity is Severity.BROKEN
    ]
