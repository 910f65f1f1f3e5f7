"""What is wrong between us and a shop: findings from facts.

    facts (asked by `usecases.diagnose_store`) -> can the shop be asked at all? -> every other check

Here nothing is asked of anyone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.delivery import same_source
from app.domain.findings import Finding
from app.domain.first_delivery import Verdict
from app.domain.order import OrderSnapshot
from app.domain.reconciliation import TOPICS
from app.domain.said_facts import KeptWords

OLDEST_WOOCOMMERCE = (8, 2)
"""The first version whose orders live in tables of their own by default (HPOS)."""
MOST_SKEW = timedelta(minutes=10)
"""Signed requests carry a time that WooCommerce accepts within 15 minutes."""
SILENCE = timedelta(minutes=15)
"""How long after a change its delivery may take: WP-Cron waits for visitors (recordings, 6)."""
DELIVERY_PORTS = (None, 80, 443, 8080)
"""Where stock WordPress delivers (recordings, 13)."""

INVOICE_PLUGINS = {
    "woocommerce-pdf-invoices-packing-slips",
    "woocommerce-pdf-invoices",
    "woocommerce-pdf-invoice",
    "print-invoices-packing-slip-labels-for-woocommerce",
    "wt-woocommerce-invoice-addon",
    "yith-woocommerce-pdf-invoice",
    "yith-woocommerce-pdf-invoice-premium",
    "woocommerce-germanized-pro",
    "woocommerce-german-market",
    "flexible-invoices",
    "webappick-pdf-invoice-for-woocommerce",
    "sliced-invoices",
    "woo-invoices",
    "billbee-woocommerce",
}
TRACKING_PLUGINS = {
    "woocommerce-shipment-tracking",
    "woo-advanced-shipment-tracking",
    "advanced-shipment-tracking-pro",
    "ast-pro",
    "trackship-for-woocommerce",
    "aftership-woocommerce-tracking",
    "woocommerce-germanized",
    "shiptastic-for-woocommerce",
    "woocommerce-germanized-shipments",
    "woocommerce-shipping",
    "woo-orders-tracking",
    "parcelpanel",
    "yith-woocommerce-order-tracking",
}
"""Folders of plug-ins, as `system_status` names them."""
INVOICE_META = {
    "_wcpdf_": "woocommerce-pdf-invoices-packing-slips",
    "wf_invoice_number": "print-invoices-packing-slip-labels-for-woocommerce",
    "_bewpi_invoice": "woocommerce-pdf-invoices",
}
"""What such plug-ins write into an order that they invoiced, by how its name begins."""


class Reach(StrEnum):
    """How far a request to the shop came: the name of the finding, or ok."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    FORBIDDEN_ADDRESS = "forbidden_address"
    TLS = "tls"
    FIREWALL = "firewall"
    REDIRECT = "redirect"
    NOT_FOUND = "not_found"
    NOT_WOOCOMMERCE = "not_woocommerce"
    RATE_LIMIT = "rate_limit"
    SERVER = "server"


