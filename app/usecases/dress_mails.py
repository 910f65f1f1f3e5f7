"""How the mail looks that carries our notes: with its owner's yes, in the shop's language.

Without it customers read "A note has been added to your order". Subject, heading and closing text
are one setting of the shop for all notes (recordings, 25); what was there is kept and restored.
"""

from __future__ import annotations

from datetime import datetime

from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.stores import Store
from app.i18n import customer_texts
from app.said import N_
from app.usecases.manage_stores import find_store
from app.usecases.ports import OwnersShop, OwnersShops
from app.usecases.stores import settings_of

TEXTS = {
    "subject": N_("News about your order {order_number}"),
    "heading": N_("News about your order"),
    "additional_content": N_("If you have a question, write to us at {store_email}."),
}


def texts_in(language: str, voice: str) -> dict[str, str]:
    """Our texts in one language and voice, with WooCommerce's placeholders."""
    catalogue = customer_texts(language, voice)
    return {name: catalogue.gettext(text) for name, text in TEXTS.items()}


def dress_mails(
    db: Database, owners_shops: OwnersShops, name: str, *, who: str, now: datetime
) -> dict[str, str]:
    """Set the texts in the shop; what they are now.

    Raises:
        ShopError: the shop did not take them all; the first texts that were there stay kept.
    """
    with db.read() as session:
        store = find_store(session, name)
        settings = settings_of(session, store.id)
    shop, ours = owners_shops(store), texts_in(settings.language, settings.voice)
    kept = store.note_mail_before or {"before": shop.note_mail()}
    with db.write() as session:  # first kept, then changed: nothing can be lost in between
        row = session.get_one(Store, store.id)
        row.note_mail_before = {**kept, "ours": ours}
        audit(session, now, who, "store.mails", store.id, language=settings.language)
    shop.set_note_mail(ours)
    return ours


def undress_mails(
    db: Database, owners_shops: OwnersShops, name: str, *, who: str, now: datetime
) -> list[str]:
    """Put back what was there; which of the texts were.

    Raises:
        ShopError: the shop did not take them all back; try again.
    """
    with db.read() as session:
        store = find_store(session, name)
    restored = restore_texts(store, owners_shops(store))
    with db.write() as session:
        session.get_one(Store, store.id).note_mail_before = None
        audit(session, now, who, "store.mails_back", store.id, restored=restored)
    return restored


def restore_texts(store: Store, shop: OwnersShop) -> list[str]:
    """Put back what was there, except what the owner changed since; which of the texts."""
    kept = store.note_mail_before
    if not kept:
        return []
    present, ours = shop.note_mail(), kept["ours"]
    back = {
        name: text for name, text in kept["before"].items() if present.get(name) == ours.get(name)
    }
    shop.set_note_mail(back)
    return sorted(back)
