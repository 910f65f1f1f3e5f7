"""Shops with one thing wrong each: what the doctor has to name. For its tests and its benchmark.

a connected, healthy shop -> `sow` makes one thing wrong -> the first line says `cause` and `mend`
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from app.db.stores import Store
from app.demo.server import running
from app.domain.store_mode import Mode
from app.usecases.diagnose_store import Chart, examine
from app.usecases.manage_stores import change_store
from app.usecases.reconcile_store import reconcile_due
from tests.certificates import self_signed
from tests.world import SECRET, World


@dataclass
class Patient:
    """A connected shop. What `stack` holds ends with the case."""

    world: World
    store: Store
    stack: ExitStack
    folder: Path

    @property
    def shop(self) -> Any:
        return self.world.shop

    def change(self, **fields: str) -> None:
        """Change our side of the connection."""
        s = self.world.services
        self.store = change_store(s.db, s.box, self.store.name, fields, who="test", now=s.clock())

    def use_key(self, key: dict[str, Any]) -> None:
        self.change(consumer_key=key["key"], consumer_secret=key["secret"])

    def move_to_tls(self, *, trusted: bool = True, days: int = 30) -> None:
        """Serve the shop over https, and go there."""
        certificate = self_signed(self.folder, days=days)
        if trusted:
            bundle = mock.patch("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate.path))
            self.stack.enter_context(bundle)
        url = self.stack.enter_context(running(self.shop, tls=certificate.serving()))
        self.change(url=url)

    def webhooks(self, **values: Any) -> None:
        """Change every webhook in the shop's own database."""
        for hook in self.shop.webhooks.values():
            hook.update(values)

    def cycle(self, seconds: float = 301) -> None:
        self.world.clock.pass_(seconds=seconds)
        s = self.world.services
        while reconcile_due(s.db, s.reach, self.world.turn):
            pass
        self.world.work()

    def examine(self) -> Chart:
        s = self.world.services
        with s.db.read() as session:
            self.store = session.get_one(Store, self.store.id)
        return examine(s.db, s.clinic, self.store)


@dataclass(frozen=True)
class Illness:
    """One fault: the name of its finding, and words of its first line."""

    name: str
    check: str
    cause: str
    mend: str
    sow: Callable[[Patient], object]


def _nobody(patient: Patient) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    patient.change(url=f"http://127.0.0.1:{port}")


def _rest_fault(kind: str, **settings: Any) -> Callable[[Patient], object]:
    return lambda patient: patient.shop.faults.on_rest(kind, times=None, **settings)


def _stripped(patient: Patient) -> None:
    patient.move_to_tls()
    patient.shop.strips_authorization = True


def _plain_over_tls(patient: Patient) -> None:
    patient.move_to_tls()
    patient.shop.plain_permalinks = True


def _wrong_key_over_tls(patient: Patient) -> None:
    patient.move_to_tls()
    patient.change(consumer_key="ck_wrong", consumer_secret="cs_wrong")


def _deleted_user(patient: Patient) -> None:
    key = patient.shop.add_key(role="shop_manager")
    patient.use_key(key)
    assert patient.examine().findings == []
    patient.shop.delete_user(key["user_id"])


def _demoted_user(patient: Patient) -> None:
    key = patient.shop.add_key(role="shop_manager")
    patient.use_key(key)
    patient.shop.demote_user(key["user_id"])


def _missing_webhook(patient: Patient) -> None:
    hooks = patient.shop.webhooks
    number = next(n for n, hook in hooks.items() if hook["topic"] == "order.updated")
    patient.shop.delete_webhook(number)


def _old_address(patient: Patient) -> None:
    for hook in patient.shop.webhooks.values():
        old = hook["delivery_url"].replace("127.0.0.1", "old.example")
        hook.update(delivery_url=old)


def _extra_empty_topic(patient: Patient) -> None:
    address = patient.world.services.reach.address_of(patient.store)
    wish = {"topic": "ORDER.CREATED", "delivery_url": address, "secret": SECRET}
    patient.shop.write_webhook(wish)