class KeyState(StrEnum):
    """What the shop thinks of our key: the name of the finding, or ok."""

    OK = "ok"
    UNKNOWN = "unknown"
    WRONG = "key_wrong"
    SECRET = "key_secret"  # noqa: S105 - the name of a state
    READ_ONLY = "key_read_only"
    WRITE_ONLY = "key_write_only"
    CUSTOMER = "key_customer"


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook of the shop."""

    topic: str
    status: str
    delivery_url: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What was seen. Everything that could not be asked keeps its neutral default."""

    name: str
    url: str
    # asked of the shop
    reach: Reach = Reach.OK
    said: KeptWords = ""
    """The trouble in the shop's or the network's own words, bounded."""
    target: str = ""
    """Where a redirect leads to, as the address of a shop."""
    plain: bool = False
    """REST answers as with plain permalinks alone."""
    key: KeyState = KeyState.UNKNOWN
    stripped: bool = False
    """The Authorization header does not arrive, keys in the query do."""
    clock_skew: timedelta = timedelta(0)
    signed: bool = False
    """Requests are signed with the time (OAuth over plain http)."""
    home: str = ""
    """The address that the shop gives itself."""
    hooks: tuple[Hook, ...] | None = None
    note_mail: bool | None = None
    has_mail_server: bool = False
    """Messages leave through a mail server of the shop's own, not as notes."""
    mail_server: KeptWords = ""
    """What keeps that server from taking mail."""
    woocommerce: str = ""
    hpos: bool | None = None
    fulfillments: bool | None = None
    plugins: tuple[str, ...] | None = None
    """Folders of the active plug-ins."""
    time_zone: str = ""
    currency: str = ""
    decimals: int | None = None
    """How many its prices have."""
    taxes: bool | None = None
    prices_include_tax: bool | None = None
    # known to ourselves
    worked_before: bool = False
    own_zone: str = ""
    first_currency: str = ""
    invoiced_by: tuple[str, ...] = ()
    """Plug-ins that left their mark in the newest orders."""
    address: str = ""
    """Our webhook address for this shop."""
    may_link: bool = True
    is_demo: bool = False
    is_held: bool = False
    """Paused because it began to say that it is elsewhere."""
    changed_at: datetime | None = None
    """The newest change of an order that REST told."""
    delivered_at: datetime | None = None
    """When the last webhook came in."""
    test_failed: str = ""
    """Why the test delivery of connecting did not come, see `domain.first_delivery`; empty once
    anything did."""
    foreign_source: str = ""
    """Whence deliveries came that were kept apart."""
    mailer_failed: int = 0
    """Messages that the shop's mailer failed to send since it last sent one."""

    def finding(self, check: str, **facts: str) -> Finding:
        """A finding about this shop."""
        return Finding(check, {"store": self.name, "url": self.url, "said": self.said} | facts)


def invoiced_by(orders: Iterable[OrderSnapshot]) -> tuple[str, ...]:
    """Plug-ins that invoiced some of these orders."""
    keys = {meta.key for order in orders for meta in order.meta_data}
    found = {
        plugin for key in keys for start, plugin in INVOICE_META.items() if key.startswith(start)
    }
    return tuple(sorted(found))


def diagnose(facts: ShopFacts, now: datetime) -> list[Finding]:
    """Every finding, the worst first. Where the shop cannot be asked, what only it could tell is
    left out."""
    checks = OWN_CHECKS if (contact := list(_contact(facts))) else CHECKS
    found = contact + [one for check in checks for one in check(facts, now)]
    return sorted(found, key=lambda one: -one.severity)


def _contact(facts: ShopFacts) -> Iterator[Finding]:
    if facts.reach is not Reach.OK:
        yield facts.finding(facts.reach.value, target=facts.target)
    elif facts.signed and abs(facts.clock_skew) > MOST_SKEW:
        minutes = round(abs(facts.clock_skew) / timedelta(minutes=1))
        yield facts.finding("clock", minutes=str(minutes))
    elif facts.key is KeyState.WRONG and facts.worked_before:
        yield facts.finding("key_gone")
    elif facts.key not in (KeyState.OK, KeyState.UNKNOWN):
        yield facts.finding(facts.key.value)


