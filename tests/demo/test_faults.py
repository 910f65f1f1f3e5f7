"""Faults on request: what the demo shop does on a bad day."""

import time
from collections.abc import Iterator

import pytest
import requests

from app.demo.server import running
from app.demo.shop import DemoShop

from .receiver import Receiver


@pytest.fixture
def shop() -> Iterator[DemoShop]:
    shop = DemoShop(seed=7)
    yield shop
    shop.close()


@pytest.fixture
def url(shop: DemoShop) -> Iterator[str]:
    with running(shop) as url:
        yield url


def call(shop: DemoShop, url: str, method: str, path: str, timeout: float = 5, **body: object):
    return requests.request(
        method,
        f"{url}/wp-json/wc/v3/{path}",
        json=body or None,
        auth=(shop.consumer_key, shop.consumer_secret),
        headers={"X-Forwarded-Proto": "https"},
        timeout=timeout,
        allow_redirects=False,
    )


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_status_is_answered_so_often_and_then_no_more(
    shop: DemoShop, url: str, status: int
) -> None:
    shop.faults.on_rest("status", status=status, times=2, retry_after=7)
    answers = [call(shop, url, "GET", "orders") for _ in range(3)]
    assert [a.status_code for a in answers] == [status, status, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_only_matching_requests_are_struck(shop: DemoShop, url: str) -> None:
    order = shop.place_order("DE")
    shop.faults.on_rest("status", method="POST", path="/notes", skip=1, status=502)
    assert call(shop, url, "GET", f"orders/{order}/notes").status_code == 200
    assert call(shop, url, "POST", f"orders/{order}/notes", note="a").status_code == 201
    assert call(shop, url, "POST", f"orders/{order}/notes", note="b").status_code == 502


def test_a_page_or_a_redirect_comes_instead_of_json(shop: DemoShop, url: str) -> None:
    shop.faults.on_rest("html")
    answer = call(shop, url, "GET", "orders")
    assert answer.headers["Content-Type"].startswith("text/html")
    shop.faults.on_rest("redirect", location="https://elsewhere.example/")
    answer = call(shop, url, "GET", "orders")
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://elsewhere.example/")


@pytest.mark.parametrize("kind", ["close", "hang"])
def test_it_hangs_up_without_having_acted(shop: DemoShop, url: str, kind: str) -> None:
    order = shop.place_order("DE")
    shop.faults.on_rest(kind, method="POST", seconds=0.05)
    with pytest.raises(requests.ConnectionError):
        call(shop, url, "POST", f"orders/{order}/notes", note="a", customer_note=True)
    assert not shop.notes_of(order, "customer")
    assert call(shop, url, "GET", "orders").status_code == 200


@pytest.mark.parametrize("kind", ["act_then_close", "act_then_hang"])
def test_it_acts_and_says_nothing(shop: DemoShop, url: str, kind: str) -> None:
    order = shop.place_order("DE")
    shop.faults.on_rest(kind, method="POST", seconds=0.05)
    with pytest.raises(requests.ConnectionError):
        call(shop, url, "POST", f"orders/{order}/notes", note="a", customer_note=True)
    assert len(shop.notes_of(order, "customer")) == 1
    assert len(shop.mails) == 1


def test_it_acts_and_answers_with_an_error(shop: DemoShop, url: str) -> None:
    order = shop.place_order("DE")
    shop.faults.on_rest("act_then_status", method="POST", status=504)
    made = call(shop, url, "POST", f"orders/{order}/notes", note="a", customer_note=True)
    assert made.status_code == 504
    assert len(shop.notes_of(order, "customer")) == 1


@pytest.mark.parametrize("kind", ["slow", "act_later"])
def test_it_acts_after_the_client_has_left(shop: DemoShop, url: str, kind: str) -> None:
    order = shop.place_order("DE")
    shop.faults.on_rest(kind, method="POST", seconds=0.4)
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        path = f"orders/{order}/notes"
        call(shop, url, "POST", path, timeout=0.1, note="a", customer_note=True)
    assert not shop.notes_of(order, "customer")
    time.sleep(0.7)
    assert len(shop.notes_of(order, "customer")) == 1


def test_shares_repeat_with_the_same_seed() -> None:
    def struck(seed: int) -> list[bool]:
        shop = DemoShop(seed=seed)
        shop.faults.on_rest("close", share=0.3, times=None)
        rolls = [shop.faults.rest_fault("GET", "/x") is not None for _ in range(200)]
        shop.close()
        return rolls

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 30 < sum(struck(1)) < 90


def test_unknown_kinds_and_settings_are_named() -> None:
    shop = DemoShop()
    with pytest.raises(ValueError, match="explode"):
        shop.faults.on_rest("explode")
    with pytest.raises(ValueError, match="loudness"):
        shop.faults.on_deliveries(loudness=3)
    shop.close()


# --- deliveries ------------------------------------------------------------------------------


def place(shop: DemoShop, receiver: Receiver, count: int) -> list[int]:
    wish = {"topic": "order.created", "delivery_url": receiver.url, "secret": "s"}
    shop.write_webhook(wish)
    receiver.requests.clear()
    with shop.changing():
        placed = [shop.place_order("DE") for _ in range(count)]
    assert shop.deliveries.wait_idle(20)
    return placed


def arrived(receiver: Receiver) -> list[int]:
    return [int(r.body.split(b":", 1)[1].split(b",", 1)[0]) for r in receiver.signed]


def test_the_next_deliveries_are_lost_without_a_trace(shop: DemoShop, receiver: Receiver) -> None:
    shop.faults.on_deliveries(drop_next=2)
    placed = place(shop, receiver, 3)
    assert arrived(receiver) == placed[2:]
    assert all(w["failure_count"] == 0 for w in shop.webhooks.values())
    assert sum(sent.dropped for sent in shop.delivery_log) == 2


def test_a_share_of_deliveries_is_lost(shop: DemoShop, receiver: Receiver) -> None:
    shop.faults.on_deliveries(drop_share=0.3)
    place(shop, receiver, 100)
    assert 50 < len(receiver.signed) < 90


def test_deliveries_come_twice(shop: DemoShop, receiver: Receiver) -> None:
    shop.faults.on_deliveries(duplicate_next=1)
    placed = place(shop, receiver, 2)
    assert arrived(receiver) == [placed[0], *placed]
    assert receiver.signed[0].body == receiver.signed[1].body


def test_deliveries_come_out_of_order(shop: DemoShop, receiver: Receiver) -> None:
    shop.faults.on_deliveries(reorder=5)
    placed = place(shop, receiver, 20)
    assert sorted(arrived(receiver)) == placed
    assert arrived(receiver) != placed


def test_deliveries_are_late(shop: DemoShop, receiver: Receiver) -> None:
    shop.faults.on_deliveries(delay_s=0.1)
    started = time.monotonic()
    place(shop, receiver, 2)
    assert time.monotonic() - started > 0.2


def test_clearing_brings_a_good_day(shop: DemoShop, receiver: Receiver) -> None:
    shop.faults.on_deliveries(drop_share=1.0)
    shop.faults.on_rest("close", times=None)
    shop.faults.clear()
    place(shop, receiver, 1)
    assert len(receiver.signed) == 1
    assert shop.faults.rest_fault("GET", "/x") is None
