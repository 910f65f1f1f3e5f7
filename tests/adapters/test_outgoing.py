"""Nothing that a shop's name leads to inside our own network is ever reached."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import requests

from app.adapters.outgoing import ForbiddenAddress, PublicOnlyAdapter, is_public
from app.demo.server import running
from app.demo.shop import DemoShop


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
        "::7f00:1",
        "::ffff:0:127.0.0.1",
        "64:ff9b:1::a00:1",
        "64:ff9b::e000:1",
        "::ffff:224.0.0.1",
        "fec0::1",
        "no address",
    ],
)
def test_what_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_pass(address: str) -> None:
    assert is_public(address)


def session() -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    made.mount("http://", PublicOnlyAdapter())
    made.mount("https://", PublicOnlyAdapter())
    return made


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "127.1"])
def test_a_private_host_is_not_reached(host: str) -> None:
    shop = DemoShop()
    try:
        with running(shop) as url:
            port = url.rpartition(":")[2]
            with pytest.raises(ForbiddenAddress):
                session().get(f"http://{host}:{port}/wp-json/", timeout=3)
        assert shop.request_count == 0
    finally:
        shop.close()


def test_a_name_with_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that answers differently each time must not slip through by its first answer."""

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (ip, port)) for ip in ("8.8.8.8", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(ForbiddenAddress):
        session().get("http://shop.example/", timeout=1)


def test_a_name_with_many_addresses_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that does not answer costs a whole time-out."""
    tried: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [
            (socket.AF_INET, 1, 6, "", (f"8.8.{at // 250}.{at % 250}", port)) for at in range(999)
        ]

    def connect(address: tuple[str, int], *_: Any) -> socket.socket:
        tried.append(address[0])
        raise TimeoutError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(requests.ConnectionError):
        session().get("http://shop.example/", timeout=1)
    assert 1 < len(tried) <= 6
