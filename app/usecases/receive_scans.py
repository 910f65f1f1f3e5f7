"""Accept what a carrier's service tells: verify it, store it durably, and only then say yes.

    store + service -> secret -> signature -> one durable row in the inbox -> 200

As with the shop's own deliveries nothing else happens before the answer; `record_scans` works the
row off. The services send again what is not answered 200.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from app.db import carrier_secrets
from app.db.engine import Database
from app.db.stores import Store
from app.db.work import DUE
from app.domain.carrier_events.signature import Service, check
from app.domain.delivery import DeliveryKind
from app.errors import UnknownStore
from app.usecases.ports import Inbox, SecretBox
from app.usecases.receive_delivery import Receipt, find_store

TOPIC = "carrier."


def find_carrier(
    db: Database, box: SecretBox, store_key: str, name: str
) -> tuple[Store, Service, str]:
    """Whom an address belongs to, and the secret that opens it.

    Raises:
        UnknownStore: no store has it, or the store expects nothing from this service.
    """
    store = find_store(db, store_key)
    with db.read() as session:
        sealed = carrier_secrets.secrets_of(session, store.id).get(name)
    if sealed is None or name not in list(Service):
        raise UnknownStore("nothing is expected from this service at this address")
    return store, Service(name), box.open(sealed)


def receive_scans(
    inbox: Inbox,
    store: Store,
    service: Service,
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> Receipt:
    """Store one request of a service.

    Raises:
        BadSignature: nothing is stored.
        StorageUnavailable: nothing is stored, and the service must not be told otherwise.
    """
    check(service, headers, body, secret)
    topic = f"{TOPIC}{service.value}"
    key = hashlib.sha256(topic.encode() + b"\x00" + hashlib.sha256(body).digest()).hexdigest()
    row = {
        "store_id": store.id,
        "received_at": now,
        "topic": topic,
        "webhook_id": "",
        "delivery_id": "",
        "source": service.value,
        "kind": DeliveryKind.SCANS.value,
        "subject": "",
        "dedupe_key": key,
        "body": body,
        "state": DUE,
        "due_at": now,
    }
    return Receipt.STORED if inbox.put(row) else Receipt.DUPLICATE
