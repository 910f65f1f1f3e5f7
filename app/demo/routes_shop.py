"""REST: customers, coupons, products and webhooks."""

import html
from collections.abc import Callable, Iterable

from app.demo import params
from app.demo.api import Call, Reply, Route, paged
from app.demo.people import EMAIL
from app.demo.state import Record, ShopError

Show = Callable[[Record], Record]


def _newest_first(rows: Iterable[Record]) -> list[Record]:
    return sorted(rows, key=lambda row: -row["id"])


# --- customers -------------------------------------------------------------------------------


def list_customers(call: Call) -> Reply:
    """GET /customers, by name; `email` ignores case and finds no guests."""
    email = call.args.get("email")
    if email is not None and not EMAIL.match(str(email)):
        raise params.invalid("email", "rest_invalid_email", "Invalid email address.")
    role = str(call.args.get("role", "customer"))
    with call.shop.lock:
        rows = list(call.shop.customers.values())
        if role == "all":
            rows.append(call.shop.find_customer(1))
        if email is not None:
            rows = [c for c in rows if c["email"].lower() == str(email).lower()]
        if include := params.numbers(call.args, "include"):
            rows = [c for c in rows if c["id"] in include]
        rows.sort(key=lambda c: c["username"])
        return paged(call, rows, call.shop.show_customer)


def create_customer(call: Call) -> Reply:
    """POST /customers."""
    row = call.shop.write_customer(call.body)
    return Reply(call.shop.show_customer(row), 201, location=f"customers/{row['id']}")


def get_customer(call: Call) -> Reply:
    """GET /customers/{id}."""
    shown = call.shop.show_customer(call.shop.find_customer(call.id))
    return Reply(shown, allow="GET, POST, PUT, PATCH" if call.id == 1 else None)


def update_customer(call: Call) -> Reply:
    """PUT /customers/{id}."""
    return Reply(call.shop.show_customer(call.shop.write_customer(call.body, call.id)))


def delete_customer(call: Call) -> Reply:
    """DELETE /customers/{id}."""
    call.must_force()
    shown = call.shop.show_customer(call.shop.find_customer(call.id))
    shown["_links"]["self"][0].pop("targetHints")  # the user is gone when the links are made
    call.shop.delete_customer(call.id)
    return Reply(shown, allow="")


# --- coupons ---------------------------------------------------------------------------------


def list_coupons(call: Call) -> Reply:
    """GET /coupons; `code` ignores case, `include` lists ids."""
    code = call.args.get("code")
    with call.shop.lock:
        rows = [c for c in call.shop.coupons.values() if c["status"] != "trash"]
        if code is not None:
            wanted = html.escape(str(code).lower(), quote=False)
            rows = [c for c in rows if c["code"] == wanted]
        if include := params.numbers(call.args, "include"):
            rows = [c for c in rows if c["id"] in include]
        return paged(call, _newest_first(rows), call.shop.show_coupon)


def create_coupon(call: Call) -> Reply:
    """POST /coupons."""
    row = call.shop.write_coupon(call.body)
    return Reply(call.shop.show_coupon(row), 201, location=f"coupons/{row['id']}")


def get_coupon(call: Call) -> Reply:
    """GET /coupons/{id}."""
    return Reply(call.shop.show_coupon(call.shop.find_coupon(call.id)))


def update_coupon(call: Call) -> Reply:
    """PUT /coupons/{id}."""
    return Reply(call.shop.show_coupon(call.shop.write_coupon(call.body, call.id)))


def delete_coupon(call: Call) -> Reply:
    """DELETE /coupons/{id}: to the trash, or for good with force."""
    return Reply(call.shop.show_coupon(call.shop.delete_coupon(call.id, force=call.force)))


# --- products --------------------------------------------------------------------------------


def list_products(call: Call) -> Reply:
    """GET /products."""
    with call.shop.lock:
        rows = list(call.shop.products.values())
        if sku := call.args.get("sku"):
            rows = [p for p in rows if p["sku"] == sku]
        return paged(call, _newest_first(rows), call.shop.show_product)


