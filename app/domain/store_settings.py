"""What an owner decides about a shop: who sells, what is promised, which words go out.

Validated at entry; a version once saved is never changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from stdnum import iban

from app.domain.language import CustomerLanguage
from app.domain.mail_server import MailServer
from app.domain.wrong_values import why_wrong
from app.errors import SettingsError
from app.said import Said

CustomerChoice = Literal["wait", "address", "exchange", "cancel"]
CHOICES: tuple[CustomerChoice, ...] = get_args(CustomerChoice)
Line = Annotated[str, Field(max_length=200)]
Amount = Annotated[Decimal, Field(gt=0, lt=1_000_000_000)]
Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]


class _Values(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _without_spaces(value: object) -> object:
    return "".join(value.split()).upper() if isinstance(value, str) else value


def _iban(value: str) -> str:
    if value and not iban.is_valid(value):
        raise ValueError(Said("is no IBAN: its check digits do not fit"))
    return value


class Seller(_Values):
    """Who stands on the invoice. `tax_ids`: label key (`vat`, `tax_number` …) and number."""

    name: Line = ""
    address: tuple[Line, ...] = ()
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    email: Line = ""
    phone: Line = ""
    tax_ids: tuple[tuple[Line, Line], ...] = ()
    footer: tuple[Line, ...] = ()
    iban: Annotated[str, BeforeValidator(_without_spaces), AfterValidator(_iban)] = ""
    bic: Annotated[str, Field(pattern=r"^([A-Z0-9]{8}([A-Z0-9]{3})?)?$")] = ""
    bank: Line = ""
    account_holder: Line = ""
    """Empty: the seller's name."""


def _has_number(value: str) -> str:
    if value.count("{number}") != 1:
        raise ValueError(Said("must hold {number} once"))
    rest = value.replace("{number}", "").replace("{year}", "").replace("{month}", "")
    if "{" in rest or "}" in rest:
        raise ValueError(Said("may hold {year}, {month} and {number}, and no other braces"))
    if not value.isprintable():
        raise ValueError(Said("may hold no line breaks and no other signs that cannot be seen"))
    return value


Format = Annotated[str, Field(min_length=8, max_length=40), AfterValidator(_has_number)]
First = Annotated[int, Field(ge=1, le=10**9)]


class Numbering(_Values):
    """How numbers look: `{year}`, `{month}` and `{number}` are filled in. Credit notes have a
    series of their own; with `restart` yearly each year begins at 1."""

    format: Format = "{number}"
    padding: Annotated[int, Field(ge=1, le=12)] = 5
    start: First = 1
    credit_format: Format = "CN-{number}"
    credit_start: First = 1
    restart: Literal["never", "yearly"] = "never"

    @model_validator(mode="after")
    def _distinct(self) -> Numbering:
        if self.format == self.credit_format:
            raise ValueError(Said("format and credit_format must differ: no number is given twice"))
        formats = (self.format, self.credit_format)
        if self.restart == "yearly" and any("{year}" not in one for one in formats):
            raise ValueError(Said("restart yearly needs {year} in format and credit_format"))
        return self


class Invoicing(_Values):
    """Which orders get which documents, and when.

    `when`: paid, completed, or by hand alone. `exchange_rates`: what one unit of another currency
    is in the seller's own; an invoice with tax in a currency without one is parked.
    """

    when: Literal["paid", "completed", "by_hand"] = "paid"
    free_orders: bool = True
    """Whether an order with a total of zero gets an invoice."""
    credit_notes: bool = True
    """A credit note for each refund of an invoiced order."""
    small_business: bool = False
    """No tax is charged because the seller is exempt as a small business (§ 19 UStG …)."""
    due_days: Annotated[int, Field(ge=0, le=365)] = 14
    einvoice: Literal["off", "businesses", "all"] = "off"
    einvoice_countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    """Buyers' countries to which `einvoice` is limited; empty: every country."""
    home_currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    """The currency that the seller's taxes are owed in; empty: that of the seller's country."""
    exchange_rates: dict[
        Annotated[str, Field(pattern=r"^[A-Z]{3}$")],
        Annotated[Decimal, Field(gt=0, lt=1_000_000)],
    ] = Field(default_factory=dict)


