"""The demo shop is held to the recordings: each recorded REST exchange is sent to it again.

Status, error codes, fields, types and headers are compared with what the real shop answered; no
field is listed here by hand.
"""

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import pytest
from woocommerce.oauth import OAuth

from app.demo.rest import create_app
from app.demo.shop import DemoShop

from .recorded import BASE, Json, changed_lists, recorded_shop, transcript, transcript_names
from .shapes import differences, learn

NOT_SPOKEN = {
    "actions_email_templates": "the project sends no templates",
    "actions_send_email": "the project sends no templates",
    "actions_send_email_bad_template": "the project sends no templates",
    "actions_send_email_default": "the project sends no templates",
    "actions_send_email_no_address": "the project sends no templates",
    "actions_send_email_other_address": "the project sends no templates",
    "countries_de": "the project has its own list of countries",
    "fulfillments_lookup_dhl": "guesses carriers, wrongly",
    "fulfillments_lookup_ups": "guesses carriers",
    "receipt_get": "the project makes its own documents",
    "receipt_post": "the project makes its own documents",
    "store_checkout_get": "another API, for the shop's own pages",
    "store_checkout_post": "another API, for the shop's own pages",
    "taxes_post": "the tax table of the demo is fixed",
    "variation_post": "the catalogue of the demo is fixed",
}
FREE = ("meta_data", "options", ".value", ".routes", ".environment", ".settings", ".theme")
"""Places whose content is data: its keys and types differ from shop to shop."""

SPOKEN = [name for name in transcript_names() if name not in NOT_SPOKEN]


def _forget_coupons(shop: DemoShop) -> None:
    shop.coupons.clear()


def _forget_customers(shop: DemoShop) -> None:
    shop.customers.clear()


def _trash_84(shop: DemoShop) -> None:
    shop.trash(84)


def _no_refunds_of(order_id: int) -> Callable[[DemoShop], None]:
    def prepare(shop: DemoShop) -> None:
        for refund in shop.children("refunds", order_id):
            shop.drop_child("refunds", refund)
        shop.orders[order_id]["status"] = "processing"

    return prepare


def _after_first_step(shop: DemoShop) -> None:
    _no_refunds_of(66)(shop)
    shop.refund(66, "10.00")


def _everything_refunded(shop: DemoShop) -> None:
    _after_first_step(shop)
    shop.refund(66)


def _no_decimals(shop: DemoShop) -> None:
    shop.change_setting("general", "woocommerce_price_num_decimals", "0")


def _net_prices(shop: DemoShop) -> None:
    shop.change_setting("tax", "woocommerce_prices_include_tax", "no")


def _coupons_of_the_time(shop: DemoShop) -> None:
    for code, value in (("ten-prozent", "10"), ("alles0", "100")):
        if not shop.coupon_by_code(code):
            shop.write_coupon({"code": code, "discount_type": "percent", "amount": value})
    shop.coupon_by_code("alles0")["free_shipping"] = True


def _order_87_in_trash(shop: DemoShop) -> None:
    order = {**shop.show_order(84), "id": 87}
    shop.load_recorded(order)
    shop.trash(87)


def _order_85_back(shop: DemoShop) -> None:
    shop.load_recorded(transcript("orders_delete_force")["response"]["json"])


def _refund_83_back(shop: DemoShop) -> None:
    refund = transcript("refunds_delete")["response"]["json"]
    shop._load_refund(shop.orders[81], refund)


def _no_fulfilments(shop: DemoShop) -> None:
    for row in shop.children("fulfillments", 69):
        shop.drop_child("fulfillments", row)


def _draft_fulfilment(shop: DemoShop) -> None:
    row = shop.find_fulfilment(69, 3)
    kept = [m for m in row["meta_data"] if m["key"] == "_items"]
    row.update(status="unfulfilled", is_fulfilled=False, meta_data=kept)


def _smtp_down(shop: DemoShop) -> None:
    shop.smtp_is_down = True


def _many_refunds(shop: DemoShop) -> None:
    shop.refund(35, "1.00")


def _trash_84_for_list(shop: DemoShop) -> None:
    shop.trash(84)
    shop.orders[84]["date_modified_gmt"] = "2026-11-23T05:00:00"


