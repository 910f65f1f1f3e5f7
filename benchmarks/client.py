"""Our client against the unwrapped `woocommerce` package: the median GET over TLS.

    .venv/bin/python benchmarks/client.py --rounds 200

A small local server with a self-signed certificate, in a process of its own, answers every GET
with a recorded order. Both clients trust that certificate beside the usual authorities, and ask
for the same thing, in turns.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import socket
import ssl
import statistics
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

import requests
import woocommerce.api
from common import finish
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from app.adapters.shop_wire import Auth, Wire
from app.adapters.woocommerce import WooShop
from app.services import utc_now
from tests.certificates import Certificate, self_signed
from tests.recorded import rest_order

ORDER = rest_order("orders_get_dp6")
GOAL = 0.25


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    body = json.dumps(ORDER).encode()

    def do_GET(self) -> None:
        head = f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n\r\n"
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + head.encode() + self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext

    def get_request(self) -> tuple[socket.socket, object]:
        plain, address = super().get_request()
        return self.context.wrap_socket(
            plain, server_side=True, do_handshake_on_connect=False
        ), address


def serve(certificate: Certificate, tell: Connection) -> None:
    """Runs until its pipe closes."""
    server = Server(("127.0.0.1", 0), Answering)
    server.context = certificate.serving()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    tell.send(server.server_port)
    tell.poll(None)


def measure(url: str, trusted: Path, rounds: int) -> dict[str, float]:
    """Milliseconds of each client's median, asked in turns."""
    keys = ("ck_benchmark", "cs_benchmark")
    wire = Wire("bench", url, *keys, auth=Auth.HEADER, user_agent="benchmark", private_allowed=True)
    ours = WooShop("bench", wire, writable=False, clock=utc_now)
    plain = woocommerce.api.API(url, *keys, version="wc/v3", verify_ssl=str(trusted))
    times: dict[str, list[float]] = {"pooled": [], "unwrapped": []}
    ask = {
        "pooled": lambda: ours.order(ORDER["id"]),
        "unwrapped": lambda: plain.get(f"orders/{ORDER['id']}", params={"dp": 6}).json(),
    }
    # The package as it comes: `shop_wire` puts our own function in the place of its `request`.
    as_it_comes = mock.patch("woocommerce.api.request", requests.request)
    for number in range(rounds + 5):
        for name in times if number % 2 else reversed(times):
            begun = time.perf_counter()
            if name == "pooled":
                answer = ask[name]()
            else:
                with as_it_comes:
                    begun = time.perf_counter()
                    answer = ask[name]()
            took = time.perf_counter() - begun
            if answer != ORDER:
                raise SystemExit(f"{name}: another answer than the recorded order")
            if number >= 5:  # the first rounds warm both up
                times[name].append(took * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kikubari-") as folder:
        certificate = self_signed(Path(folder))
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(certificate, theirs), daemon=True)
        server.start()
        url = f"https://127.0.0.1:{ours.recv()}"
        trusted = Path(folder) / "trusted.pem"
        usual = Path(DEFAULT_CA_BUNDLE_PATH).read_bytes()
        trusted.write_bytes(usual + certificate.path.read_bytes())
        with mock.patch("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(trusted)):
            median = measure(url, trusted, asked.rounds)
        server.terminate()
        server.join()
    ratio = median["pooled"] / median["unwrapped"]
    result = {f"{name}_ms": round(value, 2) for name, value in median.items()}
    return finish(result | {"ratio": round(ratio, 3)}, good=ratio <= GOAL)


if __name__ == "__main__":
    raise SystemExit(main())
