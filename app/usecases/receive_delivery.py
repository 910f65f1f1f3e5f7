"""Accept a webhook: verify it, store it durably, and only then say yes.

    store key -> ping? -> signature -> own shop or a copy? -> one durable row

Nothing else happens before the answer: WooCommerce delivers serially, waits up to 60 seconds for
each, and never sends anything again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from app.db.engine import Database
from app.db.inbox import QUARANTINED
from app.db.stores import Store, store_by_key
from app.db.work import DUE
from app.domain.delivery import Delivery, is_ping, read_delivery, same_source
from app.errors import UnknownStore
from app.said import Said
from app.usecases.ports import Inbox, SecretBox


class Receipt(StrEnum):
    """What became of an accepted request; each is answered 200."""

    PING = "ping"
    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


def find_store(db: Database, store_key: str) -> Store:
    """The store whose webhook address holds this key.

    Raises:
        UnknownStore: none has it.
    """
    with db.read() as session:
        store = store_by_key(session, store_key)
    if store is None or store.disconnected_at is not None:
        raise UnknownStore("no store has this webhook address")
    return store


def valid_secrets(box: SecretBox, store: Store, now: datetime) -> tuple[str, ...]:
    """The secrets that open a store's webhook address: its own, and for a while the one before."""
    until = store.old_secret_until
    if store.old_webhook_secret is None or (until is not None and until <= now):
        return (box.open(store.webhook_secret),)
    return box.open(store.webhook_secret), box.open(store.old_webhook_secret)


def receive_delivery(
    inbox: Inbox,
    secrets: Sequence[str],
    store: Store,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> Receipt:
    """Store one webhook request of `store`, signed with one of `secrets`.

    Raises:
        BadSignature: nothing is stored.
        StorageUnavailable: nothing is stored, and the shop must not be told otherwise.
    """
    if is_ping(headers, body):
        return Receipt.PING
    delivery = read_delivery(headers, body, secrets)
    ours = same_source(delivery.source, store.url)
    if not inbox.put(_row(store, delivery, now, ours=ours)):
        return Receipt.DUPLICATE
    return Receipt.STORED if ours else Receipt.QUARANTINED


def foreign_key(delivery: Delivery) -> str:
    """A copy's own dedupe key: one that is first must not hide the real delivery."""
    return hashlib.sha256(f"{delivery.source}\x00{delivery.dedupe_key}".encode()).hexdigest()


def _row(store: Store, delivery: Delivery, now: datetime, *, ours: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "store_id": store.id,
        "received_at": now,
        "topic": delivery.topic,
        "webhook_id": delivery.webhook_id,
        "delivery_id": delivery.delivery_id,
        "source": delivery.source,
        "kind": delivery.kind.value,
        "subject": f"order:{delivery.order_id}" if delivery.order_id else "",
        "dedupe_key": delivery.dedupe_key,
        "body": delivery.body,
        "state": DUE if ours else QUARANTINED,
        "due_at": now,
    }
    if not ours:
        row["dedupe_key"] = foreign_key(delivery)
        row["problem"] = Said(
            "it came from %(source)s, the shop is %(url)s", source=delivery.source, url=store.url
        )
        row["mend"] = Said(
            "a copy of the shop signs alike: nothing follows from it until you say on the shop's "
            "page that it moved, or: store moved %(store)s ADDRESS",
            store=store.name,
        )
    return row