PREPARE: dict[str, Callable[[DemoShop], None]] = {
    "actions_send_order_details_smtp_down": _smtp_down,
    "customers_post_BR": _forget_customers,
    "customers_post_DE": _forget_customers,
    "customers_post_FR": _forget_customers,
    "customers_post_JP": _forget_customers,
    "customers_post_US": _forget_customers,
    "coupons_post": _forget_coupons,
    "coupons_post_unicode": _forget_coupons,
    "coupon_unique": _forget_coupons,
    "coupon_expired_date": _forget_coupons,
    "err_deleted_user_key": lambda shop: shop.keys.pop("ck_manager_rw") and None,
    "err_401_bad_key_basic_https": lambda shop: shop.keys.pop("ck_admin_rw") and None,
    "err_401_bad_key_oauth": lambda shop: shop.keys.pop("ck_admin_rw") and None,
    "err_401_bad_secret_basic_https": lambda shop: shop.keys["ck_admin_rw"].update(secret="x"),
    "err_401_bad_secret_oauth": lambda shop: shop.keys["ck_admin_rw"].update(secret="x"),
    "fulfillments_post_draft": _no_fulfilments,
    "fulfillments_put": _draft_fulfilment,
    "notes_post_customer_smtp_down": _smtp_down,
    "orders_batch": _order_87_in_trash,
    "orders_delete_force": _order_85_back,
    "orders_get_jpy_store_0_decimals": _no_decimals,
    "orders_get_trashed": _trash_84,
    "orders_list_status_trash": _trash_84_for_list,
    "orders_post_excl_de_rounding": _net_prices,
    "orders_post_jpy_store_0_decimals": _no_decimals,
    "orders_post_de_registered_mixed_coupon": _coupons_of_the_time,
    "orders_post_zero_total_coupon": _coupons_of_the_time,
    "orders_put_trashed": _trash_84,
    "orders_put_trashed_status": _trash_84,
    "refunds_delete": _refund_83_back,
    "refunds_post_full_amount_only": _no_refunds_of(65),
    "refunds_post_partial_qty_with_tax": _no_refunds_of(64),
    "refunds_post_shipping_only": _no_refunds_of(67),
    "refunds_post_steps_1": _no_refunds_of(66),
    "refunds_post_steps_2_rest": _after_first_step,
    "refunds_post_steps_3_too_much": _everything_refunded,
}


def _signed_target(request: Json) -> str:
    """The request's path and query, signed by the client that the project uses."""
    key = request["key"]
    query = urlencode(request["params"] or {})
    url = f"{BASE}{request['path']}?{query}" if query else f"{BASE}{request['path']}"
    oauth = OAuth(url, f"ck_{key}", f"cs_{key}", version="wc/v3", method=request["method"])
    signed = urlsplit(oauth.get_oauth_url())
    return f"{signed.path}?{signed.query}"


