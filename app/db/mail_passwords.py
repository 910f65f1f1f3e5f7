"""With what we sign in at a shop's own mail server, encrypted by the caller."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.upsert import dialect_insert


class MailPassword(Base):
    """One store's. `account`: for whom and where it was given (`user@host:port`); it is used
    nowhere else, so that a changed host never gets it."""

    __tablename__ = "mail_passwords"

    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"), primary_key=True)
    account: Mapped[str] = mapped_column(String(420))
    secret: Mapped[bytes]
    saved_at: Mapped[datetime]


def keep(session: Session, store_id: int, account: str, sealed: bytes, now: datetime) -> None:
    """Set a store's password, in the place of the one before."""
    values = {"account": account, "secret": sealed, "saved_at": now}
    session.execute(
        dialect_insert(session, MailPassword)
        .values(store_id=store_id, **values)
        .on_conflict_do_update(index_elements=["store_id"], set_=values)
    )


def forget(session: Session, store_id: int) -> None:
    session.execute(delete(MailPassword).where(MailPassword.store_id == store_id))


def sealed_for(session: Session, store_id: int, account: str) -> bytes | None:
    """What was given for exactly this account."""
    row = session.get(MailPassword, store_id)
    return bytes(row.secret) if row is not None and row.account == account else None


def all_rows(session: Session) -> list[MailPassword]:
    return list(session.scalars(select(MailPassword).order_by(MailPassword.store_id)))
