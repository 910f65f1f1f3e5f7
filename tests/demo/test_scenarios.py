"""What is done in the demo shop fires what the same fired in the recorded one, in its order."""

import json
from collections.abc import Callable

import pytest

from app.demo.shop import DemoShop

from .receiver import Receiver
from .recorded import scenarios

ERIKA = {
    "billing": {"first_name": "Erika", "last_name": "Muster", "email": "erika@kunde.test"},
    "payment_method": "bacs",
    "line_items": [{"product_id": 12, "quantity": 1}],
}


@pytest.fixture
def shop(listening_shop: DemoShop) -> DemoShop:
    return listening_shop


def quiet(shop: DemoShop, receiver: Receiver) -> None:
    """Let everything be delivered, then forget it."""
    assert shop.deliveries.wait_idle()
    receiver.requests.clear()


Scenario = Callable[[DemoShop, Receiver], object]
SCENARIOS: dict[str, Scenario] = {}


def scenario(*names: str) -> Callable[[Scenario], Scenario]:
    def keep(action: Scenario) -> Scenario:
        for name in names:
            SCENARIOS[name] = action
        return action

    return keep


def _order(shop: DemoShop, receiver: Receiver, **changes) -> int:
    order_id = shop.create_order({**ERIKA, **changes})["id"]
    quiet(shop, receiver)
    return order_id


@scenario("rest_create_pending")
def _(shop, receiver):
    shop.create_order(ERIKA)


@scenario("rest_status_processing")
def _(shop, receiver):
    shop.set_status(_order(shop, receiver), "processing")


@scenario("rest_status_completed")
def _(shop, receiver):
    shop.set_status(_order(shop, receiver, status="processing"), "completed")


@scenario("php_save_meta_only", "php_save_meta_data_only")
def _(shop, receiver):
    order = _order(shop, receiver, status="processing")
    shop.update_order(order, {"meta_data": [{"key": "_bridge", "value": "1"}]})


@scenario("rest_put_no_change", "rest_put_meta")
def _(shop, receiver):
    order = _order(shop, receiver, status="completed")
    shop.update_order(order, {"meta_data": [{"key": "_bridge", "value": "1"}]})


@scenario("rest_put_three_quick_changes")
def _(shop, receiver):
    order = _order(shop, receiver, status="completed")
    shop.set_cron("visitors")
    for text in ("a", "b", "c"):
        shop.update_order(order, {"customer_note": text})
    shop.visit()


@scenario("rest_note_private", "rest_note_empty")
def _(shop, receiver):
    shop.add_note(_order(shop, receiver), "")


@scenario(
    "rest_note_customer",
    "rest_note_customer_string_true",
    "php_add_customer_note",
    "note_text_markdown",
    "note_text_whitespace",
)
def _(shop, receiver):
    shop.add_note(_order(shop, receiver), "   \n ", customer=True)


@scenario("rest_note_guest_no_email")
def _(shop, receiver):
    shop.add_note(_order(shop, receiver, billing={}), "x", customer=True)


@scenario("rest_note_customer_smtp_down")
def _(shop, receiver):
    shop.smtp_is_down = True
    shop.add_note(_order(shop, receiver), "x", customer=True)


@scenario("rest_note_customer_email_disabled")
def _(shop, receiver):
    shop.change_setting("email_customer_note", "enabled", "no")
    shop.add_note(_order(shop, receiver), "x", customer=True)


@scenario("rest_refund_partial")
def _(shop, receiver):
    order = _order(shop, receiver, status="completed")
    shop.refund(order, "5.00")


@scenario("rest_refund_rest_full")
def _(shop, receiver):
    order = _order(shop, receiver, status="completed")
    shop.refund(order, "5.00")
    quiet(shop, receiver)
    shop.refund(order)


@scenario("rest_refund_delete")
def _(shop, receiver):
    order = _order(shop, receiver, status="completed")
    refund = shop.refund(order, "5.00")
    quiet(shop, receiver)
    shop.delete_refund(refund)


