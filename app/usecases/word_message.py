"""The words of a message: facts that were kept with its notice, and fresh ones of its order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.db.notices import Notice
from app.db.stores import Store
from app.domain.joining import shows_link
from app.domain.notice import NoticeKind, safe_words
from app.domain.order import OrderSnapshot
from app.domain.store_mode import may_link
from app.domain.store_settings import CHOICES, ShopSettings
from app.errors import KikubariError
from app.said import Said
from app.usecases.offer_coupon import CouponWords
from app.usecases.ports import Links, Wording
from app.usecases.stores import standing_of


def compose(
    wording: Wording,
    links: Links,
    store: Store,
    settings: ShopSettings,
    notice: Notice,
    snapshot: OrderSnapshot,
    *,
    language: str,
    reference: str,
    coupon: CouponWords | None = None,
) -> str:
    """The words of a notice for its customer, with the coupon that it offers.

    Raises:
        KikubariError: the message needs a link and `PUBLIC_URL` would open for nobody.
    """
    facts = _facts(links, store, settings, notice, snapshot)
    if coupon is not None:
        facts["coupon"] = coupon
    return wording.compose(
        NoticeKind(notice.kind),
        facts,
        language=language,
        reference=reference,
        voice=settings.voice,
    )


def compose_several(
    wording: Wording,
    links: Links,
    store: Store,
    settings: ShopSettings,
    told: Sequence[tuple[Notice, OrderSnapshot]],
    *,
    language: str,
    references: Sequence[str],
    is_private: bool,
    coupon: CouponWords | None = None,
) -> str:
    """The words about several orders of one customer; the note of the first one carries them.
    `is_private`: nobody else reads them there. `coupon`: the one that the message offers."""
    account = told[0][1].customer_id
    said = []
    for index, (notice, snapshot) in enumerate(told):
        facts = _facts(links, store, settings, notice, snapshot)
        if index and not shows_link(account, snapshot.customer_id, is_private=is_private):
            facts["link"] = ""
        said.append((NoticeKind(notice.kind), facts))
    return wording.compose_several(
        said, language=language, references=references, voice=settings.voice, coupon=coupon
    )


def _facts(
    links: Links, store: Store, settings: ShopSettings, notice: Notice, snapshot: OrderSnapshot
) -> dict[str, Any]:
    facts = dict(notice.facts)
    if "link_id" in facts:
        if not may_link(standing_of(store, settings), links.public_url):
            raise KikubariError(
                Said(
                    "the link to the invoice would not open for customers: PUBLIC_URL is %(url)s",
                    url=links.public_url,
                ),
                mend=Said("set PUBLIC_URL to the public https address of this service, then retry"),
            )
        facts["link"] = links.document(facts.pop("link_id"), facts.pop("nonce"))
    facts |= _page(links, store, settings, facts)
    return facts | {
        "order_number": safe_words(snapshot.number, 60),
        "first_name": safe_words(snapshot.billing.first_name),
        "last_name": safe_words(snapshot.billing.last_name),
        "shop_name": settings.seller.name,
        "contact": settings.contact or settings.seller.email,
        "all_choices": set(settings.choices) == set(CHOICES),
    }


def _page(
    links: Links, store: Store, settings: ShopSettings, facts: dict[str, Any]
) -> dict[str, str]:
    """The link to the order's page, where there is one and it would open: a delay is told without
    it too."""
    link_id, nonce = facts.pop("page_id", None), facts.pop("page_nonce", "")
    if link_id is None or not may_link(standing_of(store, settings), links.public_url):
        return {}
    return {"link": links.page(link_id, nonce)}
