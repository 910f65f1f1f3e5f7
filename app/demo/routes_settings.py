"""REST: what the shop is set to — settings, taxes, shipping, currencies, its own state."""

from typing import Any

from app.demo import catalogue, routes_order_parts, routes_orders, routes_shop, views
from app.demo.api import Call, Reply, Route, paged
from app.demo.state import Record, ShopError


def _linked(call: Call, row: Record, collection: str, item: object, allow: list[str]) -> Record:
    return {**row, "_links": views.links(call.shop.base_url, collection, item, allow)}


def _up(call: Call, path: str) -> list[Record]:
    return [{"href": f"{call.shop.base_url}{views.API}/{path}"}]


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
    for section, change in shop.status_changes.items():
        status[section] = status[section] | change if isinstance(change, dict) else change
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
    names = [f"/wc/v3/{route.pattern}".rstrip("/") for route in ALL_ROUTES]
    return Reply({"namespace": "wc/v3", "routes": sorted(names)})


_LIST = "GET, POST"
_EDITABLE = "GET, POST, PUT, PATCH"

ROUTES = [
    Route("", get=namespace),
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

ALL_ROUTES = [*routes_orders.ROUTES, *routes_order_parts.ROUTES, *routes_shop.ROUTES, *ROUTES]
