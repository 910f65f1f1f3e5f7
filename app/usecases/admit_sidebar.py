"""Let a help desk in, or not: whose request is it, and about whom does it ask?

    key in the address -> sidebar -> its vendor's check -> addresses of e-mail (a server asks)
                                                        -> a frame, which asks with a pass

Whoever is not let in learns nothing, not even whether the sidebar exists; its owner finds the
reason on the audit, bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.db import sidebars
from app.db.engine import Database
from app.db.sidebars import Sidebar
from app.domain.scope import Scope
from app.domain.sidebar import chatwoot, freescout, help_scout, zendesk
from app.domain.sidebar.question import Vendor, addresses, read_object
from app.errors import BadSignature
from app.usecases.note_access import note_refusal
from app.usecases.ports import Passes, SecretBox


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """What admitting needs."""

    db: Database
    box: SecretBox
    passes: Passes


@dataclass(frozen=True, slots=True)
class Admitted:
    """A question that may be answered."""

    sidebar: Sidebar
    scope: Scope
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that may be shown. `proof` goes with its questions; empty where the frame has the
    secret already."""

    sidebar: Sidebar
    proof: str = ""


def find_open(db: Database, key: str) -> tuple[Sidebar, Scope] | None:
    """The sidebar of an address, and the stores that it shows."""
    with db.read() as session:
        sidebar = sidebars.sidebar_by_key(session, key[:40])
        return (sidebar, sidebars.visible_stores(session, sidebar)) if sidebar else None


def admit_server(
    keeper: Gatekeeper, key: str, body: bytes, signature: str, now: datetime
) -> Admitted | None:
    """A vendor's server asks (Help Scout, FreeScout); None: it gets no answer."""
    found = find_open(keeper.db, key)
    if found is None:
        return None
    sidebar, scope = found
    secret = keeper.box.open(sidebar.secret)
    try:
        if sidebar.kind is Vendor.HELP_SCOUT:
            return Admitted(sidebar, scope, help_scout.read(body, signature, secret))
        if sidebar.kind is Vendor.FREESCOUT:
            return Admitted(sidebar, scope, freescout.read(body, secret))
        raise BadSignature("another vendor")
    except BadSignature as error:
        _note(keeper.db, sidebar, str(error), now)
        return None


def admit_frame(keeper: Gatekeeper, key: str, token: str | None, now: datetime) -> Frame | None:
    """A browser opens a frame: Zendesk's with a `token`, Chatwoot's without; None: it is not
    shown. Chatwoot's holds nothing before it proves that it has the secret."""
    found = find_open(keeper.db, key)
    if found is None:
        return None
    sidebar, _ = found
    if token is None:
        if sidebar.kind is Vendor.CHATWOOT:
            return Frame(sidebar)
        _note(keeper.db, sidebar, "no token", now)
        return None
    try:
        if sidebar.kind is not Vendor.ZENDESK:
            raise BadSignature("another vendor")
        good = zendesk.read(token, keeper.box.open(sidebar.secret), sidebar.audience, now)
        with keeper.db.write() as session:
            if not sidebars.use_up(session, sidebar.id, good.sha256, good.expires_at, now):
                raise BadSignature("used before")
    except BadSignature as error:
        _note(keeper.db, sidebar, str(error), now)
        return None
    return Frame(sidebar, keeper.passes.make(sidebar.id, sidebar.generation, now))


def admit_question(keeper: Gatekeeper, key: str, body: bytes, now: datetime) -> Admitted | None:
    """The frame asks: `{"pass": …, "email": …}`; None: it gets no answer."""
    found = find_open(keeper.db, key)
    if found is None:
        return None
    sidebar, scope = found
    try:
        asked = read_object(body)
        given = asked.get("pass")
        if sidebar.kind is Vendor.CHATWOOT:
            chatwoot.check(given, keeper.box.open(sidebar.secret))
        elif not isinstance(given, str) or not keeper.passes.is_good(
            given, sidebar.id, sidebar.generation, now
        ):
            raise BadSignature("pass")
    except BadSignature as error:
        _note(keeper.db, sidebar, str(error), now)
        return None
    return Admitted(sidebar, scope, addresses(asked.get("email")))


def _note(db: Database, sidebar: Sidebar, why: str, now: datetime) -> None:
    note_refusal(db, sidebar.who, f"sidebar:{why}", None, now=now, sidebar=sidebar.name, why=why)
