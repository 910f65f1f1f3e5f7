"""What a visitor may see. Every view comes to a store, and to what belongs to one, through here.

What may not be seen is answered like what does not exist, and stands on the audit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from flask import abort, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session

from app.db import stores
from app.db.documents import Document
from app.db.orders import Order, order_by_remote_id
from app.db.stores import Store
from app.domain.scope import Scope
from app.errors import SettingsError
from app.usecases.note_access import note_refusal, note_sight
from app.web.state import services
from app.web.texts import gettext

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


def order_named(session: Session, store_name: str, remote_id: int) -> tuple[Store, Order]:
    """The order of an address, with its store; 404 where there is none. Raises OutOfSight."""
    store = store_named(session, store_name)
    order = order_by_remote_id(session, store.id, remote_id)
    if order is None:
        abort(404)
    return store, order


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


def chosen_scope() -> Scope:
    """The stores to which a form limits somebody (`sees`, `store`): at most what the visitor sees.
    Raises SettingsError where it names none, or one that is not seen."""
    if request.form.get("sees") != "some":
        return my_scope()
    named = request.form.getlist("store")
    with services().db.read() as session:
        known = {str(one.id): one.id for one in stores.all_stores(session, my_scope())}
    if not named or not set(named) <= set(known):
        raise SettingsError(gettext("Choose at least one shop, or all of them."))
    return Scope(frozenset(known[one] for one in named))


def names_in(scope: Scope, shops: Mapping[int, Store]) -> list[str]:
    """The names of the shops to which somebody or something is limited; none where it is not."""
    return sorted(shops[one].name for one in scope.store_ids or ())


def document_by_id(session: Session, document_id: int) -> Document:
    """The document of an address; 404 where there is none. Raises OutOfSight."""
    document = session.get(Document, document_id)
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
