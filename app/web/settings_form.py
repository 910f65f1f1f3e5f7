"""The settings of a shop as one form, made from `ShopSettings`.

Each field's kind follows from its type, so a new setting appears by itself; only its label stands
here. Lists are written one line each, pairs as `label: number` or `method = days`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel

from app.domain.store_settings import SECTIONS, ShopSettings
from app.said import N_

TITLES = {
    "seller": N_("Who sells"),
    "numbering": N_("Numbers of invoices"),
    "invoicing": N_("Which documents are made"),
    "documents": N_("How documents look"),
    "datev": N_("For the tax adviser (DATEV)"),
    "promise": N_("What is promised"),
    "outgoing": N_("What goes out by itself"),
    "coupons": N_("Coupons for customers who had to wait"),
    "mail": N_("A mail server of your own, instead of the shop's notes"),
    "": N_("The shop"),
}
LABELS = {
    "seller.name": N_("Name, as it stands on the invoice"),
    "seller.address": N_("Address, one line each"),
    "seller.country": N_("Country, two letters"),
    "seller.email": N_("E-mail address"),
    "seller.phone": N_("Phone"),
    "seller.tax_ids": N_("Tax numbers, one line each, such as vat: DE136695976"),
    "seller.footer": N_("Foot of the invoice: register, bank; one line each"),
    "seller.iban": N_("IBAN"),
    "seller.bic": N_("BIC"),
    "seller.bank": N_("Bank"),
    "seller.account_holder": N_("Account holder (empty: the seller)"),
    "numbering.format": N_("Invoices: format, with {number}, {year} and {month}"),
    "numbering.padding": N_("Digits of the number, filled with zeros"),
    "numbering.start": N_("Invoices: first number of the series"),
    "numbering.credit_format": N_("Credit notes: format"),
    "numbering.credit_start": N_("Credit notes: first number of the series"),
    "numbering.restart": N_("Numbers begin again at 1"),
    "invoicing.when": N_("When an invoice is issued"),
    "invoicing.free_orders": N_("Orders with a total of zero get an invoice too"),
    "invoicing.credit_notes": N_("A credit note for each refund"),
    "invoicing.small_business": N_("No tax is charged: exempt as a small business"),
    "invoicing.due_days": N_("Days to pay what is not paid yet"),
    "invoicing.einvoice": N_("Invoices carry an e-invoice (Factur-X, ZUGFeRD)"),
    "invoicing.einvoice_countries": N_("E-invoices only for buyers in these countries"),
    "invoicing.home_currency": N_("Currency of the seller's taxes (empty: that of the country)"),
    "invoicing.exchange_rates": N_("Exchange rates into that currency, as USD = 0.92"),
    "documents.accent": N_("Colour, such as #264B7A"),
    "documents.page": N_("Paper"),
    "documents.logo": N_("Logo, PNG or JPEG, at most 1 MiB"),
    "documents.template": N_("Template of your own"),
    "documents.qr": N_("Square code for paying"),
    "documents.note": N_("Closing words for each language, as de = Vielen Dank"),
    "datev.consultant": N_("Consultant number"),
    "datev.client": N_("Client number"),
    "datev.chart": N_("Chart of accounts"),
    "datev.digits": N_("Digits of general ledger accounts"),
    "datev.debtors": N_("Account of all debtors"),
    "datev.accounts": N_("Revenue accounts of your own, as S:19 = 8400"),
    "promise.handling_days": N_("Business days until a parcel leaves"),
    "promise.cut_off": N_("What is paid later in the day counts from the next day"),
    "promise.closed_weekdays": N_("Days on which the shop does not work"),
    "promise.holidays_of": N_("Country whose public holidays count (empty: the seller's)"),
    "promise.transit_days": N_("Days in transit for each shipping method, as DHL Paket = 2"),
    "promise.default_transit_days": N_("Days in transit for every other method"),
    "outgoing.invoice": N_("Tell customers that their invoice is there"),
    "outgoing.credit_note": N_("Tell customers of a refund, with their credit note"),
    "outgoing.at_risk": N_("Tell customers that a delay is likely"),
    "outgoing.delayed": N_("Tell customers of a delay"),
    "outgoing.closed": N_("Tell customers how a delay ended"),
    "outgoing.breaker_percent": N_(
        "Ask me first where more than so many per cent of the open orders would be told"
    ),
    "coupons.offer": N_(
        "Offer one with: none, delayed (notices of a delay), at_risk (warnings too)"
    ),
    "coupons.kind": N_(
        "What a coupon takes off: percent, or a fixed amount in the shop's currency"
    ),
    "coupons.amount": N_("How much"),
    "coupons.minimum_days_late": N_("Only where the new date is at least so many days later"),
    "coupons.valid_days": N_("Days for which a coupon can be used"),
    "coupons.minimum_order": N_("Smallest order it can be used for (0: any)"),
    "coupons.most_by_owner": N_("The most that an owner may give by hand"),
    "coupons.most_by_agent": N_("The most that an agent may give by hand"),
    "coupons.monthly_sum": N_("What all coupons of a month may come to, in the shop's currency"),
    "coupons.monthly_count": N_("How many coupons a month"),
    "mail.host": N_("Mail server (empty: the shop mails our notes)"),
    "mail.port": N_("Port of the mail server"),
    "mail.security": N_("How the connection is secured"),
    "mail.user": N_("Name to sign in with; the password is given by store smtp"),
    "mail.from_address": N_("Mails come from this address"),
    "mail.from_name": N_("Mails come from this name (empty: the seller)"),
    "mail.reply_to": N_("Answers go to this address (empty: where they come from)"),
    "time_zone": N_("Time zone, such as Europe/Berlin"),
    "language": N_("Language for customers whose own is not known"),
    "languages": N_("Languages for customers, one line each (empty: every one)"),
    "voice": N_("How messages speak"),
    "choices": N_(
        "What customers may ask for when an order is late, one line each: wait, address, "
        "exchange, cancel"
    ),
    "contact": N_("How customers reach a person"),
    "test_address": N_("In test mode, only orders with this e-mail address get messages"),
    "cod_paid_when_completed": N_("Cash on delivery counts as paid when the order is completed"),
    "heartbeat": N_("Visit the shop's wp-cron.php once a minute, so that webhooks do not wait"),
}
FILES = {"documents.logo": "picture", "documents.template": "template"}
"""Settings that are the hash of a file: what is entered is the file (`shop.save` keeps it)."""
WEEKDAYS = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday")),
    *(N_("Friday"), N_("Saturday"), N_("Sunday")),
)


@dataclass(frozen=True, slots=True)
class FormField:
    """One field: `kind` says how it is shown and read, `value` is what stands in it."""

    key: str
    kind: str
    label: str
    value: Any
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormSection:
    title: str
    fields: list[FormField]


def fields_of(values: Mapping[str, Any]) -> list[FormSection]:
    """The form's sections, filled with values (nested, JSON or as entered)."""
    made: dict[str, list[FormField]] = {section: [] for section in (*SECTIONS, "")}
    for key, annotation in _types().items():
        section, _, name = key.rpartition(".")
        inside = values.get(section, {}) if section else values
        kind = FILES.get(key) or _kind(annotation)
        choices = get_args(annotation) if kind == "choice" else ()
        shown = _shown(kind, inside.get(name))
        made[section].append(FormField(key, kind, LABELS[key], shown, choices))
    return [FormSection(TITLES[section], fields) for section, fields in made.items()]


