"""Moved, or a copy? What the owner is asked about a shop's other addresses, and what follows.

it moved     -> a shop answers there, with our keys -> its address now; its deliveries are taken up
it is a copy -> remembered; what comes from there stays out, and it is not asked again
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.db import inbox
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.stores import Store
from app.domain.connecting import FoundShop
from app.domain.copies import Question, is_known, questions
from app.domain.delivery import same_source
from app.domain.diagnosis import KeyState, Reach, ShopFacts
from app.domain.findings import CONTACT, Finding
from app.domain.store_mode import Mode
from app.errors import SettingsError
from app.said import Said
from app.usecases.diagnose_store import last_chart
from app.usecases.manage_stores import change_store, find_store
from app.usecases.pause_store import AS_COPY, is_held_as_copy, pause_store, resume_store
from app.usecases.ports import Probes, SecretBox

Finder = Callable[[str], FoundShop]


def open_questions(session: Session, store: Store) -> list[Question]:
    """What is to be asked about a store, from what is kept."""
    chart = last_chart(session, store)
    sources = inbox.foreign_sources(session, store.id)
    return questions(store.url, chart.facts.home if chart else "", sources, store.copies)


def it_moved(
    db: Database,
    box: SecretBox,
    finder: Finder,
    probes: Probes,
    name: str,
    address: str,
    *,
    who: str,
    now: datetime,
) -> Store:
    """The shop is at `address` now: its url there, what came from there taken up.

    Raises:
        SettingsError: nothing of it was seen there, or it does not answer there with our keys;
            nothing is changed.
    """
    with db.read() as session:
        store = find_store(session, name)
        asked = _asked(session, store, address)
    found = finder(asked.address)
    if not same_source(found.url, asked.address):
        raise SettingsError(
            Said(
                "at %(address)s a shop answers that says it is at %(url)s",
                address=asked.address,
                url=found.url,
            ),
            mend=Said("ask whoever moved it which address is right"),
        )
    _check_answers(probes, store, found)
    change_store(db, box, name, {"url": found.url}, who=who, now=now)
    with db.write() as session:
        store = find_store(session, name)
        store.copies = [one for one in store.copies if not same_source(one, found.url)]
    return resume_store(db, name, who=who, now=now) if is_held_as_copy(store) else store


def it_is_a_copy(db: Database, name: str, address: str, *, who: str, now: datetime) -> Store:
    """What shows up as `address` is a copy: what comes from there stays out.

    Where it answers at the shop's own address, the store is paused: what would be read there are
    the copy's orders.

    Raises:
        SettingsError: nothing of it was seen there.
    """
    with db.write() as session:
        store = find_store(session, name)
        asked = _asked(session, store, address)
        if not is_known(asked.address, store.copies):
            store.copies = [*store.copies, asked.address]
            audit(session, now, who, "store.copy", store.id, address=asked.address)
    if asked.in_answers and store.mode != Mode.SHADOW.value:
        reason = f"{AS_COPY} {asked.address} answers at its address"
        return pause_store(db, name, reason, who=who, now=now)
    return store


def _asked(session: Session, store: Store, address: str) -> Question:
    asked = open_questions(session, store)
    for one in asked:
        if same_source(one.address, address.strip()):
            return one
    seen = ", ".join(one.address for one in asked) or "nowhere else"
    raise SettingsError(
        Said(
            'nothing of "%(store)s" was seen at "%(address)s"; it was seen at: %(seen)s',
            store=store.name,
            address=address[:200],
            seen=seen,
        ),
        mend=Said(
            "to change its address all the same: store change %(store)s --url ADDRESS",
            store=store.name,
        ),
    )


def _check_answers(probes: Probes, store: Store, found: FoundShop) -> None:
    """Our keys must open it: a shop that moved has them."""
    there = Store(
        id=store.id,
        name=store.name,
        url=found.url,
        auth="header",
        plain_permalinks=found.plain,
        is_demo=store.is_demo,
        consumer_key=store.consumer_key,
        consumer_secret=store.consumer_secret,
    )
    probe = probes(there)
    known = {**probe.greet()}
    if known.get("reach", Reach.OK) is Reach.OK:
        known |= probe.try_key(writing=False)
    reach, key = known.get("reach", Reach.OK), known.get("key", KeyState.UNKNOWN)
    if reach is Reach.OK and key is KeyState.OK:
        return
    check = (reach if reach is not Reach.OK else key).value
    facts = ShopFacts(store.name, found.url, said=str(known.get("said", "")))
    words: Finding | None = facts.finding(check, target="") if check in CONTACT else None
    raise SettingsError(
        words.seen()
        if words
        else Said("the shop at %(url)s does not take our keys", url=found.url),
        mend=Said("if it moved, its keys moved with it; else it is another shop"),
    )
