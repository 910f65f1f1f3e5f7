"""See that the shop has one active webhook of ours for every topic."""

from __future__ import annotations

from app.db.engine import Database
from app.db.stores import Store
from app.domain.reconciliation import plan_webhooks
from app.domain.store_mode import may_link, may_write_to_shop
from app.usecases.ports import Shop
from app.usecases.reach import Reach
from app.usecases.stores import settings_of, standing_of


def mend_webhooks(db: Database, reach: Reach, store: Store, shop: Shop) -> str | None:
    """Create what is missing and make anew what is disabled; what was done, in words."""
    with db.read() as session:
        standing = standing_of(store, settings_of(session, store.id))
    if not may_link(standing, reach.public_url):
        return "not looked after: PUBLIC_URL is no public https address"
    address = reach.address_of(store)
    plan = plan_webhooks(shop.webhooks(), address)
    if not plan.create and not plan.delete:
        return None
    if not may_write_to_shop(standing.mode):
        return f"missing or disabled: {', '.join(plan.create)} (shadow mode changes nothing)"
    for webhook_id in plan.delete:
        shop.delete_webhook(webhook_id)
    secret = reach.box.open(store.webhook_secret)
    for topic in plan.create:
        shop.create_webhook(topic, address, secret)
    return f"made anew: {', '.join(plan.create)}"
