"""Asks a shop what the doctor needs, each question on its own: one failure does not hide others.

greet   /wp-json/ without keys (else index.php?rest_route=/): who answers, and where?
try_key one order read, an empty batch written: what is our key worth, and how must it travel?
hooks, note_mail, status: the rest, where the key can read
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from app.adapters.shop_wire import Answer, Auth, Wire
from app.domain.diagnosis import Hook, KeyState, Reach
from app.domain.reconciliation import PAGE
from app.domain.text import clean
from app.errors import ShopAway, ShopInside, ShopUntrusted
from app.said import Said

NAMESPACE = "wc/v3"
AUTHENTICATION = "woocommerce_rest_authentication_error"


class ShopProbe:
    """The questions to one shop. No answer raises; what cannot be asked stays out of the facts."""

    def __init__(self, wire: Wire, auth: Auth) -> None:
        self._wire = wire
        self.auth = auth
        """How the keys travel; `try_key` finds out what works."""
        self.plain = False
        """Whether REST answers as with plain permalinks alone; `greet` finds out."""

    def greet(self) -> dict[str, Any]:
        """`reach`, and with it what the front door tells: the clock, the address, the time zone."""
        self.plain = False
        asked = self._ask()
        if isinstance(asked, dict):
            return asked
        sent = parsedate(asked.headers.get("Date"))
        known: dict[str, Any] = {"signed": not self._wire.is_https, "plain": False}
        if sent is not None:
            known["clock_skew"] = sent - datetime.fromtimestamp(time.time(), UTC)
        index = asked.json
        if asked.status == 200 and isinstance(index, dict) and "namespaces" in index:
            return known | _introduction(index)
        return known | self._not_greeted(asked)

    def _not_greeted(self, answer: Answer) -> dict[str, Any]:
        reach = trouble(answer)
        if reach in (Reach.NOT_FOUND, Reach.FIREWALL) and (index := self._plain_index(reach)):
            self.plain = True
            return {"plain": True, **_introduction(index)}
        if reach is Reach.REDIRECT:
            return self._redirected(answer)
        if reach is not Reach.OK:
            return {"reach": reach, "said": _status_words(answer)}
        # 401 or 403 with JSON: the index is closed to visitors, and keys may open the rest
        return {} if answer.status in (401, 403) else {"reach": Reach.NOT_FOUND, "said": "200"}

    def _plain_index(self, reach: Reach) -> dict[str, Any] | None:
        """The index where plain permalinks put it; None where they are not plain.

        It always answers there. Where a page came from `/wp-json/`, that is WordPress's own front
        page only if REST itself says that its address is the plain one.
        """
        asked = self._ask(plain=True)
        index = asked.json if isinstance(asked, Answer) else None
        if not isinstance(asked, Answer) or not isinstance(index, dict):
            return None
        plain = reach is Reach.NOT_FOUND or "rest_route=" in asked.headers.get("Link", "")
        return index if plain and "namespaces" in index else None

    def _redirected(self, answer: Answer) -> dict[str, Any]:
        location = answer.headers.get("Location", "")
        target = clean(urljoin(f"{self._wire.url}/wp-json/", location), 200)
        shop = target.partition("/wp-json")[0].rstrip("/")
        return {"reach": Reach.REDIRECT, "said": target, "target": shop}

    def _ask(self, *, plain: bool = False) -> Answer | dict[str, Any]:
        try:
            return self._wire.index(plain=plain)
        except ShopAway as error:
            return _no_answer(error)

    def try_key(self, *, writing: bool) -> dict[str, Any]:
        """`key` and `stripped`; `reach`, where something stands before the keys.

        With `writing` an empty batch is posted: WooCommerce checks the right to write and has
        nothing to do.
        """
        self.auth = Auth.HEADER
        try:
            read = self._read()
            if read.status == 401 and self._wire.is_https and read.code != AUTHENTICATION:
                stripped = self._send("GET", "orders", Auth.QUERY, params=_ONE)
                if stripped.status != 401 or stripped.code == AUTHENTICATION:
                    self.auth, read = Auth.QUERY, stripped
            known = {"stripped": self.auth is Auth.QUERY}
            return known | self._judge(read, writing=writing)
        except ShopAway as error:
            return _no_answer(error)

    def _read(self) -> Answer:
        return self._send("GET", "orders", self.auth, params=_ONE)

    def _send(self, method: str, path: str, auth: Auth, **more: Any) -> Answer:
        return self._wire.send(method, path, auth=auth, plain=self.plain, **more)

    def _judge(self, read: Answer, *, writing: bool) -> dict[str, Any]:
        reach = trouble(read)
        if reach is not Reach.OK:
            return {"reach": reach, "said": _status_words(read)}
        state = read_state(read)
        if writing and (state is KeyState.OK or read.code == AUTHENTICATION):
            write = self._send("POST", "orders/batch", self.auth, data={})
            state = write_state(state, write)
        return {"key": state, "said": _status_words(read)}

    def hooks(self) -> dict[str, Any]:
        """`hooks`: all webhooks of the shop."""
        rows = self._value("webhooks", {"per_page": PAGE})
        if not isinstance(rows, list):
            return {}
        return {"hooks": tuple(_hook(row) for row in rows if isinstance(row, dict))}

    def note_mail(self) -> dict[str, Any]:
        """`note_mail`: whether the shop mails customer notes at all."""
        row = self._value("settings/email_customer_note/enabled", {})
        value = row.get("value") if isinstance(row, dict) else None
        return {"note_mail": value == "yes"} if value in ("yes", "no") else {}

    def status(self) -> dict[str, Any]:
        """Version, order tables, Fulfillments, plug-ins and currency, from `system_status`."""
        found = self._value("system_status", {"_fields": "environment,settings,active_plugins"})
        if not isinstance(found, dict):
            return {}
        known: dict[str, Any] = {}
        environment, settings = found.get("environment"), found.get("settings")
        if isinstance(environment, dict):
            known["woocommerce"] = clean(environment.get("version", ""), 20)
        if isinstance(settings, dict):
            known |= _features(settings)
        plugins = found.get("active_plugins")
        if isinstance(plugins, list):
            known["plugins"] = tuple(
                clean(row.get("plugin", ""), 100).partition("/")[0]
                for row in plugins
                if isinstance(row, dict)
            )
        return known

    def taxes(self) -> dict[str, Any]:
        """`taxes` and `prices_include_tax`, from the shop's settings."""
        paths = {
            "taxes": "settings/general/woocommerce_calc_taxes",
            "prices_include_tax": "settings/tax/woocommerce_prices_include_tax",
        }
        known: dict[str, Any] = {}
        for name, path in paths.items():
            row = self._value(path, {})
            value = row.get("value") if isinstance(row, dict) else None
            if value in ("yes", "no"):
                known[name] = value == "yes"
        return known

    def _value(self, path: str, params: dict[str, Any]) -> Any:
        """What a path says; None where it says nothing usable."""
        try:
            answer = self._send("GET", path, self.auth, params=params)
        except ShopAway:
            return None
        return answer.json if answer.status == 200 else None


