"""How webhooks of the demo shop fail, are disabled, pinged and held up (recordings, 1 to 7)."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.demo.deliveries import is_refused_by_wordpress
from app.demo.server import running
from app.demo.shop import DemoShop

from .receiver import Receiver
from .recorded import FOLDER


@pytest.fixture
def shop() -> Iterator[DemoShop]:
    shop = DemoShop()
    yield shop
    shop.close()


def hook(shop: DemoShop, receiver: Receiver, topic: str = "order.updated") -> int:
    wish = {"topic": topic, "delivery_url": f"{receiver.url}/x", "secret": "s"}
    return int(shop.write_webhook(wish)["id"])


def test_seven_failures_in_a_row_disable_as_the_log_shows(
    shop: DemoShop, receiver: Receiver
) -> None:
    log = json.loads((FOLDER / "failure_count_log.json").read_text())
    receiver.status = receiver.ping_status = 500
    order = shop.place_order("DE")
    number = hook(shop, receiver)
    for row in log:
        if "n" not in row:
            continue
        shop.set_status(order, "on-hold")
        assert shop.deliveries.wait_idle()
        held = shop.webhooks[number]
        assert held["status"] == row["rest_status"]
        assert str(held["failure_count"]) == row["db"]["failure_count"]


def test_activating_again_leaves_the_count_so_one_failure_disables(
    shop: DemoShop, receiver: Receiver
) -> None:
    receiver.status = 500
    order = shop.place_order("DE")
    number = hook(shop, receiver)
    shop.disable_webhook(number)
    shop.write_webhook({"status": "active"}, number)
    shop.set_status(order, "on-hold")
    assert shop.deliveries.wait_idle()
    assert shop.webhooks[number]["status"] == "disabled"
    shop.write_webhook({"status": "active"}, number)
    receiver.status = 200
    shop.set_status(order, "completed")
    assert shop.deliveries.wait_idle()
    assert shop.webhooks[number]["failure_count"] == 0


@pytest.mark.parametrize(
    ("answer", "fails"),
    [
        *((status, 0) for status in (200, 201, 204, 301, 302)),
        *((status, 1) for status in (303, 307, 404, 500, None)),
    ],
)
def test_200_to_302_count_as_success(
    shop: DemoShop, receiver: Receiver, answer: int | None, fails: int
) -> None:
    number = hook(shop, receiver, "order.created")
    receiver.status = answer
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    assert shop.webhooks[number]["failure_count"] == fails
    assert len(receiver.signed) == 1, "there is no second try"


def test_a_ping_follows_every_delivery_until_one_is_answered_with_200(
    shop: DemoShop, receiver: Receiver
) -> None:
    receiver.ping_status = 204
    hook(shop, receiver, "order.created")
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    assert [r.is_ping for r in receiver.requests] == [True, False, True, False, True]
    receiver.ping_status = 200
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    assert [r.is_ping for r in receiver.requests][5:] == [False, True, False]


def test_delivery_ids_repeat_within_a_second(receiver: Receiver) -> None:
    moment = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    shop = DemoShop(now=lambda: moment)
    hook(shop, receiver, "order.created")
    for _ in range(3):
        shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    assert len({r.header("X-WC-Webhook-Delivery-ID") for r in receiver.signed}) == 1
    shop.move_clock(timedelta(seconds=1))
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    assert len({r.header("X-WC-Webhook-Delivery-ID") for r in receiver.signed}) == 2
    shop.close()


def test_payloads_show_the_order_at_delivery_time(shop: DemoShop, receiver: Receiver) -> None:
    hook(shop, receiver, "order.created")
    shop.set_cron("visitors")
    shop.trash(shop.place_order("DE"))
    shop.visit()
    assert shop.deliveries.wait_idle()
    assert json.loads(receiver.signed[0].body)["status"] == "trash"


def test_amounts_follow_the_shops_decimals_not_the_currency(
    shop: DemoShop, receiver: Receiver
) -> None:
    hook(shop, receiver, "order.created")
    order = shop.place_order("JP", currency="JPY", items=[("TEA-JP", 1)])
    assert shop.deliveries.wait_idle()
    assert json.loads(receiver.signed[0].body)["total"].endswith(".00")
    assert "." not in shop.show_order(order, 0)["total"]


def test_an_owner_without_rights_sends_a_signed_refusal(shop: DemoShop, receiver: Receiver) -> None:
    manager = shop.add_key(role="shop_manager")["user_id"]
    wish = {"topic": "order.updated", "delivery_url": receiver.url, "secret": "s"}
    shop.write_webhook(wish, user_id=manager)
    shop.demote_user(manager)
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    assert json.loads(receiver.signed[0].body)["code"] == "woocommerce_rest_cannot_view"


def test_pausing_does_not_stop_what_is_queued(shop: DemoShop, receiver: Receiver) -> None:
    number = hook(shop, receiver, "order.created")
    shop.set_cron("visitors")
    shop.place_order("DE")
    shop.write_webhook({"status": "paused"}, number)
    shop.visit()
    assert shop.deliveries.wait_idle()
    assert len(receiver.signed) == 1
    shop.place_order("DE")
    shop.move_clock(timedelta(minutes=2))
    shop.visit()
    assert shop.deliveries.wait_idle()
    assert len(receiver.signed) == 1


def test_a_deleted_webhook_sends_nothing_more(shop: DemoShop, receiver: Receiver) -> None:
    number = hook(shop, receiver, "order.created")
    shop.set_cron("visitors")
    shop.place_order("DE")
    shop.delete_webhook(number)
    shop.visit()
    assert shop.deliveries.wait_idle()
    assert not receiver.signed


def test_cron_waits_for_visitors_once_a_minute_or_sleeps(
    shop: DemoShop, receiver: Receiver
) -> None:
    hook(shop, receiver, "order.created")
    with running(shop):
        shop.set_cron("visitors")
        shop.place_order("DE")
        time.sleep(0.05)
        assert not receiver.signed
        assert shop.visit()
        shop.place_order("DE")
        assert not shop.visit(), "cron runs once a minute"
        shop.move_clock(timedelta(seconds=61))
        assert shop.visit()
        assert shop.deliveries.wait_idle()
        assert len(receiver.signed) == 2
        shop.set_cron("asleep")
        shop.place_order("DE")
        assert not shop.visit()
        assert len(shop.deliveries.waiting) == 1


def test_sending_is_serial_so_a_slow_receiver_holds_up_the_shop(
    shop: DemoShop, receiver: Receiver
) -> None:
    hook(shop, receiver, "order.created")
    receiver.wait_s = 0.15
    started = time.monotonic()
    for _ in range(3):
        shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    assert time.monotonic() - started > 0.45


def test_a_receiver_that_is_away_loses_the_event(shop: DemoShop) -> None:
    wish = {"topic": "order.created", "delivery_url": "http://127.0.0.1:9/x", "secret": "s"}
    number = shop.write_webhook(wish)["id"]
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    assert [s.status for s in shop.delivery_log if s.topic] == [None]
    assert shop.webhooks[number]["failure_count"] == 1


def test_a_topic_in_capitals_is_accepted_and_stored_empty(
    shop: DemoShop, receiver: Receiver
) -> None:
    row = shop.write_webhook({"topic": "ORDER.CREATED", "delivery_url": receiver.url})
    assert shop.show_webhook(row)["topic"] == ""


def test_a_secret_that_was_not_given_is_never_shown(shop: DemoShop, receiver: Receiver) -> None:
    row = shop.write_webhook({"topic": "order.created", "delivery_url": receiver.url})
    assert len(row["secret"]) == 50
    assert "secret" not in shop.show_webhook(row)


def test_a_staging_copy_signs_with_the_same_secret_under_another_source(
    shop: DemoShop, receiver: Receiver
) -> None:
    hook(shop, receiver, "order.created")
    shop.source_url_override = "https://staging.shop.example"
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    source = receiver.signed[0].header("X-WC-Webhook-Source")
    assert source == "https://staging.shop.example/"


def test_stock_wordpress_silently_refuses_local_addresses(
    shop: DemoShop, receiver: Receiver
) -> None:
    shop.refuses_local_deliveries = True
    hook(shop, receiver, "order.created")
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    assert not receiver.requests
    for url in ("http://10.0.0.1/", "https://shop.example:8443/", "http://localhost/"):
        assert is_refused_by_wordpress(url)
    assert not is_refused_by_wordpress("https://hooks.example/x")
