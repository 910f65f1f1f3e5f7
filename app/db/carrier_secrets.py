"""With what the carriers' services sign what they send for a shop, encrypted by the caller."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.upsert import dialect_insert


class CarrierSecret(Base):
    """One service that may tell a store's parcels' scans."""

    __tablename__ = "carrier_secrets"
    __table_args__ = (UniqueConstraint("store_id", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    source: Mapped[str] = mapped_column(String(20))
    secret: Mapped[bytes]
    saved_at: Mapped[datetime]


def keep(session: Session, store_id: int, source: str, sealed: bytes, now: datetime) -> None:
    """Set a service's secret, in the place of the one before."""
    values = {"secret": sealed, "saved_at": now}
    session.execute(
        dialect_insert(session, CarrierSecret)
        .values(store_id=store_id, source=source, **values)
        .on_conflict_do_update(index_elements=["store_id", "source"], set_=values)
    )


def forget(session: Session, store_id: int, source: str | None = None) -> None:
    """Take away a service's secret, or all of a store's."""
    one = [CarrierSecret.source == source] if source else []
    session.execute(delete(CarrierSecret).where(CarrierSecret.store_id == store_id, *one))


def secrets_of(session: Session, store_id: int) -> dict[str, bytes]:
    """A store's services and their sealed secrets."""
    query = select(CarrierSecret.source, CarrierSecret.secret)
    rows = session.execute(query.where(CarrierSecret.store_id == store_id))
    return {source: bytes(secret) for source, secret in rows}


def all_rows(session: Session) -> list[CarrierSecret]:
    return list(session.scalars(select(CarrierSecret).order_by(CarrierSecret.id)))
