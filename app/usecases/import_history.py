"""Read a shop's past orders, once, as context for staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.db import reconciling
from app.db.engine import Database
from app.db.stores import Store
from app.domain.reconciliation import OVERLAP, PAGE
from app.usecases.find_changes import changes_since, take_in
from app.usecases.reach import Reach

PAGES_AT_ONCE = 5
EARLIEST = datetime(2003, 1, 1, tzinfo=UTC)
"""Before WordPress was."""


def import_history(
    db: Database,
    reach: Reach,
    store: Store,
    on_page: Callable[[int], None],
    *,
    pages: int | None = None,
) -> bool:
    """Read a shop's whole past into the inbox; `on_page` is told how many orders each page had.

    Goes on where an earlier import stopped. Old orders are context: the store's mode keeps
    numbers and messages from them. With `pages` it stops after so many; True: that was all.

    Raises:
        ShopError: the shop did not answer; start it again later.
    """
    with db.read() as session:
        row = reconciling.of_store(session, store.id)
    since = (row.import_watermark if row else None) or EARLIEST
    found = changes_since(reach.shops(store), since, reach.clock)
    for number, (rows, watermark) in enumerate(found, start=1):
        take_in(db, store, rows, reach.clock())
        _keep_import(db, store, import_watermark=watermark)
        on_page(len(rows))
        moved = watermark > since + OVERLAP
        if pages is not None and number >= pages and moved and len(rows) == PAGE:
            return False  # within one second (a bulk edit) only the page number tells the place
    _keep_import(db, store, imported_at=reach.clock())
    return True


def _keep_import(db: Database, store: Store, **values: Any) -> None:
    with db.write() as session:
        row = reconciling.of_store(session, store.id)
        if row is not None:
            for name, value in values.items():
                setattr(row, name, value)
