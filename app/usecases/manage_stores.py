"""Register a shop, change what it may do and what its owner decided."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from sqlalchemy.orm import Session

from app.db import diagnoses, documents, inbox, issue_requests, notices, orders, reconciling
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.inbox import InboxRow
from app.db.stores import Store, StoreSettings, all_stores, current_settings, store_by_name
from app.db.work import DUE
from app.domain.delivery import same_source
from app.domain.shop_address import shop_address
from app.domain.store_mode import Mode
from app.domain.store_settings import read_settings
from app.errors import SettingsError, UnknownStore
from app.said import N_, OnPages, Said
from app.usecases.ports import SecretBox

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,58}")


FIELDS = {
    "url": OnPages("--url", N_("Address of the shop")),
    "consumer_key": OnPages("--consumer-key", N_("Consumer key (ck_…)")),
    "consumer_secret": OnPages("--consumer-secret", N_("Consumer secret (cs_…)")),
    "webhook_secret": OnPages("--webhook-secret", N_("Webhook secret")),
}
FROM = OnPages("--from", N_("the day of going live"))
"""What refusals call what a person gives."""


@dataclass(frozen=True, slots=True)
class NewStore:
    """What it takes to register a shop by hand."""

    name: str
    url: str
    consumer_key: str
    consumer_secret: str
    webhook_secret: str
    is_demo: bool = False


def add_store(db: Database, box: SecretBox, new: NewStore, *, who: str, now: datetime) -> Store:
    """Register a shop, in shadow mode.

    Raises:
        SettingsError: a field is missing or wrong, or the name is taken.
    """
    with db.write() as session:
        return put_store(session, box, new, who=who, now=now)


def put_store(session: Session, box: SecretBox, new: NewStore, *, who: str, now: datetime) -> Store:
    """`add_store` within the caller's transaction."""
    _check(new)
    if store_by_name(session, new.name) is not None:
        raise SettingsError(
            Said('a store named "%(name)s" exists', name=new.name), mend=Said("choose another name")
        )
    store = Store(
        name=new.name,
        key=token_urlsafe(24),
        url=shop_address(new.url),
        is_demo=new.is_demo,
        mode=Mode.SHADOW.value,
        mode_since=now,
        consumer_key=box.seal(new.consumer_key),
        consumer_secret=box.seal(new.consumer_secret),
        webhook_secret=box.seal(new.webhook_secret),
        created_at=now,
    )
    session.add(store)
    session.flush()
    reconciling.begin(session, store.id, now)
    diagnoses.begin(session, store.id, now)
    audit(session, now, who, "store.add", store.id, name=new.name, url=store.url)
    return store


def change_store(
    db: Database, box: SecretBox, name: str, changes: dict[str, str], *, who: str, now: datetime
) -> Store:
    """Change a store's address or keys; deliveries quarantined for the new address become due.

    Raises:
        SettingsError: nothing was given, or a field is empty or wrong.
        UnknownStore: no store has this name.
    """
    if not changes:
        raise SettingsError(
            Said("nothing was given to change"), mend=Said("see store change --help")
        )
    _check_fields(changes)
    with db.write() as session:
        store = find_store(session, name)
        if store.disconnected_at is not None:
            raise SettingsError(
                Said('store "%(store)s" is disconnected', store=name),
                mend=Said("connect the shop again: store connect"),
            )
        for field, value in changes.items():
            if field == "url":
                store.url = shop_address(value)
            else:
                setattr(store, field, box.seal(value))
        store.auth, store.plain_permalinks = "header", False
        diagnoses.forget(session, store.id, now)
        taken = [row for row in inbox.quarantined(session, store.id) if _is_from(row, store)]
        for row in taken:
            row.state, row.due_at, row.problem, row.mend = DUE, now, None, None
        facts = {"fields": sorted(changes), "taken_over": len(taken)}
        audit(session, now, who, "store.change", store.id, **facts)
    return store


def _is_from(row: InboxRow, store: Store) -> bool:
    return same_source(row.source, store.url)