def create_product(call: Call) -> Reply:
    """POST /products."""
    row = call.shop.write_product(call.body)
    shown = call.shop.show_product(row)
    links = shown.pop("_links")
    template = f"{call.shop.base_url}/product/%pagename%/"
    shown |= {"permalink_template": template, "generated_slug": row["slug"], "_links": links}
    return Reply(shown, 201, location=f"products/{row['id']}")


def get_product(call: Call) -> Reply:
    """GET /products/{id}."""
    return Reply(call.shop.show_product(call.shop.find_product(call.id)))


def update_product(call: Call) -> Reply:
    """PUT /products/{id}."""
    return Reply(call.shop.show_product(call.shop.write_product(call.body, call.id)))


# --- webhooks --------------------------------------------------------------------------------


def list_webhooks(call: Call) -> Reply:
    """GET /webhooks."""
    status = params.choice(call.args, "status", ("all", "active", "paused", "disabled"))
    with call.shop.lock:
        rows = list(call.shop.webhooks.values())
        if status != "all":
            rows = [w for w in rows if w["status"] == status]
        return paged(call, _newest_first(rows), call.shop.show_webhook)


def create_webhook(call: Call) -> Reply:
    """POST /webhooks; the ping goes out before the answer (recordings, 4)."""
    row = call.shop.write_webhook(call.body, user_id=call.user_id)
    return Reply(call.shop.show_webhook(row), 201, location=f"webhooks/{row['id']}")


def get_webhook(call: Call) -> Reply:
    """GET /webhooks/{id}."""
    return Reply(call.shop.show_webhook(call.shop.find_webhook(call.id)))


def update_webhook(call: Call) -> Reply:
    """PUT /webhooks/{id}."""
    return Reply(call.shop.show_webhook(call.shop.write_webhook(call.body, call.id)))


def delete_webhook(call: Call) -> Reply:
    """DELETE /webhooks/{id}."""
    call.must_force()
    shown = call.shop.show_webhook(call.shop.find_webhook(call.id))
    call.shop.delete_webhook(call.id)
    return Reply(shown)


def batch_webhooks(call: Call) -> Reply:
    """POST /webhooks/batch."""
    shop, answer = call.shop, {}
    if "create" in call.body:
        wishes = call.body["create"]
        answer["create"] = [shop.show_webhook(shop.write_webhook(w)) for w in wishes]
    if "update" in call.body:
        wishes = call.body["update"]
        answer["update"] = [shop.show_webhook(shop.write_webhook(w, w["id"])) for w in wishes]
    if "delete" in call.body:
        answer["delete"] = [_delete_one(call, number) for number in call.body["delete"]]
    return Reply(answer)


def _delete_one(call: Call, number: int) -> Record:
    try:
        shown = call.shop.show_webhook(call.shop.find_webhook(number))
    except ShopError as error:
        told = {"code": error.code, "message": "Invalid ID.", "data": error.data}
        return {"id": number, "error": told}
    call.shop.delete_webhook(number)
    return shown


_ITEM = "GET, POST, PUT, PATCH, DELETE"

ROUTES = [
    Route("customers", get=list_customers, post=create_customer),
    Route("customers/<id>", get=get_customer, edit=update_customer, delete=delete_customer),
    Route("coupons", get=list_coupons, post=create_coupon),
    Route("coupons/<id>", get=get_coupon, edit=update_coupon, delete=delete_coupon),
    Route("products", get=list_products, post=create_product),
    Route("products/<id>", get=get_product, edit=update_product, allows=_ITEM),
    Route("webhooks", get=list_webhooks, post=create_webhook),
    Route("webhooks/batch", batch=batch_webhooks),
    Route("webhooks/<id>", get=get_webhook, edit=update_webhook, delete=delete_webhook),
]
