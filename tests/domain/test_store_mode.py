"""What shadow, test and live allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.store_mode import (
    Mode,
    Standing,
    Verdict,
    document_verdict,
    is_public_https,
    may_link,
    may_write_to_shop,
    message_verdict,
)

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
BEFORE, AFTER = SINCE - timedelta(seconds=1), SINCE + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("mode", "paid_at", "document", "message"),
    [
        (Mode.SHADOW, BEFORE, Verdict.SHADOW, Verdict.SHADOW),
        (Mode.SHADOW, AFTER, Verdict.SHADOW, Verdict.SHADOW),
        (Mode.TEST, BEFORE, Verdict.NOTHING, Verdict.NOTHING),
        (Mode.TEST, AFTER, Verdict.SPECIMEN, Verdict.SHADOW),
        (Mode.LIVE, BEFORE, Verdict.NOTHING, Verdict.NOTHING),
        (Mode.LIVE, SINCE, Verdict.DO, Verdict.DO),
        (Mode.LIVE, AFTER, Verdict.DO, Verdict.DO),
        (Mode.LIVE, None, Verdict.NOTHING, Verdict.NOTHING),
        (Mode.SHADOW, None, Verdict.NOTHING, Verdict.NOTHING),
    ],
)
def test_verdicts(
    mode: Mode, paid_at: datetime | None, document: Verdict, message: Verdict
) -> None:
    standing = Standing(mode, SINCE, test_address="me@shop.example")
    assert document_verdict(standing, paid_at) is document
    assert message_verdict(standing, paid_at, "someone@else.example") is message


def test_in_test_mode_only_the_test_address_is_written_to() -> None:
    standing = Standing(Mode.TEST, SINCE, test_address="Me@shop.example")
    assert message_verdict(standing, AFTER, " me@SHOP.example") is Verdict.DO
    assert message_verdict(Standing(Mode.TEST, SINCE), AFTER, "") is Verdict.SHADOW


def test_shadow_writes_nothing_to_the_shop() -> None:
    assert not may_write_to_shop(Mode.SHADOW)
    assert may_write_to_shop(Mode.TEST) and may_write_to_shop(Mode.LIVE)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://kikubari.example.com", True),
        ("http://kikubari.example.com", False),
        ("https://localhost", False),
        ("https://127.0.0.1", False),
        ("https://10.0.0.8", False),
        ("https://[::1]:8000", False),
        ("https://shop.local", False),
        ("https://intranet", False),
        ("", False),
    ],
)
def test_a_link_leaves_for_a_real_shop_only_from_a_public_address(url: str, public: bool) -> None:
    assert is_public_https(url) is public
    assert may_link(Standing(Mode.LIVE, SINCE), url) is public
    assert may_link(Standing(Mode.LIVE, SINCE, is_demo=True), url)
