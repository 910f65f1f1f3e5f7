"""Coupons with which a shop says sorry: when one is offered, what it is worth, what must be true
of it in the shop, and how much may be given.

A real shop drops a restriction that it does not like without a word (recordings, 19): a coupon
counts only as it was read back.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from app.domain.money import rounded, to_decimal
from app.domain.notice import REFERENCE_ALPHABET, NoticeKind
from app.domain.store_settings import CouponRules
from app.domain.text import clean
from app.said import Said

PREFIX = "TY"
"""A code begins with letters, so that it reads from left to right in every mail."""
SIGNS, GROUP = 12, 4
CODE = re.compile(rf"\b{PREFIX}(?:-[{REFERENCE_ALPHABET}]{{4}}){{3}}\b")
"""A code in a text."""
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._'+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""WooCommerce reads a coupon's address as a pattern, in which `*` stands for anything and the
rest is a regular expression: `*@gmail.example` would open the coupon to everybody there."""
OFFERED_WITH = {
    "none": frozenset[NoticeKind](),
    "delayed": frozenset({NoticeKind.DELAYED, NoticeKind.DELAYED_AGAIN}),
    "at_risk": frozenset({NoticeKind.AT_RISK, NoticeKind.DELAYED, NoticeKind.DELAYED_AGAIN}),
}
TYPES = {"percent": "percent", "fixed": "fixed_cart"}
"""What WooCommerce calls our kinds."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a coupon is worth: `amount` in per cent, or in the shop's `currency`. `expires_on`:
    the last day on which it can be used, as the shop counts days. `minimum`: 0 is none."""

    kind: Literal["percent", "fixed"]
    amount: Decimal
    currency: str
    minimum: Decimal
    expires_on: date


def delay_cause(remote_id: int) -> str:
    """What makes the one coupon that an order's delay is worth."""
    return f"order:{remote_id}:delay"


def staff_cause(remote_id: int, request: str) -> str:
    """What makes a coupon that a person gives: `request` is the form's own key."""
    return f"order:{remote_id}:staff:{request}"


def coupon_code(secret: str, store_key: str, cause: str) -> str:
    """The code of a coupon, e.g. `TY-7F3Q-X2MP-9HTR` (58 bits that nobody without `secret` can
    tell). It follows from its cause, so that a second try, and a restored backup, find the coupon
    of the first."""
    said = f"coupon:{store_key}:{cause}".encode()
    number = int.from_bytes(hmac.new(secret.encode(), said, hashlib.sha256).digest(), "big")
    signs = ""
    for _ in range(SIGNS):
        number, digit = divmod(number, len(REFERENCE_ALPHABET))
        signs += REFERENCE_ALPHABET[digit]
    groups = [signs[at : at + GROUP] for at in range(0, SIGNS, GROUP)]
    return "-".join([PREFIX, *groups])


def is_offered(rules: CouponRules, kind: NoticeKind, facts: Mapping[str, Any]) -> bool:
    """Whether the owner wants a coupon offered with a notice of this kind and these facts."""
    if kind not in OFFERED_WITH[rules.offer]:
        return False
    return _days_late(facts) >= rules.minimum_days_late


def _days_late(facts: Mapping[str, Any]) -> int:
    """How many days after the promised one the new date lies."""
    promised, expected = facts.get("promised_on"), facts.get("expected_on")
    if not promised or not expected:
        return 0
    return (date.fromisoformat(expected) - date.fromisoformat(promised)).days


def why_no_address(email: str) -> Said | None:
    """Why no coupon can be made for this address alone; None: one can."""
    if not email:
        return Said("the order has no e-mail address that a coupon could be made for")
    if not PLAIN_ADDRESS.fullmatch(email):
        return Said(
            "WooCommerce would read the signs in this e-mail address as a pattern for others"
        )
    return None