def _key(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.stripped:
        yield facts.finding("key_stripped")


def _permalinks(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.plain:
        yield facts.finding("permalinks")


def _webhooks(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    """One finding for each state, with the topics that are in it."""
    if facts.hooks is None or not facts.may_link:
        return
    ours = [hook for hook in facts.hooks if hook.delivery_url == facts.address]
    if any(not hook.topic for hook in ours):
        yield facts.finding("webhook_topic")
    states: dict[str, list[str]] = {}
    for topic in TOPICS:
        states.setdefault(_state(facts, ours, topic), []).append(topic)
    for state, topics in states.items():
        if state != "active":
            said = {"topics": ", ".join(topics), "address": facts.address}
            yield facts.finding(f"webhook_{state}", **said)


def _state(facts: ShopFacts, ours: list[Hook], topic: str) -> str:
    found = {hook.status for hook in ours if hook.topic == topic}
    for state in ("active", "disabled", "paused"):
        if state in found:
            return state
    path = urlsplit(facts.address).path
    elsewhere = (
        hook.topic == topic and path and urlsplit(hook.delivery_url).path == path
        for hook in facts.hooks or ()
    )
    return "address" if any(elsewhere) else "missing"


def _arriving(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    """The test of connecting failed; or orders changed since our webhooks stand, and no delivery
    came for them."""
    if facts.test_failed and facts.may_link:
        name = "not_reached" if facts.test_failed == Verdict.NO_PING else "cron_asleep"
        yield facts.finding(name, address=facts.address)
        return
    begun = [
        hook.created_at
        for hook in facts.hooks or ()
        if hook.status == "active" and hook.delivery_url == facts.address and hook.created_at
    ]
    changed = facts.changed_at
    if not begun or changed is None or changed < max(begun) or now - changed < SILENCE:
        return
    if facts.delivered_at is None or facts.delivered_at < changed - SILENCE:
        yield facts.finding("deliveries")


def _note_mail(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.note_mail is False and not facts.has_mail_server:
        yield facts.finding("note_mail")


def _mail_server(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.mail_server:
        yield facts.finding("mail_server", said=facts.mail_server)


def _mailer(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.mailer_failed:
        yield facts.finding("mailer", number=str(facts.mailer_failed))


def _versions(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    numbers = tuple(int(part) for part in facts.woocommerce.split(".")[:2] if part.isdecimal())
    if len(numbers) == 2 and numbers < OLDEST_WOOCOMMERCE:
        oldest = ".".join(map(str, OLDEST_WOOCOMMERCE))
        yield facts.finding("version", said=facts.woocommerce, oldest=oldest)
    elif facts.hpos is False:
        yield facts.finding("hpos")


def _plugins(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    active = set(facts.plugins or ())
    if facts.plugins is not None and facts.fulfillments is False and not active & TRACKING_PLUGINS:
        yield facts.finding("tracking")
    if invoicing := sorted(active & INVOICE_PLUGINS | set(facts.invoiced_by)):
        yield facts.finding("invoice_plugin", said=", ".join(invoicing))


def _changed(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.time_zone and not _same_zone(facts.time_zone, facts.own_zone, now):
        yield facts.finding("time_zone", before=facts.own_zone, now=facts.time_zone)
    if facts.currency and facts.first_currency and facts.currency != facts.first_currency:
        yield facts.finding("currency", before=facts.first_currency, now=facts.currency)


def _same_zone(one: str, other: str, now: datetime) -> bool:
    """Whether two names mean the same time, in summer and in winter; an unknown name is no news."""
    try:
        zones = ZoneInfo(one), ZoneInfo(other)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return True
    moments = (now, now + timedelta(days=182))
    offsets = [[at.astimezone(zone).utcoffset() for at in moments] for zone in zones]
    return offsets[0] == offsets[1]


def _moved(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.home and not same_source(facts.home, facts.url):
        yield facts.finding("held" if facts.is_held else "moved", said=facts.home)


def _copied(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.foreign_source:
        yield facts.finding("copied", said=facts.foreign_source)


def _own_address(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.is_demo:
        return
    address = facts.address.partition("/webhooks/")[0]
    if not facts.may_link:
        yield facts.finding("public_url", address=address)
    elif urlsplit(address).port not in DELIVERY_PORTS:
        yield facts.finding("public_port", address=address)


Check = Callable[[ShopFacts, datetime], Iterator[Finding]]
OWN_CHECKS: tuple[Check, ...] = (_mailer, _copied, _own_address)
"""Those that need nothing from the shop."""
CHECKS: tuple[Check, ...] = (
    _key,
    _permalinks,
    _note_mail,
    _mail_server,
    *OWN_CHECKS,
    _webhooks,
    _arriving,
    _moved,
    _versions,
    _plugins,
    _changed,
)
