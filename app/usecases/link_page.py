"""The link that opens the page of an order: made once, kept open, or closed for good."""

from __future__ import annotations

from datetime import datetime
from secrets import token_urlsafe

from sqlalchemy.orm import Session

from app.db import customers
from app.db.audit_trail import audit
from app.db.customers import PAGE_LIFE, CustomerLink
from app.db.engine import Database
from app.errors import KikubariError
from app.said import Said
from app.usecases.find_order import find_order
from app.usecases.ports import Links


def page_link(session: Session, order_id: int, now: datetime) -> CustomerLink:
    """The link that opens an order's page; made where there is none that does."""
    if found := customers.open_page_of(session, order_id, now):
        return found
    link = CustomerLink(
        order_id=order_id,
        nonce=token_urlsafe(16),
        created_at=now,
        expires_at=now + PAGE_LIFE,
    )
    session.add(link)
    session.flush()
    return link


def show_page_link(
    db: Database, links: Links, store_name: str, remote_id: int, *, who: str, now: datetime
) -> str:
    """The address of an order's page, for its customer.

    Raises:
        KikubariError: there is no such order, or nobody any more whose page it would be.
    """
    with db.write() as session:
        _, order = find_order(session, store_name, remote_id, lock=True)
        if order.erased_at is not None:
            raise KikubariError(
                Said("the shop erased the customer's data of order %(number)s", number=order.number)
            )
        link = page_link(session, order.id, now)
        audit(session, now, who, "page.link", order.store_id, order=order.number)
        return links.page(link.id, link.nonce)


def close_page(db: Database, store_name: str, remote_id: int, *, who: str, now: datetime) -> int:
    """Close every link to an order's page for good; how many were open.

    Raises:
        KikubariError: there is no such order.
    """
    with db.write() as session:
        _, order = find_order(session, store_name, remote_id)
        audit(session, now, who, "page.close", order.store_id, order=order.number)
        return customers.close_pages_of(session, order.id, now)
