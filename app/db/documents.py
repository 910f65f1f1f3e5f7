"""Issued documents, which never change: their contents, the chain, their files and links."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.db.base import Base
from app.db.types import BigId
from app.db.upsert import dialect_insert
from app.db.work import Work, work_index
from app.domain.chain import BEGINNING, Entry
from app.errors import ContentErased
from app.said import Said

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


class Document(Base):
    """An issued document: the frozen content, and nothing that could change later.

    The database refuses UPDATE and DELETE (triggers, in the migration). Specimens of test mode
    have the series `SPECIMEN`, outside the store's own.
    """

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("store_id", "kind", "cause", "specimen"),
        UniqueConstraint("store_id", "series", "sequence"),
        Index(None, "store_id", "position", unique=True),
        Index(None, "store_id", "issued_at"),
        Index(None, "order_id"),
        Index(None, "refers_to_id"),
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
    currency: Mapped[str] = mapped_column(String(8))
    total: Mapped[Decimal]
    refers_to_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    """A credit note: the invoice that it takes back."""
    content_sha256: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(BigId)
    """Its place among all documents of its store, from 1."""
    chain_sha256: Mapped[str] = mapped_column(String(64))
    body: Mapped[DocumentBody | None] = relationship(lazy="joined", innerjoin=False)

    @property
    def content(self) -> dict[str, Any]:
        """The frozen content; it is erased some time after its retention.

        Raises:
            ContentErased: it is gone.
        """
        if self.body is None:
            raise ContentErased(
                Said(
                    "the content of %(kind)s %(number)s was erased",
                    kind=self.kind,
                    number=self.number,
                )
            )
        return self.body.content

    @property
    def entry(self) -> Entry:
        """What the chain keeps of it."""
        return Entry(
            position=self.position,
            kind=self.kind,
            series=self.series,
            sequence=self.sequence,
            number=self.number,
            issued_at=self.issued_at,
            content_sha256=self.content_sha256,
        )


class DocumentBody(Base):
    """What a document says. Never changed (a trigger); it can be erased after `keep_until`."""

    __tablename__ = "document_bodies"

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    content: Mapped[dict[str, Any]]
    buyer: Mapped[str] = mapped_column(String(200))
    """For search. It stands here, because it must go when the content goes."""
    keep_until: Mapped[date]


class ChainHead(Base):
    """The newest place of a store's chain. Its row is locked while a document is added."""

    __tablename__ = "document_chains"

    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"), primary_key=True)
    position: Mapped[int] = mapped_column(BigId)
    sha256: Mapped[str] = mapped_column(String(64))


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


def has_specimens(session: Session, store_id: int) -> bool:
    """Whether test mode made any document for this store."""
    query = select(Document.id).where(Document.store_id == store_id, Document.specimen)
    return session.scalar(query.limit(1)) is not None


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


def bears(session: Session, store_id: int, kind: str, number: str) -> bool:
    """Whether a document of this kind has this number."""
    query = select(Document.id).where(
        Document.store_id == store_id,
        Document.kind == kind,
        Document.number == number,
        Document.specimen.is_(False),
    )
    return session.scalar(query.limit(1)) is not None


def issued_since(session: Session, store_id: int, kind: str, since: datetime) -> bool:
    """Whether a document of this kind was issued since a moment; specimens do not count."""
    query = select(Document.id).where(
        Document.store_id == store_id,
        Document.kind == kind,
        Document.specimen.is_(False),
        Document.issued_at >= since,
    )
    return session.scalar(query.limit(1)) is not None


def lock_chain(session: Session, store_id: int) -> ChainHead:
    """The newest place of a store's chain, locked until the transaction ends: take it before a
    number, so that no two transactions wait for each other."""
    session.execute(
        dialect_insert(session, ChainHead)
        .values(store_id=store_id, position=0, sha256=BEGINNING)
        .on_conflict_do_nothing(index_elements=["store_id"])
    )
    query = select(ChainHead).where(ChainHead.store_id == store_id).with_for_update()
    return session.scalars(query).one()


def numbers_of(session: Session, order_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(order id, number) of the documents of these orders."""
    query = select(Document.order_id, Document.number).where(Document.order_id.in_(order_ids))
    return [(order_id, number) for order_id, number in session.execute(query)]


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


def credits_of(session: Session, document_id: int) -> list[Document]:
    """The credit notes on an invoice, oldest first."""
    query = select(Document).where(Document.refers_to_id == document_id)
    return list(session.scalars(query.order_by(Document.id)).unique())


def number_before(session: Session, document: Document) -> int:
    """How many documents of its kind the order had before this one; specimens are counted apart."""
    query = select(func.count()).where(
        Document.order_id == document.order_id,
        Document.kind == document.kind,
        Document.specimen == document.specimen,
        Document.id < document.id,
    )
    return session.scalar(query) or 0


def file_of(session: Session, document_id: int) -> DocumentFile | None:
    return session.scalar(select(DocumentFile).where(DocumentFile.document_id == document_id))


def link_by_nonce(session: Session, nonce: str) -> DocumentLink | None:
    """Links are known by their nonce: after a restore the same one may stand in another row."""
    return session.scalar(select(DocumentLink).where(DocumentLink.nonce == nonce))


def kept_until(session: Session, order_id: int) -> date | None:
    """Until when the contents of an order's documents are kept; None: there are none any more."""
    query = (
        select(func.max(DocumentBody.keep_until))
        .join(Document, Document.id == DocumentBody.document_id)
        .where(Document.order_id == order_id)
    )
    return session.scalar(query)


def open_link_of(session: Session, document_id: int, now: datetime) -> DocumentLink | None:
    """The first link of a document that still opens it."""
    query = select(DocumentLink).where(
        DocumentLink.document_id == document_id,
        DocumentLink.revoked_at.is_(None),
        DocumentLink.expires_at > now,
    )
    return session.scalars(query.order_by(DocumentLink.id).limit(1)).first()


def newest(session: Session, *, store_id: int | None, limit: int) -> list[Document]:
    query = select(Document).order_by(Document.id.desc()).limit(limit)
    if store_id is not None:
        query = query.where(Document.store_id == store_id)
    return list(session.scalars(query))
