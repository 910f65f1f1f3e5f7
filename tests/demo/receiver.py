"""A receiver of webhooks that keeps what came off the socket: headers in order, raw body."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class Request:
    """One request as it came."""

    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)

    @property
    def is_ping(self) -> bool:
        return self.body.startswith(b"webhook_id=")


@dataclass
class Receiver:
    """What arrived, and how to answer: a status, or None to hang up."""

    url: str = ""
    status: int | None = 200
    ping_status: int | None = 200
    wait_s: float = 0.0
    requests: list[Request] = field(default_factory=list)

    @property
    def signed(self) -> list[Request]:
        return [r for r in self.requests if not r.is_ping]

    @property
    def pings(self) -> list[Request]:
        return [r for r in self.requests if r.is_ping]

    @property
    def topics(self) -> list[str | None]:
        return [r.header("X-WC-Webhook-Topic") for r in self.requests]


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(self.path, list(self.headers.items()), body)
            receiver.requests.append(request)
            time.sleep(receiver.wait_s)
            status = receiver.ping_status if request.is_ping else receiver.status
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    server = HTTPServer(("127.0.0.1", 0), _handler(receiver))
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
