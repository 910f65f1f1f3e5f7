"""Who is asking: the shop's key check over https and OAuth 1.0a over http (recordings, 14).

A caller is nobody, a user, or refused. WooCommerce answers a wrong key over Basic as it answers
nobody, and says what is wrong in every other case.
"""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote

from app.demo.state import Record, ShopError

if TYPE_CHECKING:
    from flask import Request

    from app.demo.shop import DemoShop

_OAUTH = ("consumer_key", "timestamp", "nonce", "signature", "signature_method")
_HASHES = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
WINDOW_S = 15 * 60
_READING = ("GET", "HEAD")
ASKED_PATH = "kikubari.asked_path"
"""In the WSGI environment: the path as it was asked, where plain permalinks led elsewhere."""


def _refuse(message: str) -> ShopError:
    return ShopError("woocommerce_rest_authentication_error", message, 401)


def is_https(request: "Request", shop: "DemoShop") -> bool:
    """Whether the shop takes the request for https."""
    if request.scheme == "https":
        return True
    forwarded = request.headers.get("X-Forwarded-Proto", "")
    return shop.trust_forwarded_proto and forwarded == "https"


def _normal(text: str) -> str:
    """PHP's rawurlencode; unlike Python's quote it does not spare the slash."""
    return quote(unquote(text), safe="")


def expected_signature(
    method: str, url: str, params: Mapping[str, str], secret: str, hash_name: str
) -> str:
    """The OAuth 1.0a signature of a request; `params` without oauth_signature."""
    pairs = sorted(params.items(), key=lambda pair: pair[0].partition("[")[0])
    joined = "&".join(f"{_normal(key)}={_normal(value)}" for key, value in pairs)
    text = f"{method}&{quote(url, safe='')}&{quote(joined, safe='')}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), getattr(hashlib, hash_name))
    return base64.b64encode(digest.digest()).decode()


def _signed_url(request: "Request") -> str:
    """What a signature is about: the address as it was asked; a bare `/` counts as nothing."""
    asked = request.environ.get(ASKED_PATH)
    if asked is None:
        return request.base_url
    return f"{request.host_url.rstrip('/')}{asked if asked != '/' else ''}"


class Doorkeeper:
    """Checks the callers of one shop; remembers nonces."""

    def __init__(self, shop: "DemoShop") -> None:
        self._shop = shop
        self._nonces: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def user_of(self, request: "Request") -> int | None:
        """The user behind a request, None for nobody; ShopError (401) when refused.

        WooCommerce before 11.1 looks at keys only where `wp-json/wc/` stands in the address.
        """
        if "wp-json/wc/" not in request.environ.get(ASKED_PATH, request.path):
            return None
        key = self._by_https(request) if is_https(request, self._shop) else self._by_oauth(request)
        if key is None:
            return None
        reading = request.method in _READING
        if request.method != "OPTIONS":
            right = "read" if reading else "write"
            if right not in key["permissions"].split("_"):
                raise _refuse(f"The API key provided does not have {right} permissions.")
        return int(key["user_id"])

    def _by_https(self, request: "Request") -> Record | None:
        given = None if self._shop.strips_authorization else request.authorization
        if given is not None and given.type == "basic":
            name, secret = given.username or "", given.password or ""
        else:
            name = request.args.get("consumer_key", "")
            secret = request.args.get("consumer_secret", "")
        if not name or not secret:
            return None
        key = self._shop.keys.get(name)
        if key is None:
            return None
        if not hmac.compare_digest(key["secret"].encode(), secret.encode()):
            raise _refuse("Consumer secret is invalid.")
        return key

    def _by_oauth(self, request: "Request") -> Record | None:
        # the last of two equal names counts, as in PHP; the Python client sends some twice
        query = request.query_string.decode("latin-1")
        params = dict(parse_qsl(query, keep_blank_values=True))
        form = request.mimetype == "application/x-www-form-urlencoded"
        if form and request.method == "POST":
            body = request.get_data().decode("latin-1")
            params |= dict(parse_qsl(body, keep_blank_values=True))
        given = [name for name in _OAUTH if params.get(f"oauth_{name}")]
        if "consumer_key" not in given:
            return None
        if len(given) < len(_OAUTH):
            missing = ", ".join(f"oauth_{n}" for n in _OAUTH if n not in given)
            raise _refuse(f"Missing OAuth parameter {missing}")
        key = self._shop.keys.get(params["oauth_consumer_key"])
        if key is None:
            raise _refuse("Consumer key is invalid.")
        self._check_signature(request, params, key["secret"])
        self._check_freshness(params)
        return key

    def _check_signature(self, request: "Request", params: dict[str, str], secret: str) -> None:
        hash_name = _HASHES.get(params["oauth_signature_method"])
        if hash_name is None:
            raise _refuse("Invalid signature - signature method is invalid.")
        given = params["oauth_signature"].replace(" ", "+")
        rest = {name: value for name, value in params.items() if name != "oauth_signature"}
        url = _signed_url(request)
        expected = expected_signature(request.method, url, rest, secret, hash_name)
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise _refuse("Invalid signature - provided signature does not match.")

    def _check_freshness(self, params: dict[str, str]) -> None:
        # the caller's clock is real even when the shop's has been moved
        now = time.time() + self._shop.clock_off_s
        try:
            sent = int(params["oauth_timestamp"])
        except ValueError:
            sent = 0
        if abs(now - sent) > WINDOW_S:
            raise _refuse("Invalid timestamp.")
        used = (params["oauth_consumer_key"], params["oauth_nonce"])
        with self._lock:
            if len(self._nonces) > 50_000:
                oldest = now - WINDOW_S
                self._nonces = {n: at for n, at in self._nonces.items() if at > oldest}
            if used in self._nonces:
                raise _refuse("Invalid nonce - nonce has already been used.")
            self._nonces[used] = now
