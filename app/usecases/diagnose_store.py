"""The doctor: gather what is known of a shop, and say what is wrong.

every few minutes: what we know ourselves, over what the shop told last -> findings, kept
once an hour, or when asked: the shop is asked everything (eight requests)
where reading the shop begins to fail or to work again: only whether it answers (two or three)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from app.db import diagnoses, inbox, notices, reconciling, work
from app.db.diagnoses import Diagnosis
from app.db.engine import Database
from app.db.reconciling import Reconciling
from app.db.stores import Store
from app.db.work import DUE
from app.domain.copies import questions
from app.domain.delivery import same_source
from app.domain.diagnosis import KeyState, Reach, ShopFacts, diagnose, invoiced_by
from app.domain.findings import CONTACT, Finding, from_rows
from app.domain.store_mode import Mode, may_link, may_write_to_shop
from app.errors import SettingsError
from app.said import Said
from app.usecases.await_delivery import failed_test
from app.usecases.back_test_store import past_orders
from app.usecases.channels import Mailers
from app.usecases.pause_store import AS_COPY, is_held_as_copy, pause_store
from app.usecases.ports import Probes
from app.usecases.reach import Reach as Outside
from app.usecases.set_mail_server import mail_trouble
from app.usecases.stores import settings_of, standing_of
from app.usecases.work_off import Turn, work_due

DOCTOR = "doctor"
"""How it signs in the audit trail."""
EXAMINED_EVERY = timedelta(hours=1)
RECENT = timedelta(days=7)
NEWEST = 5
"""Orders that are searched for another plug-in's invoices: what it made long ago is no news."""
FACTS = TypeAdapter(ShopFacts)


@dataclass(frozen=True, slots=True)
class Clinic:
    """What the doctor needs from outside."""

    probes: Probes
    outside: Outside
    mailers: Mailers | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """The findings of one look at a store, and what they were drawn from."""

    facts: ShopFacts
    findings: list[Finding]
    diagnosed_at: datetime
    examined_at: datetime | None


def diagnose_due(db: Database, clinic: Clinic, turn: Turn) -> int:
    """Look at the stores whose turn has come, one at a time; how many were looked at."""
    single = Turn(turn.owner, turn.lease_seconds, 1)
    clock = clinic.outside.clock

    def look(row_id: int) -> None:
        with db.read() as session:
            row = session.get_one(Diagnosis, row_id)
            store = session.get_one(Store, row.store_id)
            reading = reconciling.of_store(session, store.id)
        chart = _look(db, clinic, store, row, _scope(row, reading, clock()), asked=False)
        due_at = clock() + timedelta(seconds=clinic.outside.rhythm.cycle)
        with db.write() as session:
            work.again(session, Diagnosis, row_id, owner=turn.owner, due_at=due_at, **_kept(chart))

    return work_due(db, Diagnosis, single, clock, look)


def examine(db: Database, clinic: Clinic, store: Store, *, accept: bool = False) -> Chart:
    """Ask the shop everything now, and keep what was found. With `accept`, the currency that it
    has now is the one that is meant.

    Raises:
        SettingsError: the shop is disconnected.
    """
    if store.disconnected_at is not None:
        raise SettingsError(
            Said('store "%(store)s" is disconnected', store=store.name),
            mend=Said("connect the shop again"),
        )
    now = clinic.outside.clock()
    with db.write() as session:
        diagnoses.begin(session, store.id, now)
        row = diagnoses.of_store(session, store.id)
        assert row is not None
        if accept:
            row.first_currency = ""
    chart = _look(db, clinic, store, row, "everything", asked=True)
    with db.write() as session:
        kept = session.get_one(Diagnosis, row.id)
        for name, value in _kept(chart).items():
            setattr(kept, name, value)
        kept.state = DUE
    return chart


def last_chart(session: Session, store: Store) -> Chart | None:
    """What was found at the last look; None before the first."""
    row = diagnoses.of_store(session, store.id)
    facts = _read(row.facts) if row else None
    if row is None or facts is None or row.diagnosed_at is None:
        return None
    return Chart(facts, from_rows(row.findings), row.diagnosed_at, row.examined_at)


def _scope(row: Diagnosis, reading: Reconciling | None, now: datetime) -> str:
    """How much to ask the shop: everything, whether it answers, or nothing."""
    if row.examined_at is None or now - row.examined_at >= EXAMINED_EVERY:
        return "everything"
    out_of_reach = any(one.check in CONTACT for one in from_rows(row.findings))
    fails = reading is not None and reading.problem is not None
    return "contact" if fails or out_of_reach else "nothing"


