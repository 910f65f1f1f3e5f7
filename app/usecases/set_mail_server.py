"""Keep a shop's own mail server with its password, and try whether mails leave through it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.db import mail_passwords
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.stores import Store, current_settings
from app.domain.mail_server import MailServer
from app.domain.mailer import MailState
from app.domain.posting import Posting
from app.domain.store_settings import ShopSettings
from app.errors import KikubariError, MailServerRefused, SettingsError
from app.said import Said
from app.usecases.channels import Mailers
from app.usecases.manage_stores import find_store, save_settings
from app.usecases.ports import SecretBox
from app.usecases.stores import settings_of

MEND = Said("give it with `store smtp`")


def set_mail_server(
    db: Database,
    box: SecretBox,
    name: str,
    values: dict[str, Any],
    password: str | None,
    *,
    who: str,
    now: datetime,
) -> MailServer:
    """Change what `values` names of the mail server (`host` empty: notes again); keep the password,
    encrypted, for exactly this account. None leaves the one that is there.

    Raises:
        UnknownStore: no store has this name.
        SettingsError: a value is wrong, or the store is disconnected.
    """
    with db.read() as session:
        store = find_store(session, name)
        if store.disconnected_at is not None:
            raise SettingsError(
                f'store "{name}" is disconnected', mend="connect the shop again: store connect"
            )
        before = current_settings(session, store.id)[1].get("mail", {})
    save_settings(db, name, {"mail": before | values}, who=who, now=now)
    with db.write() as session:
        server = settings_of(session, store.id).mail
        if not server.host:
            mail_passwords.forget(session, store.id)
        elif password is not None:
            sealed = box.seal(password)
            mail_passwords.keep(session, store.id, server.account, sealed, now)
        facts = {"host": server.host, "password": password is not None}
        audit(session, now, who, "store.smtp", store.id, **facts)
    return server


def mail_password(db: Database, box: SecretBox, store: Store, server: MailServer) -> str:
    """The password for a mail server; "" where it wants none.

    Raises:
        MailServerRefused: none was given for this name, server and port.
    """
    if not server.user:
        return ""
    with db.read() as session:
        sealed = mail_passwords.sealed_for(session, store.id, server.account)
    if sealed is None:
        raise MailServerRefused(
            Said(
                'store "%(store)s": no password was given for %(account)s',
                store=store.name,
                account=server.account,
            ),
            mend=MEND,
        )
    return box.open(sealed)


def mail_trouble(mailers: Mailers, store: Store, settings: ShopSettings) -> str:
    """What keeps the store's own mail server from taking mail; empty: nothing, or it has none.
    Nothing is sent."""
    try:
        mailer = mailers(store, settings)
        if mailer is not None:
            mailer.check()
    except KikubariError as error:
        return error.what
    return ""


def send_test_mail(
    db: Database, mailers: Mailers, name: str, address: str, now: datetime
) -> tuple[MailState, str]:
    """Send one mail to whoever asked for it; what the server said.

    Raises:
        MailServerRefused, NotPosted: nothing was sent.
        SettingsError: the store has no mail server of its own.
    """
    with db.read() as session:
        store = find_store(session, name)
        settings = settings_of(session, store.id)
    mailer = mailers(store, settings)
    if mailer is None:
        raise SettingsError(f'store "{name}" has no mail server of its own', mend=MEND)
    posting = Posting(
        order_id=0,
        text=f"This is a test: {settings.mail.host} sends the messages of {store.name}.",
        references=(f"KK-TEST{now:%H%M%S}",),
        order_ids=(0,),
        subject=f"A test of {settings.mail.host}",
        heading="A test",
        language="en",
        voice=settings.voice,
        address=address,
    )
    outcome = mailer.send(posting, lambda: None)
    return outcome.fate, outcome.said
