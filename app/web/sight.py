"""What a visitor may see. Every view comes to a store, and to what belongs to one, through here.

What may not be seen is answered like what does not exist, and stands on the audit.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from flask import abort, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session

from app.db import stores
from app.db.documents import Document
from app.db.stores import Store
from app.domain.scope import Scope
from app.usecases.note_access import note_refusal, note_sight
from app.web.state import services

BACK = re.compile(
    r"/(\?store=[\w.%-]{1,120})?|/waiting(\?store=[\w.%-]{1,120})?|/orders/[\w.%-]{1,120}/\d{1,18}"
)


def my_scope() -> Scope:
    """Which stores the visitor sees."""
    scope: Scope = current_user.scope
    return scope


def store_named(session: Session, name: str) -> Store:
    """The store of an address; 404 where there is none. Raises OutOfSight."""
    store = stores.store_by_name(session, name)
    if store is None:
        abort(404)
    my_scope().check(store.id)
    return store


def chosen_store(session: Session) -> Store | None:
    """The store to which a list is limited by `?store=`; 404 where there is none of that name.
    Raises OutOfSight."""
    name = request.args.get("store", "")
    return store_named(session, name) if name else None


def back_to(usual: str) -> str:
    """The page to which a form leads: the overview, a store's or an order's page where the form
    says so (`back`: a path of ours), else the usual one."""
    back = request.form.get("back", "")
    return back if BACK.fullmatch(back) else url_for(usual)


def scope_of(store: Store | None) -> Scope:
    """What the visitor sees, limited to one store where one is chosen."""
    return my_scope().within(Scope(frozenset({store.id}))) if store else my_scope()


def document_by_id(session: Session, document_id: int) -> Document:
    """The same for a document."""
    document = session.get(Document, document_id) if document_id < 2**63 else None
    if document is None:
        abort(404)
    my_scope().check(document.store_id)
    return document


def saw(action: str, subject: str, store_id: int, **what: Any) -> None:
    """The visitor was shown this: once for each day on the audit."""
    s = services()
    note_sight(s.db, current_user.email, action, subject, store_id, now=s.clock(), **what)


def note_refused_store(store_id: int) -> None:
    s, page = services(), request.endpoint
    subject = f"store:{store_id} {page}"
    note_refusal(s.db, current_user.email, subject, store_id, now=s.clock(), page=page)


def forbid(needs: str) -> NoReturn:
    """403: the visitor's role, or their limit to some stores, does not allow this."""
    s, page = services(), request.endpoint
    subject = f"role:{page}"
    note_refusal(s.db, current_user.email, subject, None, now=s.clock(), page=page, needs=needs)
    abort(403)
