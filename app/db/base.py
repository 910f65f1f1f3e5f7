"""The declarative base, with names for every constraint so that migrations can speak of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase

from app.db.types import ExactDecimal, Instant, Json


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: Instant,
        Decimal: ExactDecimal,
        dict[str, Any]: Json,
        list[Any]: Json,
        bytes: LargeBinary,
    }


BUT_FOR_KEYS: dict[str, Any] = {"key_share": True}
"""How an order or a store is locked (`with_for_update`): nobody else changes it, but rows that
refer to it can be written. Else PostgreSQL would let whoever holds a message, and notes that in
its order's timeline, wait in a circle with whoever holds the order and wants its messages."""
