"""One request to a shop, through the `woocommerce` package with what it lacks.

The package opens a connection for each call, gives up after 5 seconds and follows redirects (a
301 of a POST becomes a GET). Here: one pooled session, time-outs of (3.05, 20) seconds, no
redirects, a cap on sizes, two requests at a time, public addresses alone. Keys travel as
`Authorization: Basic` over https, as an OAuth1 signature over http (recordings, 14), and in the
query where a host takes the header away.

A shop with plain permalinks is asked at `/index.php/wp-json/wc/v3/…?rest_route=/wc/v3/…`:
WordPress goes by `rest_route`. WooCommerce before 11.1 looks at keys only where `wp-json/wc/`
stands in the address, and signs without the slash of a bare `/`, hence the path.
"""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import requests
import woocommerce.api
import woocommerce.oauth
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from app.adapters.outgoing import (
    ForbiddenAddress,
    PublicOnlyAdapter,
    WatchedAdapter,
    deadline,
)
from app.domain.text import clean
from app.errors import ShopBusy, ShopInside, ShopUnreachable, ShopUntrusted
from app.said import Said

TIMEOUT = (3.05, 20.0)
LONGEST_SECONDS = 60.0
"""For a whole answer, however it trickles."""
LARGEST_ANSWER = 32 * 1024 * 1024
AT_ONCE = 2
"""Requests to one shop at the same time from one process."""


INDEX = "wp-json/"
PLAIN_INDEX = "index.php?rest_route=/"
"""Where the front page of a shop's REST is, which needs no keys."""


class Auth(StrEnum):
    """How the keys travel. `HEADER` is a signature where the shop has no https."""

    HEADER = "header"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def code(self) -> str:
        """The shop's error code, empty where it gave none."""
        return self._error("code", 80)

    @property
    def message(self) -> str:
        """The shop's error in its own words and language."""
        return self._error("message", 160)

    def _error(self, field: str, limit: int) -> str:
        value = self.json
        return clean(value.get(field, ""), limit) if isinstance(value, dict) else ""


class Wire:
    """The way to one shop. `name` is only for messages."""

    def __init__(
        self,
        name: str,
        url: str,
        key: str,
        secret: str,
        *,
        auth: Auth,
        plain: bool = False,
        user_agent: str,
        private_allowed: bool,
    ) -> None:
        """`plain`: the shop's permalinks are."""
        self._name = name
        self._agent = user_agent
        self.url = url.rstrip("/")
        self.is_https = self.url.startswith("https://")
        self._auth = auth
        self._plain = plain
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._session = requests.Session()
        self._session.trust_env = False
        kind = WatchedAdapter if private_allowed else PublicOnlyAdapter
        adapter = kind(pool_connections=1, pool_maxsize=AT_ONCE, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        options = {"timeout": TIMEOUT, "user_agent": user_agent, "version": "wc/v3"}
        self._apis = {
            (way, is_plain): woocommerce.api.API(
                f"{self.url}/index.php" if is_plain else url,
                key,
                secret,
                query_string_auth=way is Auth.QUERY,
                **options,
            )
            for way in Auth
            for is_plain in (False, True)
        }

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        auth: Auth | None = None,
        plain: bool | None = None,
    ) -> Answer:
        """A request with our keys to a path below `wc/v3`. Never tried twice.

        Raises:
            ShopUnreachable, ShopUntrusted, ShopInside: no answer came.
        """
        is_plain = self._plain if plain is None else plain
        api = self._apis[auth or self._auth, is_plain]
        asked = dict(params or {}) | ({"rest_route": f"/wc/v3/{path}"} if is_plain else {})
        options: dict[str, Any] = {"params": asked, "session": self._session}
        if method in ("POST", "PUT"):
            write = api.post if method == "POST" else api.put
            return self._within_turn(lambda: write(path, data or {}, **options))
        send = {"GET": api.get, "DELETE": api.delete}[method]
        return self._within_turn(lambda: send(path, **options))

    def index(self, *, plain: bool | None = None) -> Answer:
        """The front page of the shop's REST. Raises: as `send`."""
        return self.visit(PLAIN_INDEX if (self._plain if plain is None else plain) else INDEX)

    def visit(self, path: str, *, timeout: float | tuple[float, float] = TIMEOUT) -> Answer:
        """A GET without keys of a path below the shop's address.

        Raises: as `send`.
        """
        headers = {"user-agent": self._agent}
        return self._within_turn(
            lambda: _request(
                "GET", f"{self.url}/{path}", session=self._session, timeout=timeout, headers=headers
            )
        )

    def _within_turn(self, send: Callable[[], requests.Response]) -> Answer:
        if not self._turns.acquire(timeout=LONGEST_SECONDS):
            raise ShopBusy(
                Said('store "%(store)s": others of us are asking it now', store=self._name),
                retry=5.0,
            )
        try:
            return self._answer(send)
        finally:
            self._turns.release()

    def _answer(self, send: Callable[[], requests.Response]) -> Answer:
        try:
            with deadline(LONGEST_SECONDS), send() as response:
                return Answer(response.status_code, response.headers, _read(response))
        except ForbiddenAddress as error:
            raise ShopInside(
                Said('store "%(store)s": %(error)s', store=self._name, error=error.args[0]),
                mend=Said("set ALLOW_PRIVATE_SHOPS=true if this shop really stands there"),
            ) from None
        except requests.exceptions.SSLError as error:
            raise ShopUntrusted(
                Said(
                    'store "%(store)s": the shop\'s TLS certificate is not trusted (%(why)s)',
                    store=self._name,
                    why=_certificate_problem(error),
                ),
                mend=Said("renew or complete the certificate of the shop"),
            ) from None
        except (requests.RequestException, OSError) as error:
            # Not `from error`: its text can hold the address with the keys in it.
            raise ShopUnreachable(
                Said(
                    'store "%(store)s": the shop did not answer (%(why)s)',
                    store=self._name,
                    why=_broken(error),
                )
            ) from None


