"""Finds where a shop answers, from an address as its owner types it. Nothing is asked with keys."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.adapters.shop_probe import ShopProbe
from app.adapters.shop_wire import Auth, Wire
from app.domain.connecting import FoundShop, candidates, is_local
from app.domain.delivery import same_source
from app.domain.diagnosis import Reach
from app.domain.findings import Finding
from app.domain.text import clean
from app.errors import SettingsError, ShopAway

DEMO_NAMESPACE = "kikubari-demo/v1"
MOST_ASKED = 8
TELLING = (
    Reach.UNREACHABLE,
    Reach.NOT_FOUND,
    Reach.REDIRECT,
    Reach.FIREWALL,
    Reach.SERVER,
    Reach.RATE_LIMIT,
    Reach.TLS,
    Reach.FORBIDDEN_ADDRESS,
    Reach.NOT_WOOCOMMERCE,
)
"""The later, the more a failure tells: what the owner is told where no address works."""


class ShopFinder:
    """Tries addresses one after the other until WooCommerce answers."""

    def __init__(self, *, user_agent: str, private_allowed: bool) -> None:
        self._agent = user_agent
        self._private = private_allowed

    def __call__(self, text: str) -> FoundShop:
        """Where the shop answers: a redirect and the shop's own word about its address followed.

        Raises:
            SettingsError: no WooCommerce answers there, and why.
        """
        waiting, asked = candidates(text), set[str]()
        worst: tuple[Reach, str, str] | None = None
        while waiting and len(asked) < MOST_ASKED:
            url = waiting.pop(0)
            if url in asked:
                continue
            asked.add(url)
            seen = self._greet(url)
            reach = seen.get("reach", Reach.OK)
            if reach is Reach.OK:
                return self._at_home(url, seen)
            if reach is Reach.REDIRECT:
                waiting[:0] = _followed(str(seen.get("target", "")))
            if worst is None or TELLING.index(reach) > TELLING.index(worst[0]):
                worst = (reach, url, str(seen.get("said", "")))
        assert worst is not None
        raise _nobody(*worst)

    def _greet(self, url: str) -> dict[str, object]:
        return ShopProbe(self._wire(url), Auth.HEADER).greet()

    def _at_home(self, url: str, seen: dict[str, object]) -> FoundShop:
        """The address that the shop gives itself, if it answers there: webhooks come from it."""
        home = str(seen.get("home", ""))
        if home and not same_source(home, url):
            other = self._greet(home)
            if other.get("reach") is Reach.OK and same_source(str(other.get("home", "")), home):
                url, seen = home, other
        plain = bool(seen.get("plain"))
        return FoundShop(url, is_demo=is_local(url) and self._is_demo(url, plain), plain=plain)

    def _is_demo(self, url: str, plain: bool) -> bool:
        try:
            index = self._wire(url).index(plain=plain).json
        except ShopAway:
            return False
        names = index.get("namespaces") if isinstance(index, dict) else None
        return isinstance(names, list) and DEMO_NAMESPACE in names

    def _wire(self, url: str) -> Wire:
        name = urlsplit(url).hostname or "shop"
        return Wire(
            name,
            url,
            "",
            "",
            auth=Auth.HEADER,
            user_agent=self._agent,
            private_allowed=self._private,
        )


def _followed(target: str) -> list[str]:
    try:
        return candidates(target)[:1] if target else []
    except SettingsError:
        return []


def _nobody(reach: Reach, url: str, said: str) -> SettingsError:
    """The doctor's words for it."""
    facts = {"store": urlsplit(url).hostname or url, "url": url, "said": said, "target": said}
    found = Finding(reach.value, {name: clean(value, 200) for name, value in facts.items()})
    return SettingsError(found.seen(), mend=found.mend())