def wish(code: str, terms: Terms, email: str, order_number: str) -> dict[str, Any]:
    """The body that asks WooCommerce for a coupon. A naive moment is one of the shop's own zone
    there, so the whole last day counts."""
    return {
        "code": code,
        "discount_type": TYPES[terms.kind],
        "amount": format(terms.amount, "f"),
        "individual_use": True,
        "usage_limit": 1,
        "usage_limit_per_user": 1,
        "email_restrictions": [email],
        "date_expires": f"{terms.expires_on.isoformat()}T23:59:59",
        "minimum_amount": format(terms.minimum, "f"),
        "description": f"Kikubari: order {clean(order_number, 60)}",
    }


def why_unsafe(row: Mapping[str, Any], code: str, email: str) -> Said | None:
    """What is missing from a coupon as the shop shows it, so that it must not be told; None:
    nothing is."""
    restricted = row.get("email_restrictions")
    if str(row.get("code", "")).upper() != code:
        return Said("it has another code")
    if not isinstance(restricted, list) or [str(one).lower() for one in restricted] != [
        email.lower()
    ]:
        return Said("it is not kept to the customer's address")
    if (row.get("usage_limit"), row.get("usage_limit_per_user")) != (1, 1):
        return Said("it could be used more than once")
    if _day_in(row.get("date_expires")) is None:
        return Said("it has no expiry")
    if row.get("individual_use") is not True:
        return Said("it could be used together with other coupons")
    if row.get("discount_type") not in TYPES.values() or to_decimal(row.get("amount")) <= 0:
        return Said("it is worth nothing that could be told")
    return None if row.get("status") == "publish" else Said("it is not published")


def terms_in(row: Mapping[str, Any], currency: str) -> Terms:
    """What a coupon that is safe is worth, as the shop shows it."""
    expires_on = _day_in(row.get("date_expires"))
    assert expires_on is not None
    return Terms(
        kind="percent" if row["discount_type"] == "percent" else "fixed",
        amount=to_decimal(row["amount"]).normalize(),
        currency=currency,
        minimum=to_decimal(row.get("minimum_amount")).normalize(),
        expires_on=expires_on,
    )


def times_used(row: Mapping[str, Any]) -> int:
    """How often a coupon was used, as the shop shows it."""
    number = row.get("usage_count")
    return number if isinstance(number, int) else 0


def codes_in(payload: Mapping[str, Any]) -> set[str]:
    """The codes that an order used, in capitals, as the shop sent it."""
    lines = payload.get("coupon_lines")
    known = lines if isinstance(lines, list) else []
    return {str(line.get("code", "")).upper() for line in known if isinstance(line, dict)}


def _day_in(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def worth_of(terms: Terms, order_total: Decimal, currency: str) -> Decimal:
    """What a coupon counts towards the month's sum: a percentage counts as if the next purchase
    were as large as the order that it makes good."""
    if terms.kind == "fixed":
        return terms.amount
    return rounded(max(order_total, Decimal(0)) * terms.amount / 100, currency)


def why_too_much(rules: CouponRules, amount: Decimal, role: str) -> Said | None:
    """Why a person of this role may not give so much; None: they may."""
    most = rules.most_by_owner if role == "owner" else rules.most_by_agent
    if amount <= 0:
        return Said("a coupon needs an amount above 0")
    if rules.kind == "percent" and amount > 100:
        return Said("no coupon takes off more than 100 per cent")
    if amount > most:
        return Said(
            "%(amount)s is more than the %(most)s that an %(role)s may give",
            amount=_in_words(rules, amount),
            most=_in_words(rules, most),
            role=role,
        )
    return None


def _in_words(rules: CouponRules, amount: Decimal) -> str:
    return Said("%(n)s per cent", n=f"{amount:f}") if rules.kind == "percent" else f"{amount:f}"


def why_month_is_full(rules: CouponRules, given: Sequence[Decimal], worth: Decimal) -> Said | None:
    """Why one more coupon is too much for the month; None: it is not. `given`: what those of the
    month count."""
    if len(given) >= rules.monthly_count:
        return Said(
            "the %(monthly_count)s coupons of this month are given",
            monthly_count=rules.monthly_count,
        )
    total = sum(given, Decimal(0)) + worth
    if total > rules.monthly_sum:
        return Said(
            "the coupons of this month would come to %(total)s, above %(monthly_sum)s",
            total=f"{total:f}",
            monthly_sum=f"{rules.monthly_sum:f}",
        )
    return None
