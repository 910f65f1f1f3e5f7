"""Write to the customer of an order in a person's own words.

    words -> allowed? no page's address in them? -> shown as they would be read
          -> confirmed: notice and message, once for each form -> sent like every other message

A person decided, so they leave at any hour; the preview says which one it is for the customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.notices import Notice
from app.db.orders import Order, note_event
from app.db.stores import Store
from app.domain.language import customer_language
from app.domain.local_hours import is_decent, zones_of
from app.domain.notice import NoticeKind, form_of, reference_of, version_of
from app.domain.order import OrderSnapshot, read_order
from app.domain.own_words import tidy, why_not_to_customers
from app.domain.store_mode import may_link
from app.domain.store_settings import ShopSettings
from app.errors import KikubariError
from app.said import Said
from app.usecases.allow_words import allow_words
from app.usecases.decide_notice import decide
from app.usecases.find_order import find_order
from app.usecases.link_page import page_link
from app.usecases.ports import Links, Wording
from app.usecases.stores import settings_of, standing_of
from app.usecases.word_message import compose


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants to say. `with_page`: with the link to the page of the order. `request`:
    the form's own key, so that a form that is sent twice is one message."""

    words: str
    with_page: bool
    request: str
    who: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The message as its customer would read it. `local_time`: where they live, as far as known."""

    words: str
    text: str
    language: str
    local_time: datetime
    is_day: bool


@dataclass(frozen=True, slots=True)
class _Desk:
    """An order that may be written to."""

    store: Store
    settings: ShopSettings
    order: Order
    snapshot: OrderSnapshot
    words: str

    @property
    def language(self) -> str:
        settings = self.settings
        return customer_language(self.snapshot, settings.languages, settings.language)


def preview_words(
    db: Database,
    wording: Wording,
    links: Links,
    store_name: str,
    remote_id: int,
    draft: Draft,
    now: datetime,
) -> Shown:
    """How the words would reach the customer. Nothing is kept.

    Raises:
        KikubariError: they cannot be sent, with why.
    """
    with db.read() as session:
        desk = _open(session, store_name, remote_id, draft.words)
    facts: dict[str, Any] = {"words": desk.words}
    if draft.with_page:
        _check_link(desk, links)
        facts["link"] = f"{links.public_url}/o/"  # its text is shown, not its address
    version = _version(draft, desk)
    text = compose(
        wording,
        links,
        desk.store,
        desk.settings,
        Notice(kind=NoticeKind.WRITTEN.value, facts=facts),
        desk.snapshot,
        language=desk.language,
        reference=reference_of(desk.store.key, remote_id, NoticeKind.WRITTEN, version),
    )
    snapshot, shop = desk.snapshot, desk.settings.zone
    address = snapshot.destination
    zones = zones_of(address.country, address.state, shop)
    local = now.astimezone(zones[0])
    return Shown(desk.words, text, desk.language, local, is_decent(now, zones))


def write_customer(
    db: Database, links: Links, store_name: str, remote_id: int, draft: Draft, now: datetime
) -> bool:
    """Decide the message. False: this form was sent before, and its message stands.

    Raises:
        KikubariError: they cannot be sent, with why.
    """
    with db.write() as session:
        desk = _open(session, store_name, remote_id, draft.words, lock=True)
        order = desk.order
        facts: dict[str, Any] = {"words": desk.words, "who": draft.who[:200]}
        if draft.with_page:
            _check_link(desk, links)
            page = page_link(session, order.id, now)
            facts |= {"page_id": page.id, "page_nonce": page.nonce}
        message_id = decide(
            session,
            order,
            NoticeKind.WRITTEN,
            facts,
            language=desk.language,
            now=now,
            version=_version(draft, desk),
        )
        if message_id is None:
            return False
        note_event(session, order.id, "written", now, who=draft.who)
        what = {"order": order.remote_id, "message": message_id}
        audit(session, now, draft.who, "message.write", order.store_id, **what)
        return True


def _version(draft: Draft, desk: _Desk) -> int:
    """Other words from the same form are another message."""
    return version_of(form_of("write", draft.request, desk.words))


def _open(
    session: Session, store_name: str, remote_id: int, words: str, *, lock: bool = False
) -> _Desk:
    store, order = find_order(session, store_name, remote_id, lock=lock)
    settings, tidied = settings_of(session, store.id), tidy(words)
    allow_words(store, settings, order)
    if why := why_not_to_customers(tidied):
        raise KikubariError(why)
    return _Desk(store, settings, order, read_order(order.payload), tidied)


def _check_link(desk: _Desk, links: Links) -> None:
    if not may_link(standing_of(desk.store, desk.settings), links.public_url):
        raise KikubariError(
            Said(
                "the link would not open for customers: PUBLIC_URL is %(public_url)s",
                public_url=links.public_url,
            ),
            mend=Said("write without it, or set PUBLIC_URL to the public https address"),
        )
