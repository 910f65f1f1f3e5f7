"""Let a carrier's service tell a shop's parcels' scans, or stop that."""

from __future__ import annotations

from datetime import datetime

from app.db import carrier_secrets
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.stores import Store
from app.domain.carrier_events.signature import Service
from app.errors import SettingsError
from app.usecases.manage_stores import find_store
from app.usecases.ports import SecretBox

SHORTEST_SECRET = 8


def set_carrier(
    db: Database,
    box: SecretBox,
    name: str,
    service: Service,
    secret: str | None,
    *,
    who: str,
    now: datetime,
) -> Store:
    """Keep the service's secret, encrypted; None takes it away.

    Raises:
        UnknownStore: no store has this name.
        SettingsError: the secret is too short, or the store is disconnected.
    """
    if secret is not None and len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"the secret of {service.value} has fewer than {SHORTEST_SECRET} characters",
            mend=f"copy it whole from {service.value}'s settings",
        )
    with db.write() as session:
        store = find_store(session, name)
        if store.disconnected_at is not None:
            raise SettingsError(
                f'store "{name}" is disconnected', mend="connect the shop again: store connect"
            )
        if secret is None:
            carrier_secrets.forget(session, store.id, service.value)
        else:
            carrier_secrets.keep(session, store.id, service.value, box.seal(secret), now)
        facts = {"service": service.value, "set": secret is not None}
        audit(session, now, who, "store.carrier", store.id, **facts)
    return store
