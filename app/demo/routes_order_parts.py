"""REST: what hangs on an order — refunds, notes, fulfilments, actions."""

from app.demo import params
from app.demo.api import Call, Reply, Route, paged
from app.demo.state import ShopError

# --- refunds ---------------------------------------------------------------------------------


def list_refunds(call: Call) -> Reply:
    """GET /orders/{id}/refunds; an unknown order has none (recordings, 16)."""
    with call.shop.lock:
        rows = call.shop.children("refunds", call.order_id)[::-1]
        return paged(call, rows, lambda row: call.shop.show_refund(row, call.decimals))


def list_all_refunds(call: Call) -> Reply:
    """GET /refunds."""
    with call.shop.lock:
        rows = sorted(call.shop.refunds.values(), key=lambda r: -r["id"])
        shop = call.shop
        return paged(call, rows, lambda r: shop.show_refund(r, call.decimals, with_parent=True))


def create_refund(call: Call) -> Reply:
    """POST /orders/{id}/refunds."""
    if call.order_id not in call.shop.orders:
        raise ShopError("woocommerce_rest_invalid_order_id", "Invalid order ID.", 404)
    refund = call.shop.create_refund(call.order_id, call.body)
    # the pattern in the address is the shop's own, as recorded
    where = f"orders/(?P<order_id>[\\d]+)/refunds/{refund['id']}"
    return Reply(call.shop.show_refund(refund, call.decimals), 201, location=where)


def get_refund(call: Call) -> Reply:
    """GET /orders/{id}/refunds/{id}."""
    return Reply(call.shop.show_refund(call.shop.find_refund(call.order_id, call.id)))


def delete_refund(call: Call) -> Reply:
    """DELETE /orders/{id}/refunds/{id}."""
    call.must_force()
    shown = call.shop.show_refund(call.shop.find_refund(call.order_id, call.id))
    call.shop.delete_refund(call.id)
    return Reply(shown)


# --- notes -----------------------------------------------------------------------------------


def _order_of_notes(call: Call) -> None:
    if call.order_id not in call.shop.orders:
        raise ShopError("woocommerce_rest_shop_order_invalid_id", "Invalid order ID.", 404)


def list_notes(call: Call) -> Reply:
    """GET /orders/{id}/notes: all of them, without totals (recordings, 16)."""
    kind = params.choice(call.args, "type", ("any", "customer", "internal"))
    _order_of_notes(call)
    wanted = params.words(call.args, "_fields")
    rows = call.shop.notes_of(call.order_id, kind)
    return Reply([params.only_fields(call.shop.show_note(row), wanted) for row in rows])


def create_note(call: Call) -> Reply:
    """POST /orders/{id}/notes."""
    text = call.param("note")
    if text is None:
        data = {"status": 400, "params": ["note"]}
        raise ShopError("rest_missing_callback_param", "Missing parameter(s): note", 400, data)
    if not isinstance(text, str):
        raise params.wrong_type("note", "string")
    customer = params.flag(call.param("customer_note", False), "customer_note")
    by_user = params.flag(call.param("added_by_user", False), "added_by_user")
    login = call.shop.users[call.user_id]["login"] if by_user else ""
    note = call.shop.add_note(call.order_id, text, customer=customer, by_user=login)
    where = f"orders/{call.order_id}/notes/{note['id']}"
    return Reply(call.shop.show_note(note), 201, location=where)


def get_note(call: Call) -> Reply:
    """GET /orders/{id}/notes/{id}."""
    _order_of_notes(call)
    return Reply(call.shop.show_note(call.shop.find_note(call.order_id, call.id)))


def delete_note(call: Call) -> Reply:
    """DELETE /orders/{id}/notes/{id}."""
    call.must_force()
    _order_of_notes(call)
    shown = call.shop.show_note(call.shop.find_note(call.order_id, call.id))
    call.shop.delete_note(call.order_id, call.id)
    return Reply(shown)


# --- fulfilments and actions -----------------------------------------------------------------


def list_fulfilments(call: Call) -> Reply:
    """GET /orders/{id}/fulfillments."""
    rows = call.shop.fulfilments_of(call.order_id)
    return Reply([call.shop.show_fulfilment(row, written=False) for row in rows])


def _notify(call: Call) -> bool:
    return params.flag(call.param("notify_customer", False), "notify_customer")


def create_fulfilment(call: Call) -> Reply:
    """POST /orders/{id}/fulfillments."""
    row = call.shop.write_fulfilment(call.order_id, call.body, notify=_notify(call))
    return Reply(call.shop.show_fulfilment(row, written=True), 201)


def get_fulfilment(call: Call) -> Reply:
    """GET /orders/{id}/fulfillments/{id}."""
    row = call.shop.find_fulfilment(call.order_id, call.id)
    return Reply(call.shop.show_fulfilment(row, written=False))


def get_fulfilment_meta(call: Call) -> Reply:
    """GET /orders/{id}/fulfillments/{id}/metadata."""
    return Reply(call.shop.find_fulfilment(call.order_id, call.id)["meta_data"])


def update_fulfilment(call: Call) -> Reply:
    """PUT /orders/{id}/fulfillments/{id}."""
    shop = call.shop
    row = shop.write_fulfilment(call.order_id, call.body, call.id, notify=_notify(call))
    return Reply(shop.show_fulfilment(row, written=True))


def delete_fulfilment(call: Call) -> Reply:
    """DELETE /orders/{id}/fulfillments/{id}."""
    call.shop.delete_fulfilment(call.order_id, call.id)
    return Reply({"message": "Fulfillment deleted successfully."})


def send_order_details(call: Call) -> Reply:
    """POST /orders/{id}/actions/send_order_details: 200 also with SMTP down (recordings, 20)."""
    return Reply({"message": call.shop.send_order_details(call.id)})


_ITEM = "GET, POST, PUT, PATCH, DELETE"

ROUTES = [
    Route("orders/<order_id>/refunds", get=list_refunds, post=create_refund),
    Route("orders/<order_id>/refunds/<id>", get=get_refund, delete=delete_refund),
    Route("orders/<order_id>/notes", get=list_notes, post=create_note),
    Route("orders/<order_id>/notes/<id>", get=get_note, delete=delete_note),
    Route("orders/<order_id>/fulfillments", get=list_fulfilments, post=create_fulfilment),
    Route(
        "orders/<order_id>/fulfillments/<id>",
        get=get_fulfilment,
        edit=update_fulfilment,
        delete=delete_fulfilment,
    ),
    Route(
        "orders/<order_id>/fulfillments/<id>/metadata",
        get=get_fulfilment_meta,
        allows=_ITEM,
    ),
    Route("orders/<id>/actions/send_order_details", post=send_order_details),
    Route("refunds", get=list_all_refunds),
]
