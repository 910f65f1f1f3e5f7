"""Control routes for other processes: place orders, move the clock, ask for faults.

Only for callers on this machine that send `X-Demo: 1`; a browser page cannot send that header.
"""

import ipaddress
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from app.demo.state import ShopError

if TYPE_CHECKING:
    from app.demo.shop import DemoShop

Wishes = dict[str, Any]


def _is_local(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _check_caller() -> None:
    through_proxy = "X-Forwarded-For" in request.headers
    is_ours = request.headers.get("X-Demo") == "1"
    if not is_ours or through_proxy or not _is_local(request.remote_addr):
        abort(403)


def _place(shop: "DemoShop", wishes: Wishes) -> int:
    if wishes.get("created_at"):
        wishes["created_at"] = datetime.fromisoformat(wishes["created_at"])
        if wishes["created_at"].tzinfo is None:
            raise ValueError("created_at needs a zone, as in 2026-11-23T10:00:00Z")
    if "items" in wishes:
        items = wishes["items"]
        wishes["items"] = [tuple(i) if isinstance(i, list) else i for i in items]
    buyer = wishes.pop("buyer", "DE")
    return shop.place_order(buyer, **wishes)


def _actions(shop: "DemoShop") -> dict[str, Callable[[int, Wishes], Any]]:
    return {
        "pay": lambda i, w: shop.pay(i, **w),
        "status": lambda i, w: shop.set_status(i, w["status"]),
        "cancel": lambda i, w: shop.set_status(i, "cancelled"),
        "tracking": lambda i, w: shop.add_tracking(i, w.pop("number", f"DEMO{i}"), **w),
        "fulfil": lambda i, w: shop.fulfil(i, w.pop("number", ""), **w),
        "refund": lambda i, w: shop.refund(i, w.pop("amount", None), **w),
        "delete_refund": lambda i, w: shop.delete_refund(int(w["refund_id"])),
        "update": lambda i, w: bool(shop.update_order(i, w)),
        "note": lambda i, w: shop.add_note(i, w.pop("note"), **w)["id"],
        "trash": lambda i, w: shop.trash(i),
        "restore": lambda i, w: shop.restore(i),
        "restore_by_status": lambda i, w: shop.restore_by_status(i, **w),
        "erase": lambda i, w: shop.erase_personal_data(i),
        "delete": lambda i, w: shop.force_delete(i, **w),
    }


def _move_clock(shop: "DemoShop", wishes: Wishes) -> None:
    if "at" in wishes:
        target = datetime.fromisoformat(wishes["at"])
        shop.move_clock(target - shop.now())
    shop.move_clock(timedelta(seconds=float(wishes.get("advance_s", 0))))


def _set_mailer(shop: "DemoShop", wishes: Wishes) -> None:
    if "smtp_down" in wishes:
        shop.smtp_is_down = bool(wishes["smtp_down"])
    if "customer_note_mail" in wishes:
        value = "yes" if wishes["customer_note_mail"] else "no"
        shop.change_setting("email_customer_note", "enabled", value)


def _wishes() -> Wishes:
    read = request.get_json(silent=True)
    return dict(read) if isinstance(read, dict) else {}


def blueprint(shop: "DemoShop") -> Blueprint:
    """The routes below /_demo/; a wish that cannot be read answers 400 with the reason."""
    routes = Blueprint("control", __name__)
    routes.before_request(_check_caller)

    @routes.errorhandler(ShopError)
    def refused(error: ShopError) -> ResponseReturnValue:
        return jsonify(error=error.message, code=error.code), error.status

    @routes.errorhandler(ValueError)
    @routes.errorhandler(KeyError)
    @routes.errorhandler(TypeError)
    def unread(error: Exception) -> ResponseReturnValue:
        return jsonify(error=str(error)), 400

    _add_orders(routes, shop)
    _add_reading(routes, shop)
    _add_circumstances(routes, shop)
    return routes


def _add_orders(routes: Blueprint, shop: "DemoShop") -> None:
    actions = _actions(shop)

    @routes.post("/orders")
    def place() -> ResponseReturnValue:
        number = _place(shop, _wishes())
        return jsonify(id=number, order=shop.show_order(number)), 201

    @routes.post("/orders/<int:order_id>/<action>")
    def act(order_id: int, action: str) -> ResponseReturnValue:
        if action not in actions:
            raise ValueError(f"no such action: {action}; one of {', '.join(actions)}")
        return jsonify(result=actions[action](order_id, _wishes()))


def _add_reading(routes: Blueprint, shop: "DemoShop") -> None:
    @routes.get("/state")
    def state() -> ResponseReturnValue:
        return jsonify(shop.summary() if request.args.get("brief") else shop.full_summary())

    @routes.get("/deliveries")
    def deliveries() -> ResponseReturnValue:
        return jsonify([vars(sent) for sent in shop.delivery_log])

    @routes.get("/keys")
    def keys() -> ResponseReturnValue:
        names = {"consumer_key": shop.consumer_key, "consumer_secret": shop.consumer_secret}
        return jsonify(url=shop.base_url, **names)


def _add_circumstances(routes: Blueprint, shop: "DemoShop") -> None:
    @routes.post("/faults")
    def faults() -> ResponseReturnValue:
        asked = _wishes()
        if "disable_webhook" in asked:
            shop.disable_webhook(int(asked["disable_webhook"]))
        if "plain_permalinks" in asked:
            shop.plain_permalinks = bool(asked["plain_permalinks"])
        shop.faults.apply(asked)
        return jsonify(struck=shop.faults.struck)

    @routes.post("/cron")
    def cron() -> ResponseReturnValue:
        shop.set_cron(_wishes()["mode"])
        return jsonify(cron=shop.deliveries.mode)

    @routes.post("/clock")
    def clock() -> ResponseReturnValue:
        _move_clock(shop, _wishes())
        return jsonify(now=shop.stamp() + "Z")

    @routes.post("/mailer")
    def mailer() -> ResponseReturnValue:
        _set_mailer(shop, _wishes())
        return jsonify(smtp_down=shop.smtp_is_down)
