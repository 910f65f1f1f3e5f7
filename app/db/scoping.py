"""A limit to some stores: kept of people, tokens and sidebars, and as a condition of a query."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import ColumnElement, delete, select, true
from sqlalchemy.orm import Session

from app.domain.scope import EVERYTHING, Scope


class Limited(Protocol):
    """Who sees every store, also those to come (`sees_all`), or those that a table of their own
    names. `owner` below is that table's column that says whose each row is."""

    id: int
    sees_all: bool


def seen_by(scope: Scope, column: Any) -> ColumnElement[bool]:
    """Rows whose store is seen. `column` holds the store's id; a row without one is nobody's but
    of those who see everything."""
    if scope.store_ids is None:
        return true()
    found: ColumnElement[bool] = column.in_(sorted(scope.store_ids))
    return found


def kept_limit(session: Session, one: Limited, owner: Any) -> Scope:
    """Which stores are seen."""
    if one.sees_all:
        return EVERYTHING
    query = select(owner.class_.store_id).where(owner == one.id)
    return Scope(frozenset(session.scalars(query)))


def keep_limit(session: Session, one: Limited, owner: Any, scope: Scope) -> None:
    """From now on these stores are seen. The row must have its id already."""
    table = owner.class_
    session.execute(delete(table).where(owner == one.id))
    one.sees_all = scope.is_everything
    for store_id in sorted(scope.store_ids or ()):
        session.add(table(**{owner.key: one.id, "store_id": store_id}))
