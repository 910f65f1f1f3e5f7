"""Documents that are owed: requests, each of which is issued once, or comes to nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.orders import Order
from app.db.scoping import seen_by
from app.db.types import BigId
from app.db.upsert import insert_once
from app.db.work import DUE, PARKED, Work, work_index
from app.domain.scope import EVERYTHING, Scope

NOT_OWED = "nothing"
"""State of a request that nothing came of: the order was paid before the store began, or does not
count as paid any more. It becomes due again if it does."""


class IssueRequest(Work, Base):
    """A document that is owed, once for each kind and `cause` (what owes it: `order:84`)."""

    __tablename__ = "issue_requests"
    __table_args__ = (UniqueConstraint("store_id", "kind", "cause"), *work_index())

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(60))
    asked_by: Mapped[str | None] = mapped_column(String(200))
    """Who asked for it by hand; empty: it follows from the order."""
    reason: Mapped[str | None] = mapped_column(String(300))


def request_document(
    session: Session,
    *,
    store_id: int,
    order_id: int,
    kind: str,
    cause: str,
    now: datetime,
    state: str = DUE,
    asked_by: str | None = None,
    reason: str | None = None,
) -> bool:
    """Note that a document is owed, or owed again after all. False: that was noted before."""
    values = {
        "store_id": store_id,
        "order_id": order_id,
        "kind": kind,
        "cause": cause,
        "state": state,
        "due_at": now,
        "attempts": 0,
        "asked_by": asked_by,
        "reason": reason,
    }
    if insert_once(session, IssueRequest, ["store_id", "kind", "cause"], values) is not None:
        return True
    revived = session.execute(
        update(IssueRequest)
        .where(
            IssueRequest.store_id == store_id,
            IssueRequest.kind == kind,
            IssueRequest.cause == cause,
            IssueRequest.state == NOT_OWED,
        )
        .values(
            state=state,
            due_at=now,
            attempts=0,
            done_at=None,
            problem=None,
            asked_by=asked_by,
            reason=reason,
        ),
        execution_options={"synchronize_session": False},
    )
    return bool(revived.rowcount)  # type: ignore[attr-defined]


def request_for(session: Session, store_id: int, kind: str, cause: str) -> IssueRequest:
    """The one request of a cause, which must be there."""
    return session.scalars(
        select(IssueRequest).where(
            IssueRequest.store_id == store_id,
            IssueRequest.kind == kind,
            IssueRequest.cause == cause,
        )
    ).one()


def withdraw_requests(
    session: Session, order_id: int, now: datetime, kind: str | None = None
) -> None:
    """What was owed for an order by itself (of one kind, or all) and is not issued yet is owed no
    more: it is not paid any more, or gone. A worker that has claimed it loses its lease, and
    takes no number."""
    session.execute(
        update(IssueRequest)
        .where(
            IssueRequest.order_id == order_id,
            IssueRequest.asked_by.is_(None),
            *([IssueRequest.kind == kind] if kind else []),
            IssueRequest.state.in_((DUE, PARKED, "shadow")),
        )
        .values(state=NOT_OWED, done_at=now, lease_owner=None, lease_until=None),
        execution_options={"synchronize_session": False},
    )


def take_up_shadowed(session: Session, store_id: int, paid_since: datetime, now: datetime) -> None:
    """Requests that were only shown while the store was in shadow become due."""
    paid = select(Order.id).where(Order.store_id == store_id, Order.paid_at >= paid_since)
    session.execute(
        update(IssueRequest)
        .where(
            IssueRequest.store_id == store_id,
            IssueRequest.state == "shadow",
            IssueRequest.order_id.in_(paid),
        )
        .values(state=DUE, due_at=now, attempts=0, done_at=None),
        execution_options={"synchronize_session": False},
    )


def invoice_is_owed(session: Session, order_id: int) -> bool:
    """Whether an invoice of this order is asked for and not issued yet."""
    return _asks_for_invoice(session, order_id, IssueRequest.state.in_((DUE, PARKED)))


def asks_for_invoice(session: Session, order_id: int) -> bool:
    """Whether an invoice of this order is owed, or was issued."""
    return _asks_for_invoice(session, order_id, IssueRequest.state != NOT_OWED)


def _asks_for_invoice(session: Session, order_id: int, state: ColumnElement[bool]) -> bool:
    query = select(IssueRequest.id).where(
        IssueRequest.order_id == order_id, IssueRequest.kind == "invoice", state
    )
    return session.scalar(query.limit(1)) is not None


def parked_requests(session: Session, limit: int, scope: Scope = EVERYTHING) -> list[IssueRequest]:
    query = select(IssueRequest).where(
        IssueRequest.state == PARKED, seen_by(scope, IssueRequest.store_id)
    )
    return list(session.scalars(query.order_by(IssueRequest.id.desc()).limit(limit)))
