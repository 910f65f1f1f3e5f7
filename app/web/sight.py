"""What a visitor may see. Every view comes to a store, and to what belongs to one, through here.

What may not be seen is answered like what does not exist, and stands on the audit.
"""

from __future__ import annotations

from typing import Any, NoReturn

from flask import abort, request
from flask_login import current_user
from sqlalchemy.orm import Session

from app.db import stores
from app.db.documents import Document
from app.db.stores import Store
from app.domain.scope import Scope
from app.usecases.note_access import note_refusal, note_sight
from app.web.state import services


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
