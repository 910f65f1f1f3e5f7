"""Sidebars in help desks: added, given another secret, taken away."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.db import sidebars
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.sidebars import Sidebar
from app.domain.scope import EVERYTHING, Scope
from app.domain.sidebar import help_scout, zendesk
from app.domain.sidebar.question import Vendor, origin_of
from app.errors import SettingsError
from app.said import Said
from app.usecases.ports import SecretBox

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MOST = 100
SHORTEST_SECRET = 20


@dataclass(frozen=True, slots=True)
class NewSidebar:
    """What an owner says of a sidebar. `secret`: one of their own, for Zendesk the public key of
    the app; empty: one is made. `installation`: of the app, for Zendesk alone."""

    name: str
    vendor: Vendor
    origin: str = ""
    installation: str = ""
    language: str = ""
    secret: str = ""
    scope: Scope = EVERYTHING


@dataclass(frozen=True, slots=True)
class Opened:
    """A sidebar and its secret in clear, which is shown this once."""

    sidebar: Sidebar
    secret: str


def add_sidebar(
    db: Database, box: SecretBox, new: NewSidebar, *, who: str, now: datetime
) -> Opened:
    """Add one.

    Raises:
        SettingsError: something is missing or wrong, or the name is taken.
    """
    if not NAME.fullmatch(new.name):
        raise SettingsError(
            Said("a sidebar's name is of a to z, 0 to 9 and hyphens, at most 40 of them"),
            mend=Said("choose another name"),
        )
    origin = origin_of(new.origin) if new.vendor.is_framed else ""
    is_zendesk = new.vendor is Vendor.ZENDESK
    audience = zendesk.audience_of(origin, new.installation.strip()) if is_zendesk else ""
    secret = _secret(new.vendor, new.secret)
    with db.write() as session:
        present = sidebars.all_sidebars(session)
        if any(one.name == new.name for one in present):
            raise SettingsError(
                Said('there is a sidebar "%(name)s" already', name=new.name),
                mend=Said("choose another name"),
            )
        if len(present) >= MOST:
            raise SettingsError(
                Said("there are %(most)s sidebars already", most=MOST),
                mend=Said("remove one first"),
            )
        sidebar = Sidebar(
            name=new.name,
            vendor=new.vendor.value,
            key=secrets.token_urlsafe(18),
            secret=box.seal(secret),
            generation=1,
            origin=origin,
            audience=audience,
            language=new.language,
            created_at=now,
        )
        session.add(sidebar)
        session.flush()
        sidebars.limit_to(session, sidebar, new.scope)
        seen = new.scope.on_audit
        audit(
            session, now, who, "sidebar.add", sidebar=new.name, vendor=new.vendor.value, stores=seen
        )
    return Opened(sidebar, secret)


def rotate_sidebar(
    db: Database, box: SecretBox, name: str, given: str = "", *, who: str, now: datetime
) -> Opened:
    """Give it another secret, made here or `given`. The former one opens nothing from now on.

    Raises:
        SettingsError: there is none of this name, or the secret given cannot be used.
    """
    with db.write() as session:
        sidebar = find_sidebar(session, name)
        secret = _secret(sidebar.kind, given)
        sidebar.secret, sidebar.rotated_at = box.seal(secret), now
        sidebar.generation += 1
        audit(session, now, who, "sidebar.rotate", sidebar=name)
    return Opened(sidebar, secret)


def remove_sidebar(db: Database, name: str, *, who: str, now: datetime) -> None:
    """Take it away: nothing is shown any more. Raises SettingsError where there is none."""
    with db.write() as session:
        sidebars.drop(session, find_sidebar(session, name))
        audit(session, now, who, "sidebar.remove", sidebar=name)


def find_sidebar(session: Session, name: str) -> Sidebar:
    """Raises SettingsError where there is none of this name."""
    sidebar = sidebars.sidebar_by_name(session, name)
    if sidebar is None:
        raise SettingsError(
            Said('there is no sidebar "%(name)s"', name=name), mend=Said("see `sidebars list`")
        )
    return sidebar


def _secret(vendor: Vendor, given: str) -> str:
    given = given.strip()
    if vendor is Vendor.ZENDESK:
        zendesk.check_key(given[:10_000])
        return given
    if not given:
        return secrets.token_urlsafe(24)
    if len(given) < SHORTEST_SECRET or not given.isascii() or not given.isprintable():
        raise SettingsError(
            Said(
                "a sidebar's secret has at least %(shortest_secret)s characters, all of ASCII",
                shortest_secret=SHORTEST_SECRET,
            ),
            mend=Said("leave it away, and one is made"),
        )
    if len(given) > help_scout.LONGEST_SECRET:
        raise SettingsError(
            Said(
                "a sidebar's secret has at most %(longest_secret)s characters",
                longest_secret=help_scout.LONGEST_SECRET,
            ),
            mend=Said("leave it away, and one is made"),
        )
    return given