def set_mode(
    db: Database,
    name: str,
    mode: Mode,
    *,
    who: str,
    now: datetime,
    live_from: datetime | None = None,
    only_us: bool = False,
) -> Store:
    """Put a store into shadow, test or live mode.

    The first time that it goes live sets from when (`live_from`, else now), for good: orders
    paid before that never get a number or a message. Going live again takes up what was owed
    since then. `only_us`: the owner says that another invoice plug-in that was seen makes none
    any more.

    Raises:
        SettingsError: `live_from` lies in the future, would change what was decided, or reaches
            back into a test; a store that was live is put to test; another plug-in invoices.
    """
    with db.write() as session:
        store = find_store(session, name)
        if store.disconnected_at is not None:
            raise SettingsError(
                Said('store "%(store)s" is disconnected', store=name),
                mend=Said("connect the shop again: store connect"),
            )
        if mode is Mode.TEST and store.live_from is not None:
            raise SettingsError(
                Said(
                    'store "%(store)s" has been live, and what is paid in test mode gets no '
                    "invoice",
                    store=name,
                ),
                mend=Said("to stop everything for a while: store pause"),
            )
        if mode is Mode.LIVE and not only_us:
            _check_invoices_elsewhere(session, store)
        if mode is Mode.LIVE and live_from and documents.has_specimens(session, store.id):
            raise SettingsError(
                Said(
                    "%(option)s: orders since then have specimens instead of invoices", option=FROM
                ),
                mend=Said("leave %(option)s out, and go live from now", option=FROM),
            )
        goes_on = mode is Mode.LIVE and store.mode == Mode.SHADOW.value and store.live_from
        if goes_on:
            notices.take_up_withheld(session, store.id, store.mode_since, now)
        if store.mode != mode.value:
            store.mode, store.mode_since = mode.value, now
        store.paused_mode = store.pause_reason = None
        if mode is Mode.LIVE:
            store.live_from = _live_from(store, live_from, now)
            orders.unwatch_before(session, store.id, store.live_from)
            issue_requests.take_up_shadowed(session, store.id, store.live_from, now)
        audit(session, now, who, "store.mode", store.id, mode=mode.value)
    return store


def _check_invoices_elsewhere(session: Session, store: Store) -> None:
    """Two invoices for one sale can owe the tax twice: ours stay off until the owner chose."""
    row = diagnoses.of_store(session, store.id)
    if row is not None and any(one.get("check") == "invoice_plugin" for one in row.findings):
        raise SettingsError(
            Said('another plug-in of "%(store)s" makes invoices too', store=store.name),
            mend=OnPages(
                "switch it off there, then: store mode NAME live --only-us",
                N_("switch it off there, and say so in the form"),
            ),
        )


def save_settings(
    db: Database,
    name: str,
    changes: dict[str, Any],
    *,
    who: str,
    now: datetime,
    whole: bool = False,
) -> int:
    """Merge `changes` (nested by section) into a store's settings; the new version's number.

    With `whole` they are all the settings there are.

    Raises:
        SettingsError: a field is unknown or wrong; nothing is saved.
        UnknownStore: no store has this name.
    """
    with db.write() as session:
        return write_settings(
            session, find_store(session, name), changes, who=who, now=now, whole=whole
        )


def write_settings(
    session: Session,
    store: Store,
    changes: dict[str, Any],
    *,
    who: str,
    now: datetime,
    whole: bool = False,
) -> int:
    """`save_settings` within the caller's transaction."""
    version, values = current_settings(session, store.id)
    merged = changes if whole else _merge(values, changes)
    valid = read_settings(merged).model_dump(mode="json")
    saved = {"values": valid, "saved_at": now, "saved_by": who}
    session.add(StoreSettings(store_id=store.id, version=version + 1, **saved))
    audit(session, now, who, "store.settings", store.id, version=version + 1)
    return version + 1


def find_store(session: Session, name: str) -> Store:
    """The store of this name.

    Raises:
        UnknownStore: with the names that exist.
    """
    store = store_by_name(session, name)
    if store is None:
        names = ", ".join(store.name for store in all_stores(session)) or "none"
        raise UnknownStore(
            Said('no store is named "%(name)s"', name=name),
            mend=Said("stores: %(names)s", names=names),
        )
    return store


def _live_from(store: Store, wanted: datetime | None, now: datetime) -> datetime:
    if wanted is not None and wanted > now:
        raise SettingsError(
            Said("%(option)s lies in the future", option=FROM),
            mend=Said("go live when it has come"),
        )
    if store.live_from is None:
        return wanted or now
    if wanted is not None and wanted != store.live_from:
        raise SettingsError(
            Said(
                'store "%(store)s" is live from %(live_from)s UTC',
                store=store.name,
                live_from=f"{store.live_from:%Y-%m-%d %H:%M}",
            ),
            mend=Said("that moment stays as it is; leave %(option)s out", option=FROM),
        )
    return store.live_from


def check_name(name: str) -> None:
    """Raises SettingsError where this can be no store's name."""
    if not NAME.fullmatch(name):
        raise SettingsError(
            Said("store name '%(name)s': small letters, digits and hyphens only", name=name[:60]),
            mend=Said('choose a name such as "tea-shop"'),
        )


def _check(new: NewStore) -> None:
    check_name(new.name)
    fields = ("url", "consumer_key", "consumer_secret", "webhook_secret")
    _check_fields({field: getattr(new, field) for field in fields})


def _check_fields(fields: dict[str, str]) -> None:
    if "url" in fields:
        shop_address(fields["url"])
    for field, value in fields.items():
        if not value.strip():
            raise SettingsError(
                Said("%(field)s is empty", field=FIELDS[field]),
                mend=Said("make the key in WooCommerce > Settings > Advanced > REST API"),
            )


def _merge(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged
