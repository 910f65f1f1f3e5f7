"""A shop is asked politely: two requests at a time, public addresses alone, words that hold no
key."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import pytest

from app.adapters import shop_wire
from app.adapters.shop_wire import AT_ONCE, Answer, Auth, Wire
from app.demo.server import running
from app.demo.shop import DemoShop
from app.errors import ShopInside, ShopUnreachable, ShopUntrusted
from tests.certificates import self_signed


def wire(url: str, shop: DemoShop, *, private_allowed: bool = True) -> Wire:
    keys = (shop.consumer_key, shop.consumer_secret)
    return Wire(
        "tea", url, *keys, auth=Auth.HEADER, user_agent="tests", private_allowed=private_allowed
    )


def test_a_shop_is_asked_two_things_at_a_time_at_most() -> None:
    shop, lock, now, most = DemoShop(), threading.Lock(), [0], [0]
    answer = shop.log_request

    def slow(method: str, path: str, status: int) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1
        answer(method, path, status)

    with running(shop) as url, mock.patch.object(shop, "log_request", slow):
        asked = wire(url, shop)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: asked.send("GET", "orders").status, range(16)))
    shop.close()
    assert found == [200] * 16 and most == [AT_ONCE]


def test_a_private_address_is_refused_before_anything_is_sent() -> None:
    shop = DemoShop()
    with running(shop) as url:
        asked = wire(url, shop, private_allowed=False)
        for ask in (lambda: asked.send("GET", "orders"), lambda: asked.visit("wp-json/")):
            with pytest.raises(ShopInside, match="no public address") as caught:
                ask()
            assert "ALLOW_PRIVATE_SHOPS" in caught.value.mend and caught.value.retry is not None
    shop.close()
    assert not shop.requests


def test_a_certificate_that_is_not_trusted_is_named_and_a_trusted_one_used(tmp_path: Path) -> None:
    shop, certificate = DemoShop(), self_signed(tmp_path)
    with running(shop, tls=certificate.serving()) as url:
        with pytest.raises(ShopUntrusted, match="self-signed certificate"):
            wire(url, shop).send("GET", "orders")
        with mock.patch("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate.path)):
            assert wire(url, shop).send("GET", "orders").status == 200
    shop.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9", "no connection is accepted there"),
        ("http://nobody.invalid", "its name cannot be resolved"),
    ],
)
def test_what_broke_is_said_in_words_without_the_address(url: str, words: str) -> None:
    shop = DemoShop()
    with pytest.raises(ShopUnreachable, match=words) as caught:
        wire(url, shop).send("GET", "orders")
    shop.close()
    assert "oauth" not in str(caught.value) and caught.value.__suppress_context__


def test_words_of_a_shop_are_bounded_and_clean() -> None:
    body = b'{"code": "a\\u202eb", "message": "' + b"x" * 5000 + b'"}'
    answer = Answer(500, {}, body)
    assert answer.code == "ab" and len(answer.message) == 160
    assert Answer(500, {}, b"[1]").code == Answer(500, {}, b"<html>").message == ""


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_shop_that_trickles_is_left_in_the_end(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """One byte every now and then keeps every time-out of a socket from coming."""
    monkeypatch.setattr(shop_wire, "LONGEST_SECONDS", 0.6)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n"
    stop = threading.Event()

    def trickle(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(head + (b"\r\n" if where == "body" else b"X: "))
                while not stop.wait(0.1):
                    peer.sendall(b"[")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=trickle, args=(server,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        wire = shop_wire.Wire(
            "slow",
            url,
            "ck",
            "cs",
            auth=shop_wire.Auth.HEADER,
            user_agent="t",
            private_allowed=True,
        )
        begun = time.monotonic()
        with pytest.raises(ShopUnreachable):
            wire.send("GET", "orders/1")
        assert time.monotonic() - begun < 5
        stop.set()
        thread.join(5)
