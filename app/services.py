"""The one place where adapters are built: web, command line and workers get theirs from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from ssl import SSLContext

from app.adapters import einvoice
from app.adapters.archive import TarArchive
from app.adapters.disk import DiskFiles
from app.adapters.fence import DatabaseFence, FileFence
from app.adapters.links import SignedLinks, SignedStates
from app.adapters.mail_message import Letterhead
from app.adapters.own_template import prepared_template
from app.adapters.passes import SignedPasses
from app.adapters.pdf import PdfRenderer
from app.adapters.picture import prepared_logo
from app.adapters.secret_box import FernetBox
from app.adapters.shop_finder import ShopFinder
from app.adapters.shop_owner import OwnersShop
from app.adapters.shop_probe import ShopProbe
from app.adapters.shop_wire import Auth, Wire
from app.adapters.smtp import SmtpMailer
from app.adapters.witness_file import WitnessFile
from app.adapters.woocommerce import WooShop
from app.adapters.wording import TemplateWording
from app.db.engine import Database
from app.db.group_commit import InboxWriter
from app.db.stores import Store
from app.domain.coupon import coupon_code
from app.domain.store_mode import Mode, may_write_to_shop
from app.domain.store_settings import ShopSettings
from app.settings import Settings
from app.usecases.admit_sidebar import Gatekeeper
from app.usecases.connect_store import Desk
from app.usecases.diagnose_store import Clinic
from app.usecases.dress_documents import Check, Part
from app.usecases.guard_numbers import Gate
from app.usecases.outside import Outside
from app.usecases.ports import Clock, Fence
from app.usecases.reach import Reach, Rhythm
from app.usecases.render_document import Press
from app.usecases.set_mail_server import mail_password

USER_AGENT = "Kikubari/0.1"


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@dataclass
class Services:
    """Everything that touches the outside, built when first used. One for each process; the
    renderer must stay within one thread."""

    settings: Settings
    clock: Clock = utc_now
    in_background: bool = False
    """A worker's: its writing gives way to the web's."""
    mail_tls: SSLContext | None = None
    """Whom mail servers must be certified by; None: whom the machine trusts."""

    @cached_property
    def db(self) -> Database:
        return Database(self.settings.database, gives_way=self.in_background)

    @cached_property
    def inbox(self) -> InboxWriter:
        return InboxWriter(self.db)

    @cached_property
    def box(self) -> FernetBox:
        return FernetBox(self.settings.encryption_keys.get_secret_value())

    @cached_property
    def files(self) -> DiskFiles:
        return DiskFiles(self.settings.data_dir)

    @cached_property
    def links(self) -> SignedLinks:
        return SignedLinks(self.settings.own_url, self.settings.secret_key.get_secret_value())

    @cached_property
    def renderer(self) -> PdfRenderer:
        return PdfRenderer()

    @cached_property
    def file_checks(self) -> dict[Part, Check]:
        """What owners' logos and templates pass before they are kept."""
        return {"logo": prepared_logo, "template": prepared_template}

    @property
    def press(self) -> Press:
        """What makes and keeps the files of documents."""
        return Press(self.renderer, einvoice, self.files)

    @cached_property
    def fence(self) -> Fence:
        if self.db.is_sqlite:
            return FileFence(self.settings.data_dir / "run" / "locks")
        return DatabaseFence(self.db.engine)

    @cached_property
    def witness(self) -> WitnessFile:
        return WitnessFile(self.settings.data_dir)

    @cached_property
    def archive(self) -> TarArchive:
        return TarArchive()

    @cached_property
    def gate(self) -> Gate:
        """What issuing and sending pass."""
        return Gate(self.db, self.witness, self.clock)

    @cached_property
    def outside(self) -> Outside:
        """What sending needs."""
        return Outside(
            self.shop,
            TemplateWording(),
            self.fence,
            self.links,
            self.clock,
            self.gate,
            partial(coupon_code, self.settings.secret_key.get_secret_value()),
            self.mailer,
            self.files,
        )

    @cached_property
    def reach(self) -> Reach:
        """What reconciling needs."""
        rhythm = Rhythm(cycle=self.settings.reconcile_seconds, poll=self.settings.poll_seconds)
        return Reach(self.shop, self.clock, self.box, self.settings.own_url, rhythm)

    @cached_property
    def clinic(self) -> Clinic:
        """What the doctor needs."""
        return Clinic(self.probe, self.reach, self.mailer)

    @cached_property
    def states(self) -> SignedStates:
        return SignedStates(self.settings.secret_key.get_secret_value())

    @cached_property
    def gatekeeper(self) -> Gatekeeper:
        """What lets help desks in."""
        passes = SignedPasses(self.settings.secret_key.get_secret_value())
        return Gatekeeper(self.db, self.box, passes)

    @cached_property
    def finder(self) -> ShopFinder:
        """Where a shop answers."""
        return ShopFinder(user_agent=USER_AGENT, private_allowed=self.settings.allow_private_shops)

    @cached_property
    def desk(self) -> Desk:
        """What connecting and disconnecting need."""
        return Desk(self.owners_shop, self.clinic, self.reach)

    def owners_shop(self, store: Store) -> OwnersShop:
        """The REST of a store, for what its owner asks for: it can write in every mode."""
        return OwnersShop(store.name, self._wire(store), writable=True, clock=self.clock)

    @cached_property
    def _wires(self) -> dict[tuple[int, str, str, bool, bytes, bytes], Wire]:
        return {}

    @cached_property
    def _open_shops(self) -> dict[tuple[Wire, str], WooShop]:
        return {}

    def _wire(self, store: Store) -> Wire:
        """The pooled way to a store."""
        keys = (store.consumer_key, store.consumer_secret)
        place = (store.id, store.url, store.auth, store.plain_permalinks, *keys)
        if place not in self._wires:
            self._wires[place] = Wire(
                store.name,
                store.url,
                self.box.open(store.consumer_key),
                self.box.open(store.consumer_secret),
                auth=Auth(store.auth),
                plain=store.plain_permalinks,
                user_agent=USER_AGENT,
                private_allowed=store.is_demo or self.settings.allow_private_shops,
            )
        return self._wires[place]

    def shop(self, store: Store) -> WooShop:
        """The REST of a store; in shadow mode it cannot write."""
        wire = self._wire(store)
        if (wire, store.mode) not in self._open_shops:
            writable = may_write_to_shop(Mode(store.mode))
            made = WooShop(store.name, wire, writable=writable, clock=self.clock)
            self._open_shops[wire, store.mode] = made
        return self._open_shops[wire, store.mode]

    def mailer(self, store: Store, settings: ShopSettings) -> SmtpMailer | None:
        """The store's own mail server, where its settings name one."""
        server = settings.mail
        if not server.host:
            return None
        name = settings.seller.name or store.name
        head = Letterhead(
            store.key,
            server.from_address,
            server.from_name or name,
            server.reply_to,
            name,
            settings.documents.accent,
        )
        return SmtpMailer(
            server,
            mail_password(self.db, self.box, store, server),
            head,
            private_allowed=store.is_demo or self.settings.allow_private_shops,
            clock=self.clock,
            tls=self.mail_tls,
        )

    def probe(self, store: Store) -> ShopProbe:
        """The doctor's questions to a store."""
        return ShopProbe(self._wire(store), Auth(store.auth))
