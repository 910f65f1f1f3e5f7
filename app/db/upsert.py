"""INSERT that leaves a row alone where a unique key already has it, on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def dialect_insert(session: Session, table: Any) -> Any:
    """The INSERT construct of the session's database, which knows ON CONFLICT."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_once(session: Session, table: Any, key: list[str], values: dict[str, Any]) -> int | None:
    """Insert a row; its id, or None where the unique `key` says it is there already."""
    made: int | None = session.execute(
        dialect_insert(session, table)
        .values(**values)
        .on_conflict_do_nothing(index_elements=key)
        .returning(table.id)
    ).scalar()
    return made
