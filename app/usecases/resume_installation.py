"""Go on after the database was put back: the owner's answer to a halt.

    highest number that anyone has seen (witness, notes in the shops, owner) -> every series goes
    on above it -> what lies between is written down as lost -> shops are read from before the
    backup -> the gate opens

Lost numbers whose invoices are found by their notes are given to their documents again when
these are issued (`adopt_invoice`). The others stay lost; the audit trail says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import reconciling
from app.db.audit_trail import audit
from app.db.documents import Series
from app.db.engine import Database
from app.db.installation import (
    Installation,
    LostNumbers,
    begin,
    highest_numbers,
)
from app.db.stores import Store, all_stores
from app.db.work import DUE
from app.domain.invoice import DocumentKind
from app.domain.invoice_note import number_told
from app.domain.numbering import first_of, series_of
from app.domain.store_mode import Mode
from app.domain.store_settings import ShopSettings
from app.domain.witness import Account, Halt, SeriesKey
from app.errors import KikubariError, ShopAnswerUnusable, ShopError
from app.usecases.adopt_invoice import invoice_note, invoice_sentences
from app.usecases.find_changes import changes_since
from app.usecases.guard_numbers import SYSTEM, Gate
from app.usecases.manage_stores import find_store
from app.usecases.ports import Clock, Shops, Witness
from app.usecases.stores import settings_of

BEFORE = timedelta(hours=1)
"""So long before the backup the shops are read again."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a shop's series that were given and are not known any more, both ends included."""

    store: str
    series: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """What was done; `halt` None: nothing stood still, nothing was done.

    `unknown`: series of shops that the database does not have, with their highest numbers; when
    such a shop is connected again, its numbering must start above.
    """

    halt: Halt | None
    gaps: list[Gap] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)


def resume(
    db: Database,
    witness: Witness,
    gate: Gate,
    shops: Shops,
    clock: Clock,
    *,
    last: Mapping[str, int],
    who: str,
) -> Resumed:
    """Let issuing and sending go on, above every number that was ever given.

    `last`: by the store's name, the highest number of an invoice that the owner knows of.

    Raises:
        KikubariError: no record is left outside the database, and a shop cannot be read.
        UnknownStore: `last` names a store that does not exist.
    """
    halt = gate.look()
    if halt is None:
        return Resumed(None)
    account = witness.read()
    with db.read() as session:
        own, stores = highest_numbers(session), all_stores(session)
        given = {_series_now(session, name, clock()): top for name, top in last.items()}
    tops = {key: account.top(key) for key in account.series} if account else {}
    if not any(top > own.get(key, 0) for key, top in tops.items()):
        for store in stores:
            if store.name not in last and (store.paused_mode or store.mode) == Mode.LIVE.value:
                tops |= _highest_in_notes(db, shops, clock, store, halt, tops)
    for key, top in given.items():
        tops[key] = max(top, tops.get(key, 0))
    with db.write() as session:
        row = begin(session, "", clock())
        done = _go_on(session, row, halt, tops, who, clock())
        now_highest = highest_numbers(session)
        witness.replace(Account(row.instance, now_highest, now_highest))
    return done


def _highest_in_notes(
    db: Database,
    shops: Shops,
    clock: Clock,
    store: Store,
    halt: Halt,
    tops: Mapping[SeriesKey, int],
) -> dict[SeriesKey, int]:
    """What customers of a shop have: the highest invoice that its notes tell of since the backup.

    Nothing outside the database says more than the database itself, as on a new machine.
    """
    with db.read() as session:
        settings = settings_of(session, store.id)
        row = reconciling.of_store(session, store.id)
    known = [at for at in (row.watermark if row else None, halt.backup_at) if at is not None]
    shop, sentences, highest = shops(store), invoice_sentences(), dict(tops)
    try:
        since = min(known, default=store.created_at) - BEFORE
        for rows, _ in changes_since(shop, since, clock):
            for remote_id in {row["id"] for row in rows if isinstance(row.get("id"), int)}:
                note = invoice_note(shop.notes(remote_id), store.key, remote_id)
                if note is None:
                    continue
                told = number_told(note.text, settings.numbering, sentences)
                if told is None:
                    raise ShopAnswerUnusable(f"the words of a note of order {remote_id} are others")
                key = (store.key, _invoice_series(settings, note.at))
                highest[key] = max(highest.get(key, 0), told)
    except ShopError as error:
        raise KikubariError(
            f"the invoices that {store.name} has sent cannot be read from its notes: {error}",
            mend="try again when the shop answers, or say the highest number that you know of: "
            f"--last {store.name}=NUMBER",
        ) from error
    return {key: top for key, top in highest.items() if key[0] == store.key and top}


def _invoice_series(settings: ShopSettings, at: datetime) -> str:
    return series_of(DocumentKind.INVOICE, settings.numbering, at.astimezone(settings.zone))


def _series_now(session: Session, name: str, now: datetime) -> SeriesKey:
    """The series that a shop's invoices are numbered in at present."""
    store = find_store(session, name)
    return store.key, _invoice_series(settings_of(session, store.id), now)


def _go_on(
    session: Session,
    row: Installation,
    halt: Halt,
    tops: Mapping[SeriesKey, int],
    who: str,
    now: datetime,
) -> Resumed:
    stores = {store.key: store for store in all_stores(session)}
    done = Resumed(halt)
    for (key, series), top in sorted(tops.items()):
        store = stores.get(key)
        if store is None:
            done.unknown[f"{key[:6]}… {series}"] = top
        elif (gap := _raise_series(session, store, series, top, halt, now)) is not None:
            done.gaps.append(gap)
    backup_at = halt.backup_at
    for store in stores.values():
        read_again(session, store.id, backup_at, now)
    row.stopped_at = row.stopped_why = row.backup_at = None
    facts: dict[str, Any] = {
        "why": halt.why.value,
        "backup_at": backup_at.isoformat() if backup_at else None,
        "unknown": done.unknown,
    }
    audit(session, now, who, "installation.resume", None, **facts)
    return done


def _raise_series(
    session: Session, store: Store, series: str, top: int, halt: Halt, now: datetime
) -> Gap | None:
    """The series goes on at `top` + 1; what lies between is lost. None: it was there already."""
    row = session.scalar(
        select(Series).where(Series.store_id == store.id, Series.series == series).with_for_update()
    )
    if row is None:
        start = first_of(series, settings_of(session, store.id).numbering)
        row = Series(store_id=store.id, series=series, next_number=start)
        session.add(row)
    if row.next_number > top:
        return None
    gap = Gap(store.name, series, row.next_number, top)
    row.next_number = top + 1
    session.add(
        LostNumbers(
            store_id=store.id,
            series=series,
            first=gap.first,
            last=gap.last,
            reason=halt.why.value,
            noted_at=now,
        )
    )
    reason = f"given before the database was put back ({halt.why.value}), and lost with it"
    facts: dict[str, Any] = {"series": series, "first": gap.first, "last": gap.last}
    audit(session, now, SYSTEM, "numbers.lost", store.id, reason=reason, **facts)
    return gap


def read_again(session: Session, store_id: int, since: datetime | None, now: datetime) -> None:
    """Reconcile a store at once, from before a moment on (where it was not before that already)."""
    row = reconciling.of_store(session, store_id)
    if row is None:
        return
    row.watermark = min(row.watermark, since or row.watermark) - BEFORE
    row.state, row.due_at, row.cycle_at = DUE, now, now
    row.lease_owner, row.lease_until = None, None
