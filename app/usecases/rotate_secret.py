"""Give a shop's webhooks a new secret without losing a delivery.

    keep new and old, both valid -> every webhook of ours signs with the new one -> the old one
    ends a day later (what was queued before is signed when it leaves, but may be under way)

Where the shop fails half-way, both stay valid, and the next try hands on the same new secret.
"""

from __future__ import annotations

from datetime import datetime

from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.stores import Store
from app.domain.connecting import OLD_SECRET_LIFE
from app.usecases.connect_store import Desk, new_webhook_secret
from app.usecases.manage_stores import find_store


def rotate_secret(db: Database, desk: Desk, name: str, *, who: str, now: datetime) -> Store:
    """Rotate; the store with `old_secret_until`.

    Raises:
        ShopError: not every webhook has the new secret; both secrets stay valid, try again.
    """
    with db.write() as session:
        store = find_store(session, name)
        if store.old_webhook_secret is None or store.old_secret_until is not None:
            store.old_webhook_secret, store.old_secret_until = store.webhook_secret, None
            store.webhook_secret = desk.reach.box.seal(new_webhook_secret())
        audit(session, now, who, "store.rotate_secret", store.id)
    shop, address = desk.owners_shops(store), desk.reach.address_of(store)
    secret = desk.reach.box.open(store.webhook_secret)
    for hook in shop.webhooks():
        if hook.get("delivery_url") == address and isinstance(hook.get("id"), int):
            shop.set_webhook_secret(hook["id"], secret)
    with db.write() as session:
        store = session.get_one(Store, store.id)
        store.old_secret_until = now + OLD_SECRET_LIFE
    return store
