"""Files that owners handed in: logos and templates, by their hash. Never changed, never deleted: a
document that was issued with one can be rendered again for ever."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.upsert import insert_once


class Asset(Base):
    """One file of a store. The database refuses UPDATE and DELETE (triggers, in the migration)."""

    __tablename__ = "assets"
    __table_args__ = (UniqueConstraint("store_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(40))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(200))


def keep(session: Session, asset: dict[str, object]) -> None:
    """Store a file (its columns by name) unless the store has it already."""
    insert_once(session, Asset, ["store_id", "sha256"], asset)


def bodies(session: Session, store_id: int, digests: list[str]) -> dict[str, bytes]:
    """The bytes of those of a store's files that have these hashes."""
    query = select(Asset.sha256, Asset.body).where(
        Asset.store_id == store_id, Asset.sha256.in_([digest for digest in digests if digest])
    )
    return {digest: bytes(body) for digest, body in session.execute(query)}