def _cron_asleep(patient: Patient) -> None:
    patient.shop.set_cron("asleep")
    patient.shop.place_order("DE")
    patient.cycle()
    patient.cycle(1200)


def _smtp_down(patient: Patient) -> None:
    patient.shop.smtp_is_down = True
    patient.shop.place_order("DE")
    for _ in range(3):
        patient.cycle()


def _sells_in_dollars(patient: Patient) -> None:
    assert patient.examine().findings == []
    patient.shop.change_setting("general", "woocommerce_currency", "USD")


def _moved(patient: Patient) -> None:
    patient.shop.base_url = "https://new-tea.example"


def _status(**changes: Any) -> Callable[[Patient], object]:
    return lambda patient: patient.shop.status_changes.update(changes)


def _plugins(*slugs: str) -> list[dict[str, str]]:
    return [{"plugin": f"{slug}/{slug}.php"} for slug in ("woocommerce", *slugs)]


def _no_fulfillments(patient: Patient) -> None:
    _status(settings={"enabled_features": ["custom_order_tables"]})(patient)


def _real_shop_without_public_address(patient: Patient) -> None:
    with patient.world.services.db.write() as session:
        session.get_one(Store, patient.store.id).is_demo = False


ILLNESSES = (
    Illness("nobody listens", "unreachable", "does not answer", "store change tea --url", _nobody),
    Illness(
        "self-signed certificate",
        "tls",
        "certificate",
        "Renew the certificate",
        lambda patient: patient.move_to_tls(trusted=False),
    ),
    Illness(
        "expired certificate",
        "tls",
        "expired",
        "Renew the certificate",
        lambda patient: patient.move_to_tls(days=-1),
    ),
    Illness(
        "plain permalinks over https",
        "permalinks",
        "plain permalinks; it is asked at index.php",
        "Settings > Permalinks",
        _plain_over_tls,
    ),
    Illness("firewall page", "firewall", "web page came", "let it pass", _rest_fault("html")),
    Illness(
        "firewall page for keys alone",
        "firewall",
        "web page came",
        "let it pass",
        _rest_fault("html", path="wc/v3"),
    ),
    Illness(
        "redirect",
        "redirect",
        "leads on to https://www.tea.example/wp-json/",
        "--url https://www.tea.example",
        _rest_fault("redirect", location="https://www.tea.example/wp-json/"),
    ),
    Illness(
        "plain permalinks",
        "permalinks",
        "plain permalinks; it is asked at index.php",
        "Settings > Permalinks",
        lambda patient: setattr(patient.shop, "plain_permalinks", True),
    ),
    Illness(
        "no WordPress",
        "not_found",
        "no WordPress",
        "Check the address",
        lambda patient: patient.change(url=f"{patient.store.url}/nowhere"),
    ),
    Illness(
        "no WooCommerce",
        "not_woocommerce",
        "without WooCommerce",
        "Activate WooCommerce",
        lambda patient: setattr(patient.shop, "has_woocommerce", False),
    ),
    Illness(
        "too many requests",
        "rate_limit",
        "429",
        "Allow the address of this service",
        _rest_fault("status", status=429),
    ),
    Illness("PHP fails", "server", "error of its own (50", "PHP error log", _rest_fault("status")),
    Illness(
        "wrong key over https", "key_wrong", "does not know our key", "new key", _wrong_key_over_tls
    ),
    Illness(
        "wrong key over http",
        "key_wrong",
        "does not know our key",
        "new key",
        lambda patient: patient.change(consumer_key="ck_wrong"),
    ),
    Illness(
        "wrong secret",
        "key_secret",
        "not with this secret",
        "new key",
        lambda patient: patient.change(consumer_secret="cs_wrong"),
    ),
    Illness(
        "read-only key",
        "key_read_only",
        "may only read",
        "to Read/Write",
        lambda patient: patient.use_key(patient.shop.add_key("read")),
    ),
    Illness(
        "write-only key",
        "key_write_only",
        "may only write",
        "to Read/Write",
        lambda patient: patient.use_key(patient.shop.add_key("write")),
    ),
    Illness(
        "customer's key",
        "key_customer",
        "may not see orders",
        "for an administrator",
        lambda patient: patient.use_key(patient.shop.add_key(role="customer")),
    ),
    Illness("demoted user", "key_customer", "may not see orders", "administrator", _demoted_user),
    Illness("deleted user", "key_gone", "worked until now was deleted", "new key", _deleted_user),
    Illness(
        "stripped Authorization", "key_stripped", "takes the Authorization", "CGIPass", _stripped
    ),
    Illness(
        "skewed clock",
        "clock",
        "20 minutes apart",
        "network time",
        lambda patient: setattr(patient.shop, "clock_off_s", 1200.0),
    ),
    Illness(
        "webhook missing",
        "webhook_missing",
        "no webhook for us: order.updated.",
        "made anew",
        _missing_webhook,
    ),
    Illness(
        "webhooks disabled",
        "webhook_disabled",
        "disabled our webhook",
        "made anew",
        lambda patient: patient.webhooks(status="disabled"),
    ),
    Illness(
        "webhooks paused",
        "webhook_paused",
        "paused",
        "Set it active",
        lambda patient: patient.webhooks(status="paused"),
    ),
    Illness(
        "webhooks with our old address",
        "webhook_address",
        "another address",
        "Set its delivery URL",
        _old_address,
    ),
    Illness(
        "webhook without topic", "webhook_topic", "no topic", "Choose its topic", _extra_empty_topic
    ),
    Illness(
        "cron asleep", "deliveries", "no webhook of it arrives", "heartbeat=true", _cron_asleep
    ),
    Illness(
        "note mail off",
        "note_mail",
        "is switched off",
        "Switch it on",
        lambda patient: patient.shop.change_setting("email_customer_note", "enabled", "no"),
    ),
    Illness("SMTP down", "mailer", "mailer failed", "SMTP settings", _smtp_down),
    Illness(
        "old WooCommerce",
        "version",
        "WooCommerce 7.9.0 is older",
        "Update WooCommerce to 8.2",
        _status(environment={"version": "7.9.0"}),
    ),
    Illness(
        "HPOS off", "hpos", "HPOS is off", "order tables", _status(settings={"HPOS_enabled": False})
    ),
    Illness(
        "no tracking", "tracking", "no tracking numbers", "Switch Fulfillments on", _no_fulfillments
    ),
    Illness(
        "another invoice plug-in",
        "invoice_plugin",
        "woocommerce-pdf-invoices-packing-slips",
        "Decide which",
        _status(active_plugins=_plugins("woocommerce-pdf-invoices-packing-slips")),
    ),
    Illness(
        "another time zone",
        "time_zone",
        "time zone is America/New_York",
        "--set time_zone=America/New_York",
        lambda patient: setattr(patient.shop, "zone", "America/New_York"),
    ),
    Illness("another currency", "currency", "from EUR to USD", "--accept", _sells_in_dollars),
    Illness(
        "moved", "held", "its address is https://new-tea.example", "moved tea https://new", _moved
    ),
    Illness(
        "PUBLIC_URL is not https",
        "public_url",
        "no public https address",
        "Set PUBLIC_URL",
        _real_shop_without_public_address,
    ),
)


@contextmanager
def patient_in(world: World, folder: Path) -> Iterator[Patient]:
    """The demo shop, connected and well: its webhooks stand and it has been read."""
    store = world.connect(mode=Mode.LIVE)
    with ExitStack() as stack, world.serving(store) as url:
        patient = Patient(world, store, stack, folder)
        _point_webhooks(patient, url)
        yield patient


def _point_webhooks(patient: Patient, url: str) -> None:
    """`serving` is on a free port: that is where we are, as far as the doctor knows."""
    s = patient.world.services
    object.__setattr__(s.reach, "public_url", url)
    patient.cycle()
