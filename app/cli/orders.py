"""`orders`: what the shops told us."""

from __future__ import annotations

from typing import Any

import click

from app.cli.output import WHO, json_option, limit_option, services, show, show_one, store_option
from app.cli.shipping import parcel_facts
from app.db import orders
from app.db.orders import Order
from app.usecases.find_order import find_order
from app.usecases.forget_customer import forget_by_hand
from app.usecases.link_page import close_page, show_page_link
from app.usecases.manage_stores import find_store
from app.usecases.order_context import order_context


@click.group("orders")
def group() -> None:
    """Orders, as the shops told them last.

    \b
    Example:  python3 run.py orders list
    """


@group.command("list")
@store_option
@limit_option
@json_option
def list_orders(store_name: str | None, limit: int, as_json: bool) -> None:
    """The newest orders.

    \b
    Example:  python3 run.py orders list --store tea
    """
    with services().db.read() as session:
        store_id = find_store(session, store_name).id if store_name else None
        rows = [_facts(order) for order in orders.newest(session, store_id=store_id, limit=limit)]
    show(rows, as_json=as_json, empty="No order yet.")


@group.command("show")
@click.argument("store_name", metavar="STORE")
@click.argument("order_id", type=click.IntRange(1, 2**63 - 1))
@json_option
def show_order(store_name: str, order_id: int, as_json: bool) -> None:
    """One order with its parcels, documents, messages and timeline.

    \b
    Example:  python3 run.py orders show tea 84
    """
    with services().db.read() as session:
        find_order(session, store_name, order_id)  # it names what is missing
        found = order_context(session, store_name, order_id)
    assert found is not None
    facts = _facts(found.order) | {
        "delivered_at": found.delivered_at,
        "progress": found.progress.extent.value if found.progress else None,
        "waiting": [
            {"line": one.line_id, "quantity": one.waiting, "backordered": one.backordered}
            for one in (found.progress.waiting if found.progress else ())
        ],
        "parcels": [parcel_facts(parcel) for parcel in found.parcels],
        "documents": [document.number for document in found.documents],
        "told": [
            {
                "kind": notice.kind,
                "state": message.state if message else None,
                "fate": message.fate if message else None,
                "text": message.text if message else None,
            }
            for notice, message in found.told
        ],
        "events": [
            {"at": event.at, "kind": event.kind, "facts": event.facts} for event in found.events
        ],
    }
    show_one(facts, as_json=as_json)


@group.command("forget")
@click.argument("store_name", metavar="STORE")
@click.argument("order_id", type=click.IntRange(1, 2**63 - 1))
@json_option
def forget_order(store_name: str, order_id: int, as_json: bool) -> None:
    """Forget who ordered, where the shop's own eraser cannot: it deleted the order, or left.

    \b
    Example:  python3 run.py orders forget tea 84
    """
    s = services()
    done = forget_by_hand(s.db, store_name, order_id, who=WHO, now=s.clock())
    show_one({"order": order_id, "forgotten": done}, as_json=as_json)


@group.command("page")
@click.argument("store_name", metavar="STORE")
@click.argument("order_id", type=click.IntRange(1, 2**63 - 1))
@click.option("--close", is_flag=True, help="Close every link to it for good instead.")
@json_option
def show_page(store_name: str, order_id: int, close: bool, as_json: bool) -> None:
    """The link to the page of an order, for its customer.

    \b
    Example:  python3 run.py orders page tea 84
    """
    s = services()
    if close:
        number = close_page(s.db, store_name, order_id, who=WHO, now=s.clock())
        show_one({"closed": number}, as_json=as_json)
        return
    url = show_page_link(s.db, s.links, store_name, order_id, who=WHO, now=s.clock())
    show_one({"url": url}, as_json=as_json)


def _facts(order: Order) -> dict[str, Any]:
    return {
        "id": order.remote_id,
        "number": order.number,
        "status": order.status,
        "buyer": order.buyer,
        "total": order.total,
        "currency": order.currency,
        "paid_at": order.paid_at,
        "promised_on": order.promised_on,
        "shipped_at": order.shipped_at,
    }