def _look(
    db: Database, clinic: Clinic, store: Store, row: Diagnosis, scope: str, *, asked: bool
) -> Chart:
    now, before = clinic.outside.clock(), _read(row.facts)
    facts = replace(before or ShopFacts(store.name, store.url), name=store.name, url=store.url)
    examined_at = row.examined_at
    if scope != "nothing":
        writing = asked or may_write_to_shop(Mode(store.mode))
        deep = scope == "everything" or before is None
        facts = _ask(db, clinic, store, facts, writing=writing, deep=deep)
        examined_at = now if deep else examined_at
    _hold_if_it_left(db, store, before, facts, now)
    with db.read() as session:
        store = session.get_one(Store, store.id)
        facts = _with_our_own(session, clinic.outside, store, facts, row, now)
    return Chart(facts, diagnose(facts, now), now, examined_at)


def _hold_if_it_left(
    db: Database, store: Store, before: ShopFacts | None, facts: ShopFacts, now: datetime
) -> None:
    """What answered as the shop says now that it is elsewhere: it moved, or that is a copy of it.
    Nothing leaves until its owner has said which; what is owed is taken up then."""
    was_home = before is not None and before.home and same_source(before.home, before.url)
    is_home = not facts.home or same_source(facts.home, facts.url)
    if was_home and not is_home and may_write_to_shop(Mode(store.mode)):
        reason = f"{AS_COPY} it says that its address is {facts.home}"
        pause_store(db, store.name, reason, who=DOCTOR, now=now)


def _ask(
    db: Database, clinic: Clinic, store: Store, facts: ShopFacts, *, writing: bool, deep: bool
) -> ShopFacts:
    """What the shop says; what it could not be asked stays as it was."""
    probe = clinic.probes(store)
    known = facts.key
    fresh = {"reach": Reach.OK, "said": "", "target": "", "stripped": False, "plain": False}
    facts = replace(facts, **{**fresh, **probe.greet()})
    if facts.reach is not Reach.OK:
        return facts
    worked = facts.worked_before or known is KeyState.OK
    facts = replace(facts, **probe.try_key(writing=writing), worked_before=worked)
    if facts.reach is not Reach.OK or facts.key is not KeyState.OK:
        return facts
    if known is KeyState.READ_ONLY and not writing:
        facts = replace(facts, key=known)
    _keep_way(db, store, probe.auth, plain=facts.plain)
    if not deep:
        return facts
    asked = {**probe.hooks(), **probe.note_mail(), **probe.status(), **probe.taxes()}
    return replace(facts, **asked, **_mail_server(db, clinic, store))


def _mail_server(db: Database, clinic: Clinic, store: Store) -> dict[str, Any]:
    """Whether the shop's own mail server takes mail; nothing is sent."""
    with db.read() as session:
        settings = settings_of(session, store.id)
    trouble = mail_trouble(clinic.mailers, store, settings) if clinic.mailers else ""
    return {"has_mail_server": bool(settings.mail.host), "mail_server": trouble}


def _keep_way(db: Database, store: Store, auth: str, *, plain: bool) -> None:
    """The way in which the keys arrived is used from now on."""
    if (store.auth, store.plain_permalinks) != (auth, plain):
        with db.write() as session:
            row = session.get_one(Store, store.id)
            row.auth, row.plain_permalinks = auth, plain


def _with_our_own(
    session: Session,
    outside: Outside,
    store: Store,
    facts: ShopFacts,
    row: Diagnosis,
    now: datetime,
) -> ShopFacts:
    """What we know without asking anyone."""
    settings, reading = settings_of(session, store.id), reconciling.of_store(session, store.id)
    standing = standing_of(store, settings)
    foreign = inbox.foreign_sources(session, store.id, now - RECENT)
    asked = questions(store.url, "", foreign, store.copies)
    delivered_at = inbox.last_delivered_at(session, store.id)
    return replace(
        facts,
        own_zone=settings.time_zone,
        invoiced_by=invoiced_by(past_orders(session, store.id, now - RECENT, NEWEST)),
        first_currency=row.first_currency or facts.currency,
        address=outside.address_of(store),
        may_link=may_link(standing, outside.public_url),
        is_demo=store.is_demo,
        is_held=is_held_as_copy(store),
        changed_at=reading.watermark if reading else None,
        delivered_at=delivered_at,
        test_failed=failed_test(session, store.id, delivered_at),
        foreign_source=asked[0].address if asked else "",
        mailer_failed=notices.failed_since_mailed(session, store.id, now - RECENT),
    )


def _kept(chart: Chart) -> dict[str, Any]:
    return {
        "examined_at": chart.examined_at,
        "diagnosed_at": chart.diagnosed_at,
        "facts": FACTS.dump_python(chart.facts, mode="json"),
        "findings": [one.as_row() for one in chart.findings],
        "first_currency": chart.facts.first_currency,
    }


def _read(facts: Mapping[str, Any]) -> ShopFacts | None:
    """Kept facts; None where there are none, or another version of ours wrote them."""
    try:
        return FACTS.validate_python(facts)
    except ValidationError:
        return None
