"""What a shop said about an order, normalised.

The raw payload is stored beside it, whole; `OrderSnapshot` is the reading of it that the rest of
the product uses. PHP sends `""`, `false` and `[]` where null or an object is meant, floats for
prices and text for numbers (recordings, 8 and 18): all of that ends here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from app.domain.address import Address
from app.domain.money import to_decimal
from app.errors import PayloadUnusable
from app.said import Said

PAID_STATUSES = frozenset({"processing", "completed"})
DRAFT_STATUSES = frozenset({"auto-draft", "checkout-draft", "draft"})
YEARS = range(1980, 2200)
"""Those in which anything of a shop can have happened."""
CLOCKS_DIFFER = timedelta(minutes=10)
CLOSED_STATUSES = frozenset({"cancelled", "refunded", "failed", "trash"})
ERASED = "_anonymized"
DELETED = "deleted"
"""What we call the status of an order that its shop has deleted for good; no shop says so."""
STATUS_WORDS = {
    "pending": Said("waiting for payment"),
    "on-hold": Said("on hold"),
    "processing": Said("processing"),
    "completed": Said("completed"),
    "cancelled": Said("cancelled"),
    "refunded": Said("refunded"),
    "failed": Said("payment failed"),
    "trash": Said("deleted"),
    DELETED: Said("deleted"),
}
"""WooCommerce's own statuses, as pages call them."""


def status_words(status: str) -> str:
    """An order's status in words, within a sentence; one that a plug-in made, as it is."""
    return STATUS_WORDS.get(status, status)


def _instant(value: object) -> datetime | None:
    """A `…_gmt` field: naive UTC text, or empty where it never happened. What no shop can have
    lived through counts as empty too: no calendar reaches beyond."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in YEARS else None


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, bool | list | dict) else str(value)


def objects(value: object) -> list[Any]:
    """A list of objects; anything else in it is left out, anything else for it is empty."""
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _address(value: object) -> dict[str, str]:
    """PHP's `[]` for an empty object becomes one; unknown keys stay in the raw payload."""
    fields = value if isinstance(value, dict) else {}
    return {name: _text(fields.get(name)) for name in Address.model_fields}


Instant = Annotated[datetime | None, BeforeValidator(_instant)]
Text = Annotated[str, BeforeValidator(_text)]
Amount = Annotated[Decimal, BeforeValidator(to_decimal)]
MaybeAmount = Annotated[
    Decimal | None, BeforeValidator(lambda value: None if value is None else to_decimal(value))
]


class Part(BaseModel):
    """What the readings of a payload share: unknown keys stay in the raw payload."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Meta(Part):
    key: Text = ""
    value: Any = None
    display_key: Text = ""
    display_value: Any = None


Objects = Annotated[tuple[dict[str, Any], ...], BeforeValidator(objects)]
Metas = Annotated[tuple[Meta, ...], BeforeValidator(objects)]


class LineItem(Part):
    """`subtotal` is before discounts, `total` after; both net, with their tax beside them."""

    id: int = 0
    name: Text = ""
    product_id: Annotated[int, BeforeValidator(lambda v: int(to_decimal(v)))] = 0
    sku: Text = ""
    quantity: Amount = Decimal(0)
    subtotal: Amount = Decimal(0)
    subtotal_tax: Amount = Decimal(0)
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    taxes: Objects = ()
    meta_data: Metas = ()


class ShippingLine(Part):
    id: int = 0
    method_id: Text = ""
    instance_id: Text = ""
    method_title: Text = ""
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    taxes: Objects = ()
    meta_data: Metas = ()


class FeeLine(Part):
    id: int = 0
    name: Text = ""
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    taxes: Objects = ()
    meta_data: Metas = ()


class TaxLine(Part):
    """One rate: `tax_total` on goods and fees, `shipping_tax_total` on shipping."""

    rate_id: Annotated[int, BeforeValidator(lambda v: int(to_decimal(v)))] = 0
    label: Text = ""
    compound: bool = False
    rate_percent: MaybeAmount = None
    tax_total: Amount = Decimal(0)
    shipping_tax_total: Amount = Decimal(0)


class CouponLine(Part):
    code: Text = ""
    discount: Amount = Decimal(0)
    discount_tax: Amount = Decimal(0)


class RefundLine(Part):
    """As it stands in the order: `total` is negative (recordings, 17)."""

    id: int
    reason: Text = ""
    total: Amount = Decimal(0)


class OrderSnapshot(Part):
    """An order as the shop told it last. Instants are UTC; amounts are in `currency`."""

    id: int
    number: Text = ""
    status: Text
    currency: Text
    prices_include_tax: bool = False
    created_at: Instant = Field(default=None, alias="date_created_gmt")
    modified_at: Instant = Field(default=None, alias="date_modified_gmt")
    paid_at: Instant = Field(default=None, alias="date_paid_gmt")
    completed_at: Instant = Field(default=None, alias="date_completed_gmt")
    discount_total: Amount = Decimal(0)
    discount_tax: Amount = Decimal(0)
    shipping_total: Amount = Decimal(0)
    shipping_tax: Amount = Decimal(0)
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    customer_id: Annotated[int, BeforeValidator(lambda v: int(to_decimal(v)))] = 0
    created_via: Text = ""
    billing: Annotated[Address, BeforeValidator(_address)]
    shipping: Annotated[Address, BeforeValidator(_address)]
    payment_method: Text = ""
    payment_method_title: Text = ""
    customer_note: Text = ""
    meta_data: Metas = ()
    line_items: Annotated[tuple[LineItem, ...], BeforeValidator(objects)] = ()
    shipping_lines: Annotated[tuple[ShippingLine, ...], BeforeValidator(objects)] = ()
    fee_lines: Annotated[tuple[FeeLine, ...], BeforeValidator(objects)] = ()
    tax_lines: Annotated[tuple[TaxLine, ...], BeforeValidator(objects)] = ()
    coupon_lines: Annotated[tuple[CouponLine, ...], BeforeValidator(objects)] = ()
    refunds: Annotated[tuple[RefundLine, ...], BeforeValidator(objects)] = ()
    shipments: Objects = ()
    """Germanized's, where the shop has it: REST's orders carry them."""

    @field_validator("currency")
    @classmethod
    def _currency_code(cls, value: str) -> str:
        return value.strip().upper()[:8]

    @property
    def email(self) -> str:
        return self.billing.email.strip()

    @property
    def is_erased(self) -> bool:
        """Whether the shop erased who ordered: WooCommerce's eraser leaves the order and marks it
        (`WC_Privacy_Erasers::remove_order_personal_data`)."""
        return any((one.key, one.value) == (ERASED, "yes") for one in self.meta_data)

    @property
    def destination(self) -> Address:
        """Where it goes: the billing address where no other country is named."""
        return self.shipping if self.shipping.country else self.billing

    def meta(self, *keys: str) -> Any:
        """The value of the first of these meta keys that has one, else None."""
        for key in keys:
            for entry in self.meta_data:
                if entry.key == key and entry.value not in (None, "", []):
                    return entry.value
        return None


def read_order(payload: object) -> OrderSnapshot:
    """The payload of a delivery or a REST answer as an order.

    Raises:
        PayloadUnusable: it is no order: an error payload of the shop (validly signed all the
            same; recordings, 7), a bare `{"id": 84}` (recordings, 10), or something else.
    """
    if not isinstance(payload, dict):
        raise PayloadUnusable(Said("the payload is not an object"))
    if "code" in payload and "status" not in payload:
        raise PayloadUnusable(
            Said(
                "the shop sent an error instead of an order: %(code)s",
                code=str(payload["code"])[:80],
            )
        )
    try:
        return OrderSnapshot.model_validate(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise PayloadUnusable(
            Said("the payload is no order: field %(where)s is missing or wrong", where=where)
        ) from None


def was_erased(status: str, order: OrderSnapshot | None) -> bool:
    """Whether a shop has erased an order, or its customer's data in it.

    `status`: as we keep it, for no shop says `deleted`. `order` None: it is not readable."""
    return status == DELETED or (order is not None and order.is_erased)


def as_erased(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload with the mark of WooCommerce's eraser, where the shop cannot run it any more."""
    mark = {"key": ERASED, "value": "yes"}
    return payload | {"meta_data": [*objects(payload.get("meta_data")), mark]}