def _request(
    method: str, url: str, *, session: requests.Session | None = None, **options: Any
) -> requests.Response:
    """What the package calls: through our pooled session when we made the call."""
    if session is None:
        return requests.request(method, url, timeout=options.pop("timeout", TIMEOUT), **options)
    return session.request(method, url, allow_redirects=False, stream=True, **options)


def _nonce() -> str:
    """128 random bits. The package's own has eight digits: within the 15 minutes for which a shop
    remembers them, two requests of a busy hour would share one, and the second gets a 401."""
    return secrets.token_hex(16)


def _quote(text: str, safe: str = "") -> str:
    """As PHP's rawurlencode, by which the shop checks signatures: a slash is encoded too."""
    return quote(text, safe=safe)


woocommerce.api.request = _request
woocommerce.oauth.quote = _quote
woocommerce.oauth.OAuth.generate_nonce = staticmethod(_nonce)


def _read(response: requests.Response) -> bytes:
    """The body, up to the cap; its time is bounded by the deadline around the request."""
    parts, size = [], 0
    for chunk in response.iter_content(65536):
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise requests.exceptions.ContentDecodingError("the answer is too large or too slow")
    return b"".join(parts)


def _inner(error: BaseException) -> list[BaseException]:
    """An error and what it wraps, the outermost first."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found


def _certificate_problem(error: requests.exceptions.SSLError) -> str:
    """OpenSSL's words: `self-signed certificate`, `certificate has expired` …"""
    for one in _inner(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return clean(one.verify_message, 120)
    return Said("no TLS there")


def _broken(error: Exception) -> str:
    """What broke, in a few words that hold no address."""
    kinds: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
        (NameResolutionError, Said("its name cannot be resolved")),
        (NewConnectionError, Said("no connection is accepted there")),
        ((ConnectTimeoutError, requests.Timeout), Said("no answer in time")),
        (requests.exceptions.ContentDecodingError, Said("the answer is too large or too slow")),
    )
    inner = _inner(error)
    for kind, words in kinds:
        if any(isinstance(one, kind) for one in inner):
            return words
    return Said("the connection broke: %(kind)s", kind=type(error).__name__)