@scenario("rest_trash")
def _(shop, receiver):
    order = shop.create_order(ERIKA)["id"]
    assert shop.deliveries.wait_idle()
    shop.trash(order)


@scenario("rest_trash_for_list")
def _(shop, receiver):
    shop.trash(_order(shop, receiver))


@scenario("rest_put_trashed")
def _(shop, receiver):
    order = _order(shop, receiver)
    shop.trash(order)
    quiet(shop, receiver)
    shop.update_order(order, {"customer_note": "x"})


@scenario("php_untrash")
def _(shop, receiver):
    order = _order(shop, receiver)
    shop.trash(order)
    quiet(shop, receiver)
    shop.restore(order)


@scenario("rest_trash_then_restore_by_status")
def _(shop, receiver):
    order = _order(shop, receiver)
    shop.trash(order)
    assert shop.deliveries.wait_idle()
    shop.restore_by_status(order)


@scenario("rest_force_delete")
def _(shop, receiver):
    order = shop.create_order(ERIKA)["id"]
    assert shop.deliveries.wait_idle()
    shop.force_delete(order)


@scenario("update_then_force_delete_before_queue")
def _(shop, receiver):
    order = shop.create_order(ERIKA)["id"]
    assert shop.deliveries.wait_idle()
    shop.set_cron("visitors")
    shop.update_order(order, {"customer_note": "x"})
    shop.force_delete(order)
    shop.visit()


@scenario("create_then_trash_before_queue")
def _(shop, receiver):
    shop.set_cron("visitors")
    shop.trash(shop.create_order(ERIKA)["id"])
    shop.visit()


@scenario("rest_batch")
def _(shop, receiver):
    old = _order(shop, receiver, status="refunded")
    paid = {**ERIKA, "line_items": [{"product_id": 13, "quantity": 1}], "set_paid": True}
    with shop.changing():
        shop.create_order(paid)
        shop.create_order(ERIKA)
        shop.update_order(old, {"customer_note": "b"})


@scenario("php_create_order")
def _(shop, receiver):
    shop.create_order({**ERIKA, "set_paid": True})


@scenario("php_update_status")
def _(shop, receiver):
    shop.set_status(_order(shop, receiver), "completed")


@scenario("storeapi_checkout_placed")
def _(shop, receiver):
    items = [("SCARF-HE", 1), ("BOOK-FR", 2)]
    kind = {"payment_method": "cod", "status": "processing", "created_via": "store-api"}
    shop.place_order("DE", items=items, **kind)


@scenario("rest_create_checkout_draft")
def _(shop, receiver):
    shop.create_order({**ERIKA, "status": "checkout-draft"})


@scenario("rest_update_checkout_draft")
def _(shop, receiver):
    order = _order(shop, receiver, status="checkout-draft")
    shop.update_order(order, {"customer_note": "x"})


@scenario("rest_draft_to_pending")
def _(shop, receiver):
    shop.set_status(_order(shop, receiver, status="checkout-draft"), "pending")


@scenario("fulfillment_draft")
def _(shop, receiver):
    order = _order(shop, receiver, status="processing")
    shop.write_fulfilment(order, {"status": "unfulfilled", "is_fulfilled": False})


@scenario("fulfillment_fulfilled_notify", "fulfillment_update_to_fulfilled")
def _(shop, receiver):
    shop.fulfil(_order(shop, receiver, status="processing"), "JVGL0000", notify=True)


@scenario("fulfillment_delete")
def _(shop, receiver):
    order = _order(shop, receiver, status="processing")
    fulfilment = shop.fulfil(order, "1", items=[(1, 1)])
    quiet(shop, receiver)
    shop.delete_fulfilment(order, fulfilment)


@scenario("actions_send_order_details", "rest_send_email_smtp_down")
def _(shop, receiver):
    shop.send_order_details(_order(shop, receiver))