PERSONAL = ("customer_note", "customer_ip_address", "customer_user_agent", "transaction_id")


def as_kept(payload: dict[str, Any]) -> dict[str, Any]:
    """What we keep of what a shop said of an order: all of it, unless it erased who ordered.

    Its eraser writes `[deleted]`, in the shop's own language, `deleted@site.invalid` and a phone
    number of zeros in their place, and leaves the customer's note: none of that is anybody's name,
    address or word, and it would make all erased customers one.
    """
    marks = ((one.get("key"), one.get("value")) for one in objects(payload.get("meta_data")))
    if (ERASED, "yes") not in marks:
        return payload
    nobody: dict[str, Any] = {name: "" for name in PERSONAL if name in payload}
    for who in ("billing", "shipping"):
        said = payload.get(who)
        nobody[who] = dict.fromkeys(said, "") if isinstance(said, dict) else {}
    return payload | nobody


def became_paid_at(
    order: OrderSnapshot, *, cod_paid_when_completed: bool = True
) -> datetime | None:
    """When the order counted as paid (UTC), or None while it does not.

    Paid: `date_paid` is set, or the status is processing or completed. Cash on delivery is paid
    when completed (a setting): the shop sets it to processing before any money moved.
    """
    if order.status in DRAFT_STATUSES or order.status in CLOSED_STATUSES - {"refunded"}:
        return None
    if order.payment_method == "cod" and cod_paid_when_completed:
        return (order.completed_at or order.paid_at) if order.status == "completed" else None
    if order.paid_at is not None:
        return order.paid_at
    if order.status in PAID_STATUSES:
        return order.completed_at or order.created_at or order.modified_at
    return None


def is_to_be_shipped(order: OrderSnapshot) -> bool:
    """Whether a parcel is owed: a shipping line that is no local pickup, not bought at a till."""
    if order.created_via == "pos-rest-api":
        return False
    return any("pickup" not in line.method_id for line in order.shipping_lines)


def is_newer(
    incoming: OrderSnapshot, known_modified_at: datetime | None, now: datetime
) -> bool | None:
    """Whether `incoming` may replace what is known: True, False, or None where they tie.

    `date_modified_gmt` has whole seconds, and two changes can share one: a tie is settled by
    asking the shop again, never by the order of arrival. So is what is known from the future:
    the shop's clock had slipped.
    """
    if known_modified_at is None:
        return True
    if incoming.modified_at is None or known_modified_at > now + CLOCKS_DIFFER:
        return None
    if incoming.modified_at == known_modified_at:
        return None
    return incoming.modified_at > known_modified_at
