"""Stores, orders, their customers and documents."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, abort
from sqlalchemy.orm import Session

from app.db import orders as order_rows
from app.domain.api_scopes import ApiScope
from app.domain.order_facts import OrderFacts
from app.i18n import Spoken
from app.usecases.describe_found import customer_story, found_orders, stores_seen
from app.usecases.describe_order import describe_order, document_facts
from app.usecases.order_context import OrderContext, order_context
from app.web.api.answers import CLOCK, allowed, answers, spec, tagged
from app.web.api.door import my_stores, needs, saw, store_named
from app.web.api.shapes import (
    CustomerPage,
    CustomerQuery,
    DocumentList,
    OrderList,
    OrderQuery,
    OrdersQuery,
    PageQuery,
    StoreList,
)
from app.web.cursors import write_cursor
from app.web.documents import pdf_response
from app.web.state import services

blueprint = Blueprint("orders", __name__, url_prefix="/v1")
READ, DOCUMENTS = ApiScope.READ, ApiScope.DOCUMENTS


@blueprint.get("/stores")
@needs(READ)
@spec.validate(resp=answers(StoreList), security=allowed(READ), tags=["orders"])
def list_stores() -> StoreList:
    """The shops that this token sees."""
    with services().db.read() as session:
        return tagged(StoreList(stores=stores_seen(session, my_stores())))


@blueprint.get("/orders")
@needs(READ)
@spec.validate(resp=answers(OrderList), security=allowed(READ), tags=["orders"])
def find_orders(query: OrdersQuery) -> OrderList:
    """Search orders, as the search box does."""
    s, after = services(), query.numbers(2)
    with s.db.read() as session:
        found = found_orders(
            session,
            my_stores(),
            query.q,
            s.clock(),
            limit=query.limit,
            after=(after[0], after[1]) if after else None,
        )
    following = write_cursor(found.after)
    return tagged(OrderList(orders=found.items, guessed=found.guessed, next=following))


@blueprint.get("/stores/<store>/orders/<int:order_id>")
@needs(READ)
@spec.validate(resp=answers(OrderFacts, 404), security=allowed(READ), tags=["orders"])
def show_order(store: str, order_id: int, query: OrderQuery) -> OrderFacts:
    """Everything about an order: what its page shows."""
    s = services()
    with s.db.read() as session:
        found = _order(session, store, order_id, query.before)
        speech = Spoken(query.language)
        facts = describe_order(
            session,
            s.outside.wording,
            found,
            speech,
            s.clock(),
            before=query.before,
            told_before=query.told_before,
        )
    saw("order.see", f"order:{found.order.id}", found.store.id, order=order_id)
    return tagged(facts, {"customer": CLOCK})


@blueprint.get("/stores/<store>/orders/<int:order_id>/customer")
@needs(READ)
@spec.validate(resp=answers(CustomerPage, 404), security=allowed(READ), tags=["customers"])
def show_customer_of_order(store: str, order_id: int, query: PageQuery) -> CustomerPage:
    """The customer of an order, and all their orders in this shop."""
    with services().db.read() as session:
        return _customer(session, _order(session, store, order_id), query)


@blueprint.get("/stores/<store>/customer")
@needs(READ)
@spec.validate(resp=answers(CustomerPage, 404), security=allowed(READ), tags=["customers"])
def show_customer(store: str, query: CustomerQuery) -> CustomerPage:
    """A customer by their e-mail address, as their newest order has them."""
    address = query.email.strip().lower()
    with services().db.read() as session:
        shop = store_named(session, store)
        newest = order_rows.page_of_email(session, shop.id, address, 1, None)
        if not newest:
            abort(404)
        return _customer(session, _order(session, store, newest[0].remote_id), query)


@blueprint.get("/stores/<store>/orders/<int:order_id>/documents")
@needs(DOCUMENTS)
@spec.validate(resp=answers(DocumentList, 404), security=allowed(DOCUMENTS), tags=["documents"])
def list_documents(store: str, order_id: int) -> DocumentList:
    """The documents of an order."""
    with services().db.read() as session:
        found = _order(session, store, order_id)
    facts = document_facts(found)
    saw("order.see", f"order:{found.order.id}", found.store.id, order=order_id)
    return tagged(DocumentList(documents=facts))


@blueprint.get("/stores/<store>/orders/<int:order_id>/documents/<int:document_id>.pdf")
@needs(DOCUMENTS)
@spec.validate(
    resp=answers(None, 404, 410, is_read=False), security=allowed(DOCUMENTS), tags=["documents"]
)
def show_document(store: str, order_id: int, document_id: int) -> Response:
    """A document as a PDF."""
    with services().db.read() as session:
        found = _order(session, store, order_id)
    document = next((one for one in found.documents if one.id == document_id), None)
    if document is None:
        abort(404)
    subject = f"document:{document_id}"
    saw("document.open", subject, document.store_id, number=document.number)
    return pdf_response(document_id)


def _order(
    session: Session, store: str, order_id: int, before: datetime | None = None
) -> OrderContext:
    """An order with its story, of its events those before a moment; 404 where there is none.
    Raises OutOfSight."""
    found = order_context(session, store, order_id, my_stores(), before=before)
    if found is None:
        abort(404)
    return found


def _customer(session: Session, found: OrderContext, query: PageQuery) -> CustomerPage:
    after = query.numbers(2)
    page = customer_story(
        session,
        found,
        services().clock(),
        limit=query.limit,
        after=(after[0], after[1]) if after else None,
    )
    (story,) = page.items
    order = found.order
    saw("customer.see", f"order:{order.id}", order.store_id, order=order.remote_id)
    following = write_cursor(page.after)
    facts = CustomerPage(customer=story.customer, orders=story.orders, next=following)
    return tagged(facts, {"customer": CLOCK})