def values_of(form: Any) -> dict[str, Any]:
    """What a posted form says, nested, for `ShopSettings` to judge."""
    values: dict[str, Any] = {}
    for key, annotation in _types().items():
        section, _, name = key.rpartition(".")
        inside = values.setdefault(section, {}) if section else values
        inside[name] = _entered(_kind(annotation), key, form)
    return values


def _types() -> dict[str, Any]:
    """Every setting by its dotted key, with its type."""
    found: dict[str, Any] = {}
    for name, field in ShopSettings.model_fields.items():
        if name in SECTIONS:
            model = cast(type[BaseModel], field.annotation)
            found |= {f"{name}.{part}": one.annotation for part, one in model.model_fields.items()}
        else:
            found[name] = field.annotation
    return found


def _kind(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "choice"
    if origin is frozenset:
        return "weekdays"
    if origin is dict:
        return "days"
    if origin is tuple:
        return "pairs" if get_origin(inner[0]) is tuple else "lines"
    simple = {bool: "check", int: "number", time: "time"}
    return simple.get(annotation, "text")


def _shown(kind: str, value: Any) -> Any:
    if kind == "lines":
        return value if isinstance(value, str) else "\n".join(value or ())
    if kind == "pairs":
        return "\n".join(": ".join(str(part) for part in pair) for pair in value or ())
    if kind == "days":
        return "\n".join(f"{name} = {days}" for name, days in (value or {}).items())
    if kind == "weekdays":
        return {int(day) for day in value or ()}
    if kind == "time":
        return str(value or "")[:5]
    return value


def _entered(kind: str, key: str, form: Any) -> Any:
    text = form.get(key, "").strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if kind == "check":
        return form.get(key) == "yes"
    if kind == "weekdays":
        return sorted(int(day) for day in form.getlist(key) if day in set("0123456"))
    if kind == "lines":
        return lines
    if kind == "pairs":
        return [_parted(line, ":") for line in lines]
    if kind == "days":
        return dict(_parted(line, "=") for line in lines)
    return text


def _parted(line: str, sign: str) -> tuple[str, str]:
    """A line at its last sign: methods may have one in their name."""
    name, _, value = line.rpartition(sign)
    return name.strip(), value.strip()