_ONE = {"per_page": 1, "_fields": "id"}


def trouble(answer: Answer) -> Reach:
    """What stands between us and WooCommerce, as an answer shows it; OK where it is an answer of
    WooCommerce's own, refusals included."""
    status, words = answer.status, answer.json is not None
    if 300 <= status < 400:
        return Reach.REDIRECT
    if status == 429:
        return Reach.RATE_LIMIT
    if status >= 500:
        return Reach.SERVER
    if status == 404:
        return Reach.NOT_WOOCOMMERCE if answer.code == "rest_no_route" else Reach.NOT_FOUND
    return Reach.OK if words else Reach.FIREWALL


def read_state(answer: Answer) -> KeyState:
    """What an answer to a reading request says of the key (recordings, 14; rest/err_*).

    The words are the shop's own and in its language; where they are not English, `write_state`
    tells a key that may only write from a wrong one.
    """
    if answer.status < 300:
        return KeyState.OK
    if answer.status == 403:
        return KeyState.CUSTOMER
    if answer.status != 401:
        return KeyState.UNKNOWN
    if "read permissions" in answer.message:
        return KeyState.WRITE_ONLY
    if "write permissions" in answer.message:
        return KeyState.READ_ONLY
    if "secret is invalid" in answer.message or "signature does not match" in answer.message:
        return KeyState.SECRET
    return KeyState.WRONG


def write_state(reading: KeyState, written: Answer) -> KeyState:
    """What the empty batch adds to it."""
    if written.status < 300:
        return KeyState.OK if reading is KeyState.OK else KeyState.WRITE_ONLY
    if reading is not KeyState.OK:
        return reading
    if written.status == 401:
        return KeyState.READ_ONLY
    return KeyState.CUSTOMER if written.status == 403 and written.code else KeyState.OK


def parsedate(value: str | None) -> datetime | None:
    """A `Date` header in UTC."""
    try:
        return parsedate_to_datetime(value or "").astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _no_answer(error: ShopAway) -> dict[str, Any]:
    told = error.what.values if isinstance(error.what, Said) else {}
    if isinstance(error, ShopInside):
        return {"reach": Reach.FORBIDDEN_ADDRESS, "said": told["error"]}
    reach = Reach.TLS if isinstance(error, ShopUntrusted) else Reach.UNREACHABLE
    return {"reach": reach, "said": told.get("why", error.what)}


def _status_words(answer: Answer) -> str:
    """`401 woocommerce_rest_cannot_view`, `503`."""
    return f"{answer.status} {answer.message or answer.code}".strip()


def _introduction(index: dict[str, Any]) -> dict[str, Any]:
    names = index["namespaces"]
    if not isinstance(names, list) or NAMESPACE not in names:
        return {"reach": Reach.NOT_WOOCOMMERCE}
    home = clean(index.get("home") or index.get("url") or "", 200).rstrip("/")
    return {
        "reach": Reach.OK,
        "home": home if urlsplit(home).hostname else "",
        "time_zone": clean(index.get("timezone_string") or "", 60),
    }


def _hook(row: dict[str, Any]) -> Hook:
    created = row.get("date_created_gmt")
    try:
        created_at = datetime.fromisoformat(str(created)).replace(tzinfo=UTC)
    except ValueError:
        created_at = None
    words = (clean(row.get(name) or "", 300) for name in ("topic", "status", "delivery_url"))
    return Hook(*words, created_at)


def _features(settings: dict[str, Any]) -> dict[str, Any]:
    features, tables = settings.get("enabled_features"), settings.get("HPOS_enabled")
    decimals = settings.get("number_of_decimals")
    return {
        "currency": clean(settings.get("currency") or "", 10),
        "decimals": decimals if isinstance(decimals, int) else None,
        "hpos": tables if isinstance(tables, bool) else None,
        "fulfillments": "fulfillments" in features if isinstance(features, list) else None,
    }
