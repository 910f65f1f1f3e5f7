"""Column types that keep what we give them.

Under SQLite, SQLAlchemy's Numeric is a float underneath and its DateTime comes back without a
zone; `ExactDecimal` and `Instant` keep exact decimals and UTC instants on every database.
`SaidText` keeps a sentence of ours so that a page can say it in its reader's language.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.said import as_kept, to_keep


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal, kept as text with all its digits."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. A naive datetime is refused: a time without a zone does not exist here.

    On SQLite it is text of fixed width, so that comparing text compares moments.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        moment = value.astimezone(UTC)
        if dialect.name == "sqlite":
            return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC)  # type: ignore[no-any-return]


class SaidText(TypeDecorator[str]):
    """What is wrong, or became of something: a `Said` comes back as one, any other text as it is.

    Who writes need not cut: of what is longer than `most` signs, the beginning is kept. The English
    stands first in the column, so that it is read there too.
    """

    impl = Text
    cache_ok = True

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else to_keep(value, self.most)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else as_kept(value)

    def compare_values(self, x: Any, y: Any) -> bool:
        """The same words in English may be a sentence of ours or not."""
        return bool(x == y) and (x is None or to_keep(x) == to_keep(y))


Json = JSON().with_variant(JSONB(), "postgresql")
BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column that is exactly INTEGER."""
