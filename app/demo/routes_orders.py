"""REST: orders themselves; what hangs on them is in routes_order_parts."""

from collections.abc import Callable
from typing import Any

from app.demo import catalogue, params
from app.demo.api import Call, Reply, Route, paged
from app.demo.orders import STATUSES
from app.demo.people import EMAIL
from app.demo.state import Record, ShopError

_HIDDEN_FROM_ANY = ("trash", "auto-draft", "checkout-draft")
_WRITABLE = ("auto-draft", *STATUSES)
_SORTS: dict[str, Callable[[Record], Any]] = {
    "date": lambda o: (o["date_created_gmt"], o["id"]),
    "id": lambda o: o["id"],
    "modified": lambda o: (o["date_modified_gmt"], o["id"]),
    "include": lambda o: o["id"],
    "title": lambda o: o["id"],
    "slug": lambda o: o["id"],
}
_BOUNDS = (
    ("after", "date_created_gmt", 1),
    ("before", "date_created_gmt", -1),
    ("modified_after", "date_modified_gmt", 1),
    ("modified_before", "date_modified_gmt", -1),
)


def _statuses(call: Call) -> Callable[[str], bool]:
    """status=any leaves out trash and drafts, whatever stands beside it (recordings, 15)."""
    wanted = params.words(call.args, "status") or ["any"]
    allowed = ("any", "trash", *_WRITABLE)
    for place, status in enumerate(wanted):
        if status not in allowed:
            said = f"status[{place}] is not one of {params.listed(allowed)}."
            raise params.invalid("status", "rest_not_in_enum", said)
    if "any" in wanted:
        return lambda status: status not in _HIDDEN_FROM_ANY
    return lambda status: status in wanted


def _found(order: Record, text: str) -> bool:
    """Whether a search finds an order: its id, names, addresses, e-mail and items."""
    texts = [str(order["id"]), *order["billing"].values(), *order["shipping"].values()]
    texts += [line["name"] for line in order["line_items"]]
    texts.append(f"{order['billing']['first_name']} {order['billing']['last_name']}")
    return any(text in value.lower() for value in texts)


def _filters(call: Call) -> list[Callable[[Record], bool]]:
    fits = _statuses(call)
    tests: list[Callable[[Record], bool]] = [lambda o: fits(o["status"])]
    for name, field, sign in _BOUNDS:
        bound = params.instant(call.args, name, call.shop.zone)
        if bound is not None and sign > 0:
            tests.append(lambda o, f=field, b=bound: o[f] > b)  # type: ignore[misc]
        elif bound is not None:
            tests.append(lambda o, f=field, b=bound: o[f] < b)  # type: ignore[misc]
    if "customer" in call.args:
        customer = params.integer(call.args, "customer", 0, 0, 10**9)
        tests.append(lambda o: o["customer_id"] == customer)
    if text := str(call.args.get("search", "")).lower():
        tests.append(lambda o: _found(o, text))
    if excluded := set(params.numbers(call.args, "exclude")):
        tests.append(lambda o: o["id"] not in excluded)
    return tests


def list_orders(call: Call) -> Reply:
    """GET /orders."""
    params.integer(call.args, "per_page", 10, 1, 100)
    params.integer(call.args, "page", 1, 1, 10**9)
    order_by = params.choice(call.args, "orderby", tuple(_SORTS))
    descending = params.choice(call.args, "order", ("desc", "asc")) == "desc"
    tests = _filters(call)
    decimals = call.decimals
    with call.shop.lock:
        if include := params.numbers(call.args, "include"):
            rows = [call.shop.orders[i] for i in include if i in call.shop.orders]
        else:
            rows = list(call.shop.orders.values())
        for test in tests:
            rows = [row for row in rows if test(row)]
        if order_by != "include":
            rows.sort(key=_SORTS[order_by], reverse=descending)
        return paged(call, rows, lambda row: call.shop.show_order(row["id"], decimals))


