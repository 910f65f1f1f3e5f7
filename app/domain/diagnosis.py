"""What is wrong between us and a shop, and how to mend it: findings from facts.

Each check has a name, what was seen, why it matters and the mend. The facts are gathered by
`usecases.diagnose_store`; here nothing is asked of anyone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

OLDEST_WOOCOMMERCE = (8, 2)
"""The first version whose orders live in tables of their own by default (HPOS)."""
MOST_SKEW = timedelta(minutes=10)
"""OAuth1 signatures carry a time that WooCommerce accepts within 15 minutes."""
SILENCE = timedelta(minutes=15)


class Severity(IntEnum):
    """How bad: also the exit code of the doctor."""

    OK = 0
    WARNING = 1
    BROKEN = 2


class Reach(StrEnum):
    """How far a request to the shop came."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    FORBIDDEN_ADDRESS = "forbidden_address"
    TLS = "tls"
    NOT_JSON = "not_json"
    REDIRECT = "redirect"
    NOT_FOUND = "not_found"
    PLAIN_PERMALINKS = "plain_permalinks"
    NOT_WOOCOMMERCE = "not_woocommerce"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"


class KeyState(StrEnum):
    """What the shop thinks of our key."""

    OK = "ok"
    WRONG = "wrong"
    READ_ONLY = "read_only"
    WRITE_ONLY = "write_only"
    CUSTOMER = "customer"
    USER_GONE = "user_gone"
    STRIPPED = "stripped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook of the shop."""

    topic: str
    status: str
    delivery_url: str


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What was seen. Everything that could not be asked keeps its neutral default."""

    name: str
    url: str
    reach: Reach = Reach.OK
    said: str = ""
    """The error in the shop's or the network's own words, bounded."""
    key: KeyState = KeyState.UNKNOWN
    clock_skew: timedelta = timedelta(0)
    oauth: bool = False
    """Signatures with a time are used (a shop over plain http)."""
    hooks: tuple[Hook, ...] | None = None
    our_address: str = ""
    topics: tuple[str, ...] = ()
    changed_at: datetime | None = None
    """The newest change of an order that REST told."""
    delivered_at: datetime | None = None
    """When the last delivery came in."""
    note_mail_on: bool | None = None
    mailer_failed: int = 0
    """Messages of the last days that the shop's mailer failed to send."""
    woocommerce: str = ""
    hpos: bool | None = None
    fulfillments: bool | None = None
    tracking_plugin: bool | None = None
    time_zone: tuple[str, str] | None = None
    """(at connecting, now)"""
    currency: tuple[str, str] | None = None
    home_url: str = ""
    public_url_ok: bool = True
    public_url: str = ""
    invoice_plugin: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    check: str
    severity: Severity
    seen: str
    why: str
    mend: str
    facts: dict[str, str] = field(default_factory=dict)

    def line(self) -> str:
        """Cause and mend in one line."""
        return f"{self.seen}: {self.mend}"


def diagnose(facts: ShopFacts, now: datetime) -> list[Finding]:
    """Every finding, the worst first. A shop that cannot be reached has only that finding."""
    found = list(_reach(facts))
    if not found:
        found = list(_key(facts))
    if not any(one.severity is Severity.BROKEN for one in found):
        for check in CHECKS:
            found.extend(check(facts, now))
    else:
        found.extend(_own_address(facts, now))
    return sorted(found, key=lambda one: -one.severity)


def worst(findings: list[Finding]) -> Severity:
    """The exit code: 0 healthy, 1 warnings, 2 broken."""
    return max((one.severity for one in findings), default=Severity.OK)