def send_again(shop: DemoShop, request: Json):
    """Send a recorded request to the demo shop, with keys of the same kind."""
    client = create_app(shop).test_client()
    headers = {k: v for k, v in request.get("headers", {}).items() if k not in ("Authorization",)}
    auth, key = request["auth"], request["key"]
    query = urlencode(request["params"] or {}).replace("recorded_", "")
    target = f"{request['path']}?{query}" if query else request["path"]
    if auth == "oauth":
        target = _signed_target(request)
    elif auth.startswith("basic"):
        token = base64.b64encode(f"ck_{key}:cs_{key}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    body = request["body"]
    data = None
    if isinstance(body, str):
        # the recording shows the byte that is no UTF-8 as a replacement character
        data = body.replace("\ufffd", "\udce4").encode("utf-8", "surrogateescape")
    elif body is not None:
        data = json.dumps(body).encode()
    base = BASE.replace("http", "https") if auth == "basic-https" else BASE
    method = request["method"]
    return client.open(target, method=method, headers=headers, data=data, base_url=base)


def _kind_of_answer(request: Json) -> str:
    """Answers of one route belong together: /orders/34 and /orders/35, a list and a post."""
    path = re.sub(r"/\d+", "/N", request["path"])
    path = re.sub(r"(settings/\w+)/\w+$", r"\1/NAME", path)
    return re.sub(r"/orders(/N)?(/batch)?$", "/orders", path)


@pytest.fixture(scope="module")
def types_by_route() -> dict[str, dict[str, set[str]]]:
    """Every type that any recording of a route shows, by place."""
    known: dict[str, dict[str, set[str]]] = {}
    for name in SPOKEN:
        exchange = transcript(name)
        shown = exchange["response"].get("json")
        for value in shown if isinstance(shown, list) else [shown]:
            if isinstance(value, dict) and "code" in value and "data" in value:
                learn(known.setdefault("errors", {}), value)
            learn(known.setdefault(_kind_of_answer(exchange["request"]), {}), value)
    return known


def test_every_recorded_exchange_is_answered_or_named_as_not_spoken() -> None:
    assert len(transcript_names()) == 244
    assert set(NOT_SPOKEN) <= set(transcript_names())


def _compare_headers(ours, recorded: dict[str, str]) -> list[str]:
    wrong = []
    for header in ("Content-Type", "Allow", "Vary"):
        if ours.headers.get(header) != recorded.get(header):
            wrong.append(f"{header}: {ours.headers.get(header)!r}, not {recorded.get(header)!r}")
    for header in ("X-WP-Total", "X-WP-TotalPages", "Link", "Location", "Retry-After"):
        if (header in ours.headers) != (header in recorded):
            wrong.append(f"{header}: {ours.headers.get(header)!r}, not {recorded.get(header)!r}")
    if recorded.get("X-WP-Total") == "0" and ours.headers.get("X-WP-Total") != "0":
        wrong.append(f"X-WP-Total: {ours.headers.get('X-WP-Total')}, not 0")
    rels = [
        sorted(re.findall(r'rel="([^"]+)"', h.get("Link", ""))) for h in (ours.headers, recorded)
    ]
    if rels[0] != rels[1]:
        wrong.append(f"Link: {rels[0]}, not {rels[1]}")
    places = [re.sub(r"\d+$", "N", h.get("Location", "")) for h in (ours.headers, recorded)]
    if places[0] != places[1]:
        wrong.append(f"Location: {places[0]}, not {places[1]}")
    return wrong


def _one_level(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", SPOKEN)
def test_the_demo_shop_answers_as_recorded(name: str, types_by_route) -> None:
    exchange = transcript(name)
    request, recorded = exchange["request"], exchange["response"]
    shop = recorded_shop()
    PREPARE.get(name, lambda _: None)(shop)
    ours = send_again(shop, request)
    shop.close()
    assert ours.status_code == recorded["status"], ours.get_data(as_text=True)[:600]
    wrong = []
    if "headers" in recorded:
        wrong += _compare_headers(ours, dict(recorded["headers"]))
    if request["method"] not in ("HEAD", "OPTIONS"):  # the schema that OPTIONS shows is not spoken
        found = _compare_json(ours.get_json(), recorded["json"], request, types_by_route)
        trimmed = recorded.get("trimmed")  # the recording left fields out
        wrong += [w for w in found if not (trimmed and w.endswith("was never recorded"))]
    assert not wrong, "\n".join(wrong)


def _compare_json(ours: Json, recorded: Json, request: Json, types_by_route) -> list[str]:
    if isinstance(ours, list) != isinstance(recorded, list):
        return [f"{type(ours).__name__} instead of {type(recorded).__name__}"]
    if isinstance(recorded, list) and bool(ours) != bool(recorded):
        return [f"{len(ours)} rows, recorded: {len(recorded)}"]
    types = types_by_route[_kind_of_answer(request)]
    rows = _one_level(ours)
    wrong = differences(rows, _one_level(recorded), {f"[]{k}": v for k, v in types.items()}, FREE)
    if isinstance(recorded, dict) and "code" in recorded and "message" in recorded:
        for field in ("code", "message", "data"):
            if ours[field] != recorded[field]:
                wrong.append(f"{field}: {ours[field]!r}, not {recorded[field]!r}")
    return wrong


@pytest.mark.parametrize("name", changed_lists())
def test_lists_by_modified_after_hold_the_recorded_orders(name: str) -> None:
    exchange = transcript(name)
    recorded = [row["id"] for row in exchange["response"]["json"]]
    shop = recorded_shop()
    ours = send_again(shop, exchange["request"])
    if len(recorded) < 10:  # the longer one is cut by its page size
        assert [row["id"] for row in ours.get_json()] == recorded
    else:
        assert len(ours.get_json()) == 10
    shop.close()


_AMOUNTS = ("total", "total_tax", "cart_tax", "shipping_total", "shipping_tax")
_AMOUNTS += ("discount_total", "discount_tax", "status", "currency", "needs_payment")
POSTED = [
    n for n in SPOKEN if n.startswith("orders_post") and transcript(n)["response"]["status"] == 201
]


@pytest.mark.parametrize("name", POSTED)
def test_a_posted_order_comes_to_the_recorded_amounts(name: str) -> None:
    exchange = transcript(name)
    shop = recorded_shop()
    PREPARE.get(name, lambda _: None)(shop)
    ours, recorded = send_again(shop, exchange["request"]).get_json(), exchange["response"]["json"]
    shop.close()
    assert {f: ours[f] for f in _AMOUNTS} == {f: recorded[f] for f in _AMOUNTS}
    rates = [
        [(line["rate_code"], line["tax_total"], line["rate_percent"]) for line in o["tax_lines"]]
        for o in (ours, recorded)
    ]
    assert rates[0] == rates[1]
