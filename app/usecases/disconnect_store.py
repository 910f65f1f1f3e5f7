"""Take a shop off: tidy up in the shop, erase its keys, keep what the law wants kept.

    webhooks deleted, mail texts as they were -> keys erased, name free, nothing is due any more

Documents, orders and the audit trail stay, under the old name with the store's number (`tea~3`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.db import carrier_secrets, mail_passwords
from app.db.audit_trail import audit
from app.db.connections import Connection
from app.db.diagnoses import Diagnosis
from app.db.engine import Database
from app.db.inbox import QUARANTINED, InboxRow
from app.db.issue_requests import IssueRequest
from app.db.notices import WITHHELD, Message
from app.db.orders import Order
from app.db.reconciling import Reconciling
from app.db.shipments import TrackingRead
from app.db.stores import Store
from app.db.work import DUE
from app.domain.store_mode import Mode
from app.errors import ShopError
from app.said import Said
from app.usecases.connect_store import Desk
from app.usecases.dress_mails import restore_texts
from app.usecases.manage_stores import find_store

WHY = Said("the shop was disconnected")


@dataclass(frozen=True, slots=True)
class Farewell:
    """What was done. `left`: why something of ours is still in the shop, None where nothing is."""

    kept_as: str
    webhooks: int
    restored: list[str]
    left: str | None = None


def disconnect_store(
    db: Database, desk: Desk, name: str, *, who: str, now: datetime, force: bool = False
) -> Farewell:
    """Disconnect a store. With `force` also where the shop cannot be tidied up.

    Raises:
        ShopError: the shop does not answer or refuses; nothing was erased here.
    """
    with db.read() as session:
        store = find_store(session, name)
    webhooks, restored, left = 0, list[str](), None
    try:
        shop, address = desk.owners_shops(store), desk.reach.address_of(store)
        restored = restore_texts(store, shop)
        for hook in shop.webhooks():
            if hook.get("delivery_url") == address and isinstance(hook.get("id"), int):
                shop.delete_webhook(hook["id"])
                webhooks += 1
    except ShopError as error:
        if not force:
            raise
        left = error.sentence()
    with db.write() as session:
        row = session.get_one(Store, store.id)
        _erase(session, desk, row, now)
        facts = {"webhooks": webhooks, "restored": restored, "left": left}
        audit(session, now, who, "store.disconnect", row.id, name=name, **facts)
    return Farewell(row.name, webhooks, restored, left)


def _erase(session: Session, desk: Desk, store: Store, now: datetime) -> None:
    nothing = desk.reach.box.seal("")
    store.consumer_key = store.consumer_secret = store.webhook_secret = nothing
    store.old_webhook_secret = store.old_secret_until = store.note_mail_before = None
    store.paused_mode = store.pause_reason = None
    store.mode, store.mode_since, store.disconnected_at = Mode.SHADOW.value, now, now
    store.name = f"{store.name}~{store.id}"
    carrier_secrets.forget(session, store.id)
    mail_passwords.forget(session, store.id)
    for table in (Reconciling, Diagnosis, Connection, TrackingRead):
        session.execute(delete(table).where(table.store_id == store.id))
    for held, state in ((InboxRow, QUARANTINED), (IssueRequest, "shadow"), (Message, WITHHELD)):
        session.execute(
            update(held)
            .where(held.store_id == store.id, held.state == DUE)
            .values(state=state, problem=WHY, done_at=now)
        )
    session.execute(
        update(Order)
        .where(Order.store_id == store.id, Order.next_check_at.is_not(None))
        .values(next_check_at=None)
    )
