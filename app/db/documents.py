"""Issued documents, which never change; the requests that lead to them; their files and links."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.orders import Order
from app.db.types import BigId
from app.db.upsert import dialect_insert, insert_once
from app.db.work import DUE, PARKED, Work, work_index

NOT_OWED = "nothing"
"""State of a request that nothing came of: the order was paid before the store began, or does not
count as paid any more. It becomes due again if it does."""

LINK_LIFE = timedelta(days=3 * 365)
"""How long a document's link opens: longer than warranty claims take."""


class Series(Base):
    """The next number of a series. Its row is locked while a number is taken."""

    __tablename__ = "document_series"
    __table_args__ = (UniqueConstraint("store_id", "series"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    series: Mapped[str] = mapped_column(String(60))
    next_number: Mapped[int]


class IssueRequest(Work, Base):
    """A document that is owed, once for each kind and `cause` (what owes it: `order:84`)."""

    __tablename__ = "issue_requests"
    __table_args__ = (UniqueConstraint("store_id", "kind", "cause"), *work_index())

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(60))


class Document(Base):
    """An issued document: the frozen content, and nothing that could change later.

    The database refuses UPDATE and DELETE (triggers, in the migration). Specimens of test mode
    have the series `SPECIMEN`, outside the store's own.
    """

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("store_id", "kind", "cause", "specimen"),
        UniqueConstraint("store_id", "series", "sequence"),
        Index(None, "order_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(60))
    specimen: Mapped[bool]
    series: Mapped[str] = mapped_column(String(60))
    sequence: Mapped[int]
    number: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(20))
    issued_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]
    content_sha256: Mapped[str] = mapped_column(String(64))


class DocumentFile(Work, Base):
    """The rendering of a document: work until done, then where the file is and its hash."""

    __tablename__ = "document_files"
    __table_args__ = (UniqueConstraint("document_id"), *work_index())

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    path: Mapped[str | None] = mapped_column(String(200))
    """Below DATA_DIR."""
    sha256: Mapped[str | None] = mapped_column(String(64))


class DocumentLink(Base):
    """What a document's token must name to open it: a signature alone is not enough."""

    __tablename__ = "document_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


def request_document(
    session: Session,
    *,
    store_id: int,
    order_id: int,
    kind: str,
    cause: str,
    now: datetime,
    state: str,
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
        .values(state=state, due_at=now, attempts=0, done_at=None, problem=None),
        execution_options={"synchronize_session": False},
    )
    return bool(revived.rowcount)  # type: ignore[attr-defined]


def withdraw_requests(session: Session, order_id: int, now: datetime) -> None:
    """What was owed for an order and is not issued yet is owed no more: it is not paid any more,
    or gone. A worker that has claimed it loses its lease, and takes no number."""
    session.execute(
        update(IssueRequest)
        .where(
            IssueRequest.order_id == order_id,
            IssueRequest.state.in_((DUE, PARKED, "shadow")),
        )
        .values(state=NOT_OWED, done_at=now, lease_owner=None, lease_until=None),
        execution_options={"synchronize_session": False},
    )


def has_specimens(session: Session, store_id: int) -> bool:
    """Whether test mode made any document for this store."""
    query = select(Document.id).where(Document.store_id == store_id, Document.specimen)
    return session.scalar(query.limit(1)) is not None


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


def take_number(session: Session, store_id: int, series: str, start: int) -> int:
    """The next number of a series, under its row's lock until the transaction ends.

    A rolled-back transaction gives its number back, so the series has no gaps.
    """
    statement = dialect_insert(session, Series).values(
        store_id=store_id, series=series, next_number=start + 1
    )
    after = session.execute(
        statement.on_conflict_do_update(
            index_elements=["store_id", "series"],
            set_={"next_number": Series.next_number + 1},
        ).returning(Series.next_number)
    ).scalar_one()
    return int(after) - 1


def documents_of(session: Session, order_id: int) -> list[Document]:
    return list(
        session.scalars(select(Document).where(Document.order_id == order_id).order_by(Document.id))
    )


def by_order(session: Session, order_ids: list[int]) -> dict[int, Document]:
    """The newest document of each of these orders."""
    rows = session.scalars(
        select(Document).where(Document.order_id.in_(order_ids)).order_by(Document.id)
    )
    return {document.order_id: document for document in rows}


def parked_requests(session: Session, limit: int) -> list[IssueRequest]:
    query = select(IssueRequest).where(IssueRequest.state == PARKED)
    return list(session.scalars(query.order_by(IssueRequest.id.desc()).limit(limit)))


def document_for(
    session: Session, store_id: int, kind: str, cause: str, specimen: bool
) -> Document | None:
    return session.scalar(
        select(Document).where(
            Document.store_id == store_id,
            Document.kind == kind,
            Document.cause == cause,
            Document.specimen == specimen,
        )
    )


def file_of(session: Session, document_id: int) -> DocumentFile | None:
    return session.scalar(select(DocumentFile).where(DocumentFile.document_id == document_id))


def link_by_nonce(session: Session, nonce: str) -> DocumentLink | None:
    """Links are known by their nonce: after a restore the same one may stand in another row."""
    return session.scalar(select(DocumentLink).where(DocumentLink.nonce == nonce))


def link_of(session: Session, document_id: int) -> DocumentLink | None:
    """The first link of a document."""
    query = select(DocumentLink).where(DocumentLink.document_id == document_id)
    return session.scalars(query.order_by(DocumentLink.id).limit(1)).first()


def newest(session: Session, *, store_id: int | None, limit: int) -> list[Document]:
    query = select(Document).order_by(Document.id.desc()).limit(limit)
    if store_id is not None:
        query = query.where(Document.store_id == store_id)
    return list(session.scalars(query))
