"""The demo shop on a port: a small threaded HTTP/1.1 server with keep-alive.

Flask's own development server closes each connection and waits on it; the benchmarks need
better, and faults need a server that can hang up without an answer.
"""

import io
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from app.demo.rest import Hangup, create_app

if TYPE_CHECKING:
    from app.demo.shop import DemoShop

MAX_BODY = 8 * 1024 * 1024
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "demo-shop"
    sys_version = ""
    disable_nagle_algorithm = True
    server: "_Server"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; the shop keeps its own log of requests."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True

    def _serve(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self.send_error(413 if length > MAX_BODY else 411)
            return
        environ = self._environ(self.rfile.read(length))
        answer: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            answer[:] = [status, headers]

        try:
            chunks = self.server.app(environ, start_response)
            body = b"".join(chunks)
            if hasattr(chunks, "close"):
                chunks.close()
        except Hangup:
            self.close_connection = True
            return
        self._write(answer[0], answer[1], body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if self.server.is_https else "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = f"HTTP_{name.upper().replace('-', '_')}"
            if key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
                environ[key] = value
        return environ

    def _write(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status}", f"Server: {self.server_version}"]
        moment = time.time() + self.server.shop.clock_off_s
        lines.append(f"Date: {self.date_time_string(moment)}")
        lines += [f"{name}: {value}" for name, value in headers if name != "Content-Length"]
        length = dict(headers).get("Content-Length", str(len(body)))
        lines.append(f"Content-Length: {length}")
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.wfile.write(head if self.command == "HEAD" else head + body)


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False
    request_queue_size = 512

    def __init__(
        self, address: tuple[str, int], shop: "DemoShop", tls: ssl.SSLContext | None
    ) -> None:
        self.shop = shop
        self.app: Wsgi = create_app(shop)
        self.is_https = tls is not None
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)
        if tls is not None:  # the handshake belongs to the thread of its connection
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError | ssl.SSLError):
            super().handle_error(request, client_address)

    def hang_up_all(self) -> None:
        """Close what clients still keep open."""
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


def serve(
    shop: "DemoShop", host: str, port: int, tls: ssl.SSLContext | None = None
) -> tuple[_Server, str]:
    """Bind a server for the shop (port 0: any free one) and say its URL; it is not running yet.

    A shop without an address of its own takes this one. With `tls` it speaks https.
    """
    server = _Server((host, port), shop, tls)
    url = f"{'https' if tls else 'http'}://{host}:{server.server_address[1]}"
    if not shop.base_url_is_given:
        shop.base_url = url
    return server, url


@contextmanager
def running(
    shop: "DemoShop",
    port: int = 0,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """Serve the shop from a thread; yields its URL.

    Leaving stops the server and the sender of deliveries; the shop itself stays usable and can
    be served again. Close it with `shop.close()`.
    """
    server, url = serve(shop, host, port, tls)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="demo-shop", daemon=True
    )
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()
        server.hang_up_all()
        thread.join(5)
        shop.deliveries.close()
