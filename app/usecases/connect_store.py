"""Connect a shop: ask it for keys, take them once, and settle it step by step.

address -> `ask_for_keys`: a one-time state -> the shop's owner agrees there
the shop posts its keys -> `take_keys`: state good, unused, unexpired? -> a store in shadow mode
`settle_due`: check -> profile -> webhooks -> history -> delivery -> findings; each step can be
repeated
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.db import connections, reconciling, work
from app.db.connections import ASKED, Connection
from app.db.documents import Series
from app.db.engine import Database
from app.db.stores import Store, all_stores, current_settings, store_by_name
from app.db.work import DUE
from app.domain.connecting import (
    STATE_LIFE,
    FoundShop,
    Step,
    name_for,
    next_step,
    proposals,
    read_keys,
)
from app.domain.delivery import same_source
from app.domain.findings import CONTACT, Severity
from app.domain.reconciliation import plan_webhooks
from app.domain.store_mode import may_link
from app.errors import KeysRefused, KikubariError, SettingsError
from app.said import Said
from app.usecases.await_delivery import await_delivery
from app.usecases.diagnose_store import Clinic, examine
from app.usecases.import_history import PAGES_AT_ONCE, import_history
from app.usecases.manage_stores import (
    NewStore,
    check_name,
    put_store,
    save_settings,
    write_settings,
)
from app.usecases.ports import OwnersShops, SecretBox, States
from app.usecases.reach import Reach
from app.usecases.stores import settings_of, standing_of
from app.usecases.work_off import Turn, work_due


@dataclass(frozen=True, slots=True)
class Desk:
    """What connecting and disconnecting need from outside."""

    owners_shops: OwnersShops
    clinic: Clinic
    reach: Reach


def new_webhook_secret() -> str:
    """Letters and digits alone: WooCommerce decodes HTML entities in it (recordings, 1)."""
    return secrets.token_hex(24)


def ask_for_keys(
    db: Database, states: States, found: FoundShop, name: str, *, who: str, now: datetime
) -> tuple[str, str]:
    """Begin a key exchange; (its state, for the shop to send back; the name the store will have).

    Raises:
        SettingsError: the name cannot be one, or is taken.
    """
    state, kept = states.make()
    with db.write() as session:
        session.execute(
            delete(Connection).where(Connection.state == ASKED, Connection.expires_at <= now)
        )
        name = _free_name(session, name, found.url)
        session.add(
            Connection(
                state_sha256=kept,
                name=name,
                url=found.url,
                is_demo=found.is_demo,
                who=who,
                asked_at=now,
                expires_at=now + STATE_LIFE,
                state=ASKED,
                due_at=now,
                attempts=0,
            )
        )
    return state, name


def take_keys(
    db: Database, box: SecretBox, states: States, body: object, *, now: datetime
) -> Store:
    """The store of keys that a shop posts, in shadow mode. They are not tried here: the shop
    waits for the answer.

    Raises:
        KeysRefused: nothing is stored.
    """
    keys = read_keys(body)
    kept = states.read(keys.state) if keys else None
    if keys is None or kept is None:
        raise KeysRefused("nobody asked for these keys")
    with db.write() as session:
        asked = connections.use_state(session, kept, now)
        if asked is None:
            raise KeysRefused("this question is answered already, or too old")
        asked.name = _free_name(session, asked.name, asked.url)
        new = NewStore(
            asked.name,
            asked.url,
            keys.consumer_key,
            keys.consumer_secret,
            new_webhook_secret(),
            is_demo=asked.is_demo,
        )
        store = put_store(session, box, new, who=asked.who, now=now)
        asked.store_id, asked.step = store.id, Step.CHECK.value
        _number_on(session, store, asked.who, now)
    return store


def connect_by_hand(
    db: Database,
    box: SecretBox,
    found: FoundShop,
    name: str,
    keys: tuple[str, str],
    *,
    who: str,
    now: datetime,
) -> Store:
    """Register a shop whose keys its owner made, and begin to settle it.

    Raises:
        SettingsError: a field is empty or wrong, or the name is taken.
    """
    with db.write() as session:
        name = _free_name(session, name, found.url)
        new = NewStore(name, found.url, *keys, new_webhook_secret(), is_demo=found.is_demo)
        store = put_store(session, box, new, who=who, now=now)
        session.add(
            Connection(
                name=name,
                url=found.url,
                is_demo=found.is_demo,
                who=who,
                asked_at=now,
                expires_at=now,
                used_at=now,
                store_id=store.id,
                step=Step.CHECK.value,
                state=DUE,
                due_at=now,
                attempts=0,
            )
        )
        _number_on(session, store, who, now)
    return store


def _free_name(session: Session, wanted: str, url: str) -> str:
    if wanted:
        check_name(wanted)
        if store_by_name(session, wanted) is not None:
            raise SettingsError(
                Said('a store named "%(name)s" exists', name=wanted),
                mend=Said("choose another name"),
            )
        return wanted
    return name_for(url, {store.name for store in all_stores(session)})


def _number_on(session: Session, store: Store, who: str, now: datetime) -> None:
    """A shop that was connected before goes on above its numbers: one seller, one series."""
    older = [
        one.id
        for one in all_stores(session)
        if one.id != store.id and one.disconnected_at and same_source(one.url, store.url)
    ]
    query = select(Series.next_number).where(Series.store_id.in_(older))
    highest = max(session.scalars(query), default=1)
    if highest > 1:
        changes = {"numbering": {"start": highest}}
        write_settings(session, store, changes, who=who, now=now)


def settle_due(db: Database, desk: Desk, turn: Turn) -> int:
    """Do one step for each shop that is being connected; how many were looked at."""
    single, clock = Turn(turn.owner, turn.lease_seconds, 1), desk.reach.clock

    def settle(row_id: int) -> None:
        with db.read() as session:
            row = session.get_one(Connection, row_id)
            store = session.get_one(Store, row.store_id)
        step = Step(row.step)
        pause = STEPS[step](db, desk, store, row)
        coming = next_step(step) if pause is None else step
        with db.write() as session:
            if coming is None:
                work.finish(
                    session, Connection, row_id, owner=turn.owner, now=clock(), problem=None
                )
                return
            values = {"step": coming.value, "attempts": 0, "problem": None, "mend": None}
            due_at = clock() + (pause or AT_ONCE)
            work.again(session, Connection, row_id, owner=turn.owner, due_at=due_at, **values)

    return work_due(db, Connection, single, clock, settle)


def _check(db: Database, desk: Desk, store: Store, row: Connection) -> None:
    """Do the keys work, reading and writing, and how must they travel?"""
    chart = examine(db, desk.clinic, store)
    for finding in chart.findings:
        if finding.check in CONTACT and finding.severity is Severity.BROKEN:
            raise KikubariError(finding.seen(), mend=finding.mend())


def _profile(db: Database, desk: Desk, store: Store, row: Connection) -> None:
    """What the shop says about itself becomes settings, for the owner to correct."""
    profile = desk.owners_shops(store).profile()
    with db.read() as session:
        _, values = current_settings(session, store.id)
    if wanted := proposals(profile, values):
        save_settings(db, store.name, wanted, who=row.who, now=desk.reach.clock())


def _webhooks(db: Database, desk: Desk, store: Store, row: Connection) -> None:
    """One active webhook for each topic: its owner asked for them by connecting."""
    if not _may_deliver(db, desk, store):
        return  # the shop could not deliver; the findings say so
    shop, address = desk.owners_shops(store), desk.reach.address_of(store)
    plan = plan_webhooks(shop.webhooks(), address)
    for webhook_id in plan.delete:
        shop.delete_webhook(webhook_id)
    secret = desk.reach.box.open(store.webhook_secret)
    for topic in plan.create:
        shop.create_webhook(topic, address, secret)


def _may_deliver(db: Database, desk: Desk, store: Store) -> bool:
    with db.read() as session:
        standing = standing_of(store, settings_of(session, store.id))
    return may_link(standing, desk.reach.public_url)


def _history(db: Database, desk: Desk, store: Store, row: Connection) -> timedelta | None:
    """Some pages of past orders at a time, so that a stopped worker loses little."""
    if row.orders_total is None:
        _keep(db, row, orders_total=desk.reach.shops(store).count_orders())

    def on_page(number: int) -> None:
        row.orders_read += number
        _keep(db, row, orders_read=row.orders_read)

    done = import_history(db, desk.reach, store, on_page, pages=PAGES_AT_ONCE)
    return None if done else AT_ONCE


def _delivery(db: Database, desk: Desk, store: Store, row: Connection) -> timedelta | None:
    """Does what the shop sends arrive? It is waited for, but not for ever."""
    if not _may_deliver(db, desk, store):
        return None
    return await_delivery(db, desk.owners_shops(store), desk.reach.clock, store, row)


def _findings(db: Database, desk: Desk, store: Store, row: Connection) -> None:
    """Everything stands: look once more, with the webhooks in place."""
    with db.write() as session:
        watch = reconciling.of_store(session, store.id)
        if watch is not None:
            watch.cycle_at = watch.due_at = desk.reach.clock()
    examine(db, desk.clinic, store)


AT_ONCE = timedelta(0)
Doing = Callable[[Database, Desk, Store, Connection], timedelta | None]
"""Does a step, or a part of it: when to go on with it; None: it is done."""
STEPS: dict[Step, Doing] = {
    Step.CHECK: _check,
    Step.PROFILE: _profile,
    Step.WEBHOOKS: _webhooks,
    Step.HISTORY: _history,
    Step.DELIVERY: _delivery,
    Step.FINDINGS: _findings,
}


def _keep(db: Database, row: Connection, **values: Any) -> None:
    with db.write() as session:
        session.execute(update(Connection).where(Connection.id == row.id).values(**values))
