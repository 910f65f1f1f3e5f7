"""A limit to some stores as a condition of a query."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, true

from app.domain.scope import Scope


def seen_by(scope: Scope, column: Any) -> ColumnElement[bool]:
    """Rows whose store is seen. `column` holds the store's id; a row without one is nobody's but
    of those who see everything."""
    if scope.store_ids is None:
        return true()
    found: ColumnElement[bool] = column.in_(sorted(scope.store_ids))
    return found
