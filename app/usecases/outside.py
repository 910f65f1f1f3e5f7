"""What sending to customers needs from outside: words, coupons, the way out, and when it may."""

from __future__ import annotations

from dataclasses import dataclass

from app.db.stores import Store
from app.domain.store_settings import ShopSettings
from app.usecases.channels import Mailers
from app.usecases.guard_numbers import Gate
from app.usecases.ports import Clock, CodeOf, Fence, Files, Links, Shops, Wording


def no_mailer(store: Store, settings: ShopSettings) -> None:
    """Every store's messages travel as notes."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Built by `services`. `code_of`: the codes of coupons; `files`: documents that go with
    mails."""

    shops: Shops
    wording: Wording
    fence: Fence
    links: Links
    clock: Clock
    gate: Gate
    code_of: CodeOf
    mailers: Mailers = no_mailer
    files: Files | None = None
