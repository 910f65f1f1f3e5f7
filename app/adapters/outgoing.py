"""Requests leave only for the shop's own host: its addresses are looked up, checked and pinned.

    host -> every address it resolves to -> one is forbidden? refuse -> connect to a checked one

The check and the connection use the same look-up, so that a name cannot point elsewhere between
the two. TLS still asks for the shop's name. Redirects are not followed by the caller.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from app.said import Said

MOST_ADDRESSES = 6
"""Of a host that are tried: each may keep a worker waiting until its time is out."""
UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out (RFC 4291, 2.4). What lies outside can lead inside: site-local
addresses, and IPv4 behind a network's own translators (RFC 8215) or in older disguises."""
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """A shop's name leads into a private network. No OSError, so that nothing tries it again."""


def checked_addresses(host: str, port: int) -> list[str]:
    """The first addresses of a host, of which all are public.

    Raises:
        ForbiddenAddress: one of them is loopback, private, link-local or otherwise not public.
        OSError: the name cannot be resolved.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_public(address):
            raise ForbiddenAddress(
                Said(
                    "%(host)s leads to %(address)s, which is no public address",
                    host=host,
                    address=address,
                )
            )
    return addresses[:MOST_ADDRESSES]


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also behind its IPv6 disguises."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return _is_public_v4(ip.ipv4_mapped)
        if ip in TRANSLATED:
            return _is_public_v4(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        inner = ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip not in UNICAST or (inner is not None and not _is_public_v4(inner)):
            return False
        return ip.is_global
    return _is_public_v4(ip)


def _is_public_v4(ip: ipaddress.IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast


class _Pinned:
    """Connects to an address that was checked in the same breath."""

    def _new_conn(self: Any) -> socket.socket:
        try:
            made = connect(checked_addresses(self.host, self.port), self.port, self.timeout)
            for option in self.socket_options or ():
                made.setsockopt(*option)
            return made
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"connecting to {self.host} took too long") from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error}") from error


def connect(addresses: list[str], port: int, timeout: float | None) -> socket.socket:
    """A connection to the first address that answers. Raises OSError where none does."""
    problem: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            problem = error
    raise problem or OSError("the name has no address")


class _Watched:
    """Tells which connection a thread is using, so that its watchdog can end it."""

    def request(self: Any, *arguments: Any, **options: Any) -> None:
        _in_use[threading.get_ident()] = self
        super().request(*arguments, **options)  # type: ignore[misc]


_in_use: dict[int, Any] = {}


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """End the request of this thread after so many seconds, wherever it is by then.

    A time-out on a socket counts from byte to byte: whoever sends one every few seconds would
    hold a worker for ever, in the head of an answer as well as in its body.
    """
    thread = threading.get_ident()
    timer = threading.Timer(seconds, _end_connection, [thread])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _in_use.pop(thread, None)


def _end_connection(thread: int) -> None:
    connection = _in_use.get(thread)
    made = getattr(connection, "sock", None)
    if made is not None:
        with suppress(OSError):
            made.shutdown(socket.SHUT_RDWR)


class _PlainHttp(_Watched, HTTPConnection):
    pass


class _PlainHttps(_Watched, HTTPSConnection):
    pass


class _PinnedHttp(_Pinned, _Watched, HTTPConnection):
    pass


class _PinnedHttps(_Pinned, _Watched, HTTPSConnection):
    pass


def _pool(base: Any, connection: Any) -> Any:
    return type(f"{connection.__name__}Pool", (base,), {"ConnectionCls": connection})


class WatchedAdapter(HTTPAdapter):
    """A `requests` transport whose requests `deadline` can end."""

    pools: ClassVar[dict[str, Any]] = {
        "http": _pool(HTTPConnectionPool, _PlainHttp),
        "https": _pool(HTTPSConnectionPool, _PlainHttps),
    }

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = self.pools


class PublicOnlyAdapter(WatchedAdapter):
    """One that reaches public addresses alone."""

    pools: ClassVar[dict[str, Any]] = {
        "http": _pool(HTTPConnectionPool, _PinnedHttp),
        "https": _pool(HTTPSConnectionPool, _PinnedHttps),
    }
