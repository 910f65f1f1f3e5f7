"""What can be found wrong between us and a shop, in words: what was seen, why it matters, the mend.
They are English, with named placeholders, and a page says them again. It is found by
`usecases.diagnose_store`, decided by `domain.diagnosis`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from app.said import N_, Said, as_kept, to_keep


class Severity(IntEnum):
    """How bad: also the exit code of the doctor."""

    OK = 0
    WARNING = 1
    BROKEN = 2


class Words(NamedTuple):
    """What one kind of finding says."""

    severity: Severity
    seen: str
    why: str
    mend: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. `check` is its name, `facts` fill its sentences."""

    check: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return WORDS[self.check].severity

    def seen(self) -> Said:
        return Said(WORDS[self.check].seen, **self.facts)

    def why(self) -> Said:
        return Said(WORDS[self.check].why, **self.facts)

    def mend(self) -> Said:
        return Said(WORDS[self.check].mend, **self.facts)

    def as_row(self) -> dict[str, Any]:
        """Fit to be kept as JSON; `from_rows` reads it."""
        facts = {name: to_keep(value) for name, value in self.facts.items()}
        return {"check": self.check, "facts": facts}


def from_rows(rows: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Kept findings; those of a kind that is not known any more are left out."""
    known = [row for row in rows if row["check"] in WORDS]
    facts = [{name: as_kept(value) for name, value in row["facts"].items()} for row in known]
    return [Finding(row["check"], said) for row, said in zip(known, facts, strict=True)]


def worst(findings: Iterable[Finding]) -> Severity:
    """The exit code: 0 healthy, 1 warnings, 2 broken."""
    return max((one.severity for one in findings), default=Severity.OK)


_WARNING, _BROKEN = Severity.WARNING, Severity.BROKEN

_UNREAD = N_("Without this no order can be read and no customer told.")
_KEY_USE = N_("Invoices are made from what the key may read; messages need it to write.")
_NEW_KEY = N_(
    "Make a new key in WooCommerce > Settings > Advanced > REST API for an administrator, "
    "Read/Write, then: store change %(store)s --consumer-key … --consumer-secret …"
)
_READ_WRITE = N_(
    "Set the key's permissions to Read/Write in WooCommerce > Settings > Advanced > REST API."
)
_BY_ASKING = N_("New orders are then seen only by asking, some time later.")
_NONE_LEAVES = N_("No message leaves before it does.")
_TRY_MAIL = N_("Correct its settings or password; try it: store smtp %(store)s --test ADDRESS")
_MOVED_OR_NOT = N_(
    "If it moved: store moved %(store)s %(said)s — if not: store copy %(store)s %(said)s"
)
_MADE_ANEW = N_(
    "In test and live mode it is made anew within minutes; in shadow mode make it in "
    "WooCommerce > Settings > Advanced > Webhooks with the address %(address)s."
)

CONTACT: dict[str, Words] = {
    "unreachable": Words(
        _BROKEN,
        N_("The shop does not answer at %(url)s (%(said)s)."),
        _UNREAD,
        N_(
            "Check that the shop is up and its address right; if it moved: "
            "store change %(store)s --url ADDRESS"
        ),
    ),
    "forbidden_address": Words(
        _BROKEN,
        N_("The shop's address is inside a private network: %(said)s."),
        _UNREAD,
        N_("If this shop really stands there, set ALLOW_PRIVATE_SHOPS=true and start again."),
    ),
    "tls": Words(
        _BROKEN,
        N_("The TLS certificate of %(url)s is not trusted (%(said)s)."),
        _UNREAD,
        N_("Renew the certificate at the shop's host, or add its missing intermediate."),
    ),
    "firewall": Words(
        _BROKEN,
        N_("A web page came instead of data from %(url)s (%(said)s)."),
        _UNREAD,
        N_(
            "A firewall, a cache or a maintenance page stands before the shop: let it pass "
            "/wp-json/ for the address of this service."
        ),
    ),
    "redirect": Words(
        _BROKEN,
        N_("%(url)s leads on to %(said)s, and keys are not sent there."),
        _UNREAD,
        N_("Use that address: store change %(store)s --url %(target)s"),
    ),
    "not_found": Words(
        _BROKEN,
        N_("There is no WordPress REST interface at %(url)s (%(said)s)."),
        _UNREAD,
        N_(
            "Check the address, sub-folder included; a security plug-in may have switched "
            "/wp-json/ off."
        ),
    ),
    "not_woocommerce": Words(
        _BROKEN,
        N_("%(url)s is WordPress without WooCommerce."),
        _UNREAD,
        N_("Activate WooCommerce there, or give the address of the shop itself."),
    ),
    "rate_limit": Words(
        _BROKEN,
        N_("The shop's host refuses us for asking too often (429)."),
        _UNREAD,
        N_("Allow the address of this service in the shop's firewall or at its host."),
    ),
    "server": Words(
        _BROKEN,
        N_("The shop answers with an error of its own (%(said)s)."),
        _UNREAD,
        N_("Look into the shop's PHP error log, or ask its host."),
    ),
    "key_wrong": Words(
        _BROKEN,
        N_("The shop does not know our key (%(said)s): it is wrong or was deleted."),
        _KEY_USE,
        _NEW_KEY,
    ),
    "key_gone": Words(
        _BROKEN,
        N_(
            "The key that worked until now was deleted in the shop, by itself or with the user to "
            "whom it belonged (%(said)s)."
        ),
        _KEY_USE,
        _NEW_KEY,
    ),
    "key_secret": Words(
        _BROKEN,
        N_("The shop knows our key, but not with this secret (%(said)s)."),
        _KEY_USE,
        _NEW_KEY,
    ),
    "key_read_only": Words(_BROKEN, N_("Our key may only read."), _KEY_USE, _READ_WRITE),
    "key_write_only": Words(_BROKEN, N_("Our key may only write."), _KEY_USE, _READ_WRITE),
    "key_customer": Words(
        _BROKEN,
        N_("Our key belongs to a user who may not see orders, a customer for example."),
        _KEY_USE,
        _NEW_KEY,
    ),
    "clock": Words(
        _BROKEN,
        N_("The shop's clock and ours are %(minutes)s minutes apart."),
        N_("Over plain http requests are signed with the time, and refused after 15 minutes."),
        N_("Set both machines to network time, or give the shop https."),
    ),
}
"""What keeps us from asking the shop at all."""

WORDS: dict[str, Words] = CONTACT | {
    "key_stripped": Words(
        _WARNING,
        N_("The shop's web server takes the Authorization header away."),
        N_("Our keys now go in the address of each request, and may stand in the host's logs."),
        N_(
            "Let the header pass: “CGIPassAuth On” in the shop's .htaccess, or ask its host; it is "
            "used again by itself."
        ),
    ),
    "permalinks": Words(
        _WARNING,
        N_("The shop uses plain permalinks; it is asked at index.php, and that works."),
        N_("Not every plug-in speaks this way, nor can WooCommerce hand out keys by itself."),
        N_("Choose any other kind in WordPress > Settings > Permalinks and save."),
    ),
    "note_mail": Words(
        _BROKEN,
        N_("The shop's e-mail “Customer note” is switched off."),
        N_("The shop then accepts our messages and mails none of them."),
        N_("Switch it on in WooCommerce > Settings > Emails > Customer note."),
    ),
    "mail_server": Words(_BROKEN, N_("Our mail is not taken: %(said)s."), _NONE_LEAVES, _TRY_MAIL),
    "mailer": Words(
        _BROKEN,
        N_("The shop's mailer failed to send our latest messages (%(number)s)."),
        N_("These customers were not told."),
        N_("Check the shop's SMTP settings, then tell these customers: notices list"),
    ),
    "webhook_missing": Words(
        _WARNING, N_("The shop has no webhook for us: %(topics)s."), _BY_ASKING, _MADE_ANEW
    ),
    "webhook_disabled": Words(
        _WARNING,
        N_("The shop disabled our webhook after failures: %(topics)s."),
        _BY_ASKING,
        _MADE_ANEW,
    ),
    "webhook_paused": Words(
        _WARNING,
        N_("Our webhook is paused in the shop: %(topics)s."),
        _BY_ASKING,
        N_("Set it active in WooCommerce > Settings > Advanced > Webhooks."),
    ),
    "webhook_address": Words(
        _WARNING,
        N_("Our webhook delivers to another address than ours: %(topics)s."),
        _BY_ASKING,
        N_("Set its delivery URL in the shop to %(address)s, or delete it there."),
    ),
    "webhook_topic": Words(
        _WARNING,
        N_("A webhook of ours has no topic; it was typed in capitals, perhaps."),
        N_("WooCommerce keeps it so and never delivers it."),
        N_("Choose its topic again in WooCommerce > Settings > Advanced > Webhooks, or delete it."),
    ),
    "deliveries": Words(
        _WARNING,
        N_("Orders change in the shop, and no webhook of it arrives."),
        _BY_ASKING,
        N_(
            "Either its WP-Cron sleeps for want of visitors (store settings %(store)s --set "
            "heartbeat=true wakes it), or its host blocks requests to our address."
        ),
    ),
    "not_reached": Words(
        _WARNING,
        N_("Nothing that the shop sends reaches %(address)s, not even a webhook's first ping."),
        _BY_ASKING,
        N_(
            "WordPress delivers neither to private addresses nor to ports other than 80, 443 and "
            "8080; if ours is neither, the shop's host or a firewall before us blocks it."
        ),
    ),
    "cron_asleep": Words(
        _WARNING,
        N_("The shop reached us once, but a test delivery did not come within three minutes."),
        _BY_ASKING,
        N_(
            "Its WP-Cron sleeps: store settings %(store)s --set heartbeat=true wakes it every "
            "minute, or have its host run wp-cron.php."
        ),
    ),
    "public_url": Words(
        _WARNING,
        N_("Our own address %(address)s is no public https address."),
        N_("The shop cannot deliver to it, and customers could not open their invoices."),
        N_("Set PUBLIC_URL to the public https address of this service and start again."),
    ),
    "public_port": Words(
        _WARNING,
        N_("Our own address %(address)s has a port to which WordPress does not deliver."),
        N_("It refuses ports other than 80, 443 and 8080, and says so nowhere."),
        N_("Serve PUBLIC_URL on port 443 and start again."),
    ),
    "moved": Words(
        _WARNING,
        N_("The shop at %(url)s says that its address is %(said)s: it moved, or this is a copy."),
        N_("A copy has the same customers and keys; nobody must be written to from it."),
        _MOVED_OR_NOT,
    ),
    "held": Words(
        _BROKEN,
        N_(
            "What answers at %(url)s says now that its address is %(said)s: it moved, or is a copy."
        ),
        N_("The shop is paused, so that nothing leaves for a copy; what is owed waits."),
        _MOVED_OR_NOT,
    ),
    "copied": Words(
        _WARNING,
        N_("Deliveries with this shop's secret come from %(said)s: it moved, or that is a copy."),
        N_("They are kept apart and change nothing: a copy signs like the shop itself."),
        _MOVED_OR_NOT,
    ),
    "version": Words(
        _WARNING,
        N_("WooCommerce %(said)s is older than what this is made for."),
        N_("Its answers may differ from those that were recorded and tested."),
        N_("Update WooCommerce to %(oldest)s or later."),
    ),
    "hpos": Words(
        _WARNING,
        N_("The shop keeps its orders the old way, as posts (HPOS is off)."),
        N_("Changes are slower to find, and some plug-ins change orders without a trace."),
        N_("Switch order tables on in WooCommerce > Settings > Advanced > Features."),
    ),
    "tracking": Words(
        _WARNING,
        N_("The shop keeps no tracking numbers: Fulfillments is off, and no plug-in was found."),
        N_("A parcel then counts as shipped only when its order is completed."),
        N_(
            "Switch Fulfillments on in WooCommerce > Settings > Advanced > Features, or use a "
            "shipment tracking plug-in."
        ),
    ),
    "time_zone": Words(
        _WARNING,
        N_("The shop's time zone is %(now)s, and here it is %(before)s."),
        N_("Days on invoices and promises are counted in the time zone that is set here."),
        N_("Run: store settings %(store)s --set time_zone=%(now)s"),
    ),
    "currency": Words(
        _WARNING,
        N_("The shop's currency changed from %(before)s to %(now)s since it was connected."),
        N_("Invoices follow each order's own currency; prices may have been meant otherwise."),
        N_("If the change is meant: store doctor %(store)s --accept"),
    ),
    "invoice_plugin": Words(
        _WARNING,
        N_("Another invoice plug-in is active in the shop: %(said)s."),
        N_("Two invoices for one sale can owe the tax twice."),
        N_("Decide which of the two issues invoices, and switch the other off."),
    ),
}
"""Every kind of finding, by its name."""
