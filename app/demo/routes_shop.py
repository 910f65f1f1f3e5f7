"""REST: the shop itself — customers, coupons, products, webhooks, settings, taxes, shipping."""

import html
from collections.abc import Callable, Iterable
from typing import Any

from app.demo import catalogue, params, views
from app.demo.api import Call, Reply, Route, paged
from app.demo.people import EMAIL
from app.demo.state import Record, ShopError

Show = Callable[[Record], Record]


def _linked(call: Call, row: Record, collection: str, item: object, allow: list[str]) -> Record:
    return {**row, "_links": views.links(call.shop.base_url, collection, item, allow)}


def _up(call: Call, path: str) -> list[Record]:
    return [{"href": f"{call.shop.base_url}{views.API}/{path}"}]


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
    """GET /coupons; `code` ignores case."""
    code = call.args.get("code")
    with call.shop.lock:
        rows = [c for c in call.shop.coupons.values() if c["status"] != "trash"]
        if code is not None:
            wanted = html.escape(str(code).lower(), quote=False)
            rows = [c for c in rows if c["code"] == wanted]
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


# --- settings --------------------------------------------------------------------------------


def list_groups(call: Call) -> Reply:
    """GET /settings."""
    rows = catalogue.seed("settings_groups")
    return Reply([{**r, "_links": {"options": _up(call, f"settings/{r['id']}")}} for r in rows])


def _shown_setting(call: Call, group: str, row: Record, *, alone: bool) -> Record:
    allow = ["GET", "POST", "PUT", "PATCH"]
    shown = {**row, "group_id": group} if alone else dict(row)
    return _linked(call, shown, f"settings/{group}", row["id"], allow)


def list_settings(call: Call) -> Reply:
    """GET /settings/{group}."""
    group = str(call.ids["group"])
    with call.shop.lock:
        rows = call.shop.settings.get(group)
        if rows is None:
            raise ShopError("rest_setting_setting_group_invalid", "Invalid setting group.", 404)
        return Reply([_shown_setting(call, group, row, alone=False) for row in rows])


def get_setting(call: Call) -> Reply:
    """GET /settings/{group}/{name}."""
    group = str(call.ids["group"])
    row = call.shop.setting_row(group, str(call.ids["name"]))
    return Reply(_shown_setting(call, group, row, alone=True))


def update_setting(call: Call) -> Reply:
    """PUT /settings/{group}/{name}."""
    group, name = str(call.ids["group"]), str(call.ids["name"])
    row = call.shop.setting_row(group, name)
    value = call.param("value")
    options = row.get("options")
    if isinstance(options, dict) and row["type"] == "radio" and value not in options:
        code = "rest_setting_value_invalid"
        raise ShopError(code, "An invalid setting value was passed.", 400)
    row = call.shop.change_setting(group, name, value)
    return Reply(_shown_setting(call, group, row, alone=True))


# --- the rest --------------------------------------------------------------------------------


def system_status(call: Call) -> Reply:
    """GET /system_status."""
    shop = call.shop
    status: Record = catalogue.seed("system_status")
    status["environment"] |= {"home_url": shop.base_url, "site_url": shop.base_url}
    status["settings"] |= {"currency": shop.currency, "number_of_decimals": shop.decimals}
    return Reply(status)


def list_taxes(call: Call) -> Reply:
    """GET /taxes."""
    return paged(
        call, call.shop.tax_table, lambda r: _linked(call, r, "taxes", r["id"], views.ITEM)
    )


def list_tax_classes(call: Call) -> Reply:
    """GET /taxes/classes."""
    rows: list[Record] = catalogue.seed("tax_classes")
    links = {"collection": _up(call, "taxes/classes")}
    return Reply([{**row, "_links": links} for row in rows], total=len(rows))


def list_zones(call: Call) -> Reply:
    """GET /shipping/zones."""
    rows = []
    for row in catalogue.seed("zones"):
        shown = _linked(call, row, "shipping/zones", row["id"], views.ITEM)
        shown["_links"]["describedby"] = _up(call, f"shipping/zones/{row['id']}/locations")
        rows.append(shown)
    return Reply(rows, total=len(rows))


