"""Pause a shop, and go on where it stood.

A pause is shadow mode with a way back: orders are taken in and shown, nothing is numbered and
nothing leaves. Going on takes up what was owed meanwhile: documents of orders paid since the shop
went live, and messages that are still true.
"""

from __future__ import annotations

from datetime import datetime

from app.db import notices
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.issue_requests import take_up_shadowed
from app.db.stores import Store
from app.domain.store_mode import Mode
from app.domain.text import clean
from app.errors import SettingsError
from app.said import Said
from app.usecases.manage_stores import find_store

AS_COPY = "moved, or a copy?"
"""How the reason begins where we paused it ourselves."""


def is_held_as_copy(store: Store) -> bool:
    """Whether the store is paused because it showed up under another address."""
    return store.paused_mode is not None and (store.pause_reason or "").startswith(AS_COPY)


def pause_store(db: Database, name: str, reason: str, *, who: str, now: datetime) -> Store:
    """Stop issuing and sending for a store.

    Raises:
        SettingsError: nothing leaves anyway.
    """
    with db.write() as session:
        store = find_store(session, name)
        if store.mode == Mode.SHADOW.value:
            raise SettingsError(
                Said('store "%(store)s" is in shadow mode: nothing leaves', store=name),
                mend=Said("nothing needs pausing"),
            )
        store.paused_mode, store.mode = store.mode, Mode.SHADOW.value
        store.pause_reason, store.mode_since = clean(reason, 200), now
        audit(session, now, who, "store.pause", store.id, reason=store.pause_reason)
    return store


def resume_store(db: Database, name: str, *, who: str, now: datetime) -> Store:
    """Go on in the mode that was paused.

    Raises:
        SettingsError: the store is not paused.
    """
    with db.write() as session:
        store = find_store(session, name)
        if store.paused_mode is None:
            raise SettingsError(
                Said('store "%(store)s" is not paused', store=name), mend=Said("see store show")
            )
        paused_at, store.mode = store.mode_since, store.paused_mode
        store.paused_mode, store.pause_reason, store.mode_since = None, None, now
        if store.mode == Mode.LIVE.value and store.live_from is not None:
            take_up_shadowed(session, store.id, store.live_from, now)
        notices.take_up_withheld(session, store.id, paused_at, now)
        audit(session, now, who, "store.resume", store.id, mode=store.mode)
    return store
