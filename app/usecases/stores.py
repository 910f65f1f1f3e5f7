"""What several use cases ask about a store: where it stands and what its owner decided."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.db.stores import Store, current_settings
from app.domain.store_mode import Mode, Standing
from app.domain.store_settings import ShopSettings, read_settings


def settings_of(session: Session, store_id: int) -> ShopSettings:
    """The settings in force."""
    return read_settings(current_settings(session, store_id)[1])


def standing_of(store: Store, settings: ShopSettings) -> Standing:
    """Where the store stands, for the decisions in `domain.store_mode`."""
    mode = Mode(store.mode)
    since = store.live_from if mode is Mode.LIVE and store.live_from else store.mode_since
    return Standing(mode, since, is_demo=store.is_demo, test_address=settings.test_address)
