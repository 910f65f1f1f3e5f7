"""Sidebars in help desks: what each shows, to whom, and the tokens that were used up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.types import BigId
from app.db.upsert import insert_once
from app.domain.scope import EVERYTHING, Scope
from app.domain.sidebar.question import Vendor


class Sidebar(Base):
    """One place in one help desk. `key` stands in its address and opens nothing by itself."""

    __tablename__ = "sidebars"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    vendor: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(40), unique=True)
    secret: Mapped[bytes]
    """Sealed. With it the help desk proves itself; Zendesk's is the public key of its app."""
    generation: Mapped[int] = mapped_column(default=1)
    """Counts its secrets: what a former one opened is shut."""
    origin: Mapped[str] = mapped_column(String(300))
    """Who may frame it; empty where the vendor's server fetches it."""
    audience: Mapped[str] = mapped_column(String(400))
    """For whom Zendesk's tokens are made."""
    language: Mapped[str] = mapped_column(String(20))
    """Of its words; empty: the reader's browser says."""
    sees_all: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether every store is seen, also those to come; else those in `sidebar_stores`."""
    created_at: Mapped[datetime]
    rotated_at: Mapped[datetime | None]

    @property
    def kind(self) -> Vendor:
        return Vendor(self.vendor)

    @property
    def who(self) -> str:
        """How it signs on the audit."""
        return f"sidebar {self.name}"


class SidebarStore(Base):
    """A store that a sidebar with a limit shows."""

    __tablename__ = "sidebar_stores"

    sidebar_id: Mapped[int] = mapped_column(ForeignKey("sidebars.id"), primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"), primary_key=True)


class SidebarToken(Base):
    """A token that opened a frame. It opens none again; kept until it would be too old anyway."""

    __tablename__ = "sidebar_tokens"
    __table_args__ = (UniqueConstraint("sidebar_id", "sha256"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sidebar_id: Mapped[int] = mapped_column(ForeignKey("sidebars.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)


def sidebar_by_key(session: Session, key: str) -> Sidebar | None:
    return session.scalar(select(Sidebar).where(Sidebar.key == key))


def sidebar_by_name(session: Session, name: str) -> Sidebar | None:
    return session.scalar(select(Sidebar).where(Sidebar.name == name))


def sidebar_by_id(session: Session, sidebar_id: int) -> Sidebar | None:
    return session.get(Sidebar, sidebar_id) if sidebar_id < 2**31 else None


def all_sidebars(session: Session) -> list[Sidebar]:
    return list(session.scalars(select(Sidebar).order_by(Sidebar.name)))


def visible_stores(session: Session, sidebar: Sidebar) -> Scope:
    """Which stores it shows."""
    if sidebar.sees_all:
        return EVERYTHING
    query = select(SidebarStore.store_id).where(SidebarStore.sidebar_id == sidebar.id)
    return Scope(frozenset(session.scalars(query)))


def limit_to(session: Session, sidebar: Sidebar, scope: Scope) -> None:
    """From now on it shows these stores. The row must have its id already."""
    session.execute(delete(SidebarStore).where(SidebarStore.sidebar_id == sidebar.id))
    sidebar.sees_all = scope.store_ids is None
    for store_id in sorted(scope.store_ids or ()):
        session.add(SidebarStore(sidebar_id=sidebar.id, store_id=store_id))


def use_up(
    session: Session, sidebar_id: int, sha256: str, expires_at: datetime, now: datetime
) -> bool:
    """Whether a token is used for the first time. Those that are too old by now are dropped."""
    session.execute(delete(SidebarToken).where(SidebarToken.expires_at <= now))
    values = {"sidebar_id": sidebar_id, "sha256": sha256, "expires_at": expires_at}
    return insert_once(session, SidebarToken, ["sidebar_id", "sha256"], values) is not None


def drop(session: Session, sidebar: Sidebar) -> None:
    """Take it away with all that belongs to it."""
    for table in (SidebarStore, SidebarToken):
        session.execute(delete(table).where(table.sidebar_id == sidebar.id))
    session.delete(sidebar)
