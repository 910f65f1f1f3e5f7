"""The load of `ingest.py`: URL SECRET SECONDS CONNECTIONS FIRST_ORDER.

Prints the seconds that it took, then the latency of every request answered 200, in seconds. Plain
sockets in one thread: the load must cost little, it shares the machine with what it measures.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import selectors
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

RECORDED = Path(__file__).parent.parent / "tests" / "recordings" / "rest"
SOURCE = "http://127.0.0.1:9/"


def requests(url: str, secret: str, first: int) -> itertools.Iterator[bytes]:
    """Signed deliveries of unpaid orders, each another one."""
    text = (RECORDED / "orders_post_status_pending.json").read_text(encoding="utf-8")
    order = json.loads(text)["response"]["json"]
    body = json.dumps(order).replace(f'"id": {order["id"]},', '"id": %d,', 1)
    before, after = body.split("%d", 1)
    parts = urlsplit(url)
    for number in itertools.count(first):
        payload = f"{before}{number}{after}".encode()
        mac = hmac.new(secret.encode(), payload, hashlib.sha256).digest()
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Content-Type: application/json\r\nX-WC-Webhook-Source: {SOURCE}\r\n"
            f"X-WC-Webhook-Topic: order.updated\r\nX-WC-Webhook-Resource: order\r\n"
            f"X-WC-Webhook-Event: updated\r\nX-WC-Webhook-ID: 1\r\n"
            f"X-WC-Webhook-Delivery-ID: {number:032x}\r\n"
            f"X-WC-Webhook-Signature: {base64.b64encode(mac).decode()}\r\n"
            f"Content-Length: {len(payload)}\r\n\r\n"
        )
        yield head.encode() + payload


class Connection:
    """One kept-alive connection with at most one request under way."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 80), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at, self.answer = 0.0, b""

    def send(self, request: bytes) -> None:
        self.sent_at, self.answer = time.perf_counter(), b""
        self.socket.sendall(request)

    def receive(self) -> float | None:
        """The latency once the whole answer is there; None before."""
        more = self.socket.recv(65536)
        if not more:
            raise SystemExit("the server closed a connection")
        self.answer += more
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return None
        lower = head.lower()
        if b"content-length:" in lower:
            length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
            if len(body) < length:
                return None
        elif not body.endswith(b"0\r\n\r\n"):
            return None
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
            raise SystemExit(f"answered {head[:60]!r}")
        return time.perf_counter() - self.sent_at


def main() -> None:
    url, secret, seconds, connections, first = sys.argv[1:]
    stream = requests(url, secret, int(first))
    selector = selectors.DefaultSelector()
    for _ in range(int(connections)):
        made = Connection(url)
        selector.register(made.socket, selectors.EVENT_READ, made)
        made.send(next(stream))
    begun, latencies = time.perf_counter(), []
    end, waiting = begun + float(seconds), int(connections)
    while waiting:
        for key, _ in selector.select(timeout=30):
            latency = key.data.receive()
            if latency is None:
                continue
            latencies.append(latency)
            if time.perf_counter() < end:
                key.data.send(next(stream))
            else:
                selector.unregister(key.data.socket)
                waiting -= 1
    print(time.perf_counter() - begun)
    print("\n".join(f"{latency:.6f}" for latency in latencies))


main()
