"""The demo shop's REST API as the project's own client meets it, and its quirks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import requests
from woocommerce import API
from woocommerce.oauth import OAuth

from app.demo.server import running
from app.demo.shop import DemoShop


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[DemoShop, str]]:
    shop = DemoShop()
    with running(shop) as url:
        yield shop, url
    shop.close()


@pytest.fixture
def shop(served) -> DemoShop:
    return served[0]


@pytest.fixture
def api(served) -> API:
    shop, url = served
    return API(url, shop.consumer_key, shop.consumer_secret)


def https(url: str, shop: DemoShop, path: str, **params: object) -> requests.Response:
    """A GET over what the shop takes for https."""
    return requests.get(
        f"{url}/wp-json/wc/v3/{path}",
        params=params,
        auth=(shop.consumer_key, shop.consumer_secret),
        headers={"X-Forwarded-Proto": "https"},
        timeout=5,
    )


# --- who is asking ---------------------------------------------------------------------------


def test_the_client_signs_parameters_of_every_kind(shop: DemoShop, api: API) -> None:
    order = shop.place_order("JP")
    params = {"search": "花子 山田", "_fields": "id,total", "include": str(order), "dp": 4}
    answer = api.get("orders", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.json() == [{"id": order, "total": answer.json()[0]["total"]}]
    assert len(answer.json()[0]["total"].partition(".")[2]) == 4


def test_a_nonce_is_good_for_one_request(shop: DemoShop, api: API) -> None:
    answer = api.get("orders")
    again = requests.get(answer.request.url, timeout=5)
    assert again.status_code == 401
    assert "nonce" in again.json()["message"]


def test_an_old_timestamp_is_refused(served) -> None:
    shop, url = served
    old = {"version": "wc/v3", "oauth_timestamp": 1_000_000}
    orders = f"{url}/wp-json/wc/v3/orders"
    signed = OAuth(orders, shop.consumer_key, shop.consumer_secret, **old).get_oauth_url()
    assert requests.get(signed, timeout=5).json()["message"] == "Invalid timestamp."


def test_a_changed_parameter_breaks_the_signature(shop: DemoShop, api: API) -> None:
    url = api.get("orders", params={"per_page": 1}).request.url
    changed = requests.get(url.replace("per_page=1", "per_page=99"), timeout=5)
    assert "signature" in changed.json()["message"]


def test_the_forwarded_scheme_counts_only_while_it_is_trusted(served) -> None:
    shop, url = served
    assert https(url, shop, "orders").status_code == 200
    shop.trust_forwarded_proto = False
    try:
        assert https(url, shop, "orders").status_code == 401
    finally:
        shop.trust_forwarded_proto = True


def test_a_revoked_key_and_a_customers_key_are_refused(served) -> None:
    shop, url = served
    key = shop.add_key("read")
    other = API(url, key["key"], key["secret"])
    assert other.get("orders").status_code == 200
    assert other.post("orders", {}).status_code == 401
    shop.revoke_key(key["key"])
    assert other.get("orders").status_code == 401
    customer = shop.add_key(role="customer")
    assert API(url, customer["key"], customer["secret"]).get("orders").status_code == 403


# --- lists -----------------------------------------------------------------------------------


def test_pages_hold_every_order_once(served) -> None:
    shop, url = served
    placed = {shop.place_order("DE", items=[("SCARF-HE", 1)]) for _ in range(12)}
    seen: list[int] = []
    for page in (1, 2, 3, 4):
        query = {"per_page": 5, "page": page, "orderby": "id", "order": "desc"}
        seen += [row["id"] for row in https(url, shop, "orders", **query).json()]
    assert len(seen) == len(set(seen))
    assert placed <= set(seen)
    past = https(url, shop, "orders", per_page=5, page=99)
    assert past.json() == []
    assert past.headers["X-WP-Total"] == "0"


def test_modified_after_is_exclusive_and_knows_two_good_forms(served) -> None:
    _, _ = served
    moment = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
    shop = DemoShop(now=lambda: moment)
    first = shop.place_order("DE")
    shop.move_clock(timedelta(seconds=1))
    second = shop.place_order("DE")
    with running(shop) as url:

        def ids(**params: str) -> list[int]:
            query = {**params, "orderby": "modified", "order": "asc"}
            return [row["id"] for row in https(url, shop, "orders", **query).json()]

        assert ids(modified_after="2026-07-01T12:00:00", dates_are_gmt="true") == [second]
        assert ids(modified_after="2026-07-01T11:59:59", dates_are_gmt="true") == [first, second]
        assert ids(modified_after="2026-07-01T12:00:00Z") == [second]
        assert ids(modified_after="2026-07-01T11:00:00Z", dates_are_gmt="true") == []
        assert ids(modified_after="2026-07-01T14:00:00") == [second], "naive is Berlin's summer"
        assert ids(modified_after="2026-07-01T14:00:00+02:00") == [second]
    shop.close()


def test_any_leaves_out_the_trash_and_include_finds_only_what_is_there(served) -> None:
    shop, url = served
    kept, thrown, gone = (shop.place_order("DE") for _ in range(3))
    shop.trash(thrown)
    shop.force_delete(gone)
    include = f"{kept},{thrown},{gone}"
    assert [r["id"] for r in https(url, shop, "orders", include=include).json()] == [kept]
    in_trash = https(url, shop, "orders", include=include, status="trash").json()
    assert [r["id"] for r in in_trash] == [thrown]
    assert https(url, shop, f"orders/{gone}").status_code == 404


# --- orders ----------------------------------------------------------------------------------


def test_a_refund_is_negative_in_its_order_and_positive_alone(shop: DemoShop, api: API) -> None:
    order = shop.place_order("DE", items=[("SCARF-HE", 2)], shipping=None)
    line = api.get(f"orders/{order}").json()["line_items"][0]
    wish = {"id": line["id"], "quantity": 1, "refund_total": 33.53}
    wish["refund_tax"] = [{"id": 1, "refund_total": 6.37}]
    made = api.post(f"orders/{order}/refunds", {"line_items": [wish], "reason": "torn"}).json()
    assert made["amount"] == "39.90"
    assert made["line_items"][0]["quantity"] == -1
    shown = api.get(f"orders/{order}").json()
    assert shown["refunds"][0]["total"] == "-39.90"
    assert shown["refunds"][0]["total_tax"] == "-6.37"
    assert shown["total"] == "79.80", "the order's total stays"


def test_a_full_refund_by_amount_has_no_taxes_and_ends_the_order(shop: DemoShop, api: API) -> None:
    order = shop.place_order("DE")
    shop.refund(order)
    shown = api.get(f"orders/{order}").json()
    assert shown["status"] == "refunded"
    assert shown["refunds"][0]["total_tax"] == "0.00"
    shop.delete_refund(shown["refunds"][0]["id"])
    assert api.get(f"orders/{order}").json()["refunds"] == []


def test_meta_values_become_texts_and_null_vanishes(shop: DemoShop, api: API) -> None:
    meta = [{"key": "n", "value": 12}, {"key": "b", "value": False}, {"key": "x", "value": None}]
    order = api.post("orders", {"meta_data": meta}).json()
    assert {m["key"]: m["value"] for m in order["meta_data"]} == {"n": "12", "b": ""}


def test_lines_can_be_changed_added_and_removed(shop: DemoShop, api: API) -> None:
    order = shop.place_order("DE", items=[("MUG-01", 1), ("SCARF-HE", 1)], shipping=None)
    mug, scarf = api.get(f"orders/{order}").json()["line_items"]
    change = [{"id": mug["id"], "quantity": 2}, {"id": scarf["id"], "quantity": 0}]
    shown = api.put(f"orders/{order}", {"line_items": change}).json()
    assert [(x["sku"], x["quantity"]) for x in shown["line_items"]] == [("MUG-01", 2)]
    assert shown["total"] == "29.98"


def test_orders_dated_back_keep_today_as_their_last_change(shop: DemoShop) -> None:
    then = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    shown = shop.show_order(shop.place_order("FR", created_at=then))
    assert shown["date_created_gmt"] == "2026-01-05T09:00:00"
    assert shown["date_created"] == "2026-01-05T10:00:00"
    assert shown["date_paid_gmt"] == "2026-01-05T09:10:00"
    assert shown["date_modified_gmt"] > "2026-02"


def test_cash_on_delivery_is_paid_when_completed(shop: DemoShop) -> None:
    order = shop.place_order("DE", payment_method="cod", status="processing")
    assert shop.show_order(order)["date_paid"] is None
    shop.set_status(order, "completed")
    assert shop.show_order(order)["date_paid"] is not None


@pytest.mark.parametrize("buyer", ["DE", "DE-company", "AT", "FR", "JP", "GB", "US", "BR", "KW"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "USD", "KWD"])
def test_totals_are_the_sum_of_their_parts(shop: DemoShop, buyer: str, currency: str) -> None:
    items = [("MUG-01", 3), ("BOOK-FR", 1), ("GOLD-1", 1), ("SCREW-3", 13)]
    order = shop.place_order(buyer, items=items, currency=currency, fee=("Express", "3.36"))
    shown = shop.show_order(order, 6)
    parts = [float(x["total"]) for k in ("shipping_lines", "fee_lines") for x in shown[k]]
    parts += [round(float(x["total"]), 3 if currency == "KWD" else 2) for x in shown["line_items"]]
    assert float(shown["total"]) == pytest.approx(sum(parts) + float(shown["total_tax"]), abs=2.5)
    if currency == "JPY":
        assert float(shown["total"]).is_integer()


# --- coupons, settings -----------------------------------------------------------------------


def test_a_bad_address_makes_a_coupon_unrestricted_without_a_word(shop: DemoShop, api: API) -> None:
    wish = {"code": "SORRY-1", "amount": "5", "email_restrictions": ["nope"]}
    made = api.post("coupons", wish)
    assert made.status_code == 201
    assert made.json()["email_restrictions"] == []
    assert made.json()["code"] == "sorry-1"
    assert api.get("coupons", params={"code": "SORRY-1"}).json()[0]["id"] == made.json()["id"]


def test_coupons_are_listed_by_id_and_go_for_good_or_to_the_trash(shop: DemoShop, api: API) -> None:
    ids = [api.post("coupons", {"code": f"GO-{n}", "amount": "5"}).json()["id"] for n in range(3)]
    listed = api.get("coupons", params={"include": f"{ids[0]},{ids[2]}"}).json()
    assert [row["id"] for row in listed] == [ids[2], ids[0]]
    assert api.delete(f"coupons/{ids[0]}").json()["code"] == "go-0"
    assert api.get(f"coupons/{ids[0]}").json()["status"] == "trash"
    assert api.get("coupons", params={"code": "GO-0"}).json() == []
    assert api.delete(f"coupons/{ids[1]}", params={"force": True}).status_code == 200
    assert api.get(f"coupons/{ids[1]}").status_code == 404
    assert api.post("coupons", {"code": "GO-2", "amount": "5"}).status_code == 400


def test_what_a_shop_may_keep_of_a_coupon_is_kept(shop: DemoShop, api: API) -> None:
    """`coupon_unique` of the recordings, asked for by our own client."""
    wish = {"code": "ALL-1", "amount": "10", "discount_type": "percent", "individual_use": True}
    wish |= {"usage_limit": 1, "usage_limit_per_user": 1, "minimum_amount": "20"}
    wish |= {"email_restrictions": ["A@Tea.example"], "date_expires": "2026-12-31T23:59:59"}
    made = api.post("coupons", wish).json()
    shown = api.get(f"coupons/{made['id']}").json()
    assert shown["date_expires"] == "2026-12-31T23:59:59"
    assert shown["date_expires_gmt"] == "2026-12-31T22:59:59"
    assert shown["email_restrictions"] == ["a@tea.example"]
    assert (shown["usage_limit"], shown["usage_limit_per_user"], shown["usage_count"]) == (1, 1, 0)


def test_the_number_of_decimals_is_a_setting(shop: DemoShop, api: API) -> None:
    order = shop.place_order("DE")
    path = "settings/general/woocommerce_price_num_decimals"
    assert api.put(path, {"value": "0"}).json()["value"] == "0"
    assert "." not in api.get(f"orders/{order}").json()["total"]
    api.put(path, {"value": "2"})


def test_links_of_lists_carry_spent_nonces(shop: DemoShop, api: API) -> None:
    shop.place_order("DE"), shop.place_order("DE")
    answer = api.get("orders", params={"per_page": 1})
    following = answer.links["next"]["url"]
    assert "oauth_nonce" in following
    assert requests.get(following, timeout=5).status_code == 401


def test_reading_is_no_writing_request(served) -> None:
    shop, url = served
    before = shop.write_count
    https(url, shop, "orders")
    assert shop.write_count == before
    API(url, shop.consumer_key, shop.consumer_secret).post("orders", {})
    assert shop.write_count == before + 1
    assert shop.requests[-1] == ("POST", "/wp-json/wc/v3/orders", 201)


def test_broken_query_parameters_do_not_break_the_shop(served) -> None:
    shop, url = served
    for query in (
        {"page": "-1"},
        {"include": "1,x"},
        {"order": "up"},
        {"status[]": "shipped"},
        {"dp": "99"},
        {"modified_after": "2026-99-99T00:00:00"},
        {"_fields": "a.b,,c"},
        {"per_page": "1" * 30},
    ):
        answer = https(url, shop, f"orders?{urlencode(query)}")
        assert answer.status_code in (200, 400), (query, answer.text)