_REACH: dict[Reach, tuple[str, str, str]] = {
    Reach.UNREACHABLE: (
        "address",
        "the shop does not answer at {url} ({said})",
        "check the address, and that the shop is up; then `store change NAME --url`",
    ),
    Reach.FORBIDDEN_ADDRESS: (
        "address",
        "{url} leads into a private network",
        "set ALLOW_PRIVATE_SHOPS=1 if this shop really stands there",
    ),
    Reach.TLS: (
        "tls",
        "the shop's certificate is not trusted ({said})",
        "renew it or add its missing intermediate certificate at the shop's host",
    ),
    Reach.NOT_JSON: (
        "firewall",
        "a page came instead of JSON from {url}",
        "let a firewall, a cache or a maintenance page pass /wp-json/ for this service",
    ),
    Reach.REDIRECT: (
        "address",
        "{url} redirects elsewhere ({said})",
        "use the address that it leads to: `store change NAME --url`",
    ),
    Reach.NOT_FOUND: (
        "address",
        "there is no WordPress REST interface at {url}",
        "check the address; a security plug-in may have switched /wp-json/ off",
    ),
    Reach.PLAIN_PERMALINKS: (
        "permalinks",
        "the shop uses plain permalinks",
        "choose another kind in WordPress > Settings > Permalinks and save",
    ),
    Reach.NOT_WOOCOMMERCE: (
        "woocommerce",
        "{url} is WordPress without WooCommerce",
        "activate WooCommerce there, or give the address of the shop",
    ),
    Reach.RATE_LIMITED: (
        "rate_limit",
        "the shop answers 429: too many requests",
        "allow this service's address in the shop's firewall or at its host",
    ),
    Reach.SERVER_ERROR: (
        "server",
        "the shop answers with an error of its own ({said})",
        "look into the shop's PHP error log; its host can help",
    ),
}

_KEY: dict[KeyState, tuple[str, str]] = {
    KeyState.WRONG: (
        "the shop refuses our key ({said}): it is wrong or was deleted",
        "make a new one in WooCommerce > Settings > Advanced > REST API: `store change NAME`",
    ),
    KeyState.READ_ONLY: (
        "our key may only read",
        "set its permissions to Read/Write in WooCommerce > Settings > Advanced > REST API",
    ),
    KeyState.WRITE_ONLY: (
        "our key may only write",
        "set its permissions to Read/Write in WooCommerce > Settings > Advanced > REST API",
    ),
    KeyState.CUSTOMER: (
        "our key belongs to a user who may not see orders",
        "make a key for an administrator or shop manager: `store change NAME`",
    ),
    KeyState.USER_GONE: (
        "the user whose key we have was deleted in the shop",
        "make a key for a user who stays: `store change NAME`",
    ),
    KeyState.STRIPPED: (
        "the shop's server takes the Authorization header away",
        "let it pass (CGIPassAuth On, or the rewrite rule for HTTP_AUTHORIZATION)",
    ),
}


def _reach(facts: ShopFacts) -> Iterator[Finding]:
    if facts.reach is Reach.OK:
        return
    check, seen, mend = _REACH[facts.reach]
    words = seen.format(url=facts.url, said=facts.said)
    why = "without it no order can be read and nobody can be told"
    yield Finding(check, Severity.BROKEN, words, why, mend)


def _key(facts: ShopFacts) -> Iterator[Finding]:
    if facts.key in _KEY:
        seen, mend = _KEY[facts.key]
        why = "invoices are made from what the key may read, messages need it to write"
        yield Finding("key", Severity.BROKEN, seen.format(said=facts.said), why, mend)


