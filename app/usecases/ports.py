"""What the use cases need from outside, as small protocols. `services` hands in the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from app.db.stores import Store
from app.domain.backup import Manifest, Member
from app.domain.connecting import Profile
from app.domain.invoice import DocumentContent
from app.domain.notice import NoticeKind
from app.domain.witness import Account, SeriesKey

Clock = Callable[[], datetime]
"""The present moment, with a zone."""


CodeOf = Callable[[str, str], str]
"""The code of a coupon, from its store's key and its cause (`domain.coupon.coupon_code`)."""


class Shop(Protocol):
    """A shop's REST. Every method raises a ShopError of the right kind."""

    def order(self, order_id: int) -> dict[str, Any]:
        """The order with six decimals. Raises ShopMissing where the shop has none."""

    def refunds(self, order_id: int) -> list[dict[str, Any]]:
        """All refunds of an order with six decimals, in any sequence."""

    def fulfillments(self, order_id: int) -> list[dict[str, Any]]:
        """An order's fulfilments. Raises ShopLacks where the shop has the feature off."""

    def germanized_shipments(self, order_id: int) -> list[dict[str, Any]]:
        """An order's shipments in Germanized. Raises ShopLacks where the shop has it not."""

    def notes(self, order_id: int) -> list[dict[str, Any]]:
        """All notes of an order, the newest first."""

    def newest_change(self) -> datetime | None:
        """When an order changed last; None where there are none."""

    def changed_orders(self, after: datetime, page: int) -> list[dict[str, Any]]:
        """A page of orders changed after a moment (exclusive), oldest change first."""

    def orders_by_id(self, order_ids: list[int]) -> list[dict[str, Any]]:
        """Those of at most 100 orders that the shop lists; not those in the bin."""

    def count_orders(self) -> int:
        """How many orders the shop has."""

    def webhooks(self) -> list[dict[str, Any]]:
        """All webhooks of the shop."""

    def create_webhook(self, topic: str, delivery_url: str, secret: str) -> dict[str, Any]:
        """Create one."""

    def delete_webhook(self, webhook_id: int) -> None:
        """Delete one for good."""

    def wake_cron(self) -> None:
        """Visit the shop's wp-cron.php, as a visitor's page view would. Never raises."""

    def delete_note(self, order_id: int, note_id: int) -> None:
        """Delete a note for good. One that is gone already is no error."""

    def add_private_note(self, order_id: int, text: str) -> None:
        """Add a note that the shop's staff alone reads. Never tried twice by itself."""

    def add_customer_note(self, order_id: int, text: str) -> dict[str, Any]:
        """Add a note that the shop mails to the customer. Never tried twice by itself."""

    def general_settings(self) -> dict[str, str]:
        """The shop's own general settings, such as `woocommerce_currency`."""

    def coupon(self, coupon_id: int) -> dict[str, Any]:
        """A coupon. Raises ShopMissing where the shop has none."""

    def coupon_by_code(self, code: str) -> dict[str, Any] | None:
        """The coupon of a code in capitals; None where the shop has none outside the bin."""

    def coupons_by_id(self, coupon_ids: list[int]) -> list[dict[str, Any]]:
        """Those of at most 100 coupons that the shop has outside the bin."""

    def create_coupon(self, values: dict[str, Any]) -> int:
        """Create one; its id. Never tried twice by itself."""

    def delete_coupon(self, coupon_id: int) -> None:
        """Delete a coupon for good. One that is gone already is no error."""


class Shops(Protocol):
    """Opens the REST of a store, able to write only where the store's mode allows it."""

    def __call__(self, store: Store) -> Shop: ...


class OwnersShop(Shop, Protocol):
    """A shop's REST for what its owner asks for by a click; it may write in every mode."""

    def profile(self) -> Profile:
        """What the shop says about itself."""

    def note_mail(self) -> dict[str, str]:
        """The texts of the mail that carries notes."""

    def set_note_mail(self, values: Mapping[str, str]) -> None:
        """Set those texts."""

    def order_to_test_with(self) -> int | None:
        """An order at which nobody works any more; None where the shop has no order."""

    def save_unchanged(self, order_id: int) -> None:
        """Save an order as it is, so that the shop delivers it. Never tried twice by itself."""

    def set_webhook_secret(self, webhook_id: int, secret: str) -> None:
        """Let a webhook sign with another secret from now on."""


class OwnersShops(Protocol):
    """Opens the REST of a store for its owner."""

    def __call__(self, store: Store) -> OwnersShop: ...


class States(Protocol):
    """One-time states of the key exchange: signed, unguessable."""

    def make(self) -> tuple[str, str]:
        """A new one, and what is kept of it."""

    def read(self, state: str) -> str | None:
        """What was kept of a state that we signed; None for any other."""


