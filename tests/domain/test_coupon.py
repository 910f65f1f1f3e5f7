"""What a coupon is: its code, its worth, what must be true of it, how much may be given."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.coupon import (
    Terms,
    codes_in,
    coupon_code,
    delay_cause,
    is_offered,
    staff_cause,
    terms_in,
    why_month_is_full,
    why_no_address,
    why_too_much,
    why_unsafe,
    wish,
    worth_of,
)
from app.domain.notice import REFERENCE_ALPHABET, NoticeKind
from app.domain.store_settings import CouponRules, settings_problems

RECORDINGS = Path(__file__).parent.parent / "recordings" / "rest"
RULES = CouponRules()
TEN = Terms("percent", Decimal(10), "EUR", Decimal(20), date(2026, 12, 31))


def recorded(name: str) -> dict[str, Any]:
    answer = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return dict(answer["response"]["json"])


def test_a_code_follows_from_its_cause_and_from_nothing_that_others_know() -> None:
    code = coupon_code("secret", "key", delay_cause(84))
    assert code == coupon_code("secret", "key", delay_cause(84))
    others = {
        coupon_code("secret2", "key", delay_cause(84)),
        coupon_code("secret", "key2", delay_cause(84)),
        coupon_code("secret", "key", delay_cause(85)),
        coupon_code("secret", "key", staff_cause(84, "a")),
        coupon_code("secret", "key", staff_cause(84, "b")),
    }
    assert len(others | {code}) == 6
    prefix, *groups = code.split("-")
    assert prefix == "TY" and [len(one) for one in groups] == [4, 4, 4]
    assert set("".join(groups)) <= set(REFERENCE_ALPHABET)


def test_what_is_asked_for_is_what_the_recorded_shop_made() -> None:
    shown = recorded("coupon_unique")
    asked = wish(shown["code"].upper(), TEN, "juergen@kunde.test", "84")
    same = {"email_restrictions", "usage_limit", "usage_limit_per_user", "individual_use"}
    same |= {"discount_type", "date_expires"}
    assert {name: asked[name] for name in same} == {name: shown[name] for name in same}
    assert why_unsafe(shown, shown["code"].upper(), "Juergen@Kunde.test") is None
    assert terms_in(shown, "EUR") == TEN


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"code": "other"}, "another code"),
        ({"email_restrictions": []}, "address"),
        ({"email_restrictions": None}, "address"),
        ({"email_restrictions": ["juergen@kunde.test", "*@x.test"]}, "address"),
        ({"usage_limit": None}, "more than once"),
        ({"usage_limit_per_user": 2}, "more than once"),
        ({"date_expires": None}, "expiry"),
        ({"date_expires": "soon"}, "expiry"),
        ({"individual_use": False}, "other coupons"),
        ({"amount": "0.00"}, "nothing"),
        ({"discount_type": "fixed_product"}, "nothing"),
        ({"status": "draft"}, "published"),
    ],
)
def test_whatever_is_missing_from_a_coupon_is_named(change: dict[str, Any], why: str) -> None:
    found = why_unsafe(recorded("coupon_unique") | change, "SORRY-81-X7", "juergen@kunde.test")
    assert found is not None and why in found


def test_what_a_real_shop_made_of_a_bad_address_is_not_safe() -> None:
    assert why_unsafe(recorded("coupon_bad_email_restriction"), "BAD-RESTR", "nope")


@pytest.mark.parametrize("email", ["a@b.example", "o'neill+tea@a-b.example.co"])
def test_common_addresses_can_have_a_coupon(email: str) -> None:
    assert why_no_address(email) is None


@pytest.mark.parametrize("email", ["", "*@b.example", "a|b@c.example", "a@b", "a@b.example/x"])
def test_others_cannot(email: str) -> None:
    assert why_no_address(email)


@pytest.mark.parametrize(
    ("offer", "kinds"),
    [
        ("none", set()),
        ("delayed", {"delayed", "delayed_again"}),
        ("at_risk", {"at_risk", "delayed", "delayed_again"}),
    ],
)
def test_coupons_go_with_the_notices_that_the_owner_chose(offer: str, kinds: set[str]) -> None:
    rules = CouponRules(offer=offer)  # type: ignore[arg-type]
    assert {kind.value for kind in NoticeKind if is_offered(rules, kind, {})} == kinds


def test_a_short_delay_is_worth_none() -> None:
    rules = CouponRules(offer="delayed", minimum_days_late=3)
    facts = {"promised_on": "2026-11-28", "expected_on": "2026-12-01"}
    assert is_offered(rules, NoticeKind.DELAYED, facts)
    assert not is_offered(rules, NoticeKind.DELAYED, facts | {"expected_on": "2026-11-30"})
    assert not is_offered(rules, NoticeKind.DELAYED, {"promised_on": "", "expected_on": ""})


def test_a_percentage_counts_as_if_the_next_order_were_as_large() -> None:
    assert worth_of(TEN, Decimal("59.95"), "EUR") == Decimal("6.00")
    assert worth_of(TEN, Decimal("5995"), "JPY") == Decimal(600)
    fixed = Terms("fixed", Decimal("7.50"), "EUR", Decimal(0), date(2026, 12, 31))
    assert worth_of(fixed, Decimal("59.95"), "EUR") == Decimal("7.50")


def test_the_months_limits_are_named() -> None:
    rules = CouponRules(monthly_sum=Decimal(20), monthly_count=3)
    assert why_month_is_full(rules, [Decimal(5)] * 2, Decimal(10)) is None
    assert "come to 20.01" in str(why_month_is_full(rules, [Decimal(5)] * 2, Decimal("10.01")))
    assert "the 3 coupons" in str(why_month_is_full(rules, [Decimal(1)] * 3, Decimal(1)))


@pytest.mark.parametrize(
    ("amount", "role", "allowed"),
    [
        ("10", "agent", True),
        ("10.01", "agent", False),
        ("50", "owner", True),
        ("51", "owner", False),
    ],
)
def test_each_role_has_its_most(amount: str, role: str, allowed: bool) -> None:
    assert (why_too_much(RULES, Decimal(amount), role) is None) is allowed


def test_no_percentage_is_above_a_hundred() -> None:
    found = settings_problems({"coupons": {"amount": "150", "most_by_owner": "101"}})
    assert set(found) == {"coupons.amount", "coupons.most_by_owner"}
    assert "at most 100" in found["coupons.amount"]
    assert settings_problems({"coupons": {"kind": "fixed", "amount": "150"}}) == {}
    assert "amount" in next(iter(settings_problems({"coupons": {"amount": "0"}})))


def test_an_orders_codes_are_read_whatever_the_shop_sent() -> None:
    assert codes_in({"coupon_lines": [{"code": "ty-a"}, "x", {}]}) == {"TY-A", ""}
    assert codes_in({"coupon_lines": ""}) == codes_in({}) == set()