def _clock(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.oauth and abs(facts.clock_skew) > MOST_SKEW:
        minutes = round(abs(facts.clock_skew).total_seconds() / 60)
        yield Finding(
            "clock",
            Severity.BROKEN,
            f"the shop's clock and ours are {minutes} minutes apart",
            "signed requests over http are refused after 15 minutes",
            "set both machines to network time",
        )


def _webhooks(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.hooks is None:
        return
    ours = [hook for hook in facts.hooks if hook.delivery_url == facts.our_address]
    why = "new orders are then seen only by asking, up to five minutes later"
    mend = "go live or to test mode, then it is made by itself; or make it by hand"
    if any(not hook.topic for hook in ours):
        words = "a webhook of ours has no topic (it was typed in capitals, perhaps)"
        yield Finding("webhook_topic", Severity.WARNING, words, why, "delete it in the shop")
    for topic in facts.topics:
        states = {hook.status for hook in ours if hook.topic == topic}
        if "active" in states:
            continue
        if "disabled" in states:
            words = f"the shop disabled the webhook {topic} after failures"
            yield Finding("webhook_disabled", Severity.WARNING, words, why, mend)
        elif "paused" in states:
            words = f"the webhook {topic} is paused in the shop"
            yield Finding("webhook_paused", Severity.WARNING, words, why, "set it active there")
        elif _elsewhere(facts, topic):
            words = f"the webhook {topic} delivers to another address than ours"
            mend_it = f"set its delivery URL to {facts.our_address}"
            yield Finding("webhook_address", Severity.WARNING, words, why, mend_it)
        else:
            words = f"the shop has no webhook {topic} for us"
            yield Finding("webhook_missing", Severity.WARNING, words, why, mend)


def _elsewhere(facts: ShopFacts, topic: str) -> bool:
    """A webhook of this topic that names our path under another host: we moved, most likely."""
    path = facts.our_address.partition("/webhooks/")[2]
    hooks = facts.hooks or ()
    return any(h.topic == topic and path and h.delivery_url.endswith(path) for h in hooks)


def _arriving(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    """Orders change, and no delivery comes."""
    active = any(
        hook.status == "active" and hook.delivery_url == facts.our_address
        for hook in facts.hooks or ()
    )
    if not active or facts.changed_at is None or now - facts.changed_at < SILENCE:
        return
    if facts.delivered_at is None or facts.delivered_at < facts.changed_at - SILENCE:
        yield Finding(
            "deliveries",
            Severity.WARNING,
            "orders change in the shop, and no webhook of it arrives",
            "orders are then seen only by asking",
            "WP-Cron sleeps (switch `heartbeat` on), or WordPress refuses our address: it "
            "delivers only to public addresses on ports 80, 443 and 8080",
        )


def _mails(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.note_mail_on is False:
        yield Finding(
            "note_mail",
            Severity.BROKEN,
            'the shop\'s e-mail "Customer note" is switched off',
            "the shop then accepts our messages and mails none of them",
            "switch it on in WooCommerce > Settings > Emails",
        )
    if facts.mailer_failed:
        yield Finding(
            "mailer",
            Severity.BROKEN,
            f"the shop's mailer failed to send {facts.mailer_failed} of our latest messages",
            "customers were not told",
            "check the shop's SMTP settings; a test mail from WooCommerce shows the cause",
        )


def _versions(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    numbers = [int(part) for part in facts.woocommerce.split(".")[:2] if part.isdigit()]
    if len(numbers) == 2 and tuple(numbers) < OLDEST_WOOCOMMERCE:
        yield Finding(
            "version",
            Severity.WARNING,
            f"WooCommerce {facts.woocommerce} is older than what we test with",
            "its answers may differ from what was recorded",
            "update WooCommerce to 8.2 or later",
        )
    if facts.hpos is False:
        yield Finding(
            "hpos",
            Severity.WARNING,
            "orders are stored the old way (HPOS is off)",
            "changes are slower to find, and some plug-ins write orders past WooCommerce",
            "switch it on in WooCommerce > Settings > Advanced > Features",
        )


def _tracking(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.fulfillments is False and facts.tracking_plugin is False:
        yield Finding(
            "tracking",
            Severity.WARNING,
            "the shop keeps no tracking numbers (Fulfillments off, no plug-in found)",
            "a parcel then counts as shipped only when its order is completed",
            "switch Fulfillments on, or use a shipment tracking plug-in",
        )


def _changed(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    pairs = (("time_zone", "time zone", facts.time_zone), ("currency", "currency", facts.currency))
    for check, word, pair in pairs:
        if pair is not None and pair[0] and pair[1] and pair[0] != pair[1]:
            yield Finding(
                check,
                Severity.WARNING,
                f"the shop's {word} changed from {pair[0]} to {pair[1]}",
                "dates and amounts on documents follow what was set here",
                "check the shop's settings here, and save them",
            )


def _invoice_plugin(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if facts.invoice_plugin:
        yield Finding(
            "invoice_plugin",
            Severity.WARNING,
            f"another invoice plug-in is active: {facts.invoice_plugin}",
            "two invoices for one sale can owe the tax twice",
            "decide which one issues invoices, and switch the other off",
        )


def _own_address(facts: ShopFacts, now: datetime) -> Iterator[Finding]:
    if not facts.public_url_ok:
        yield Finding(
            "public_url",
            Severity.WARNING,
            f"our own address {facts.public_url} is no public https address",
            "the shop cannot deliver to it, and customers could not open their invoices",
            "set PUBLIC_URL to the public https address of this service",
        )


CHECKS: tuple[Callable[[ShopFacts, datetime], Iterator[Finding]], ...] = (
    _clock,
    _webhooks,
    _arriving,
    _mails,
    _versions,
    _tracking,
    _changed,
    _invoice_plugin,
    _own_address,
)