class Documents(_Values):
    """How documents look. `logo` and `template` are the SHA-256 of files that were handed in."""

    accent: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")] = "#264B7A"
    page: Literal["A4", "Letter"] = "A4"
    logo: Digest = ""
    template: Digest = ""
    qr: Literal["none", "payment"] = "none"
    """`payment`: an unpaid invoice in EUR carries its transfer as an EPC code."""
    note: dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], Line] = Field(default_factory=dict)
    """Closing words by language."""


class Datev(_Values):
    """For the export to a German tax adviser. `accounts`: revenue accounts of your own, by the
    tax's category and rate (`S:19`, `AE`, `K`, `G`; `""` for the rest)."""

    consultant: Annotated[int, Field(ge=1001, le=9_999_999)] = 1001
    client: Annotated[int, Field(ge=1, le=99_999)] = 1
    chart: Literal["SKR03", "SKR04"] = "SKR03"
    digits: Annotated[int, Field(ge=4, le=8)] = 4
    debtors: Annotated[int, Field(ge=1, le=999_999_999)] = 10_000
    accounts: dict[
        Annotated[str, Field(pattern=r"^([SZEOKG]|AE)?(:\d{1,2}(\.\d{1,2})?)?$")],
        Annotated[int, Field(ge=1, le=9_999)],
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_digit_more(self) -> Datev:
        if len(str(self.debtors)) != self.digits + 1:
            raise ValueError(
                Said(
                    "debtors needs %(wanted)s digits: one more than digits says",
                    wanted=self.digits + 1,
                )
            )
        return self


class PromiseRules(_Values):
    """When a parcel should arrive: handling, then transit, both in the shop's business days.

    `transit_days` is by shipping method: its title as the customer sees it, or its id.
    """

    handling_days: Annotated[int, Field(ge=0, le=90)] = 2
    cut_off: time = time(14, 0)
    closed_weekdays: frozenset[Annotated[int, Field(ge=0, le=6)]] = frozenset({5, 6})
    """0 is Monday."""
    holidays_of: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    """Country whose public holidays the shop keeps; empty: the seller's."""
    transit_days: dict[Line, Annotated[int, Field(ge=0, le=180)]] = Field(default_factory=dict)
    default_transit_days: Annotated[int, Field(ge=0, le=180)] = 3


def _policy(value: object) -> object:
    """Settings of before had yes and no."""
    return {True: "automatic", False: "off"}.get(value, value) if isinstance(value, bool) else value


Policy = Literal["automatic", "approval", "shadow", "off"]
"""`approval`: it waits for a yes; `shadow`: it is only recorded what would have gone out."""
Choice = Annotated[Policy, BeforeValidator(_policy)]


class Outgoing(_Values):
    """Which messages leave, and whether a person says yes first.

    `breaker_percent`: where more than this share of the open orders would be told of a delay at
    once, nothing leaves before the owner has answered.
    """

    invoice: bool = True
    credit_note: bool = True
    at_risk: Choice = "automatic"
    delayed: Choice = "automatic"
    closed: Choice = "automatic"
    breaker_percent: Annotated[int, Field(ge=1, le=100)] = 20


class CouponRules(_Values):
    """Coupons for customers who had to wait, or whom staff want to make it good to.

    Amounts are per cent or the shop's currency, as `kind` says; `minimum_order` and `monthly_sum`
    are always the latter.
    """

    offer: Literal["none", "delayed", "at_risk"] = "none"
    """With which notices one is offered: `delayed` (a second one too), or early warnings as well.
    An order's delay is worth one coupon."""
    kind: Literal["percent", "fixed"] = "percent"
    amount: Amount = Decimal(10)
    minimum_days_late: Annotated[int, Field(ge=0, le=365)] = 0
    """How many days after the promised one the new date lies at least."""
    valid_days: Annotated[int, Field(ge=1, le=1095)] = 90
    minimum_order: Annotated[Decimal, Field(ge=0, lt=1_000_000_000)] = Decimal(0)
    most_by_owner: Amount = Decimal(50)
    most_by_agent: Amount = Decimal(10)
    """The largest amount that one may give by hand."""
    monthly_sum: Amount = Decimal(500)
    """A percentage counts as if the next order were as large as the one that was late."""
    monthly_count: Annotated[int, Field(ge=1, le=100_000)] = 50

    @field_validator("amount", "most_by_owner", "most_by_agent")
    @classmethod
    def _at_most_all(cls, value: Decimal, given: ValidationInfo) -> Decimal:
        if given.data.get("kind") == "percent" and value > 100:
            raise ValueError(Said("is per cent, as kind says, and may be at most 100"))
        return value


class ShopSettings(_Values):
    """All settings of one shop, each with a default that is safe.

    `voice`: how messages speak where the language knows both (German Sie or du).
    `languages`: those in which customers are written to; empty: every one that there is.
    """

    seller: Seller = Seller()
    numbering: Numbering = Numbering()
    invoicing: Invoicing = Invoicing()
    documents: Documents = Documents()
    datev: Datev = Datev()
    promise: PromiseRules = PromiseRules()
    outgoing: Outgoing = Outgoing()
    coupons: CouponRules = CouponRules()
    mail: MailServer = MailServer()
    time_zone: str = "UTC"
    language: CustomerLanguage = "en"
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(_[A-Z][a-z]{3})?$")], ...] = ()
    voice: Literal["formal", "friendly"] = "formal"
    choices: tuple[CustomerChoice, ...] = CHOICES
    """What a customer may choose on the page of a late order."""
    contact: Line = ""
    """How a customer reaches a person: an e-mail address or a phone number."""
    test_address: Line = ""
    cod_paid_when_completed: bool = True
    heartbeat: bool = False
    """Visit the shop's wp-cron.php once a minute, so that webhooks do not wait for visitors."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError(
                Said("'%(value)s' is no time zone such as Europe/Berlin", value=value[:60])
            ) from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def policy_of(settings: ShopSettings, kinds: Iterable[str]) -> Policy:
    """What the owner wants of a message with these kinds of notices (`delayed` …): the most
    careful word counts."""
    policies: dict[str, Policy] = {
        "at_risk": settings.outgoing.at_risk,
        "delayed": settings.outgoing.delayed,
        "delayed_again": settings.outgoing.delayed,
        "closed": settings.outgoing.closed,
    }
    careful: tuple[Policy, ...] = ("off", "shadow", "approval", "automatic")
    found = [policies.get(kind, "automatic") for kind in kinds]
    return min(found, key=careful.index, default="automatic")


def read_settings(values: dict[str, Any]) -> ShopSettings:
    """Stored or entered values as settings.

    Raises:
        SettingsError: names the first field that is wrong, and what it should be.
    """
    try:
        return ShopSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            Said("setting %(field)s: %(why)s", field=field, why=why_wrong(first)),
            mend=Said("correct %(field)s and save again", field=field),
        ) from None


def settings_problems(values: dict[str, Any]) -> dict[str, str]:
    """What is wrong with entered values, by field (`seller.country`); empty where nothing is."""
    try:
        ShopSettings.model_validate(values)
    except ValidationError as error:
        found: dict[str, str] = {}
        for one in error.errors(include_url=False):
            parts = [str(part) for part in one["loc"]]
            depth = 2 if parts[0] in SECTIONS else 1
            found.setdefault(".".join(parts[:depth]), why_wrong(one))
        return found
    return {}


SECTIONS = (
    *("seller", "numbering", "invoicing", "documents", "datev", "promise", "outgoing", "coupons"),
    "mail",
)
"""Settings that hold settings."""