def _check_order(body: Record) -> None:
    if body.get("status") is not None and body["status"] not in _WRITABLE:
        said = f"status is not one of {params.listed(_WRITABLE)}."
        raise params.invalid("status", "rest_not_in_enum", said)
    codes = tuple(catalogue.currencies())
    if body.get("currency") is not None and body["currency"] not in codes:
        said = f"currency is not one of {params.listed(codes)}."
        raise params.invalid("currency", "rest_not_in_enum", said)
    for name in ("billing", "shipping"):
        if not isinstance(body.get(name, {}), dict):
            raise params.wrong_type(name, "object")
    email = body.get("billing", {}).get("email")
    if email and not EMAIL.match(str(email)):
        raise params.invalid("billing", "rest_invalid_email", "Invalid email address.")


def _booleans(body: Record) -> Record:
    read = dict(body)
    if "set_paid" in read:
        read["set_paid"] = params.flag(read["set_paid"], "set_paid")
    return read


def create_order(call: Call) -> Reply:
    """POST /orders."""
    _check_order(call.body)
    order = call.shop.create_order(_booleans(call.body))
    shown = call.shop.show_order(order["id"], call.decimals)
    return Reply(shown, 201, location=f"orders/{order['id']}")


def get_order(call: Call) -> Reply:
    """GET /orders/{id}."""
    return Reply(call.shop.show_order(call.id, call.decimals))


def update_order(call: Call) -> Reply:
    """PUT /orders/{id}."""
    _check_order(call.body)
    call.shop.order(call.id)
    call.shop.update_order(call.id, _booleans(call.body))
    return Reply(call.shop.show_order(call.id, call.decimals))


def _remove(call: Call, order_id: int, *, force: bool) -> Record:
    """The answer shows the order as it was; its status is that before the trash."""
    with call.shop.changing():
        shown = call.shop.show_order(order_id, call.decimals)
        if force:
            call.shop.force_delete(order_id)
        else:
            call.shop.trash(order_id)
        return shown


def delete_order(call: Call) -> Reply:
    """DELETE /orders/{id}."""
    return Reply(_remove(call, call.id, force=call.force))


def _one_of_batch(action: Callable[[], Record], number: int) -> Record:
    try:
        return action()
    except ShopError as error:
        told = {"code": error.code, "message": error.message, "data": error.data}
        return {"id": number, "error": told}


def batch_orders(call: Call) -> Reply:
    """POST /orders/batch; an unknown status of a new order is ignored, as recorded."""
    shop, answer = call.shop, {}
    with shop.changing():
        if "create" in call.body:
            made = []
            for wish in call.body["create"]:
                known = wish.get("status") in (None, *_WRITABLE)
                row = wish if known else {k: v for k, v in wish.items() if k != "status"}
                made.append(shop.show_order(shop.create_order(_booleans(row))["id"]))
            answer["create"] = made
        if "update" in call.body:
            answer["update"] = [_batch_update(call, wish) for wish in call.body["update"]]
        if "delete" in call.body:
            answer["delete"] = [
                _one_of_batch(lambda n=number: _remove(call, n, force=False), number)  # type: ignore[misc]
                for number in call.body["delete"]
            ]
    return Reply(answer)


def _batch_update(call: Call, wish: Record) -> Record:
    number = int(wish.get("id") or 0)

    def update() -> Record:
        call.shop.update_order(number, _booleans(wish))
        return call.shop.show_order(number)

    return _one_of_batch(update, number)


def list_statuses(call: Call) -> Reply:
    """GET /orders/statuses."""
    return Reply([{"slug": slug, "name": name} for slug, name in STATUSES.items()])


def order_totals(call: Call) -> Reply:
    """GET /reports/orders/totals."""
    with call.shop.lock:
        held = [order["status"] for order in call.shop.orders.values()]
    rows = [{"slug": s, "name": name, "total": held.count(s)} for s, name in STATUSES.items()]
    return Reply(rows)


ROUTES = [
    Route("orders", get=list_orders, post=create_order),
    Route("orders/batch", batch=batch_orders),
    Route("orders/statuses", get=list_statuses),
    Route("orders/<id>", get=get_order, edit=update_order, delete=delete_order),
    Route("reports/orders/totals", get=order_totals),
]