def list_zone_methods(call: Call) -> Reply:
    """GET /shipping/zones/{id}/methods."""
    path = f"shipping/zones/{call.id}"
    rows = []
    for row in catalogue.seed("zone_methods").get(str(call.id), []):
        shown = _linked(call, row, f"{path}/methods", row["instance_id"], views.ITEM)
        shown["_links"]["describes"] = _up(call, path)
        rows.append(shown)
    return Reply(rows, total=len(rows))


def list_zone_locations(call: Call) -> Reply:
    """GET /shipping/zones/{id}/locations."""
    path = f"shipping/zones/{call.id}"
    links = {"collection": _up(call, f"{path}/locations"), "describes": _up(call, path)}
    rows = catalogue.seed("zone_locations").get(str(call.id), [])
    return Reply([{**row, "_links": links} for row in rows], total=len(rows))


def list_shipping_methods(call: Call) -> Reply:
    """GET /shipping_methods."""
    rows: list[Any] = catalogue.seed("shipping_methods")
    shown = [_linked(call, row, "shipping_methods", row["id"], ["GET"]) for row in rows]
    return Reply(shown, total=len(rows))


def list_gateways(call: Call) -> Reply:
    """GET /payment_gateways."""
    rows: list[Any] = catalogue.seed("payment_gateways")
    return Reply(rows, total=len(rows))


def _currency(call: Call, code: str) -> Record:
    name, symbol = catalogue.currencies()[code]
    row = {"code": code, "name": name, "symbol": symbol}
    return _linked(call, row, "data/currencies", code, ["GET"])


def current_currency(call: Call) -> Reply:
    """GET /data/currencies/current."""
    return Reply(_currency(call, call.shop.currency))


def list_currencies(call: Call) -> Reply:
    """GET /data/currencies."""
    return Reply([_currency(call, code) for code in catalogue.currencies()])


def namespace(call: Call) -> Reply:
    """GET /wp-json/wc/v3: the routes of the namespace."""
    from app.demo.routes_orders import ROUTES as ORDER_ROUTES

    names = [f"/wc/v3/{route.pattern}".rstrip("/") for route in [*ORDER_ROUTES, *ROUTES]]
    return Reply({"namespace": "wc/v3", "routes": sorted(names)})


_LIST = "GET, POST"
_EDITABLE = "GET, POST, PUT, PATCH"
_ITEM = "GET, POST, PUT, PATCH, DELETE"

ROUTES = [
    Route("", get=namespace),
    Route("customers", get=list_customers, post=create_customer),
    Route("customers/<id>", get=get_customer, edit=update_customer, delete=delete_customer),
    Route("coupons", get=list_coupons, post=create_coupon),
    Route("coupons/<id>", get=get_coupon, edit=update_coupon, delete=delete_coupon),
    Route("products", get=list_products, post=create_product),
    Route("products/<id>", get=get_product, edit=update_product, allows=_ITEM),
    Route("webhooks", get=list_webhooks, post=create_webhook),
    Route("webhooks/batch", batch=batch_webhooks),
    Route("webhooks/<id>", get=get_webhook, edit=update_webhook, delete=delete_webhook),
    Route("settings", get=list_groups),
    Route("settings/<group:text>", get=list_settings),
    Route("settings/<group:text>/<name:text>", get=get_setting, edit=update_setting),
    Route("system_status", get=system_status),
    Route("taxes", get=list_taxes, allows=_LIST),
    Route("taxes/classes", get=list_tax_classes, allows=_LIST),
    Route("shipping/zones", get=list_zones, allows=_LIST),
    Route("shipping/zones/<id>/methods", get=list_zone_methods, allows=_LIST),
    Route("shipping/zones/<id>/locations", get=list_zone_locations, allows=_EDITABLE),
    Route("shipping_methods", get=list_shipping_methods),
    Route("payment_gateways", get=list_gateways),
    Route("data/currencies", get=list_currencies),
    Route("data/currencies/current", get=current_currency),
]