class Probe(Protocol):
    """The doctor's questions to one shop. Each answers with fields of `ShopFacts`; none raises."""

    @property
    def auth(self) -> str:
        """How the keys must travel, as `try_key` found out."""

    def greet(self) -> dict[str, Any]:
        """How far a request without keys comes, and who answers."""

    def try_key(self, *, writing: bool) -> dict[str, Any]:
        """What our key is worth; with `writing` a request that writes nothing is tried too."""

    def hooks(self) -> dict[str, Any]:
        """Its webhooks."""

    def note_mail(self) -> dict[str, Any]:
        """Whether it mails customer notes."""

    def status(self) -> dict[str, Any]:
        """Versions, features, plug-ins, currency and its decimals."""

    def taxes(self) -> dict[str, Any]:
        """Whether it charges taxes, and whether its prices include them."""


class Probes(Protocol):
    """Opens a probe of a store."""

    def __call__(self, store: Store) -> Probe: ...


class Inbox(Protocol):
    """Takes accepted deliveries."""

    def put(self, row: dict[str, Any]) -> bool:
        """Store one durably; False where it was there already. Raises StorageUnavailable."""


class SecretBox(Protocol):
    """Encryption at rest."""

    def seal(self, text: str) -> bytes: ...

    def open(self, sealed: bytes) -> str: ...


class Renderer(Protocol):
    def render(
        self,
        content: DocumentContent,
        *,
        xml: bytes | None = None,
        files: Mapping[str, bytes] = ...,
    ) -> bytes:
        """The PDF/A-3b of a document: the same bytes for the same input. `xml`: its data, to be
        embedded as Factur-X. `files`: its logo and template by SHA-256."""


class EInvoices(Protocol):
    """Documents as EN 16931 XML: the same bytes for the same content."""

    def cii(self, content: DocumentContent) -> bytes:
        """What Factur-X embeds. Raises RenderingFailed where the norm cannot say it."""

    def ubl(self, content: DocumentContent) -> bytes:
        """The same as UBL 2.1."""


class Wording(Protocol):
    """Turns facts into the words of a message."""

    def compose(
        self,
        kind: NoticeKind,
        facts: dict[str, Any],
        *,
        language: str,
        reference: str,
        voice: str = "formal",
    ) -> str:
        """A note's text, with every fact escaped for the shop's HTML mail. `voice`: as in
        `ShopSettings`."""

    def reply(self, facts: dict[str, Any], *, language: str, voice: str = "formal") -> str:
        """What staff may answer a customer who asks after an order: plain text."""

    def compose_several(
        self,
        told: Sequence[tuple[NoticeKind, dict[str, Any]]],
        *,
        language: str,
        references: Sequence[str],
        voice: str = "formal",
        coupon: dict[str, str] | None = None,
    ) -> str:
        """The text of a note about several orders of one customer; what concerns all of them
        (contact …) is read from the first one's facts. `coupon`: as `offer_coupon.CouponWords`."""


class Files(Protocol):
    """Rendered documents on disk."""

    def save(self, name: str, data: bytes) -> str:
        """Store under a name below the data folder, durably; the path relative to it."""

    def load(self, path: str) -> bytes: ...

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""


class Fence(Protocol):
    """A lock that dies with its owner, and only with it."""

    def __call__(self, name: str) -> AbstractContextManager[bool]:
        """Held within the block; yields False at once where someone else holds it."""


class Links(Protocol):
    """Addresses that customers open."""

    public_url: str

    def document(self, link_id: int, nonce: str) -> str:
        """The address that opens one document."""

    def page(self, link_id: int, nonce: str) -> str:
        """The address that opens the page of one order."""


class Witness(Protocol):
    """Numbers that were given, written down outside the database."""

    def read(self) -> Account | None:
        """What is written down; None where nothing is."""

    def begin(self, account: Account) -> None:
        """Write one where there is none, or one without numbers."""

    def replace(self, account: Account) -> None:
        """Write it anew, whatever it said."""

    def take(self, series: SeriesKey, number: int) -> None:
        """Write down, on the disk when this returns, that a number is about to be used.
        Raises NumberInUse where it was used before."""

    def saw(self, highest: Mapping[SeriesKey, int], *, sync: bool) -> None:
        """Write down that these numbers are in use."""


class Archive(Protocol):
    """Backups as files."""

    def write(
        self,
        target: Path,
        files: Iterable[tuple[str, Path]],
        finish: Callable[[list[Member]], Manifest],
    ) -> Manifest:
        """Write files (name within, path), then the manifest of them; whole or not at all.
        Raises StorageUnavailable."""

    def read(self, source: Path, folder: Path) -> Manifest:
        """Check and unpack into an empty folder. Raises BackupUnusable."""


class Passes(Protocol):
    """Short-lived proofs that a frame was opened rightly."""

    def make(self, sidebar_id: int, generation: int, now: datetime) -> str:
        """A pass for a sidebar with its present secret."""

    def is_good(self, given: str, sidebar_id: int, generation: int, now: datetime) -> bool:
        """Whether we made it for this sidebar and secret, a short while ago."""
