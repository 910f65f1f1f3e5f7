"""Read a shop's past orders, once, as context for staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.db import reconciling
from app.db.engine import Database
from app.db.stores import Store
from app.usecases.find_changes import changes_since, take_in
from app.usecases.reach import Reach

EARLIEST = datetime(2003, 1, 1, tzinfo=UTC)
"""Before WordPress was."""


def import_history(
    db: Database, reach: Reach, store: Store, on_page: Callable[[int], None]
) -> None:
    """Read a shop's whole past into the inbox; `on_page` is told how many orders each page had.

    Goes on where an earlier import stopped. Old orders are context: the store's mode keeps
    numbers and messages from them.

    Raises:
        ShopError: the shop did not answer; start it again later.
    """
    with db.read() as session:
        row = reconciling.of_store(session, store.id)
    since = (row.import_watermark if row else None) or EARLIEST
    for rows, watermark in changes_since(reach.shops(store), since, reach.clock):
        take_in(db, store, rows, reach.clock())
        _keep_import(db, store, import_watermark=watermark)
        on_page(len(rows))
    _keep_import(db, store, imported_at=reach.clock())


def _keep_import(db: Database, store: Store, **values: Any) -> None:
    with db.write() as session:
        row = reconciling.of_store(session, store.id)
        if row is not None:
            for name, value in values.items():
                setattr(row, name, value)
