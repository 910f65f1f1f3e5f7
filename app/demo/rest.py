"""The demo shop as a web application: REST API, pages, control routes, and faults around them.

request -> Permalinks -> FaultGate (may answer, wait or hang up) -> Flask -> Api | pages | control
"""

import io
import json
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from flask import Flask, Response, request
from werkzeug.test import run_wsgi_app

from app.demo import consent, control, pages
from app.demo.api import METHODS, STANDARD, Api
from app.demo.auth import ASKED_PATH
from app.demo.faults import RestFault
from app.demo.routes_settings import ALL_ROUTES

if TYPE_CHECKING:
    from app.demo.shop import DemoShop

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
_JSON = "application/json; charset=UTF-8"
DEMO_NAMESPACE = "kikubari-demo/v1"
"""By this our own connecting knows that a shop on this machine is the demo."""


class Hangup(ConnectionAbortedError):
    """The server closes the connection without an answer."""


class FaultGate:
    """WSGI middleware that lets the faults of the shop strike REST requests."""

    def __init__(self, shop: "DemoShop", inner: Callable[..., Iterable[bytes]]) -> None:
        self._shop = shop
        self._inner = inner

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        fault = None
        if path.startswith("/wp-json"):
            fault = self._shop.faults.rest_fault(method, path)
        if fault is None:
            return self._inner(environ, start_response)
        strike = getattr(self, f"_{fault.kind}")
        answer: Iterable[bytes] = strike(fault, environ, start_response)
        return answer

    def _not_acted(self, environ: Environ, status: int) -> None:
        self._shop.log_request(environ["REQUEST_METHOD"], environ["PATH_INFO"], status)

    def _act(self, environ: Environ) -> None:
        run_wsgi_app(self._inner, environ, buffered=True)

    @staticmethod
    def _answer(
        start: StartResponse, status: int, body: bytes, headers: list[tuple[str, str]]
    ) -> Iterable[bytes]:
        phrase = HTTPStatus(status).phrase
        start(f"{status} {phrase}", [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _status(self, fault: RestFault, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        self._not_acted(environ, fault.status)
        return self._say_status(fault, start)

    def _say_status(self, fault: RestFault, start: StartResponse) -> Iterable[bytes]:
        said = {"code": "demo_fault", "message": "The demo shop was asked to fail."}
        body = json.dumps({**said, "data": {"status": fault.status}}).encode()
        headers = [("Content-Type", _JSON)]
        if fault.retry_after is not None:
            headers.append(("Retry-After", str(fault.retry_after)))
        return self._answer(start, fault.status, body, headers)

    def _html(self, _: RestFault, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        self._not_acted(environ, 200)
        body = b"<!doctype html><title>Maintenance</title><p>Briefly unavailable.</p>"
        return self._answer(start, 200, body, [("Content-Type", "text/html; charset=UTF-8")])

    def _redirect(
        self, fault: RestFault, environ: Environ, start: StartResponse
    ) -> Iterable[bytes]:
        self._not_acted(environ, 301)
        return self._answer(start, 301, b"", [("Location", fault.location)])

    def _slow(self, fault: RestFault, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        time.sleep(fault.seconds)
        return self._inner(environ, start)

    def _hang(self, fault: RestFault, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        self._not_acted(environ, 0)
        time.sleep(fault.seconds)
        raise Hangup

    def _close(self, _: RestFault, environ: Environ, __: StartResponse) -> Iterable[bytes]:
        self._not_acted(environ, 0)
        raise Hangup

    def _act_then_hang(
        self, fault: RestFault, environ: Environ, _: StartResponse
    ) -> Iterable[bytes]:
        self._act(environ)
        time.sleep(fault.seconds)
        raise Hangup

    def _act_then_close(self, _: RestFault, environ: Environ, __: StartResponse) -> Iterable[bytes]:
        self._act(environ)
        raise Hangup

    def _act_then_status(
        self, fault: RestFault, environ: Environ, start: StartResponse
    ) -> Iterable[bytes]:
        self._act(environ)
        return self._say_status(fault, start)

    def _act_later(self, fault: RestFault, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        kept = {k: v for k, v in environ.items() if not k.startswith("werkzeug.")}
        kept["wsgi.input"] = io.BytesIO(body)
        later = threading.Timer(fault.seconds, self._act, [kept])
        later.daemon = True
        later.start()
        raise Hangup


class Permalinks:
    """WSGI middleware: `rest_route` below `/` or `/index.php` always leads to REST; `/wp-json/…`
    and the key exchange are there only unless permalinks are plain."""

    def __init__(self, shop: "DemoShop", inner: Callable[..., Iterable[bytes]]) -> None:
        self._shop = shop
        self._inner = inner

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        route = parse_qs(environ.get("QUERY_STRING", "")).get("rest_route")
        if route and (path == "/" or path.startswith("/index.php")):
            environ = {**environ, "PATH_INFO": f"/wp-json{route[0]}", ASKED_PATH: path}
        elif self._shop.plain_permalinks and path.startswith(("/wp-json", "/wc-auth")):
            start_response("404 Not Found", [("Content-Type", "text/html; charset=UTF-8")])
            return [b"<!doctype html><title>404 Not Found</title>"]
        return self._inner(environ, start_response)


def create_app(shop: "DemoShop") -> Flask:
    """The whole shop: REST under /wp-json/, the key exchange under /wc-auth/, wp-cron, pages, and
    control under /_demo/."""
    app = Flask("app.demo", static_folder=None)
    api = Api(shop, ALL_ROUTES)

    def below(path: str) -> Response:
        reply = api.answer(path)
        shop.log_request(request.method, request.path, reply.status_code)
        return reply

    def index() -> Response:
        front = {"name": shop.name, "description": "", "url": shop.base_url}
        front |= {"home": shop.base_url, "timezone_string": shop.zone}
        names = [
            "oembed/1.0",
            "wp/v2",
            DEMO_NAMESPACE,
            *(["wc/v3"] if shop.has_woocommerce else []),
        ]
        text = json.dumps({**front, "namespaces": names, "authentication": [], "routes": {}})
        place = "index.php?rest_route=/" if shop.plain_permalinks else "wp-json/"
        link = f'<{shop.base_url}/{place}>; rel="https://api.w.org/"'
        return Response(text, headers={**STANDARD, "Link": link}, content_type=_JSON)

    def cron() -> Response:
        shop.visit()
        return Response("", content_type="text/html; charset=UTF-8")

    app.add_url_rule("/wp-json/", "rest_index", index, methods=["GET"])
    app.add_url_rule(
        "/wp-json/<path:path>", "rest", below, methods=METHODS, provide_automatic_options=False
    )
    app.add_url_rule("/wp-cron.php", "cron", cron, methods=["GET", "POST"])
    app.register_blueprint(pages.blueprint(shop))
    if shop.has_woocommerce:
        app.register_blueprint(consent.blueprint(shop), url_prefix="/wc-auth/v1")
    app.register_blueprint(control.blueprint(shop), url_prefix="/_demo")
    app.wsgi_app = Permalinks(shop, FaultGate(shop, app.wsgi_app))  # type: ignore[method-assign]
    return app
