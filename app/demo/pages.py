"""What a person sees of the demo shop: its orders with a few buttons, and the mails it sent.

Everything shown is escaped. A mail's body is HTML from others: it stands in a sandboxed frame
that may run nothing.
"""

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.demo import catalogue
from app.demo.mails import FRAME
from app.demo.state import Record, ShopError

if TYPE_CHECKING:
    from app.demo.shop import DemoShop

PAGE_SIZE = 50
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_BASKETS: list[list[tuple[str, int]]] = [
    [("MUG-01", 2)],
    [("BOOK-FR", 1), ("MUG-01", 1)],
    [("SCARF-HE", 1)],
    [("TEA-JP", 3)],
    [("TEE-1", 1), ("SCREW-3", 13)],
]


def tracking_of(order: Record) -> str:
    """The last tracking number that an order's meta names, or an empty text."""
    for row in order["meta_data"]:
        if row["key"] == "_wc_shipment_tracking_items" and row["value"]:
            entry = row["value"][-1]
            return f"{entry.get('tracking_provider', '')} {entry.get('tracking_number', '')}"
    return ""


def _row(shop: "DemoShop", order_id: int) -> dict[str, Any]:
    order = shop.show_order(order_id)
    billing = order["billing"]
    name = f"{billing['first_name']} {billing['last_name']}".strip()
    return {
        "id": order["id"],
        "number": order["number"],
        "status": order["status"],
        "buyer": name or billing["email"] or "–",
        "country": billing["country"],
        "placed": order["date_created"].replace("T", " ")[:16],
        "total": f"{order['total']} {order['currency_symbol']}",
        "tracking": tracking_of(order),
        "notes": shop.notes_of(order_id, "customer"),
    }


def _act(shop: "DemoShop", order_id: int, action: str) -> None:
    if action == "pay":
        shop.pay(order_id)
    elif action == "ship":
        number = f"0034043416109{order_id:07d}"
        shop.add_tracking(order_id, number)
    elif action == "refund":
        shop.refund(order_id)
    elif action == "cancel":
        shop.set_status(order_id, "cancelled")
    else:
        abort(404)


def _same_site() -> None:
    """Forms of other sites may not press the buttons."""
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin and origin.partition("://")[2] != request.host:
        abort(403)


def blueprint(shop: "DemoShop") -> Blueprint:
    """The pages at /."""
    routes = Blueprint("pages", __name__, template_folder="templates")
    dice = random.Random()  # noqa: S311 - which demo buyer comes next is no secret
    routes.before_request(_same_site)

    @routes.after_request
    def guarded(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    @routes.context_processor
    def shop_names() -> dict[str, Any]:
        return {"shop_name": shop.name, "buyers": catalogue.BUYERS, "smtp_down": shop.smtp_is_down}

    @routes.get("/")
    def orders() -> ResponseReturnValue:
        shop.visit()
        page = max(request.args.get("page", 1, type=int), 1)
        with shop.lock:
            ids = sorted(shop.orders, reverse=True)
            rows = [_row(shop, i) for i in ids[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
        more = len(ids) > page * PAGE_SIZE
        return render_template("orders.html", rows=rows, page=page, more=more, count=len(ids))

    @routes.get("/mails")
    def mails() -> ResponseReturnValue:
        shop.visit()
        with shop.lock:
            rows = sorted(shop.mails.values(), key=lambda m: -m["id"])[:200]
        return render_template("mails.html", rows=rows, count=len(shop.mails))

    @routes.get("/mails/<int:mail_id>")
    def mail(mail_id: int) -> ResponseReturnValue:
        shop.visit()
        found = shop.mails.get(mail_id)
        if found is None:
            abort(404)
        return render_template("mail.html", mail=found, frame=FRAME)

    @routes.post("/shop/orders")
    def place() -> ResponseReturnValue:
        wanted = request.form.get("buyer", "")
        buyer = wanted if wanted in catalogue.BUYERS else "DE"
        ago = min(max(request.form.get("days_ago", 0, type=int), 0), 365)
        then = shop.now() - timedelta(days=ago) if ago else None
        paid = "paid" in request.form
        shop.place_order(buyer, items=dice.choice(_BASKETS), paid=paid, created_at=then)
        return redirect(url_for("pages.orders"), 303)

    @routes.post("/shop/orders/<int:order_id>/<action>")
    def act(order_id: int, action: str) -> ResponseReturnValue:
        try:
            _act(shop, order_id, action)
        except ShopError as error:
            return render_template("refused.html", words=error.message), 409
        return redirect(url_for("pages.orders"), 303)

    return routes
