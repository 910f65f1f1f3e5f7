"""What an owner sees of one shop: how connecting goes, where it stands, what was kept back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import connections, inbox, reconciling, stores
from app.db.connections import Connection
from app.db.documents import Document
from app.db.issue_requests import IssueRequest
from app.db.notices import WITHHELD, Message
from app.db.orders import Order
from app.db.reconciling import Reconciling
from app.db.stores import Store
from app.db.work import DONE, PARKED
from app.domain.copies import Question
from app.domain.findings import Finding
from app.domain.law.seller import seller_lacks
from app.domain.store_settings import ShopSettings
from app.said import Said
from app.usecases.diagnose_store import Chart, last_chart
from app.usecases.pause_store import is_held_as_copy
from app.usecases.stores import settings_of
from app.usecases.tell_copies import open_questions

SHADOW_DAYS = 30
"""How far back it is counted what would have gone out."""


@dataclass(frozen=True, slots=True)
class WouldHave:
    """What shadow mode kept back, of orders paid within the last `SHADOW_DAYS` days."""

    invoices: int
    messages: int


@dataclass(frozen=True, slots=True)
class Summary:
    store: Store
    settings: ShopSettings
    settings_version: int
    connection: Connection | None
    chart: Chart | None
    reading: Reconciling | None
    last_delivery_at: datetime | None
    orders: int
    documents: int
    would_have: WouldHave
    seller_lacks: Said | None
    """What the law would park every invoice for, and the mend; None: nothing."""
    questions: list[Question]
    """Other addresses under which it showed up, about which its owner has not been asked."""

    @property
    def is_settled(self) -> bool:
        return self.connection is None or self.connection.state == DONE

    @property
    def is_held_as_copy(self) -> bool:
        """Paused by us, because it showed up under another address."""
        return is_held_as_copy(self.store)

    @property
    def is_stuck(self) -> bool:
        return self.connection is not None and self.connection.state == PARKED

    @property
    def findings(self) -> list[Finding]:
        return self.chart.findings if self.chart else []

    @property
    def invoices_elsewhere(self) -> bool:
        """Another plug-in makes invoices too: two for one sale can owe the tax twice."""
        return any(one.check == "invoice_plugin" for one in self.findings)


def shop_summary(session: Session, store: Store, now: datetime) -> Summary:
    """Everything about one shop, from what is kept: nothing is asked of it."""
    settings = settings_of(session, store.id)
    return Summary(
        store=store,
        settings=settings,
        settings_version=stores.current_settings(session, store.id)[0],
        connection=connections.of_store(session, store.id),
        chart=last_chart(session, store),
        reading=reconciling.of_store(session, store.id),
        last_delivery_at=inbox.last_delivered_at(session, store.id),
        orders=_count(session, Order, store.id),
        documents=_count(session, Document, store.id),
        would_have=would_have(session, store.id, now),
        seller_lacks=seller_lacks(settings, now.date()),
        questions=open_questions(session, store),
    )


def would_have(session: Session, store_id: int, now: datetime) -> WouldHave:
    """What would have been issued and said if the shop had been live."""
    since = now - timedelta(days=SHADOW_DAYS)
    recent = select(Order.id).where(Order.store_id == store_id, Order.paid_at >= since)

    def held(table: type[IssueRequest] | type[Message], state: str) -> int:
        query = select(func.count()).select_from(table)
        query = query.where(table.state == state, table.order_id.in_(recent))
        return session.scalar(query) or 0

    return WouldHave(held(IssueRequest, "shadow"), held(Message, WITHHELD))


def _count(session: Session, table: type[Order] | type[Document], store_id: int) -> int:
    query = select(func.count()).select_from(table).where(table.store_id == store_id)
    return session.scalar(query) or 0