@scenario("admin_bulk_mark_completed")
def _(shop, receiver):
    orders = [shop.create_order({**ERIKA, "status": "processing"})["id"] for _ in range(3)]
    quiet(shop, receiver)
    with shop.changing():
        for order in orders:
            shop.set_status(order, "completed")


@scenario("admin_bulk_trash")
def _(shop, receiver):
    orders = [_order(shop, receiver), _order(shop, receiver)]
    with shop.changing():
        for order in orders:
            shop.trash(order)


@scenario("admin_bulk_untrash")
def _(shop, receiver):
    orders = [_order(shop, receiver, status="failed"), _order(shop, receiver, status="cancelled")]
    for order in orders:
        shop.trash(order)
    quiet(shop, receiver)
    with shop.changing():
        for order in orders:
            shop.restore(order)


@scenario("admin_bulk_delete_permanently")
def _(shop, receiver):
    shop.force_delete(_order(shop, receiver), in_admin=True)


@scenario("customer_put")
def _(shop, receiver):
    customer = shop.write_customer({"email": "zoe@client.example"})["id"]
    quiet(shop, receiver)
    shop.write_customer({"first_name": "Zoé"}, customer)


@scenario("customer_create_delete")
def _(shop, receiver):
    shop.set_cron("visitors")
    shop.delete_customer(shop.write_customer({"email": "gone@client.example"})["id"])
    shop.visit()


@scenario("coupon_update")
def _(shop, receiver):
    coupon = shop.write_coupon({"code": "minus5", "amount": "5"})["id"]
    quiet(shop, receiver)
    shop.write_coupon({"amount": "6"}, coupon)


@scenario("coupon_trash")
def _(shop, receiver):
    coupon = shop.write_coupon({"code": "minus5", "amount": "5"})["id"]
    quiet(shop, receiver)
    shop.delete_coupon(coupon, force=False)


@scenario("product_update")
def _(shop, receiver):
    shop.write_product({"regular_price": "15.99"}, 12)


@scenario("get_force_deleted", "rest_get_trashed", "storeapi_order_via_rest")
def _(shop, receiver):
    shop.show_order(_order(shop, receiver))


def _kinds(topic: str, body: dict) -> tuple[str, str | None]:
    """What a scenario compares: the topic, and the status of an order or the error's code."""
    if topic.startswith("order.") and "line_items" in body:
        return topic, body["status"]
    if "message" in body:
        return topic, body["code"]
    return topic, None


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_each_scenario_fires_what_was_recorded(
    name: str, shop: DemoShop, receiver: Receiver
) -> None:
    SCENARIOS[name](shop, receiver)
    assert shop.deliveries.wait_idle()
    ours = [
        _kinds(r.header("X-WC-Webhook-Topic") or "", json.loads(r.body)) for r in receiver.signed
    ]
    expected = []
    for row in scenarios()[name]["deliveries"]:
        status = row["status"] if row["topic"].startswith("order.") else None
        expected.append((row["topic"], row["code"] if row["id"] is None else status))
    assert ours == expected
    recorded = [m for m in scenarios()[name]["mails"] if m["subject"].startswith("A note")]
    mails = [m for m in shop.mails.values() if m["template"] == "Customer note"]
    assert len(mails) == len(recorded)


def test_every_scenario_of_orders_refunds_and_notes_is_played() -> None:
    about = ("rest_", "php_", "fulfillment_", "admin_", "storeapi_", "customer_", "coupon_")
    elsewhere = {
        "rest_note_text_html": "see test_notes",
        "php_old_orders": "eight creations at once, each as php_create_order",
        "storeapi_cart": "a cart is no order",
        "storeapi_checkout_draft": "fires nothing and makes no order that REST shows",
        "coupon_untrash": "the demo brings no coupon back",
        "fulfillment_order_state": "only reads",
    }
    missing = {n for n in scenarios() if n.startswith(about)} - set(SCENARIOS) - set(elsewhere)
    assert not missing
